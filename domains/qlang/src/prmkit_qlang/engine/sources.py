"""What the phrases of a query see: columns of the rows that are left, names with dots, row numbers ``i``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.moments import part, parts
from prmkit_qlang.engine.tables import key_count, table_of
from prmkit_qlang.engine.types import BOOL, BYTE, INT, LONG, SHORT, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    List,
    Table,
    Value,
    Vec,
    column,
    count,
    items,
    pick,
    sym,
)

Evaluate = Callable[[Value, Mapping[str, Value]], Value]
"""Evaluates a tree; names are columns first, then variables."""
Rows = Any
"""Positions of rows in ascending order; None for all rows."""


def mentioned(*trees: Value) -> set[str]:
    """Names in trees; constants, which are lists of one item, have none."""
    found: set[str] = set()
    waiting = list(trees)
    while waiting:
        x = waiting.pop()
        if isinstance(x, Atom):
            if x.t == -SYM:
                found.add(x.v)
        elif isinstance(x, Vec):
            if x.t == SYM and len(x.v) > 1:
                found.update(x.v.tolist())
        elif isinstance(x, List):
            waiting.extend(x.v if len(x.v) > 1 else ())
        elif isinstance(x, Dict):
            waiting.extend(items(x.w))
    return found


class Source:
    """A table, or a dictionary of values, as the phrases of a query see it."""

    __slots__ = ("evaluate", "keys", "n", "table")

    def __init__(self, t: Value, evaluate: Evaluate) -> None:
        self.table = table_of(t)
        self.keys = key_count(t)
        self.n = count(self.table)
        self.evaluate = evaluate

    def size(self, rows: Rows) -> int:
        """Number of rows."""
        return self.n if rows is None else len(rows)

    def columns(self, trees: Sequence[Value], rows: Rows) -> dict[str, Value]:
        """The columns that trees mention, for some rows."""
        seen: dict[str, Value] = {}
        t = self.table
        for name in mentioned(*trees):
            if name in t.cols:
                seen[name] = taken(t.data[t.cols.index(name)], rows)
            elif name == "i":
                seen[name] = Vec(LONG, np.arange(self.n, dtype=np.int64) if rows is None else rows)
            elif "." in name:
                base, *path = name.split(".")
                if base in t.cols:
                    seen[name] = self.follow(taken(t.data[t.cols.index(base)], rows), path)
        return seen

    def run(self, tree: Value, rows: Rows) -> Value:
        """Value of a tree for some rows."""
        return self.evaluate(tree, self.columns([tree], rows))

    def follow(self, x: Value, path: Sequence[str]) -> Value:
        """Columns of the tables that foreign keys point into, or parts of times: ``s.city``, ``time.minute``.

        Raises:
            QError: ``type`` for a time without such a part, the name where there is no such column.
        """
        for name in path:
            x = self._linked(x, name) if isinstance(x, Enum) else part_of(x, name)
        return x

    def _linked(self, x: Enum, name: str) -> Value:
        target = x.target
        with suppress(QError):  # the table may have changed since the values were enumerated
            target = self.evaluate(sym(x.domain), {})
        if not isinstance(target, Table | Dict):
            return part_of(x, name)
        return pick(column(table_of(target), name), x.v)


def taken(x: Value, rows: Rows) -> Value:
    """Rows of a column."""
    if rows is None:
        return x
    METER.take(len(rows))
    return pick(x, rows)


def part_of(x: Value, name: str) -> Value:
    """A part of each time in a column.

    Raises:
        QError: ``type`` where there is no such part.
    """
    if isinstance(x, Vec):
        t, v = parts(name, x.t, x.v)
        return Vec(t, v)
    if isinstance(x, Atom):
        t, v = part(name, -x.t, x.v)
        return Atom(-t, v)
    if isinstance(x, List):
        return List([part_of(one, name) for one in x.v])
    raise QError("type")


def positions(x: Value) -> Any:
    """Positions as an int64 array.

    Raises:
        QError: ``type`` for what is no list of integers.
    """
    if not isinstance(x, Vec) or x.t not in (BOOL, BYTE, SHORT, INT, LONG):
        raise QError("type")
    return x.v.astype(np.int64)


# ---------------------------------------------------------------- conditions


def surviving(source: Source, conditions: Value) -> Rows:
    """Rows for which all conditions hold, each tried on the rows that the ones before left.

    Raises:
        QError: ``type`` for a condition that is neither boolean nor a count, ``length`` for another length.
    """
    rows: Rows = None
    for tree in items(conditions) if isinstance(conditions, List | Vec) else [conditions]:
        rows = narrowed(source.run(tree, rows), rows, source.n)
    return rows


def narrowed(test: Value, rows: Rows, n: int) -> Rows:
    """Rows that a test leaves.

    Raises:
        QError: ``type`` for a test that is neither boolean nor a count, ``length`` for one of another length.
    """
    size = n if rows is None else len(rows)
    if isinstance(test, Atom) and -test.t in (BOOL, BYTE, SHORT, INT, LONG):
        return rows if test.v else np.zeros(0, dtype=np.int64)
    if isinstance(test, List) and not test.v and not size:
        return np.zeros(0, dtype=np.int64)
    if not isinstance(test, Vec) or test.t not in (BOOL, BYTE, SHORT, INT, LONG):
        raise QError("type")
    if len(test.v) != size:
        raise QError("length")
    if test.t == BOOL:
        found = np.flatnonzero(test.v)
    else:
        times = np.maximum(test.v, 0).astype(np.int64)
        METER.take(int(times.sum()))
        found = np.repeat(np.arange(size), times)
    return found if rows is None else rows[found]


def limited(rows: Rows, n: int, limit: Value | None) -> Rows:
    """The first rows, the last (negative limit), or so many from a place (a pair).

    Raises:
        QError: ``type`` for a limit that is no number.
    """
    if limit is None:
        return rows
    kept = np.arange(n, dtype=np.int64) if rows is None else rows
    numbers = [
        one.v
        for one in items(limit)
        if isinstance(one, Atom) and isinstance(one.v, int | float) and one.v == one.v
    ]
    if not numbers or len(numbers) != count(limit) or len(numbers) > 2:
        raise QError("type")
    most = [int(max(-n, min(n, one))) for one in numbers]
    if len(most) == 2:
        return kept[most[0] : most[0] + most[1]]
    return kept[: most[0]] if most[0] >= 0 else kept[most[0] :]
