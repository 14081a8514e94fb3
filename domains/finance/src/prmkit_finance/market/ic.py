"""Information coefficients: how the factor of a day orders the returns after it, across tickers.

Every coefficient belongs to one day and is taken over that day's tickers (axis 1). Correlating a
ticker with itself over time, or all cells at once, is another figure.

Shapes:
    Factors and targets are (T, N), coefficients (T,).

Source:
    Grinold & Kahn, "Active Portfolio Management": IC = corr(factor, later return); ICIR = mean / standard
    deviation of the daily ICs.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np

from prmkit.errors import ConfigError
from prmkit_finance.market.operators import shift
from prmkit_finance.market.panel import Floats
from prmkit_finance.market.sections import correlate, ranks

Method = Literal["pearson", "rank"]


def forward_returns(close: Floats, horizon: int, *, delay: int = 0) -> Floats:
    """Return from ``delay`` days after the factor's day to ``horizon`` days after that; NaN at the end.

    Raises:
        ConfigError: A horizon below 1 or a delay below 0.

    Examples:
        >>> forward_returns(np.array([[10.0], [11.0], [12.1]]), 1).ravel().round(3).tolist()
        [0.1, 0.1, nan]
    """
    if horizon < 1 or delay < 0:
        raise ConfigError(
            f"horizon {horizon}, delay {delay}", do="give a horizon of 1 or more and a delay of 0 or more"
        )
    entry = shift(close, -delay) if delay else close
    with np.errstate(divide="ignore", invalid="ignore"):
        value = shift(close, -delay - horizon) / entry - 1
    return np.where(np.isfinite(value), value, np.nan)


def coefficients(factor: Floats, target: Floats, *, method: Method = "pearson", fewest: int = 3) -> Floats:
    """One IC a day; NaN with fewer than ``fewest`` pairs or where one side does not vary.

    Args:
        factor: Values known on each day.
        target: Returns after it.
        method: ``rank`` ranks both sides among the tickers known on both, ties shared.
        fewest: Least number of tickers.

    Examples:
        >>> f, later = np.array([[1.0, 2.0, 3.0]]), np.array([[0.1, 0.2, 0.9]])
        >>> coefficients(f, later, method="rank").round(9).tolist()
        [1.0]
    """
    if method == "rank":
        both = np.isfinite(factor) & np.isfinite(target)
        factor, target = (ranks(np.where(both, side, np.nan)) for side in (factor, target))
    return correlate(factor, target, fewest)


class Summary(NamedTuple):
    """The daily ICs of one factor, summed up."""

    mean: float
    deviation: float
    """Sample standard deviation (n - 1)."""
    ratio: float
    """ICIR: mean / deviation, not annualised."""
    days: int
    """Days that have an IC."""


def summary(daily: Floats) -> Summary:
    """Mean, deviation and ratio over the days that have an IC.

    Examples:
        >>> s = summary(np.array([0.1, np.nan, 0.3]))
        >>> round(s.mean, 3), round(s.deviation, 4), round(s.ratio, 4), s.days
        (0.2, 0.1414, 1.4142, 2)
    """
    known = daily[np.isfinite(daily)]
    mean = float(known.mean()) if len(known) else math.nan
    deviation = float(known.std(ddof=1)) if len(known) > 1 else math.nan
    return Summary(mean, deviation, mean / deviation if deviation > 0 else math.nan, len(known))
