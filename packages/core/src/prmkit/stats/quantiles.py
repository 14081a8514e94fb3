"""Forecasts by quantiles: repair of crossings, losses, coverage, conformal margins.

Shapes: a forecast of n rows at L levels is an array (n, L); levels rise strictly inside (0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats.arrays import Floats, Numbers, floats, same_rows
from prmkit.stats.monotone import pava

Repair = Literal["sort", "isotonic", "none"]


def levels_of(levels: Sequence[float]) -> Floats:
    """Checked quantile levels.

    Raises:
        ConfigError: No levels, or levels that do not rise strictly inside (0, 1).
    """
    found = floats(levels, "levels")
    if not len(found) or found[0] <= 0 or found[-1] >= 1 or (np.diff(found) <= 0).any():
        raise ConfigError(
            f"levels {list(levels)}",
            do="give levels that rise inside (0, 1), as 0.1, 0.5, 0.9",
            field="levels",
        )
    return found


def forecasts(quantiles: Any, levels: Sequence[float]) -> Floats:
    """Checked forecasts.

    Shapes:
        quantiles, result: (n, L).

    Raises:
        AlignmentError: Another shape, or an entry that is not finite.
        ConfigError: Levels that do not rise inside (0, 1).
    """
    z = np.asarray(quantiles, dtype=np.float64)
    if z.ndim != 2 or z.shape[1] != len(levels_of(levels)):
        raise AlignmentError(
            f"forecasts of shape {z.shape} for {len(levels)} levels",
            do="give one row per forecast and one column per level",
            field="quantiles",
        )
    floats(z.ravel(), "quantiles")
    return z


def repair(quantiles: Any, levels: Sequence[float], how: Repair = "isotonic") -> Floats:
    """Forecasts whose quantiles do not cross.

    Shapes:
        quantiles, result: (n, L).

    Args:
        quantiles: Forecasts, crossing or not.
        levels: Levels of the columns.
        how: ``sort`` puts each row in order; ``isotonic`` takes the nearest rising row.

    Raises:
        AlignmentError: Another shape, or an entry that is not finite.
        ConfigError: Levels that do not rise inside (0, 1), or an unknown way.

    Source:
        Chernozhukov et al. (2010) for sorting; Fakoor et al. (2023, arXiv 2103.00083): neither ever raises
        the pinball losses summed over the levels.

    Examples:
        >>> repair([[0.4, 0.3, 0.8]], [0.1, 0.5, 0.9]).round(2).tolist()
        [[0.35, 0.35, 0.8]]
        >>> repair([[0.4, 0.3, 0.8]], [0.1, 0.5, 0.9], "sort").tolist()
        [[0.3, 0.4, 0.8]]
    """
    z = forecasts(quantiles, levels)
    if how not in ("sort", "isotonic", "none"):
        raise ConfigError(f"no repair is called {how!r}", do="use sort, isotonic or none", field="how")
    if how == "sort":
        return np.sort(z, axis=1)
    fixed = z.copy()
    for row in np.flatnonzero((np.diff(z, axis=1) < 0).any(axis=1)) if how == "isotonic" else ():
        fixed[row] = pava(z[row])
    return fixed


def crossing(quantiles: Any, levels: Sequence[float]) -> Floats:
    """Per row whether any quantile lies below one of a lower level, as 1 or 0.

    Shapes:
        quantiles: (n, L). result: (n).

    Raises:
        AlignmentError: Another shape, or an entry that is not finite.
        ConfigError: Levels that do not rise inside (0, 1).

    Examples:
        >>> crossing([[0.4, 0.3, 0.8], [0.3, 0.3, 0.8]], [0.1, 0.5, 0.9]).tolist()
        [1.0, 0.0]
    """
    falls = np.diff(forecasts(quantiles, levels), axis=1) < 0
    return np.asarray(falls.any(axis=1), dtype=np.float64)


def pinball(quantiles: Any, observed: Numbers, levels: Sequence[float]) -> Floats:
    """Loss of each quantile: ``max(t (y - z), (t - 1) (y - z))``.

    Shapes:
        quantiles, result: (n, L). observed: (n).

    Raises:
        AlignmentError: Another shape, columns of unlike length, or an entry that is not finite.
        ConfigError: Levels that do not rise inside (0, 1).

    Source:
        Koenker & Bassett (1978).

    Examples:
        >>> pinball([[0.4, 0.3, 0.8]], [0.35], [0.1, 0.5, 0.9]).round(3).tolist()
        [[0.045, 0.025, 0.045]]
    """
    z, t = forecasts(quantiles, levels), levels_of(levels)
    same_rows(quantiles=z, observed=observed)
    gap = floats(observed, "observed")[:, None] - z
    return np.asarray(np.maximum(t * gap, (t - 1) * gap))


def interval_score(low: Numbers, high: Numbers, observed: Numbers, miss: float) -> Floats:
    """Width of an interval, and ``2 / miss`` times how far the outcome lies outside it.

    Args:
        low: Lower ends.
        high: Upper ends.
        observed: What happened.
        miss: Share of outcomes that may lie outside: 0.2 for the quantiles 0.1 and 0.9.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: ``miss`` outside (0, 1).

    Source:
        Gneiting & Raftery (2007).

    Examples:
        >>> round(float(interval_score([0.3], [0.8], [0.25], 0.2)[0]), 6)
        1.0
    """
    same_rows(low=low, high=high, observed=observed)
    levels_of([miss])
    a, b, y = floats(low, "low"), floats(high, "high"), floats(observed, "observed")
    return np.asarray(b - a + 2 / miss * (np.maximum(a - y, 0) + np.maximum(y - b, 0)))


def weighted_interval_score(quantiles: Any, observed: Numbers, levels: Sequence[float]) -> Floats:
    """WIS of each row; lower is better. Equals twice the mean pinball loss over the levels.

    Shapes:
        quantiles: (n, L). observed, result: (n).

    Raises:
        AlignmentError: Another shape, columns of unlike length, or an entry that is not finite.
        ConfigError: Levels that do not rise inside (0, 1), or are not K pairs t, 1 - t around 0.5.

    Source:
        Bracher et al. (2021): ``(|y - median| / 2 + sum_k miss_k / 2 * IS_k) / (K + 1/2)``.

    Examples:
        >>> round(float(weighted_interval_score([[0.3, 0.4, 0.8]], [0.35], [0.1, 0.5, 0.9])[0]), 6)
        0.05
    """
    z, t = forecasts(quantiles, levels), levels_of(levels)
    same_rows(quantiles=z, observed=observed)
    pairs, odd = divmod(len(t), 2)
    if not odd or np.abs(t + t[::-1] - 1).max() > 1e-9:
        raise ConfigError(
            f"levels {list(levels)} are not symmetric about 0.5",
            do="use 0.5 and pairs such as 0.1 and 0.9",
            field="levels",
        )
    total = np.abs(floats(observed, "observed") - z[:, pairs]) / 2
    for k in range(pairs):
        miss = float(2 * t[k])
        total = total + miss / 2 * interval_score(z[:, k], z[:, -1 - k], observed, miss)
    return np.asarray(total / (pairs + 0.5))


def exact(number: float, *, name: str = "number") -> Fraction:
    """The fraction that a decimal number means: 0.3 is 3/10 and not the float nearest to it.

    Raises:
        ConfigError: Not strictly between 0 and 1.

    Examples:
        >>> exact(0.3), exact(1 / 3)
        (Fraction(3, 10), Fraction(1, 3))
    """
    if not 0 < number < 1:
        raise ConfigError(f"{number!r} is not between 0 and 1", do="write 0.1 for 10 %", field=name)
    return Fraction(repr(float(number))).limit_denominator(1_000_000)


def conformal_rank(rows: int, miss: float) -> int:
    """Which of ``rows`` scores in rising order bounds a new one but for a share ``miss``; may exceed rows.

    Raises:
        ConfigError: ``miss`` outside (0, 1).

    Source:
        ``ceil((n + 1)(1 - miss))``, Vovk et al. (2005), in exact arithmetic.

    Examples:
        >>> conformal_rank(4, 0.2), conformal_rank(3, 0.2), conformal_rank(9, 0.7)
        (4, 4, 3)
    """
    return math.ceil((rows + 1) * (1 - exact(miss, name="miss")))


def cqr_margin(low: Numbers, high: Numbers, observed: Numbers, miss: float) -> float:
    """How far to move both ends outwards so that new outcomes lie inside but for a share ``miss``.

    The intervals ``[low - margin, high + margin]`` of new rows, exchangeable with these, cover with chance
    1 - miss or more, and below 1 - miss + 1 / (n + 1) where scores do not tie. Rows of one problem are not
    exchangeable with those of another: give one row a problem.

    Returns:
        Negative where the given intervals are too wide; infinite where there are too few rows.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: ``miss`` outside (0, 1).

    Source:
        Romano et al. (2019), conformalised quantile regression.

    Examples:
        >>> y = [0.25, 0.5, 0.85, 0.4]
        >>> round(cqr_margin([0.3] * 4, [0.8] * 4, y, 0.2), 6)
        0.05
    """
    same_rows(low=low, high=high, observed=observed)
    a, b, y = floats(low, "low"), floats(high, "high"), floats(observed, "observed")
    outside = np.sort(np.maximum(a - y, y - b))
    rank = conformal_rank(len(outside), miss)
    return float(outside[rank - 1]) if rank <= len(outside) else math.inf


def covered(low: Numbers, high: Numbers, observed: Numbers) -> NDArray[np.float64]:
    """Per row whether the outcome lies in its interval, ends included, as 1 or 0.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Examples:
        >>> covered([0.3, 0.3], [0.8, 0.8], [0.3, 0.9]).tolist()
        [1.0, 0.0]
    """
    same_rows(low=low, high=high, observed=observed)
    y = floats(observed, "observed")
    return ((floats(low, "low") <= y) & (y <= floats(high, "high"))).astype(np.float64)
