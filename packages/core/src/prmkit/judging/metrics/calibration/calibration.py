"""Expected calibration error, Brier score with its parts, bias, and risk over coverage of probabilities.

Source: Naeini et al. (2015); Brier (1950); Murphy (1973); Geifman et al. (2019).
"""

from collections.abc import Sequence

import datasets
import evaluate

from prmkit.stats import aurc, brier, ece, excess_aurc, mce, murphy, positive_bias

DESCRIPTION = (
    "Expected calibration error, Brier score with its parts, bias, risk over coverage of probabilities."
)
CITATION = "Naeini et al. (2015); Brier (1950); Murphy (1973); Geifman et al. (2019)."
INPUTS = """
predictions: probabilities.
references: outcomes, 1 or 0.
bins: number of bins (default 10).
"""


class Calibration(evaluate.Metric):
    """Expected calibration error, Brier score with its parts, and bias of probabilities."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features(
                {"predictions": datasets.Value("float64"), "references": datasets.Value("float64")}
            ),
        )

    def _compute(
        self, predictions: Sequence[float], references: Sequence[float], bins: int = 10
    ) -> dict[str, float]:
        return {
            "ece": ece(predictions, references, bins=bins),
            "ece_mass": ece(predictions, references, bins=bins, mass=True),
            "mce": mce(predictions, references, bins=bins),
            "brier": brier(predictions, references),
            "bias": positive_bias(predictions, references),
            "aurc": aurc(predictions, references),
            "excess_aurc": excess_aurc(predictions, references),
            **murphy(predictions, references)._asdict(),
        }
