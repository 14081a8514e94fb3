"""Making and cutting lists: til, take, drop, join, raze, reverse, rotate, flip, where, cut, sublist."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from prmkit_qlang.engine.attributes import NAMES, set_attribute
from prmkit_qlang.engine.columns import names_of
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.rows import join_tables
from prmkit_qlang.engine.search import find
from prmkit_qlang.engine.tables import flip_dict, flip_table
from prmkit_qlang.engine.types import BOOL, BYTE, ENUM, INT, LONG, NULLS, SHORT, SYM
from prmkit_qlang.engine.values import (
    SHORT_LIST,
    Atom,
    Dict,
    Enum,
    EnumAtom,
    Fn,
    List,
    Table,
    Value,
    Vec,
    array,
    at,
    column,
    count,
    empty_like,
    enlist,
    is_list,
    items,
    longs,
    pack,
    pick,
    repeat,
    syms,
    unenum,
)

_WHOLE = frozenset([BOOL, BYTE, SHORT, INT, LONG])


def whole(x: Value) -> int:
    """The number in an integer atom.

    Raises:
        QError: ``type`` for anything else.
    """
    if isinstance(x, Atom) and -x.t in _WHOLE:
        return int(x.v)
    raise QError("type")


def til(x: Value) -> Value:
    """``til n``: 0 to n-1.

    Raises:
        QError: ``type`` or ``domain`` where n is no number from 0.
    """
    n = whole(x)
    if n < 0:
        raise QError("domain")
    METER.take(n)
    return Vec(LONG, np.arange(n, dtype=np.int64))


def reverse(x: Value) -> Value:
    """The items in the other order."""
    if isinstance(x, Enum):
        return Enum(x.v[::-1], x.domain, x.held)
    if isinstance(x, Vec):
        return Vec(x.t, x.v[::-1])
    if isinstance(x, List):
        return List(x.v[::-1])
    if isinstance(x, Dict):
        return Dict(reverse(x.k), reverse(x.w))
    if isinstance(x, Table):
        return Table(x.cols, [reverse(c) for c in x.data])
    return x


def first(x: Value) -> Value:
    """The first item; an atom itself; the null of an empty list."""
    if isinstance(x, Atom | Fn):
        return x
    if isinstance(x, Dict) and not isinstance(x.w, Table):
        return first(x.w)
    return at(x, 0)


def last(x: Value) -> Value:
    """The last item; an atom itself."""
    if isinstance(x, Atom | Fn):
        return x
    if isinstance(x, Dict):
        x = x.w
    n = count(x)
    return at(x, n - 1 if n else 0)


# ---------------------------------------------------------------- join and raze


def join(x: Value, y: Value) -> Value:
    """``x,y``: one list after the other; dictionaries and tables by their keys and columns."""
    t = abs(x.t)
    if t == abs(y.t) and 0 < t < ENUM:
        return _join_basic(x, y, t)
    if isinstance(x, Table | Dict) or isinstance(y, Table | Dict):
        both = isinstance(x, Table | Dict) and isinstance(y, Table | Dict)
        return join_tables(x, y) if both else _join_mixed(x, y)
    if ENUM in (t, abs(y.t)) and {t, abs(y.t)} <= {ENUM, SYM}:
        return _join_enums(x, y)
    for one, other in ((x, y), (y, x)):
        if isinstance(one, List) and not one.v:
            return other if is_list(other) else enlist(other)
    METER.take(8 * (count(x) + count(y)))
    return pack(items(x) + items(y))


def _join_basic(x: Any, y: Any, t: int) -> Value:
    """Two atoms or vectors of one basic type."""
    n = (len(x.v) if x.t > 0 else 1) + (len(y.v) if y.t > 0 else 1)
    METER.take(n)
    if n < SHORT_LIST:
        return array(t, (x.v.tolist() if x.t > 0 else [x.v]) + (y.v.tolist() if y.t > 0 else [y.v]))
    a, b = (one.v if one.t > 0 else array(t, [one.v]).v for one in (x, y))
    return Vec(t, np.concatenate([a, b]))


def _join_mixed(x: Value, y: Value) -> Value:
    if isinstance(x, Table) and is_list(y) and not count(y):
        return x
    if isinstance(y, Table) and is_list(x) and not count(x):
        return y
    if isinstance(x, Table) and is_list(y) and count(y) == len(x.cols) and not isinstance(at(y, 0), Dict):
        data = [join(c, at(y, i)) for i, c in enumerate(x.data)]
        if len(set(map(count, data))) > 1:
            raise QError("length")
        return Table(x.cols, data)
    if isinstance(x, Dict) and not isinstance(x.k, Table) and not is_list(y) and not isinstance(y, Table):
        raise QError("type")
    if isinstance(x, Dict) and isinstance(x.k, Table):
        raise QError("type")
    if (isinstance(x, Dict) or isinstance(y, Dict)) and not (is_list(x) or is_list(y)):
        raise QError("type")
    left: list[Value] = [x] if isinstance(x, Dict) else items(x)
    right: list[Value] = [y] if isinstance(y, Dict) else items(y)
    return pack(left + right)


def _join_enums(x: Value, y: Value) -> Value:
    if isinstance(x, Enum | EnumAtom) and isinstance(y, Enum | EnumAtom) and x.domain == y.domain:
        return Enum(np.concatenate([np.atleast_1d(x.v), np.atleast_1d(y.v)]), x.domain, x.target)
    if is_list(x) or is_list(y):
        return join(unenum(x), unenum(y))
    return List([x, y])


def raze(x: Value) -> Value:
    """The items of a list joined to one list."""
    if isinstance(x, Dict):
        return raze(x.w)
    if not isinstance(x, List):
        return x if not isinstance(x, Atom) else enlist(x)
    if not x.v:
        return x
    t = x.v[0].t
    vectors = [one.v for one in x.v if isinstance(one, Vec) and one.t == t and t != ENUM]
    if len(vectors) == len(x.v):
        METER.take(sum(map(len, vectors)))
        return Vec(t, np.concatenate(vectors))
    if all(is_list(one) or isinstance(one, Atom) for one in x.v):
        filled = [one for one in x.v if not is_list(one) or count(one)]
        out = [item for one in filled for item in items(one)]
        METER.take(8 * len(out))
        return pack(out) if out else x.v[0]
    made = x.v[0]
    for one in x.v[1:]:
        made = join(made, one)
    return made if len(x.v) > 1 or not isinstance(made, Atom) else enlist(made)


# ---------------------------------------------------------------- take and drop


def take(x: Value, y: Value) -> Value:
    """``x#y``: the first or last x items, going round; a matrix for two numbers; columns or keys by name.

    Raises:
        QError: ``type`` where x does not say how much.
    """
    if isinstance(x, Table) and isinstance(y, Dict):
        where = find(y.k, x)
        if not isinstance(where, Vec):
            raise QError("type")
        hits = where.v[where.v < count(y.k)]
        return Dict(pick(y.k, hits), pick(y.w, hits))
    if isinstance(x, Atom):
        if x.t == -SYM:
            if isinstance(y, Dict | Table) and x.v not in NAMES:
                return _take_named(enlist(x), y)
            made = set_attribute(x.v, y)
            if x.v == "s" and isinstance(made, Dict) and isinstance(y, Dict) and isinstance(y.k, Table):
                CONTEXT.now.renew(y, Dict(made.k, y.w, y.attr))  # the keys in the variable are marked too
            return made
        return _take_n(whole(x), y)
    if isinstance(x, Vec):
        if isinstance(y, Dict | Table) and not (isinstance(y, Table) and x.t in _WHOLE):
            return _take_named(x, y)
        if x.t in _WHOLE and len(x.v) >= 1:
            return _reshape(x.v.astype(np.int64).tolist(), y)
    if isinstance(x, List) and isinstance(y, Dict):
        return _take_named(x, y)
    raise QError("type")


def _take_named(x: Value, y: Value) -> Value:
    if isinstance(y, Dict):
        if isinstance(y.k, Table):
            wanted = set(names_of(x))
            assert isinstance(y.w, Table)
            kept = [c for c in y.w.cols if c in wanted]
            if not kept:
                raise QError("length")
            return Dict(y.k, _take_named(syms(kept), y.w))
        if not count(x):
            return Dict(empty_like(y.k), empty_like(y.w))
        where = find(y.k, x)
        if not isinstance(where, Vec):
            raise QError("type")
        return Dict(x, pick(y.w, where.v))
    assert isinstance(y, Table)
    names = names_of(x)
    return Table(names, [column(y, name) for name in names])


def _take_n(n: int, y: Value) -> Value:
    size = abs(n)
    METER.take(size)
    if isinstance(y, Dict):
        return Dict(_take_n(n, y.k), _take_n(n, y.w))
    if isinstance(y, Atom):
        return repeat(y, size)
    if isinstance(y, Fn):
        return pack([y] * size)
    total = count(y)
    if not size:
        return empty_like(y)
    if not total:
        return pick(y, np.full(size, -1)) if not isinstance(y, List) else List([List([])] * size)
    if size <= total:
        return _part(y, 0, size) if n >= 0 else _part(y, total - size, total)
    at_ = np.arange(size) % total if n >= 0 else np.arange(total - size, total) % total
    return pick(y, at_)


def _part(x: Value, start: int, stop: int) -> Value:
    """Items that stand together."""
    return Vec(x.t, x.v[start:stop]) if type(x) is Vec else pick(x, np.arange(start, stop))


def _reshape(shape: list[int], y: Value) -> Value:
    values = y if is_list(y) or isinstance(y, Table) else enlist(y)
    total = count(values)
    if len(shape) == 1:
        return _take_n(shape[0], y)
    hole = NULLS[LONG]
    if len(shape) == 2 and hole in shape:
        if shape[0] == hole:
            width = shape[1]
            if width < 1:
                raise QError("domain")
            return List([pick(values, np.arange(i, min(i + width, total))) for i in range(0, total, width)])
        rows = shape[0]
        if rows < 1:
            raise QError("domain")
        METER.take(8 * rows)
        bounds = [i * total // rows for i in range(rows + 1)]
        return List([pick(values, np.arange(a, b)) for a, b in pairwise(bounds)])
    if hole in shape or min(shape) < 0 or 0 in shape[:-1]:
        raise QError("domain")
    size = 1
    for one in shape:
        size *= max(one, 0)
    METER.take(8 * size)
    return _fill_shape(shape, values, [0])


def _fill_shape(shape: list[int], values: Value, place: list[int]) -> Value:
    if len(shape) == 1:
        start = place[0]
        place[0] += shape[0]
        total = count(values)
        if not total:
            return _take_n(shape[0], values)
        return pick(values, np.arange(start, start + shape[0]) % total)
    return List([_fill_shape(shape[1:], values, place) for _ in range(shape[0])])


def drop(x: Value, y: Value) -> Value:
    """``x _ y``: without the first or last x items; cut at positions; without keys or columns.

    Raises:
        QError: ``type`` or ``domain`` where x cannot drop.
    """
    if isinstance(x, Dict) and not isinstance(y, Dict):
        if is_list(y) and not isinstance(x.k, Table):
            raise QError("type")
        return _drop_keys(y, x)
    if isinstance(y, Dict) and not (isinstance(x, Atom) and -x.t in _WHOLE):
        return _drop_keys(x, y)
    if isinstance(x, Atom) and -x.t in _WHOLE:
        return _drop_n(int(x.v), y)
    if isinstance(y, Table) and isinstance(x, Vec | Atom) and abs(x.t) == SYM:
        if isinstance(x, Atom):
            raise QError("type")
        gone = set(names_of(x))
        kept = [c for c in y.cols if c not in gone]
        return Table(kept, [y.data[y.cols.index(c)] for c in kept])
    if isinstance(y, Atom) and -y.t in _WHOLE and (is_list(x) or isinstance(x, Table)):
        i, n = int(y.v), count(x)
        if not 0 <= i < n:
            return x
        return pick(x, np.delete(np.arange(n), i))
    if isinstance(x, Vec) and x.t in _WHOLE:
        return cut_at(x.v.astype(np.int64).tolist(), y)
    if isinstance(x, List) and not x.v:
        return y
    raise QError("type")


def _drop_n(n: int, y: Value) -> Value:
    if isinstance(y, Dict):
        return Dict(_drop_n(n, y.k), _drop_n(n, y.w))
    if isinstance(y, Atom | Fn):
        raise QError("type")
    total = count(y)
    start, stop = (min(n, total), total) if n >= 0 else (0, max(0, total + n))
    return _part(y, start, stop) if start < stop else empty_like(y)


def _drop_keys(x: Value, y: Dict) -> Value:
    if isinstance(y.k, Table):
        if is_list(x) and not count(x):
            return y
        if (
            isinstance(x, Vec)
            and x.t == SYM
            and isinstance(y.w, Table)
            and set(x.v.tolist()) <= set(y.w.cols)
        ):
            return Dict(y.k, drop(x, y.w))
        x = enlist(x) if isinstance(x, Dict) and not isinstance(x.k, Table) else x
    where = find(y.k, x)
    gone = np.atleast_1d(where.v) if isinstance(where, Atom | Vec) else np.array([], np.int64)
    kept = np.setdiff1d(np.arange(count(y.k)), gone)
    return Dict(pick(y.k, kept), pick(y.w, kept))


def cut_at(places: list[int], y: Value) -> Value:
    """A list cut before each of rising positions.

    Raises:
        QError: ``domain`` where they fall or leave the list.
    """
    if not places:
        return List([])
    n = count(y)
    if any(a > b for a, b in pairwise(places)):
        raise QError("domain")
    if not 0 <= places[0] <= places[-1] <= n:
        raise QError("length")
    ends = [*places[1:], n]
    pieces = zip(places, ends, strict=True)
    return List([pick(y, np.arange(a, b)) if b > a else empty_like(y) for a, b in pieces])


def cut(x: Value, y: Value) -> Value:
    """``x cut y``: in pieces of x items, or at positions.

    Raises:
        QError: ``length`` for 0, ``domain`` for less, or what dropping raises.
    """
    if isinstance(x, Atom) and -x.t in _WHOLE:
        n, total = int(x.v), count(y)
        if n <= 0:
            raise QError("length" if n == 0 else "domain")
        METER.take(8 * (total // n + 1))
        return List([pick(y, np.arange(i, min(i + n, total))) for i in range(0, total, n)])
    return drop(x, y)


def sublist(x: Value, y: Value) -> Value:
    """``x sublist y``: at most x items from the front or back, or (start; length).

    Raises:
        QError: ``type`` where x is neither.
    """
    if isinstance(y, Dict):
        return Dict(sublist(x, y.k), sublist(x, y.w))
    total = count(y)
    if isinstance(x, Atom):
        n = whole(x)
        at_ = np.arange(min(n, total)) if n >= 0 else np.arange(max(0, total + n), total)
    elif isinstance(x, Vec) and len(x.v) == 2 and x.t in _WHOLE:
        start, size = (int(one) for one in x.v)
        at_ = np.arange(max(0, start), max(0, min(start + size, total)))
    else:
        raise QError("type")
    return pick(y, at_) if len(at_) else empty_like(y)


def rotate(x: Value, y: Value) -> Value:
    """``x rotate y``: the first x items go to the end.

    Raises:
        QError: ``type`` for a dictionary.
    """
    if isinstance(y, Dict):
        raise QError("type")
    n = whole(x)
    total = count(y)
    if isinstance(y, Atom) or not total:
        return y
    return pick(y, (np.arange(total) + n) % total)


def flip(x: Value) -> Value:
    """Rows as columns: of a list of lists, between a dictionary of columns and a table.

    Raises:
        QError: ``length`` where rows differ, ``rank`` where there is nothing to turn.
    """
    if isinstance(x, Dict):
        return flip_dict(x)
    if isinstance(x, Table):
        return flip_table(x)
    if not isinstance(x, List) or not x.v:
        raise QError("rank")
    lengths = {count(one) for one in x.v if is_list(one)}
    if not lengths:
        raise QError("rank")
    if len(lengths) > 1:
        raise QError("length")
    n = lengths.pop()
    METER.take(8 * n * len(x.v))
    rows = [items(one) if is_list(one) else [one] * n for one in x.v]
    return List([pack(list(column)) for column in zip(*rows, strict=True)])


def where(x: Value) -> Value:
    """Positions of the ones; each position as often as the number there says; keys of a dictionary.

    Raises:
        QError: ``type`` or ``domain`` for anything but numbers from 0.
    """
    if isinstance(x, Dict):
        found = where(x.w)
        return pick(x.k, found.v)  # type: ignore[attr-defined]
    if isinstance(x, Vec) and x.t == BOOL:
        return longs(np.nonzero(x.v)[0])
    if isinstance(x, Vec) and x.t in _WHOLE:
        if len(x.v) and x.v.min() < 0:
            raise QError("domain")
        METER.take(int(x.v.astype(np.int64).sum()))
        return longs(np.repeat(np.arange(len(x.v)), x.v))
    if isinstance(x, List) and not x.v:
        return longs([])
    raise QError("type")
