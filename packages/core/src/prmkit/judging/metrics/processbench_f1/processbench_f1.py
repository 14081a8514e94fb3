"""F1 of ProcessBench: harmonic mean of the accuracies on wrong and on right solutions.

Source: ProcessBench (Zheng et al., ACL 2025).
"""

from collections.abc import Sequence

import datasets
import evaluate

from prmkit.stats import first_below, processbench_f1

DESCRIPTION = "F1 of ProcessBench: harmonic mean of the accuracies on wrong and on right solutions."
CITATION = "ProcessBench (Zheng et al., ACL 2025)."
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


class ProcessBenchF1(evaluate.Metric):
    """F1 of ProcessBench: harmonic mean of the accuracies on wrong and on right solutions."""

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
    ) -> dict[str, float]:
        found = processbench_f1(references, first_errors(predictions, threshold))
        return found._asdict()
