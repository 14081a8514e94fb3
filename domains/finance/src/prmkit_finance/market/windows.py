"""Rolling sums over the past: every value is made of the ``d`` latest rows, its own included.

Each window is summed by itself, never by adding to and taking from a running total: no error
carries from one window to the next, and equal windows give equal values wherever they stand.
A window counts when at least ``need`` of its values are known, else the result is NaN.

Shapes:
    Series are (T, N); windows are (B, N, d) for a block of B rows, oldest value first.

Source:
    Definitions as in pandas ``rolling`` (``min_periods = need``, ddof 1), which the tests hold against these.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prmkit_finance.market.panel import Floats

_CELLS = 1_000_000
"""Numbers of a block of windows: small enough to stay near the processor."""
_FLAT = 1e-18
"""A window varies when its centred sum of squares exceeds this share of its plain one."""

Kernel = Callable[[Floats, Floats, Floats], Floats]
"""Windows with 0 where unknown, 1/0 where known or not, known values per window -> (B, N)."""


def _blocks(series: Floats, d: int) -> tuple[Floats, int]:
    padded = np.concatenate([np.full((d - 1, series.shape[1]), np.nan), series])
    view = np.lib.stride_tricks.sliding_window_view(padded, d, axis=0)
    return view, max(1, _CELLS // max(1, series.shape[1] * d))


def rolling(series: Floats, d: int, need: int, kernel: Kernel) -> Floats:
    """``kernel`` of every window of length ``d``; NaN where fewer than ``need`` values are known."""
    view, block = _blocks(series, d)
    out = np.empty(series.shape)
    for begin in range(0, len(series), block):
        part = view[begin : begin + block]
        known = np.isfinite(part)
        count = known.sum(axis=-1).astype(np.float64)
        filled = np.where(known, part, 0.0)
        value = kernel(filled, known.astype(np.float64), count)
        out[begin : begin + block] = np.where(count >= need, value, np.nan)
    return out


def total(w: Floats, known: Floats, n: Floats) -> Floats:
    """Sum of the known values."""
    return np.asarray(w.sum(axis=-1))


def mean(w: Floats, known: Floats, n: Floats) -> Floats:
    """Mean of the known values."""
    return np.asarray(w.sum(axis=-1) / n)


def _centred(w: Floats, known: Floats, n: Floats) -> Floats:
    return np.asarray((w - mean(w, known, n)[..., None]) * known)


def _squares(centred: Floats, w: Floats) -> Floats:
    """Centred sum of squares, exactly 0 for a window that does not vary."""
    squares = (centred * centred).sum(axis=-1)
    return np.asarray(np.where(squares > _FLAT * (w * w).sum(axis=-1), squares, 0.0))


def variance(w: Floats, known: Floats, n: Floats) -> Floats:
    """Sample variance (divides by n - 1)."""
    return np.asarray(_squares(_centred(w, known, n), w) / (n - 1))


def deviation(w: Floats, known: Floats, n: Floats) -> Floats:
    """Sample standard deviation."""
    return np.asarray(np.sqrt(variance(w, known, n)))


def highest(w: Floats, known: Floats, n: Floats) -> Floats:
    """Largest known value."""
    return np.asarray(np.where(known > 0, w, -np.inf).max(axis=-1))


def lowest(w: Floats, known: Floats, n: Floats) -> Floats:
    """Smallest known value."""
    return np.asarray(np.where(known > 0, w, np.inf).min(axis=-1))


def place_of_highest(w: Floats, known: Floats, n: Floats) -> Floats:
    """Place of the first largest value, 1 for the oldest row of the window."""
    return np.asarray(np.where(known > 0, w, -np.inf).argmax(axis=-1) + 1.0)


def place_of_lowest(w: Floats, known: Floats, n: Floats) -> Floats:
    """Place of the first smallest value, 1 for the oldest row of the window."""
    return np.asarray(np.where(known > 0, w, np.inf).argmin(axis=-1) + 1.0)


def middle(w: Floats, known: Floats, n: Floats) -> Floats:
    """Median of the known values."""
    ordered = np.sort(np.where(known > 0, w, np.inf), axis=-1)
    low = np.maximum((n - 1) // 2, 0).astype(np.int64)[..., None]
    high = np.minimum(n // 2, ordered.shape[-1] - 1).astype(np.int64)[..., None]
    pair = np.take_along_axis(ordered, low, -1) + np.take_along_axis(ordered, high, -1)
    return np.asarray(pair[..., 0] / 2)


def rank_of_last(w: Floats, known: Floats, n: Floats) -> Floats:
    """Rank of the latest value among the known ones, in (0, 1], ties shared."""
    last = w[..., -1:]
    less = ((w < last) * known).sum(axis=-1)
    same = ((w == last) * known).sum(axis=-1)
    return np.asarray(np.where(known[..., -1] > 0, (less + (same + 1) / 2) / n, np.nan))


def score_of_last(w: Floats, known: Floats, n: Floats) -> Floats:
    """Latest value less the mean, in sample standard deviations; NaN where nothing varies."""
    centred = _centred(w, known, n)
    spread = np.sqrt(_squares(centred, w) / (n - 1))
    value = np.divide(centred[..., -1], spread, out=np.full(spread.shape, np.nan), where=spread > 0)
    return np.asarray(np.where(known[..., -1] > 0, value, np.nan))


def slope(w: Floats, known: Floats, n: Floats) -> Floats:
    """Least-squares slope of the known values against their places in the window."""
    places = np.arange(1.0, w.shape[-1] + 1) * known
    away = (places - (places.sum(axis=-1) / n)[..., None]) * known
    return np.asarray((away * w).sum(axis=-1) / (away * away).sum(axis=-1))


def weighted(w: Floats, known: Floats, n: Floats) -> Floats:
    """Mean with weights 1, 2, ..., d, the latest row the heaviest."""
    weights = np.arange(1.0, w.shape[-1] + 1)
    return np.asarray((w * weights).sum(axis=-1) / (known * weights).sum(axis=-1))


def covariance(x: Floats, y: Floats, d: int, need: int) -> Floats:
    """Sample covariance of two series over the rows of the window where both are known."""
    return _pairwise(x, y, d, need, lambda xy, xx, yy, n: xy / (n - 1))


def correlation(x: Floats, y: Floats, d: int, need: int) -> Floats:
    """Pearson correlation over the rows where both are known; NaN where one does not vary."""
    return _pairwise(x, y, d, need, lambda xy, xx, yy, n: np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0))


def _pairwise(
    x: Floats, y: Floats, d: int, need: int, figure: Callable[[Floats, Floats, Floats, Floats], Floats]
) -> Floats:
    both = np.isfinite(x) & np.isfinite(y)
    left, block = _blocks(np.where(both, x, np.nan), d)
    right, _ = _blocks(np.where(both, y, np.nan), d)
    out = np.empty(x.shape)
    for begin in range(0, len(x), block):
        rows = slice(begin, begin + block)
        known = np.isfinite(left[rows])
        n = known.sum(axis=-1).astype(np.float64)
        one, two = np.where(known, left[rows], 0.0), np.where(known, right[rows], 0.0)
        weight = known.astype(np.float64)
        a, b = _centred(one, weight, n), _centred(two, weight, n)
        value = figure((a * b).sum(axis=-1), _squares(a, one), _squares(b, two), n)
        out[rows] = np.where(n >= need, value, np.nan)
    return out


def exponential(series: Floats, d: int, need: int) -> Floats:
    """Exponentially weighted mean of span ``d``, ``alpha = 2 / (d + 1)``, weights of all rows so far."""
    keep = 1 - 2 / (d + 1)
    top, below, seen = (np.zeros(series.shape[1]) for _ in range(3))
    out = np.empty(series.shape)
    for at, row in enumerate(series):
        known = np.isfinite(row)
        top = top * keep + np.where(known, row, 0.0)
        below = below * keep + known
        seen += known
        out[at] = np.where(seen >= max(need, 1), top / np.where(below > 0, below, 1), np.nan)
    return out
