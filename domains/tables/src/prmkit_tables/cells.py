"""Cells and numbers: how a cell is spelt, which number it holds, when two spellings are one.

Numbers are read by a pattern into exact fractions; nothing here evaluates text.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from fractions import Fraction

Cell = str | int | float | None
MAX_NUMBER = 60
"""Characters of the longest numeral that is read."""

_SPACES = re.compile(r"\s+")
_NOT_WORD = re.compile(r"[\W_]+")
_NUMERAL = re.compile(
    r"(?P<sign>[-+]?)(?P<money>[$€£¥]?)(?P<inner>[-+]?)"
    r"(?P<digits>\d{1,3}(?:,\d{3})+|\d+)?(?P<rest>\.\d+)?(?P<power>[eE][-+]?\d{1,2})?(?P<share> ?%)?"
)
_FRACTION = re.compile(r"([-+]?\d{1,12}) ?/ ?(\d{1,12})")
_EMBEDDED = re.compile(r"(?<![\w.,])[-+]?[$€£¥]?\d(?:[\d,]*\d)?(?:\.\d+)?(?![\d.]*\d)(?!\w)")
_DIGITS = re.compile(r"\d(?:[\d,.]*\d)?")
_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u2009": " ", "\u202f": " "})
NULLS = frozenset({"", "null", "none", "nan", "n/a", "na", "nil"})
"""Spellings of an absent value, in small letters."""


def written(cell: Cell) -> str:
    """A cell as text; an absent one is empty.

    Examples:
        >>> written(3.0), written(None), written("x ")
        ('3', '', 'x ')
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


@functools.lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Letters and digits in small letters with single spaces between: how names are compared.

    Examples:
        >>> plain("Net-Amt. (kg)"), plain("net_amt kg")
        ('net amt kg', 'net amt kg')
    """
    if text.isascii() and text.isalnum():
        return text.lower()
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def folded(text: str) -> str:
    """Text in small letters with single spaces: how cells are compared; punctuation counts."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text).translate(_SIGNS).casefold()).strip()


def number(cell: Cell) -> Fraction | None:
    """The number that a cell is: digits, thousands commas, a currency sign before, a percent sign after.

    Examples:
        >>> [str(number(c)) for c in ("$1,234.50", "-3", "12 %", "3 kg", "1,23", 2.5, None)]
        ['2469/2', '-3', '12', 'None', 'None', '5/2', 'None']
    """
    if cell is None or isinstance(cell, bool):
        return None
    if isinstance(cell, int):
        return Fraction(cell) if abs(cell) < 10**MAX_NUMBER else None
    if isinstance(cell, float):
        return Fraction(repr(cell)) if math.isfinite(cell) else None
    return _numeral(cell) if len(cell) <= MAX_NUMBER else None


@functools.lru_cache(maxsize=65_536)
def _numeral(text: str) -> Fraction | None:
    found = _NUMERAL.fullmatch(text.translate(_SIGNS).strip())
    if not found or (not text.isascii() and not text.translate(_SIGNS).translate(_ASCII_MONEY).isascii()):
        return None
    if not (found["digits"] or found["rest"]) or (found["sign"] and found["inner"]):
        return None
    body = f"{found['sign'] or found['inner']}{(found['digits'] or '0').replace(',', '')}"
    return Fraction(f"{body}{found['rest'] or ''}{found['power'] or ''}")


_ASCII_MONEY = str.maketrans("", "", "€£¥")


def amount(cell: Cell) -> Fraction | None:
    """The only number in a cell, with whatever unit: ``$3 per pound`` is 3; None for none or several.

    Examples:
        >>> [str(amount(c)) for c in ("$3 per pound", "27 kg", "3 to 4", "1/2", "h1")]
        ['3', '27', 'None', 'None', 'None']
    """
    exact = number(cell)
    if exact is not None or not isinstance(cell, str) or len(cell) > 200 or "/" in cell:
        return exact
    found = _EMBEDDED.findall(cell.translate(_SIGNS))
    return _numeral(found[0]) if len(found) == 1 and len(_DIGITS.findall(cell)) == 1 else None


def ratio(text: str) -> Fraction | None:
    """A number, or a fraction such as ``3/4``."""
    exact = number(text)
    if exact is None and (found := _FRACTION.fullmatch(text.strip())) and int(found[2]):
        return Fraction(int(found[1]), int(found[2]))
    return exact


def decimals(text: str) -> int:
    """Digits after the point of a numeral.

    Examples:
        >>> decimals("3.50"), decimals("1,200")
        (2, 0)
    """
    tail = text.strip().rstrip("% ").partition(".")[2]
    return len(tail) if tail.isdigit() else 0


def agrees(stated: str, value: Fraction) -> bool:
    """Whether a stated numeral is ``value``, exactly or rounded (or cut) to the decimals it shows.

    Examples:
        >>> agrees("2.67", Fraction(8, 3)), agrees("2.66", Fraction(8, 3)), agrees("2.6", Fraction(13, 5))
        (True, True, True)
        >>> agrees("2.7", Fraction(13, 5)), agrees("3", Fraction(5, 2))
        (False, True)
    """
    read = ratio(stated)
    if read is None:
        return False
    unit = Fraction(1, 10 ** decimals(stated))
    return read == value or (value % unit != 0 and abs(read - value) < unit)


def shown(value: Fraction, digits: int = 4) -> str:
    """A number for a person: whole numbers plainly, others with at most ``digits`` decimals.

    Examples:
        >>> shown(Fraction(7)), shown(Fraction(8, 3))
        ('7', '2.6667')
    """
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.{digits}f}".rstrip("0")


def null(cell: Cell) -> bool:
    """Whether a cell spells an absent value."""
    return (
        cell is None
        or (isinstance(cell, float) and math.isnan(cell))
        or (isinstance(cell, str) and cell.strip().casefold() in NULLS)
    )
