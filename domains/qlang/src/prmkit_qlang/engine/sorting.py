"""Order: grades, asc and desc, rank, xrank, binary search."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.search import keys_at
from prmkit_qlang.engine.types import CHAR, FLOATING, GUID, INTEGRAL, LONG, NULLS, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Fn,
    List,
    Table,
    Value,
    Vec,
    column,
    count,
    is_list,
    items,
    longs,
    match,
    pack,
    pick,
    unenum,
)


def grade(x: Value, descending: bool = False) -> Any:
    """Positions that sort x, stable, as an int64 array; rows of tables by all columns, lists item by item.

    Raises:
        QError: ``type`` for what has no order.
    """
    x = unenum(x)
    if isinstance(x, Vec):
        return _grade_vec(x, descending)
    if isinstance(x, List):
        return _by_compare(x.v, descending)
    if isinstance(x, Table):
        return grade_columns(x.data, descending)
    raise QError("type")


def grade_columns(data: list[Value], descending: bool = False) -> Any:
    """Positions that sort rows by columns, the first one counting most."""
    n = count(data[0]) if data else 0
    order = np.arange(n)
    for one in reversed(data):
        order = order[grade(pick(one, order), descending)]
    return order


def _grade_vec(x: Vec, descending: bool) -> Any:
    v = x.v
    if x.t in FLOATING:
        lost = np.isnan(v)
        v = np.where(lost, -np.inf, v)
        order = np.lexsort((-v, lost)) if descending else np.lexsort((v, ~lost))
        return order.astype(np.int64)
    if v.dtype == object:
        values: list[Any] = v.tolist()
        places = sorted(range(len(values)), key=lambda i: values[i], reverse=descending)
        return np.array(places, dtype=np.int64)
    if not descending:
        return np.argsort(v, kind="stable").astype(np.int64)
    n = len(v)
    return (n - 1 - np.argsort(v[::-1], kind="stable")[::-1]).astype(np.int64)


def _by_compare(values: list[Value], descending: bool) -> Any:
    sign = -1 if descending else 1

    def order(a: int, b: int) -> int:
        return sign * compare(values[a], values[b])

    return np.array(sorted(range(len(values)), key=cmp_to_key(order)), dtype=np.int64)


def compare(x: Value, y: Value) -> int:
    """-1, 0 or 1: by type first, then by value; lists item by item."""
    x, y = unenum(x), unenum(y)
    if isinstance(x, Atom) and isinstance(y, Atom):
        a, b = -x.t, -y.t
        if a == b:
            return _scalars(x.v, y.v)
        return -1 if a < b else 1
    if is_list(x) and is_list(y):
        if x.t != y.t and 0 not in (x.t, y.t):
            return -1 if x.t < y.t else 1
        for one, other in zip(items(x), items(y), strict=False):
            found = compare(one, other)
            if found:
                return found
        return (count(x) > count(y)) - (count(x) < count(y))
    if isinstance(x, Atom) != isinstance(y, Atom):
        return -1 if isinstance(x, Atom) else 1
    return (x.t > y.t) - (x.t < y.t)


def _scalars(a: Any, b: Any) -> int:
    if a != a or b != b:
        return int(b != b) - int(a != a)
    return int(a > b) - int(a < b)


def iasc(x: Value) -> Value:
    """Positions that sort upwards; keys in that order for a dictionary."""
    if isinstance(x, Dict):
        return pick(x.k, grade(x.w))
    return longs(grade(_sortable(x)))


def idesc(x: Value) -> Value:
    """Positions that sort downwards."""
    if isinstance(x, Dict):
        return pick(x.k, grade(x.w, True))
    return longs(grade(_sortable(x), True))


def _sortable(x: Value) -> Value:
    if not (is_list(x) or isinstance(x, Table)):
        raise QError("rank" if isinstance(x, Atom | Fn) else "type")
    return x


def asc(x: Value) -> Value:
    """Sorted upwards, with the attribute that says so.

    Raises:
        QError: ``rank`` or ``type`` for what has no order.
    """
    if isinstance(x, Dict):
        order = grade(x.w)
        made = pick(x.w, order)
        if isinstance(x.k, Table):
            return Dict(pick(x.k, order), _mark_columns(made))
        return Dict(pick(x.k, order), mark_sorted(made))
    if isinstance(x, Table):
        return _mark_columns(pick(x, grade(x)))
    if not is_list(x):
        raise QError("rank" if isinstance(x, Atom) else "type")
    return mark_sorted(pick(x, grade(x)))


def _mark_columns(x: Value) -> Value:
    """A sorted table: its first column is parted, an only one sorted."""
    if not isinstance(x, Table) or not x.data:
        return x
    return Table(x.cols, [mark_sorted(x.data[0], "p" if len(x.cols) > 1 else "s"), *x.data[1:]])


class Sorted(List):
    """A general list that is known to be sorted."""

    __slots__ = ()
    attr = "s"


def mark_sorted(x: Value, attr: str = "s") -> Value:
    """X with an attribute, where it is a vector, or a list of vectors."""
    if type(x) is Vec:
        return Vec(x.t, x.v, attr)
    if type(x) is List and attr == "s" and all(isinstance(one, Vec) for one in x.v):
        return Sorted(x.v)
    return x


def desc(x: Value) -> Value:
    """Sorted downwards.

    Raises:
        QError: ``rank`` or ``type`` for what has no order.
    """
    if isinstance(x, Dict):
        order = grade(x.w, True)
        return Dict(pick(x.k, order), pick(x.w, order))
    if not is_list(x) and not isinstance(x, Table):
        raise QError("rank" if isinstance(x, Atom) else "type")
    return pick(x, grade(x, True))


def rank(x: Value) -> Value:
    """Place of each item in the sorted list."""
    if isinstance(x, Dict):
        return rank(x.w)
    order = grade(_sortable(x))
    out = np.empty(len(order), dtype=np.int64)
    out[order] = np.arange(len(order))
    return longs(out)


def xrank(x: Value, y: Value) -> Value:
    """``x xrank y``: which of x groups of like size each item falls into.

    Raises:
        QError: ``type`` where x is no number.
    """
    if isinstance(x, Atom) and isinstance(y, Dict):
        return xrank(x, y.w)
    n = count(y)
    if not isinstance(x, Atom) or -x.t not in INTEGRAL:
        raise QError("type")
    places = rank(y)
    return longs(places.v * int(x.v) // n if isinstance(places, Vec) and n else [])


# ---------------------------------------------------------------- binary search


def bin_(x: Value, y: Value) -> Value:
    """``x bin y``: the last position in sorted x whose item is at most y; -1 before the first."""
    return _bin(x, y, right=False)


def binr(x: Value, y: Value) -> Value:
    """``x binr y``: the first position in sorted x whose item is at least y."""
    return _bin(x, y, right=True)


def _bin(x: Value, y: Value, right: bool) -> Value:
    x, y = unenum(x), unenum(y)
    if isinstance(x, Dict):
        place = _bin(x.w, y, right)
        return keys_at(x.k, place)
    if isinstance(x, Table):
        return _bin_rows(x, y, right)
    if isinstance(x, List):
        if not is_list(y) or (x.v and is_list(x.v[0]) and isinstance(y, Vec)):
            return Atom(-LONG, _bin_list(x.v, y, right))
        return longs([_bin_list(x.v, one, right) for one in items(y)])
    if not isinstance(x, Vec):
        raise QError("type")
    if isinstance(y, List):
        return pack([_bin(x, one, right) for one in y.v])
    if not isinstance(y, Atom | Vec) or not _alike(x.t, abs(y.t)):
        raise QError("type")
    v = np.where(np.isnan(x.v), -np.inf, x.v) if x.t in FLOATING else x.v
    wanted = np.atleast_1d(np.array(y.v, dtype=v.dtype if v.dtype == object else None))
    if wanted.dtype.kind == "f":
        wanted = np.where(np.isnan(wanted), -np.inf, wanted)
    found = np.searchsorted(v, wanted, side="left") if right else np.searchsorted(v, wanted, side="right") - 1
    return longs(found) if isinstance(y, Vec) else Atom(-LONG, int(found[0]))


def _alike(t: int, u: int) -> bool:
    return t == u or not {t, u} & {SYM, GUID, CHAR}


def _bin_list(values: list[Value], y: Value, right: bool) -> int:
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        found = compare(values[middle], y)
        if found < 0 or (found == 0 and not right):
            low = middle + 1
        else:
            high = middle
    return low if right else low - 1


def _as_table(x: Table, y: Dict) -> Table:
    """A row as a table of one row, with the columns of another."""
    if not isinstance(y.k, Vec) or y.k.t != SYM or not is_list(y.w):
        raise QError("type")
    fields = dict(zip(y.k.v.tolist(), items(y.w), strict=True))
    if not set(x.cols) <= set(fields):
        raise QError("mismatch")
    return Table(x.cols, [pack([fields[c]]) for c in x.cols])


def _bin_rows(x: Table, y: Value, right: bool) -> Value:
    """Rows by their last column, within those that match on the others."""
    if is_list(y) and len(x.cols) == 1:
        y = Table(x.cols, [y])
    if isinstance(y, Atom) and len(x.cols) == 1:
        y = Dict(Vec(SYM, np.array(x.cols, dtype=object)), pack([y]))
    if isinstance(y, Dict):
        return items(_bin_rows(x, _as_table(x, y), right))[0]
    if not isinstance(y, Table):
        raise QError("type")
    columns = [items(c) for c in x.data]
    wanted = [items(column(y, c)) for c in x.cols]
    out = []
    for row in zip(*wanted, strict=True):
        hits = [
            i
            for i in range(count(x))
            if all(match(unenum(c[i]), unenum(v)) for c, v in zip(columns[:-1], row[:-1], strict=True))
        ]
        place = _bin_list([columns[-1][i] for i in hits], row[-1], right)
        out.append(hits[place] if 0 <= place < len(hits) else NULLS[LONG])
    return longs(out)
