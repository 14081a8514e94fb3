"""Attributes of lists, tables and dictionaries, and lookup in stepped dictionaries."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from prmkit_qlang.engine.columns import find, key_columns, lookup
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.sorting import grade, mark_sorted
from prmkit_qlang.engine.types import FLOATING
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    List,
    Table,
    Value,
    Vec,
    at,
    column,
    count,
    enlist,
    is_list,
    items,
    pack,
    pick,
    syms,
)

NAMES = frozenset(["", "s", "u", "p", "g"])
"""Sorted, unique, parted, grouped; the empty one takes attributes away."""


def set_attribute(name: str, x: Value) -> Value:
    """``name#x``: x with an attribute. A sorted dictionary is stepped: it finds the last key not greater.

    Raises:
        QError: ``s-fail`` where x is not sorted, ``u-fail`` where it is not unique or parted, ``type`` for
            another name, or where values of this type have no such attribute.
    """
    if name not in NAMES:
        raise QError("type")
    if isinstance(x, Dict | Table) and name not in ("", "s"):
        raise QError("type")
    if isinstance(x, Dict):
        return Dict(set_attribute(name, x.k), x.w, name)
    if name:
        _check(name, x)
    if isinstance(x, Table):
        first = ("s" if len(x.cols) == 1 else "p") if name else ""
        return Table(
            x.cols, [marked(c, first) if i == 0 or not name else c for i, c in enumerate(x.data)], name
        )
    return marked(x, name)


def marked(x: Value, name: str) -> Value:
    """A vector with an attribute, unchecked; anything else as it is."""
    if isinstance(x, Enum):
        return Enum(x.v, x.domain, x.held, name)
    if isinstance(x, List):
        return mark_sorted(List(x.v), name)
    return Vec(x.t, x.v, name) if isinstance(x, Vec) else x


def _check(name: str, x: Value) -> None:
    """Refuse an attribute that does not hold."""
    if name == "s" and isinstance(x, Vec | List | Table) and not _ascending(x):
        raise QError("s-fail")
    if isinstance(x, Vec) and name in ("u", "p"):
        values = x.v.tolist()
        runs = 1 + sum(a != b for a, b in pairwise(values))
        if (name == "u" and len(set(values)) < len(values)) or (name == "p" and len(set(values)) < runs):
            raise QError("u-fail")


def _ascending(x: Value) -> bool:
    if not isinstance(x, Vec) or isinstance(x, Enum):
        return np.array_equal(grade(x), np.arange(count(x)))
    v: Any = np.where(np.isnan(x.v), -np.inf, x.v) if x.t in FLOATING else x.v
    return bool(np.all(v[:-1] <= v[1:]))


def stepped(d: Dict, i: Value) -> Value:
    """``d[i]`` of a stepped dictionary or keyed table: what belongs to the last key that is not greater.

    Raises:
        QError: ``type`` for keys of another type.
    """
    width = len(key_columns(d.k))
    if isinstance(d.k, Table):
        if isinstance(i, Table):
            return pick(d.w, lookup(d, [column(i, c) for c in d.k.cols]))
        if isinstance(i, Dict):
            i = pack([at(i.w, int(find([i.k], [syms([c])])[0])) for c in d.k.cols])
        if width > 1:
            cells = items(i)
            if len(cells) == width and not any(map(is_list, cells)):
                return at(d.w, int(lookup(d, [enlist(one) for one in cells])[0]))
            return pack([stepped(d, one) for one in cells])
    if isinstance(i, Atom):
        return at(d.w, int(lookup(d, [enlist(i)])[0]))
    if isinstance(i, Vec):
        return pick(d.w, lookup(d, [i]))
    return pack([stepped(d, one) for one in items(i)])
