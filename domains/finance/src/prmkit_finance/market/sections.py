"""Sums across the tickers of one day (axis 1): rank, z-score, mean, scale.

Shapes:
    Everything is (T, N); NaN values take no part and stay NaN.
"""

from __future__ import annotations

import numpy as np

from prmkit_finance.market.panel import Floats

_FLAT = 1e-18


def ranks(x: Floats) -> Floats:
    """Ranks 1, 2, ... of the known values of each row, ties shared.

    Examples:
        >>> ranks(np.array([[3.0, 1.0, np.nan, 3.0]])).tolist()
        [[2.5, 1.0, nan, 2.5]]
    """
    count = x.shape[1]
    order = np.argsort(np.where(np.isfinite(x), x, np.inf), axis=1, kind="stable")
    ordered = np.take_along_axis(x, order, axis=1)
    places = np.broadcast_to(np.arange(count), x.shape)
    new = np.ones(x.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(new, places, 0), axis=1)
    ends = np.ones(x.shape, dtype=bool)
    ends[:, :-1] = new[:, 1:]
    last = np.minimum.accumulate(np.where(ends, places, count)[:, ::-1], axis=1)[:, ::-1]
    out = np.empty(x.shape)
    np.put_along_axis(out, order, (first + last) / 2 + 1.0, axis=1)
    return np.where(np.isfinite(x), out, np.nan)


def rank(x: Floats) -> Floats:
    """Ranks as a share of the known values, in (0, 1]."""
    return np.asarray(ranks(x) / np.maximum(np.isfinite(x).sum(axis=1, keepdims=True), 1))


def _mean(x: Floats) -> Floats:
    known = np.isfinite(x)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(known, x, 0.0).sum(axis=1, keepdims=True) / count)


def demean(x: Floats) -> Floats:
    """Value less the mean of its day."""
    return np.asarray(x - _mean(x))


def zscore(x: Floats) -> Floats:
    """Value less the mean of its day, in sample standard deviations; NaN where nothing varies."""
    centred = demean(x)
    known = np.isfinite(x)
    squares = np.where(known, centred**2, 0.0).sum(axis=1, keepdims=True)
    plain = np.where(known, x**2, 0.0).sum(axis=1, keepdims=True)
    spread = np.sqrt(squares / np.maximum(known.sum(axis=1, keepdims=True) - 1, 1))
    varies = squares > _FLAT * plain
    return np.asarray(np.where(varies, centred / np.where(varies, spread, 1.0), np.nan))


def scale(x: Floats, total: float = 1.0) -> Floats:
    """Value times what makes the absolute values of its day sum to ``total``."""
    size = np.where(np.isfinite(x), np.abs(x), 0.0).sum(axis=1, keepdims=True)
    return np.asarray(np.where(size > 0, x * total / np.where(size > 0, size, 1.0), np.nan))


def correlate(x: Floats, y: Floats, fewest: int) -> Floats:
    """Pearson correlation of each row over the columns where both are known.

    Args:
        x: Shape (T, N).
        y: Shape (T, N).
        fewest: Pairs below which a row has no correlation.

    Returns:
        Shape (T,); NaN with fewer pairs or where one side does not vary.
    """
    both = np.isfinite(x) & np.isfinite(y)
    n = both.sum(axis=1)
    a, b = (_centred(v, both, n) for v in (x, y))
    cross = (a * b).sum(axis=1)
    sizes = np.sqrt((a * a).sum(axis=1)) * np.sqrt((b * b).sum(axis=1))
    good = (n >= max(fewest, 2)) & (sizes > 0)
    return np.where(good, np.clip(cross / np.where(sizes > 0, sizes, 1.0), -1.0, 1.0), np.nan)


def _centred(x: Floats, both: np.ndarray, n: np.ndarray) -> Floats:
    filled = np.where(both, x, 0.0)
    centred = np.where(both, filled - (filled.sum(axis=1) / np.maximum(n, 1))[:, None], 0.0)
    varies = (centred**2).sum(axis=1) > _FLAT * (filled**2).sum(axis=1)
    return np.asarray(np.where(varies[:, None], centred, 0.0))
