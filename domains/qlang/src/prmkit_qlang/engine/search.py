"""Finding: the position of items in a list, the keys of a dictionary, the rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import CHAR, FLOATING, LONG, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    Value,
    Vec,
    at,
    column,
    count,
    is_list,
    items,
    long,
    longs,
    match,
    pack,
    pick,
    unenum,
)

_COMPARABLE = frozenset(range(1, 20)) - {2, CHAR, SYM}


def find(x: Value, y: Value) -> Value:
    """``x?y``: where items of y first stand in x; the length of x where they do not.

    Raises:
        QError: ``type`` where the two cannot be compared.
    """
    if isinstance(x, Dict):
        positions = find(x.w, y)
        return keys_at(x.k, positions)
    x, y = unenum(x), unenum(y)
    if isinstance(x, Table):
        return _find_rows(x, y)
    if isinstance(x, Vec):
        return _find_vec(x, y)
    if isinstance(x, List):
        return _find_list(x, y)
    raise QError("type")


def keys_at(keys: Value, positions: Value) -> Value:
    """Items of a list at positions that may be nested."""
    if isinstance(positions, Atom):
        return at(keys, positions.v)
    if isinstance(positions, Vec):
        return pick(keys, positions.v)
    return pack([keys_at(keys, one) for one in items(positions)])


def _alike(t: int, u: int) -> bool:
    return t == u or (t in _COMPARABLE and u in _COMPARABLE and not {t, u} & FLOATING)


def _find_vec(x: Vec, y: Value) -> Value:
    if isinstance(y, Atom):
        if not _alike(x.t, -y.t):
            raise QError("type")
        return long(position(x, y.v))
    if isinstance(y, Vec):
        if not _alike(x.t, y.t):
            raise QError("type")
        return Vec(LONG, positions(x.v, y.v))
    if isinstance(y, List | Dict):
        return pack([_find_vec(x, one) for one in y.v]) if isinstance(y, List) else Dict(y.k, find(x, y.w))
    raise QError("type")


def position(x: Vec, v: Any) -> int:
    """Where a stored scalar first stands in a vector; its length where it does not."""
    if v != v:
        return next((i for i, one in enumerate(x.v.tolist()) if one != one), len(x.v))
    if len(x.v) < 64:
        try:
            return int(x.v.tolist().index(v))
        except ValueError:
            return len(x.v)
    hits = np.nonzero(x.v == v)[0]
    return int(hits[0]) if len(hits) else len(x.v)


def positions(x: Any, y: Any) -> Any:
    """For each item of y, where it first stands in x; the length of x where it does not."""
    n = len(x)
    if not n or not len(y):
        return np.full(len(y), n, dtype=np.int64)
    if x.dtype == object or len(x) * len(y) < 4096:
        first: dict[Any, int] = {}
        for i, one in enumerate(x.tolist()):
            first.setdefault(None if one != one else one, i)
        return np.array([first.get(None if one != one else one, n) for one in y.tolist()], dtype=np.int64)
    order = np.argsort(x, kind="stable")
    ordered = x[order]
    place = np.searchsorted(ordered, y, side="left")
    safe = np.minimum(place, n - 1)
    hit = (ordered[safe] == y) & (place < n)
    if x.dtype.kind == "f" or y.dtype.kind == "f":
        hit |= np.isnan(ordered[safe].astype(float)) & np.isnan(y.astype(float))
    return np.where(hit, order[safe], n)


def _find_list(x: List, y: Value) -> Value:
    n = len(x.v)
    if n and depth(y) < depth(x.v[0]) and not isinstance(y, Dict | Table):
        return (
            long(n)
            if isinstance(y, Atom)
            else long(next((i for i, one in enumerate(x.v) if match(one, y)), n))
        )
    if is_list(y) and depth(y) > (depth(x.v[0]) if n else 0):
        table: dict[Any, int] = {}
        for i, one in enumerate(x.v):
            table.setdefault(hashable(one), i)
        return longs([table.get(hashable(one), n) for one in items(y)])
    return long(next((i for i, one in enumerate(x.v) if match(one, y)), n))


def depth(x: Value) -> int:
    """How deep lists nest, along first items."""
    if isinstance(x, List):
        return 1 + (depth(x.v[0]) if x.v else 0)
    return 1 if isinstance(x, Vec | Table) else 0


def _find_rows(x: Table, y: Value) -> Value:
    if isinstance(y, Table):
        if set(y.cols) != set(x.cols):
            raise QError("length" if len(x.cols) != len(y.cols) else "mismatch")
        return longs(find_rows(x.data, [column(y, c) for c in x.cols]))
    if isinstance(y, Dict):
        row = [at(y.w, i) for i in _order(x, y)]
        return long(int(find_rows(x.data, [pack([one]) for one in row])[0]))
    if is_list(y):
        parts = items(y)
        if len(parts) == len(x.cols) and not any(isinstance(p, Dict) for p in parts):
            if all(
                isinstance(p, Atom) or (is_list(x_) and isinstance(x_, List))
                for p, x_ in zip(parts, x.data, strict=True)
            ):
                return long(int(find_rows(x.data, [pack([one]) for one in parts])[0]))
            if len(set(map(count, parts))) > 1:
                raise QError("length")
            return longs(find_rows(x.data, parts))
        if len(x.cols) == 1:
            return find(x.data[0], y)
        return pack([_find_rows(x, one) for one in parts])
    if len(x.cols) == 1:
        return find(x.data[0], y)
    raise QError("type")


def _order(x: Table, y: Dict) -> list[int]:
    if not isinstance(y.k, Vec) or y.k.t != SYM:
        raise QError("type")
    names = y.k.v.tolist()
    if not set(x.cols) <= set(names):
        raise QError("mismatch")
    return [names.index(c) for c in x.cols]


def find_rows(data: list[Value], wanted: list[Value]) -> Any:
    """Positions of rows, given by columns, among the rows of other columns."""
    n = count(data[0]) if data else 0
    if len(data) == 1:
        found = find(data[0], wanted[0])
        return np.atleast_1d(np.array(found.v, dtype=np.int64))  # type: ignore[attr-defined]
    first: dict[Any, int] = {}
    for i, row in enumerate(zip(*(_keys(c) for c in data), strict=True)):
        first.setdefault(row, i)
    return np.array(
        [first.get(row, n) for row in zip(*(_keys(c) for c in wanted), strict=True)], dtype=np.int64
    )


def _keys(x: Value) -> list[Any]:
    x = unenum(x)
    if isinstance(x, Vec):
        return [None if one != one else one for one in x.v.tolist()]
    return [hashable(one) for one in items(x)]


def row_keys(data: list[Value]) -> list[Any]:
    """One hashable key a row, for columns of one length."""
    columns = [_keys(c) for c in data]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def hashable(x: Value) -> Any:
    """Something that is equal for values that match; used to group and to find."""
    x = unenum(x)
    if isinstance(x, Atom):
        return (x.t, None) if x.v != x.v else (x.t, x.v)
    if isinstance(x, Vec):
        if x.v.dtype.kind == "f":
            return (x.t, *[None if v != v else v for v in x.v.tolist()])
        return (x.t, *x.v.tolist())
    if isinstance(x, List):
        return (0, *map(hashable, x.v))
    if isinstance(x, Dict):
        return (x.t, hashable(x.k), hashable(x.w))
    if isinstance(x, Table):
        return (x.t, tuple(x.cols), *map(hashable, x.data))
    return (x.t, id(x))
