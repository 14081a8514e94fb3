"""Arithmetic over amounts, as derivations and answers write it, evaluated exactly and never by ``eval``.

A bracket around a single number can be a grouping or an accountant's minus: the caller says which
reading is wanted, and where both readings matter both are tried.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from prmkit_finance.amounts import SCALES, digits

MAX_LENGTH = 600
"""Longer expressions are not read, characters."""
MAX_DEPTH = 30
MAX_BITS = 4000

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d{1,3}(?:,\d{2,3})+(?![\d,])|\d+)(?:\.\d+)?|\.\d+)"
    r"(?:\s?(?P<percent>%|percent\b)|\s?(?P<scale>thousands?|millions?|billions?|trillions?|mn|bn|万亿|万|亿)\b)?"
    r"|(?P<currency>(?:US|HK|[ACSR])?\$|€|£|¥)"
    r"|(?P<sign>[-+*/()\[\]\u2212\u2013\u00d7\u00f7])|(?P<end>$))",
    re.IGNORECASE,
)
_SAME_SIGN = str.maketrans("[]\u2212\u2013\u00d7\u00f7", "()--*/")


class Quantity(NamedTuple):
    """A value, and whether it counts in percent (``5 %`` is 5)."""

    value: Fraction
    percent: bool = False

    @property
    def plain(self) -> Fraction:
        """The value with percent divided out."""
        return self.value / 100 if self.percent else self.value


class UnreadableError(Exception):
    """The text is no arithmetic expression over amounts."""


class Token(NamedTuple):
    """A number with its unit, or a sign."""

    sign: str
    quantity: Quantity = Quantity(Fraction(0))


def tokens(text: str) -> list[Token]:
    """Numbers and signs of a text; currency signs are dropped.

    Raises:
        UnreadableError: It holds anything else, or is too long.
    """
    if len(text) > MAX_LENGTH:
        raise UnreadableError("too long")
    out: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise UnreadableError(f"{text[at : at + 12]!r} is no number and no operator")
        at = found.end()
        if found["number"]:
            out.append(_number(found))
        elif found["sign"]:
            out.append(Token(found["sign"].translate(_SAME_SIGN)))
        elif found["end"] is not None:
            break
    return out


def _number(found: re.Match[str]) -> Token:
    read = digits(found["number"])
    if read is None:
        raise UnreadableError("too many digits")
    scale = SCALES.get((found["scale"] or "").lower(), 1)
    return Token("n", Quantity(read[0] * scale, bool(found["percent"])))


def evaluate(text: str, *, accounting: bool = False) -> Quantity:
    """The exact value of an expression.

    Args:
        text: Numbers with ``+ - * /``, brackets, currency signs, percent signs and scale words.
        accounting: Read a bracket around a single number as a minus.

    Raises:
        UnreadableError: It is no such expression, divides by zero, or grows too large.

    Examples:
        >>> evaluate("(44.1 - 56.7) / 56.7").value
        Fraction(-2, 9)
        >>> evaluate("3 + (13) + 26").value, evaluate("3 + (13) + 26", accounting=True).value
        (Fraction(42, 1), Fraction(16, 1))
        >>> evaluate("3.8% - 4.0%")
        Quantity(value=Fraction(-1, 5), percent=True)
    """
    return value_of(tokens(text), accounting=accounting)


def value_of(cut: Sequence[Token], *, accounting: bool = False) -> Quantity:
    """The exact value of tokens that are one expression.

    Raises:
        UnreadableError: They are none, or the value cannot be had.
    """
    reader = _Reader(cut, accounting)
    found = reader.sum(0)
    if reader.at != len(cut):
        raise UnreadableError("something is left over")
    return found


class _Reader:
    def __init__(self, cut: Sequence[Token], accounting: bool) -> None:
        self.cut, self.accounting, self.at = cut, accounting, 0

    def sign(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.cut[place].sign if place < len(self.cut) else ""

    def sum(self, depth: int) -> Quantity:
        if depth > MAX_DEPTH:
            raise UnreadableError("too deep")
        left = self.product(depth)
        while (sign := self.sign()) in ("+", "-"):
            self.at += 1
            left = combine(sign, left, self.product(depth))
        return left

    def product(self, depth: int) -> Quantity:
        left = self.atom(depth)
        while (sign := self.sign()) in ("*", "/"):
            self.at += 1
            left = combine(sign, left, self.atom(depth))
        return left

    def atom(self, depth: int) -> Quantity:
        minus = False
        while self.sign() in ("-", "+"):
            minus ^= self.sign() == "-"
            self.at += 1
        if self.sign() == "n":
            found = self.cut[self.at].quantity
            self.at += 1
        elif self.sign() == "(":
            single = self.sign(1) == "n" and self.sign(2) == ")"
            self.at += 1
            found = self.sum(depth + 1)
            if self.sign() != ")":
                raise UnreadableError("a bracket is not closed")
            self.at += 1
            if single and self.accounting:
                found = Quantity(-found.value, found.percent)
        else:
            raise UnreadableError("a number is missing")
        return Quantity(-found.value, found.percent) if minus else found


def combine(sign: str, left: Quantity, right: Quantity) -> Quantity:
    """One operation; percent minus percent is percent points, percent of a plain number is a share of it.

    Raises:
        UnreadableError: Division by zero, or a result that grows too large.
    """
    if sign in "+-":
        if left.percent == right.percent:
            value = left.value + right.value if sign == "+" else left.value - right.value
            made = Quantity(value, left.percent)
        else:
            made = Quantity(left.plain + right.plain if sign == "+" else left.plain - right.plain)
    elif sign == "*":
        made = _product(left, right)
    else:
        made = _quotient(left, right)
    if made.value.numerator.bit_length() + made.value.denominator.bit_length() > MAX_BITS:
        raise UnreadableError("the value grows too large")
    return made


def _product(left: Quantity, right: Quantity) -> Quantity:
    if left.percent and not right.percent and right.value.denominator == 1 and abs(right.value) < 100:
        return Quantity(left.value * right.value, percent=True)
    return Quantity(left.plain * right.plain)


def _quotient(left: Quantity, right: Quantity) -> Quantity:
    if not right.value:
        raise UnreadableError("division by zero")
    if left.percent and not right.percent:
        return Quantity(left.value / right.value, percent=True)
    return Quantity(left.plain / right.plain)
