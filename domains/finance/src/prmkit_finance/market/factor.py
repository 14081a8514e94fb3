"""Values of a factor on a panel, and whether they use what was not known yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from prmkit.errors import RecordError
from prmkit_finance.market.expression import Field, Node, Number, fields_of, parse, size, work
from prmkit_finance.market.operators import OPERATORS
from prmkit_finance.market.panel import Floats, Panel

MAX_WORK = 100_000_000
"""Numbers read by one evaluation."""
MAX_HELD = 50_000_000
"""Numbers held by one evaluation."""
CUTS = 8
"""Truncated histories that a look-ahead test recomputes."""

Factor = Callable[[Panel], Floats]


def evaluate(expression: str | Node, panel: Panel, *, full: bool = True) -> Floats:
    """Values of the factor.

    Args:
        expression: Text or tree.
        panel: The prices.
        full: A window counts only when all its values are known (pandas' default); otherwise one
            known value is enough (qlib's rule).

    Returns:
        Shape (T, N); NaN where a value cannot be known, and where a sum is infinite or undefined.

    Raises:
        ExpressionError: The text is no expression.
        RecordError: The panel lacks a field, or the evaluation would be too large.

    Examples:
        >>> p = Panel(("2020-01-02", "2020-01-03"), ("A",), {"close": np.array([[10.0], [11.0]])})
        >>> [round(v, 3) for v in evaluate("close / delay(close, 1) - 1", p).ravel().tolist()]
        [nan, 0.1]
    """
    node = parse(expression) if isinstance(expression, str) else expression
    missing = sorted(fields_of(node) - set(panel.fields))
    if missing:
        raise RecordError(
            f"the panel has no {missing[0]}", do="add the field to the prices", field=missing[0]
        )
    cells = panel.shape[0] * panel.shape[1]
    if work(node) * cells > MAX_WORK or size(node) * cells > MAX_HELD:
        raise RecordError(
            f"more than {MAX_WORK} numbers to read, or {MAX_HELD} to hold",
            do="use a smaller panel or shorter windows",
            field="expression",
        )
    with np.errstate(all="ignore"):
        return _Evaluation(panel, full).series(node).copy()


class _Evaluation:
    """One pass over a tree; equal subtrees are computed once."""

    def __init__(self, panel: Panel, full: bool) -> None:
        self.panel = panel
        self.full = full
        self.known: dict[Node, Floats] = {}

    def series(self, node: Node) -> Floats:
        """Values of a subtree, shape (T, N)."""
        if node not in self.known:
            self.known[node] = self._compute(node)
        return self.known[node]

    def _compute(self, node: Node) -> Floats:
        if isinstance(node, Number):
            return np.broadcast_to(np.float64(node.value), self.panel.shape)
        if isinstance(node, Field):
            return self.panel.fields[node.name]
        given: list[Floats | int] = [self.series(argument) for argument in node.arguments]
        if node.days is not None:
            given.append(node.days)
        value = OPERATORS[node.operator].run(*given, full=self.full)
        return np.where(np.isfinite(value), value, np.nan)


class Leak(NamedTuple):
    """A value that changes when later days become known."""

    date: str
    ticker: str
    known_until: str
    """Last day of the shorter history."""
    then: float
    """Value from the shorter history."""
    later: float
    """Value from the whole history."""


def look_ahead(factor: Factor | str | Node, panel: Panel, *, cuts: int = CUTS) -> Leak | None:
    """The first value found that changes when the history is cut short, or None.

    The factor is computed on the whole panel and again on its first k days, for ``cuts`` values of k;
    a factor that uses the past alone gives the same values for those k days.

    Args:
        factor: An expression, or any function from a panel to values of shape (T, N).
        panel: The prices; two days at least.
        cuts: How many shorter histories are tried, spread evenly. A leak that needs a rare event
            may show at none of them: ``None`` is no proof for a function of unknown make
            (for an expression :func:`~prmkit_finance.market.expression.reach` is one).

    Examples:
        >>> p = Panel(("2020-01-02", "2020-01-03"), ("A",), {"close": np.array([[10.0], [11.0]])})
        >>> look_ahead("delay(close, -1)", p).later, look_ahead("delay(close, 1)", p)
        (11.0, None)
    """
    compute = factor if callable(factor) else lambda part: evaluate(factor, part)
    whole = np.asarray(compute(panel), dtype=np.float64)
    days = len(panel.dates)
    for count in sorted({round(days * (i + 1) / (cuts + 1)) for i in range(cuts)} | {days - 1}, reverse=True):
        if 0 < count < days:
            part = np.asarray(compute(panel.until(count)), dtype=np.float64)
            leak = _difference(panel, part, whole[:count])
            if leak is not None:
                return leak
    return None


def _difference(panel: Panel, then: Floats, later: Floats) -> Leak | None:
    same = (np.isnan(then) & np.isnan(later)) | np.isclose(then, later, rtol=1e-9, atol=1e-12)
    if same.all():
        return None
    row, column = (int(i) for i in np.argwhere(~same)[0])
    return Leak(
        panel.dates[row], panel.tickers[column], panel.dates[len(then) - 1],
        float(then[row, column]), float(later[row, column]),
    )  # fmt: skip
