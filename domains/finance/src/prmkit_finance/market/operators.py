"""The operators that a factor expression may use: one table, with other spellings beside it.

Argument kinds: ``x`` a series, ``d`` a whole number of days from 1 to 1000 (the row itself included),
``k`` a shift in days that may be negative (a negative one looks ahead), ``c`` a plain number.

Source:
    Operator names as in Kakushadze, "101 Formulaic Alphas" (arXiv 1601.00991); second spellings
    as in qlib. ``rank`` with one argument ranks across tickers, with two over time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from prmkit_finance.market import sections, windows
from prmkit_finance.market.panel import Floats

LONGEST = 1000
"""Days of the longest window or shift."""

Run = Callable[..., Floats]
"""Called with the arguments in order and ``need``: which share of a window must be known."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator."""

    name: str
    kinds: str
    """One letter an argument."""
    run: Run
    whole_sample: bool = False
    """Reads all rows, later ones too."""


def shift(x: Floats, k: int) -> Floats:
    """The value ``k`` rows earlier; later for negative ``k``.

    Examples:
        >>> shift(np.array([[1.0], [2.0]]), 1).ravel().tolist()
        [nan, 1.0]
    """
    out = np.full(x.shape, np.nan)
    if k >= len(x) or -k >= len(x):
        return out
    if k >= 0:
        out[k:] = x[: len(x) - k]
    else:
        out[:k] = x[-k:]
    return out


def _need(d: int, full: bool, least: int = 1) -> int:
    """Known values that a window of ``d`` days must hold."""
    return max(d if full else 1, least)


def _window(kernel: windows.Kernel, least: int = 1) -> Run:
    return functools.partial(_rolled, kernel, least)


def _rolled(kernel: windows.Kernel, least: int, x: Floats, d: int, *, full: bool) -> Floats:
    return windows.rolling(x, d, _need(d, full, least), kernel)


def _placed(kernel: windows.Kernel) -> Run:
    """A place counted from the first row of the history where the window reaches beyond it."""

    def run(x: Floats, d: int, *, full: bool) -> Floats:
        beyond = np.maximum(d - 1 - np.arange(len(x)), 0)
        return np.asarray(_rolled(kernel, 1, x, d, full=full) - beyond[:, None])

    return run


def _paired(figure: Callable[[Floats, Floats, int, int], Floats]) -> Run:
    return lambda x, y, d, *, full: figure(x, y, d, _need(d, full, 2))


def _plain(figure: Callable[..., Any]) -> Run:
    return lambda *given, full: np.asarray(figure(*given), dtype=np.float64)


def _known(figure: Callable[..., Any]) -> Run:
    """A figure that compares, so that it must say itself what is unknown."""

    def run(*given: Any, full: bool) -> Floats:
        missing = functools.reduce(np.logical_or, [np.isnan(v) for v in given])
        return np.where(missing, np.nan, np.asarray(figure(*given), dtype=np.float64))

    return run


def _choose(condition: Floats, yes: Floats, no: Floats, *, full: bool) -> Floats:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, yes, no))


def _filled(x: Floats, *, full: bool) -> Floats:
    """The latest known value so far."""
    at = np.maximum.accumulate(np.where(np.isfinite(x), np.arange(len(x))[:, None], 0), axis=0)
    return np.asarray(np.take_along_axis(x, at, axis=0))


def _filled_back(x: Floats, *, full: bool) -> Floats:
    return np.asarray(_filled(x[::-1], full=full)[::-1])


def _whole(figure: Callable[[Floats, Floats], Floats]) -> Run:
    """A figure of each ticker's whole history, later days included."""

    def run(x: Floats, *, full: bool) -> Floats:
        n = np.isfinite(x).sum(axis=0)
        mean = np.where(np.isfinite(x), x, 0.0).sum(axis=0) / n
        squares = np.where(np.isfinite(x), (x - mean) ** 2, 0.0).sum(axis=0)
        return np.asarray(figure(mean + np.zeros(x.shape), np.sqrt(squares / (n - 1)) + np.zeros(x.shape)))

    return run


def _whole_score(x: Floats, *, full: bool) -> Floats:
    mean, spread = (_whole(figure)(x, full=full) for figure in (lambda m, s: m, lambda m, s: s))
    return np.asarray((x - mean) / spread)


def _spread(x: Floats, d: int, *, full: bool) -> Floats:
    return np.asarray(x - shift(x, d))


def _growth(x: Floats, d: int, *, full: bool) -> Floats:
    return np.asarray(x / shift(x, d) - 1)


def _power(x: Floats, c: Floats) -> Floats:
    return np.asarray(np.power(x, c))


def _signed_power(x: Floats, c: Floats) -> Floats:
    return np.asarray(np.sign(x) * np.power(np.abs(x), c))


_ALL = (
    Operator("add", "xx", _plain(np.add)),
    Operator("subtract", "xx", _plain(np.subtract)),
    Operator("multiply", "xx", _plain(np.multiply)),
    Operator("divide", "xx", _plain(np.divide)),
    Operator("power", "xx", _plain(_power)),
    Operator("signed_power", "xx", _plain(_signed_power)),
    Operator("negative", "x", _plain(np.negative)),
    Operator("abs", "x", _plain(np.abs)),
    Operator("sign", "x", _plain(np.sign)),
    Operator("log", "x", _plain(np.log)),
    Operator("sqrt", "x", _plain(np.sqrt)),
    Operator("exp", "x", _plain(np.exp)),
    Operator("larger", "xx", _known(np.maximum)),
    Operator("smaller", "xx", _known(np.minimum)),
    Operator("gt", "xx", _known(np.greater)),
    Operator("lt", "xx", _known(np.less)),
    Operator("ge", "xx", _known(np.greater_equal)),
    Operator("le", "xx", _known(np.less_equal)),
    Operator("eq", "xx", _known(np.equal)),
    Operator("ne", "xx", _known(np.not_equal)),
    Operator("and", "xx", _known(np.logical_and)),
    Operator("or", "xx", _known(np.logical_or)),
    Operator("where", "xxx", _choose),
    Operator("delay", "xk", lambda x, k, *, full: shift(x, k)),
    Operator("delta", "xk", _spread),
    Operator("pct_change", "xk", _growth),
    Operator("ts_sum", "xd", _window(windows.total)),
    Operator("ts_mean", "xd", _window(windows.mean)),
    Operator("ts_std", "xd", _window(windows.deviation, 2)),
    Operator("ts_var", "xd", _window(windows.variance, 2)),
    Operator("ts_max", "xd", _window(windows.highest)),
    Operator("ts_min", "xd", _window(windows.lowest)),
    Operator("ts_median", "xd", _window(windows.middle)),
    Operator("ts_rank", "xd", _window(windows.rank_of_last)),
    Operator("ts_zscore", "xd", _window(windows.score_of_last, 2)),
    Operator("ts_slope", "xd", _window(windows.slope, 2)),
    Operator("ts_idxmax", "xd", _placed(windows.place_of_highest)),
    Operator("ts_idxmin", "xd", _placed(windows.place_of_lowest)),
    Operator("decay_linear", "xd", _window(windows.weighted)),
    Operator("ema", "xd", lambda x, d, *, full: windows.exponential(x, d, _need(d, full))),
    Operator("ts_corr", "xxd", _paired(windows.correlation)),
    Operator("ts_cov", "xxd", _paired(windows.covariance)),
    Operator("rank", "x", lambda x, *, full: sections.rank(x)),
    Operator("zscore", "x", lambda x, *, full: sections.zscore(x)),
    Operator("demean", "x", lambda x, *, full: sections.demean(x)),
    Operator("scale", "x", lambda x, *, full: sections.scale(x)),
    Operator("ffill", "x", _filled),
    Operator("bfill", "x", _filled_back, whole_sample=True),
    Operator("full_mean", "x", _whole(lambda mean, spread: mean), whole_sample=True),
    Operator("full_std", "x", _whole(lambda mean, spread: spread), whole_sample=True),
    Operator("full_zscore", "x", _whole_score, whole_sample=True),
)
OPERATORS: Mapping[str, Operator] = {operator.name: operator for operator in _ALL}

_SPELLINGS = {
    "delay": "ref lag ts_delay shift",
    "delta": "ts_delta diff",
    "pct_change": "roc ts_pct_change ts_return",
    "ts_sum": "sum",
    "ts_mean": "mean sma ts_avg",
    "ts_std": "std stddev ts_stddev ts_std_dev",
    "ts_var": "var",
    "ts_median": "med median",
    "ts_corr": "corr correlation ts_correlation",
    "ts_cov": "cov covariance ts_covariance",
    "ts_slope": "slope",
    "ts_idxmax": "idxmax",
    "ts_idxmin": "idxmin",
    "decay_linear": "wma ts_decay_linear",
    "ema": "ewm ewma ts_ema",
    "signed_power": "signedpower",
    "power": "pow",
    "where": "if if_else iff",
    "larger": "greater maximum",
    "smaller": "less minimum",
    "rank": "cs_rank",
    "zscore": "cs_zscore",
    "demean": "cs_demean",
    "bfill": "backfill",
}
SPELLINGS: Mapping[str, str] = {
    spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()
}
"""Other spelling -> name; all in lower case."""
QLIB = {"max": "ts_max", "min": "ts_min"}
"""Names that mean a rolling window where fields are written with ``$``, and are ambiguous elsewhere."""
NOT_QLIB = frozenset({"wma"})
"""Names refused where fields are written with ``$``: qlib's ``WMA`` divides its weighted mean by the days."""
