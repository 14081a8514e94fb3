"""Whether a value is what a text says it is."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from prmkit.types import Verdict
from prmkit_qlang.engine.inline import s1
from prmkit_qlang.engine.types import CHAR, FLOATING, SYM
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Fn,
    List,
    Table,
    Value,
    Vec,
    items,
    unenum,
)

PRINTED = 5e-7
"""Relative difference of a float and its print of seven digits."""


NOISE = 1e-9
"""Difference of floats in a table that rounding explains."""
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_BITS = re.compile(r"[01]+b")


def said(value: Value, wanted: Value, written: str) -> tuple[Verdict, str]:
    """HOLDS when the value is the one written, FAILS when it is another, else UNKNOWN; and why.

    Another type with equal numbers, an atom beside a list of one, a symbol beside a string of the same text
    may be meant: they are UNKNOWN. Floats count as equal where they agree in the digits written.

    Args:
        value: What the interpreter gives.
        wanted: The value written.
        written: Its text.
    """
    value, wanted = unenum(value), unenum(wanted)
    if isinstance(value, Fn):
        return Verdict.UNKNOWN, "it is a function"
    digits = _digits(written)
    if same(value, wanted, digits):
        return Verdict.HOLDS, f"it is {_short(value)}"
    if same(value, wanted, digits, loosely=True):
        return Verdict.UNKNOWN, f"it is {_short(value)}, of another type or shape than {written}"
    return Verdict.FAILS, f"it is {_short(value)}, not {written}"


def _short(value: Value) -> str:
    text = s1(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _digits(written: str) -> float:
    """Half a unit in the last decimal place of the shortest decimal fraction written; 0 without one."""
    places = [len(one) for one in re.findall(r"\.(\d+)(?![\d.])", written)]
    return 0.5 * 10.0 ** -min(places) if places else 0.0


def same(a: Value, b: Value, within: float = 0.0, *, loosely: bool = False) -> bool:
    """Whether two values are equal.

    Args:
        a: A value.
        b: Another.
        within: Absolute difference of floats allowed.
        loosely: Look at the numbers or characters only, not at types, nor at whether one item is a list.
    """
    a, b = unenum(a), unenum(b)
    if not loosely and a.t != b.t:
        return _empty(a) and _empty(b) and 0 in (a.t, b.t)
    if isinstance(a, Dict) and isinstance(b, Dict):
        return same(a.k, b.k, within, loosely=loosely) and same(a.w, b.w, within, loosely=loosely)
    if isinstance(a, Table) and isinstance(b, Table):
        one, two = List(a.data), List(b.data)
        return a.cols == b.cols and same(one, two, within, loosely=loosely)
    if isinstance(a, Dict | Table | Fn) or isinstance(b, Dict | Table | Fn):
        return isinstance(a, Fn) and isinstance(b, Fn) and s1(a) == s1(b)
    if loosely:
        return _loosely(a, b, within)
    if isinstance(a, Atom) and isinstance(b, Atom):
        return _scalars(a.v, b.v, within)
    if isinstance(a, Vec) and isinstance(b, Vec):
        return len(a.v) == len(b.v) and _arrays(a, b, within)
    found, wanted = items(a), items(b)
    return len(found) == len(wanted) and all(same(x, y, within) for x, y in zip(found, wanted, strict=True))


def _empty(x: Value) -> bool:
    return isinstance(x, Vec | List) and len(x.v) == 0


def _scalars(a: Any, b: Any, within: float) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
        if a != a or b != b:
            return bool(a != a and b != b)
        return bool(a == b or abs(a - b) <= max(within, PRINTED * max(abs(a), abs(b))))
    return bool(a == b)


def _arrays(a: Vec, b: Vec, within: float) -> bool:
    if a.t in FLOATING:
        return bool(np.allclose(a.v, b.v, rtol=PRINTED, atol=within, equal_nan=True))
    return bool(np.array_equal(a.v, b.v))


def _loosely(a: Value, b: Value, within: float) -> bool:
    left, right = _flat(a), _flat(b)
    return len(left) == len(right) and all(
        type(x) is not str and type(y) is not str and _scalars(x, y, within) if type(x) is not type(y)
        else _scalars(x, y, within)
        for x, y in zip(left, right, strict=True)
    )  # fmt: skip


def _flat(x: Value) -> list[Any]:
    """Numbers and characters of a value in order, whatever it is made of."""
    x = unenum(x)
    if isinstance(x, Atom):
        if -x.t == SYM:
            return list(x.v)
        return [chr(x.v)] if -x.t == CHAR else [x.v]
    if isinstance(x, Vec) and x.t not in (SYM, CHAR):
        return list(x.v.tolist())
    if isinstance(x, Vec | List):
        return [one for item in items(x) for one in _flat(item)]
    return [s1(x)]


def printed(ours: str, shown: str) -> Verdict:
    r"""Whether two prints of several lines are the same.

    Rows are compared word by word: widths of columns and rulers do not count, and floats agree within what is
    printed. FAILS where the two differ in numbers only; a difference in anything else is UNKNOWN.

    Examples:
        >>> printed("a b\n---\n1 2", "a  b\n----\n1  2"), printed("a\n-\n1", "a\n--\n12")
        (<Verdict.HOLDS: 'HOLDS'>, <Verdict.FAILS: 'FAILS'>)
        >>> printed("a\n-\n1", "b\n-\n1")
        <Verdict.UNKNOWN: 'UNKNOWN'>
    """
    mine, theirs = ([row.split() for row in text.split("\n")] for text in (ours, shown))
    if len(mine) != len(theirs) or any(len(a) != len(b) for a, b in zip(mine, theirs, strict=True)):
        return Verdict.UNKNOWN
    same_ = True
    for a, b in ((a, b) for x, y in zip(mine, theirs, strict=True) for a, b in zip(x, y, strict=True)):
        if a == b or (set(a) == set(b) == {"-"}):
            continue
        if _PLAIN.fullmatch(a) and _PLAIN.fullmatch(b):
            one, two = float(a), float(b)
            same_ = same_ and abs(one - two) <= max(NOISE, PRINTED * max(abs(one), abs(two)))
        elif _BITS.fullmatch(a) and _BITS.fullmatch(b) and len(a) == len(b):
            same_ = False
        else:
            return Verdict.UNKNOWN
    return Verdict.HOLDS if same_ else Verdict.FAILS
