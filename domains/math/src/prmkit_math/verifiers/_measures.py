"""Words and abbreviations of measure: which quantity they name, and on which scale."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Measure(NamedTuple):
    """One unit of measure."""

    dimension: str
    """What is measured: two different units of one dimension do not add as plain numbers."""
    unit: str
    """Name of the unit, as pint knows it."""


_UNITS: Mapping[str, Mapping[str, str]] = {
    "time": {
        "second": "second seconds sec secs s",
        "minute": "minute minutes min mins",
        "hour": "hour hours hr hrs h",
        "day": "day days",
        "week": "week weeks",
        "month": "month months",
        "year": "year years yr yrs",
        "decade": "decade decades",
        "century": "century centuries",
        "millisecond": "millisecond milliseconds ms",
    },
    "length": {
        "millimeter": "mm millimeter millimeters millimetre millimetres",
        "centimeter": "cm centimeter centimeters centimetre centimetres",
        "meter": "m meter meters metre metres",
        "kilometer": "km kilometer kilometers kilometre kilometres",
        "inch": "inch inches",
        "foot": "ft foot feet",
        "yard": "yd yard yards",
        "mile": "mi mile miles",
    },
    "mass": {
        "milligram": "mg milligram milligrams",
        "gram": "g gram grams",
        "kilogram": "kg kilogram kilograms kgs",
        "ounce": "oz ounce ounces",
        "pound": "lb lbs pound pounds",
        "metric_ton": "tonne tonnes",
        "ton": "ton tons",
    },
    "volume": {
        "milliliter": "ml mL milliliter milliliters millilitre millilitres",
        "liter": "l L liter liters litre litres",
        "cup": "cup cups",
        "pint": "pint pints",
        "quart": "quart quarts",
        "gallon": "gallon gallons",
        "teaspoon": "teaspoon teaspoons tsp",
        "tablespoon": "tablespoon tablespoons tbsp",
    },
    "money": {
        "dollar": "$ dollar dollars USD",
        "cent": "¢ cent cents",
        "penny": "penny pennies",
        "nickel": "nickel nickels",
        "dime": "dime dimes",
    },
    "angle": {
        "degree": "° degree degrees",
        "radian": "radian radians rad",
    },
    "speed": {"mph": "mph", "kph": "kph"},
}

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        word: Measure(dimension, unit)
        for dimension, units in _UNITS.items()
        for unit, words in units.items()
        for word in words.split()
    }
)
"""Unit of measure by the word or sign that stands for it."""

GLUED = frozenset(
    [
        "mm",
        "cm",
        "km",
        "ft",
        "yd",
        "mg",
        "kg",
        "oz",
        "lb",
        "lbs",
        "ml",
        "mL",
        "sec",
        "min",
        "mins",
        "hr",
        "hrs",
        "mph",
        "kph",
        "ms",
    ]
)
"""Abbreviations that may touch their number, as in 5kg; other letters there are variables."""

SCALES: Mapping[str, int] = MappingProxyType(
    {
        "dozen": 12,
        "dozens": 12,
        "hundred": 100,
        "thousand": 1000,
        "million": 10**6,
        "billion": 10**9,
        "trillion": 10**12,
    }
)
"""Words that multiply the number before them."""

_METRIC = tuple(10**power for power in range(1, 10))
FACTORS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "time": (60, 3600, 24, 1440, 86400, 7, 168, 4, 30, 31, 28, 12, 52, 365, 360, 10, 100, 1000),
        "length": (12, 3, 36, 144, 9, 27, 1728, 5280, 1760, 63360, *_METRIC),
        "mass": (16, 2000, *_METRIC),
        "volume": (2, 3, 4, 8, 16, 32, 128, *_METRIC),
        "money": (5, 10, 25, 100),
        "angle": (180, 360),
        "speed": (60, 3600),
    }
)
"""Factors between usual units of a dimension."""
ALONE: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "time": (60, 3600, 24, 7, 365),
        "length": (12, 36, 5280, *_METRIC),
        "mass": (16, 2000, 1000),
        "volume": (16, 128, 1000),
        "money": (100,),
        "angle": (180, 360),
        "speed": (60, 3600),
    }
)
"""Those that suggest a conversion even where one unit only is named."""
