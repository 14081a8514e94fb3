"""RewardMATH: accuracy and mean reciprocal rank of the chosen solution.

Source: RewardMATH (Kim et al., 2024).
"""

from collections.abc import Sequence

import datasets
import evaluate

from prmkit.stats import reward_rank

DESCRIPTION = "RewardMATH: accuracy and mean reciprocal rank of the chosen solution."
CITATION = "RewardMATH (Kim et al., 2024)."
INPUTS = """
predictions: scores of the solutions of each problem.
references: index of the chosen one.
"""


class RewardMath(evaluate.Metric):
    """RewardMATH: accuracy and mean reciprocal rank of the chosen solution."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features(
                {
                    "predictions": datasets.Sequence(datasets.Value("float64")),
                    "references": datasets.Value("int64"),
                }
            ),
        )

    def _compute(self, predictions: Sequence, references: Sequence[int]) -> dict[str, float | int]:
        rows = [
            (s[i], [v for k, v in enumerate(s) if k != i])
            for s, i in zip(predictions, references, strict=True)
        ]
        ranks = [reward_rank(chosen, others) for chosen, others in rows]
        lenient = [reward_rank(chosen, others, strict=False) for chosen, others in rows]
        many = len(ranks)
        if not many:
            return {"accuracy": float("nan"), "accuracy_ties": float("nan"), "mrr": float("nan"), "n": 0}
        return {
            "accuracy": sum(r == 1 for r in ranks) / many,
            "accuracy_ties": sum(r == 1 for r in lenient) / many,
            "mrr": sum(1 / r for r in ranks) / many,
            "n": many,
        }
