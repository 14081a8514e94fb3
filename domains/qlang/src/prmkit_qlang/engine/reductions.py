"""Common aggregates of a plain column for all groups at once, where that gives what one by one would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from prmkit_qlang.engine.functions import Prim
from prmkit_qlang.engine.types import FLOAT, FLOATING, INT, LONG, NULLS, SHORT, SYM, TEMPORAL
from prmkit_qlang.engine.values import Atom, Enum, List, Value, Vec, longs, pick

EXACT = 2**53
"""Integers up to here are floats without loss."""
_WHOLE = frozenset({INT, LONG})
_ORDERED = (frozenset({SHORT, INT, LONG}) | TEMPORAL) - FLOATING
Groups = Sequence[Any]


def reduced(tree: Value, columns: Mapping[str, Value], groups: Groups) -> Value | None:
    """The column of an aggregate, one item a group, or None where each group must be evaluated.

    Args:
        tree: An aggregate and the name of a column.
        columns: Columns by name.
        groups: Positions of the rows of each group; none is empty.

    Examples:
        >>> from prmkit_qlang.engine.values import sym
        >>> total = List([Prim("sum", {}), sym("a")])
        >>> reduced(total, {"a": longs([1, 2, 3])}, [np.array([0, 2]), np.array([1])]).v.tolist()
        [4, 2]
    """
    if not isinstance(tree, List) or len(tree.v) != 2 or not groups:
        return None
    head, name = tree.v
    if not isinstance(head, Prim) or not isinstance(name, Atom) or name.t != -SYM:
        return None
    run, x = _QUICK.get(head.name), columns.get(name.v)
    return run(x, groups) if run is not None and isinstance(x, Vec) else None


def _first(x: Vec, groups: Groups) -> Value | None:
    return pick(x, np.array([g[0] for g in groups], dtype=np.int64))


def _last(x: Vec, groups: Groups) -> Value | None:
    return pick(x, np.array([g[-1] for g in groups], dtype=np.int64))


def _count(x: Vec, groups: Groups) -> Value | None:
    return longs([len(g) for g in groups])


def _along(op: Any, v: Any, groups: Groups, **how: Any) -> Any:
    """A reduction of each group."""
    starts = np.cumsum([0, *(len(g) for g in groups[:-1])])
    return op.reduceat(v[np.concatenate(groups)], starts, **how)


def _plain(x: Vec, types: frozenset[int]) -> bool:
    """Whether a vector has one of some types and no nulls."""
    return not isinstance(x, Enum) and x.t in types and bool((x.v != NULLS[x.t]).all())


def _sum(x: Vec, groups: Groups) -> Value | None:
    return Vec(x.t, _along(np.add, x.v, groups, dtype=x.v.dtype)) if _plain(x, _WHOLE) else None


def _max(x: Vec, groups: Groups) -> Value | None:
    return Vec(x.t, _along(np.maximum, x.v, groups)) if _plain(x, _ORDERED) else None


def _min(x: Vec, groups: Groups) -> Value | None:
    return Vec(x.t, _along(np.minimum, x.v, groups)) if _plain(x, _ORDERED) else None


def _avg(x: Vec, groups: Groups) -> Value | None:
    if not _plain(x, _WHOLE) or max(-int(x.v.min()), int(x.v.max())) * len(x.v) >= EXACT:
        return None
    sizes = np.array([len(g) for g in groups])
    return Vec(FLOAT, _along(np.add, x.v, groups, dtype=np.int64) / sizes)


_QUICK: dict[str, Callable[[Vec, Groups], Value | None]] = {
    "first": _first, "last": _last, "count": _count, "sum": _sum, "max": _max, "min": _min, "avg": _avg,
}  # fmt: skip
