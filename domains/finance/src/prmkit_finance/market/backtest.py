"""The back-test: target weights, prices, costs -> worth day by day, in one pass over arrays.

Weights decided at the close of a day are traded ``lag`` days later at the close, and earn from the
next day on. Between trades shares are held, so that weights drift. Cash earns nothing. A trade
costs ``cost`` times the value traded, bought and sold both counted.

Shapes:
    Weights and prices are (T, N).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from prmkit.errors import ConfigError, PrmkitError, RecordError
from prmkit_finance.market import sections
from prmkit_finance.market.ic import coefficients, forward_returns
from prmkit_finance.market.operators import OPERATORS, shift
from prmkit_finance.market.panel import Floats, Panel


@dataclass(frozen=True, slots=True)
class BackTest:
    """What came of it; arrays of length T unless said otherwise."""

    worth: Floats
    """Worth at each close after that day's trade, from 1 before the first."""
    turnover: Floats
    """Value bought and sold, as a share of the worth before the trade."""
    paid: Floats
    """Cost of each day's trade, as a share of the worth before it."""
    first: int
    """Day of the first trade."""

    @property
    def returns(self) -> Floats:
        """Net return of each day after the first trade's, shape (T - first - 1,)."""
        return np.asarray(self.worth[self.first + 1 :] / self.worth[self.first : -1] - 1)


def run(weights: Floats, prices: Floats, *, cost: float = 0.0, lag: int = 1) -> BackTest:
    """Back-test of target weights.

    Args:
        weights: A row of targets on a day of decision, a row of NaN on a day without; a NaN beside
            numbers is no holding. What is not invested is cash; negative weights are short.
        prices: Closes; an unknown price repeats the one before.
        cost: Share of the value traded that a trade costs; 0.001 is ten basis points.
        lag: Days between decision and trade. 0 trades at the very close that the decision uses.

    Raises:
        RecordError: Nothing is ever traded, a ticker is traded before it has a price, or the
            worth falls to nothing.

    Examples:
        >>> w, p = np.array([[1.0], [np.nan], [np.nan]]), np.array([[10.0], [11.0], [12.1]])
        >>> run(w, p, cost=0.01, lag=0).worth.round(4).tolist()
        [0.99, 1.089, 1.1979]
    """
    target = shift(weights, lag) if lag else weights
    days = np.flatnonzero(np.isfinite(target).any(axis=1))
    if not len(days):
        raise _bad("nothing is ever traded", "weights")
    held = np.where(np.isfinite(target), target, 0.0)[days]
    filled = OPERATORS["ffill"].run(prices, full=True)
    if (~np.isfinite(filled[days]) & (held != 0)).any():
        raise _bad("a ticker is traded before it has a price", "weights")
    # Which trade's holdings each day ends with, and how prices moved since that trade.
    since = np.searchsorted(days, np.arange(len(prices)), side="right") - 1
    since[days] -= 1  # a trading day is first valued with the holdings before its trade
    live = since >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.where(live[:, None], filled / filled[days][since], 1.0)
    moved = np.where(np.isfinite(moved), moved, 1.0)
    parts = np.where(live[:, None], held[since], 0.0) * moved
    growth = 1 + (parts - np.where(live[:, None], held[since], 0.0)).sum(axis=1)
    if (growth <= 0).any():
        raise _bad("the worth falls to nothing", "weights", int(np.argmax(growth <= 0)) + 1)
    turnover = np.zeros(len(prices))
    turnover[days] = np.abs(held - parts[days] / growth[days, None]).sum(axis=1)
    paid = cost * turnover
    after = np.cumprod(growth[days] * (1 - paid[days]))  # worth after each trade
    start = np.where(live, after[since], 1.0)
    worth = start * growth * (1 - paid)
    return BackTest(worth, turnover, paid, int(days[0]))


def _bad(message: str, field: str, row: int | None = None) -> PrmkitError:
    return RecordError(
        message, do="give weights on days with prices, and less leverage", field=field, row=row
    )


def long_short(values: Floats) -> Floats:
    """Rank weights: they sum to 0, their sizes to 1; a day with fewer than two values is not traded.

    Examples:
        >>> long_short(np.array([[1.0, 3.0, 2.0]])).round(3).tolist()
        [[-0.5, 0.5, 0.0]]
    """
    return sections.scale(sections.demean(sections.ranks(values)))


def top(values: Floats, count: int) -> Floats:
    """Equal weights on the ``count`` highest values of a day; among equals the earlier column wins.

    Examples:
        >>> top(np.array([[1.0, 3.0, 2.0]]), 2).tolist()
        [[0.0, 0.5, 0.5]]
    """
    known = np.isfinite(values)
    order = np.argsort(np.where(known, -values, np.inf), axis=1, kind="stable")
    place = np.argsort(order, axis=1, kind="stable")
    chosen = (place < count) & known
    many = chosen.sum(axis=1, keepdims=True)
    return np.where(many > 0, chosen / np.maximum(many, 1), np.nan)


def every(weights: Floats, days: int) -> Floats:
    """The weights of every ``days``-th day; other days are not traded."""
    out = np.full(weights.shape, np.nan)
    out[::days] = weights[::days]
    return out


def folds(count: int, train: int, test: int, *, gap: int = 0) -> Iterator[tuple[slice, slice]]:
    """Walk-forward windows: ``train`` days, ``gap`` days left out, then ``test`` days; tests never overlap.

    Args:
        count: Days there are.
        train: Days to choose on.
        test: Days to use the choice on.
        gap: Days between; the horizon of the target at least, or the choice sees test returns.

    Raises:
        ConfigError: A length below 1 or a negative gap.

    Examples:
        >>> [(a.start, a.stop, b.start, b.stop) for a, b in folds(10, 4, 2, gap=1)]
        [(0, 4, 5, 7), (2, 6, 7, 9), (4, 8, 9, 10)]
    """
    if train < 1 or test < 1 or gap < 0:
        raise ConfigError(f"train {train}, test {test}, gap {gap}", do="give lengths of 1 or more, gap >= 0")
    begin = 0
    while begin + train + gap < count:
        opens = begin + train + gap
        yield slice(begin, begin + train), slice(opens, min(opens + test, count))
        begin += test


def walk_forward(
    panel: Panel,
    values: Sequence[Floats],
    *,
    train: int,
    test: int,
    horizon: int,
    weigh: Callable[[Floats], Floats] = long_short,
) -> Floats:
    """Weights of the factor that was best on the days before, window after window.

    Best is the largest absolute mean rank IC on the training days whose forward return ends
    within them; a negative IC turns the factor round.

    Args:
        panel: The prices.
        values: Factor values, each (T, N), causal.
        train: Days to choose on.
        test: Days that a choice is used.
        horizon: Days of the forward return.
        weigh: From values to weights.

    Returns:
        Shape (T, N); NaN rows before the first test window.
    """
    target = forward_returns(panel.fields["close"], horizon)
    daily = [coefficients(v, target, method="rank") for v in values]
    out = np.full(panel.shape, np.nan)
    for learn, use in folds(len(panel.dates), train, test):
        known = slice(learn.start, max(learn.start, learn.stop - horizon))
        means = [float(np.nanmean(ic[known])) if np.isfinite(ic[known]).any() else 0.0 for ic in daily]
        best = int(np.argmax(np.abs(means)))
        out[use] = weigh(np.sign(means[best] or 1.0) * values[best][use])
    return out
