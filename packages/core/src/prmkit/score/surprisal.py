"""The baseline without training: a step is as good as its least expected token."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from prmkit.types import Problem, StepScores, Trajectory

NAME = "surprisal"


class SurprisalScorer:
    """Scores a step by the probability of its least probable token under a policy.

    Source:
        Minimum token log-probability as a detector of hallucinations and wrong steps (Varshney et al.,
        2023, and others). It stands beside every trained PRM in the tables.

    Args:
        policy: A policy that can read texts (``HFPolicy``).
    """

    def __init__(self, policy: Any) -> None:
        self.policy = policy

    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        """One record per trajectory, in the order given; None for steps without a token."""
        return list(self.score_many((problem, trajectory) for trajectory in trajectories))

    def score_many(self, solutions: Iterable[Any], *, window: int = 1024) -> Iterator[StepScores]:
        """Score a stream of samples or (problem, trajectory) pairs, in the caller's order."""
        stream = iter(solutions)
        while block := [(item[0], item[1]) for item in islice(stream, window)]:
            readings = self.policy.read([(problem, trajectory.text) for problem, trajectory in block])
            for (_, trajectory), reading in zip(block, readings, strict=True):
                yield _scores(trajectory, reading.spans, reading.logprobs, reading.end)


def step_minima(
    steps: Sequence[tuple[int, int]],
    spans: Sequence[tuple[int, int]],
    logprobs: Sequence[float],
    end: int,
) -> list[float | None]:
    """Least token log-probability of each step; None where no token touches it or it was cut off.

    Args:
        steps: Character span of each step.
        spans: Character span of each token, rising.
        logprobs: Log-probability of each token, in nats.
        end: One past the last character that was read.

    Examples:
        >>> step_minima([(0, 3), (4, 6), (7, 9)], [(0, 2), (2, 4), (4, 6)], [-0.5, -2.0, -1.0], 6)
        [-2.0, -1.0, None]
    """
    found: list[float | None] = []
    at = 0
    for start, stop in steps:
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        inside, token = [], at
        while token < len(spans) and spans[token][0] < stop:
            inside.append(logprobs[token])
            token += 1
        found.append(min(inside) if inside and stop <= end else None)
    return found


def _scores(
    trajectory: Trajectory, spans: Sequence[tuple[int, int]], logprobs: Sequence[float], end: int
) -> StepScores:
    minima = step_minima([(step.start, step.end) for step in trajectory.steps], spans, logprobs, end)
    values = tuple(
        None if low is None or step.role == "observe" else math.exp(min(low, 0.0))
        for step, low in zip(trajectory.steps, minima, strict=True)
    )
    return StepScores(trajectory.id, trajectory.digest, values, model=NAME, renderer="policy")
