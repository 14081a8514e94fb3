"""Quantities in text: a number with a unit from a fixed list, converted by pint.

Only words of that list ever reach pint, under the name given here; the text itself never does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from prmkit.verify.bring import bring
from prmkit.verify.limit import unhurried
from prmkit_math.verifiers._measures import MEASURES
from prmkit_math.verifiers._numbers import read

CANDIDATES: Mapping[str, tuple[str, ...]] = {
    "ton": ("short_ton", "metric_ton", "long_ton"),
    "ounce": ("ounce", "fluid_ounce"),
    "gallon": ("gallon", "imperial_gallon"),
    "quart": ("quart", "imperial_quart"),
    "pint": ("pint", "imperial_pint"),
    "mph": ("mile/hour",),
    "kph": ("kilometer/hour",),
}
"""What pint calls a unit, where the word may stand for several or pint has another name."""

METRIC = frozenset(
    ("millimeter", "centimeter", "meter", "kilometer", "milligram", "gram", "kilogram", "metric_ton",
     "milliliter", "liter")
)  # fmt: skip
MONEY: Mapping[str, int] = {"cent": 1, "penny": 1, "nickel": 5, "dime": 10, "dollar": 100}
MONTHS: Mapping[str, int] = {"month": 1, "year": 12, "decade": 120, "century": 1200}
DAYS: Mapping[str, tuple[int, int]] = {
    "month": (28, 31),
    "year": (360, 366),
    "decade": (3600, 3660),
    "century": (36000, 36600),
}
"""Shortest and longest a calendar unit may be taken for."""


def _spellings() -> Mapping[str, str]:
    found = {word: measure.unit for word, measure in MEASURES.items() if measure.dimension != "angle"}
    found |= {word.capitalize(): unit for word, unit in found.items() if len(word) > 3}
    del found["$"], found["¢"], found["s"], found["h"], found["l"]
    return found


_SHORT: Mapping[str, str] = {"s": "second", "h": "hour"}
SPELLINGS = _spellings()
_WORD = "(?:" + "|".join(sorted(map(re.escape, SPELLINGS), key=len, reverse=True)) + ")(?![A-Za-z])"
_NUMBER = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?"
_UNIT = (
    rf"(?:(?:square|cubic)\s)?{_WORD}(?:\^?\{{?[23²³]\}}?)?(?:\s?(?:/|per)\s?(?:{_WORD}|[sh](?![A-Za-z])))?"
)
AMOUNT = rf"(?:{_NUMBER}\s?-?(?:\\text\{{\s?)?{_UNIT}\s?\}}?|\$\s?{_NUMBER}(?![0-9.,]*\s?[A-Za-z/]))"
"""Pattern of one quantity."""
_PARTS = re.compile(
    rf"(?P<sign>[-+−]?)\s?(?:(?P<number>{_NUMBER})\s?-?(?:\\text\{{\s?)?(?P<unit>{_UNIT})|\$\s?(?P<money>{_NUMBER}))"
)
UNIT = re.compile(_UNIT)


class Amount(NamedTuple):
    """One signed number with its unit."""

    value: Fraction
    unit: str
    """Canonical: ``inch``, ``inch**2``, ``mile/hour``."""
    decimals: int


def amounts(text: str) -> list[Amount]:
    """The quantities of a sum such as ``1 hour and 20 minutes``.

    Examples:
        >>> [(str(part.value), part.unit) for part in amounts("4 feet - 40 inches")]
        [('4', 'foot'), ('-40', 'inch')]
    """
    found: list[Amount] = []
    for part in _PARTS.finditer(text):
        number, _, below = (part["number"] or part["money"]).partition("/")
        literal, divisor = read(number), read(below) if below else None
        if literal is None or (divisor is not None and not divisor.value):
            return []
        value = Fraction(literal.value) / (divisor.value if divisor else 1)
        sign = -1 if part["sign"] in ("-", "−") and found else 1
        unit = canonical(part["unit"]) if part["unit"] else "dollar"
        found.append(Amount(sign * value, unit, literal.decimals))
    return found


def canonical(text: str) -> str:
    """Name of a unit as found in a text.

    Examples:
        >>> canonical("square feet"), canonical("miles per hour"), canonical("cm^3")
        ('foot**2', 'mile/hour', 'centimeter**3')
    """
    power = 2 if re.search(r"square\s|[2²]", text) else 3 if re.search(r"cubic\s|[3³]", text) else 1
    words = [
        _SHORT.get(word) or SPELLINGS[word]
        for word in re.findall(rf"{_WORD}|(?<=[/ ])[sh](?![A-Za-z])", text)
    ]
    first = words[0] if power == 1 else f"{words[0]}**{power}"
    return "/".join([first, *words[1:]])


@lru_cache(maxsize=1)
def _registry() -> Any:
    with unhurried():  # reading the table of units takes longer than any step
        return bring("pint").UnitRegistry(cache_folder=None)


@lru_cache(maxsize=1024)
def scales(unit: str) -> tuple[tuple[str, float], ...]:
    """Dimension and size in base units of every reading of a unit."""
    found: list[tuple[str, float]] = []
    parts = re.split(r"(/|\*\*[23])", unit)
    options: Sequence[str] = [""]
    for part in parts:
        names = CANDIDATES.get(part, (part,))
        options = [
            before + (f"({name})" if len(name) > 1 and "/" in name else name)
            for before in options
            for name in names
        ]
    for option in options:
        base = _registry()(option).to_base_units()
        found.append((str(base.dimensionality), float(base.magnitude)))
    return tuple(found)
