"""What a series of returns amounts to: return, risk, drawdown, Sharpe and its deflated form.

Units:
    Returns are fractions per period (0.01 is one percent). Drawdowns are fractions and never positive.

Source:
    Sharpe (1994); Sortino & Price (1994); Moody & Saffell (2001) for the differential Sharpe ratio;
    Bailey & Lopez de Prado (2012, 2014) for the probabilistic and the deflated one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from prmkit_finance.market.panel import Floats

Returns = Sequence[float] | Floats
_NORMAL = NormalDist()
_EULER = 0.5772156649015329


def _floats(returns: Returns) -> Floats:
    return np.asarray(returns, dtype=np.float64)


def wealth(returns: Returns) -> Floats:
    """Worth of 1 at the start and after every period; one entry more than returns."""
    return np.concatenate([[1.0], np.cumprod(1 + _floats(returns))])


def total_return(returns: Returns) -> float:
    """Compounded return of the whole series.

    Examples:
        >>> round(total_return([0.1, -0.1]), 4)
        -0.01
    """
    return float(wealth(returns)[-1] - 1)


def annual_return(returns: Returns, periods: float) -> float:
    """Compounded return per year of ``periods`` periods; NaN for none, -1 after a total loss.

    Examples:
        >>> round(annual_return([0.1, 0.1], 1), 4)
        0.1
    """
    end, count = 1 + total_return(returns), len(_floats(returns))
    if not count:
        return math.nan
    return float(end ** (periods / count) - 1) if end > 0 else -1.0


def mean_return(returns: Returns, periods: float) -> float:
    """Mean return times periods per year (no compounding)."""
    values = _floats(returns)
    return float(values.mean() * periods) if len(values) else math.nan


def volatility(returns: Returns, periods: float, *, ddof: int = 1) -> float:
    """Standard deviation times the square root of the periods per year."""
    values = _floats(returns)
    return float(values.std(ddof=ddof) * math.sqrt(periods)) if len(values) > ddof else math.nan


def sharpe(returns: Returns, periods: float, *, risk_free: float = 0.0, ddof: int = 1) -> float:
    """Mean excess return over its standard deviation, times the square root of the periods per year.

    Args:
        returns: Per period.
        periods: Periods per year: 252 for trading days, 52 weeks, 12 months; 1 leaves it unscaled.
        risk_free: Risk-free return per year, spread evenly over the periods.
        ddof: 1 divides by n - 1.

    Returns:
        NaN where the returns do not vary.

    Examples:
        >>> round(sharpe([0.01, 0.02, 0.03], 252), 4)
        31.749
    """
    excess = _floats(returns) - risk_free / periods
    if len(excess) <= ddof:
        return math.nan
    spread = float(excess.std(ddof=ddof))
    flat = spread <= 1e-9 * float(np.abs(excess).max())
    return math.nan if flat else float(excess.mean()) / spread * math.sqrt(periods)


def sortino(returns: Returns, periods: float, *, target: float = 0.0) -> float:
    """Mean excess over the target per year, by the root mean square of the shortfalls of all periods."""
    excess = _floats(returns) - target / periods
    if not len(excess):
        return math.nan
    shortfall = math.sqrt(float((np.minimum(excess, 0) ** 2).mean()))
    return float(excess.mean()) / shortfall * math.sqrt(periods) if shortfall else math.nan


def drawdowns(returns: Returns) -> Floats:
    """Wealth against its highest value so far, less 1; the start counts as a high.

    Returns:
        One entry per period, each <= 0.
    """
    worth = wealth(returns)
    return np.asarray((worth / np.maximum.accumulate(worth) - 1)[1:])


def max_drawdown(returns: Returns) -> float:
    """The deepest drawdown, a number <= 0: a deeper fall is a smaller number.

    Examples:
        >>> round(max_drawdown([0.1, -0.2, 0.05]), 4), round(max_drawdown([-0.1, 0.3]), 4)
        (-0.2, -0.1)
    """
    fall = drawdowns(returns)
    return float(fall.min()) if len(fall) else math.nan


def calmar(returns: Returns, periods: float) -> float:
    """Compounded annual return over the size of the deepest drawdown."""
    depth = -max_drawdown(returns)
    return annual_return(returns, periods) / depth if depth > 0 else math.nan


def hit_rate(returns: Returns) -> float:
    """Share of periods with a gain."""
    values = _floats(returns)
    return float((values > 0).mean()) if len(values) else math.nan


class Moments(NamedTuple):
    """Exponential means of the return and of its square, for the differential Sharpe ratio."""

    first: float = 0.0
    second: float = 0.0


def differential_sharpe(before: Moments, reward: float, rate: float) -> tuple[float, Moments]:
    """How much one more return moves an exponential Sharpe ratio, and the moments after it.

    Returns:
        The derivative by ``rate`` at 0 (NaN without variance), and the new moments.

    Source:
        Moody & Saffell (2001), eq. 9: (B dA - A dB / 2) / (B - A^2)^(3/2); used by QTNet, arXiv 2312.15730.

    Examples:
        >>> round(differential_sharpe(Moments(0.01, 0.0005), 0.02, 0.1)[0], 4)
        0.6875
    """
    first, second = reward - before.first, reward**2 - before.second
    variance = before.second - before.first**2
    after = Moments(before.first + rate * first, before.second + rate * second)
    if variance <= 0:
        return math.nan, after
    return (before.second * first - before.first * second / 2) / variance**1.5, after


def probabilistic_sharpe(
    observed: float, benchmark: float, count: int, *, skew: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Probability that the true Sharpe ratio exceeds ``benchmark``; both per period, not per year.

    Source:
        Bailey & Lopez de Prado (2012).

    Examples:
        >>> probabilistic_sharpe(0.1, 0.1, 500)
        0.5
    """
    spread = math.sqrt(1 - skew * observed + (kurtosis - 1) / 4 * observed**2)
    return _NORMAL.cdf((observed - benchmark) * math.sqrt(count - 1) / spread)


def deflated_sharpe(
    observed: float, trials: int, variance: float, count: int, *, skew: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Probability that a Sharpe ratio that is the best of many trials exceeds what luck alone gives.

    Args:
        observed: Best Sharpe ratio per period.
        trials: Independent trials it was chosen from.
        variance: Variance of the Sharpe ratios of the trials, per period.
        count: Periods.
        skew: Skewness of the returns.
        kurtosis: Kurtosis of the returns, 3 for a normal law.

    Source:
        Bailey & Lopez de Prado (2014).

    Examples:
        >>> d = deflated_sharpe(2.5 / 250**0.5, 100, 0.5 / 250, 1250, skew=-3, kurtosis=10)
        >>> round(d, 4)
        0.9004
    """
    luck = 0.0
    if trials > 1:
        upper = _NORMAL.inv_cdf(1 - 1 / trials)
        tail = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
        luck = math.sqrt(variance) * ((1 - _EULER) * upper + _EULER * tail)
    return probabilistic_sharpe(observed, luck, count, skew=skew, kurtosis=kurtosis)


def periods_per_year(dates: Sequence[str]) -> float | None:
    """252, 52, 12 or 4 from the usual step between dates; None where it is none of these.

    Examples:
        >>> periods_per_year(["2020-01-31", "2020-02-28", "2020-03-31"])
        12.0
    """
    if len(dates) < 2:
        return None
    days: NDArray[np.float64] = np.diff(np.array(dates, dtype="datetime64[D]")).astype(np.float64)
    step = float(np.median(days))
    for low, high, periods in ((1, 3, 252.0), (7, 7, 52.0), (28, 31, 12.0), (89, 92, 4.0)):
        if low <= step <= high:
            return periods
    return None
