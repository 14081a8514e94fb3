"""Groups of rows: by sorted keys for queries, by appearance for ``xgroup``; sorting by columns; ``fby``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prmkit_qlang.engine.apply import apply
from prmkit_qlang.engine.columns import names_of, raze, rows_by_key, sortable
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.sorting import grade_columns
from prmkit_qlang.engine.tables import on_table, table_of
from prmkit_qlang.engine.values import (
    Dict,
    Enum,
    List,
    Table,
    Value,
    Vec,
    column,
    count,
    empty_like,
    enlist,
    is_list,
    pick,
)


def ranks(x: Value) -> Any:
    """Rank of each item of a column among its distinct items, 0 for the least; nulls come first.

    Examples:
        >>> from prmkit_qlang.engine.values import longs
        >>> ranks(longs([30, 10, 30])).tolist()
        [1, 0, 1]
    """
    METER.take(count(x))
    if isinstance(x, Table):
        return row_ranks(x.data, count(x))
    made = sortable(x)
    if isinstance(made, list):
        place = {one: i for i, one in enumerate(sorted(set(made)))}
        return np.array([place[one] for one in made], dtype=np.int64)
    return np.unique(made, return_inverse=True)[1].astype(np.int64)


def row_ranks(columns: Sequence[Value], n: int) -> Any:
    """Rank of each row among the distinct rows, first column major."""
    code = np.zeros(n, dtype=np.int64)
    for x in columns:
        more = ranks(x)
        code = code * (int(more.max(initial=0)) + 1) + more
        if len(columns) > 1:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
    return code


def sorted_groups(columns: Sequence[Value], n: int) -> list[Any]:
    """Positions of the rows of each distinct key, keys ascending.

    Examples:
        >>> from prmkit_qlang.engine.values import longs
        >>> [g.tolist() for g in sorted_groups([longs([30, 10, 30])], 3)]
        [[1], [0, 2]]
    """
    if not n:
        return []
    code = row_ranks(columns, n)
    order = np.argsort(code, kind="stable")
    return np.split(order, np.cumsum(np.bincount(code))[:-1])


def firsts(groups: Sequence[Any]) -> Any:
    """First position of each group."""
    return np.array([g[0] for g in groups], dtype=np.int64)


def scattered(results: Sequence[Value], groups: Sequence[Any], n: int) -> Value:
    """One column of n rows from a result a group: an atom for all its rows, or a list along them.

    Raises:
        QError: ``length`` where a list has not as many items as its group.
    """
    parts: list[Value] = []
    for result, group in zip(results, groups, strict=True):
        if not (is_list(result) or isinstance(result, Table)):
            METER.take(len(group))
            result = List([result] * len(group))
        elif count(result) != len(group):
            raise QError("length")
        parts.append(result)
    order = np.concatenate(groups) if groups else np.zeros(0, dtype=np.int64)
    back = np.empty(n, dtype=np.int64)
    back[order] = np.arange(n)
    return pick(raze(parts), back)


def fby(x: Value, y: Value) -> Value:
    """``(f;d) fby g``: f of the items of d in each group of g, spread over the group.

    Raises:
        QError: ``type`` where x is no pair, ``length`` where data and groups differ, or what f signals.
    """
    if not isinstance(x, List) or len(x.v) != 2:
        raise QError("type")
    f, data = x.v
    n = count(y)
    if count(data) != n:
        raise QError("length")
    if not n:
        made = apply(f, (data,))
        return empty_like(made)
    groups = list(rows_by_key(y.data if isinstance(y, Table) else [y]).values())
    return scattered([apply(f, (pick(data, g),)) for g in groups], groups, n)


# ---------------------------------------------------------------- sorting by columns


def xasc(x: Value, t: Value) -> Value:
    """A table sorted by named columns, ascending and stable; the first gets the attribute ``s``.

    Raises:
        QError: ``type`` for what is no table, ``dup`` for columns of one name, the name of an unknown column.
    """
    names = names_of(x)

    def run(table: Table) -> Table:
        made = _sorted(names, table, descending=False)
        for name in names[:1]:
            place = made.cols.index(name)
            first = made.data[place]
            if isinstance(first, Vec):
                made.data[place] = with_attr(first, "s")
        return made

    return on_table(run, t)


def xdesc(x: Value, t: Value) -> Value:
    """A table sorted by named columns, descending and stable.

    Raises:
        QError: ``type`` for what is no table, ``dup`` for columns of one name, the name of an unknown column.
    """
    names = names_of(x)
    return on_table(lambda table: _sorted(names, table, descending=True), t)


def _sorted(names: Sequence[str], t: Table, descending: bool) -> Table:
    for c in t.cols:
        if t.cols.count(c) > 1:
            raise QError(f"dup {c}")
    if not names:
        return t
    order = grade_columns([column(t, name) for name in names], descending)
    return Table(t.cols, [pick(c, order) for c in t.data])


def with_attr(x: Vec, attr: str) -> Vec:
    """The same vector with an attribute."""
    if isinstance(x, Enum):
        return Enum(x.v, x.domain, x.held, attr)
    return Vec(x.t, x.v, attr)


def sorted_keys(names: Sequence[str], columns: Sequence[Value]) -> Table:
    """A key table in ascending order, marked as such."""
    data = list(columns)
    if data and isinstance(data[0], Vec):
        data[0] = with_attr(data[0], "s" if len(data) == 1 else "p")
    return Table(list(names), data, "s")


# ---------------------------------------------------------------- grouping and its reverse


def xgroup(x: Value, t: Value) -> Value:
    """A table keyed by named columns, in order of appearance; the others are lists, one a group.

    Raises:
        QError: ``type`` for what is no table, ``length`` for no names, the name of an unknown column.
    """
    names, table = names_of(x), table_of(t)
    if not names:
        raise QError("length")
    by = [column(table, name) for name in names]
    groups = list(rows_by_key(by).values())
    rest = [i for i, c in enumerate(table.cols) if c not in names]
    first = firsts(groups)
    data: list[Value] = [List([pick(table.data[i], g) for g in groups]) for i in rest]
    return Dict(Table(names, [pick(c, first) for c in by]), Table([table.cols[i] for i in rest], data))


def ungroup(t: Value) -> Value:
    """One row for each item of the lists in a row.

    Raises:
        QError: ``type`` for what is no table, ``length`` where the lists of a row differ in length.
    """
    table = table_of(t)
    lists = [x for x in table.data if isinstance(x, List) and any(map(is_list, x.v))]
    if not lists or not count(table):
        return table
    n = np.array([_row_length(lists, i) for i in range(count(table))], dtype=np.int64)
    METER.take(int(n.sum()) * len(table.cols))
    rows = np.repeat(np.arange(len(n)), n)
    return Table(table.cols, [_flat(x, n) if x in lists else pick(x, rows) for x in table.data])


def _row_length(lists: Sequence[List], i: int) -> int:
    lengths = {count(x.v[i]) for x in lists if is_list(x.v[i])}
    if len(lengths) > 1:
        raise QError("length")
    return lengths.pop() if lengths else 1


def _flat(x: List, n: Any) -> Value:
    """Lists one after another; atoms among them are repeated."""
    parts = [
        one if is_list(one) else pick(enlist(one), np.zeros(k, dtype=np.int64))
        for one, k in zip(x.v, n, strict=True)
    ]
    return raze(parts)
