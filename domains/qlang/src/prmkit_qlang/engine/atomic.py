"""Atomic arithmetic, powers, and functions of one number. Nulls stay null, integers wrap."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine.convert import SMALL, raw, scalar_to, to_type, wrap
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.lifting import One, Two, lengths, lift, monadic, prepare, side_by_side
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.result_types import RESULT
from prmkit_qlang.engine.types import (
    BOOL,
    DATETIME,
    DTYPES,
    FLOAT,
    FLOATING,
    GUID,
    INFINITIES,
    INT,
    LONG,
    NULLS,
    REAL,
    SYM,
    TEMPORAL,
    TIMESTAMP,
)
from prmkit_qlang.engine.values import SHORT_LIST, Atom, Value, Vec

_LEAST, _MOST = NULLS[LONG], INFINITIES[LONG]
_SIMPLE = frozenset([BOOL, LONG, FLOAT])
"""Types of which Python computes as numpy does."""


def arithmetic(name: str, op: Callable[[Any, Any], Any], *, shift: bool, alone: One | None = None) -> Two:
    """A dyad of arithmetic; with ``shift``, times of two types become the type of the result first."""
    table = RESULT[name]

    def pair(x: Any, y: Any) -> Value:
        if x.t == -7 and y.t == -7:
            a, b = x.v, y.v
            if a == _LEAST or b == _LEAST:
                return Atom(-7, _LEAST)
            r = op(a, b)
            return Atom(-7, r if _LEAST <= r <= _MOST else wrap(r, LONG))
        x, y, tx, ty = prepare(x, y)
        rt = table.get((tx, ty))
        if rt is None:
            raise QError("type")
        if x.t > 0 or y.t > 0:
            n = lengths(x, y)
            if n < SHORT_LIST and tx in _SIMPLE and ty in _SIMPLE and rt in _SIMPLE:
                made = _of_lists(op, *side_by_side(x, y, n), rt)
                if made is not None:
                    return Vec(rt, made)
        times = shift and tx != ty and tx in TEMPORAL and ty in TEMPORAL and rt in TEMPORAL
        bring = to_type if times else raw
        a = x.v if tx == rt else bring(x.v, tx, rt)
        b = y.v if ty == rt else bring(y.v, ty, rt)
        if x.t < 0 and y.t < 0:
            return Atom(-rt, _of_scalars(op, a, b, rt))
        return Vec(rt, _of_arrays(op, a, b, rt))

    return lift(pair, name, alone)


def _of_scalars(op: Callable[[Any, Any], Any], a: Any, b: Any, t: int) -> Any:
    if t in FLOATING:
        r = op(a, b)
        return float(np.float32(r)) if t == REAL else r
    nothing = NULLS[t]
    return nothing if a == nothing or b == nothing else wrap(op(a, b), t)


def _of_lists(op: Callable[[Any, Any], Any], a: list[Any], b: list[Any], t: int) -> Any:
    """The same for short lists, in Python; None where there is a null or an overflow of whole numbers."""
    if _LEAST in a or _LEAST in b:
        return None
    try:
        return np.array(list(map(op, a, b)), DTYPES[t])
    except OverflowError:
        return None


def _of_arrays(op: Callable[[Any, Any], Any], a: Any, b: Any, t: int) -> Any:
    kind = DTYPES[t]
    a, b = (one if isinstance(one, np.ndarray) else kind.type(one) for one in (a, b))
    if t in FLOATING:
        with np.errstate(all="ignore"):
            return np.asarray(op(a, b), dtype=kind)
    out = np.asarray(op(a, b), dtype=kind)
    nothing = NULLS[t]
    for one in (a, b):
        if not isinstance(one, np.ndarray):
            if one == nothing:
                out[:] = nothing
        elif len(one) < SHORT_LIST:
            if nothing in one.tolist():
                out[one == nothing] = nothing
        elif np.minimum.reduce(one) == nothing:
            out[one == nothing] = nothing
    return out


def _divide_pair(x: Any, y: Any) -> Value:
    x, y, tx, ty = prepare(x, y)
    if (tx, ty) not in RESULT["%"]:
        raise QError("type")
    if x.t > 0 or y.t > 0:
        n = lengths(x, y)
        if n < SHORT_LIST and tx in _SIMPLE and ty in _SIMPLE:
            made = _of_lists(_quotient, *side_by_side(x, y, n), FLOAT)
            if made is not None:
                return Vec(FLOAT, made)
    both_times = tx in TEMPORAL and ty in TEMPORAL and tx != ty
    if both_times and RESULT["+"].get((tx, ty)) in TEMPORAL:
        u = RESULT["+"][tx, ty]
        a, b = raw(to_type(x.v, tx, u), u, FLOAT), raw(to_type(y.v, ty, u), u, FLOAT)
    else:
        a, b = raw(x.v, tx, FLOAT), raw(y.v, ty, FLOAT)
    if x.t < 0 and y.t < 0:
        return Atom(-FLOAT, divide_floats(a, b))
    with np.errstate(all="ignore"):
        return Vec(FLOAT, np.true_divide(a, b))


def _quotient(a: float, b: float) -> float:
    return divide_floats(float(a), float(b))


def divide_floats(a: float, b: float) -> float:
    """The quotient: infinite or null where b is zero."""
    if b == 0:
        if a == 0 or a != a:
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def _negate(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, GUID):
        raise QError("type")
    if t in SMALL:
        return Vec(INT, -x.v.astype(np.int32)) if x.t > 0 else Atom(-INT, -x.v)
    return Vec(t, -x.v) if x.t > 0 else Atom(-t, -x.v if x.v == x.v and x.v != NULLS[t] else x.v)


negate = monadic(_negate, "neg")
add = arithmetic("+", operator.add, shift=True)
subtract = arithmetic("-", operator.sub, shift=True, alone=negate)
multiply = arithmetic("*", operator.mul, shift=False)
divide = lift(_divide_pair, "%")


def floats(name: str, op: Callable[[Any, Any], Any]) -> Two:
    """A dyad of floats with a float as result."""

    def pair(x: Any, y: Any) -> Value:
        x, y, tx, ty = prepare(x, y)
        if (tx, ty) not in RESULT[name]:
            raise QError("type")
        a, b = raw(x.v, tx, FLOAT), raw(y.v, ty, FLOAT)
        with np.errstate(all="ignore"):
            if x.t < 0 and y.t < 0:
                return Atom(-FLOAT, float(op(np.float64(a), np.float64(b))))
            lengths(x, y)
            return Vec(FLOAT, np.asarray(op(a, b), dtype=np.float64))

    return lift(pair, name)


def _power(a: Any, b: Any) -> Any:
    """Powers as exp of the logarithm times b; null where a is negative."""
    out = np.exp(b * np.log(a))
    return np.where(a == 0, np.where(np.isnan(b), np.nan, np.power(0.0, b)), out)


xexp = floats("xexp", _power)
xlog = floats("xlog", lambda a, b: np.log(b) / np.log(a))


# ---------------------------------------------------------------- one argument


def _absolute(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, GUID):
        raise QError("type")
    if t in SMALL:
        return Vec(INT, x.v.astype(np.int32)) if x.t > 0 else Atom(-INT, x.v)
    return Vec(t, np.abs(x.v)) if x.t > 0 else Atom(-t, abs(x.v) if x.v == x.v and x.v != NULLS[t] else x.v)


def _signum(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, GUID):
        raise QError("type")
    if x.t < 0:
        v = x.v
        return Atom(-INT, -1 if v != v else (v > 0) - (v < 0))
    with np.errstate(all="ignore"):
        return Vec(INT, np.where(x.v > 0, 1, np.where(np.asarray(x.v == 0), 0, -1)).astype(np.int32))


def real_function(name: str, op: Callable[[Any], Any]) -> One:
    """A function of floats; datetimes stay datetimes, everything else gives floats."""

    def single(x: Any) -> Value:
        t = abs(x.t)
        if t in (SYM, GUID):
            raise QError("type")
        rt = DATETIME if t == DATETIME else FLOAT
        with np.errstate(all="ignore"):
            v = raw(x.v, t, FLOAT)
            if x.t < 0:
                return Atom(-rt, float(op(np.float64(v))))
            METER.take(len(x.v))
            return Vec(rt, np.asarray(op(v), dtype=np.float64))

    return monadic(single, name)


def _reciprocal(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, GUID):
        raise QError("type")
    rt = t if t in (TIMESTAMP, DATETIME) else FLOAT
    v = raw(x.v, t, FLOAT)
    if x.t < 0:
        r = divide_floats(1.0, v)
        return Atom(-rt, scalar_to(r, FLOAT, rt) if rt == TIMESTAMP else r)
    with np.errstate(all="ignore"):
        return Vec(rt, to_type(1.0 / v, FLOAT, LONG) if rt == TIMESTAMP else 1.0 / v)


absolute = monadic(_absolute, "abs")
signum = monadic(_signum, "signum")
reciprocal = monadic(_reciprocal, "reciprocal")
REAL_FUNCTIONS = {
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
}  # fmt: skip
"""Name → numpy function."""
