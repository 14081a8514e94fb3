"""The record of a problem family."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prmkit.errors import ConfigError
from prmkit.types import Json
from prmkit_qlang.families.shapes import Shape

MOST_BORDERS = 24
"""Combinations of border values tried first."""
REDRAWS = 200


_PICKS: Mapping[str, Callable[[list[int]], int]] = {"sum": sum, "max": max, "min": min}


def picked(what: str, values: Iterable[int]) -> int:
    """The sum, max or min of numbers."""
    return _PICKS[what](list(values))


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a parameter: its value for Python, its words for the text, its spelling in q."""

    value: Json
    words: str
    q: str


def options(*values: int) -> tuple[Option, ...]:
    """Whole numbers as choices.

    Examples:
        >>> options(3)
        (Option(value=3, words='3', q='3'),)
    """
    return tuple(Option(v, str(v), str(v)) for v in values)


def option(value: Json, words: str, q: str = "") -> Option:
    """One choice."""
    return Option(value, words, q)


@dataclass(frozen=True, slots=True)
class Family:
    """Problems that differ in their parameters.

    ``{name}`` in the text and ``<name>`` in the q function stand for the words and the q of the choice
    of the parameter ``name``; what stands in for one parameter may hold those declared after it.
    """

    name: str
    text: str
    """What the function must do; arguments stand there by name."""
    arguments: Mapping[str, Shape]
    result: str
    """What it returns: long, float, bool, string, longs, floats, bools, strings, grid."""
    reference: Callable[..., Json]
    """The answer in Python: arguments by place, parameters by keyword."""
    q: str
    """The answer in q: one function."""
    parameters: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    valid: Callable[..., bool] | None = None
    """Which arguments may be asked; called as the reference is."""

    def variants(self) -> Iterator[dict[str, Json]]:
        """All settings of the parameters, as name → value."""
        names = list(self.parameters)
        for chosen in itertools.product(*self.parameters.values()):
            yield {name: one.value for name, one in zip(names, chosen, strict=True)}

    def _chosen(self, params: Mapping[str, Json]) -> dict[str, Option]:
        chosen: dict[str, Option] = {}
        for name, choices in self.parameters.items():
            found = [one for one in choices if name in params and one.value == params[name]]
            if not found:
                raise ConfigError(
                    f"family {self.name!r} has no {name} {params.get(name)!r}",
                    do=f"use one of {[one.value for one in choices]}",
                    field=name,
                )
            chosen[name] = found[0]
        return chosen

    def question(self, params: Mapping[str, Json]) -> str:
        """The problem's text.

        Raises:
            ConfigError: The family has no such setting.
        """
        told = self.text
        for name, one in self._chosen(params).items():
            told = told.replace("{" + name + "}", one.words)
        takes = " and ".join(f"{name} ({shape.words})" for name, shape in self.arguments.items())
        return f"Write a q function f that takes {takes}. {told}"

    def answer(self, params: Mapping[str, Json]) -> str:
        """The function in q.

        Raises:
            ConfigError: The family has no such setting.
        """
        text = self.q
        for name, one in self._chosen(params).items():
            text = text.replace(f"<{name}>", one.q)
        return text

    def expected(self, params: Mapping[str, Json], given: Sequence[Json]) -> Json:
        """What the function must return for these arguments."""
        return self.reference(*given, **params)

    def inputs(self, params: Mapping[str, Json], n: int, seed: int) -> list[list[Json]]:
        """Up to n argument lists, no two alike: borders first, then draws. The same seed gives the same."""
        rng = random.Random(f"{self.name}/{seed}")
        shapes = list(self.arguments.values())
        borders = list(itertools.islice(itertools.product(*(s.borders for s in shapes)), 400))
        rng.shuffle(borders)
        made: dict[str, list[Json]] = {}
        for given in borders[:MOST_BORDERS]:
            self._keep(made, params, list(given))
        half = list(made)[: max(1, n // 2)]
        made = {key: made[key] for key in half}
        for _ in range(n * REDRAWS):
            if len(made) >= n:
                break
            self._keep(made, params, [shape.draw(rng) for shape in shapes])
        return list(made.values())

    def _keep(self, made: dict[str, list[Json]], params: Mapping[str, Json], given: list[Json]) -> None:
        if self.valid is None or self.valid(*given, **params):
            made.setdefault(repr(given), given)
