"""Whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from prmkit.errors import ConfigError
from prmkit.stats.arrays import Floats, Ints, Numbers, floats, same_rows


class Murphy(NamedTuple):
    """Brier score = reliability - resolution + uncertainty + residual."""

    reliability: float
    """Squared distance of stated from observed rates; 0 is perfect."""
    resolution: float
    """Squared distance of the bins' rates from the base rate; larger is better."""
    uncertainty: float
    """Variance of the outcomes themselves."""
    residual: float
    """What binning hides: within-bin variance minus twice the within-bin covariance with the outcome."""


def _columns(predicted: Numbers, observed: Numbers) -> tuple[Floats, Floats]:
    same_rows(predicted=predicted, observed=observed)
    p, y = floats(predicted, "predicted"), floats(observed, "observed")
    for name, values in (("predicted", p), ("observed", y)):
        if len(values) and (values.min() < 0 or values.max() > 1):
            raise ConfigError(
                "values outside [0, 1]",
                do="calibration is for probabilities: map scores into [0, 1] first",
                field=name,
            )
    return p, y


def _bins(p: Floats, bins: int, mass: bool) -> Ints:
    """Bin of each row: equal width closed on the left, or equal numbers of rows in order."""
    if bins < 1:
        raise ConfigError(f"{bins} bins", do="use one bin or more", field="bins")
    if not mass:
        return np.minimum((p * bins).astype(np.int64), bins - 1)
    _, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    return equal_mass(counts.astype(np.float64), bins)[inverse]


def equal_mass(weights: Floats, bins: int) -> Ints:
    """Bin of each value, for values in rising order of which the i-th has the weight ``weights[i]``.

    The middle of a value's own stretch of the total weight decides its bin, so a value is never split and
    some bins may be empty.

    Source:
        Nguyen & O'Connor (2015), for weighted values.

    Examples:
        >>> equal_mass(np.array([1.0, 1.0, 3.0, 1.0]), 3).tolist()
        [0, 0, 1, 2]
    """
    middle = np.cumsum(weights) - weights / 2
    return np.minimum((middle * bins / max(float(weights.sum()), 1e-300)).astype(np.int64), bins - 1)


def _gaps(predicted: Numbers, observed: Numbers, bins: int, mass: bool) -> tuple[Floats, Floats]:
    p, y = _columns(predicted, observed)
    _, which = np.unique(_bins(p, bins, mass), return_inverse=True)
    counts = np.bincount(which).astype(np.float64)
    return np.abs(np.bincount(which, weights=p - y)) / counts, counts / max(len(p), 1)


def ece(predicted: Numbers, observed: Numbers, *, bins: int = 10, mass: bool = False) -> float:
    """Expected calibration error: mean gap between stated and observed rate over bins.

    Args:
        predicted: Probabilities.
        observed: Outcomes in [0, 1].
        bins: Number of bins.
        mass: Bins of equal numbers of rows instead of equal width.

    Returns:
        A number in [0, 1]; NaN without rows.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: A probability outside [0, 1], or no bins.

    Source:
        Naeini et al. (2015); equal mass after Nguyen & O'Connor (2015).

    Examples:
        >>> p = [0.95, 0.9, 0.85, 0.6, 0.55, 0.2, 0.1, 0.05]
        >>> round(ece(p, [1, 1, 0, 1, 0, 0, 0, 1], bins=5), 4)
        0.3375
    """
    gaps, shares = _gaps(predicted, observed, bins, mass)
    return float((gaps * shares).sum()) if len(gaps) else float("nan")


def mce(predicted: Numbers, observed: Numbers, *, bins: int = 10, mass: bool = False) -> float:
    """Largest gap between stated and observed rate over bins.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: A probability outside [0, 1], or no bins.

    Source:
        Naeini et al. (2015).

    Examples:
        >>> mce([0.25, 0.75], [0, 1], bins=2)
        0.25
    """
    gaps, _ = _gaps(predicted, observed, bins, mass)
    return float(gaps.max()) if len(gaps) else float("nan")


def brier(predicted: Numbers, observed: Numbers) -> float:
    """Mean squared distance of probability and outcome.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: A probability outside [0, 1].

    Source:
        Brier (1950), for one class.

    Examples:
        >>> brier([0.5, 1.0], [1, 1])
        0.125
    """
    p, y = _columns(predicted, observed)
    return float(((p - y) ** 2).mean()) if len(p) else float("nan")


def positive_bias(predicted: Numbers, observed: Numbers) -> float:
    """Mean probability minus mean outcome: above 0 means too sure that steps are right.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: A probability outside [0, 1].

    Source:
        Calibration in the large.

    Examples:
        >>> positive_bias([0.5, 1.0], [0, 1])
        0.25
    """
    p, y = _columns(predicted, observed)
    return float((p - y).mean()) if len(p) else float("nan")


def murphy(predicted: Numbers, observed: Numbers, *, bins: int | None = None) -> Murphy:
    """The parts of a Brier score.

    Args:
        predicted: Probabilities.
        observed: Outcomes.
        bins: Equal-width bins; None takes each distinct probability as a bin (no residual).

    Raises:
        AlignmentError: Columns of unlike length, no rows, or an entry that is not finite.
        ConfigError: A probability outside [0, 1], or no bins.

    Source:
        Murphy (1973); the residual after Stephenson et al. (2008).

    Examples:
        >>> murphy([0.5, 0.5, 1.0, 1.0], [0, 1, 1, 1])
        Murphy(reliability=0.0, resolution=0.0625, uncertainty=0.1875, residual=0.0)
    """
    p, y = _columns(predicted, observed)
    if not len(p):
        nan = float("nan")
        return Murphy(nan, nan, nan, nan)
    keys = p if bins is None else _bins(p, bins, mass=False)
    _, which = np.unique(keys, return_inverse=True)
    counts = np.bincount(which).astype(np.float64)
    mean_p, mean_y = np.bincount(which, weights=p) / counts, np.bincount(which, weights=y) / counts
    base = y.mean()
    inside_p, inside_y = p - mean_p[which], y - mean_y[which]
    return Murphy(
        float((counts * (mean_p - mean_y) ** 2).sum() / len(p)),
        float((counts * (mean_y - base) ** 2).sum() / len(p)),
        float(((y - base) ** 2).mean()),
        float((inside_p**2).mean() - 2 * (inside_p * inside_y).mean()),
    )


class IndexRow(NamedTuple):
    """Calibration of the steps at one place."""

    step: int
    """Place of the step, from 0; the last row holds all later steps too."""
    n: int
    stated: float
    """Mean probability."""
    observed: float
    """Mean outcome."""
    ece: float
    brier: float


def by_index(
    predicted: Numbers, observed: Numbers, index: Sequence[int], *, last: int = 9, bins: int = 10
) -> list[IndexRow]:
    """Calibration by the place of a step in its solution, all steps from ``last`` on in one row.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: A probability outside [0, 1], a negative index, or no bins.

    Source:
        Equal-mass ECE and Brier score (see :func:`ece`, :func:`brier`) on each part.

    Examples:
        >>> [row.n for row in by_index([0.5, 0.5, 0.5, 0.9], [0, 1, 1, 1], [0, 0, 1, 7], last=1)]
        [2, 2]
        >>> by_index([0.5, 0.9], [1, 1], [0, 3])[1].stated
        0.9
    """
    same_rows(predicted=predicted, observed=observed, index=index)
    p, y = _columns(predicted, observed)
    place = np.minimum(np.asarray(index, dtype=np.int64), last)
    if len(place) and place.min() < 0:
        raise ConfigError("a negative index", do="count steps from 0", field="index")
    return [
        IndexRow(
            int(one),
            int(mine.sum()),
            float(p[mine].mean()),
            float(y[mine].mean()),
            ece(p[mine], y[mine], bins=bins, mass=True),
            brier(p[mine], y[mine]),
        )
        for one in np.unique(place)
        for mine in [place == one]
    ]
