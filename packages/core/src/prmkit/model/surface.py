"""What every PRM answers to, whatever stands behind it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from prmkit.cards import PRMSpec
from prmkit.types import Problem, StepScores, Threshold, Trajectory

EVERYTHING = (-math.inf, math.inf)


class Surface(ABC):
    """Scores blocks of solutions; the same calls as ``PRM``."""

    spec: PRMSpec
    digest: str

    @abstractmethod
    def block(self, solutions: Sequence[tuple[Problem, Trajectory]]) -> list[StepScores]:
        """Scores of solutions that are held at once, in order."""

    @property
    def threshold(self) -> Threshold:
        """Score at or above which a step counts as right."""
        return self.spec.threshold

    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        """One record per trajectory, in the order given."""
        return list(self.score_many((problem, trajectory) for trajectory in trajectories))

    def score_many(
        self, solutions: Iterable[tuple[Problem, Trajectory] | Any], *, window: int = 64
    ) -> Iterator[StepScores]:
        """Score a stream of samples or (problem, trajectory) pairs, ``window`` at a time."""
        stream = iter(solutions)
        while held := [(item[0], item[1]) for item in islice(stream, window)]:
            yield from self.block(held)

    def score_steps(self, problem: str, solutions: Sequence[Sequence[str]]) -> list[list[float]]:
        """Plain lists in, plain lists out: one float per step, NaN for a step without a score."""
        asked = Problem(id="problem", text=problem)
        rows = [Trajectory.of_steps(str(i), asked.id, steps) for i, steps in enumerate(solutions)]
        return [
            [math.nan if value is None else value for value in scores.values]
            for scores in self.score(asked, rows)
        ]

    def told(self, trajectory: Trajectory, values: Sequence[float | None], **given: Any) -> StepScores:
        """A record of these values."""
        return StepScores(
            trajectory_id=trajectory.id,
            steps_digest=trajectory.digest,
            values=tuple(values),
            kind=self.spec.kind,
            threshold=self.threshold,
            model=self.digest,
            renderer=self.spec.renderer,
            **given,
        )
