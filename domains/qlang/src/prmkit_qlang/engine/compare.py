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
from prmkit_qlang.engine.lifting import Two, lengths, lift, monadic, prepare
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
from prmkit_qlang.engine.values import Atom, Value, Vec, same_array, same_scalar

_CHUNK = 16_384
_NOWHERE = np.array([], dtype=np.int64)


def _common(tx: int, ty: int) -> int:
    """The type in which two types compare: the finer time of day, or the number that holds both."""
    if tx in TEMPORAL and ty in TEMPORAL:
        times = [t for t in (tx, ty) if t in FINENESS]
        if times:
            return max(times, key=FINENESS.__getitem__)
        return next((t for t in (TIMESTAMP, DATETIME) if t in (tx, ty)), DATE)
    return FLOAT if {tx, ty} & FLOATING else LONG


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


def _compare(name: str, scalar_op: Callable[[Any, Any], bool], array_op: Any, *, tie: bool) -> Two:
    """A comparison; ``tie`` is what it says of floats within the tolerance."""
    table = RESULT["<"]

    def pair(x: Any, y: Any) -> Value:
        if x.t == y.t == -7:
            return Atom(-1, int(scalar_op(x.v, y.v)))
        x, y, tx, ty = prepare(x, y)
        if (tx, ty) not in table:
            raise QError("type")
        u = tx if tx == ty else _common(tx, ty)
        a, b = meet(x.v, tx, u), meet(y.v, ty, u)
        if x.t < 0 and y.t < 0:
            if u in FLOATING:
                if a != a or b != b:
                    a, b = a == a, b == b
                elif same_scalar(a, b):
                    return Atom(-1, int(tie))
            return Atom(-1, int(scalar_op(a, b)))
        lengths(x, y)
        if u in FLOATING:
            return Vec(BOOL, _of_floats(array_op, a, b, tie))
        return Vec(BOOL, np.asarray(array_op(a, b), dtype=bool))

    return lift(pair, name)


def _of_floats(op: Any, a: Any, b: Any, tie: bool) -> Any:
    """Comparison of arrays of floats, or of an array and a scalar."""
    with np.errstate(all="ignore"):
        out = op(a, b)
        close = doubtful(a, b)
        if close is None:
            known_a, known_b = ~np.isnan(a), ~np.isnan(b)
            out = np.where(known_a & known_b, out, op(known_a, known_b))
            out[same_array(np.asarray(a), np.asarray(b))] = tie
        elif len(close):
            some = (one[close] if isinstance(one, np.ndarray) else np.asarray(one) for one in (a, b))
            out[close[same_array(*some)]] = tie
    return out


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
