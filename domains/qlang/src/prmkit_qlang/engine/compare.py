"""Atomic comparison, the lesser and the larger, fill, and nulls.

A null is less than anything else; floats are equal within 2^-43.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine.convert import meet
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.lifting import Two, lengths, lift, monadic, prepare, side_by_side
from prmkit_qlang.engine.result_types import RESULT
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    DATE,
    DATETIME,
    DTYPES,
    ENUM,
    FINENESS,
    FLOAT,
    FLOATING,
    GUID,
    LONG,
    NULLS,
    SYM,
    TEMPORAL,
    TIMESTAMP,
)
from prmkit_qlang.engine.values import SHORT_LIST, Atom, Value, Vec, same_array, same_scalar

_BLOCK = 10_000
"""Items that are compared at a time: what is made of them stays in the cache, and BLAS on one thread."""
_NEAR = 2_048
"""Neighbours within the tolerance differ by no more in their bits."""
_NOWHERE = np.array([], dtype=np.int64)


def _common(tx: int, ty: int) -> int:
    """The type in which two types compare: the finer time of day, or the number that holds both."""
    if tx in TEMPORAL and ty in TEMPORAL:
        times = [t for t in (tx, ty) if t in FINENESS]
        if times:
            return max(times, key=FINENESS.__getitem__)
        return next((t for t in (TIMESTAMP, DATETIME) if t in (tx, ty)), DATE)
    return FLOAT if {tx, ty} & FLOATING else LONG


def _compare(name: str, scalar_op: Callable[[Any, Any], bool], array_op: Any, *, tie: bool) -> Two:
    """A comparison; ``tie`` is what it says of floats within the tolerance."""
    table = RESULT["<"]

    def floats(a: float, b: float) -> bool:
        if a != a or b != b:
            return scalar_op(a == a, b == b)
        return tie if same_scalar(a, b) else scalar_op(a, b)

    def pair(x: Any, y: Any) -> Value:
        if x.t == y.t == -7:
            return Atom(-1, int(scalar_op(x.v, y.v)))
        x, y, tx, ty = prepare(x, y)
        if (tx, ty) not in table:
            raise QError("type")
        u = tx if tx == ty else _common(tx, ty)
        if x.t > 0 or y.t > 0:
            n = lengths(x, y)
            if n < SHORT_LIST and tx == ty:
                said = list(map(floats if u in FLOATING else scalar_op, *side_by_side(x, y, n)))
                return Vec(BOOL, np.array(said, dtype=bool))
        a, b = meet(x.v, tx, u), meet(y.v, ty, u)
        if x.t < 0 and y.t < 0:
            return Atom(-1, int((floats if u in FLOATING else scalar_op)(a, b)))
        if u not in FLOATING:
            return Vec(BOOL, np.asarray(array_op(a, b), dtype=bool))
        return Vec(BOOL, _of_floats(array_op, a, b, n, tie))

    return lift(pair, name)


def _of_floats(op: Any, a: Any, b: Any, n: int, tie: bool) -> Any:
    """Comparison of n floats, of which one side may be a scalar; what the tolerance decides is said anew."""
    a, b = (
        np.float64(one) if isinstance(one, float) else one.astype(np.float64, copy=False) for one in (a, b)
    )
    out = np.empty(n, dtype=bool)
    gaps = np.empty(min(n, _BLOCK), dtype=np.int64)
    with np.errstate(all="ignore"):
        for start in range(0, n, _BLOCK):
            x, y = (one[start : start + _BLOCK] if one.ndim else one for one in (a, b))
            said = out[start : start + _BLOCK]
            op(x, y, out=said)
            near = _neighbours(x, y, gaps[: len(said)])
            if near is None:
                known_x, known_y = ~np.isnan(x), ~np.isnan(y)
                np.copyto(said, op(known_x, known_y), where=~(known_x & known_y))
                said[same_array(np.asarray(x), np.asarray(y))] = tie
            elif len(near):
                some = (one[near] if one.ndim else np.asarray(one) for one in (x, y))
                said[near[same_array(*some)]] = tie
    return out


def _neighbours(x: Any, y: Any, gap: Any) -> Any:
    """Where two floats differ by so little that they may be equal; None where there may be nulls.

    Args:
        x: Floats, or one.
        y: As many, or one.
        gap: Room for as many integers.
    """
    total = np.dot(x, y) if x.ndim and y.ndim else np.dot(x, x) + y * y if x.ndim else np.dot(y, y) + x * x
    if total != total:
        return None
    np.subtract(x.view(np.int64), y.view(np.int64), out=gap)
    np.absolute(gap, out=gap)
    gap -= 1  # equal ones have the largest gap of all
    apart = gap.view(np.uint64)
    return np.flatnonzero(apart < _NEAR) if np.minimum.reduce(apart) < _NEAR else _NOWHERE


equal = _compare("=", operator.eq, np.equal, tie=True)
unequal = _compare("<>", operator.ne, np.not_equal, tie=False)
less = _compare("<", operator.lt, np.less, tie=False)
greater = _compare(">", operator.gt, np.greater, tie=False)
at_most = _compare("<=", operator.le, np.less_equal, tie=True)
at_least = _compare(">=", operator.ge, np.greater_equal, tie=True)


# ---------------------------------------------------------------- lesser, larger, fill


def _choose(
    name: str, choose: Callable[[Any, Any], Any], array_op: Any, lost_where: Callable[[Any, Any], Any]
) -> Two:
    """The lesser or the larger; ``lost_where`` says by which floats are null whether the result is."""
    table = RESULT["&"]

    def pair(x: Any, y: Any) -> Value:
        if x.t == y.t == -7:
            return Atom(-7, choose(x.v, y.v))
        x, y, tx, ty = prepare(x, y)
        rt = table.get((tx, ty))
        if rt is None:
            raise QError("type")
        a, b = meet(x.v, tx, rt), meet(y.v, ty, rt)
        if x.t < 0 and y.t < 0:
            if rt in FLOATING and (a != a or b != b):
                return Atom(-rt, math.nan if lost_where(a != a, b != b) else b if a != a else a)
            return Atom(-rt, choose(a, b))
        lengths(x, y)
        with np.errstate(all="ignore"):
            out = np.asarray(array_op(a, b), dtype=DTYPES[rt])
            if rt in FLOATING:
                out[lost_where(np.isnan(a), np.isnan(b))] = np.nan
        return Vec(rt, out)

    return lift(pair, name)


lesser = _choose("&", min, np.fmin, operator.or_)
larger = _choose("|", max, np.fmax, operator.and_)


def nulls_in(x: Any) -> Any:
    """Where an array (or scalar) of a value's type is null, as booleans."""
    t = abs(x.t)
    if t in FLOATING:
        return np.isnan(x.v)
    if t == ENUM:
        return x.v == NULLS[LONG]
    if t in (BOOL, BYTE):
        return np.zeros(len(x.v), dtype=bool) if x.t > 0 else False
    return x.v == NULLS[t]


def _fill_pair(x: Any, y: Any) -> Value:
    x, y, tx, ty = prepare(x, y)
    rt = RESULT["^"].get((tx, ty))
    if rt is None:
        raise QError("type")
    holes = nulls_in(y)
    if x.t < 0 and y.t < 0:
        return Atom(-rt, meet(x.v, tx, rt) if holes else meet(y.v, ty, rt))
    lengths(x, y)
    made = np.where(holes, meet(x.v, tx, rt), meet(y.v, ty, rt))
    return Vec(rt, made.astype(DTYPES[rt]))


fill = lift(_fill_pair, "^")


def _not(x: Any) -> Value:
    t = abs(x.t)
    if t in (SYM, GUID):
        raise QError("type")
    return Vec(BOOL, np.logical_not(x.v)) if x.t > 0 else Atom(-BOOL, int(x.v == 0))


def _is_null(x: Any) -> Value:
    found = nulls_in(x)
    return Vec(BOOL, np.asarray(found, dtype=bool)) if x.t > 0 else Atom(-BOOL, int(bool(found)))


not_ = monadic(_not, "not")
is_null = monadic(_is_null, "null", places=True)
