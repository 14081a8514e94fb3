"""Amounts in financial text: currency, sign, digits, percent and scale, read into exact values.

A bracket around a number makes it negative, as accountants write it: ``$ (1,452.4) million``.
Nothing is evaluated; every reading comes from one pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

MAX_TEXT = 40_000
"""Longer texts hold no amounts for us, characters."""
MAX_DIGITS = 30

SCALES = {
    "thousand": 10**3,
    "thousands": 10**3,
    "k": 10**3,
    "million": 10**6,
    "millions": 10**6,
    "mn": 10**6,
    "mm": 10**6,
    "m": 10**6,
    "billion": 10**9,
    "billions": 10**9,
    "bn": 10**9,
    "b": 10**9,
    "trillion": 10**12,
    "trillions": 10**12,
    "万": 10**4,
    "亿": 10**8,
    "万亿": 10**12,
}
"""Scale word → factor."""

_SCALE = r"thousands?|millions?|billions?|trillions?|mn|mm|bn|[kKMmB](?![A-Za-z0-9])|万亿|万|亿"
_CURRENCY = r"(?:US|HK|NT|[ACSR])?\$|€|£|¥|(?:USD|EUR|GBP|CNY|RMB|JPY|INR|CHF)(?=[\s\d(-])|Rs\.?(?=\s?\d)"
_DIGITS = r"(?>\d{1,3}(?:,\d{2,3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_AMOUNT = re.compile(
    rf"(?<![A-Za-z0-9_.,])(?P<sign>[-+\u2212\u2013])?(?:(?P<currency>{_CURRENCY})\s{{0,2}})?"
    rf"(?P<inner>[-\u2212\u2013])?"
    rf"(?:(?P<open>\(\s?)(?P<currency2>\$)?\s?(?P<inner2>[-\u2212])?(?P<bracketed>{_DIGITS})\s?(?P<inside>%)?\s?\)"
    rf"|(?P<digits>{_DIGITS}))"
    r"(?:(?P<percent>\s?%|\s?percent(?!age)\b|\s?per\s?cent\b)(?P<points>\s?(?:-\s?)?points?\b)?"
    r"|(?P<points2>\s?(?:percentage|percent)[ -]points?\b|\s?pp\b|\s?个百分点)"
    r"|(?P<basis>\s?(?:basis points?|bps?)\b)"
    rf"|\s?(?P<scale>{_SCALE})(?![A-Za-z])"
    r"|(?P<times>x)(?![A-Za-z0-9]))?"
    r"(?![A-Za-z0-9_]|[.,]\d)",
)
_SPACED_SIGN = re.compile(r"^([-\u2212\u2013])\s+")


@dataclass(frozen=True, slots=True)
class Amount:
    """One written amount."""

    number: Fraction
    """The number as written, with its sign, before any scale."""
    decimals: int
    """Digits after the point: stated to half of ``10 ** -decimals``."""
    scale: int = 1
    """Factor of the scale word, 1 without one."""
    unit: str = ""
    """``%`` (percent), ``pp`` (percentage points), ``bp`` (basis points) or empty."""
    currency: str = ""
    start: int = 0
    end: int = 0
    bracketed: bool = False
    """Its sign comes from a bracket."""

    @property
    def value(self) -> Fraction:
        """Number times scale; percent stays as written (``5%`` is 5), basis points become percent points."""
        return self.number / 100 if self.unit == "bp" else self.number * self.scale

    @property
    def step(self) -> Fraction:
        """One unit of the last stated digit, in terms of :attr:`value`."""
        unit = Fraction(1, 10**self.decimals)
        return unit / 100 if self.unit == "bp" else unit * self.scale

    @property
    def percent(self) -> bool:
        """Stated in percent, percentage points or basis points."""
        return bool(self.unit)

    @property
    def year(self) -> bool:
        """Looks like a calendar year rather than an amount."""
        plain = not (self.unit or self.currency or self.bracketed) and self.scale == 1
        return plain and self.decimals == 0 and 1900 <= self.number <= 2100


def digits(text: str) -> tuple[Fraction, int] | None:
    """Value and decimals of plain digits with thousands separators; None past the digit limit.

    Examples:
        >>> digits("1,452.40")
        (Fraction(7262, 5), 2)
    """
    whole, _, part = text.replace(",", "").replace("_", "").partition(".")
    if len(whole) + len(part) > MAX_DIGITS or not (whole + part).isascii() or not (whole + part).isdigit():
        return None
    return Fraction(int(whole + part), 10 ** len(part)), len(part)


def amounts(text: str) -> Iterator[Amount]:
    """Every amount of a text, in order.

    Examples:
        >>> [(str(a.value), a.unit) for a in amounts("It fell by $ (1.5) million, or 3.2%, in Q4 2019.")]
        [('-1500000', ''), ('16/5', '%'), ('2019', '')]
    """
    if len(text) > MAX_TEXT:
        return
    for found in _AMOUNT.finditer(text):
        made = _made(found)
        if made is not None:
            yield made


def _made(found: re.Match[str]) -> Amount | None:
    read = digits(found["bracketed"] or found["digits"])
    if read is None:
        return None
    number, decimals = read
    bracketed = found["open"] is not None
    negative = sum(1 for part in (found["sign"], found["inner"], found["inner2"]) if part and "+" not in part)
    if (negative + bracketed) and not (bracketed and negative > 1):
        number = -number
    unit = ""
    if found["points"] or found["points2"]:
        unit = "pp"
    elif found["percent"] or found["inside"]:
        unit = "%"
    elif found["basis"]:
        unit = "bp"
    word = (found["scale"] or "").lower()
    return Amount(
        number,
        decimals,
        SCALES.get(word, 1),
        unit,
        (found["currency"] or found["currency2"] or "").strip(),
        found.start(),
        found.end(),
        bracketed,
    )


def read_amount(text: str) -> Amount | None:
    """The amount that a text consists of; None when it holds anything else, or several.

    Examples:
        >>> read_amount(" -$12.6 million").value
        Fraction(-12600000, 1)
        >>> read_amount("12 of 15") is None
        True
    """
    text = text.strip().rstrip(".").strip()
    if len(text) > 80:
        return None
    text = _SPACED_SIGN.sub(r"\1", text)
    found = _AMOUNT.match(text)
    if found is None or found.end() != len(text):
        return None
    return _made(found)


def written(value: Fraction, places: int = 4) -> str:
    """A value for a person: at most ``places`` decimals, thousands separated.

    Examples:
        >>> written(Fraction(-126, 567) * 100), written(Fraction(12500))
        ('-22.2222', '12,500')
    """
    if abs(value) >= 10**15:
        return f"{float(value):.6g}" if abs(value) < 10**300 else "a very large number"
    rounded = round(value, places)
    text = f"{float(rounded):,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
