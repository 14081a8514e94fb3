"""Sums, averages and the like of lists, dictionaries and tables; running ones and those over windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine.atomic import add, divide, multiply
from prmkit_qlang.engine.compare import larger, lesser, nulls_in
from prmkit_qlang.engine.convert import to_type
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.lifting import One, Two
from prmkit_qlang.engine.lists import flip
from prmkit_qlang.engine.meter import METER
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
    Fn,
    List,
    Table,
    Value,
    Vec,
    enlist,
    flag,
    is_list,
    items,
    long,
    pack,
    real,
    syms,
    unenum,
)

SUM_TYPE = {BOOL: INT, BYTE: INT, SHORT: INT, CHAR: INT, REAL: REAL}


def by_column(fold: Callable[[Vec], Value], two: Two | None, empty: Value) -> One:
    """A reduction of a vector as one of all values: a table column by column, a list item by item.

    Args:
        fold: The reduction of a vector.
        two: What combines the items of a general list; None reduces its columns one by one.
        empty: The result for an empty general list.
    """

    def one(x: Value) -> Value:
        if isinstance(x, Dict):
            return one(x.w)
        if isinstance(x, Table):
            return Dict(syms(x.cols), pack([one(c) for c in x.data]))
        x = unenum(x)
        if isinstance(x, Vec):
            return fold(x)
        if isinstance(x, Atom):
            return fold(as_vector(x))
        if isinstance(x, Fn):
            raise QError("type")
        values = items(x)
        if not values:
            return empty
        if two is None:
            return pack([one(each) for each in items(flip(x))])
        state = values[0]
        for each in values[1:]:
            METER.step()
            state = two(state, each)
        return state

    return one


def numbers(x: Vec) -> Any:
    """A vector as floats, nulls as nan.

    Raises:
        QError: ``type`` for symbols and guids.
    """
    if x.t in (SYM, GUID):
        raise QError("type")
    return to_type(x.v, x.t, FLOAT)


def _sum(x: Vec) -> Value:
    if x.t in (SYM, GUID, CHAR):
        raise QError("type")
    t = SUM_TYPE.get(x.t, x.t)
    if t in FLOATING:
        with np.errstate(all="ignore"):
            total = float(_float_sum(x.v))
            if total != total:
                total = float(_float_sum(x.v[~np.isnan(x.v)]))
        return Atom(-t, float(np.float32(total)) if t == REAL else total)
    v = x.v
    if len(v) and x.t not in (BOOL, BYTE) and v.min() == NULLS[x.t]:
        v = v[v != NULLS[x.t]]
    return Atom(-t, int(v.sum(dtype=DTYPES[t])))


def _float_sum(v: Any) -> Any:
    """The sum of floats: one after another where that is cheap, as q does; numpy adds in pairs."""
    return np.cumsum(v, dtype=np.float64)[-1] if 0 < len(v) < 4096 else v.sum(dtype=np.float64)


def _product(x: Vec) -> Value:
    if x.t in (SYM, GUID, CHAR):
        raise QError("type")
    t = SUM_TYPE.get(x.t, x.t)
    v = x.v[~nulls_in(x)]
    with np.errstate(all="ignore"):
        if t in FLOATING:
            return Atom(-t, float(v.prod()))
        return Atom(-t, int(v.prod(dtype=DTYPES[t])))


def _extreme(*, largest: bool) -> Callable[[Vec], Value]:
    def fold(x: Vec) -> Value:
        if x.t in (SYM, GUID):
            raise QError("type")
        v = x.v
        if len(v) and (x.t in (BOOL, BYTE, CHAR) or (largest and x.t not in FLOATING)):
            best = v.max() if largest else v.min()
            if not largest or x.t in (BOOL, BYTE, CHAR) or best != NULLS[x.t]:
                return Atom(-x.t, best.item())
        if len(v) and x.t not in (BOOL, BYTE, CHAR):
            best = v.max() if largest else v.min()
            if best == best and best != NULLS[x.t]:
                return Atom(-x.t, best.item())
            v = v[~nulls_in(x)]
        if not len(v):
            bound = INFINITIES.get(x.t, 0 if largest else 255 if x.t != BOOL else 1)
            return Atom(-x.t, -bound if largest and x.t in INFINITIES else bound)
        return Atom(-x.t, (v.max() if largest else v.min()).item())

    return fold


def _average(x: Vec) -> Value:
    v = numbers(x)
    with np.errstate(all="ignore"):
        total = _float_sum(v)
        if total != total:
            v = v[~np.isnan(v)]
            total = _float_sum(v)
        return real(float(total / len(v)) if len(v) else math.nan)


def _variance(*, sample: bool) -> Callable[[Vec], Value]:
    def fold(x: Vec) -> Value:
        v = numbers(x)
        v = v[~np.isnan(v)]
        n = len(v)
        if n < (2 if sample else 1):
            return real(math.nan)
        mean = v.sum() / n
        return real(float(((v - mean) ** 2).sum() / (n - 1 if sample else n)))

    return fold


def _rooted(inner: Callable[[Vec], Value]) -> Callable[[Vec], Value]:
    def fold(x: Vec) -> Value:
        variance = inner(x)
        assert isinstance(variance, Atom)
        return real(math.sqrt(variance.v))

    return fold


def _median(x: Vec) -> Value:
    v = np.sort(np.where(np.isnan(numbers(x)), -np.inf, numbers(x)))
    n = len(v)
    if not n:
        return real(math.nan)
    middle = (v[(n - 1) // 2] + v[n // 2]) / 2
    return real(float(middle) if middle != -np.inf else math.nan)


def _truth(*, every: bool) -> Callable[[Vec], Value]:
    def fold(x: Vec) -> Value:
        if x.t in (SYM, GUID):
            raise QError("type")
        return flag((x.v != 0).all() if every else (x.v != 0).any())

    return fold


def _and(x: Value, y: Value) -> Value:
    return lesser(_boolean(x), _boolean(y))


def _or(x: Value, y: Value) -> Value:
    return larger(_boolean(x), _boolean(y))


def _boolean(x: Value) -> Value:
    if isinstance(x, Atom):
        return flag(x.v)
    if isinstance(x, Vec):
        return Vec(BOOL, x.v != 0)
    return pack([_boolean(one) for one in items(x)])


sum_ = by_column(_sum, add, long(0))
prd = by_column(_product, multiply, long(1))
max_ = by_column(_extreme(largest=True), larger, List([]))
min_ = by_column(_extreme(largest=False), lesser, List([]))
_plain_average = by_column(_average, None, real(math.nan))
var = by_column(_variance(sample=False), None, real(math.nan))
svar = by_column(_variance(sample=True), None, real(math.nan))
dev = by_column(_rooted(_variance(sample=False)), None, real(math.nan))
sdev = by_column(_rooted(_variance(sample=True)), None, real(math.nan))
med = by_column(_median, None, real(math.nan))
all_ = by_column(_truth(every=True), _and, flag(True))
any_ = by_column(_truth(every=False), _or, flag(False))


def avg(x: Value) -> Value:
    """The arithmetic mean without nulls; of a list of lists item by item, nulls included.

    Raises:
        QError: ``type`` for symbols and guids.
    """
    if isinstance(x, List) and any(map(is_list, x.v)):
        return divide(sum_(x), long(len(x.v)))
    if isinstance(x, List) and x.v and all(isinstance(one, Atom) for one in x.v):
        v = np.concatenate([numbers(as_vector(one)) for one in x.v])
        return real(float(np.nansum(v)) / len(v))
    return _plain_average(x)


def as_vector(x: Value) -> Vec:
    """An atom as a vector of one item.

    Raises:
        QError: ``type`` for anything but an atom of a basic type.
    """
    made = enlist(unenum(x))
    if not isinstance(made, Vec):
        raise QError("type")
    return made


# ---------------------------------------------------------------- pairs


def _pair(x: Value, y: Value) -> tuple[Any, Any]:
    x, y = unenum(x), unenum(y)
    if isinstance(x, List) or isinstance(y, List):
        raise QError("type")
    if isinstance(x, Atom) and isinstance(y, Vec):
        x = Vec(-x.t, np.full(len(y.v), x.v, dtype=DTYPES[-x.t]))
    if isinstance(y, Atom) and isinstance(x, Vec):
        y = Vec(-y.t, np.full(len(x.v), y.v, dtype=DTYPES[-y.t]))
    if not isinstance(x, Vec) or not isinstance(y, Vec):
        raise QError("type")
    if len(x.v) != len(y.v):
        raise QError("length")
    a, b = numbers(x), numbers(y)
    kept = ~(np.isnan(a) | np.isnan(b))
    return a[kept], b[kept]


def covariance(*, sample: bool) -> Callable[[Value, Value], Value]:
    """Cov and scov."""

    def two(x: Value, y: Value) -> Value:
        a, b = _pair(x, y)
        n = len(a)
        if n < (2 if sample else 1):
            return real(math.nan)
        return real(float(((a - a.mean()) * (b - b.mean())).sum() / (n - 1 if sample else n)))

    return two


def correlation(x: Value, y: Value) -> Value:
    """Pearson's correlation."""
    a, b = _pair(x, y)
    if not len(a):
        return real(math.nan)
    with np.errstate(all="ignore"):
        a, b = a - a.mean(), b - b.mean()
        below = float(np.sqrt((a**2).mean() * (b**2).mean()))
        return real(float((a * b).mean()) / below if below else math.nan)


def wsum(x: Value, y: Value) -> Value:
    """Weighted sum."""
    total = sum_(multiply(x, y))
    if isinstance(total, Atom) and total.t in (-INT, -LONG) and total.v != NULLS[-total.t] and is_list(x):
        return real(float(total.v))
    return total


def wavg(x: Value, y: Value) -> Value:
    """Weighted mean; items where either side is null are left out."""
    if isinstance(x, Vec) and isinstance(y, Vec):
        a, b = _pair(x, y)
        with np.errstate(all="ignore"):
            return real(float(np.divide((a * b).sum(), a.sum())))
    if isinstance(y, Dict):
        return wavg(x, y.w)
    if isinstance(y, Table):
        return Dict(syms(y.cols), pack([wavg(x, one) for one in y.data]))
    return divide(sum_(multiply(x, y)), sum_(multiply(x, ones(y))))


def ones(y: Value) -> Value:
    """What each item weighs in a mean: one, null where it is null."""
    if isinstance(y, Vec):
        return Vec(LONG, np.where(nulls_in(y), NULLS[LONG], 1))
    if is_list(y):
        return pack([ones(one) for one in items(y)])
    return long(1)
