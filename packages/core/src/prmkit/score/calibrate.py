"""Calibration after training: a temperature and a threshold, both tied to the data they were chosen on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from prmkit.errors import ConfigError
from prmkit.model.calibration import Calibration
from prmkit.stats import best_threshold
from prmkit.types import Sample, StepScores, Threshold

EDGE = 1e-7
"""Probabilities are cut to [EDGE, 1 - EDGE] before logits are taken of them."""
STRONGEST = 50.0
"""Temperatures stay within [1 / STRONGEST, STRONGEST]."""


def calibrate(prm: Any, samples: Sequence[Sample], *, on: str) -> Calibration:
    """Fit a temperature to labelled samples and choose the threshold with the best ProcessBench F1 on them.

    Nothing is changed: set ``prm.calibration`` to the result, then save.

    Args:
        prm: A PRM whose scores are probabilities.
        samples: Labelled solutions that are neither trained on nor judged.
        on: Name of that data; scores carry it from then on.

    Raises:
        ConfigError: No labelled sample, labels of one class only, or scores that are no probabilities.

    Source:
        Temperature: Guo et al. (2017), least negative log-likelihood. Threshold: ProcessBench.
    """
    labelled = [sample for sample in samples if sample.labels is not None]
    scores: list[StepScores] = list(prm.score_many(labelled))
    if any(one.kind != "correct" for one in scores):
        raise ConfigError(
            "only probabilities of 'correct' can be calibrated", do="leave this PRM as it is", field="kind"
        )
    before = prm.calibration.temperature
    rows = [[None if v is None else logit(v) * before for v in one.values] for one in scores]
    truth = [sample.labels.values for sample in labelled if sample.labels is not None]
    pairs = [
        (z, y)
        for row, labels in zip(rows, truth, strict=True)
        for z, y in zip(row, labels, strict=True)
        if z is not None and y is not None
    ]
    temperature = fit_temperature([z for z, _ in pairs], [y for _, y in pairs])
    values = [[None if z is None else _probability(z / temperature) for z in row] for row in rows]
    threshold, best = best_threshold(values, [first_wrong(labels) for labels in truth])
    chosen = None if math.isnan(best) else Threshold(threshold, on)
    return Calibration(temperature=temperature, threshold=chosen, fitted_on=on)


def first_wrong(labels: Sequence[float | None]) -> int:
    """Index of the first step labelled below 0.5; -1 when there is none.

    Examples:
        >>> first_wrong([1.0, None, 0.0, 0.0]), first_wrong([1.0, None])
        (2, -1)
    """
    return next((i for i, label in enumerate(labels) if label is not None and label < 0.5), -1)


def logit(probability: float) -> float:
    """Log-odds, finite also for 0 and 1."""
    kept = min(max(probability, EDGE), 1 - EDGE)
    return math.log(kept / (1 - kept))


def fit_temperature(logits: Sequence[float], labels: Sequence[float]) -> float:
    """The temperature T with the least cross-entropy of ``sigmoid(logit / T)`` against labels in [0, 1].

    Raises:
        ConfigError: No labels, or labels of one class only: no finite temperature is best.

    Source:
        Guo et al. (2017). In b = 1 / T the loss is convex; its slope, the mean of
        ``(sigmoid(b z) - y) z``, is bisected.

    Examples:
        >>> z = [math.log(4.0)] * 5 + [-math.log(4.0)] * 5      # says .8, is right 4 times in 5
        >>> round(fit_temperature(z, [1, 1, 1, 1, 0] + [0, 0, 0, 0, 1]), 6)
        1.0
        >>> round(fit_temperature([2 * one for one in z], [1, 1, 1, 1, 0] + [0, 0, 0, 0, 1]), 6)
        2.0
    """
    z, y = np.asarray(logits, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if len(z) == 0 or y.min() == y.max():
        raise ConfigError(
            f"{len(z)} labels of one class cannot fix a temperature",
            do="calibrate on solutions with both right and wrong steps",
            field="labels",
        )
    low, high = math.log(1 / STRONGEST), math.log(STRONGEST)
    for _ in range(60):
        middle = (low + high) / 2
        slope = float(np.mean((_sigmoid(math.exp(middle) * z) - y) * z))
        low, high = (low, middle) if slope > 0 else (middle, high)
    return math.exp(-(low + high) / 2)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(z / 2))


def _probability(z: float) -> float:
    return 0.5 * (1 + math.tanh(z / 2))
