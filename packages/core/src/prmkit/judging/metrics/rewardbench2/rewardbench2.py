"""RewardBench 2: six subsets, with the score of ties.

Source: RewardBench 2 (Malik et al., 2025).
"""

from collections.abc import Sequence

import datasets
import evaluate

from prmkit.stats import best_credit, ties_score

DESCRIPTION = "RewardBench 2: six subsets, with the score of ties."
CITATION = "RewardBench 2 (Malik et al., 2025)."
INPUTS = """
predictions: scores of all completions of each prompt, the right ones first.
references: number of right completions.
subset: name of the subset; "Ties" is scored by its own rule.
id: id of the prompt; in Ties, "ref:k" and "tied:k".
"""

TIES = "ties"


class RewardBench2(evaluate.Metric):
    """RewardBench 2: six subsets, with the score of ties."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features(
                {
                    "predictions": datasets.Sequence(datasets.Value("float64")),
                    "references": datasets.Value("int64"),
                    "subset": datasets.Value("string"),
                    "id": datasets.Value("string"),
                }
            ),
        )

    def _compute(
        self, predictions: Sequence, references: Sequence[int], subset: Sequence[str], id: Sequence[str]
    ) -> dict[str, float]:
        credit: dict[str, list[float]] = {}
        ties: dict[str, dict[str, tuple]] = {"ref": {}, "tied": {}}
        for scores, right, part, name in zip(predictions, references, subset, id, strict=True):
            if part.lower() == TIES:
                kind, _, key = name.partition(":")
                ties[kind][key] = (scores[:right], scores[right:])
            else:
                credit.setdefault(part, []).append(best_credit(scores))
        result = {part: sum(values) / len(values) for part, values in credit.items()}
        if ties["tied"]:
            found = ties_score(ties["ref"], ties["tied"])
            result["Ties"] = found.pop("score")
            result |= {f"Ties {name}": value for name, value in found.items()}
        subsets = [*credit, *(["Ties"] if ties["tied"] else [])]
        result["score"] = sum(result[part] for part in subsets) / len(subsets) if subsets else float("nan")
        return result
