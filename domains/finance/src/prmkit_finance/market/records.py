"""What a problem records of a back-test: return series, weights, costs, and what it leaves open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from prmkit.errors import PrmkitError, RecordError
from prmkit_finance.market.backtest import BackTest, every, long_short, run, top
from prmkit_finance.market.factor import evaluate
from prmkit_finance.market.metrics import periods_per_year
from prmkit_finance.market.panel import Floats, Panel, checked_dates, number_row

MOST = 100_000
"""Periods of a recorded series."""


class Series(NamedTuple):
    """One series of returns, and how it came about."""

    returns: Floats
    way: str


@dataclass(frozen=True, slots=True)
class Book:
    """The records of one back-test. Where the problem leaves a choice open there are several series."""

    net: tuple[Series, ...]
    """After costs."""
    gross: tuple[Series, ...] = ()
    """Before costs; empty where only net returns are recorded."""
    wider: tuple[Series, ...] = ()
    """With the flat days before the first trade: another usual reading."""
    runs: tuple[BackTest, ...] = ()
    """Back-tests behind the net series, where weights are known."""
    dates: tuple[str, ...] = ()
    """Date of each return, and of the start before it; empty when not recorded."""
    periods: float | None = None
    """Periods per year."""
    settled: bool = False
    """The problem itself states the periods per year."""
    risk_free: float | None = None
    """Risk-free return per year; None when the problem does not say (then 0 is used)."""
    same_day: bool | None = None
    """Recorded returns are those of weights of the same day; None where that cannot be told."""
    ambiguous: str = ""
    """Why no figure can be called wrong; empty when it can."""


def book_of(given: Any, prices: Any = None) -> Book:
    """The records in a problem's context (see ``finance/backtest`` for their form).

    Raises:
        RecordError: They are malformed; the error names the field and the row.

    Examples:
        >>> book_of({"returns": [0.01, -0.02], "periods_per_year": 252}).net[0].returns.tolist()
        [0.01, -0.02]
    """
    if not isinstance(given, Mapping):
        raise _bad("a back-test is an object", "backtest")
    periods = _number(given, "periods_per_year", 1, 400)
    risk_free = _number(given, "risk_free", -0.5, 0.5)
    if "returns" in given and "weights" not in given:
        return _recorded(given, periods, risk_free)
    if "equity" in given:
        return _from_worth(given, periods, risk_free)
    if "weights" in given or "expression" in given:
        if prices is None:
            raise _bad("weights need the problem's prices", "prices")
        return _traded(given, Panel.of_context(prices), periods, risk_free)
    raise _bad("none of returns, equity, weights, expression is recorded", "backtest")


def _series(given: Mapping[str, Any], name: str) -> Floats:
    values = given[name]
    if not isinstance(values, list) or not 2 <= len(values) <= MOST:
        raise _bad(f"a list of 2 to {MOST} numbers is needed", name)
    numbers = np.array(number_row(values, name, 1, len(values)))
    if not np.isfinite(numbers).all():
        raise _bad("an entry is null", name, int(np.argmin(np.isfinite(numbers))) + 1)
    return numbers


def _recorded(given: Mapping[str, Any], periods: float | None, risk_free: float | None) -> Book:
    returns = _series(given, "returns")
    if (returns <= -1).any():
        raise _bad("a loss of everything: are these percents?", "returns", int(np.argmax(returns <= -1)) + 1)
    dates = checked_dates(given["dates"]) if "dates" in given else []
    if dates and len(dates) != len(returns):
        raise _bad(f"{len(dates)} dates for {len(returns)} returns", "dates")
    return Book(
        net=(Series(returns, "of the recorded returns"),),
        periods=periods or periods_per_year(dates),
        settled=periods is not None,
        risk_free=risk_free,
        ambiguous="the returns may be written in percent" if np.median(np.abs(returns)) > 0.5 else "",
    )


def _from_worth(given: Mapping[str, Any], periods: float | None, risk_free: float | None) -> Book:
    worth = _series(given, "equity")
    if (worth <= 0).any():
        raise _bad("worth must be positive", "equity", int(np.argmax(worth <= 0)) + 1)
    dates = checked_dates(given["dates"]) if "dates" in given else []
    if dates and len(dates) != len(worth):
        raise _bad(f"{len(dates)} dates for {len(worth)} entries", "dates")
    return Book(
        net=(Series(worth[1:] / worth[:-1] - 1, "of the recorded worth"),),
        dates=tuple(dates),
        periods=periods or periods_per_year(dates),
        settled=periods is not None,
        risk_free=risk_free,
    )


def _traded(given: Mapping[str, Any], panel: Panel, periods: float | None, risk_free: float | None) -> Book:
    if "close" not in panel.fields:
        raise _bad("the prices have no close", "close")
    close = panel.fields["close"]
    weights = _weights(given, panel)
    cost = (_number(given, "cost_bps", 0, 1000) or 0.0) / 10_000
    lag = _number(given, "lag", 0, 30)
    lags = (1, 0) if lag is None else (int(lag),)
    runs = [run(weights, close, cost=cost, lag=days) for days in lags]
    free = [run(weights, close, lag=days) for days in lags]
    ways = [f"traded {days} day{'s' if days != 1 else ''} after the decision" for days in lags]
    net = [Series(one.returns, way) for one, way in zip(runs, ways, strict=True)]
    same_day = None
    if "returns" in given:
        recorded = _series(given, "returns")
        net = [Series(recorded, "of the recorded returns")]
        same_day = _same_day(recorded, weights, close) if not cost else None
    return Book(
        net=tuple(net),
        gross=tuple(Series(one.returns, f"{way}, before costs") for one, way in zip(free, ways, strict=True)),
        wider=tuple(Series(one.worth[1:] / one.worth[:-1] - 1, f"{way}, from the first date")
                    for one, way in zip(runs, ways, strict=True)),
        runs=tuple(runs),
        dates=panel.dates[runs[0].first :] if len(runs) == 1 and "returns" not in given else (),
        periods=periods or periods_per_year(panel.dates),
        settled=periods is not None,
        risk_free=risk_free,
        same_day=same_day,
    )  # fmt: skip


def _weights(given: Mapping[str, Any], panel: Panel) -> Floats:
    if "weights" in given:
        rows = given["weights"]
        days, names = panel.shape
        if not isinstance(rows, list) or len(rows) != days:
            raise _bad(f"not one row for each of {days} dates", "weights")
        table = [
            [math.nan] * names if row is None else number_row(row, "weights", at, names)
            for at, row in enumerate(rows, 1)
        ]
        return np.array(table, dtype=np.float64)
    expression, rule = given["expression"], given.get("rule", "long_short")
    if not isinstance(expression, str) or not isinstance(rule, str):
        raise _bad("expression and rule are texts", "expression")
    values = evaluate(expression, panel)
    word, _, count = rule.partition(" ")
    if word == "top" and count.isascii() and count.isdigit() and 1 <= int(count) <= panel.shape[1]:
        weights = top(values, int(count))
    elif rule == "long_short":
        weights = long_short(values)
    else:
        raise _bad(f"no rule {rule!r:.40}; known: long_short, top N", "rule")
    return every(weights, int(_number(given, "every", 1, 500) or 1))


def _same_day(recorded: Floats, weights: Floats, close: Floats) -> bool | None:
    """Which weights explain the recorded returns: the day's own (True), the day before's, neither or both."""
    if not np.isfinite(weights).all() or len(recorded) not in (len(close), len(close) - 1):
        return None
    moves = close[1:] / close[:-1] - 1
    own, before = (weights[1:] * moves).sum(axis=1), (weights[:-1] * moves).sum(axis=1)
    fits = [np.allclose(recorded[-len(moves) :], one, rtol=1e-4, atol=2e-6) for one in (own, before)]
    return fits[0] if fits[0] != fits[1] else None


def _number(given: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _bad(f"{value!r:.30} is not a number from {low:g} to {high:g}", name)
    return float(value)


def _bad(message: str, field: str, row: int | None = None) -> PrmkitError:
    return RecordError(message, do="correct the problem's context", field=field, row=row)
