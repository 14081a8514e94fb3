"""Functions of atoms and vectors made functions of all values, by taking the others apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.search import row_keys
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
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
    unenum,
)

Two = Callable[[Value, Value], Value]
One = Callable[[Value], Value]
FLAT = frozenset([Atom, Vec, Enum, EnumAtom])
"""Classes of atoms and vectors."""


def lift(pair: Two, name: str, alone: One | None = None) -> Two:
    """A dyad of atoms and vectors as one of all values.

    Args:
        pair: What it does with two atoms or vectors.
        name: Its name.
        alone: What becomes of a value of a dictionary on the right that has no partner on the left.
    """

    def two(x: Value, y: Value) -> Value:
        if type(x) in FLAT and type(y) in FLAT:
            return pair(x, y)
        return _descend(two, alone, x, y)

    two.__name__ = name
    return two


def _descend(two: Two, alone: One | None, x: Value, y: Value) -> Value:
    if isinstance(x, Fn) or isinstance(y, Fn):
        raise QError("type")
    METER.step()
    if isinstance(x, Dict) and isinstance(y, Dict):
        return _dicts(two, alone, x, y)
    if isinstance(x, Dict):
        return Dict(x.k, two(x.w, y))
    if isinstance(y, Dict):
        return Dict(y.k, two(x, y.w))
    if isinstance(x, Table) or isinstance(y, Table):
        return _tables(two, x, y)
    if isinstance(x, Atom):
        return pack([two(x, one) for one in items(y)])
    if isinstance(y, Atom):
        return pack([two(one, y) for one in items(x)])
    if count(x) != count(y):
        raise QError("length")
    return pack([two(a, b) for a, b in zip(items(x), items(y), strict=True)])


def _tables(two: Two, x: Value, y: Value) -> Value:
    if isinstance(x, Table) and isinstance(y, Table):
        if count(x) != count(y):
            raise QError("length")
        return Table(x.cols, [two(a, column(y, c)) for c, a in zip(x.cols, x.data, strict=True)])
    table, left = (x, True) if isinstance(x, Table) else (y, False)
    assert isinstance(table, Table)
    return Table(table.cols, [two(c, y) if left else two(x, c) for c in table.data])


def _dicts(two: Two, alone: One | None, x: Dict, y: Dict) -> Value:
    """Dictionaries: values of keys of both are combined, the others stay."""
    kx, ky = _keys(x.k), _keys(y.k)
    if kx == ky:
        return Dict(x.k, two(x.w, y.w))
    place = {key: i for i, key in enumerate(ky)}
    both = [(i, place[key]) for i, key in enumerate(kx) if key in place]
    seen = set(kx)
    fresh = [i for i, key in enumerate(ky) if key not in seen]
    if not any(isinstance(one, Table) for one in (x.k, y.k, x.w, y.w)):
        return Dict(_merged(two, None, x.k, y.k, [], fresh), _merged(two, alone, x.w, y.w, both, fresh))
    if not (isinstance(x.k, Table) and isinstance(y.k, Table)):
        raise QError("type")
    if not (isinstance(x.w, Table) and isinstance(y.w, Table)):
        raise QError("type")
    if len(x.k.cols) != len(y.k.cols):
        raise QError("mismatch")
    pairs = [(a, column(y.w, c)) for c, a in zip(x.w.cols, x.w.data, strict=True)]
    merged = [_merged(two, alone, a, b, both, fresh) for a, b in pairs]
    keys = [_merged(two, None, a, b, [], fresh) for a, b in zip(x.k.data, y.k.data, strict=True)]
    return Dict(Table(x.k.cols, keys), Table(x.w.cols, merged))


def _keys(x: Value) -> list[Any]:
    return row_keys(x.data if isinstance(x, Table) else [x])


def _merged(
    two: Two, alone: One | None, x: Value, y: Value, both: list[tuple[int, int]], fresh: list[int]
) -> Value:
    """The items of x, some combined with items of y, and fresh ones of y behind them."""
    ours, theirs = list(items(x)), items(y)
    for i, j in both:
        ours[i] = two(ours[i], theirs[j])
    return pack(ours + [theirs[i] if alone is None else alone(theirs[i]) for i in fresh])


def monadic(single: Callable[[Any], Value], name: str, *, places: bool = False) -> One:
    """A function of atoms and vectors as one of all values; with ``places``, of enumerated values as such."""

    def one(x: Value) -> Value:
        if type(x) in FLAT:
            return single(unenum(x) if abs(x.t) >= 20 and not places else x)
        if isinstance(x, List):
            return pack([one(each) for each in x.v])
        if isinstance(x, Dict):
            return Dict(x.k, one(x.w))
        if isinstance(x, Table):
            return Table(x.cols, [one(c) for c in x.data])
        raise QError("type")

    one.__name__ = name
    return one


def prepare(x: Any, y: Any) -> tuple[Any, Any, int, int]:
    """Two arguments without enumerations, and their types without sign."""
    if abs(x.t) >= 20:
        x = unenum(x)
    if abs(y.t) >= 20:
        y = unenum(y)
    return x, y, abs(x.t), abs(y.t)


def lengths(x: Any, y: Any) -> int:
    """Pay for the result of two vectors, or of a vector and an atom; how long it is.

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


def side_by_side(x: Any, y: Any, n: int) -> tuple[list[Any], list[Any]]:
    """The n items of two vectors, or of a vector and as many copies of an atom, as Python scalars."""
    return x.v.tolist() if x.t > 0 else [x.v] * n, y.v.tolist() if y.t > 0 else [y.v] * n
