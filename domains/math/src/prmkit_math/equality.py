r"""When two final answers are the same: numbers, units, percent, tuples, sets, expressions.

Own exact comparisons come first; math-verify decides what they leave open, asked in both orders
(its ``verify`` is not symmetric) and only on short, shallow text without towers of exponents,
since its time-outs need signals that threads do not have.
"""

from __future__ import annotations

import functools
import logging
import re
from fractions import Fraction
from typing import Any

from prmkit.answer import as_number, normalise, same_answer
from prmkit.verify.bring import bring
from prmkit.verify.limit import unhurried
from prmkit_math.verifiers._measures import MEASURES
from prmkit_math.verifiers.algebra import UnreadableError, read
from prmkit_math.verifiers.identity import identical

MAX_CHARACTERS = 300
"""Longer answers are compared as text only."""
MAX_DEPTH = 12

logging.getLogger("math_verify").setLevel(logging.ERROR)

_CHOICE = re.compile(r"(?:choice[ _]|option )?\(?([A-Ja-j])\)?(?:[.:)]\s.*)?", re.DOTALL | re.IGNORECASE)
_LEFT_SIDE = re.compile(r"^[a-zA-Z](?:_\w|_\{\w+\})?(?:\([a-z]\))?\s*(?:=|\\in)\s*")
_QUANTITY = re.compile(
    r"(?P<number>[-+]?[\d.,/\\{}a-z ]*?[\d}])\s*\\?\s*(?P<unit>[a-zA-Z°$¢]+(?:\^?[23]|[²³])?)"
)
_PERCENT = re.compile(r"(?P<number>.+?)\s*(?:\\?%|percent)")
_BRACKETS = {"(": ")", "[": "]", "\\{": "\\}", "{": "}"}
_TOWER = re.compile(
    r"\^\s*\{?[^{}]{0,20}\^|\*\*.{0,20}\*\*|\^\s*\{?\s*-?\d{3,}|\*\*\s*\d{3,}|!|\\binom|\\cdots"
    r"|\\[ls]um|\\prod|\\int"
)


def same_value(expected: str, given: str) -> bool | None:
    r"""Whether ``given`` states the same answer as ``expected``; None when it cannot be settled.

    Examples:
        >>> same_value(r"\frac{1}{2}", "0.5"), same_value("10 m", "1000 cm"), same_value("10 cm", "10 m")
        (True, True, False)
        >>> same_value("x^2+2x+1", "(x+1)^2"), same_value("(1,2)", "(2,1)"), same_value("1, 2", "2 and 1")
        (True, False, True)
    """
    if len(expected) > MAX_CHARACTERS or len(given) > MAX_CHARACTERS:
        return True if same_answer(expected, given) else None
    if same_answer(expected, given):
        return True
    one, other = _bare(expected), _bare(given)
    if same_answer(one, other):
        return True
    for rule in (_choices, _numbers, _percents, _quantities, _collections, _expressions):
        settled = rule(one, other)
        if settled is not None:
            return settled
    return _by_math_verify(one, other)


def _bare(answer: str) -> str:
    """Without marks, ``x =`` and casing of what is no mathematics."""
    text = re.sub(r"\\(?:left|right|!|,|;|displaystyle)(?![a-zA-Z])", "", answer).strip().strip("$").strip()
    text = re.sub(r"\\(?:text|mathrm|mbox|textbf|mathbf)\s*\{([^{}]*)\}", r" \1 ", text)
    text = text.replace("\\(", "").replace("\\)", "").replace("\\$", "$").rstrip(".").strip()
    return _LEFT_SIDE.sub("", text).strip()


def _choices(one: str, other: str) -> bool | None:
    first, second = _CHOICE.fullmatch(one), _CHOICE.fullmatch(other)
    if first is None or second is None:
        return None
    return first[1].upper() == second[1].upper()


def _number(text: str) -> Fraction | None:
    return as_number(text.lstrip("$€£").strip())


def _numbers(one: str, other: str) -> bool | None:
    first, second = _number(one), _number(other)
    return None if first is None or second is None else first == second


def _percents(one: str, other: str) -> bool | None:
    """A percent sign on one side only may have been left out or divided out on the other."""
    first, second = _PERCENT.fullmatch(one), _PERCENT.fullmatch(other)
    if first is None and second is None:
        return None
    a, b = _number(first["number"] if first else one), _number(second["number"] if second else other)
    if a is None or b is None:
        return None
    if first and second:
        return a == b
    return a == b or (a == b * 100 if first else a * 100 == b)


def _quantities(one: str, other: str) -> bool | None:
    """Numbers with a unit on both sides are converted; a unit on one side only is dropped."""
    first, second = _quantity(one), _quantity(other)
    if first is None or second is None or not (first[1] or second[1]):
        return None
    if first[1] and second[1] and first[1] != second[1]:
        return _converted(first, second)
    return first[0] == second[0]


def _quantity(text: str) -> tuple[Fraction, str] | None:
    bare = _number(text)
    if bare is not None:
        return bare, "dollar" if text.startswith("$") else ""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    value = _number(match["number"])
    measure = MEASURES.get(match["unit"])
    if value is None or (measure is None and len(match["unit"]) < 3):
        return None
    return value, measure.unit if measure else match["unit"].lower()


@functools.lru_cache(maxsize=1)
def _registry() -> Any:
    with unhurried():  # reading the table of units takes longer than any answer
        return bring("pint").UnitRegistry(non_int_type=Fraction)


def _converted(one: tuple[Fraction, str], other: tuple[Fraction, str]) -> bool | None:
    cents = {"dollar": 100, "cent": 1, "penny": 1, "nickel": 5, "dime": 10}
    if one[1] in cents and other[1] in cents:
        return one[0] * cents[one[1]] == other[0] * cents[other[1]]
    try:
        unit = _registry()
        return bool((one[0] * unit(one[1])) == (other[0] * unit(other[1])))
    except (bring("pint").PintError, AttributeError, TypeError, ValueError):
        return None


def _collections(one: str, other: str) -> bool | None:
    first, second = _parts(one), _parts(other)
    if first is None or second is None:
        return None
    (opener, left), (closer, right) = first, second
    if opener.strip("\\{}") != closer.strip("\\{}") or len(left) != len(right):
        return False
    if opener in ("", "\\{\\}", "{}"):
        return _unordered(left, right)
    verdicts = [same_value(a, b) for a, b in zip(left, right, strict=True)]
    return False if False in verdicts else None if None in verdicts else True


def _unordered(left: list[str], right: list[str]) -> bool | None:
    remaining = list(right)
    for entry in left:
        match = next((other for other in remaining if same_value(entry, other)), None)
        if match is None:
            return False
        remaining.remove(match)
    return True


def _parts(text: str) -> tuple[str, list[str]] | None:
    """Brackets and entries of a tuple, set, interval or list; None when there is one entry only."""
    kind, inside = "", text
    for opener, closer in _BRACKETS.items():
        if text.startswith(opener) and text[-1:] in ")]" + "}" and _closes(text, len(opener)):
            tail = closer if text.endswith(closer) else text[-1]
            kind, inside = opener + tail, text[len(opener) : -len(tail)]
            break
    entries, depth, start = [], 0, 0
    inside = re.sub(r"\s*,?\s+and\s+", ", ", inside)
    for at, sign in enumerate(inside):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0 and not re.match(r"\d{3}(?!\d)", inside[at + 1 :]):
            entries.append(inside[start:at].strip())
            start = at + 1
    entries.append(inside[start:].strip())
    return (kind, entries) if len(entries) > 1 and all(entries) else None


def _closes(text: str, start: int) -> bool:
    """Whether the bracket opened before ``start`` closes at the very end."""
    depth = 1
    for at, sign in enumerate(text[start:], start):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            return at == len(text) - 1
    return False


def _expressions(one: str, other: str) -> bool | None:
    try:
        return identical(read(one), read(other))
    except UnreadableError:
        return None


@functools.lru_cache(maxsize=1)
def _math_verify() -> Any:
    """math-verify, its grammar built."""
    with unhurried():
        found = bring("math_verify")
        found.parse("$1$", parsing_timeout=None)
    return found


def _by_math_verify(one: str, other: str) -> bool | None:
    if any(_TOWER.search(side) or _deep(side) or not side.isascii() for side in (one, other)):
        return None
    if not any(sign.isdigit() for sign in one + other) and "\\" not in one + other:
        return normalise(one) == normalise(other)
    math_verify = _math_verify()
    try:
        first, second = (math_verify.parse(f"${side}$", parsing_timeout=None) for side in (one, other))
        if not first or not second:
            return None
        return any(
            math_verify.verify(gold, target, timeout_seconds=None)
            for gold, target in ((first, second), (second, first))
        )
    except (ArithmeticError, ValueError, TypeError, RecursionError, AttributeError, NotImplementedError):
        return None


def _deep(text: str) -> bool:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest > MAX_DEPTH
