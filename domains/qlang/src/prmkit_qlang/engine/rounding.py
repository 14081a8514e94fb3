"""Atomic functions that give whole numbers: div, mod, xbar, floor and ceiling."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine.convert import SMALL, plain, raw, scalar_to, to_type
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.lifting import Two, lengths, lift, monadic, prepare
from prmkit_qlang.engine.result_types import RESULT
from prmkit_qlang.engine.text import lower
from prmkit_qlang.engine.types import (
    CHAR,
    DATETIME,
    DTYPES,
    FINENESS,
    FLOAT,
    FLOATING,
    INT,
    LONG,
    NULLS,
    REAL,
    SHORT,
    SYM,
    TEMPORAL,
    TIMESPAN,
    TIMESTAMP,
)
from prmkit_qlang.engine.values import Atom, Value, Vec

_MOMENTS = frozenset([*FINENESS, TIMESTAMP])


def _floor_pair(name: str) -> Two:
    table = RESULT[name]

    def pair(x: Any, y: Any) -> Value:
        x, y, tx, ty = prepare(x, y)
        rt = table.get((tx, ty))
        if rt is None:
            raise QError("type")
        if name == "xbar":  # the bar stands on the left
            x, y, tx, ty = y, x, ty, tx
        u = FLOAT if tx in FLOATING or ty in FLOATING else LONG
        if name == "div" and tx != ty and {tx, ty} <= _MOMENTS:
            a, b = to_type(x.v, tx, TIMESPAN if tx in FINENESS else tx), to_type(y.v, ty, TIMESPAN)
        else:
            a, b = raw(x.v, tx, u), raw(y.v, ty, u)
        if x.t < 0 and y.t < 0:
            return Atom(-rt, _of_scalars(name, a, b, u, rt))
        lengths(x, y)
        return Vec(rt, _of_arrays(name, a, b, u, rt))

    return lift(pair, name)


def _of_scalars(name: str, a: Any, b: Any, u: int, rt: int) -> Any:
    """Div, mod or xbar of two numbers of type u as a number of type rt."""
    if b == 0:
        r: Any = a if name == "xbar" else NULLS[u]
    elif a != a or b != b or (u == LONG and NULLS[LONG] in (a, b)):
        r = NULLS[u]
    elif u == FLOAT and math.isinf(a):
        r = math.nan if name == "mod" else a
    else:
        quotient = math.floor(a / b) if u == FLOAT and not math.isinf(b) else a // b
        r = _chosen(name, a, b, quotient)
        r = float(r) if u == FLOAT else r
    if rt not in TEMPORAL:
        return scalar_to(r, u, rt)
    if r != r or r == NULLS[u]:
        return NULLS[rt]
    return float(r) if rt == DATETIME else int(r)


def _of_arrays(name: str, a: Any, b: Any, u: int, rt: int) -> Any:
    """The same for arrays, or an array and a number."""
    plain_divisor = u == LONG and name != "xbar" and not isinstance(b, np.ndarray) and b > 0
    if plain_divisor and a.min(initial=0) != NULLS[LONG]:
        out = np.mod(a, b) if name == "mod" else np.floor_divide(a, b)
        return out if rt == LONG else _settled(out, u, rt)
    a, b = np.asarray(a), np.asarray(b)
    zero = b == 0
    with np.errstate(all="ignore"):
        out = _chosen(name, a, b, np.floor_divide(a, np.where(zero, 1, b)))
    out = np.where(zero, a if name == "xbar" else NULLS[u], out)
    if u == LONG:
        out = np.where((a == NULLS[LONG]) | (b == NULLS[LONG]), NULLS[LONG], out)
    return _settled(out, u, rt)


def _chosen(name: str, a: Any, b: Any, quotient: Any) -> Any:
    return quotient if name == "div" else a - b * quotient if name == "mod" else b * quotient


def _settled(out: Any, u: int, rt: int) -> Any:
    return to_type(np.asarray(out, dtype=DTYPES[u]), u, plain(rt)).astype(DTYPES[rt])


div, mod, xbar = _floor_pair("div"), _floor_pair("mod"), _floor_pair("xbar")


def _rounded(up: bool) -> Callable[[Any], Value]:
    op = np.ceil if up else np.floor

    def single(x: Any) -> Value:
        t = abs(x.t)
        if t in (SHORT, INT, LONG):
            return x  # type: ignore[no-any-return]
        if t in SMALL and up:
            return Vec(INT, x.v.astype(np.int32)) if x.t > 0 else Atom(-INT, x.v)
        if t in (CHAR, SYM) and not up:  # the operator is also that of small letters
            return lower(x)
        if t not in (REAL, FLOAT):
            raise QError("type")
        if x.t < 0:
            return Atom(-LONG, scalar_to(x.v if not math.isfinite(x.v) else float(op(x.v)), FLOAT, LONG))
        with np.errstate(all="ignore"):
            return Vec(LONG, to_type(op(x.v.astype(np.float64)), FLOAT, LONG))

    return single


floor = monadic(_rounded(False), "floor")
ceiling = monadic(_rounded(True), "ceiling")
