"""Functions that go down to atoms: arithmetic, comparison, minimum and maximum, fill, and those of one argument.

A dyad meets two atoms, two vectors, or an atom and a vector with the sum itself; lists, dictionaries and
tables are taken apart first. Nulls stay null, integers wrap, floats compare within 2^-43.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine import temporal
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.result_types import RESULT
from prmkit_qlang.engine.search import row_keys
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    DTYPES,
    FLOAT,
    FLOATING,
    INFINITIES,
    INT,
    LONG,
    MONTH,
    NULLS,
    REAL,
    SHORT,
    SYM,
    TEMPORAL,
)
from prmkit_qlang.engine.values import (
    TOLERANCE,
    Atom,
    Dict,
    EnumAtom,
    Fn,
    List,
    Table,
    Value,
    Vec,
    column,
    count,
    items,
    pack,
    pick,
    same_array,
    same_scalar,
    scalar,
    syms,
    unenum,
)

Two = Callable[[Value, Value], Value]
One = Callable[[Value], Value]
_WIDTH = {
    SHORT: 2**15,
    INT: 2**31,
    LONG: 2**63,
    **dict.fromkeys((12, 16), 2**63),
    **dict.fromkeys((13, 14, 17, 18, 19), 2**31),
}
_SMALL = frozenset([BOOL, BYTE, CHAR])


# ---------------------------------------------------------------- numbers of one type as another


def to_type(a: Any, t: int, u: int) -> Any:
    """An array (or scalar) stored as type t, stored as type u; nulls and infinities keep their meaning."""
    if t == u:
        return a
    if t in TEMPORAL and u in TEMPORAL:
        return temporal.convert(a, t, u) if isinstance(a, np.ndarray) else temporal.convert_scalar(a, t, u)
    if not isinstance(a, np.ndarray):
        return _scalar_to(a, t, u)
    if t in FLOATING:
        if u in FLOATING:
            return a.astype(DTYPES[u])
        with np.errstate(all="ignore"):
            out = a.astype(DTYPES[u])
        total = a.sum()
        bad = ~np.isfinite(a) if not np.isfinite(total) else None
        if bad is not None and bad.any():
            out[np.isnan(a)] = NULLS[u]
            out[a == np.inf], out[a == -np.inf] = INFINITIES.get(u, 0), -INFINITIES.get(u, 0)
        return out
    if t in _SMALL:
        return a.astype(DTYPES[u])
    out = a.astype(DTYPES[u])
    if NULLS[t] != NULLS[u] or u in FLOATING:
        hit = a == NULLS[t]
        if hit.any():
            out[hit] = NULLS[u]
    return out


def _scalar_to(v: Any, t: int, u: int) -> Any:
    if t in FLOATING:
        if u in FLOATING:
            return v
        if v != v:
            return NULLS[u]
        if v in (math.inf, -math.inf):
            return INFINITIES.get(u, 0) if v > 0 else -INFINITIES.get(u, 0)
        return wrap(int(v), u)
    if t not in _SMALL:
        if v == NULLS[t]:
            return NULLS[u]
    return float(v) if u in FLOATING else v


def wrap(n: int, t: int) -> int:
    """A whole number as the machine keeps it in type t."""
    if t in _SMALL:
        return n & 255
    width = _WIDTH[t]
    return n if -width <= n < width else (n + width) % (2 * width) - width


# ---------------------------------------------------------------- taking values apart


def lift(pair: Two, name: str) -> Two:
    """A dyad of atoms and vectors as one of all values."""

    def two(x: Value, y: Value) -> Value:
        simple_x, simple_y = isinstance(x, Atom | Vec), isinstance(y, Atom | Vec)
        if simple_x and simple_y:
            return pair(x, y)
        return _descend(two, x, y)

    two.__name__ = name
    return two


def _descend(two: Two, x: Value, y: Value) -> Value:
    if isinstance(x, Fn) or isinstance(y, Fn):
        raise QError("type")
    METER.step()
    if isinstance(x, Dict) and isinstance(y, Dict):
        if two is subtract:
            return _dicts(add, x, Dict(y.k, negate(y.w)))
        return _dicts(two, x, y)
    if isinstance(x, Dict):
        return Dict(x.k, two(x.w, y))
    if isinstance(y, Dict):
        return Dict(y.k, two(x, y.w))
    if isinstance(x, Table) or isinstance(y, Table):
        return _tables(two, x, y)
    if isinstance(x, Atom):
        return pack_result([two(x, one) for one in items(y)], y)
    if isinstance(y, Atom):
        return pack_result([two(one, y) for one in items(x)], x)
    if count(x) != count(y):
        raise QError("length")
    return pack_result([two(a, b) for a, b in zip(items(x), items(y), strict=True)], x)


def pack_result(values: list[Value], like: Value) -> Value:
    """Results item by item as a list; an empty list stays of its kind."""
    return pack(values) if values else List([])


def _tables(two: Two, x: Value, y: Value) -> Value:
    if isinstance(x, Table) and isinstance(y, Table):
        if count(x) != count(y):
            raise QError("length")
        return Table(x.cols, [two(a, column(y, c)) for c, a in zip(x.cols, x.data, strict=True)])
    table, left = (x, True) if isinstance(x, Table) else (y, False)
    assert isinstance(table, Table)
    return Table(table.cols, [two(c, y) if left else two(x, c) for c in table.data])


def _dicts(two: Two, x: Dict, y: Dict) -> Value:
    """Dictionaries: keys of both are combined, the others stay as they are."""
    keyed = isinstance(x.k, Table)
    kx = row_keys(x.k.data) if isinstance(x.k, Table) else row_keys([x.k])
    ky = row_keys(y.k.data) if isinstance(y.k, Table) else row_keys([y.k])
    if kx == ky:
        return Dict(x.k, two(x.w, y.w))
    place = {key: i for i, key in enumerate(ky)}
    both = [(i, place[key]) for i, key in enumerate(kx) if key in place]
    seen = set(kx)
    fresh = [i for i, key in enumerate(ky) if key not in seen]
    if keyed and isinstance(x.w, Table) and isinstance(y.w, Table):
        ours, theirs = np.array([i for i, _ in both], int), np.array([j for _, j in both], int)
        data = []
        for name, one in zip(x.w.cols, x.w.data, strict=True):
            other = column(y.w, name)
            merged = items(one)
            for i, value in zip(ours, items(two(pick(one, ours), pick(other, theirs))), strict=True):
                merged[i] = value
            data.append(pack(merged + items(pick(other, np.array(fresh, int)))))
        keys = Table(
            x.k.cols,
            [
                pack(items(a) + items(pick(b, np.array(fresh, int))))
                for a, b in zip(x.k.data, y.k.data, strict=True)
            ],
        )  # type: ignore[attr-defined]
        return Dict(keys, Table(x.w.cols, data))
    ours_, theirs_ = items(x.w)[:], items(y.w)
    for i, j in both:
        ours_[i] = two(ours_[i], theirs_[j])
    names = items(x.k) + [items(y.k)[i] for i in fresh]
    return Dict(pack(names), pack(ours_ + [theirs_[i] for i in fresh]))


def monadic(single: Callable[[Any], Value], name: str) -> One:
    """A function of atoms and vectors as one of all values."""

    def one(x: Value) -> Value:
        if isinstance(x, Atom | Vec):
            return single(unenum(x) if abs(x.t) >= 20 else x)
        if isinstance(x, List):
            return pack_result([one(each) for each in x.v], x)
        if isinstance(x, Dict):
            return Dict(x.k, one(x.w))
        if isinstance(x, Table):
            return Table(x.cols, [one(c) for c in x.data])
        raise QError("type")

    one.__name__ = name
    return one


# ---------------------------------------------------------------- dyads


def _prepare(x: Any, y: Any) -> tuple[Any, Any, int, int]:
    if abs(x.t) >= 20:
        x = unenum(x)
    if abs(y.t) >= 20:
        y = unenum(y)
    return x, y, abs(x.t), abs(y.t)


def _lengths(x: Any, y: Any) -> int:
    """Length of the result of two vectors, or of a vector and an atom.

    Raises:
        QError: ``length`` where they differ.
    """
    if x.t > 0:
        n = len(x.v)
        if y.t > 0 and len(y.v) != n:
            raise QError("length")
    else:
        n = len(y.v)
    METER.take(n)
    return n


def arithmetic(
    name: str, scalar_op: Callable[[Any, Any], Any], array_op: Callable[[Any, Any], Any], *, shift: bool
) -> Two:
    """A dyad of arithmetic; with ``shift``, two temporals are brought to the type of the result first."""
    table = RESULT[name]

    def pair(x: Any, y: Any) -> Value:
        if x.t == -7 and y.t == -7:
            a, b = x.v, y.v
            if a == -9223372036854775808 or b == -9223372036854775808:
                return Atom(-7, -9223372036854775808)
            r = scalar_op(a, b)
            if not -9223372036854775808 <= r <= 9223372036854775807:
                r = wrap(r, LONG)
            return Atom(-7, r)
        x, y, tx, ty = _prepare(x, y)
        rt = table.get((tx, ty))
        if rt is None:
            raise QError("type")
        if x.t < 0 and y.t < 0:
            return Atom(-rt, _scalar(x.v, y.v, tx, ty, rt))
        _lengths(x, y)
        a, b = _side(x.v, tx, ty, rt), _side(y.v, ty, tx, rt)
        if rt in FLOATING:
            with np.errstate(all="ignore"):
                return Vec(rt, np.asarray(array_op(a, b), dtype=DTYPES[rt]))
        with np.errstate(all="ignore"):
            out = np.asarray(array_op(a, b), dtype=DTYPES[rt])
        for one in (a, b):
            if isinstance(one, np.ndarray):
                if len(one) and one.min() == NULLS[rt]:
                    out[one == NULLS[rt]] = NULLS[rt]
            elif one == NULLS[rt]:
                out[:] = NULLS[rt]
        return Vec(rt, out)

    def _side(v: Any, t: int, other: int, rt: int) -> Any:
        if t == rt:
            return v if isinstance(v, np.ndarray) else DTYPES[rt].type(v)
        u = rt
        if t in TEMPORAL and (rt not in TEMPORAL or not shift):
            raw = _raw(v, t, rt)
            return raw if isinstance(raw, np.ndarray) else DTYPES[rt].type(raw)
        if t in TEMPORAL and other in TEMPORAL:
            u = rt
        made = to_type(v, t, u) if t in TEMPORAL and other in TEMPORAL else _raw(v, t, rt)
        return made if isinstance(made, np.ndarray) else DTYPES[rt].type(made)

    def _scalar(a: Any, b: Any, tx: int, ty: int, rt: int) -> Any:
        shifted = shift and tx in TEMPORAL and ty in TEMPORAL and rt in TEMPORAL
        a = (to_type(a, tx, rt) if shifted else _raw(a, tx, rt)) if tx != rt else a
        b = (to_type(b, ty, rt) if shifted else _raw(b, ty, rt)) if ty != rt else b
        if rt in FLOATING:
            r = scalar_op(a, b)
            return float(np.float32(r)) if rt == REAL else r
        if a == NULLS[rt] or b == NULLS[rt]:
            return NULLS[rt]
        return wrap(scalar_op(a, b), rt)

    return lift(pair, name)


def _raw(v: Any, t: int, u: int) -> Any:
    """Stored numbers of t as numbers of u, temporals by their underlying number."""
    if t in TEMPORAL and u in TEMPORAL:
        if isinstance(v, np.ndarray):
            return to_type(v, _plain(t), _plain(u))
        return _scalar_to(v, t, u)
    return to_type(v, t, u)


def _plain(t: int) -> int:
    """The number type behind a temporal."""
    if t not in TEMPORAL:
        return t
    return LONG if t in (12, 16) else FLOAT if t == 15 else INT


def _float_multiply(a: Any, b: Any) -> Any:
    return a * b


add = arithmetic("+", lambda a, b: a + b, lambda a, b: a + b, shift=True)
subtract = arithmetic("-", lambda a, b: a - b, lambda a, b: a - b, shift=True)
multiply = arithmetic("*", lambda a, b: a * b, lambda a, b: a * b, shift=False)


def _divide_pair(x: Any, y: Any) -> Value:
    x, y, tx, ty = _prepare(x, y)
    if (tx, ty) not in RESULT["%"]:
        raise QError("type")
    both_times = tx in TEMPORAL and ty in TEMPORAL and tx != ty
    if both_times and RESULT["+"].get((tx, ty)) in TEMPORAL:
        u = RESULT["+"][tx, ty]
        x, y = (
            type(x)(int(math.copysign(u, x.t)), to_type(x.v, tx, u)),
            type(y)(int(math.copysign(u, y.t)), to_type(y.v, ty, u)),
        )
        tx = ty = u
    if x.t < 0 and y.t < 0:
        return Atom(-FLOAT, divide_floats(_scalar_to(x.v, tx, FLOAT), _scalar_to(y.v, ty, FLOAT)))
    _lengths(x, y)
    with np.errstate(all="ignore"):
        a, b = _raw(x.v, tx, FLOAT), _raw(y.v, ty, FLOAT)
        return Vec(FLOAT, np.true_divide(a, b))


def divide_floats(a: float, b: float) -> float:
    """A % b: infinity or null where b is zero."""
    if b == 0:
        if a == 0 or a != a:
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


divide = lift(_divide_pair, "%")


# ---------------------------------------------------------------- comparison

_DAY_TIMES = frozenset([16, 17, 18, 19])


def _common(tx: int, ty: int) -> int:
    """The type in which two types compare."""
    if tx == ty:
        return tx
    if tx in TEMPORAL and ty in TEMPORAL:
        if tx in _DAY_TIMES or ty in _DAY_TIMES:
            finer = {16: 3, 19: 2, 18: 1, 17: 0}
            pair = [t for t in (tx, ty) if t in _DAY_TIMES]
            return max(pair, key=lambda t: finer[t])
        return 15 if 15 in (tx, ty) and 12 not in (tx, ty) else 12 if 12 in (tx, ty) else 14
    for t in (FLOAT, 15, REAL):
        if t in (tx, ty):
            return FLOAT
    return LONG


_CHUNK = 16_384


def doubtful(a: Any, b: Any) -> Any:
    """Where two floats (arrays of one length, or one a scalar) are so near that the tolerance decides.

    Neighbours within the tolerance differ by at most 2^11 in their bits; what this takes for near by mistake
    is only looked at again. Pieces stay in the cache. None where there are nulls.
    """
    found = []
    for start in range(0, max(np.size(a), np.size(b)), _CHUNK):
        x = a[start : start + _CHUNK] if isinstance(a, np.ndarray) else a
        y = b[start : start + _CHUNK] if isinstance(b, np.ndarray) else b
        if x is y:
            return None
        total = np.sum(x) + np.sum(y)
        if total != total:
            return None
        gap = np.asarray(x, dtype=np.float64).view(np.int64) - np.asarray(y, dtype=np.float64).view(np.int64)
        gap += 2048
        near = gap.view(np.uint64) <= 4096
        if near.any():
            found.append(np.nonzero(near)[0] + start)
    return np.concatenate(found) if found else _NOWHERE


_NOWHERE = np.array([], dtype=np.int64)
_QUICK = {
    "=": np.equal, "<>": np.not_equal, "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal,
}  # fmt: skip


def _compare(name: str, scalar_op: Callable[[Any, Any], bool], array_op: Callable[[Any, Any], Any]) -> Two:
    table = RESULT["<"]
    quick = _QUICK[name]

    def pair(x: Any, y: Any) -> Value:
        if x.t == y.t == -7:
            return Atom(-1, int(scalar_op(x.v, y.v)))
        x, y, tx, ty = _prepare(x, y)
        if (tx, ty) not in table:
            raise QError("type")
        u = tx if tx == ty else _common(tx, ty)
        if x.t < 0 and y.t < 0:
            a, b = _meet(x.v, tx, u), _meet(y.v, ty, u)
            if u in FLOATING and (a != a or b != b):
                a, b = int(a == a), int(b == b)  # a null is less than anything else
            return Atom(-1, int(scalar_op(a, b)))
        _lengths(x, y)
        a, b = _meet(x.v, tx, u), _meet(y.v, ty, u)
        if u in FLOATING:
            with np.errstate(all="ignore"):
                close = doubtful(a, b)
                if close is not None:
                    fast = quick(a, b)
                    if len(close):
                        some = [one[close] if isinstance(one, np.ndarray) else one for one in (a, b)]
                        fast[close] = array_op(*some)
                    return Vec(BOOL, fast)
                out = np.asarray(array_op(a, b), dtype=bool)
                lost = np.isnan(a) | np.isnan(b)
                if np.any(lost):
                    out = np.where(lost, array_op(~np.isnan(np.asarray(a)), ~np.isnan(np.asarray(b))), out)
                return Vec(BOOL, np.asarray(out, dtype=bool))
        return Vec(BOOL, np.asarray(quick(a, b), dtype=bool))

    return lift(pair, name)


def _meet(v: Any, t: int, u: int) -> Any:
    if t == u:
        return v
    if t in TEMPORAL and u in TEMPORAL:
        return to_type(v, t, u)
    return _raw(v, t, u)


def _order_null(v: float) -> float:
    return -math.inf if v != v else v


def _order_nulls(v: Any) -> Any:
    return np.where(np.isnan(v), -np.inf, v) if isinstance(v, np.ndarray) else _order_null(v)


def _near(a: Any, b: Any) -> bool:
    return same_scalar(a, b) if isinstance(a, float) else bool(a == b)


def _nears(a: Any, b: Any) -> Any:
    if (isinstance(a, np.ndarray) and a.dtype.kind == "f") or (
        isinstance(b, np.ndarray) and b.dtype.kind == "f"
    ):
        return same_array(np.asarray(a), np.asarray(b))
    return a == b


equal = _compare("=", _near, _nears)
unequal = _compare("<>", lambda a, b: not _near(a, b), lambda a, b: ~np.asarray(_nears(a, b), dtype=bool))
less = _compare(
    "<", lambda a, b: a < b and not _near(a, b), lambda a, b: np.less(a, b) & ~np.asarray(_nears(a, b), bool)
)
greater = _compare(
    ">",
    lambda a, b: a > b and not _near(a, b),
    lambda a, b: np.greater(a, b) & ~np.asarray(_nears(a, b), bool),
)
at_most = _compare(
    "<=",
    lambda a, b: a <= b or _near(a, b),
    lambda a, b: np.less_equal(a, b) | np.asarray(_nears(a, b), bool),
)
at_least = _compare(
    ">=",
    lambda a, b: a >= b or _near(a, b),
    lambda a, b: np.greater_equal(a, b) | np.asarray(_nears(a, b), bool),
)


# ---------------------------------------------------------------- lesser, greater, fill


def _choose(name: str, choose: Callable[[Any, Any], Any], array_op: Callable[[Any, Any], Any]) -> Two:
    table = RESULT["&"]

    def pair(x: Any, y: Any) -> Value:
        if x.t == y.t == -7:
            return Atom(-7, choose(x.v, y.v))
        x, y, tx, ty = _prepare(x, y)
        rt = table.get((tx, ty))
        if rt is None:
            raise QError("type")
        if x.t < 0 and y.t < 0:
            a, b = _meet(x.v, tx, rt), _meet(y.v, ty, rt)
            if rt in FLOATING and (a != a or b != b):
                return Atom(-rt, choose((_order_null(a), a), (_order_null(b), b))[1])
            return Atom(-rt, choose(a, b))
        _lengths(x, y)
        a, b = _meet(x.v, tx, rt), _meet(y.v, ty, rt)
        if rt in FLOATING:
            with np.errstate(all="ignore"):
                out = array_op(_order_nulls(a), _order_nulls(b))
                if name == "&" or (np.isnan(a) & np.isnan(b)).any():
                    lost = np.isnan(a) | np.isnan(b) if name == "&" else np.isnan(a) & np.isnan(b)
                    out = np.where(lost, np.nan, out)
                return Vec(rt, np.asarray(out, dtype=DTYPES[rt]))
        return Vec(rt, np.asarray(array_op(a, b), dtype=DTYPES[rt]))

    return lift(pair, name)


lesser = _choose("&", min, np.minimum)
larger = _choose("|", max, np.maximum)


def nulls_in(x: Any) -> Any:
    """Where an array (or scalar) of a value's type is null, as booleans."""
    t = abs(x.t)
    if t in FLOATING:
        return np.isnan(x.v)
    if t in (BOOL, BYTE):
        return np.zeros(len(x.v), dtype=bool) if x.t > 0 else False
    return x.v == NULLS[t]


def _fill_pair(x: Any, y: Any) -> Value:
    x, y, tx, ty = _prepare(x, y)
    rt = RESULT["^"].get((tx, ty))
    if rt is None:
        raise QError("type")
    holes = nulls_in(y)
    if x.t < 0 and y.t < 0:
        return Atom(-rt, _meet(x.v, tx, rt) if holes else _meet(y.v, ty, rt))
    _lengths(x, y)
    made = np.where(holes, _meet(x.v, tx, rt), _meet(y.v, ty, rt))
    return Vec(rt, made.astype(DTYPES[rt]))


fill = lift(_fill_pair, "^")


# ---------------------------------------------------------------- div, mod, xbar, powers


def _floor_pair(name: str) -> Two:
    table = RESULT[name]

    def pair(x: Any, y: Any) -> Value:
        x, y, tx, ty = _prepare(x, y)
        if name == "xbar":
            x, y, tx, ty = y, x, ty, tx
        rt = table.get((ty, tx) if name == "xbar" else (tx, ty))
        if rt is None:
            raise QError("type")
        floating = tx in FLOATING or ty in FLOATING
        both = tx in TEMPORAL and ty in TEMPORAL
        if both and tx != ty and {tx, ty} <= _DAY_TIMES | {12}:
            u = 16 if tx in _DAY_TIMES else 12
            a = to_type(x.v, tx, u)
            b = to_type(y.v, ty, 16)
        else:
            u = FLOAT if floating else LONG
            a, b = _raw(x.v, tx, u), _raw(y.v, ty, u)
        if x.t < 0 and y.t < 0:
            return Atom(-rt, _scalar_floor(name, a, b, FLOAT if floating else LONG, rt))
        _lengths(x, y)
        if (
            not floating
            and name != "xbar"
            and not isinstance(b, np.ndarray)
            and b > 0
            and a.min(initial=0) != NULLS[LONG]
        ):
            quick = np.mod(a, b) if name == "mod" else np.floor_divide(a, b)
            return Vec(rt, quick if rt == LONG else _settle(quick, False, rt))
        with np.errstate(all="ignore"):
            a, b = np.asarray(a), np.asarray(b)
            zero = b == 0
            quotient = np.floor_divide(a, np.where(zero, 1, b))
            out = quotient if name == "div" else a - b * quotient if name == "mod" else b * quotient
        if name == "mod" or name == "div":
            zero_result: Any = NULLS[FLOAT if floating else LONG]
        else:
            zero_result = a
        out = np.where(zero, zero_result, out)
        if not floating:
            for one in (a, b):
                out = np.where(one == NULLS[LONG], NULLS[LONG], out)
        return Vec(rt, _settle(out, floating, rt))

    return lift(pair, name)


def _settle(out: Any, floating: bool, rt: int) -> Any:
    source = FLOAT if floating else LONG
    return to_type(np.asarray(out, dtype=DTYPES[source]), source, _plain(rt)).astype(DTYPES[rt])


def _scalar_floor(name: str, a: Any, b: Any, u: int, rt: int) -> Any:
    if b == 0:
        r: Any = a if name == "xbar" else NULLS[u]
    elif a != a or b != b or (u == LONG and NULLS[LONG] in (a, b)):
        r = NULLS[u]
    elif u == FLOAT and math.isinf(a):
        r = a if name != "mod" else math.nan
    else:
        quotient = math.floor(a / b) if u == FLOAT and not math.isinf(b) else a // b
        r = quotient if name == "div" else a - b * quotient if name == "mod" else b * quotient
        r = float(r) if u == FLOAT else r
    return (
        _scalar_to(r, u, rt)
        if rt not in TEMPORAL
        else (NULLS[rt] if r == NULLS[u] or r != r else (int(r) if rt != 15 else float(r)))
    )


div, mod, xbar = _floor_pair("div"), _floor_pair("mod"), _floor_pair("xbar")


def floats(name: str, op: Callable[[Any, Any], Any]) -> Two:
    """A dyad of floats with a float as result."""

    def pair(x: Any, y: Any) -> Value:
        x, y, tx, ty = _prepare(x, y)
        if (tx, ty) not in RESULT[name]:
            raise QError("type")
        a, b = _raw(x.v, tx, FLOAT), _raw(y.v, ty, FLOAT)
        with np.errstate(all="ignore"):
            if x.t < 0 and y.t < 0:
                return Atom(-FLOAT, float(op(np.float64(a), np.float64(b))))
            _lengths(x, y)
            return Vec(FLOAT, np.asarray(op(a, b), dtype=np.float64))

    return lift(pair, name)


def _power(a: Any, b: Any) -> Any:
    out = np.power(a, b)
    return (
        np.where(np.isnan(a) | np.isnan(b), np.nan, out) if isinstance(out, np.ndarray) and out.ndim else out
    )


xexp = floats("xexp", _power)
xlog = floats("xlog", lambda a, b: np.log(b) / np.log(a))


# ---------------------------------------------------------------- one argument


def _negate(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, 2):
        raise QError("type")
    if t in _SMALL:
        return Vec(INT, -x.v.astype(np.int32)) if x.t > 0 else Atom(-INT, -x.v)
    return Vec(t, -x.v) if x.t > 0 else Atom(-t, -x.v if x.v == x.v and x.v != NULLS[t] else x.v)


def _absolute(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, 2):
        raise QError("type")
    if t in _SMALL:
        return Vec(INT, x.v.astype(np.int32)) if x.t > 0 else Atom(-INT, x.v)
    return Vec(t, np.abs(x.v)) if x.t > 0 else Atom(-t, abs(x.v) if x.v == x.v and x.v != NULLS[t] else x.v)


def _signum(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, 2):
        raise QError("type")
    if x.t < 0:
        v = x.v
        return Atom(-INT, -1 if v != v else (v > 0) - (v < 0))
    with np.errstate(all="ignore"):
        return Vec(INT, np.where(x.v > 0, 1, np.where(np.asarray(x.v == 0), 0, -1)).astype(np.int32))


def _not(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, 2):
        raise QError("type")
    return Vec(BOOL, np.logical_not(x.v)) if x.t > 0 else Atom(-BOOL, int(x.v == 0))


def _is_null(x: Any) -> Value:
    found = nulls_in(x)
    return Vec(BOOL, np.asarray(found, dtype=bool)) if x.t > 0 else Atom(-BOOL, int(bool(found)))


def _rounded(up: bool) -> Callable[[Any], Value]:
    def single(x: Any) -> Value:
        t = abs(x.t)
        if t in (SHORT, INT, LONG):
            return x  # type: ignore[no-any-return]
        if t in _SMALL and up:
            return Vec(INT, x.v.astype(np.int32)) if x.t > 0 else Atom(-INT, x.v)
        if t == 15:
            days = np.ceil(x.v) if up else np.floor(x.v)
            return (
                Vec(14, to_type(np.asarray(days), FLOAT, INT))
                if x.t > 0
                else Atom(-14, _scalar_to(float(days), FLOAT, INT))
            )
        if t not in (REAL, FLOAT):
            raise QError("type")
        v = np.asarray(x.v, dtype=np.float64)
        with np.errstate(all="ignore"):
            v = np.atleast_1d(v)
            out = np.ceil(v) if up else np.floor(v)
            doubtful = np.nonzero(np.abs(out - v) > 0.999)[
                0
            ]  # perhaps within the tolerance of the next number
            if len(doubtful):
                some = v[doubtful]
                near = np.round(some)
                close = np.abs(some - near) <= TOLERANCE * np.maximum(np.abs(some), np.abs(near))
                out[doubtful[close]] = near[close]
        made = to_type(out, FLOAT, LONG)
        return Vec(LONG, made) if x.t > 0 else Atom(-LONG, int(made[0]))

    return single


def real_function(name: str, op: Callable[[Any], Any]) -> One:
    """A function of floats; datetimes stay datetimes, everything else gives floats."""

    def single(x: Any) -> Value:
        t = abs(x.t)
        if t in (SYM, 2):
            raise QError("type")
        rt = 15 if t == 15 else FLOAT
        with np.errstate(all="ignore"):
            v = _raw(x.v, t, FLOAT)
            if x.t < 0:
                return Atom(-rt, float(op(np.float64(v))))
            METER.take(len(x.v))
            return Vec(rt, np.asarray(op(v), dtype=np.float64))

    return monadic(single, name)


def _reciprocal(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, 2):
        raise QError("type")
    rt = {12: 12, 15: 15}.get(t, FLOAT)
    v = _raw(x.v, t, FLOAT)
    if x.t < 0:
        r = divide_floats(1.0, v)
        return Atom(-rt, r if rt != 12 else _scalar_to(r, FLOAT, 12))
    with np.errstate(all="ignore"):
        return Vec(rt, to_type(1.0 / v, FLOAT, LONG) if rt == 12 else 1.0 / v)


def _log(v: Any) -> Any:
    return np.log(v)


negate = monadic(_negate, "neg")
absolute = monadic(_absolute, "abs")
signum = monadic(_signum, "signum")
not_ = monadic(_not, "not")
is_null = monadic(_is_null, "null")
floor = monadic(_rounded(False), "floor")
ceiling = monadic(_rounded(True), "ceiling")
reciprocal = monadic(_reciprocal, "reciprocal")
REAL_FUNCTIONS = {
    "sqrt": np.sqrt, "exp": np.exp, "log": _log, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
}  # fmt: skip
"""Name → numpy function."""

__all__ = ["MONTH", "EnumAtom", "scalar", "syms"]
