"""Sets and groups: distinct, group, in, within, union, inter, except, cross, differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from prmkit_qlang.engine.compare import at_least, at_most, equal, lesser
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.lists import join
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.search import find, row_keys
from prmkit_qlang.engine.types import BOOL, CHAR, GUID, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    Fn,
    List,
    Table,
    Value,
    Vec,
    at,
    count,
    empty_like,
    flag,
    is_list,
    items,
    longs,
    match,
    pack,
    pick,
    same_array,
    unenum,
)


def first_places(x: Value) -> Any:
    """Positions of the first of each different item."""
    if isinstance(x, Table):
        keys = row_keys(x.data)
    elif isinstance(x, Vec) and x.v.dtype != object and x.v.dtype.kind != "f" and len(x.v) > 256:
        _, places = np.unique(x.v, return_index=True)
        return np.sort(places).astype(np.int64)
    else:
        keys = row_keys([x])
    seen: dict[Any, int] = {}
    for i, key in enumerate(keys):
        seen.setdefault(key, i)
    return np.array(list(seen.values()), dtype=np.int64)


def distinct(x: Value) -> Value:
    """The different items, in the order in which they first appear.

    Raises:
        QError: ``type`` or ``rank`` for what is no list.
    """
    if isinstance(x, Dict):
        return distinct(x.w)
    if not is_list(x) and not isinstance(x, Table):
        raise QError("type" if isinstance(x, Atom) else "rank")
    return pick(x, first_places(x))


def group(x: Value) -> Dict:
    """Each different item with the positions where it stands.

    Raises:
        QError: ``type`` for what is no list.
    """
    if isinstance(x, Dict):
        found = group(x.w)
        return Dict(found.k, pack([pick(x.k, one.v) for one in items(found.w)]))  # type: ignore[attr-defined]
    if not is_list(x) and not isinstance(x, Table):
        raise QError("type")
    METER.take(6 * count(x))
    keys, places = grouped(row_keys(x.data) if isinstance(x, Table) else row_keys([x]))
    return Dict(pick(x, keys), List([longs(one) for one in places]) if places else List([]))


def grouped(keys: list[Any]) -> tuple[Any, list[Any]]:
    """First positions of the different keys, and all positions of each."""
    found: dict[Any, list[int]] = {}
    for i, key in enumerate(keys):
        found.setdefault(key, []).append(i)
    places = [np.array(one, dtype=np.int64) for one in found.values()]
    return np.array([one[0] for one in places], dtype=np.int64), places


def in_(x: Value, y: Value) -> Value:
    """``x in y``: whether items of x are items of y.

    Raises:
        QError: ``type`` where the two cannot be compared.
    """
    if isinstance(y, Atom) or (isinstance(y, Vec) and len(y.v) == 1 and isinstance(x, Atom | Vec)):
        return _same_as(x, y if isinstance(y, Atom) else at(y, 0))
    if isinstance(y, Dict):
        y = y.w if not isinstance(y.w, Table) else y.k
    if isinstance(x, Dict) and not isinstance(y, Table):
        return Dict(x.k, in_(x.w, y))
    if isinstance(y, Table) and isinstance(x, Dict | Table):
        place = find(y, x)
    elif isinstance(unenum(y), Vec) and is_list(x) and not isinstance(x, List):
        if not count(x):
            return Vec(BOOL, np.zeros(0, dtype=bool))
        place = find(y, x)
    elif isinstance(y, List) and is_list(x) and y.v and not any(is_list(one) for one in y.v):
        place = find(y, x)
    elif isinstance(x, List) and isinstance(y, Vec):
        return pack([in_(one, y) for one in x.v])
    else:
        if isinstance(x, Atom) and not count(y):
            return flag(False)
        place = find(y, x)
    return _below(place, count(y))


def _below(place: Value, n: int) -> Value:
    if isinstance(place, Atom):
        return flag(place.v < n)
    if isinstance(place, Vec):
        return Vec(BOOL, place.v < n)
    return (
        pack([_below(one, n) for one in items(place)]) if count(place) else Vec(BOOL, np.zeros(0, dtype=bool))
    )


def _same_as(x: Value, y: Value) -> Value:
    """Whether items of x are exactly the atom y."""
    x, y = unenum(x), unenum(y)
    if isinstance(x, Atom | Vec) and isinstance(y, Atom):
        if abs(x.t) != -y.t and {abs(x.t), -y.t} & {CHAR, SYM, GUID}:
            raise QError("type")
        found = x.v != x.v if y.v != y.v else x.v == y.v
        return Vec(BOOL, np.asarray(found, dtype=bool)) if isinstance(x, Vec) else flag(found)
    return equal(x, y)


def within(x: Value, y: Value) -> Value:
    """``x within (low;high)``: whether items lie between the bounds, both included.

    Raises:
        QError: ``type`` or ``length`` where y is no pair of bounds.
    """
    if isinstance(y, Dict | Fn) or count(y) != 2:
        raise QError("length" if is_list(y) else "type")
    return lesser(at_least(x, at(y, 0)), at_most(x, at(y, 1)))


def union(x: Value, y: Value) -> Value:
    """The different items of both."""
    return distinct(join(x, y))


def _listy(x: Value) -> bool:
    return is_list(x) or isinstance(x, Dict | Table)


def inter(x: Value, y: Value) -> Value:
    """The items of x that are in y.

    Raises:
        QError: ``type`` for what is no list.
    """
    if not _listy(x) or not (_listy(y) or isinstance(y, Atom)):
        raise QError("type")
    if isinstance(x, Dict) and isinstance(y, Dict) and not isinstance(x.k, Table):
        return inter(x.w, y.w)
    if isinstance(x, Dict) and isinstance(y, Dict):
        found = in_rows(x.k, y.k)
        return pick(x, np.nonzero(found)[0])
    return pick(x, np.nonzero(_members(x, y))[0]) if count(x) else x


def in_rows(x: Value, y: Value) -> Any:
    """Whether each row of x is a row of y."""
    place = find(y, x)
    return np.atleast_1d(place.v) < count(y)  # type: ignore[attr-defined]


def except_(x: Value, y: Value) -> Value:
    """The items of x that are not in y.

    Raises:
        QError: ``type`` for what is no list.
    """
    if not _listy(x) or not (_listy(y) or isinstance(y, Atom)):
        raise QError("type")
    if isinstance(x, Dict):
        x = x.w
    y = pack([y]) if isinstance(y, Atom) else y
    if not count(x):
        return x
    kept = np.nonzero(~_members(x, y))[0]
    return pick(x, kept) if len(kept) else empty_like(x)


def _members(x: Value, y: Value) -> Any:
    if isinstance(y, Dict) and not isinstance(x, Table):
        y = y.w
    if isinstance(x, List) or isinstance(y, List) or abs(unenum(x).t) != abs(unenum(y).t):
        if isinstance(x, List) != isinstance(y, List):
            return _matching(x, y)
        keys = set(row_keys([y if is_list(y) else pack([y])]))
        return np.array([key in keys for key in row_keys([x])], dtype=bool)
    if isinstance(x, Table):
        return in_rows(x, y)
    return np.asarray(in_(x, y).v, dtype=bool)  # type: ignore[attr-defined]


def _matching(x: Value, y: Value) -> Any:
    theirs = items(y) if is_list(y) else [y]
    found = [any(match(unenum(one), unenum(other)) for other in theirs) for one in items(x)]
    return np.array(found, dtype=bool)


def cross(x: Value, y: Value) -> Value:
    """Every item of x with every item of y."""
    if isinstance(x, Dict) and isinstance(y, Dict):
        return Dict(cross(x.k, y.k), cross(x.w, y.w))
    n, m = count(x), count(y)
    METER.take(8 * n * m)
    if isinstance(x, Table) and isinstance(y, Table):
        left, right = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
        return Table(x.cols + y.cols, [pick(c, left) for c in x.data] + [pick(c, right) for c in y.data])
    return List([join(one, other) for one in items(x) for other in items(y)])


def differ(x: Value) -> Value:
    """Whether each item differs from the one before; the first one does.

    Raises:
        QError: ``type`` for an atom.
    """
    if isinstance(x, Dict):
        return Dict(x.k, differ(x.w))
    if isinstance(x, Enum):
        x = unenum(x)
    keys = row_keys(x.data) if isinstance(x, Table) else row_keys([x])
    if isinstance(x, Atom):
        raise QError("type")
    if isinstance(x, Vec) and x.v.dtype.kind == "f" and len(x.v):
        return Vec(BOOL, np.concatenate([[True], ~same_array(x.v[1:], x.v[:-1])]))
    return Vec(BOOL, np.array([i == 0 or key != keys[i - 1] for i, key in enumerate(keys)], dtype=bool))
