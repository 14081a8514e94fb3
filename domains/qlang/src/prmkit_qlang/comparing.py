"""Whether a value is what a text says it is."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from prmkit.types import Verdict
from prmkit_qlang.engine.inline import s1
from prmkit_qlang.engine.types import CHAR, DATETIME, FLOATING, SYM
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
"""Difference of floats in a table that rounding may explain."""
MOMENT = 0.5 / 86_400_000
"""Difference of datetimes, which are days, that a print of milliseconds does not show."""
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+|"\S*')
"""A word of a printed row; blanks between quotes do not end it."""
_DECIMAL = re.compile(r"(?<![\w.:])-?\d*\.(\d+)(?:e([-+]?\d{1,3}))?[fe]?(?![\w.:])")
_BITS = re.compile(r"[01]+b")


def said(value: Value, wanted: Value, written: str) -> tuple[Verdict, str]:
    """HOLDS when the value is the one written, FAILS when it is another, else UNKNOWN; and why.

    Another type with equal numbers, an atom beside a list of one, a symbol beside a string of the same text
    may be meant: they are UNKNOWN. Floats count as equal where they agree in the digits written; of numbers
    written to different digits, the most digits make HOLDS, the fewest FAILS. Datetimes are equal to the
    millisecond.

    Args:
        value: What the interpreter gives.
        wanted: The value written.
        written: Its text.
    """
    value, wanted = unenum(value), unenum(wanted)
    if isinstance(value, Fn):
        return Verdict.UNKNOWN, "it is a function"
    least, most = _digits(written)
    if same(value, wanted, least):
        return Verdict.HOLDS, f"it is {_short(value)}"
    if same(value, wanted, most):
        return Verdict.UNKNOWN, f"it is {_short(value)}, which {written} may round"
    if same(value, wanted, most, loosely=True):
        return Verdict.UNKNOWN, f"it is {_short(value)}, of another type or shape than {written}"
    return Verdict.FAILS, f"it is {_short(value)}, not {written}"


def _short(value: Value) -> str:
    text = s1(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


def _digits(written: str) -> tuple[float, float]:
    """Half a unit in the last place of the decimal fractions written, the least and the most; 0 without one.

    Examples:
        >>> _digits("2.5 0.125"), _digits("1.5e-07"), _digits("2020.01.01T12:00:00.5")
        ((0.0005, 0.05), (5e-09, 5e-09), (0.0, 0.0))
    """
    halves = [0.5 * 10.0 ** (int(one[2] or 0) - len(one[1])) for one in _DECIMAL.finditer(written)]
    return (min(halves), max(halves)) if halves else (0.0, 0.0)


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
        return _moments(a.v, b.v) if a.t == -DATETIME else _scalars(a.v, b.v, within)
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


def _moments(a: float, b: float) -> bool:
    """Whether two datetimes are the same to the millisecond."""
    return bool(a == b or (a != a and b != b) or abs(a - b) <= MOMENT)


def _arrays(a: Vec, b: Vec, within: float) -> bool:
    if a.t == DATETIME:
        return bool(np.allclose(a.v, b.v, rtol=0.0, atol=MOMENT, equal_nan=True))
    if a.t in FLOATING:
        return bool(np.allclose(a.v, b.v, rtol=PRINTED, atol=within, equal_nan=True))
    return bool(np.array_equal(a.v, b.v))


def _loosely(a: Value, b: Value, within: float) -> bool:
    left, right = _flat(a), _flat(b)
    return len(left) == len(right) and all(_alike(x, y, within) for x, y in zip(left, right, strict=True))


class _Moment(float):
    """A datetime among numbers."""


def _alike(x: Any, y: Any, within: float) -> bool:
    """Whether two numbers or characters are equal; two datetimes to the millisecond."""
    if type(x) is _Moment and type(y) is _Moment:
        return _moments(x, y)
    if type(x) is not type(y) and str in (type(x), type(y)):
        return False
    return _scalars(x, y, within)


def _flat(x: Value) -> list[Any]:
    """Numbers and characters of a value in order, whatever it is made of."""
    x = unenum(x)
    if isinstance(x, Atom):
        if -x.t == SYM:
            return list(x.v)
        return [chr(x.v) if -x.t == CHAR else _Moment(x.v) if -x.t == DATETIME else x.v]
    if isinstance(x, Vec) and x.t not in (SYM, CHAR, DATETIME):
        return list(x.v.tolist())
    if isinstance(x, Vec | List):
        return [one for item in items(x) for one in _flat(item)]
    return [s1(x)]


def printed(ours: str, shown: str) -> Verdict:
    r"""Whether two prints of several lines are the same.

    Rows are compared word by word, a quoted text being one word: widths of columns and rulers do not count,
    and floats agree within what is printed. FAILS where the two differ in numbers only; another difference,
    and one that may be noise of rounding, is UNKNOWN.

    Examples:
        >>> printed("a b\n---\n1 2", "a  b\n----\n1  2"), printed("a\n-\n1", "a\n--\n12")
        (<Verdict.HOLDS: 'HOLDS'>, <Verdict.FAILS: 'FAILS'>)
        >>> printed("a\n-\n1", "b\n-\n1")
        <Verdict.UNKNOWN: 'UNKNOWN'>
    """
    mine, theirs = ([_WORD.findall(row) for row in text.split("\n")] for text in (ours, shown))
    if len(mine) != len(theirs) or any(len(a) != len(b) for a, b in zip(mine, theirs, strict=True)):
        return Verdict.UNKNOWN
    same_, noise = True, False
    for a, b in ((a, b) for x, y in zip(mine, theirs, strict=True) for a, b in zip(x, y, strict=True)):
        if a == b or (set(a) == set(b) == {"-"}):
            continue
        if _PLAIN.fullmatch(a) and _PLAIN.fullmatch(b):
            one, two = float(a), float(b)
            if abs(one - two) > PRINTED * max(abs(one), abs(two)):
                same_, noise = same_ and abs(one - two) <= NOISE, True
        elif _BITS.fullmatch(a) and _BITS.fullmatch(b) and len(a) == len(b):
            same_ = False
        else:
            return Verdict.UNKNOWN
    return Verdict.FAILS if not same_ else Verdict.UNKNOWN if noise else Verdict.HOLDS
