"""Differential fuzzing: a q function held against a family's Python reference, by value, on made inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from prmkit.types import Json
from prmkit_qlang.families import FAMILIES
from prmkit_qlang.families.family import Family
from prmkit_qlang.outcome import Wanted, against

ENTRY = "f"
"""Name of the function that generated problems ask for."""


class Report(NamedTuple):
    """What the comparison found."""

    passed: int
    total: int
    counterexample: str
    """The first input on which the two differ, with both values; empty where they agree on all."""

    @property
    def agrees(self) -> bool:
        """Whether there were inputs, and the two agreed on all of them."""
        return self.total > 0 and self.passed == self.total


def made_tests(family: Family, params: Mapping[str, Json], n: int, seed: int) -> list[Wanted]:
    """Tests of a problem: inputs with the values of the Python reference."""
    return [Wanted(given, family.expected(params, given)) for given in family.inputs(params, n, seed)]


def check(
    family: str | Family, params: Mapping[str, Json], q_text: str, *, n: int = 100, seed: int = 0
) -> Report:
    """Hold a q function against the Python reference.

    Args:
        family: A family, or its name in :data:`~prmkit_qlang.families.FAMILIES`.
        params: Setting of its parameters.
        q_text: A program that defines ``f``, or whose last statement gives a function.
        n: Inputs to try.
        seed: Decides the inputs.

    Raises:
        KeyError: No such family.
        ConfigError: The family has no such setting.

    Examples:
        >>> check("running", {"what": "sums"}, "f:{maxs x}", n=20).counterexample
        'f[5 5] gives 5 5, not 5 10'
    """
    kin = FAMILIES[family] if isinstance(family, str) else family
    kin.answer(params)
    kinds = {name: shape.kind for name, shape in kin.arguments.items()}
    found = against(q_text, made_tests(kin, params, n, seed), ENTRY, kinds)
    return Report(found.passed, found.total, found.counterexample)
