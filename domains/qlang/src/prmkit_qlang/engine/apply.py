"""Application: functions run, lists and dictionaries are indexed, names stand for what they name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prmkit_qlang.engine.attributes import stepped
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import HOLE, Composition, Derived, Lambda, Prim, Projection, is_nil
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.search import find
from prmkit_qlang.engine.types import BOOL, BYTE, ENUM, INT, LONG, SHORT, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Fn,
    List,
    Table,
    Value,
    Vec,
    at,
    column,
    count,
    is_list,
    items,
    pack,
    pick,
    unenum,
)

_WHOLE = frozenset([BOOL, BYTE, SHORT, INT, LONG])
MAX_ARGS = 8


def apply(f: Value, args: Sequence[Value]) -> Value:
    """``f[a;b;...]``: run a function, or index data.

    Raises:
        QError: ``rank`` for too many arguments, ``type`` for what cannot be applied, or what f signals.
    """
    METER.steps -= 1
    if METER.steps < 0:
        raise QError("limit")
    if isinstance(f, Fn):
        return _run(f, args)
    if isinstance(f, Atom):
        if f.t == -SYM:
            return apply(CONTEXT.now.get(f.v), args)
        if f.t in (-LONG, -INT, -SHORT) and len(args) == 1:
            return CONTEXT.now.write(f.v, args[0])
        raise QError("type")
    if len(args) == 1:
        return index(f, args[0])
    return index_deep(f, args)


def _run(f: Fn, args: Sequence[Value]) -> Value:
    for one in args:
        if one is HOLE:
            return project(f, args)
    n = len(args)
    if type(f) is Lambda and n == f.rank:
        return f.runner(f, args)
    if isinstance(f, Prim):
        form = f.forms.get(n)
        if form is not None:
            return form(*args)
        if n < f.rank:
            return Projection(f, [*args, *[None] * (f.rank - n)], n)
        return f.call(args)
    if isinstance(f, Derived):
        return derived(f, args)
    if isinstance(f, Composition):
        result = apply(f.fs[-1], args)
        for one in reversed(f.fs[:-1]):
            if isinstance(result, Projection) and result.f is f.fs[-1]:
                return Composition([*f.fs[:-1], result])
            result = apply(one, (result,))
        return result
    if n > f.rank:
        if isinstance(f, Projection) or n > MAX_ARGS:
            raise QError("rank")
        if n == 1 and isinstance(f, Lambda):
            return f.call(())
        raise QError("rank")
    if n < f.rank:
        return project(f, [*args, *[HOLE] * (f.rank - n)], n)
    if isinstance(f, Projection):
        waiting = iter(args)
        return apply(f.f, [next(waiting) if one is None else one for one in f.args])
    return f.call(args)


def project(f: Fn, args: Sequence[Value], given: int | None = None) -> Value:
    """A projection; one of a projection fills its places.

    Raises:
        QError: ``rank`` for too many arguments.
    """
    if isinstance(f, Projection):
        waiting = iter(args)
        filled = [(next(waiting, HOLE) if one is None else one) for one in f.args]
        return Projection(f.f, [None if one is HOLE else one for one in filled], f.given)
    if len(args) > (f.rank if isinstance(f, Lambda) else max(f.rank, MAX_ARGS)):
        raise QError("rank")
    return Projection(f, [None if one is HOLE else one for one in args], given)


def derived(f: Derived, args: Sequence[Value]) -> Value:
    """Run a function with an iterator; the iterators register themselves here."""
    return _DERIVED[f.adverb](f.f, list(args))


_DERIVED: dict[str, Callable[[Value, list[Value]], Value]] = {}


def register(adverb: str, run: Callable[[Value, list[Value]], Value]) -> None:
    """Say what runs an iterator: ``run(f, args)``."""
    _DERIVED[adverb] = run


# ---------------------------------------------------------------- indexing


def index(x: Value, i: Value) -> Value:
    """``x[i]``: items of a list, values of a dictionary, rows or columns of a table.

    Raises:
        QError: ``type`` where i cannot index x.
    """
    if isinstance(x, Fn):
        return apply(x, (i,))
    if is_nil(i):
        return x
    i = unenum(i)
    if isinstance(x, Dict):
        return _by_key(x, i)
    if isinstance(i, Atom):
        if -i.t in _WHOLE:
            return at(x, i.v)  # a null is out of range too
        if i.t == -SYM:
            return _named(x, i.v)
        raise QError("type")
    if isinstance(i, Vec):
        if i.t in _WHOLE:
            return pick(x, i.v.astype(np.int64))
        if i.t == SYM:
            return pack([_named(x, name) for name in i.v.tolist()])
        raise QError("type")
    if isinstance(i, Dict):
        return Dict(i.k, index(x, i.w))
    if isinstance(i, List):
        return pack([index(x, one) for one in i.v])
    raise QError("type")


def _named(x: Value, name: str) -> Value:
    if isinstance(x, Table):
        return column(x, name)
    if isinstance(x, List):
        return pack([index(one, Atom(-SYM, name)) for one in x.v])
    raise QError("type")


def _by_key(x: Dict, i: Value) -> Value:
    if x.attr == "s":
        return stepped(x, i)
    if isinstance(x.k, Table):
        return _by_row(x, x.k, i)
    if isinstance(x.w, Table) and isinstance(i, Atom | Vec) and x.k.t != abs(i.t) and abs(i.t) == SYM:
        return index(x.w, i)
    return _at_positions(x.w, find(x.k, i))


def _by_row(x: Dict, keys: Table, i: Value) -> Value:
    if (
        isinstance(i, Atom)
        and i.t == -SYM
        and i.v in keys.cols + (x.w.cols if isinstance(x.w, Table) else [])
    ):
        first = keys.data[0]
        if len(keys.cols) > 1 or abs(first.t) not in (SYM, ENUM, 0):
            return column(keys if i.v in keys.cols else x.w, i.v)  # type: ignore[arg-type]
    return _at_positions(x.w, find(keys, i))


def _at_positions(values: Value, where: Value) -> Value:
    if isinstance(where, Atom):
        return at(values, where.v)
    if isinstance(where, Vec):
        return pick(values, where.v)
    if isinstance(where, Dict):
        return Dict(where.k, _at_positions(values, where.w))
    return pack([_at_positions(values, one) for one in items(where)])


def index_deep(x: Value, path: Sequence[Value]) -> Value:
    """``x[i;j;...]`` and ``x . (i;j)``: each index goes one level deeper; a list keeps its level open.

    Raises:
        QError: ``rank`` or ``type`` where the path leaves the data.
    """
    if not path:
        return x
    head, rest = path[0], path[1:]
    if not rest:
        return index(x, head)
    if isinstance(x, Fn):
        return apply(x, path)
    if isinstance(x, Atom):
        if x.t == -SYM:
            return apply(x, path)
        raise QError("rank")
    if is_nil(head):
        return _each_deep(x, rest)
    taken = index(x, head)
    if isinstance(head, Atom) or (isinstance(x, Dict) and isinstance(head, Dict)) or _one_key(x, head):
        return index_deep(taken, rest)
    if isinstance(taken, Table) and isinstance(x, Table):
        return index(taken, rest[0]) if len(rest) == 1 else index_deep(index(taken, rest[0]), rest[1:])
    return pack([index_deep(one, rest) for one in items(taken)])


def _one_key(x: Value, head: Value) -> bool:
    """Whether a list is one key of a keyed table or of a dictionary with lists as keys."""
    if not isinstance(x, Dict):
        return False
    if isinstance(x.k, Table):
        return is_list(head) and count(head) == len(x.k.cols) and len(x.k.cols) > 1
    return isinstance(x.k, List) and isinstance(find(x.k, head), Atom)


def _each_deep(x: Value, rest: Sequence[Value]) -> Value:
    if isinstance(x, Table) and len(rest) == 1:
        return index(x, rest[0])
    if isinstance(x, Dict):
        if isinstance(x.w, Table) and len(rest) == 1:
            return Dict(x.k, index(x.w, rest[0]))
        return Dict(x.k, pack([index_deep(one, rest) for one in items(x.w)]))
    return pack([index_deep(one, rest) for one in items(x)])
