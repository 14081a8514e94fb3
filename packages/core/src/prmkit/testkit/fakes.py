"""Parts with known behaviour, for tests that need a verifier, policy, scorer or grader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prmkit.contracts import Completion, Finding
from prmkit.types import Code, Problem, Scope, StepScores, Trajectory, Verdict


def share(*words: object) -> float:
    """A number in [0, 1) that depends on ``words`` alone.

    Examples:
        >>> share("a", 1) == share("a", 1) != share("a", 2)
        True
    """
    return int(hashlib.sha256(repr(words).encode()).hexdigest()[:12], 16) / 16**12


@dataclass(frozen=True, slots=True)
class FakeVerifier:
    """FAILS on steps that hold one word, HOLDS on steps that hold another, else UNKNOWN."""

    name: str = "fake/word"
    version: int = 1
    scope: Scope = "claim"
    needs_reference: bool = False
    tools: tuple[str, ...] = ()
    fails: str = "wrong"
    holds: str = "right"

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step, read off the words it holds."""
        return [self._judge(trajectory.steps[index].text) for index in trajectory.scored]

    def _judge(self, text: str) -> Finding:
        if self.fails in text:
            return Finding(Verdict.FAILS, f"the step says {self.fails!r}")
        if self.holds in text:
            return Finding(Verdict.HOLDS, f"the step says {self.holds!r}")
        return Finding(Verdict.UNKNOWN, "neither word stands in the step", Code.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class FakePolicy:
    """Continues every text with replies drawn from a list, by a hash of request, seed and draw."""

    replies: tuple[str, ...] = ("right\nThe answer is 4.", "wrong\nThe answer is 5.")
    parameters: int = 10
    """What it says of its size, for counts of cost."""

    def complete(
        self, requests: Sequence[tuple[Problem, str]], *, n: int, seed: int, temperature: float = 1.0
    ) -> list[list[Completion]]:
        """``n`` replies per request; the same request and seed give the same replies."""
        return [[self._draw(problem, text, seed, i) for i in range(n)] for problem, text in requests]

    def _draw(self, problem: Problem, text: str, seed: int, draw: int) -> Completion:
        reply = self.replies[int(share(problem.id, text, seed, draw) * len(self.replies))]
        return Completion(reply, tokens=len(reply.split()), logprob=-1.0)


@dataclass(frozen=True, slots=True)
class FakeScorer:
    """Scores a step by the words it holds; other steps get a hash of their text."""

    low: str = "wrong"
    high: str = "right"
    name: str = "fake"

    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        """One record per trajectory, None for observations."""
        return [
            StepScores(
                trajectory_id=t.id,
                steps_digest=t.digest,
                values=tuple(None if s.role == "observe" else self._value(s.text) for s in t.steps),
                model=self.name,
                renderer="none",
            )
            for t in trajectories
        ]

    def _value(self, text: str) -> float:
        if self.low in text:
            return 0.1
        return 0.9 if self.high in text else share(text)


@dataclass(frozen=True, slots=True)
class FakeGrader:
    """1.0 when the answer is the reference, letter by letter; None where there is no reference."""

    known: Mapping[str, str] = field(default_factory=dict)
    """Problem id → answer, for problems without a reference of their own."""

    def __call__(self, problem: Problem, answer: str | None) -> float | None:
        """Grade ``answer``."""
        truth = self.known.get(problem.id, problem.reference)
        if truth is None:
            return None
        return float(answer is not None and answer.strip() == str(truth))
