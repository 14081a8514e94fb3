"""Sums, averages and the like of lists, dictionaries and tables; running ones and those over windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine.atomic import (
    add,
    divide,
    is_null,
    larger,
    lesser,
    multiply,
    nulls_in,
    subtract,
    to_type,
)
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import Fn
from prmkit_qlang.engine.lists import flip, whole
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    DATE,
    DATETIME,
    DTYPES,
    FLOAT,
    FLOATING,
    GUID,
    INFINITIES,
    INT,
    LONG,
    MONTH,
    NULLS,
    REAL,
    SHORT,
    SYM,
    TEMPORAL,
    TIMESPAN,
)
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    Value,
    Vec,
    count,
    flag,
    is_list,
    items,
    long,
    pack,
    real,
    unenum,
)

One = Callable[[Value], Value]
_SUM_TYPE = {BOOL: INT, BYTE: INT, SHORT: INT, CHAR: INT, REAL: REAL}


def by_column(fold: Callable[[Vec], Value], two: Callable[[Value, Value], Value] | None, empty: Value) -> One:
    """A reduction of a vector as one of all values: columns of a table, values of a dictionary, lists item by item."""

    def one(x: Value) -> Value:
        if isinstance(x, Dict):
            return one(x.w) if not isinstance(x.w, Table) else one(x.w)
        if isinstance(x, Table):
            return Dict(Vec(SYM, np.array(x.cols, dtype=object)), pack([one(c) for c in x.data]))
        x = unenum(x)
        if isinstance(x, Vec):
            return fold(x)
        if isinstance(x, Atom):
            return fold(Vec(-x.t, np.array([x.v], dtype=DTYPES[-x.t])))
        if isinstance(x, Fn):
            raise QError("type")
        values = items(x)
        if not values:
            return empty
        if two is None:
            turned = flip(x)
            return pack([one(each) for each in items(turned)])
        state = values[0] if len(values) > 1 else two(values[0], values[0]) if False else values[0]
        for each in values[1:]:
            METER.step()
            state = two(state, each)
        return state

    return one


def _numbers(x: Vec) -> Any:
    """A vector as floats, nulls as nan."""
    if x.t in (SYM, GUID):
        raise QError("type")
    return (
        to_type(x.v, x.t, FLOAT)
        if x.t not in TEMPORAL
        else to_type(x.v, DATETIME if x.t == DATETIME else LONG if x.t in (12, 16) else INT, FLOAT)
    )


def _sum(x: Vec) -> Value:
    if x.t in (SYM, GUID, CHAR):
        raise QError("type")
    t = _SUM_TYPE.get(x.t, x.t)
    if t in FLOATING:
        with np.errstate(all="ignore"):
            total = float(_float_sum(x.v))
            if total != total:
                total = float(_float_sum(x.v[~np.isnan(x.v)]))
        return Atom(-t, float(np.float32(total)) if t == REAL else total)
    v = x.v
    if x.t not in (BOOL, BYTE):
        if len(v) and v.min() == NULLS[x.t]:
            v = v[v != NULLS[x.t]]
    return Atom(-t, int(v.sum(dtype=DTYPES[t])))


def _float_sum(v: Any) -> Any:
    """The sum of floats: one after another where that is cheap, as q does; numpy adds in pairs."""
    return np.cumsum(v, dtype=np.float64)[-1] if 0 < len(v) < 4096 else v.sum(dtype=np.float64)


def _product(x: Vec) -> Value:
    if x.t in (SYM, GUID, CHAR) or x.t in TEMPORAL:
        raise QError("type")
    t = _SUM_TYPE.get(x.t, x.t)
    v = x.v[~nulls_in(x)]
    with np.errstate(all="ignore"):
        if t in FLOATING:
            return Atom(-t, float(v.prod()))
        return Atom(-t, int(v.prod(dtype=DTYPES[t])))


def _extreme(largest: bool) -> Callable[[Vec], Value]:
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
    v = _numbers(x)
    with np.errstate(all="ignore"):
        total = _float_sum(v)
        if total != total:
            v = v[~np.isnan(v)]
            total = _float_sum(v)
        return real(float(total / len(v)) if len(v) else math.nan)


def _variance(sample: bool) -> Callable[[Vec], Value]:
    def fold(x: Vec) -> Value:
        v = _numbers(x)
        v = v[~np.isnan(v)]
        n = len(v)
        if n < (2 if sample else 1):
            return real(math.nan)
        mean = v.sum() / n
        return real(float(((v - mean) ** 2).sum() / (n - 1 if sample else n)))

    return fold


def _rooted(inner: Callable[[Vec], Value]) -> Callable[[Vec], Value]:
    return lambda x: real(math.sqrt(inner(x).v))  # type: ignore[attr-defined]


def _median(x: Vec) -> Value:
    v = np.sort(np.where(np.isnan(_numbers(x)), -np.inf, _numbers(x)))
    n = len(v)
    if not n:
        return real(math.nan)
    middle = (v[(n - 1) // 2] + v[n // 2]) / 2
    return real(float(middle) if middle != -np.inf else math.nan)


def _truth(all_: bool) -> Callable[[Vec], Value]:
    def fold(x: Vec) -> Value:
        if x.t in (SYM, GUID):
            raise QError("type")
        return flag((x.v != 0).all() if all_ else (x.v != 0).any())

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


def _zeroed(x: Value) -> Value:
    """Nulls as zeros: sums leave them out."""
    if isinstance(x, Vec | Atom) and abs(x.t) in (SHORT, INT, LONG, REAL, FLOAT):
        lost = nulls_in(x)
        if np.any(lost):
            return (
                Vec(x.t, np.where(lost, 0, x.v).astype(DTYPES[x.t]))
                if x.t > 0
                else Atom(x.t, 0.0 if -x.t in FLOATING else 0)
            )
    return x


def _oned(x: Value) -> Value:
    if isinstance(x, Vec | Atom) and abs(x.t) in (SHORT, INT, LONG, REAL, FLOAT):
        lost = nulls_in(x)
        if np.any(lost):
            return Vec(x.t, np.where(lost, 1, x.v).astype(DTYPES[x.t])) if x.t > 0 else Atom(x.t, 1)
    return x


sum_ = by_column(_sum, add, long(0))
prd = by_column(_product, multiply, long(1))
max_ = by_column(_extreme(True), larger, List([]))
min_ = by_column(_extreme(False), lesser, List([]))
_plain_average = by_column(_average, None, real(math.nan))
var = by_column(_variance(False), None, real(math.nan))
svar = by_column(_variance(True), None, real(math.nan))
dev = by_column(_rooted(_variance(False)), None, real(math.nan))
sdev = by_column(_rooted(_variance(True)), None, real(math.nan))
med = by_column(_median, None, real(math.nan))
all_ = by_column(_truth(True), _and, flag(True))
any_ = by_column(_truth(False), _or, flag(False))


def avg(x: Value) -> Value:
    """The arithmetic mean without nulls; of a list of lists item by item, nulls included."""
    if isinstance(x, List) and x.v and any(is_list(one) for one in x.v):
        return divide(sum_(x), long(len(x.v)))
    if isinstance(x, List) and x.v and all(isinstance(one, Atom) for one in x.v):
        if any(-one.t in (SYM, GUID) or -one.t >= 20 for one in x.v):
            raise QError("type")
        v = np.array(
            [to_type(one.v, -one.t, FLOAT) if -one.t not in TEMPORAL else float(one.v) for one in x.v]
        )  # type: ignore[attr-defined]
        return real(float(np.nansum(v)) / len(v))
    return _plain_average(x)


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
    a, b = _numbers(x), _numbers(y)
    kept = ~(np.isnan(a) | np.isnan(b))
    return a[kept], b[kept]


def covariance(sample: bool) -> Callable[[Value, Value], Value]:
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
    with np.errstate(all="ignore"):
        top = float((a * b).mean() - a.mean() * b.mean()) if len(a) else math.nan
        below = (
            float(np.sqrt(((a - a.mean()) ** 2).mean() * ((b - b.mean()) ** 2).mean()))
            if len(a)
            else math.nan
        )
        return (
            real(((a - a.mean()) * (b - b.mean())).mean() / below if below else math.nan)
            if top == top
            else real(math.nan)
        )


def wsum(x: Value, y: Value) -> Value:
    """Weighted sum."""
    total = sum_(multiply(x, y))
    floating = (
        isinstance(total, Atom) and -total.t in (INT, LONG) and total.v != NULLS[-total.t] and is_list(x)
    )
    return real(float(total.v)) if floating else total  # type: ignore[attr-defined]


def wavg(x: Value, y: Value) -> Value:
    """Weighted mean; items where either side is null are left out."""
    if isinstance(x, Vec) and isinstance(y, Vec):
        a, b = _pair(x, y)
        with np.errstate(all="ignore"):
            return real(float(np.divide((a * b).sum(), a.sum())))
    if isinstance(y, Dict):
        return wavg(x, y.w)
    if isinstance(y, Table):
        return Dict(Vec(SYM, np.array(y.cols, dtype=object)), pack([wavg(x, one) for one in y.data]))
    return divide(sum_(multiply(x, y)), sum_(multiply(x, _ones(y))))


def _ones(y: Value) -> Value:
    if isinstance(y, Vec):
        return Vec(LONG, np.where(nulls_in(y), NULLS[LONG], 1))
    if is_list(y):
        return pack([_ones(one) for one in items(y)])
    return long(1)


# ---------------------------------------------------------------- running


def running(
    step: Callable[[Vec], Vec], two: Callable[[Value, Value], Value], zero: Callable[[Value], Value]
) -> One:
    """A running reduction of a vector as one of all values."""

    def one(x: Value) -> Value:
        if isinstance(x, Dict):
            return Dict(x.k, one(x.w))
        if isinstance(x, Table):
            return Table(x.cols, [one(c) for c in x.data])
        if isinstance(x, Vec):
            return step(x)
        if isinstance(x, Atom):
            if -x.t in (SYM, GUID):
                raise QError("type")
            return x
        values, out = items(x), []
        for each in values:
            out.append(two(out[-1], zero(each)) if out else zero(each))
        return pack(out)

    return one


def _sums(x: Vec) -> Vec:
    if x.t in (SYM, GUID, CHAR):
        raise QError("type")
    t = _SUM_TYPE.get(x.t, x.t)
    v = x.v
    if len(v) and x.t not in (BOOL, BYTE) and (x.t in FLOATING or v.min() == NULLS[x.t]):
        v = np.where(nulls_in(x), 0, v)
    with np.errstate(all="ignore"):
        return Vec(t, np.cumsum(v, dtype=DTYPES[t]))


def _prds(x: Vec) -> Vec:
    if x.t in (SYM, GUID, CHAR) or x.t in TEMPORAL:
        raise QError("type")
    t = _SUM_TYPE.get(x.t, x.t)
    v = np.where(nulls_in(x), 1, x.v)
    with np.errstate(all="ignore"):
        return Vec(t, np.cumprod(v, dtype=DTYPES[t]))


def _extremes(largest: bool) -> Callable[[Vec], Vec]:
    def step(x: Vec) -> Vec:
        if x.t in (SYM, GUID):
            raise QError("type")
        op = np.maximum if largest else np.minimum
        if x.t in (BOOL, BYTE, CHAR):
            return Vec(x.t, op.accumulate(x.v))
        bound = -INFINITIES[x.t] if largest else INFINITIES[x.t]
        return Vec(x.t, op.accumulate(np.where(nulls_in(x), bound, x.v).astype(DTYPES[x.t])))

    return step


sums = running(_sums, add, _zeroed)
prds = running(_prds, multiply, _oned)
maxs = running(_extremes(True), larger, lambda x: x)
mins = running(_extremes(False), lesser, lambda x: x)


def avgs(x: Value) -> Value:
    """Running means."""
    if isinstance(x, Dict):
        return Dict(x.k, avgs(x.w))
    if isinstance(x, Atom):
        return divide(x, long(1))
    if isinstance(x, List):
        ones = pack([_ones(each) for each in x.v])
        return divide(sums(x), sums(ones))
    if isinstance(x, Table):
        return Table(x.cols, [avgs(c) for c in x.data])
    v = _numbers(x)  # type: ignore[arg-type]
    lost = np.isnan(v)
    with np.errstate(all="ignore"):
        return Vec(FLOAT, np.cumsum(np.where(lost, 0, v)) / np.cumsum(~lost))


def deltas(x: Value, seed: Value | None = None) -> Value:
    """Differences to the item before."""
    return _with_prior(x, subtract, seed)


def ratios(x: Value, seed: Value | None = None) -> Value:
    """Ratios to the item before."""
    return _with_prior(x, divide, seed)


def _with_prior(x: Value, two: Callable[[Value, Value], Value], seed: Value | None) -> Value:
    if isinstance(x, Dict):
        return Dict(x.k, _with_prior(x.w, two, seed))
    if isinstance(x, Table):
        return Table(x.cols, [_with_prior(c, two, seed) for c in x.data])
    if isinstance(x, Atom):
        return x
    if isinstance(x, Vec) and len(x.v) and seed is None:
        first = Atom(-x.t, x.v[0].item()) if x.t not in (SYM, GUID) else None
        if first is None:
            raise QError("type")
        rest = two(Vec(x.t, x.v[1:]), Vec(x.t, x.v[:-1]))
        head = first if two is subtract else divide(first, long(1))
        if rest.t == -head.t:
            return Vec(rest.t, np.concatenate([np.array([head.v], dtype=rest.v.dtype), rest.v]))  # type: ignore[attr-defined]
        if rest.t == INT and x.t in (BOOL, BYTE, SHORT):
            return Vec(INT, np.concatenate([np.array([head.v], dtype=np.int32), rest.v]))  # type: ignore[attr-defined]
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
    if isinstance(x, Vec) and x.t == 20:
        x = unenum(x)
    if isinstance(x, Vec):
        known = ~np.asarray(nulls_in(x), dtype=bool)
        last = (
            np.maximum.accumulate(np.where(known, np.arange(len(x.v)), -1)) if len(x.v) else np.array([], int)
        )
        return (
            Vec(x.t, np.where(last >= 0, x.v[np.maximum(last, 0)], x.v).astype(DTYPES[x.t]))
            if len(x.v)
            else x
        )
    if isinstance(x, List):
        out: list[Value] = []
        for one in x.v:
            missing = isinstance(one, Atom) and bool(is_null(one).v)  # type: ignore[attr-defined]
            out.append(out[-1] if missing and out else one)
        return pack(out)
    return x


# ---------------------------------------------------------------- windows


def windowed(name: str) -> Callable[[Value, Value], Value]:
    """``n mavg x`` and its kin: a reduction of the last n items at every position."""

    def two(x: Value, y: Value) -> Value:
        if isinstance(y, Dict):
            return Dict(y.k, two(x, y.w))
        if isinstance(y, Table):
            return Table(y.cols, [two(x, c) for c in y.data])
        n = whole(x)
        if isinstance(y, List):
            return flip(pack([two(x, one) for one in items(flip(y))])) if y.v else y
        if not isinstance(y, Vec) or y.t in (SYM, GUID):
            raise QError("type")
        return _WINDOWS[name](n, y)

    return two


def _window_sums(v: Any, n: int) -> Any:
    total = np.cumsum(v)
    out = total.copy()
    if 0 < n < len(v):
        out[n:] = total[n:] - total[:-n]
    return out if n > 0 else np.zeros_like(total)


def _mcount(n: int, y: Vec) -> Value:
    return Vec(INT, _window_sums((~np.asarray(nulls_in(y), dtype=bool)).astype(np.int32), n).astype(np.int32))


def _msum(n: int, y: Vec) -> Value:
    t = _SUM_TYPE.get(y.t, y.t)
    v = np.where(nulls_in(y), 0, y.v).astype(DTYPES[t])
    return Vec(t, _window_sums(v, n))


def _mavg(n: int, y: Vec) -> Value:
    v = _numbers(y)
    lost = np.isnan(v)
    with np.errstate(all="ignore"):
        return Vec(FLOAT, _window_sums(np.where(lost, 0.0, v), n) / _window_sums((~lost).astype(float), n))


def _mdev(n: int, y: Vec) -> Value:
    v = _numbers(y)
    known = ~np.isnan(v)
    many = _window_sums(known.astype(float), n)
    v = np.where(known, v - (v[known].mean() if known.any() else 0.0), 0.0)
    with np.errstate(all="ignore"):
        spread = _window_sums(v * v, n) / many - (_window_sums(v, n) / many) ** 2
        return Vec(FLOAT, np.sqrt(np.maximum(spread, 0.0)))


def _mextreme(largest: bool) -> Callable[[int, Vec], Value]:
    def window(n: int, y: Vec) -> Value:
        v, t = y.v, y.t
        if t in FLOATING:
            v = np.where(np.isnan(v), -np.inf, v)
        elif largest and t not in (BOOL, BYTE, CHAR):
            v = np.where(v == NULLS[t], -INFINITIES[t], v).astype(DTYPES[t])
        out = _window_extremes(v, n, np.maximum if largest else np.minimum)
        if t in FLOATING and not largest:
            out = np.where(out == -np.inf, np.nan, out)
        return Vec(t, out.astype(DTYPES[t]))

    return window


def _window_extremes(v: Any, n: int, op: Any) -> Any:
    """Extremes of the last n items at every place, in time of the length alone.

    Blocks of n items: a window is the end of one block and the beginning of the next.
    """
    size = len(v)
    if n < 2 or not size:
        return v.copy()
    if n >= size:
        return op.accumulate(v)
    blocks = -(-size // n)
    padded = np.concatenate([v, np.full(blocks * n - size, v[-1], dtype=v.dtype)]).reshape(blocks, n)
    ahead = op.accumulate(padded, axis=1).ravel()[:size]
    behind = op.accumulate(padded[:, ::-1], axis=1)[:, ::-1].ravel()[:size]
    out = ahead.copy()
    out[n - 1 :] = op(behind[: size - n + 1], ahead[n - 1 :])
    out[: n - 1] = op.accumulate(v[: n - 1])
    return out


_WINDOWS: dict[str, Callable[[int, Vec], Value]] = {
    "mcount": _mcount, "msum": _msum, "mavg": _mavg, "mdev": _mdev, "mmax": _mextreme(True), "mmin": _mextreme(False),
}  # fmt: skip


def ema(x: Value, y: Value) -> Value:
    """``a ema y``: exponential moving mean, a + (1-a)·before."""
    weight = float(_numbers(Vec(-x.t, np.array([x.v])))[0]) if isinstance(x, Atom) else None
    if weight is None or not isinstance(y, Vec):
        raise QError("type")
    v = _numbers(y)
    out = np.empty(len(v))
    state = 0.0
    METER.take(len(v))
    for i, one in enumerate(v.tolist()):
        state = one if i == 0 else weight * one + (1 - weight) * state
        out[i] = state
    return Vec(FLOAT, out)


__all__ = ["DATE", "MONTH", "TIMESPAN", "count"]
