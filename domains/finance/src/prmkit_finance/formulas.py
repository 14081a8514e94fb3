"""Ratios and valuation formulas: package data, read into records and evaluated exactly.

The text of a formula is arithmetic over names with ``+ - * / **`` and brackets; it is parsed here and
never evaluated by Python.
"""

from __future__ import annotations

import functools
import importlib.resources
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import yaml

from prmkit.errors import ConfigError
from prmkit_finance.expressions import MAX_BITS, UnreadableError

Unit = Literal["times", "percent", "days", "money", "years"]
Direction = Literal["higher", "lower", "neutral"]
MAX_POWER = 400

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([a-z_][a-z0-9_]*)|(\*\*|[-+*/()]))")


@dataclass(frozen=True, slots=True)
class Input:
    """A quantity that formulas use."""

    name: str
    words: tuple[str, ...]
    """How reports call it."""
    kind: Literal["money", "count", "rate"]
    """A rate is given in percent or as a fraction, and used as a fraction."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One ratio or value."""

    name: str
    words: tuple[str, ...]
    """Its names, the first being ``name``."""
    readings: tuple[str, ...]
    """Formulas in use for it, the usual one first."""
    unit: Unit
    direction: Direction
    """What is usually called better."""
    source: str
    definite: bool
    """Conventions agree well enough to refute a value that fits no reading."""

    @property
    def inputs(self) -> tuple[tuple[str, ...], ...]:
        """Names that each reading needs."""
        return tuple(names(reading) for reading in self.readings)


@functools.lru_cache(maxsize=1)
def catalogue() -> tuple[Mapping[str, Input], tuple[Formula, ...]]:
    """All inputs and formulas of the package.

    Raises:
        ConfigError: The package's file was damaged.

    Examples:
        >>> inputs, formulas = catalogue()
        >>> len(formulas) >= 60, inputs["revenue"].kind
        (True, 'money')
    """
    text = importlib.resources.files("prmkit_finance").joinpath("formulas.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    inputs = {
        name: Input(name, tuple(given["words"]), given["kind"]) for name, given in raw["inputs"].items()
    }
    found = []
    for given in raw["formulas"]:
        one = Formula(
            given["name"],
            (given["name"], *given.get("words", ())),
            (given["formula"], *given.get("also", ())),
            given["unit"],
            given["direction"],
            given["source"],
            given.get("definite", True),
        )
        unknown = {name for reading in one.inputs for name in reading} - set(inputs)
        if unknown:
            raise ConfigError(
                f"formula {one.name!r} uses {sorted(unknown)[0]!r}", do="declare it under inputs"
            )
        found.append(one)
    return inputs, tuple(found)


def formula(name: str) -> Formula:
    """The formula called ``name``.

    Raises:
        ConfigError: There is none.

    Examples:
        >>> formula("roe").name, formula("current ratio").direction
        ('return on equity', 'higher')
    """
    wanted = " ".join(name.lower().split())
    for one in catalogue()[1]:
        if wanted in one.words:
            return one
    raise ConfigError(f"no formula is called {name!r}", do="look into formulas.yaml for the names known")


@functools.lru_cache(maxsize=1024)
def _tokens(text: str) -> tuple[str, ...]:
    out: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise UnreadableError(f"{text[at : at + 10]!r} in a formula")
        out.append(found[1] or found[2] or found[3])
        at = found.end()
    return tuple(out)


def names(text: str) -> tuple[str, ...]:
    """The inputs of a formula text, in order of appearance.

    Examples:
        >>> names("(price - nav) / nav")
        ('price', 'nav')
    """
    return tuple(dict.fromkeys(token for token in _tokens(text) if token[0].isalpha() or token[0] == "_"))


def compute(text: str, values: Mapping[str, Fraction]) -> Fraction:
    """Value of a formula text.

    Args:
        text: Arithmetic over names.
        values: Value of each name; rates as fractions.

    Raises:
        UnreadableError: A name has no value, a division by zero, a root that does not exist.

    Examples:
        >>> values = {"closing": Fraction(121), "opening": Fraction(100)}
        >>> compute("(closing / opening) ** (1 / 2) - 1", values)
        Fraction(1, 10)
    """
    reader = _Reader(_tokens(text), values)
    found = reader.sum()
    if reader.at != len(reader.cut):
        raise UnreadableError("something is left over in a formula")
    return found


class _Reader:
    def __init__(self, cut: tuple[str, ...], values: Mapping[str, Fraction]) -> None:
        self.cut, self.values, self.at = cut, values, 0

    def sign(self) -> str:
        return self.cut[self.at] if self.at < len(self.cut) else ""

    def take(self) -> str:
        self.at += 1
        return self.cut[self.at - 1]

    def sum(self) -> Fraction:
        left = self.product()
        while self.sign() in ("+", "-"):
            left = left + self.product() if self.take() == "+" else left - self.product()
        return left

    def product(self) -> Fraction:
        left = self.power()
        while self.sign() in ("*", "/"):
            if self.take() == "*":
                left *= self.power()
            else:
                right = self.power()
                if not right:
                    raise UnreadableError("division by zero")
                left /= right
        return left

    def power(self) -> Fraction:
        left = self.atom()
        if self.sign() == "**":
            self.take()
            return raised(left, self.power())
        return left

    def atom(self) -> Fraction:
        if not self.sign():
            raise UnreadableError("a formula ends early")
        token = self.take()
        if token == "(":
            found = self.sum()
            if self.sign() != ")":
                raise UnreadableError("a bracket of a formula is not closed")
            self.take()
            return found
        if token[0].isdigit():
            return Fraction(token)
        if token not in self.values:
            raise UnreadableError(f"{token} is not known")
        return self.values[token]


def raised(value: Fraction, power: Fraction) -> Fraction:
    """A power; exact for whole exponents and perfect roots, else to the precision of doubles.

    Raises:
        UnreadableError: It does not exist or grows too large.
    """
    if abs(power) > MAX_POWER or (not value and power < 0) or (value < 0 and power.denominator != 1):
        raise UnreadableError("a power that does not exist")
    if power.denominator == 1:
        size = value.numerator.bit_length() + value.denominator.bit_length()
        if size * abs(int(power)) > MAX_BITS * 8:
            return _double(float(value), float(power))
        return value ** int(power)
    root = power.denominator
    parts = [round(part ** (1 / root)) for part in map(float, value.as_integer_ratio())]
    if parts[0] ** root == value.numerator and parts[1] ** root == value.denominator:
        return Fraction(parts[0], parts[1]) ** power.numerator
    return _double(float(value), float(power))


def _double(value: float, power: float) -> Fraction:
    try:
        found = math.pow(value, power)
    except (OverflowError, ValueError) as error:
        raise UnreadableError("a power that grows too large") from error
    return Fraction(found)
