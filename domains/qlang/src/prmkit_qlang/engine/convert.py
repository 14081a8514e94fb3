"""Numbers of one type as numbers of another; nulls and infinities keep their meaning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from prmkit_qlang.engine import temporal
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
    NULLS,
    SHORT,
    TEMPORAL,
)

_WIDTH = {
    SHORT: 2**15,
    INT: 2**31,
    LONG: 2**63,
    **dict.fromkeys((12, 16), 2**63),
    **dict.fromkeys((13, 14, 17, 18, 19), 2**31),
}
SMALL = frozenset([BOOL, BYTE, CHAR])


def to_type(a: Any, t: int, u: int) -> Any:
    """An array (or scalar) stored as type t, stored as type u; nulls and infinities keep their meaning."""
    if t == u:
        return a
    if t in TEMPORAL and u in TEMPORAL:
        return temporal.convert(a, t, u) if isinstance(a, np.ndarray) else temporal.convert_scalar(a, t, u)
    if not isinstance(a, np.ndarray):
        return scalar_to(a, t, u)
    if t in FLOATING:
        if u in FLOATING:
            return a.astype(DTYPES[u])
        with np.errstate(all="ignore"):
            out = a.astype(DTYPES[u])
        if not np.isfinite(a.sum()):
            out[np.isnan(a)] = NULLS[u]
            out[a == np.inf], out[a == -np.inf] = INFINITIES.get(u, 0), -INFINITIES.get(u, 0)
        return out
    out = a.astype(DTYPES[u])
    if t not in SMALL and (NULLS[t] != NULLS[u] or u in FLOATING):
        hit = a == NULLS[t]
        if hit.any():
            out[hit] = NULLS[u]
    return out


def scalar_to(v: Any, t: int, u: int) -> Any:
    """``to_type`` of a Python scalar."""
    if t in FLOATING:
        if u in FLOATING:
            return v
        if v != v:
            return NULLS[u]
        if v in (math.inf, -math.inf):
            return INFINITIES.get(u, 0) if v > 0 else -INFINITIES.get(u, 0)
        return wrap(int(v), u)
    if t not in SMALL and v == NULLS[t]:
        return NULLS[u]
    if u in FLOATING:
        return float(v)
    return int(v) & 255 if u in (BYTE, CHAR) else v


def wrap(n: int, t: int) -> int:
    """A whole number as the machine keeps it in type t."""
    if t in SMALL:
        return n & 255
    width = _WIDTH[t]
    return n if -width <= n < width else (n + width) % (2 * width) - width


def raw(v: Any, t: int, u: int) -> Any:
    """Stored numbers of t as numbers of u, temporals by their underlying number."""
    if t in TEMPORAL and u in TEMPORAL:
        if isinstance(v, np.ndarray):
            return to_type(v, plain(t), plain(u))
        return scalar_to(v, t, u)
    return to_type(v, t, u)


def plain(t: int) -> int:
    """The number type behind a temporal."""
    if t not in TEMPORAL:
        return t
    return LONG if t in (12, 16) else FLOAT if t == 15 else INT


def meet(v: Any, t: int, u: int) -> Any:
    """Stored numbers of t as numbers of u, times as the same moment in the other unit."""
    if t in TEMPORAL and u in TEMPORAL:
        return to_type(v, t, u)
    if u in (BYTE, CHAR) and t != u and not isinstance(v, np.ndarray):
        return int(v) & 255 if v == v and abs(v) < 2**63 else 0
    return raw(v, t, u)
