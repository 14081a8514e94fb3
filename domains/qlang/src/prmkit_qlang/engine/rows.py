"""Rows into tables: join, upsert, insert, and the same on dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from prmkit_qlang.engine.columns import append, assign, concat, find, key_columns, null_mask, nulls, put
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.search import row_keys
from prmkit_qlang.engine.tables import enkey, extend, key_count, table_of
from prmkit_qlang.engine.types import LONG, SYM
from prmkit_qlang.engine.values import (
    Dict,
    List,
    Table,
    Value,
    Vec,
    column,
    count,
    enlist,
    is_keyed,
    is_list,
    items,
    pack,
    pick,
)

# ---------------------------------------------------------------- join


def join_tables(x: Value, y: Value) -> Value:
    """``x,y`` where one is a table, a keyed table or a dictionary.

    Raises:
        QError: ``mismatch`` for tables of other columns, ``type`` for what does not join.
    """
    if isinstance(x, Dict) and isinstance(y, Dict):
        if is_keyed(x) and (is_keyed(y) or _is_record(y)):
            return _join_keyed(x, y)
        return join_dicts(x, y)
    if is_keyed(x) and isinstance(y, Table):
        return _join_keyed(x, y)
    if is_keyed(x) or is_keyed(y):
        raise QError("type")
    a, b = record(x), record(y)
    if not _same_names(a.cols, b.cols):
        raise QError("mismatch")
    return concat(a, b)


def _same_names(a: Sequence[str], b: Sequence[str]) -> bool:
    return len(a) == len(b) and set(a) == set(b)


def _is_record(x: Dict) -> bool:
    return isinstance(x.k, Vec) and x.k.t == SYM


def record(x: Value) -> Table:
    """A table as it is, a dictionary as a table of one row.

    Raises:
        QError: ``type`` for anything else.
    """
    if isinstance(x, Dict) and isinstance(x.k, Vec) and x.k.t == SYM:
        return Table(x.k.v.tolist(), [enlist(one) for one in items(x.w)])
    return table_of(x)


def _join_keyed(x: Value, y: Value) -> Value:
    rows = record(y) if not is_keyed(y) else table_of(y)
    if not _same_names(table_of(x).cols, rows.cols):
        raise QError("mismatch")
    return upsert(x, rows)


def join_dicts(x: Dict, y: Dict, strict: bool = False) -> Dict:
    """Entries of y replace those of x with the same key, and follow them where there is none.

    Raises:
        QError: ``step`` where x is stepped, ``type`` where keys or (strictly) values do not fit.
    """
    if x.attr == "s":
        raise QError("step")
    if isinstance(x.k, Table) != isinstance(y.k, Table) and count(x) and count(y):
        raise QError("type")
    old, fresh, index = _matched(key_columns(x.k), key_columns(y.k))
    change, join = (assign, append) if strict and count(x.w) else (put, concat)
    values = change(x.w, index[old], pick(y.w, old))
    return Dict(concat(x.k, pick(y.k, fresh)), join(values, pick(y.w, fresh)))


def _matched(keys: Sequence[Value], wanted: Sequence[Value]) -> tuple[Any, Any, Any]:
    """Rows of wanted that are keys, those that are not, and where each stands; of equal rows the last."""
    if len(keys) != len(wanted):
        raise QError("type")
    index = find(keys, wanted)
    last: dict[Any, int] = {}
    for i, row in enumerate(row_keys(list(wanted))):
        last[row] = i  # a later row with the same key replaces the earlier one, and keeps its place
    kept = np.array(list(last.values()), dtype=np.int64)
    known = index[kept] >= 0
    return kept[known], kept[~known], index


def beside(x: Table, y: Table) -> Table:
    """Rows of two tables joined one by one (``x,'y``): columns of y replace or follow those of x.

    Raises:
        QError: ``length`` for tables of different length.
    """
    if count(x) != count(y):
        raise QError("length")
    new = dict(zip(y.cols, y.data, strict=True))
    names = [*x.cols, *(c for c in y.cols if c not in x.cols)]
    return Table(names, [new[c] if c in new else column(x, c) for c in names])


# ---------------------------------------------------------------- upsert and insert


def upsert(t: Value, rows: Value) -> Value:
    """A table with more rows; in a keyed one, rows with a known key replace the old. Columns may be missing.

    Raises:
        QError: ``mismatch`` for columns that the table lacks, ``type`` for values of another type, ``length``
            for rows of another length, ``step`` for a stepped dictionary.
    """
    if isinstance(t, Dict) and not is_keyed(t):
        if not isinstance(rows, Dict):
            raise QError("type")
        return join_dicts(t, rows, strict=True)
    if isinstance(t, List) and not t.v:
        return record(rows) if isinstance(rows, Table | Dict) else rows
    if isinstance(t, Dict) and t.attr == "s":
        raise QError("step")
    if is_list(rows) and not count(rows):
        return t
    new = rows_for(t, rows, by_column=False)
    n = key_count(t)
    return _appended(table_of(t), new) if not n else _upsert_keyed(t, n, new)


def _upsert_keyed(t: Value, n: int, new: Table) -> Value:
    table = table_of(t)
    if not set(table.cols[:n]) <= set(new.cols):
        raise QError("mismatch")
    old, fresh, index = _matched(table.data[:n], [column(new, c) for c in table.cols[:n]])
    data = list(table.data)
    for i, c in enumerate(table.cols[n:], n):
        if c in new.cols:
            data[i] = assign(data[i], index[old], pick(column(new, c), old))
    made = _appended(Table(table.cols, data), Table(new.cols, [pick(c, fresh) for c in new.data]))
    return enkey(n, made)


def _appended(t: Table, new: Table) -> Table:
    """Rows at the end of a table, null in the columns that they lack."""
    n = count(new)
    return Table(
        t.cols,
        [
            append(x, column(new, c) if c in new.cols else nulls(x, n))
            for c, x in zip(t.cols, t.data, strict=True)
        ],
    )


def insert(t: Value, rows: Value) -> tuple[Value, Vec]:
    """A table with more rows, and their positions; lists of values are columns.

    Raises:
        QError: ``insert`` for a key that is there already, ``mismatch`` for columns that the table lacks,
            ``type`` for values of another type, ``length`` for rows of another length.
    """
    table, n = table_of(t), key_count(t)
    new = rows_for(t, rows, by_column=True)
    if n:
        if not set(table.cols[:n]) <= set(new.cols):
            raise QError("mismatch")
        wanted = [column(new, c) for c in table.cols[:n]]
        if (find(table.data[:n], wanted) >= 0).any() or len(set(row_keys(wanted))) < count(new):
            raise QError("insert")
    made = enkey(n, _appended(table, new))
    return made, Vec(LONG, np.arange(count(table), count(table) + count(new)))


def rows_for(t: Value, rows: Value, by_column: bool) -> Table:
    """What is to be put into a table, as a table.

    Args:
        t: The table that takes the rows.
        rows: A table, a dictionary, the values of one row, or several rows as lists.
        by_column: Whether several rows come as one list a column (``insert``), else one a row (``upsert``).

    Raises:
        QError: ``mismatch`` for columns that the table lacks, ``length`` for rows of another length,
            ``type`` for anything else.
    """
    table = table_of(t)
    if isinstance(rows, Table | Dict):
        new = record(rows) if isinstance(rows, Table) or not is_keyed(rows) else table_of(rows)
        if not set(new.cols) <= set(table.cols):
            raise QError("mismatch")
        return new
    values = items(rows)
    width = len(table.cols)
    if width == 1 and not by_column and not isinstance(rows, List):
        return Table(table.cols, [rows if is_list(rows) else enlist(rows)])
    if (
        not by_column
        and values
        and all(is_list(one) and count(one) == width for one in values)
        and not _is_row(table, values)
    ):
        return Table(table.cols, [pack(list(cells)) for cells in zip(*map(items, values), strict=True)])
    if not by_column and values and all(isinstance(one, Dict) for one in values):
        return rows_for(t, pack(values), by_column)
    if len(values) != width:
        raise QError("length")
    if _is_row(table, values):
        return Table(table.cols, [enlist(one) for one in values])
    return Table(table.cols, extend(values))


def _is_row(t: Table, values: Sequence[Value]) -> bool:
    """Whether values are the cells of one row: atoms, and lists only where the column holds lists."""
    if len(values) != len(t.cols):
        return False
    if not any(map(is_list, values)):
        return True
    if any(not is_list(one) for one in values):
        return all(not is_list(one) or isinstance(x, List) for one, x in zip(values, t.data, strict=True))
    return all(isinstance(x, List) and _nested_like(x, one) for one, x in zip(values, t.data, strict=True))


def _nested_like(x: List, cell: Value) -> bool:
    """Whether a list is one cell of a column of lists of that type, not several."""
    return bool(x.v) and isinstance(x.v[0], Vec) and isinstance(cell, Vec) and x.v[0].t == cell.t


# ---------------------------------------------------------------- coalesce


def fill_tables(x: Value, y: Value) -> Value:
    """``x^y`` of keyed tables: join, but nulls of y leave the values of x.

    Raises:
        QError: ``type`` where one is no keyed table, ``mismatch`` for tables of other columns.
    """
    if not (is_keyed(x) and is_keyed(y)):
        raise QError("type")
    a, b, n = table_of(x), table_of(y), key_count(x)
    if not _same_names(a.cols, b.cols):
        raise QError("mismatch")
    index = find(a.data[:n], [column(b, c) for c in a.cols[:n]])
    return upsert(
        x, Table(b.cols, [kept(column(a, c), index, s) for c, s in zip(b.cols, b.data, strict=True)])
    )


def kept(old: Value, index: Any, new: Value) -> Value:
    """New values, with the old ones at their positions where the new are null."""
    where = np.flatnonzero(null_mask(new) & (index >= 0))
    return put(new, where, pick(old, index[where])) if len(where) else new
