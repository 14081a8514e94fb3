"""Reading a scorer: every solution once, whatever surface it has."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from prmkit.errors import DataError
from prmkit.types import Problem, StepScores, Trajectory

Values = tuple[float | None, ...]
"""Scores of the steps of one solution."""
Pair = tuple[Problem, Trajectory]


class Reader:
    """Scores solutions through ``score_many`` or ``score``, each different one once.

    Args:
        scorer: Anything with ``score``.
        tick: Called with the number of solutions scored so far, and 0.
    """

    def __init__(self, scorer: Any, tick: Callable[[int, int], None] | None = None) -> None:
        self.scorer = scorer
        self.tick = tick or (lambda done, total: None)
        self.first: StepScores | None = None
        """The first record that was read: kind, range and threshold of them all."""
        self._known: dict[tuple[str, str, str], Values] = {}

    def __call__(self, pairs: Iterable[Pair]) -> list[Values]:
        """Scores of the steps, one entry per solution, in the order given."""
        pairs = list(pairs)
        fresh = {key(pair): pair for pair in pairs if key(pair) not in self._known}
        for name, record in zip(fresh, score_all(self.scorer, list(fresh.values())), strict=True):
            self.first = self.first or record
            self._known[name] = record.values
            self.tick(len(self._known), 0)
        return [self._known[key(pair)] for pair in pairs]

    def __len__(self) -> int:
        return len(self._known)

    @property
    def unscored(self) -> int:
        """Steps without a score: observations, and what was cut off."""
        return sum(value is None for values in self._known.values() for value in values)

    @property
    def unit(self) -> float:
        """Width of the scale: 1 for probabilities, the spread of the scores seen where it has no ends."""
        low, high = self.first.range if self.first else (0.0, 1.0)
        if math.isfinite(high - low):
            return high - low
        seen = [v for values in self._known.values() for v in values if v is not None]
        return float(np.std(seen)) or 1.0

    def require(self) -> None:
        """Refuse a scorer that says nothing.

        Raises:
            DataError: No step of any solution has a score.
        """
        if not any(v is not None for values in self._known.values() for v in values):
            raise DataError(
                f"the PRM scores no step of {len(self)} solutions",
                do="check that its marker is read, and that --max-tokens leaves room for the steps",
                field="values",
            )


def key(pair: Pair) -> tuple[str, str, str]:
    """What a score depends on."""
    return pair[0].id, pair[0].text, pair[1].digest


def score_all(scorer: Any, pairs: Sequence[Pair]) -> list[StepScores]:
    """One record per solution: as a stream where the scorer takes one, else problem by problem."""
    if hasattr(scorer, "score_many"):
        return list(scorer.score_many(iter(pairs)))
    places: dict[str, list[int]] = {}
    for place, (problem, _) in enumerate(pairs):
        places.setdefault(problem.id, []).append(place)
    found: dict[int, StepScores] = {}
    for mine in places.values():
        records = scorer.score(pairs[mine[0]][0], [pairs[place][1] for place in mine])
        found.update(zip(mine, records, strict=True))
    return [found[place] for place in range(len(pairs))]


def altered(scorer: Any, **fields: Any) -> Any:
    """A copy of a scorer with other settings; weights are shared."""
    if dataclasses.is_dataclass(scorer) and not isinstance(scorer, type):
        return dataclasses.replace(scorer, **fields)
    other = copy.copy(scorer)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def kept(values: Values) -> list[float]:
    """Scores that are there."""
    return [value for value in values if value is not None]
