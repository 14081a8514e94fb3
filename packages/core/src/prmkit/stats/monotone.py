"""Isotonic regression: the rising sequence nearest to a given one."""

from __future__ import annotations

import numpy as np

from prmkit.errors import ConfigError
from prmkit.stats.arrays import Floats, Numbers, floats, same_rows


def weights_of(weights: Numbers | None, rows: int) -> Floats:
    """One weight per row, ones when None.

    Raises:
        AlignmentError: Another number of weights, or one that is not finite.
        ConfigError: A weight below zero, or none above zero where there are rows.
    """
    if weights is None:
        return np.ones(rows)
    found = floats(weights, "weights")
    same_rows(weights=found, rows=range(rows))
    if rows and (found.min() < 0 or found.max() == 0):
        raise ConfigError(
            "weights below zero, or all zero", do="give weights of 0 or more, some above", field="weights"
        )
    return found


def pava(values: Numbers, weights: Numbers | None = None) -> Floats:
    """The non-decreasing sequence with the least weighted squared distance to ``values``.

    Rows of weight 0 take the level of the row before them (of the first weighted row at the beginning).

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: A weight below zero, or none above zero.

    Source:
        Pool adjacent violators: Ayer et al. (1955). One pass; each row is pooled at most once.

    Examples:
        >>> pava([0.4, 0.3, 0.8]).round(2).tolist()
        [0.35, 0.35, 0.8]
        >>> pava([3.0, 1.0], [1, 3]).tolist()
        [1.5, 1.5]
    """
    column = floats(values, "values")
    mass = weights_of(weights, len(column))
    kept = np.flatnonzero(mass > 0)
    means: list[float] = []
    totals: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(column[kept].tolist(), mass[kept].tolist(), strict=True):
        mean, total, size = value, weight, 1
        while means and means[-1] >= mean:
            before = totals.pop()
            # A convex combination of two levels, so that no rounding leaves their range.
            mean += (means.pop() - mean) * (before / (before + total))
            total, size = before + total, size + sizes.pop()
        means.append(mean)
        totals.append(total)
        sizes.append(size)
    levels = np.repeat(means, sizes) if sizes else np.empty(0)
    place = np.searchsorted(kept, np.arange(len(column)), side="right") - 1
    return np.asarray(levels[np.maximum(place, 0)])
