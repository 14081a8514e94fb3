"""Values of q: atoms, vectors, general lists, dictionaries, tables and functions.

Everything is a ``Value`` with its type code in ``t``. Values are never changed in place.

* ``Atom``: ``v`` is a Python scalar as stored: int, float, text of a symbol, a char or a guid as an integer.
* ``Vec``: ``v`` is a numpy array of the type's dtype, ``attr`` one of ``"" s u p g``.
* ``Enum``: a vector (or, with ``t == -20``, an atom) of indices into a named list of symbols.
* ``List``: ``v`` is a Python list of values (type 0).
* ``Dict``: keys ``k`` and values ``w``; a keyed table has a table in both.
* ``Table``: ``cols`` texts and ``data`` one list (or vector) a column, all of one length.
* ``Fn``: anything that can be applied; ``call`` gets the arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.types import BOOL, CHAR, DICT, DTYPES, ENUM, FLOAT, LONG, NULLS, SYM, TABLE


class Value:
    """Any value; ``t`` is its type code."""

    __slots__ = ("t",)
    t: int


class Atom(Value):
    """One value of a basic type."""

    __slots__ = ("v",)

    def __init__(self, t: int, v: Any) -> None:
        self.t = t
        self.v = v


class Vec(Value):
    """A list of values of one basic type."""

    __slots__ = ("attr", "v")

    def __init__(self, t: int, v: Any, attr: str = "") -> None:
        self.t = t
        self.v = v
        self.attr = attr


class Domain:
    """What a variable holds that enumerations point into: they follow the variable."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


class Enum(Vec):
    """Indices into a list of symbols or a keyed table; ``domain`` is its name, ``target`` its value."""

    __slots__ = ("domain", "held")

    def __init__(self, v: Any, domain: str, target: Value | Domain, attr: str = "") -> None:
        super().__init__(ENUM, v, attr)
        self.domain = domain
        self.held = target if isinstance(target, Domain) else Domain(target)

    @property
    def target(self) -> Value:
        """What the indices point into."""
        return self.held.value


class EnumAtom(Atom):
    """One index into a list of symbols or a keyed table."""

    __slots__ = ("domain", "held")

    def __init__(self, v: int, domain: str, target: Value | Domain) -> None:
        super().__init__(-ENUM, v)
        self.domain = domain
        self.held = target if isinstance(target, Domain) else Domain(target)

    @property
    def target(self) -> Value:
        """What the index points into."""
        return self.held.value


class List(Value):
    """A general list."""

    __slots__ = ("v",)

    def __init__(self, v: list[Value]) -> None:
        self.t = 0
        self.v = v


class Dict(Value):
    """A dictionary, or a keyed table."""

    __slots__ = ("attr", "k", "w")

    def __init__(self, k: Value, w: Value, attr: str = "") -> None:
        self.t = DICT
        self.k = k
        self.w = w
        self.attr = attr


class Table(Value):
    """A table: columns of one length."""

    __slots__ = ("attr", "cols", "data")

    def __init__(self, cols: list[str], data: list[Value], attr: str = "") -> None:
        self.t = TABLE
        self.cols = cols
        self.data = data
        self.attr = attr


class Fn(Value):
    """Anything that can be applied. ``rank`` is the number of arguments that make it run."""

    __slots__ = ("rank",)
    rank: int

    def call(self, args: Sequence[Value]) -> Value:
        """Apply to as many arguments as the rank says.

        Raises:
            QError: whatever the function signals.
        """
        raise QError("nyi")


NO, YES = Atom(-BOOL, 0), Atom(-BOOL, 1)
EMPTY = List([])
_BYTES = DTYPES[CHAR]
SHORT_LIST = 50
"""Items that Python looks through sooner than numpy."""


def flag(x: object) -> Atom:
    """A boolean atom."""
    return YES if x else NO


def long(x: int) -> Atom:
    """A long atom."""
    return Atom(-LONG, x)


def real(x: float) -> Atom:
    """A float atom."""
    return Atom(-FLOAT, x)


def sym(text: str) -> Atom:
    """A symbol atom."""
    return Atom(-SYM, text)


def syms(texts: Iterable[str]) -> Vec:
    """A symbol vector."""
    return array(SYM, list(texts))


def longs(numbers: Any) -> Vec:
    """A long vector."""
    return Vec(LONG, np.asarray(numbers, dtype=np.int64))


def chars(text: str | bytes) -> Vec:
    """A char vector; text is stored as UTF-8 bytes."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return Vec(CHAR, np.frombuffer(raw, _BYTES))


def array(t: int, items: list[Any]) -> Vec:
    """A vector of positive type t from stored Python scalars."""
    return Vec(t, np.array(items, DTYPES[t]))


def text_of(x: Value) -> str:
    """The text of a symbol, char or char vector.

    Raises:
        QError: ``type`` for anything else.
    """
    if isinstance(x, EnumAtom):
        return str(unenum(x).v)
    if isinstance(x, Atom):
        if x.t == -SYM:
            return str(x.v)
        if x.t == -CHAR:
            return bytes([x.v]).decode("utf-8", "surrogateescape")
    if isinstance(x, Vec) and x.t == CHAR:
        return bytes(x.v).decode("utf-8", "surrogateescape")
    if isinstance(x, List) and not x.v:
        return ""
    raise QError("type")


def null(t: int) -> Value:
    """The null of a type (sign ignored); an empty list for general lists."""
    return Atom(-abs(t), NULLS[abs(t)]) if t and abs(t) in NULLS else List([])


# ---------------------------------------------------------------- taking values apart


def unenum(x: Any) -> Any:
    """The symbols (or the index) behind an enumeration; anything else as it is."""
    t = x.t
    if t != ENUM and t != -ENUM:
        return x
    target = enum_domain(x.target)
    if t < 0:
        if not isinstance(target, Vec):
            return Atom(-LONG, x.v)
        return Atom(-target.t, scalar(target.v[x.v]) if 0 <= x.v < len(target.v) else NULLS[target.t])
    if not isinstance(target, Vec):
        return Vec(LONG, x.v)
    out = np.empty(len(x.v), dtype=object)
    out[:] = [target.v[i] if 0 <= i < len(target.v) else "" for i in x.v.tolist()]
    return Vec(target.t, out if target.t == SYM else out.astype(DTYPES[target.t]))


def enum_domain(target: Value) -> Value:
    """The list that an enumeration points into: that list, or the key column of a keyed table."""
    if isinstance(target, Dict) and isinstance(target.k, Table):
        target = target.k.data[0]
    made: Value = unenum(target)
    return made


def scalar(x: Any) -> Any:
    """A numpy scalar as a Python one; texts and integers stay."""
    return x.item() if isinstance(x, np.generic) else x


def count(x: Value) -> int:
    """Number of items; 1 for atoms and functions."""
    t = x.t
    if 0 <= t <= ENUM:
        return len(x.v)  # type: ignore[attr-defined]
    if isinstance(x, Dict):
        return count(x.k)
    if isinstance(x, Table):
        return count(x.data[0]) if x.data else 0
    return 1


def is_list(x: Value) -> bool:
    """Whether x is a vector or a general list."""
    return 0 <= x.t <= ENUM


def is_keyed(x: Value) -> bool:
    """Whether x is a keyed table."""
    return isinstance(x, Dict) and isinstance(x.k, Table) and isinstance(x.w, Table)


def items(x: Value) -> list[Value]:
    """The items of a list; the rows of a table; the values of a dictionary; an atom alone."""
    kind = type(x)
    if kind is Vec:
        t = -x.t
        return [Atom(t, one) for one in x.v.tolist()]  # type: ignore[attr-defined]
    if kind is Atom:
        return [x]
    if isinstance(x, List):
        return x.v
    if isinstance(x, Enum):
        return [EnumAtom(i, x.domain, x.held) for i in x.v.tolist()]
    if isinstance(x, Table):
        names = syms(x.cols)
        if not x.data:
            return []
        return [Dict(names, pack(list(row))) for row in zip(*map(items, x.data), strict=True)]
    if isinstance(x, Dict):
        return items(x.w)
    return [x]


def pack(values: list[Value]) -> Value:
    """Values as a list: a vector of atoms of one type, a table of dictionaries of the same keys."""
    if not values:
        return List([])
    first = values[0]
    t = first.t
    if t < 0:
        for one in values:
            if one.t != t:
                return List(values)
        if isinstance(first, EnumAtom):
            if any(one.domain != first.domain for one in values):  # type: ignore[attr-defined]
                return List(values)
            return Enum(np.array([one.v for one in values], dtype=np.int64), first.domain, first.held)  # type: ignore[attr-defined]
        return array(-t, [one.v for one in values])  # type: ignore[attr-defined]
    if isinstance(first, Dict) and isinstance(first.k, Vec) and first.k.t == SYM:
        names = first.k.v.tolist()
        if all(
            isinstance(d, Dict) and isinstance(d.k, Vec) and d.k.t == SYM and d.k.v.tolist() == names
            for d in values
        ):
            rows = [items(d.w) for d in values]  # type: ignore[attr-defined]
            if names and all(len(row) == len(names) for row in rows):
                return Table(names, [pack(list(column)) for column in zip(*rows, strict=True)])
    return List(values)


def enlist(x: Value) -> Value:
    """A list of one item."""
    if type(x) is Atom:
        return array(-x.t, [x.v])
    if isinstance(x, EnumAtom):
        return Enum(np.array([x.v]), x.domain, x.held)
    if isinstance(x, Dict) and isinstance(x.k, Vec) and x.k.t == SYM and is_list(x.w):
        return Table(x.k.v.tolist(), [enlist(one) for one in items(x.w)])
    return List([x])


def empty_like(x: Value) -> Value:
    """An empty list, dictionary or table of the same type."""
    if isinstance(x, Enum):
        return Enum(x.v[:0], x.domain, x.held)
    if isinstance(x, Vec):
        return Vec(x.t, x.v[:0])
    if isinstance(x, Table):
        return Table(x.cols, [empty_like(c) for c in x.data])
    if isinstance(x, Dict):
        return Dict(empty_like(x.k), empty_like(x.w))
    if isinstance(x, Atom):
        return array(-x.t, []) if x.t != -ENUM else List([])
    return List([])


# ---------------------------------------------------------------- reading by position


def at(x: Value, i: int) -> Value:
    """Item i of a list or row i of a table; the null of its type where i is out of range.

    Raises:
        QError: ``rank`` for what has no items.
    """
    if isinstance(x, Vec):
        found = x.v.item(int(i)) if 0 <= i < len(x.v) else NULLS[LONG if x.t == ENUM else x.t]
        return EnumAtom(found, x.domain, x.held) if isinstance(x, Enum) else Atom(-x.t, found)
    if isinstance(x, List):
        if 0 <= i < len(x.v):
            return x.v[i]
        return null_item(x)
    if isinstance(x, Table):
        return Dict(syms(x.cols), pack([at(column, i) for column in x.data]))
    if isinstance(x, Dict):
        return at(x.w, i)
    raise QError("rank")


def null_item(x: List) -> Value:
    """What a general list gives out of range: the null of its first item's type, or an empty list like it."""
    if not x.v:
        return List([])
    first = x.v[0]
    if isinstance(first, Atom):
        return (
            EnumAtom(NULLS[LONG], first.domain, first.held) if isinstance(first, EnumAtom) else null(first.t)
        )
    if isinstance(first, Dict):
        keys = first.k
        return Dict(keys, pick(first.w, np.full(count(keys), -1)))
    return empty_like(first)


def pick(x: Value, index: Any) -> Value:
    """Items of a list, rows of a table at an int64 array of positions; nulls where out of range.

    Raises:
        QError: ``rank`` for what has no items.
    """
    if isinstance(x, Vec):
        n = len(x.v)
        if n < SHORT_LIST and len(index) < SHORT_LIST and type(x) is Vec:
            values, nothing = x.v.tolist(), NULLS[x.t]
            return array(x.t, [values[i] if 0 <= i < n else nothing for i in index.tolist()])
        ends = [np.minimum.reduce(index), np.maximum.reduce(index)] if len(index) else []
        if ends and (min(ends) < 0 or max(ends) >= n):
            bad = (index < 0) | (index >= n)
            safe = np.where(bad, 0, index)
            nothing = NULLS[LONG] if isinstance(x, Enum) else NULLS[x.t]
            out = x.v[safe] if n else np.empty(len(index), dtype=x.v.dtype)
            out[bad] = nothing
        else:
            out = x.v[index]
        return Enum(out, x.domain, x.held) if isinstance(x, Enum) else Vec(x.t, out)
    if isinstance(x, List):
        return pack([at(x, i) for i in index.tolist()])
    if isinstance(x, Table):
        return Table(x.cols, [pick(column, index) for column in x.data])
    if isinstance(x, Dict):
        return Dict(pick(x.k, index), pick(x.w, index))
    if isinstance(x, Atom):
        return pick(enlist(x), np.zeros(len(index), dtype=np.int64))
    raise QError("rank")


def column(table: Table, name: str) -> Value:
    """A column by name.

    Raises:
        QError: the name, where there is none.
    """
    try:
        return table.data[table.cols.index(name)]
    except ValueError:
        raise QError(name) from None


def repeat(x: Value, n: int) -> Value:
    """N copies of a value as a list."""
    if isinstance(x, EnumAtom):
        return Enum(np.full(n, x.v), x.domain, x.held)
    if isinstance(x, Atom):
        made = np.empty(n, dtype=DTYPES[-x.t])
        made[:] = x.v
        return Vec(-x.t, made)
    return pack([x] * n) if n else List([])


# ---------------------------------------------------------------- equality and hashing


def match(x: Value, y: Value) -> bool:
    """Whether two values are the same: type, shape and items (floats within the comparison tolerance)."""
    if x is y:
        return True
    t = x.t
    if t != y.t:
        return False
    a: Any = x
    b: Any = y
    if t == ENUM or t == -ENUM:
        return a.domain == b.domain and match(unenum(a), unenum(b))
    if t < 0:
        return same_scalar(a.v, b.v)
    if t == 0:
        return len(a.v) == len(b.v) and all(map(match, a.v, b.v))
    if t < ENUM:
        return len(a.v) == len(b.v) and _same_items(a.v, b.v)
    if t == DICT:
        return match(a.k, b.k) and match(a.w, b.w)
    if t == TABLE:
        return a.cols == b.cols and all(map(match, a.data, b.data))
    return x == y


TOLERANCE = 2.0**-43
"""Relative difference within which floats are equal."""


def same_scalar(a: Any, b: Any) -> bool:
    """Equality of two stored scalars; nulls are equal, floats within the tolerance."""
    if a == b:
        return True
    if isinstance(a, float) and isinstance(b, float):
        if a != a and b != b:
            return True
        return abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) if abs(a) != float("inf") != abs(b) else False
    return False


def _same_items(a: Any, b: Any) -> bool:
    if len(a) < SHORT_LIST:
        return all(map(same_scalar, a.tolist(), b.tolist()))
    return bool(same_array(a, b).all())


def same_array(a: Any, b: Any) -> Any:
    """Itemwise equality of two arrays of one type, as booleans."""
    if a.dtype.kind == "f" or b.dtype.kind == "f":
        with np.errstate(all="ignore"):
            near = np.abs(a - b) <= TOLERANCE * np.maximum(np.abs(a), np.abs(b))
            finite = np.isfinite(a) & np.isfinite(b)
            return (a == b) | (np.isnan(a) & np.isnan(b)) | (near & finite)
    return np.asarray(a == b, dtype=bool)
