"""The published systems: what each is made of, where it runs, and what has been shown.

The rows are package data; a system's workflow, where it has one, is found by
``prmkit run systems/<name>``.
"""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

import yaml

from prmkit.config import from_mapping
from prmkit.errors import ConfigError, UnknownNameError
from prmkit.registry import nearest
from prmkit.systems.words import Status

STATUS: tuple[str, ...] = get_args(Status)
"""The words that a system can earn, and the empty word for one that nobody has worked on."""
TABLE = "table/published.yaml"


@dataclass(frozen=True, slots=True)
class System:
    """One published system."""

    number: int
    """Its row, from 1."""
    name: str
    home: str
    """Where it lives: a domain, or a part of the core."""
    parts: tuple[str, ...]
    """What it is composed of."""
    effect: str
    """The claim to re-test."""
    workflow: str = ""
    """Workflow that runs it, such as ``systems/pure``; empty while there is none."""
    golden: str = ""
    """Test that checks its formulas; empty while there is none."""
    recorded: str = ""
    """What was measured, in one sentence; empty while nothing was."""
    note: str = ""
    """How the claim is posed here, where that differs from the paper."""
    status: Status = ""
    needs: str = ""
    """What is missing, for systems that are not testable here."""

    def __post_init__(self) -> None:
        if self.status and not self.golden and self.status not in ("not testable here", "not yet measured"):
            raise ConfigError(
                f"system {self.name!r} claims {self.status!r} without a golden test",
                do="name the test that checks its formulas, or leave the status empty",
                field="golden",
            )
        if (self.status == "not testable here") != bool(self.needs):
            raise ConfigError(
                f"system {self.name!r}: 'not testable here' and 'needs' go together",
                do="say what is missing",
                field="needs",
            )


@lru_cache(maxsize=1)
def systems() -> tuple[System, ...]:
    """All systems, by number.

    Raises:
        ConfigError: The table has an unknown field, a wrong type, a gap in its numbers or a double name.

    Examples:
        >>> [s.name for s in systems() if s.number in (5, 47, 59)]
        ['processbench', 'rewardmath', 'rewardbench2']
    """
    text = (importlib.resources.files(__name__) / TABLE).read_text(encoding="utf-8")
    rows = tuple(from_mapping(System, row) for row in yaml.safe_load(text))
    if [row.number for row in rows] != list(range(1, len(rows) + 1)):
        raise ConfigError("the systems are not numbered 1, 2, 3 …", do="number the rows in order", file=TABLE)
    if len({row.name for row in rows}) != len(rows):
        raise ConfigError("two systems share a name", do="give each its own name", file=TABLE)
    return rows


def system(name: str) -> System:
    """The system called ``name``.

    Raises:
        UnknownNameError: No such system.

    Examples:
        >>> system("processbench").number
        5
    """
    table = {row.name: row for row in systems()}
    if name not in table:
        raise UnknownNameError(f"no system is called {name!r}", do=nearest(name, dict(table)))
    return table[name]
