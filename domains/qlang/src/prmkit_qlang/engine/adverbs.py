"""Iterators: each, each left and right, each prior, and the accumulators over and scan in all their forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prmkit_qlang.engine.apply import apply, index, register
from prmkit_qlang.engine.atomic import add, multiply
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.folds import FOLDS, SCANS, seed_of
from prmkit_qlang.engine.functions import Derived, Prim, Projection
from prmkit_qlang.engine.joins import lj
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.rows import beside
from prmkit_qlang.engine.text import sv, vs
from prmkit_qlang.engine.types import BOOL, FLOATING, INT, LAMBDA, LONG, SHORT
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Fn,
    List,
    Table,
    Value,
    Vec,
    at,
    count,
    empty_like,
    enlist,
    is_keyed,
    is_list,
    items,
    match,
    pack,
    pick,
)

_COUNTS = frozenset([-BOOL, -SHORT, -INT, -LONG])


def _iterable(x: Value) -> bool:
    return 0 <= x.t < LAMBDA


def each(f: Value, args: list[Value]) -> Value:
    """``f'[x;...]``: over the items of lists of one length; atoms are repeated. On an int list: case.

    Raises:
        QError: ``length`` where the lists differ.
    """
    if not isinstance(f, Fn) and is_list(f) and len(args) > 1 and abs(f.t) in (BOOL, SHORT, INT, LONG):
        return _case(f, args)
    if len(args) == 1:
        return _each_one(f, args[0])
    if isinstance(f, Prim) and f.name == "," and isinstance(args[0], Table) and isinstance(args[1], Table):
        return beside(args[0], args[1])
    lists = [one for one in args if _iterable(one)]
    if not lists:
        return apply(f, args)
    keys = next((one for one in lists if isinstance(one, Dict)), None)
    if keys is not None:
        return Dict(keys.k, each(f, [_aligned(one, keys) for one in args]))
    n = count(lists[0])
    if any(count(one) != n for one in lists):
        raise QError("length")
    METER.take(8 * n)
    columns = [items(one) if _iterable(one) else [one] * n for one in args]
    return pack([apply(f, row) for row in zip(*columns, strict=True)])


def _aligned(x: Value, keys: Dict) -> Value:
    if isinstance(x, Dict):
        return x.w if match(x.k, keys.k) else index(x, keys.k)
    return x


def _each_one(f: Value, x: Value) -> Value:
    if isinstance(x, Dict):
        whole = not isinstance(x.w, Table)
        return Dict(x.k, _each_one(f, x.w) if whole else pack([apply(f, (one,)) for one in items(x.w)]))
    if not _iterable(x):
        return apply(f, (x,))
    if isinstance(x, Vec) and isinstance(f, Prim) and f.atomic:
        return apply(f, (x,))
    n = count(x)
    if not n:
        return _nothing(f, x)
    METER.take(8 * n)
    return pack([apply(f, (one,)) for one in items(x)])


def _nothing(f: Value, x: Value) -> Value:
    if isinstance(f, Prim) and f.atomic:
        return apply(f, (x,))
    if not isinstance(f, Fn) and is_list(f):
        return empty_like(f)
    return List([])


def _case(f: Value, args: list[Value]) -> Value:
    keyed = [one for one in args if isinstance(one, Dict)]
    if keyed:
        if any(count(one) != count(f) for one in args if _iterable(one)):
            raise QError("length")
        if any(not match(one.k, keyed[0].k) for one in keyed):
            raise QError("domain")
        args = [one.w if isinstance(one, Dict) else one for one in args]
    n = max([count(f), *(count(one) for one in args if is_list(one))])
    if any(is_list(one) and count(one) != n for one in args):
        raise QError("length")
    picked = [i.v for i in items(f)]  # type: ignore[attr-defined]
    return pack([at(args[p], i) if is_list(args[p]) else args[p] for i, p in enumerate(picked)])


def each_right(f: Value, args: list[Value]) -> Value:
    """``x f/:y``: x with each item of y; ``(s/:)y`` joins texts by s."""
    if len(args) == 1 and not isinstance(f, Fn):
        return sv(f, args[0])
    x, y = _two(args)
    if isinstance(y, Dict):
        return Dict(y.k, each_right(f, [x, y.w]))
    if not _iterable(y):
        return apply(f, (x, y))
    METER.take(8 * count(y))
    return pack([apply(f, (x, one)) for one in items(y)])


def each_left(f: Value, args: list[Value]) -> Value:
    r"""``x f\:y``: each item of x with y; ``(s\:)y`` cuts a text at s."""
    if len(args) == 1 and not isinstance(f, Fn):
        return vs(f, args[0])
    x, y = _two(args)
    if is_keyed(y) and isinstance(f, Prim) and f.name == "," and (isinstance(x, Table) or is_keyed(x)):
        return lj(x, y)  # so it is built into q
    if isinstance(x, Dict):
        return Dict(x.k, each_left(f, [x.w, y]))
    if not _iterable(x):
        return apply(f, (x, y))
    METER.take(8 * count(x))
    return pack([apply(f, (one, y)) for one in items(x)])


def _two(args: list[Value]) -> tuple[Value, Value]:
    if len(args) != 2:
        raise QError("rank")
    return args[0], args[1]


def each_prior(f: Value, args: list[Value]) -> Value:
    """``f':x``: each item with the one before it; the first one with the seed."""
    if isinstance(f, Fn) and _rank(f) == 1:
        return each(f, args)  # each parallel
    x = args[-1]
    if isinstance(x, Dict):
        return Dict(x.k, each_prior(f, [*args[:-1], x.w]))
    if isinstance(x, Table):
        return Table(x.cols, [each_prior(f, [*args[:-1], c]) for c in x.data])
    if not is_list(x):
        return apply(f, (x, args[0])) if len(args) == 2 else x
    n = count(x)
    before = args[0] if len(args) == 2 else seed_of(f, x)
    if not n:
        return x
    if isinstance(x, Vec) and isinstance(before, Atom) and isinstance(f, Prim) and f.atomic and n > 8:
        rest = apply(f, (pick(x, np.arange(1, n)), pick(x, np.arange(n - 1))))
        first = apply(f, (at(x, 0), before))
        if isinstance(rest, Vec) and isinstance(first, Atom) and rest.t == -first.t:
            return Vec(rest.t, np.concatenate([np.array([first.v], dtype=rest.v.dtype), rest.v]))
    METER.take(8 * n)
    out = []
    bare = len(args) == 1 and isinstance(f, Prim) and f.name == ","
    for i, one in enumerate(items(x)):
        out.append(one if bare and not i else apply(f, (one, before)))
        before = one
    return pack(out)


def _rank(f: Fn) -> int:
    """How many arguments an iterator takes a function to have."""
    if not isinstance(f, Derived):
        return f.rank
    if f.adverb == "'":
        return _rank(f.f) if isinstance(f.f, Fn) else 1
    return 2 if f.adverb in ("/:", "\\:") else 1


# ---------------------------------------------------------------- accumulators


def over(f: Value, args: list[Value]) -> Value:
    """``f/``: converge, do, while, or reduce."""
    return _accumulate(f, args, keep=False)


def scan(f: Value, args: list[Value]) -> Value:
    r"""``f\``: like over, with every value on the way."""
    return _accumulate(f, args, keep=True)


def _accumulate(f: Value, args: list[Value], *, keep: bool) -> Value:
    n = len(args)
    rank = _rank(f) if isinstance(f, Fn) else 1
    if rank > 2:
        assert isinstance(f, Fn)
        return _fold_many(f, args, keep)
    if not isinstance(f, Fn) and n == 2 and not _repeats(args[0]):
        return _recurrence(f, args, keep) if abs(f.t) in FLOATING else _fold(f, args, keep)
    if rank == 1:
        if n == 1:
            return _converge(f, args[0], keep)
        if n == 2:
            return _repeat(f, args[0], args[1], keep)
        raise QError("rank")
    if n > 2:
        raise QError("rank")
    return _fold(f, args, keep)


def _recurrence(f: Value, args: list[Value], keep: bool) -> Value:
    r"""``x y\z`` of floats: each item of z, and the result before it times the item of y."""
    made: Value = args[0]
    out: list[Value] = []
    rows = items(args[1])
    factors = [f] * len(rows) if isinstance(f, Atom) else items(f)
    if len(factors) != len(rows):
        raise QError("length")
    for factor, one in zip(factors, rows, strict=True):
        METER.step()
        made = add(one, multiply(made, factor))
        out.append(made)
    return pack(out) if keep else made


def _repeats(x: Value) -> bool:
    return x.t in _COUNTS or isinstance(x, Fn)


def _converge(f: Value, x: Value, keep: bool) -> Value:
    first, seen = x, [x]
    METER.take(1)
    while True:
        METER.step(1 + _nested(x))
        following = apply(f, (x,))
        if match(following, x) or match(following, first):
            break
        x = following
        if keep:
            METER.take(8 + count(x))
            seen.append(x)
    return pack(seen) if keep else x


def _nested(x: Value) -> int:
    """How many general lists and dictionaries a value holds: each turn compares them all."""
    total, waiting = 0, [x]
    while waiting:
        one = waiting.pop()
        if isinstance(one, List):
            waiting.extend(inner for inner in one.v if isinstance(inner, List | Dict))
        elif isinstance(one, Dict):
            waiting.extend((one.k, one.w))
        else:
            continue
        total += 1
    return total


def _repeat(f: Value, how: Value, x: Value, keep: bool) -> Value:
    seen = [x]

    def go_on() -> None:
        nonlocal x
        METER.step()
        x = apply(f, (x,))
        if keep:
            METER.take(8 + count(x))
            seen.append(x)

    if how.t in _COUNTS:
        for _ in range(how.v):  # type: ignore[attr-defined]
            go_on()
    elif isinstance(how, Fn | Dict) or is_list(how):
        while True:
            test = apply(how, (x,))
            if not isinstance(test, Atom) or test.t not in (*_COUNTS, -4):
                raise QError("type")
            if not test.v:
                break
            go_on()
    else:
        raise QError("type")
    return pack(seen) if keep else x


def _fold(f: Value, args: list[Value], keep: bool) -> Value:
    x = args[-1]
    if isinstance(f, Prim):
        quick = (SCANS if keep else FOLDS).get(f.name)
        if quick is not None and isinstance(x, Vec):
            made = quick(args[0] if len(args) == 2 else None, x)
            if made is not None:
                return made
    if isinstance(x, Dict):
        made_ = _fold(f, [*args[:-1], x.w], keep)
        return Dict(x.k, made_) if keep else made_
    if not _iterable(x):
        return apply(f, (args[0], x)) if len(args) == 2 else x
    if isinstance(x, Table) and keep and len(args) == 1 and isinstance(f, Prim) and f.atomic:
        return Table(x.cols, [_fold(f, [c], True) for c in x.data])
    values = items(x)
    if len(args) == 2:
        state = args[0]
    elif values:
        state, values = values[0], values[1:]
        if isinstance(f, Prim) and f.name == "," and isinstance(state, Atom):
            state = enlist(state)
        if keep:
            return _scanned(f, state, values, [state])
    else:
        return seed_of(f, x, empty=True)
    if keep:
        return _scanned(f, state, values, [])
    for one in values:
        METER.step()
        state = apply(f, (state, one))
    return state


def _scanned(f: Value, state: Value, values: list[Value], out: list[Value]) -> Value:
    for one in values:
        METER.take(8 + count(state))
        state = apply(f, (state, one))
        out.append(state)
    return pack(out)


def _fold_many(f: Fn, args: list[Value], keep: bool) -> Value:
    if len(args) == 1 and f.rank > 2:
        return Projection(Derived(f, "\\" if keep else "/"), [None, args[0]])
    lists = args[1:]
    lengths = {count(one) for one in lists if _iterable(one)}
    if len(lengths) > 1:
        raise QError("length")
    if not lengths:
        return apply(f, args)
    n = lengths.pop()
    columns = [items(one) if _iterable(one) else [one] * n for one in lists]
    state = args[0]
    out: list[Value] = []
    for row in zip(*columns, strict=True):
        METER.step()
        state = apply(f, (state, *row))
        if keep:
            METER.take(8 + count(state))
            out.append(state)
    return pack(out) if keep else state


_RUNS: dict[str, Callable[[Value, list[Value]], Value]] = {
    "'": each, "/:": each_right, "\\:": each_left, "':": each_prior, "/": over, "\\": scan,
}  # fmt: skip
for _mark, _run in _RUNS.items():
    register(_mark, _run)
