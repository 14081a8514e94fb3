"""Score of PRMBench: mean of the F1s of right and of wrong steps.

Source: PRMBench (Song et al., 2025).
"""

from collections.abc import Sequence

import datasets
import evaluate

from prmkit.stats import f1s

DESCRIPTION = "Score of PRMBench: mean of the F1s of right and of wrong steps."
CITATION = "PRMBench (Song et al., 2025)."
INPUTS = """
predictions: step scores of each solution, higher = right; null = no score.
references: step labels of each solution, 1 = right; null = no label.
threshold: a step at or above it is called right (default 0.5).
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


class PRMBenchScore(evaluate.Metric):
    """Score of PRMBench: mean of the F1s of right and of wrong steps."""

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

    def _compute(
        self, predictions: Sequence, references: Sequence, threshold: float = 0.5
    ) -> dict[str, float | int]:
        rows = labelled(predictions, references)
        found = f1s([float(g >= 0.5) for _, g in rows], [float(s >= threshold) for s, _ in rows])
        return {
            "prmbench_score": found.macro,
            "f1": found.f1,
            "f1_negative": found.f1_negative,
            "n": len(rows),
        }
