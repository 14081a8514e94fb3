"""Values between Python and q: JSON values in, q values out, back again, and equality across the two.

Whole numbers are longs, floats floats, truth values booleans, strings char vectors, None the null of its
neighbours' type; lists are vectors where their items are alike, else general lists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from prmkit.types import Json
from prmkit_qlang.engine.types import BOOL, CHAR, FLOAT, FLOATING, INTEGRAL, LONG, NULLS, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    Value,
    Vec,
    array,
    chars,
    items,
    null,
    pack,
    syms,
    unenum,
)  # fmt: skip

TOLERANCE = 1e-9
"""Relative difference of floats that count as equal."""
EXACT = 1e15
"""Whole floats from here on are written with an exponent."""
_EMPTY = {"longs": LONG, "floats": FLOAT, "bools": BOOL, "string": CHAR, "syms": SYM}
_NULLABLE = INTEGRAL - {BOOL}


def to_q(value: Json, kind: str = "") -> Value:
    """A JSON value as a q value.

    Args:
        value: None, a truth value, number, string, list or mapping.
        kind: Decides the type of what is empty or whole where the value does not: long, float, longs, floats,
            bools, string, syms; table for a mapping of columns; empty where nothing is known.

    Raises:
        TypeError: No JSON value.

    Examples:
        >>> to_q([1, None, 3]).v.tolist() == [1, -(2**63), 3], to_q([], "longs").t
        (True, 7)
    """
    if isinstance(value, Mapping):
        keys = list(value)
        if kind == "table":
            return Table(keys, [to_q(value[key], "longs") for key in keys])
        return Dict(syms(keys), to_q([value[key] for key in keys]))
    if isinstance(value, list | tuple):
        return _list(value, kind)
    if isinstance(value, str):
        return Atom(-SYM, value) if kind == "sym" else chars(value)
    if value is None:
        return null(FLOAT if kind == "float" else LONG)
    if isinstance(value, bool):
        return Atom(-BOOL, int(value))
    if isinstance(value, int):
        return Atom(-FLOAT, float(value)) if kind == "float" else Atom(-LONG, value)
    if isinstance(value, float):
        return Atom(-FLOAT, value)
    raise TypeError(f"{type(value).__name__} has no q value")


def _list(value: Sequence[Json], kind: str) -> Value:
    if not value:
        return array(_EMPTY[kind], []) if kind in _EMPTY else List([])
    if kind == "syms":
        return syms(value)
    known = [one for one in value if one is not None]
    types = {type(one) for one in known}
    if types == {bool} and len(known) == len(value):
        return array(BOOL, list(map(int, value)))
    if kind == "floats" or types == {float} or (types == {int, float} and kind != "general"):
        if types <= {int, float}:
            return array(FLOAT, [math.nan if one is None else float(one) for one in value])
    elif types <= {int}:
        return array(LONG, [NULLS[LONG] if one is None else one for one in value])
    return pack([to_q(one) for one in value])


def to_python(value: Value) -> Json:
    """A q value as a JSON value; a function, or another value without one, as None.

    Nulls are None; symbols are strings; a table is a list of mappings; temporal values are their numbers.

    Examples:
        >>> to_python(to_q([[1, 2], "ab", None, 2.5]))
        [[1, 2], 'ab', None, 2.5]
    """
    value = unenum(value)
    if isinstance(value, Atom):
        return _scalar(-value.t, value.v)
    if isinstance(value, Vec):
        if value.t == CHAR:
            return bytes(value.v).decode("utf-8", "replace")
        return [_scalar(value.t, one) for one in value.v.tolist()]
    if isinstance(value, List | Table):
        return [to_python(one) for one in items(value)]
    if isinstance(value, Dict):
        keys = [to_python(key) for key in items(value.k)]
        return {key if isinstance(key, str) else str(key): to_python(one)
                for key, one in zip(keys, items(value.w), strict=True)}  # fmt: skip
    return None


def _scalar(t: int, v: Any) -> Json:
    if t == BOOL:
        return bool(v)
    if t == CHAR:
        return bytes([v]).decode("latin-1")
    if t == SYM:
        return str(v)
    if t in FLOATING:
        return None if math.isnan(v) else float(v)
    return None if v == NULLS.get(t) and t not in (1, 2, 4) else int(v)


def equal(value: Value, wanted: Json) -> bool:
    """Whether a q value is the JSON value ``wanted``.

    Numbers compare as numbers, whatever their width, floats within :data:`TOLERANCE`; a truth value is no
    number. A char is the string of one character, and all empty lists are alike. Symbols are no strings.

    Examples:
        >>> equal(to_q([1, 2]), [1.0, 2.0]), equal(to_q(True), 1), equal(to_q([]), "")
        (True, False, True)
    """
    value = unenum(value)
    if isinstance(value, Atom):
        return _equal_scalar(value, wanted)
    if isinstance(value, Vec) and value.t == CHAR:
        shown = to_python(value)
        return bool(shown == wanted or (shown == "" and wanted == [])) or _letters(wanted, shown)
    if isinstance(value, Vec | List | Table):
        if isinstance(wanted, str):
            wanted = list(wanted)
        if not isinstance(wanted, list | tuple):
            return False
        found = items(value)
        return len(found) == len(wanted) and all(map(equal, found, wanted))
    if isinstance(value, Dict) and isinstance(wanted, Mapping):
        made = to_python(value)
        return list(made) == list(wanted) and all(map(equal, items(value.w), wanted.values()))
    return False


def _letters(wanted: Json, shown: str) -> bool:
    return isinstance(wanted, list | tuple) and len(wanted) > 1 and list(shown) == list(wanted)


def _equal_scalar(value: Atom, wanted: Json) -> bool:
    shown = _scalar(-value.t, value.v)
    if -value.t == SYM or -value.t == CHAR:
        return -value.t == CHAR and shown == wanted
    if isinstance(shown, bool) or isinstance(wanted, bool) or shown is None or wanted is None:
        return type(shown) is type(wanted) and bool(shown == wanted)
    if not isinstance(wanted, int | float):
        return False
    return close(shown, wanted)


def close(a: float, b: float) -> bool:
    """Whether two numbers are equal: whole ones exactly, others within :data:`TOLERANCE`."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _float(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return "0n" if value != value else "0w" if value > 0 else "-0w"
    return f"{value:.0f}f" if value % 1 == 0 and abs(value) < EXACT else repr(value)


def literal(value: Json, kind: str = "") -> str:
    """A JSON value as q text.

    Raises:
        TypeError: A mapping.

    Examples:
        >>> literal([1, -2]), literal([]), literal([7]), literal("a"), literal([[1, 2], "ab"])
        ('1 -2', '()', 'enlist 7', 'enlist"a"', '(1 2;"ab")')
    """
    if isinstance(value, str):
        written = '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        return f"enlist{written}" if len(value) == 1 else written
    if isinstance(value, bool):
        return "1b" if value else "0b"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return f"{value}f" if kind == "float" else str(value)
    if value is None:
        return "0n" if kind == "float" else "0N"
    if isinstance(value, Mapping):
        raise TypeError("mappings are not written as q text")
    if not value:
        return {"longs": "`long$()", "floats": "`float$()", "bools": "`boolean$()"}.get(kind, "()")
    if len(value) == 1:
        return f"enlist {literal(value[0])}"
    if all(type(one) is bool for one in value):
        return "".join("01"[one] for one in value) + "b"
    if all(type(one) is int for one in value) or all(type(one) in (int, float) for one in value):
        return " ".join(literal(one).removesuffix("f") for one in value) + (
            "f" if any(type(one) is float for one in value) else ""
        )
    return f"({';'.join(literal(one) for one in value)})"
