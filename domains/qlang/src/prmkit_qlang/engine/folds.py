"""Reductions and scans of vectors that numpy does in one go, and what an accumulator begins with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from prmkit_qlang.engine.atomic import add, multiply
from prmkit_qlang.engine.compare import larger, lesser
from prmkit_qlang.engine.convert import wrap
from prmkit_qlang.engine.functions import NIL, Prim
from prmkit_qlang.engine.lifting import Two
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    FLOAT,
    FLOATING,
    INFINITIES,
    INT,
    LONG,
    NULLS,
    REAL,
    SHORT,
    TEMPORAL,
    TIMESPAN,
)
from prmkit_qlang.engine.values import SHORT_LIST, Atom, List, Value, Vec, at, long, null

_WHOLE = frozenset([INT, LONG])
_WHOLE_OR_TIME = (_WHOLE | TEMPORAL) - FLOATING
Quick = Callable[[Value | None, Vec], Value | None]
_SEEDS: dict[str, Any] = {"+": 0, "-": 0, "*": 1, "%": 1}


def seed_of(f: Value, x: Value, *, empty: bool = False) -> Value:
    """What stands before the first item: the identity of the operator, else a null like the items.

    With ``empty``, the result of reducing an empty list.
    """
    name = f.name if isinstance(f, Prim) else ""
    t = abs(x.t)
    if empty:
        if name in _SEEDS:
            kind = t if t in (LONG, FLOAT, REAL, TIMESPAN) else INT if t in (BOOL, SHORT, INT, BYTE) else LONG
            return Atom(-kind, _SEEDS[name] if kind not in FLOATING else float(_SEEDS[name]))
        if name in ("&", "|") and t in INFINITIES:
            return Atom(-t, INFINITIES[t] if name == "&" else -INFINITIES[t])
        if name == ",":
            return x
        return List([]) if not name or t in (0, 98) else null(t)
    if name == ",":
        return List([])
    if name in ("-", "+"):
        return null_free(t, 0)
    if name in ("*", "%"):
        return null_free(t, 1)
    if name == "~":
        return NIL
    return at(x, -1) if isinstance(x, Vec) else _before(x)


def _before(x: Value) -> Value:
    return at(x, -1) if isinstance(x, List) and x.v else List([])


def null_free(t: int, v: int) -> Value:
    """A small number that leaves values of type t what they are."""
    return (
        Atom(-FLOAT, float(v))
        if t in (REAL, FLOAT)
        else long(v)
        if t not in (BOOL, BYTE, SHORT, INT)
        else Atom(-INT, v)
    )


def _plain(x: Vec) -> bool:
    """Whether there are whole numbers, and no null among them."""
    if x.t not in _WHOLE or not len(x.v):
        return False
    return NULLS[x.t] not in x.v.tolist() if len(x.v) < SHORT_LIST else bool(x.v.min() != NULLS[x.t])


def _sum_all(seed: Value | None, x: Vec) -> Value | None:
    if not _plain(x):
        return None
    total = Atom(
        -x.t, wrap(sum(x.v.tolist()), x.t) if len(x.v) < SHORT_LIST else int(x.v.sum(dtype=x.v.dtype))
    )
    return total if seed is None else add(seed, total) if seed.t in (-INT, -LONG) else None


def _product_all(seed: Value | None, x: Vec) -> Value | None:
    if not _plain(x):
        return None
    total = Atom(-x.t, int(np.multiply.reduce(x.v, dtype=x.v.dtype)))
    return total if seed is None else multiply(seed, total) if seed.t in (-INT, -LONG) else None


def _sums(seed: Value | None, x: Vec) -> Value | None:
    if not _plain(x):
        return None
    out = Vec(x.t, np.cumsum(x.v, dtype=x.v.dtype))
    return out if seed is None else add(seed, out) if seed.t in (-INT, -LONG) else None


def _extreme(op: Any, two: Two) -> Quick:
    def run(seed: Value | None, x: Vec) -> Value | None:
        if x.t not in _WHOLE_OR_TIME or not len(x.v):
            return None
        best = Atom(-x.t, int(op.reduce(x.v)))
        return best if seed is None else two(seed, best)

    return run


FOLDS: dict[str, Quick] = {
    "+": _sum_all, "*": _product_all, "&": _extreme(np.minimum, lesser), "|": _extreme(np.maximum, larger),
}  # fmt: skip
"""Dyad → reduction of a vector, None where the general way must be gone."""
SCANS: dict[str, Quick] = {"+": _sums}
"""Dyad → scan of a vector."""
