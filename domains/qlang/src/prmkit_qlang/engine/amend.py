"""Amendment: a new value with some items replaced or combined, by ``@``, ``.``, and indexed assignment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prmkit_qlang.engine.apply import index
from prmkit_qlang.engine.cast import enumerate_over
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import is_nil
from prmkit_qlang.engine.lists import join
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.rows import upsert
from prmkit_qlang.engine.search import find, row_keys
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    DTYPES,
    INT,
    LONG,
    SHORT,
    SYM,
)
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    EnumAtom,
    Fn,
    List,
    Table,
    Value,
    Vec,
    at,
    count,
    enum_domain,
    is_list,
    items,
    long,
    pack,
    repeat,
    unenum,
)

Change = Callable[[Value, Value | None], Value]
"""Old item and, where there is one, the value beside it → new item."""
_WHOLE = frozenset([BOOL, BYTE, SHORT, INT, LONG])


def replace(old: Value, new: Value | None) -> Value:
    """The change of plain assignment."""
    assert new is not None
    return new


def amend(x: Value, path: Sequence[Value], change: Change, y: Value | None, *, strict: bool = False) -> Value:
    """A value with the items at a path changed; y is spread over the places that a list in the path names.

    With ``strict`` a vector takes only values of its own type (indexed assignment).

    Raises:
        QError: ``type``, ``length`` or ``index`` where path or value do not fit.
    """
    if not path:
        return change(x, y)
    head, rest = path[0], path[1:]
    METER.step()
    if is_nil(head):
        return _everything(x, rest, change, y, strict)
    if isinstance(x, Table) and (isinstance(head, Atom | Vec) and abs(head.t) == SYM):
        return _columns(x, head, rest, change, y, strict)
    if isinstance(x, Table) and rest and isinstance(rest[0], Atom | Vec) and abs(rest[0].t) == SYM:
        return _columns(x, rest[0], [head, *rest[1:]], change, y, strict)
    if isinstance(head, Atom) or _single_key(x, head):
        return _one(x, head, rest, change, y, strict)
    if is_list(head) or isinstance(head, Table):
        places = items(head)
        values = _spread(y, len(places))
        for place, value in zip(places, values, strict=True):
            x = amend(x, [place, *rest], change, value, strict=strict)
        return x
    if isinstance(head, Dict) and isinstance(x, Dict):
        return _one(x, head, rest, change, y, strict)
    raise QError("type")


def _single_key(x: Value, head: Value) -> bool:
    if not isinstance(x, Dict):
        return False
    if isinstance(x.k, Table):
        return isinstance(head, Dict) or (
            is_list(head) and len(x.k.cols) > 1 and count(head) == len(x.k.cols)
        )
    return isinstance(x.k, List) and is_list(head) and isinstance(find(x.k, head), Atom)


def _spread(y: Value | None, n: int) -> list[Value | None]:
    if y is None or isinstance(y, Atom | Fn | Dict):
        return [y] * n
    if count(y) != n:
        raise QError("length")
    return list(items(y))


def _everything(x: Value, rest: Sequence[Value], change: Change, y: Value | None, strict: bool) -> Value:
    if isinstance(x, Dict):
        return Dict(x.k, _everything(x.w, rest, change, y, strict))
    if isinstance(x, Table):
        if rest:
            return amend(x, list(rest), change, y, strict=strict)
        return change(x, y)
    if not is_list(x):
        return amend(x, rest, change, y, strict=strict)
    values = _spread(y, count(x))
    out = [
        amend(one, rest, change, value, strict=strict) for one, value in zip(items(x), values, strict=True)
    ]
    if strict and isinstance(x, Vec) and any(not isinstance(one, Atom) for one in out):
        raise QError("type")
    return pack(out)


def _columns(
    x: Table, names: Value, rest: Sequence[Value], change: Change, y: Value | None, strict: bool
) -> Value:
    wanted = [one.v for one in items(names)]  # type: ignore[attr-defined]
    values = [y] if isinstance(names, Atom) else _spread(y, len(wanted))
    cols, data = list(x.cols), list(x.data)
    n = count(x)
    for name, value in zip(wanted, values, strict=True):
        if name in cols:
            i = cols.index(name)
            made = amend(data[i], rest, change, value, strict=strict and bool(rest))
            if not rest and not is_list(made):
                made = repeat(made, n)
            if count(made) != n:
                raise QError("length")
            data[i] = made
        elif not rest and change is replace and value is not None:
            made = value if is_list(value) else repeat(value, n)
            if cols and count(made) != n:
                raise QError("length")
            cols.append(name)
            data.append(made)
        else:
            raise QError(str(name))
    return Table(cols, data)


def _one(x: Value, i: Value, rest: Sequence[Value], change: Change, y: Value | None, strict: bool) -> Value:
    if isinstance(x, Dict):
        return _in_dict(x, i, rest, change, y, strict)
    if isinstance(x, Table):
        row = amend(index(x, i), rest, change, y, strict=strict)
        return _put_row(x, i, row)
    if not is_list(x):
        raise QError("type" if isinstance(x, Atom) else "rank")
    if not isinstance(i, Atom) or -i.t not in _WHOLE:
        raise QError("type")
    place, n = int(i.v), count(x)
    if not 0 <= place < n:
        raise QError("length")
    new = amend(at(x, place), rest, change, y, strict=strict)
    return put(x, place, new, strict=strict)


def put(x: Value, place: int, new: Value, *, strict: bool) -> Value:
    """A list with one item replaced; a vector becomes a general list where the item is of another type.

    Raises:
        QError: ``type`` where that is asked to be strict.
    """
    if isinstance(x, Enum):
        return _put_enum(x, place, new)
    if isinstance(x, Vec):
        v = unenum(new)
        if isinstance(v, Atom) and -v.t == x.t:
            out = x.v.copy()
            out[place] = v.v
            return Vec(x.t, out)
        if strict:
            raise QError("type")
        values = items(x)
        values[place] = new
        return pack(values)
    assert isinstance(x, List)
    values = list(x.v)
    values[place] = new
    return pack(values)


def _put_enum(x: Enum, place: int, new: Value) -> Value:
    target = enum_domain(x.target)
    if isinstance(new, EnumAtom):
        i = new.v
    elif isinstance(new, Atom) and new.t == -SYM and isinstance(target, Vec):
        found = find(target, new)
        i = found.v  # type: ignore[attr-defined]
        if i >= len(target.v):
            raise QError("cast")
    else:
        raise QError("type")
    out = x.v.copy()
    out[place] = i
    return Enum(out, x.domain, x.held)


def _put_row(x: Table, i: Value, row: Value) -> Value:
    if isinstance(row, Dict):
        fields = [index(row, Atom(-SYM, c)) for c in x.cols]
    elif is_list(row) and count(row) == len(x.cols):
        fields = items(row)
    else:
        raise QError("type")
    if not isinstance(i, Atom) or not 0 <= i.v < count(x):
        raise QError("length")
    return Table(x.cols, [put(c, i.v, one, strict=True) for c, one in zip(x.data, fields, strict=True)])


def _in_dict(
    x: Dict, key: Value, rest: Sequence[Value], change: Change, y: Value | None, strict: bool
) -> Value:
    if isinstance(x.k, Table):
        return _in_keyed(x, key, rest, change, y, strict)
    where = find(x.k, key)
    if not isinstance(where, Atom):
        raise QError("type")
    place, n = where.v, count(x.k)
    if place < n:
        new = amend(at(x.w, place), rest, change, y, strict=strict)
        values = x.w if isinstance(x.w, Vec | List) else pack(items(x.w))
        return Dict(x.k, put(values, place, new, strict=strict and (bool(rest) or isinstance(values, Vec))))
    old = at(x.w, -1) if rest or change is not replace else List([])
    new = amend(old, rest, change, y)
    keys = _append(x.k, key)
    if isinstance(x.w, Vec) and strict and isinstance(new, Atom) and -new.t != x.w.t and count(x.w):
        raise QError("type")
    return Dict(keys, _append(x.w, new))


def _append(x: Value, one: Value) -> Value:
    if isinstance(x, Enum):
        return pack([*items(x), one])
    if isinstance(x, Vec) and isinstance(one, Atom) and -one.t == x.t and x.v.dtype != object:
        return Vec(x.t, np.append(x.v, np.array([one.v], dtype=DTYPES[x.t])))
    return pack([*items(x), one])


def _in_keyed(
    x: Dict, key: Value, rest: Sequence[Value], change: Change, y: Value | None, strict: bool
) -> Value:
    keys, values = x.k, x.w
    if not isinstance(keys, Table) or not isinstance(values, Table):
        raise QError("type")
    if (
        isinstance(key, Atom)
        and key.t == -SYM
        and key.v in values.cols
        and key.v not in (row_keys([keys.data[0]]))
    ):
        return Dict(keys, amend(values, [key, *rest], change, y, strict=strict))
    where = find(keys, key)
    if not isinstance(where, Atom):
        raise QError("type")
    if where.v < count(keys):
        return Dict(keys, amend(values, [long(where.v), *rest], change, y, strict=strict))
    fields = [key] if len(keys.cols) == 1 and not isinstance(key, Dict) else items(key)
    row = amend(at(values, -1), rest, change, y, strict=False)
    cells = [index(row, Atom(-SYM, c)) for c in values.cols] if isinstance(row, Dict) else items(row)
    if len(cells) != len(values.cols):
        raise QError("length")
    grown = Table(keys.cols, [_append(c, one) for c, one in zip(keys.data, fields, strict=True)])
    return Dict(
        grown, Table(values.cols, [_append(c, one) for c, one in zip(values.data, cells, strict=True)])
    )


def appended(old: Value, new: Value) -> Value:
    """``x,:y``: like join, but a list of one type stays one, an enumeration too; rows go into a table.

    Raises:
        QError: ``type`` for a value of another type, ``cast`` for a symbol that is not in the enumeration.
    """
    if isinstance(old, Table | Dict):
        return upsert(old, new)
    if isinstance(old, Enum):
        added = new if isinstance(new, Enum | EnumAtom) else enumerate_over(old.domain, new)
        return join(old, added)
    if isinstance(old, List) and old.v and isinstance(old.v[0], Vec | List) and isinstance(new, Vec):
        return List([*old.v, new])
    if isinstance(old, Vec) and len(old.v) and isinstance(new, Atom | Vec):
        if abs(new.t) != old.t and not (abs(new.t) == 20 and old.t == SYM):
            raise QError("type")
        made = join(old, unenum(new))
        if old.attr in ("u", "g") and isinstance(made, Vec):
            fresh = old.attr == "g" or len({*made.v.tolist()}) == len(made.v)
            return Vec(made.t, made.v, old.attr if fresh else "")
        if old.attr == "s" and isinstance(made, Vec) and bool(np.all(made.v[:-1] <= made.v[1:])):
            return Vec(made.t, made.v, "s")
        return made
    return join(old, new)
