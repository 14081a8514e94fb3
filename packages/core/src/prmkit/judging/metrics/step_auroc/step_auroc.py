"""AUROC of step scores, and average precision of wrong steps.

Source: Hanley and McNeil (1982); average precision as in scikit-learn.
"""

from collections.abc import Sequence

import datasets
import evaluate

from prmkit.stats import auroc, average_precision

DESCRIPTION = "AUROC of step scores, and average precision of wrong steps."
CITATION = "Hanley and McNeil (1982); average precision as in scikit-learn."
INPUTS = """
predictions: step scores of each solution, higher = right; null = no score.
references: step labels of each solution, 1 = right; null = no label.
"""


def labelled(
    predictions: Sequence[Sequence[float | None]], references: Sequence[Sequence[float | None]]
) -> list[tuple[float, float]]:
    """Scores and labels of all steps that have both; lists are aligned per solution.

    Source:
        Steps without a score or a label are not counted.
    """
    return [
        (score, label)
        for scores, labels in zip(predictions, references, strict=True)
        for score, label in zip(scores, labels, strict=True)
        if score is not None and label is not None
    ]


class StepAuroc(evaluate.Metric):
    """AUROC of step scores, and average precision of wrong steps."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features(
                {
                    "predictions": datasets.Sequence(datasets.Value("float64")),
                    "references": datasets.Sequence(datasets.Value("float64")),
                }
            ),
        )

    def _compute(self, predictions: Sequence, references: Sequence) -> dict[str, float | int]:
        rows = labelled(predictions, references)
        good = [float(label >= 0.5) for _, label in rows]
        return {
            "auroc": auroc([score for score, _ in rows], good),
            "average_precision_wrong": average_precision(
                [-score for score, _ in rows], [1 - g for g in good]
            ),
            "n": len(rows),
        }
