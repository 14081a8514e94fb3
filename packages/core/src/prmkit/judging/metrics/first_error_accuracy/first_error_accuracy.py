"""Share of solutions whose first wrong step (or its absence) is named exactly.

Source: BIG-Bench Mistake (Tyen et al., 2024).
"""

from collections.abc import Sequence

import datasets
import evaluate

from prmkit.stats import first_below

DESCRIPTION = "Share of solutions whose first wrong step (or its absence) is named exactly."
CITATION = "BIG-Bench Mistake (Tyen et al., 2024)."
INPUTS = """
predictions: first wrong step of each solution (-1 for none), or its list of step scores.
references: first wrong step of each solution, 0-based, -1 for none.
threshold: with step scores, a step below it counts as wrong (default 0.5).
"""


def first_errors(predictions: Sequence[int | Sequence[float]], threshold: float) -> list[int]:
    """Predicted first errors, read from step scores where these were given.

    Source:
        ProcessBench: the first step that scores below the threshold.
    """
    return [p if isinstance(p, int) else first_below(p, threshold) for p in predictions]


class FirstErrorAccuracy(evaluate.Metric):
    """Share of solutions whose first wrong step (or its absence) is named exactly."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=[
                datasets.Features(
                    {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
                ),
                datasets.Features(
                    {
                        "predictions": datasets.Sequence(datasets.Value("float64")),
                        "references": datasets.Value("int64"),
                    }
                ),
            ],
        )

    def _compute(
        self, predictions: Sequence, references: Sequence[int], threshold: float = 0.5
    ) -> dict[str, float | int]:
        said = first_errors(predictions, threshold)
        hits = sum(s == g for s, g in zip(said, references, strict=True))
        return {"accuracy": hits / len(said) if said else float("nan"), "n": len(said)}
