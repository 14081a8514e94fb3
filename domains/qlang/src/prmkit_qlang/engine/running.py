"""Running sums and the like, and functions of neighbours: deltas, ratios, fills, next and prev."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prmkit_qlang.engine.aggregates import SUM_TYPE, numbers, ones
from prmkit_qlang.engine.atomic import add, divide, multiply, subtract
from prmkit_qlang.engine.compare import larger, lesser, nulls_in
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.lifting import One, Two
from prmkit_qlang.engine.lists import whole
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    DTYPES,
    FLOAT,
    FLOATING,
    GUID,
    INFINITIES,
    INT,
    LONG,
    NULLS,
    REAL,
    SHORT,
    SYM,
)
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    List,
    Table,
    Value,
    Vec,
    at,
    count,
    empty_like,
    is_list,
    items,
    long,
    pack,
    pick,
    unenum,
)


def running(step: Callable[[Vec], Vec], two: Two, zero: One) -> One:
    """A running reduction of a vector as one of all values."""

    def one(x: Value) -> Value:
        if isinstance(x, Dict):
            return Dict(x.k, one(x.w))
        if isinstance(x, Table):
            return Table(x.cols, [one(c) for c in x.data])
        x = unenum(x)
        if isinstance(x, Vec):
            return step(x)
        if isinstance(x, Atom):
            if -x.t in (SYM, GUID):
                raise QError("type")
            return x
        out: list[Value] = []
        for each in items(x):
            out.append(two(out[-1], zero(each)) if out else zero(each))
        return pack(out)

    return one


def _sums(x: Vec) -> Vec:
    if x.t in (SYM, GUID, CHAR):
        raise QError("type")
    t = SUM_TYPE.get(x.t, x.t)
    v = x.v
    if len(v) and x.t not in (BOOL, BYTE) and (x.t in FLOATING or v.min() == NULLS[x.t]):
        v = np.where(nulls_in(x), 0, v)
    with np.errstate(all="ignore"):
        return Vec(t, np.cumsum(v, dtype=DTYPES[t]))


def _prds(x: Vec) -> Vec:
    if x.t in (SYM, GUID, CHAR):
        raise QError("type")
    t = SUM_TYPE.get(x.t, x.t)
    v = np.where(nulls_in(x), 1, x.v)
    with np.errstate(all="ignore"):
        return Vec(t, np.cumprod(v, dtype=DTYPES[t]))


def _extremes(*, largest: bool) -> Callable[[Vec], Vec]:
    def step(x: Vec) -> Vec:
        if x.t in (SYM, GUID):
            raise QError("type")
        op = np.maximum if largest else np.minimum
        if x.t in (BOOL, BYTE, CHAR):
            return Vec(x.t, op.accumulate(x.v))
        bound = -INFINITIES[x.t] if largest else INFINITIES[x.t]
        return Vec(x.t, op.accumulate(np.where(nulls_in(x), bound, x.v).astype(DTYPES[x.t])))

    return step


def _without_nulls(neutral: int) -> One:
    """Nulls of numbers replaced: sums take them as 0, products as 1."""

    def one(x: Value) -> Value:
        if isinstance(x, Vec | Atom) and abs(x.t) in (SHORT, INT, LONG, REAL, FLOAT):
            lost = nulls_in(x)
            if np.any(lost):
                if isinstance(x, Atom):
                    return Atom(x.t, float(neutral) if -x.t in FLOATING else neutral)
                return Vec(x.t, np.where(lost, neutral, x.v).astype(DTYPES[x.t]))
        return x

    return one


sums = running(_sums, add, _without_nulls(0))
prds = running(_prds, multiply, _without_nulls(1))
maxs = running(_extremes(largest=True), larger, lambda x: x)
mins = running(_extremes(largest=False), lesser, lambda x: x)


def avgs(x: Value) -> Value:
    """Running means.

    Raises:
        QError: ``type`` for what has none.
    """
    if isinstance(x, Dict):
        return Dict(x.k, avgs(x.w))
    if isinstance(x, Atom):
        return divide(x, long(1))
    if isinstance(x, List):
        return divide(sums(x), sums(pack([ones(each) for each in x.v])))
    if isinstance(x, Table):
        return Table(x.cols, [avgs(c) for c in x.data])
    x = unenum(x)
    if not isinstance(x, Vec):
        raise QError("type")
    if x.t == CHAR:
        raise QError("type")
    v = numbers(x)
    lost = np.isnan(v)
    with np.errstate(all="ignore"):
        return Vec(FLOAT, np.cumsum(np.where(lost, 0, v)) / np.cumsum(~lost))


# ---------------------------------------------------------------- neighbours


def deltas(x: Value, seed: Value | None = None) -> Value:
    """Differences to the item before."""
    return _with_prior(x, subtract, seed)


def ratios(x: Value, seed: Value | None = None) -> Value:
    """Ratios to the item before."""
    return _with_prior(x, divide, seed)


def _with_prior(x: Value, two: Two, seed: Value | None) -> Value:
    if isinstance(x, Dict):
        return Dict(x.k, _with_prior(x.w, two, seed))
    if isinstance(x, Table):
        return Table(x.cols, [_with_prior(c, two, seed) for c in x.data])
    if isinstance(x, Atom):
        return x
    x = unenum(x)
    if isinstance(x, Vec) and len(x.v) and seed is None:
        if x.t in (SYM, GUID):
            raise QError("type")
        rest = two(Vec(x.t, x.v[1:]), Vec(x.t, x.v[:-1]))
        head = at(x, 0) if two is subtract else divide(at(x, 0), long(1))
        alike = rest.t == -head.t or (rest.t == INT and x.t in (BOOL, BYTE, SHORT))
        if isinstance(rest, Vec) and isinstance(head, Atom) and alike:
            return Vec(rest.t, np.concatenate([np.array([head.v], dtype=DTYPES[rest.t]), rest.v]))
        return pack([head, *items(rest)])
    values = items(x)
    out = []
    before = seed
    for one in values:
        out.append(two(one, before) if before is not None else one)
        before = one
    return pack(out) if out else x


def fills(x: Value) -> Value:
    """Nulls replaced by the last item before that is none."""
    if isinstance(x, Dict):
        return Dict(x.k, fills(x.w))
    if isinstance(x, Table):
        return Table(x.cols, [fills(c) for c in x.data])
    if isinstance(x, Enum):
        x = unenum(x)
    if isinstance(x, Vec):
        if not len(x.v):
            return x
        known = ~np.asarray(nulls_in(x), dtype=bool)
        last = np.maximum.accumulate(np.where(known, np.arange(len(x.v)), -1))
        return Vec(x.t, np.where(last >= 0, x.v[np.maximum(last, 0)], x.v).astype(DTYPES[x.t]))
    if isinstance(x, List):
        out: list[Value] = []
        for one in x.v:
            missing = isinstance(one, Atom) and bool(nulls_in(unenum(one)))
            out.append(out[-1] if missing and out else one)
        return pack(out)
    return x


def shift(x: Value, by: int) -> Value:
    """Each item replaced by the one so many places further on; nulls where there is none.

    Raises:
        QError: ``type`` for an atom, ``rank`` for a function.
    """
    if isinstance(x, Dict):
        return Dict(x.k, shift(x.w, by))
    if isinstance(x, Table):
        return Table(x.cols, [shift(c, by) for c in x.data])
    if not is_list(x):
        raise QError("type" if isinstance(x, Atom) else "rank")
    n = count(x)
    if not isinstance(x, List):
        return pick(x, np.arange(n) + by)
    hole = empty_like(x.v[0]) if x.v and is_list(x.v[0]) else at(x, -1)
    return List([x.v[i] if 0 <= i < n else hole for i in range(by, n + by)])


def following(x: Value) -> Value:
    """``next``: the item behind each."""
    return shift(x, 1)


def preceding(x: Value) -> Value:
    """``prev``: the item before each."""
    return shift(x, -1)


def xprev(x: Value, y: Value) -> Value:
    """``n xprev y``: the item n places before each."""
    return shift(y, -whole(x))
