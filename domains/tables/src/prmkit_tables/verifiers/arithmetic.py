"""Sums in running text: a small grammar over exact fractions, never ``eval``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from prmkit_tables.cells import number

_NUMERAL = r"\$?(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,8})?"
_SIGN = r"\s*[-+*/×÷x\u2212]\s*"
_EQUATION = re.compile(
    rf"(?<![\w.,)(+*/×÷=-])(?<![-+*/×÷=\u2212] )(?P<left>\(?{_NUMERAL}(?:\)?{_SIGN}\(?{_NUMERAL}\)?){{1,40}})"
    rf"\s*=\s*(?P<right>-?{_NUMERAL})(?![\w%])(?!\s*[-+*/×÷=\u2212])(?![.,]\d)"
)
_TOKEN = re.compile(rf"\s*(?:(?P<number>{_NUMERAL})|(?P<sign>[-+*/×÷x\u2212()]))")
MAX_EQUATIONS = 50
"""Equations of one step that are read."""


class Equation(NamedTuple):
    """A stated sum."""

    start: int
    end: int
    left: str
    value: Fraction
    """What the left side comes to."""
    right: str
    """What the step says."""


def equations(text: str) -> Iterator[Equation]:
    """Sums ``a + b * c = d`` of numbers that a text states.

    Examples:
        >>> [(e.left, str(e.value), e.right) for e in equations("So 3 + 4 * 2 = 12, then $1.50 - $1 = $2.")]
        [('3 + 4 * 2', '11', '12'), ('$1.50 - $1', '1/2', '$2')]
    """
    for count, found in enumerate(_EQUATION.finditer(text)):
        if count == MAX_EQUATIONS:
            return
        value = evaluate(found["left"])
        if value is not None:
            yield Equation(*found.span(), found["left"], value, found["right"])


def evaluate(text: str) -> Fraction | None:
    """Value of numbers, four signs and brackets; None when it is not that, or divides by zero.

    Examples:
        >>> str(evaluate("(3 + 4) / 2")), evaluate("3 + "), evaluate("1 / 0")
        ('7/2', None, None)
    """
    tokens: list[str] = []
    at, text = 0, text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            return None
        tokens.append(found[found.lastgroup or 0])
        at = found.end()
    reader = _Reader(tokens)
    try:
        value = reader.sum(0)
    except (ValueError, ZeroDivisionError, IndexError):
        return None
    return value if reader.at == len(tokens) else None


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def _next(self, signs: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at] in signs:
            self.at += 1
            return self.tokens[self.at - 1]
        return ""

    def sum(self, depth: int) -> Fraction:
        """Products with plus and minus between."""
        if depth > 20:
            raise ValueError("too deep")
        value = self._product(depth)
        while sign := self._next("+-\u2212"):
            other = self._product(depth)
            value = value + other if sign == "+" else value - other
        return value

    def _product(self, depth: int) -> Fraction:
        value = self._atom(depth)
        while sign := self._next("*/×÷x"):
            other = self._atom(depth)
            value = value * other if sign in "*×x" else value / other
        return value

    def _atom(self, depth: int) -> Fraction:
        token = self.tokens[self.at]
        self.at += 1
        if token == "(":
            value = self.sum(depth + 1)
            if not self._next(")"):
                raise ValueError("no closing bracket")
            return value
        read = number(token)
        if read is None:
            raise ValueError(token)
        return read
