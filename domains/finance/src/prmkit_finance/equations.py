"""Equations between amounts in running text: every ``expression = amount`` with its verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from prmkit.types import Claim, Verdict
from prmkit_finance.amounts import Amount, read_amount, written
from prmkit_finance.expressions import MAX_LENGTH, Quantity, UnreadableError, tokens, value_of
from prmkit_finance.matching import Match, compare

MAX_EQUATIONS = 100

_PART = (
    r"(?:(?:\d{1,3}(?:,\d{2,3})+(?![\d,])|\d+)(?:\.\d+)?|\.\d+)(?:\s?%|\s?(?:thousand|million|billion|percent)\b)?"
    r"|(?:US|HK|[ACSR])?\$|[€£¥]|[-+*/()\[\]\u2212\u2013\u00d7\u00f7]"
)
_RUN = rf"(?:{_PART}|[ \t])+"
_EQUATION = re.compile(rf"(?P<sign>=|\u2248)(?P<right>[ \t]*(?:{_PART})(?:{_PART}|[ \t])*)")
_LEFT = re.compile(rf"(?:{_PART}|[ \t])+$")
_OPERATOR = re.compile(r"[-+*/\u2212\u2013\u00d7\u00f7]")
_SCALE_WORD = re.compile(r"thousand|million|billion", re.IGNORECASE)
_WORD_BEFORE = re.compile(r"[\w.)\]%]\s*$")
_GLUED = re.compile(r"^\s*(?:[A-Za-z_(\[^]|\d)")


class Equation(NamedTuple):
    """One equation as found."""

    start: int
    end: int
    left: str
    right: str
    value: Quantity
    stated: Amount
    about: bool


def equations(text: str) -> Iterator[Equation]:
    """Equations whose left side is arithmetic and whose right side is one amount.

    Examples:
        >>> [e.left for e in equations("Margin: 24 / 96 = 25%, and 3 + x = 5.")]
        ['24 / 96']
    """
    for number, found in enumerate(_EQUATION.finditer(text)):
        if number >= MAX_EQUATIONS:
            return
        made = _read(text, found)
        if made is not None:
            yield made


def _read(text: str, found: re.Match[str]) -> Equation | None:
    begin = max(0, found.start() - MAX_LENGTH)
    head = _LEFT.search(text, begin, found.start())
    if head is None:
        return None
    left, start = head.group().strip(), head.start()
    before = text[max(0, start - 20) : start]
    if not left or (
        _WORD_BEFORE.search(before) and not re.search(r"\b(?:is|are|was|=|of|to|be|by)\s*$|[:=]\s*$", before)
    ):
        lone = left.lstrip("$€£¥ (")[:1]
        if not left or not (lone.isdigit() or lone == ".") or re.search(r"[\d.)\]%^_]\s*$", before):
            return None
    right = found["right"].strip()
    after = text[found.end() : found.end() + 3]
    if _GLUED.match(after) and not after.startswith(" "):
        return None
    stated = read_amount(right.rstrip("-+*/ ("))
    if stated is None or not _OPERATOR.search(left.lstrip("-\u2212\u2013 (")) or right.endswith(tuple("*/+")):
        return None
    try:
        value = value_of(tokens(left))
    except UnreadableError:
        return None
    return Equation(start, found.end(), left, right, value, stated, found["sign"] != "=")


def judge(equation: Equation) -> Claim:
    """The verdict on an equation, at the precision it states."""
    stated = equation.stated
    if stated.scale > 1 and not _SCALE_WORD.search(equation.left):
        # 6,210 - 5,400 = 810 thousand: the unit is that of the operands, told at the end.
        stated = replace(stated, scale=1)
    match = best_match(equation.value, stated)
    said = f"{equation.left} = {equation.right}"
    if match is Match.SAME:
        return Claim(equation.start, equation.end, Verdict.HOLDS, f"{said} is right as stated")
    if match is Match.LAST_DIGIT or (equation.about and _near(equation)):
        return Claim(equation.start, equation.end, Verdict.UNKNOWN, f"{said} is off in its last digit")
    if match.scale and not equation.stated.percent:
        return Claim(equation.start, equation.end, Verdict.UNKNOWN, f"{said} may state another unit")
    try:
        other = value_of(tokens(equation.left), accounting=True)
        if best_match(other, equation.stated) in (Match.SAME, Match.LAST_DIGIT):
            return Claim(
                equation.start, equation.end, Verdict.UNKNOWN, f"{said} holds with brackets as minus"
            )
    except UnreadableError:
        pass
    slip = "" if match is Match.VALUE else f" ({match.value})"
    return Claim(
        equation.start,
        equation.end,
        Verdict.FAILS,
        f"{said} is wrong{slip}: {equation.left} = {shown(equation.value)}",
    )


def _near(equation: Equation) -> bool:
    value = equation.value.value
    return bool(value) and any(
        abs(reading - equation.stated.value) <= abs(reading) / 50 for reading in (value, value * 100)
    )


def best_match(value: Quantity, stated: Amount) -> Match:
    """How a stated amount stands to a computed one: shares may be stated in percent."""
    if stated.percent and not value.percent:
        # 24 / 96 = 25%, and in a running percentage also (60 / 240) * 100 = 25%.
        found = [compare(stated, value.value * 100), compare(stated, value.value)]
        return (
            min(found, key=list(Match).index)
            if Match.SAME in found or Match.LAST_DIGIT in found
            else found[0]
        )
    if value.percent and not stated.percent:
        return min((compare(stated, value.value), compare(stated, value.plain)), key=list(Match).index)
    return compare(stated, value.value)


def shown(value: Quantity) -> str:
    """A computed value for a person."""
    return f"{written(value.value)}%" if value.percent else written(value.value)


def share(value: Fraction) -> str:
    """A share as percent, for a person."""
    return f"{written(value * 100, 2)}%"
