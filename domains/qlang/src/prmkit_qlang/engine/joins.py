"""Joins of tables: by key, by equality, as of a time, over windows of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prmkit_qlang.engine.apply import apply
from prmkit_qlang.engine.atomic import add
from prmkit_qlang.engine.columns import (
    concat,
    find,
    find_as_of,
    last_not_after,
    lookup,
    names_of,
    nulls,
    put,
    rows_by_key,
    same_order,
    same_type,
    sortable,
    taken,
)
from prmkit_qlang.engine.compare import fill
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.rows import kept, record
from prmkit_qlang.engine.search import row_keys
from prmkit_qlang.engine.tables import enkey, key_count, on_table, table_of
from prmkit_qlang.engine.values import (
    Dict,
    Fn,
    List,
    Table,
    Value,
    column,
    count,
    is_keyed,
    items,
    long,
    pack,
    pick,
    syms,
)

# ---------------------------------------------------------------- by key


def lj(x: Value, y: Value) -> Value:
    """Left join: rows of x, with the columns of y where its key matches.

    Raises:
        QError: ``type`` where y is no keyed table, the name of a key column that x lacks.
    """
    return _left(x, y, fill=False)


def ljf(x: Value, y: Value) -> Value:
    """Left join; nulls of y leave the values of x.

    Raises:
        QError: as ``lj``.
    """
    return _left(x, y, fill=True)


def ij(x: Value, y: Value) -> Value:
    """Inner join: rows of x whose key is in y, with the columns of y.

    Raises:
        QError: as ``lj``.
    """
    return _inner(x, y, fill=False)


def ijf(x: Value, y: Value) -> Value:
    """Inner join; nulls of y leave the values of x.

    Raises:
        QError: as ``lj``.
    """
    return _inner(x, y, fill=True)


def _keyed(y: Value) -> tuple[Dict, Table, Table]:
    """A keyed table with its key and its other columns."""
    if isinstance(y, Dict) and isinstance(y.k, Table) and isinstance(y.w, Table):
        return y, y.k, y.w
    raise QError("type")


def _left(x: Value, y: Value, fill: bool) -> Value:
    if isinstance(y, List) and not y.v:
        return x
    d, keys, _ = _keyed(y)

    def run(t: Table) -> Table:
        index = lookup(d, [column(t, c) for c in keys.cols])
        return _with_columns(t, d, index, fill)

    return on_table(run, x)


def _inner(x: Value, y: Value, fill: bool) -> Value:
    d, keys, _ = _keyed(y)

    def run(t: Table) -> Table:
        index = lookup(d, [column(t, c) for c in keys.cols])
        rows = np.flatnonzero(index >= 0)
        return _with_columns(Table(t.cols, [pick(c, rows) for c in t.data]), d, index[rows], fill)

    return on_table(run, x)


def _with_columns(t: Table, y: Dict, index: Any, fill: bool) -> Table:
    """Rows with columns of y at their positions; where there is none, old columns stay and new are null."""
    if not isinstance(y.w, Table):
        raise QError("type")
    return _replaced(t, y.w, index, fill)


def _replaced(t: Table, y: Table, index: Any, fill: bool) -> Table:
    hit = np.flatnonzero(index >= 0)
    names, data = list(t.cols), list(t.data)
    for c, new in zip(y.cols, y.data, strict=True):
        METER.take(len(index))
        if c not in names:
            names.append(c)
            data.append(pick(new, index))
            continue
        place = names.index(c)
        values = pick(new, index[hit])
        if fill:
            values = kept(data[place], hit, values)
        data[place] = values if len(hit) == len(index) else put(data[place], hit, values)
    return Table(names, data)


def pj(x: Value, y: Value) -> Value:
    """Plus join: values of y are added to those of x where its key matches; new columns are 0 elsewhere.

    Raises:
        QError: ``type`` where y is no keyed table or columns cannot be added, the name of a key that x lacks.
    """
    d, keys, values = _keyed(y)

    def run(t: Table) -> Table:
        index = lookup(d, [column(t, c) for c in keys.cols])
        names, data = list(t.cols), list(t.data)
        for c, new in zip(values.cols, values.data, strict=True):
            term = zero_filled(pick(new, index))
            if c in names:
                data[names.index(c)] = add(data[names.index(c)], term)
            else:
                names.append(c)
                data.append(term)
        return Table(names, data)

    return on_table(run, x)


def zero_filled(x: Value) -> Value:
    """A numeric column with 0 for nulls.

    Raises:
        QError: ``type`` for columns without a zero.
    """
    return fill(long(0), x)


def ej(names: Value, x: Value, y: Value) -> Value:
    """Equi join: a row for each pair of rows that agree in the named columns; others of y replace those of x.

    Raises:
        QError: ``type`` for what is no table or no name, the name of a column that is not there.
    """
    by, a, b = names_of(names), table_of(x), table_of(y)
    for c in by:
        same_type(column(a, c), column(b, c))
    there = rows_by_key([column(b, c) for c in by])
    matches = [there.get(row, _NONE) for row in row_keys([column(a, c) for c in by])]
    sizes = np.array([len(m) for m in matches], dtype=np.int64)
    METER.take(int(sizes.sum()) * (len(a.cols) + len(b.cols)))
    left = np.repeat(np.arange(len(matches)), sizes)
    right = np.concatenate([_NONE, *matches])
    rest = [c for c in b.cols if c not in by]
    return _replaced(
        Table(a.cols, [pick(c, left) for c in a.data]),
        Table(rest, [column(b, c) for c in rest]),
        right,
        False,
    )


_NONE = np.zeros(0, dtype=np.int64)


def uj(x: Value, y: Value) -> Value:
    """Union join: all rows and columns of both; in keyed tables, rows of y replace those of x with their key.

    Raises:
        QError: ``type`` where one is no table, or only one is keyed; ``mismatch`` for other keys.
    """
    return _union(x, y, fill=False)


def ujf(x: Value, y: Value) -> Value:
    """Union join; nulls of y leave the values of x.

    Raises:
        QError: as ``uj``.
    """
    return _union(x, y, fill=True)


def _union(x: Value, y: Value, fill: bool) -> Value:
    if isinstance(x, List) and not x.v:
        return y
    if isinstance(y, List) and not y.v:
        return x
    n = key_count(x)
    if n != key_count(y):
        raise QError("type")
    a, b = table_of(x), table_of(y)
    if not n:
        return _stacked(a, b)
    if set(a.cols[:n]) != set(b.cols[:n]):
        raise QError("mismatch")
    key = [column(b, c) for c in a.cols[:n]]
    index = find(key, a.data[:n])
    fresh = np.flatnonzero(find(a.data[:n], key) < 0)
    rest = [c for c in b.cols if c not in a.cols[:n]]
    met = _replaced(a, Table(rest, [column(b, c) for c in rest]), index, fill)
    return enkey(n, _stacked(met, Table(b.cols, [pick(c, fresh) for c in b.data])))


def _stacked(a: Table, b: Table) -> Table:
    """Rows of two tables, one after another, null in the columns that they lack."""
    names = [*a.cols, *(c for c in b.cols if c not in a.cols)]
    return Table(names, [concat(_or_null(a, b, c), _or_null(b, a, c)) for c in names])


def _or_null(t: Table, other: Table, c: str) -> Value:
    return column(t, c) if c in t.cols else nulls(column(other, c), count(t))


# ---------------------------------------------------------------- as of


def aj(names: Value, x: Value, y: Value) -> Value:
    """As-of join: with each row of x the last row of y that agrees and is not later; the time is that of x.

    All named columns but the last must agree; the last is the time, by which rows of y that agree are sorted.

    Raises:
        QError: ``type`` for what is no table or no name, the name of a column that is not there.
    """
    return _as_of(names, x, y, time_of_y=False, fill=False)


def aj0(names: Value, x: Value, y: Value) -> Value:
    """As-of join; the time is that of y.

    Raises:
        QError: as ``aj``.
    """
    return _as_of(names, x, y, time_of_y=True, fill=False)


def ajf(names: Value, x: Value, y: Value) -> Value:
    """As-of join; nulls of y leave the values of x.

    Raises:
        QError: as ``aj``.
    """
    return _as_of(names, x, y, time_of_y=False, fill=True)


def ajf0(names: Value, x: Value, y: Value) -> Value:
    """As-of join; the time is that of y, and nulls of y leave the values of x.

    Raises:
        QError: as ``aj``.
    """
    return _as_of(names, x, y, time_of_y=True, fill=True)


def _as_of(names: Value, x: Value, y: Value, time_of_y: bool, fill: bool) -> Value:
    by, other = names_of(names), table_of(y)
    if not by:
        raise QError("length")
    used = by[:-1] if time_of_y else by
    rest = [c for c in other.cols if c not in used]

    def run(t: Table) -> Table:
        index = find_as_of([column(other, c) for c in by], [column(t, c) for c in by])
        return _replaced(t, Table(rest, [column(other, c) for c in rest]), index, fill)

    return on_table(run, x)


def asof(t: Value, d: Value) -> Value:
    """The last row of t that agrees with d in all but its last column, and is not later in that.

    Raises:
        QError: ``type`` where t is no table or d neither table nor dictionary, the name of an unknown column.
    """
    table, asked = table_of(t), record(d)
    index = find_as_of([column(table, c) for c in asked.cols], asked.data)
    rest = [c for c in table.cols if c not in asked.cols]
    found = [pick(column(table, c), index) for c in rest]
    if isinstance(d, Dict) and not is_keyed(d):
        return Dict(syms(rest), pack([items(c)[0] for c in found]))
    return Table(rest, found)


# ---------------------------------------------------------------- windows


def wj(windows: Value, names: Value, t: Value, spec: Value) -> Value:
    """Window join: functions of the rows of another table within a window of time for each row of t.

    The row that holds when the window opens belongs to it.

    Args:
        windows: Pair of lists, begin and end of the window of each row.
        names: Columns that must agree, the time last.
        t: Table that gets the results as columns.
        spec: The other table, sorted by the named columns, and pairs of a function and a column.

    Raises:
        QError: ``type`` for what is no table or no pair, ``length`` for other than one window a row.
    """
    return _window(windows, names, t, spec, prevailing=True)


def wj1(windows: Value, names: Value, t: Value, spec: Value) -> Value:
    """Window join of the values within the window alone.

    Raises:
        QError: as ``wj``.
    """
    return _window(windows, names, t, spec, prevailing=False)


def _window(windows: Value, names: Value, t: Value, spec: Value, prevailing: bool) -> Value:
    by = names_of(names)
    bounds = items(windows)
    if not isinstance(spec, List) or len(spec.v) < 2 or len(bounds) != 2 or not by:
        raise QError("type")
    other = table_of(spec.v[0])
    tasks = [_task(one) for one in spec.v[1:]]

    def run(table: Table) -> Table:
        begin, end = bounds
        if count(begin) != count(table) or count(end) != count(table):
            raise QError("length")
        rows = _windows(other, table, by, begin, end, prevailing)
        data = []
        for f, used in tasks:
            columns = [column(other, c) for c in used]
            data.append(pack([apply(f, [pick(c, index) for c in columns]) for index in rows]))
        return Table([*table.cols, *(used[-1] for _, used in tasks)], [*table.data, *data])

    return on_table(run, t)


def _task(x: Value) -> tuple[Value, Sequence[str]]:
    """A function and the names of the columns that it gets."""
    parts = items(x)
    if len(parts) < 2 or not isinstance(parts[0], Fn | Dict):
        raise QError("type")
    return parts[0], [names_of(one)[0] for one in parts[1:]]


def _windows(y: Table, t: Table, by: Sequence[str], begin: Value, end: Value, prevailing: bool) -> list[Any]:
    """Rows of y in the window of each row of t."""
    time = column(y, by[-1])
    same_order(time, begin)
    same_order(time, end)
    times, opens, closes = sortable(time), sortable(begin), sortable(end)
    out: list[Any] = [_NONE] * count(t)
    for here, there in _matching(y, t, by[:-1]):
        local = taken(times, here)
        last = last_not_after(local, taken(closes, there))
        if prevailing:
            start = np.maximum(last_not_after(local, taken(opens, there)), 0)
        else:
            start = _first_not_before(local, taken(opens, there))
        for row, a, b in zip(there.tolist(), start.tolist(), last.tolist(), strict=True):
            METER.take(max(0, b - a + 1))
            out[row] = here[a : b + 1]
    return out


def _first_not_before(times: Any, wanted: Any) -> Any:
    """For each wanted value the first position of a sorted column that is not less."""
    if isinstance(times, list):
        return np.array([sum(one < w for one in times) for w in wanted], dtype=np.int64)
    return np.searchsorted(times, wanted, side="left").astype(np.int64)


def _matching(y: Table, t: Table, by: Sequence[str]) -> list[tuple[Any, Any]]:
    """Rows of y and of t that agree in the named columns."""
    if not by:
        return [(np.arange(count(y)), np.arange(count(t)))]
    found = rows_by_key([column(y, c) for c in by])
    asked = rows_by_key([column(t, c) for c in by])
    return [(found[row], there) for row, there in asked.items() if row in found]
