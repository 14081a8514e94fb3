"""When two answers are one: multisets of values, numbers with tolerance, rules for NULL."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from fractions import Fraction

from prmkit_tables.cells import Cell, agrees, decimals, folded, null, plain, ratio, written

RELATIVE = Fraction(1, 10**6)
"""Numbers this close are one."""
SURE_DECIMALS = 2
"""A rounded answer counts as right only when it shows so many decimals."""
MAX_ANSWER = 20_000
"""Longer answers are compared as text only, characters."""

_BARS = re.compile(r"\s*(?:\||\n|;)\s*")
_COMMAS = re.compile(r",\s+|\s+and\s+")
_ARTICLE = re.compile(r"^(?:the|an?)\s+")
_TRUTHS = {"true": "yes", "false": "no"}


def same_value(right: Cell, given: Cell) -> bool | None:
    """Whether ``given`` is the value ``right``; None when that cannot be said.

    NULL is NULL only, never zero and never an empty text. Numbers agree within one in a million, or when the
    given one is the right one rounded to two decimals or more. A number with a percent sign against
    one without, a hundred times apart, cannot be said.

    Examples:
        >>> same_value("1,200", "1200"), same_value(8 / 3, "2.67"), same_value("0.12", "12%")
        (True, True, None)
        >>> same_value(None, "null"), same_value(None, "0"), same_value("Rome", "the rome")
        (True, False, True)
    """
    if null(right) or null(given):
        return null(right) and null(given)
    wanted, got = written(right), written(given)
    one, two = _number(wanted), _number(got)
    if one is not None and two is not None:
        return _same_number(wanted, one, got, two)
    if (one is None) != (two is None):
        return _with_unit(wanted, got)
    return _text(wanted) == _text(got)


def _number(text: str) -> Fraction | None:
    return ratio(text) if len(text) < 100 else None


def _same_number(wanted: str, one: Fraction, got: str, two: Fraction) -> bool | None:
    if abs(one - two) <= RELATIVE * max(abs(one), abs(two)):
        return True
    if decimals(got) >= SURE_DECIMALS and decimals(got) < decimals(wanted) + 40 and agrees(got, one):
        return True
    if ("%" in wanted) != ("%" in got) and (one == two * 100 or two == one * 100):
        return None
    return False


def _with_unit(wanted: str, got: str) -> bool | None:
    """A number against a text: the same number with a unit may be meant."""
    digits = [re.findall(r"\d+(?:\.\d+)?", text.replace(",", "")) for text in (wanted, got)]
    return None if digits[0] and digits[0] == digits[1] else False


def _text(text: str) -> str:
    found = _ARTICLE.sub("", folded(text).rstrip(".")) if len(text) <= MAX_ANSWER else text
    return _TRUTHS.get(found, plain(found) or found)


def same_multiset(right: Sequence[Cell], given: Sequence[Cell]) -> bool | None:
    """Whether both hold the same values, each as often; order does not count.

    Examples:
        >>> same_multiset(["a", "b", "b"], ["b", "a", "b"]), same_multiset(["a"], ["a", "a"])
        (True, False)
    """
    if len(right) != len(given):
        return False
    left, unsure = list(given), False
    for wanted in right:
        verdicts = [same_value(wanted, got) for got in left]
        if True in verdicts:
            left.pop(verdicts.index(True))
        elif None in verdicts:
            left.pop(verdicts.index(None))
            unsure = True
        else:
            return False
    return None if unsure else True


def same_table(
    right: Sequence[Sequence[Cell]], given: Sequence[Sequence[Cell]], *, ordered: bool = False
) -> bool | None:
    """Whether two results hold the same rows: as multisets, or in order where the query orders them."""
    if len(right) != len(given) or {len(row) for row in right} != {len(row) for row in given}:
        return False
    rows, left = list(right), list(given)
    if not ordered:
        rows, left = (sorted(side, key=_sort_key) for side in (rows, left))
    verdicts = [_same_row(a, b) for a, b in zip(rows, left, strict=True)]
    if all(verdicts):
        return True
    return None if False not in verdicts else False


def _sort_key(row: Sequence[Cell]) -> tuple[str, ...]:
    def key(cell: Cell) -> str:
        value = None if null(cell) else _number(written(cell))
        return f"{float(value):.6g}" if value is not None and abs(value) < 10**300 else _text(written(cell))

    return tuple(map(key, row))


def _same_row(a: Sequence[Cell], b: Sequence[Cell]) -> bool | None:
    verdicts = [same_value(x, y) for x, y in zip(a, b, strict=True)]
    return False if False in verdicts else (None if None in verdicts else True)


def split_answer(text: str, count: int) -> list[str]:
    """The values that an answer lists: a JSON list, values between bars or line breaks, else between commas.

    Commas part values only where that gives ``count`` of them.

    Examples:
        >>> split_answer("Rome | Paris", 2), split_answer("Rome, Italy", 1), split_answer("a, b and c", 3)
        (['Rome', 'Paris'], ['Rome, Italy'], ['a', 'b', 'c'])
    """
    text = text.strip()
    if text.startswith("[") and len(text) <= MAX_ANSWER:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list) and all(isinstance(v, (str, int, float)) or v is None for v in found):
            return [written(value) for value in found]
    barred = [part for part in _BARS.split(text) if part]
    if len(barred) > 1 or count <= 1:
        return barred if len(barred) > 1 else [text]
    cut = [part.strip() for part in _COMMAS.split(text) if part.strip()]
    return cut if len(cut) == count else [text]
