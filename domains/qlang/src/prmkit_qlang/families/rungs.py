"""The record of a family of the ladder: problems that a very small model can learn.

Programs have one statement a line and blanks between their tokens, and read their arguments from variables.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from prmkit.types import Json

State = Any
"""A task as JSON values: lists, texts and numbers."""
Given = Mapping[str, Json]
"""Variable → value."""
TOP = 9
"""Largest constant."""


class Rung(NamedTuple):
    """One family."""

    draw: Callable[[random.Random, int], State]
    """A task of a size."""
    prompt: Callable[[State], str]
    lines: Callable[[State], list[str]]
    """The solution, in the order in which it is written."""
    after: Callable[[State], list[set[int]]]
    """For each line, the lines that must stand before it."""
    inputs: Callable[[State, random.Random], list[dict[str, Json]]]
    """Variables for tests: random ones and borders; none where a task asks for a value."""
    value: Callable[[State, Given], Json]
    """What the program gives for them, worked out in Python."""
    variables: Mapping[str, str] = {}
    """Variable that the program may read → its kind (see ``prmkit_qlang.bridge``)."""


class Change(NamedTuple):
    """One thing to do with a value."""

    words: str
    """How it is asked for; ``{k}`` stands for a constant."""
    q: str
    """The expression, of ``x``."""
    python: Callable[[Any, Any], Json]
    """The same of the value and the constant."""
    least: int = 1
    most: int = TOP
    """Range of the constant."""


def in_order(lines: Callable[[State], list[str]]) -> Callable[[State], list[set[int]]]:
    """Every line after all lines above it."""
    return lambda state: [set(range(i)) for i in range(len(lines(state)))]


def unlike(given: list[dict[str, Json]], most: int) -> list[dict[str, Json]]:
    """The first ``most`` different ones."""
    return list({repr(one): one for one in given}.values())[:most]
