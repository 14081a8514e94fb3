"""What tables do to whole columns: append, amend at positions, find rows, nulls.

Columns are lists (``Vec``, ``Enum``, ``List``) or tables; positions are int64 arrays, -1 for nothing found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.search import positions, row_keys
from prmkit_qlang.engine.types import BOOL, BYTE, NULLS, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    Fn,
    List,
    Table,
    Value,
    Vec,
    count,
    enum_domain,
    is_list,
    items,
    pack,
    pick,
    repeat,
    unenum,
)

NOWHERE = -1


def is_column(x: Value) -> bool:
    """Whether x has an item a row; anything else stands for one value in every row."""
    return is_list(x) or isinstance(x, Table)


def spread(x: Value, n: int) -> Value:
    """A column of n rows: x itself where it is one, else n times x.

    Raises:
        QError: ``length`` where x has another number of rows.
    """
    if is_column(x):
        if count(x) != n:
            raise QError("length")
        return x
    METER.take(n)
    return List([x] * n) if isinstance(x, Fn | Dict) else repeat(x, n)


def nulls(like: Value, n: int) -> Value:
    """N nulls for a column like this one."""
    METER.take(n)
    return pick(like, np.full(n, NOWHERE, dtype=np.int64))


def null_mask(x: Value) -> Any:
    """Which items of a column are null, as booleans."""
    x = unenum(x)
    if isinstance(x, Vec):
        if x.t in (BOOL, BYTE):
            return np.zeros(len(x.v), dtype=bool)
        return np.isnan(x.v) if x.v.dtype.kind == "f" else np.asarray(x.v == NULLS[x.t], dtype=bool)
    return np.array([_is_null(one) for one in items(x)], dtype=bool)


def _is_null(x: Value) -> bool:
    x = unenum(x)
    return isinstance(x, Atom) and abs(x.t) not in (BOOL, BYTE) and (x.v != x.v or x.v == NULLS[abs(x.t)])


# ---------------------------------------------------------------- appending


def concat(x: Value, y: Value) -> Value:
    """Two columns one after another; of one type where both are, else general.

    Examples:
        >>> from prmkit_qlang.engine.values import longs
        >>> concat(longs([1]), longs([2, 3])).v.tolist()
        [1, 2, 3]
    """
    if isinstance(x, Table) and isinstance(y, Table) and sorted(x.cols) == sorted(y.cols):
        return Table(
            x.cols, [concat(a, y.data[y.cols.index(c)]) for c, a in zip(x.cols, x.data, strict=True)]
        )
    if isinstance(x, Enum) and isinstance(y, Enum) and x.domain == y.domain:
        return Enum(np.concatenate([x.v, y.v]), x.domain, y.held)
    x, y = unenum(x), unenum(y)
    METER.take(count(x) + count(y))
    if isinstance(x, Vec) and isinstance(y, Vec) and x.t == y.t:
        return Vec(x.t, np.concatenate([x.v, y.v]))
    if not count(y):
        return x
    if not count(x):
        return y
    return List([*items(x), *items(y)])


def append(x: Value, y: Value) -> Value:
    """A column with more rows of its own type; an empty general column takes the type of what comes.

    Raises:
        QError: ``type`` for rows of another type, ``cast`` for symbols that an enumeration does not know.
    """
    if isinstance(x, Enum):
        return concat(x, _enumerated(x, y))
    if isinstance(x, List):
        return concat(x, y)
    y = unenum(y)
    if isinstance(x, Vec) and (not isinstance(y, Vec) or y.t != x.t) and count(y):
        raise QError("type")
    return _with_attr(concat(x, y), x)


def _with_attr(made: Value, old: Value) -> Value:
    """Keep ``g``, and ``s`` or ``u`` where they still hold."""
    if (
        isinstance(made, Vec)
        and isinstance(old, Vec)
        and old.attr
        and made is not old
        and not isinstance(made, Enum)
    ):
        if old.attr == "s" and all(a <= b for a, b in zip(made.v[:-1], made.v[1:], strict=True)):
            made.attr = "s"
        elif old.attr == "u" and len(set(made.v.tolist())) == len(made.v):
            made.attr = "u"
        elif old.attr == "g":
            made.attr = "g"
    return made


def _enumerated(like: Enum, x: Value) -> Enum:
    """Values as indices into the domain of an enumeration."""
    if isinstance(x, Enum) and x.domain == like.domain:
        return x
    domain = enum_domain(like.target)
    x = unenum(x)
    if not count(x):
        return Enum(like.v[:0], like.domain, like.held)
    if not isinstance(domain, Vec) or not isinstance(x, Vec) or domain.t != x.t:
        raise QError("cast")
    index = find([domain], [x])
    if (index < 0).any():
        raise QError("cast")
    return Enum(index, like.domain, like.held)


def raze(values: Sequence[Value]) -> Value:
    """Atoms and lists joined to one list.

    Examples:
        >>> from prmkit_qlang.engine.values import long, longs
        >>> raze([long(1), longs([2, 3])]).v.tolist()
        [1, 2, 3]
    """
    METER.take(sum(map(count, values)))
    first = values[0] if values else List([])
    if isinstance(first, Vec) and not isinstance(first, Enum):
        arrays = [one.v for one in values if isinstance(one, Vec) and one.t == first.t]
        if len(arrays) == len(values):
            return Vec(first.t, np.concatenate(arrays))
    if isinstance(first, Table):
        for one in values[1:]:
            first = concat(first, one)
        return first
    every: list[Value] = []
    for one in values:
        every.extend(items(one) if is_list(one) else [one])
    return pack(every) if every or not isinstance(first, Vec) else first


# ---------------------------------------------------------------- amending


def assign(x: Value, index: Any, new: Value) -> Value:
    """A column with new values at positions; values of another type are refused.

    Raises:
        QError: ``type`` for values of another type, ``cast`` for symbols that an enumeration does not know.
    """
    if isinstance(x, Enum):
        new = _enumerated(x, new)
    elif isinstance(x, Vec):
        new = unenum(new)
        if not isinstance(new, Vec) or new.t != x.t:
            if len(index):
                raise QError("type")
            return x
    return put(x, index, new)


def put(x: Value, index: Any, new: Value) -> Value:
    """A column with new values at positions; general where the types differ."""
    if not len(index):
        return x
    METER.take(count(x))
    if isinstance(x, Enum) and isinstance(new, Enum) and x.domain == new.domain:
        out = x.v.copy()
        out[index] = new.v
        return Enum(out, x.domain, x.held)
    x, new = unenum(x), unenum(new)
    if isinstance(x, Vec) and isinstance(new, Vec) and x.t == new.t:
        out = x.v.copy()
        out[index] = new.v
        return Vec(x.t, out)
    if isinstance(x, Table) and isinstance(new, Table) and x.cols == new.cols:
        return Table(x.cols, [put(a, index, b) for a, b in zip(x.data, new.data, strict=True)])
    every = list(items(x))
    for place, one in zip(index.tolist(), items(new), strict=True):
        every[place] = one
    return pack(every)


# ---------------------------------------------------------------- finding rows


def key_columns(keys: Value) -> list[Value]:
    """The columns of a table, or a list as the only column."""
    return keys.data if isinstance(keys, Table) else [keys]


def find(keys: Sequence[Value], wanted: Sequence[Value]) -> Any:
    """Position of the first row of the keys that each wanted row matches, -1 where none does.

    Raises:
        QError: ``type`` where the columns cannot be compared, ``length`` where there are none.

    Examples:
        >>> from prmkit_qlang.engine.values import longs
        >>> find([longs([5, 7, 5])], [longs([7, 5, 6])]).tolist()
        [1, 0, -1]
    """
    if not keys:
        raise QError("length")
    METER.take(count(keys[0]) + count(wanted[0]))
    for x, y in zip(keys, wanted, strict=True):
        same_type(x, y)
    x, y = unenum(keys[0]), unenum(wanted[0])
    if len(keys) == 1 and isinstance(x, Vec) and isinstance(y, Vec):
        found = positions(x.v, y.v)
        return np.where(found == len(x.v), NOWHERE, found)
    first: dict[Hashable, int] = {}
    for i, row in enumerate(_hashed(keys, wanted)):
        first.setdefault(row, i)
    return np.array([first.get(row, NOWHERE) for row in _hashed(wanted, keys)], dtype=np.int64)


def _hashed(columns: Sequence[Value], others: Sequence[Value]) -> list[Hashable]:
    """Rows as things that are equal to rows of the others where they match."""
    made: list[Value] = []
    for x, y in zip(columns, others, strict=True):
        both = isinstance(unenum(x), Vec) and isinstance(unenum(y), Vec)
        made.append(x if both else List(items(unenum(x))))
    return row_keys(made)


def same_type(x: Value, y: Value) -> None:
    """Refuse to compare vectors of two types.

    Raises:
        QError: ``type``.
    """
    x, y = unenum(x), unenum(y)
    if isinstance(x, Vec) and isinstance(y, Vec) and x.t != y.t and len(x.v) and len(y.v):
        raise QError("type")


def same_order(x: Value, y: Value) -> None:
    """Refuse to order columns of two types, or what is no column.

    Raises:
        QError: ``type``.
    """
    x, y = unenum(x), unenum(y)
    if not (is_list(x) and is_list(y)) or (x.t != y.t and count(x) and count(y)):
        raise QError("type")


def rows_by_key(columns: Sequence[Value]) -> dict[Hashable, Any]:
    """Positions of the rows of each distinct key, keys in the order in which they appear."""
    METER.take(sum(map(count, columns)))
    found: dict[Hashable, list[int]] = {}
    for i, row in enumerate(row_keys(list(columns))):
        found.setdefault(row, []).append(i)
    return {row: np.array(index, dtype=np.int64) for row, index in found.items()}


def order_key(x: Value) -> tuple[Any, ...]:
    """Something that sorts values of any type: atoms by type, then value; then lists, item by item."""
    x = unenum(x)
    if isinstance(x, Atom):
        return (0, abs(x.t), -np.inf if x.v != x.v else x.v)
    if isinstance(x, Fn):
        return (2, x.t, id(x))
    return (1, *map(order_key, items(x)))


def sortable(x: Value) -> Any:
    """A column as something that sorts as q does: an array, or a Python list."""
    x = unenum(x)
    if isinstance(x, Vec):
        if x.v.dtype == object:
            return x.v.tolist()
        return np.where(np.isnan(x.v), -np.inf, x.v) if x.v.dtype.kind == "f" else x.v
    return [order_key(one) for one in items(x)]


def last_not_after(times: Any, wanted: Any) -> Any:
    """For each wanted value the last position of a sorted column that is not greater, -1 where all are."""
    if isinstance(times, list) or isinstance(wanted, list):
        return np.array([bisect_right(times, one) - 1 for one in wanted], dtype=np.int64)
    return np.searchsorted(times, wanted, side="right").astype(np.int64) - 1


def taken(x: Any, index: Any) -> Any:
    """Items of what ``sortable`` gives."""
    return [x[i] for i in index.tolist()] if isinstance(x, list) else x[index]


def find_as_of(keys: Sequence[Value], wanted: Sequence[Value]) -> Any:
    """Position of the last row that matches in all columns but the last, and is not greater there; else -1.

    Rows with equal leading columns must be sorted by the last one.

    Raises:
        QError: ``type`` where columns to compare are of different types, ``length`` where there are none.

    Examples:
        >>> from prmkit_qlang.engine.values import longs
        >>> find_as_of([longs([1, 1, 2]), longs([10, 20, 5])], [longs([1, 2]), longs([25, 4])]).tolist()
        [1, -1]
    """
    if not keys:
        raise QError("length")
    for x, y in zip(keys[:-1], wanted[:-1], strict=True):
        same_type(x, y)
    same_order(keys[-1], wanted[-1])
    times, asked = sortable(keys[-1]), sortable(wanted[-1])
    if len(keys) == 1:
        return last_not_after(times, asked)
    out = np.full(count(wanted[-1]), NOWHERE, dtype=np.int64)
    found = rows_by_key(keys[:-1])
    for row, there in rows_by_key(wanted[:-1]).items():
        here = found.get(row)
        if here is not None:
            place = last_not_after(taken(times, here), taken(asked, there))
            out[there] = np.where(place < 0, NOWHERE, here[place])
    return out


def lookup(d: Dict, wanted: Sequence[Value]) -> Any:
    """Positions of keys in a dictionary or keyed table; a stepped one finds the last that is not greater.

    Raises:
        QError: ``type`` where keys are of another type.
    """
    keys = key_columns(d.k)
    return find_as_of(keys, wanted) if d.attr == "s" else find(keys, wanted)


def names_of(x: Value) -> list[str]:
    """Texts of a symbol atom or vector; none of an empty list.

    Raises:
        QError: ``type`` for anything else.
    """
    x = unenum(x)
    if isinstance(x, Atom) and x.t == -SYM:
        return [x.v]
    if isinstance(x, Vec) and (x.t == SYM or not len(x.v)):
        return list(x.v.tolist())
    if isinstance(x, List) and not x.v:
        return []
    raise QError("type")
