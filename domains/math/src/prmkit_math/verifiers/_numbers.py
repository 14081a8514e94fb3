"""Reading of written numbers into exact values."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

Value = int | Fraction | float
"""An exact rational; a float only where a root or pi made it irrational."""

MAX_DIGITS = 120

_SEPARATORS = str.maketrans("", "", ",{}\\! ")


class Literal(NamedTuple):
    """One written number."""

    value: int | Fraction
    decimals: int
    """Digits after the point; the number is stated to ``10 ** -decimals``."""


@lru_cache(maxsize=16384)
def read(token: str) -> Literal | None:
    r"""Read ASCII digits with thousands separators and a decimal point; None past the digit limit.

    Examples:
        >>> read("1,250.5").value, read(r"10{,}000"), read(".25").decimals
        (Fraction(2501, 2), Literal(value=10000, decimals=0), 2)
    """
    if len(token) > MAX_DIGITS:
        return None
    whole, _, part = token.translate(_SEPARATORS).partition(".")
    if not part:
        return Literal(int(whole), 0)
    value = Fraction(int(whole + part), 10 ** len(part))
    return Literal(value.numerator if value.denominator == 1 else value, len(part))


def written(value: Value) -> str:
    """Write a value for a person: integers and short decimals plainly, fractions as a/b.

    Examples:
        >>> written(Fraction(1, 3)), written(Fraction(5, 2)), written(48)
        ('1/3', '2.5', '48')
    """
    if isinstance(value, int):
        text = str(value)
        return text if len(text) <= 40 else f"a number of {len(text)} digits"
    if isinstance(value, float):
        return f"{value:.10g}"
    if value.denominator == 1:
        return written(value.numerator)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest == 1 and value.denominator <= 10**9:
        return f"{float(value):.12g}"
    text = f"{value.numerator}/{value.denominator}"
    return text if len(text) <= 40 else f"{float(value):.10g}"
