"""The protocols that parts implement, on one screen. Parts are plain objects or functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

from prmkit.types import (
    Claim,
    Code,
    Critique,
    Evidence,
    Json,
    Problem,
    Scope,
    SearchResult,
    Step,
    StepLabels,
    StepScores,
    Trajectory,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a verifier says of one step; the engine adds who, where and how long."""

    verdict: Verdict
    reason: str = ""
    code: Code = Code.NONE
    claims: tuple[Claim, ...] = ()
    detail: Mapping[str, Json] = field(default_factory=dict)
    confidence: float = 1.0


class Completion(NamedTuple):
    """One continuation drawn from a policy."""

    text: str
    tokens: int
    logprob: float | None = None
    finished: bool = True
    """False when the token limit cut it off."""


class Mutation(NamedTuple):
    """A right solution with one mistake planted."""

    trajectory: Trajectory
    step: int
    kind: str


class Segmenter(Protocol):
    """Cuts a text into steps whose spans give back the text."""

    def __call__(self, text: str) -> tuple[Step, ...]:
        """Steps in order; ``text[step.start:step.end] == step.text`` for each."""
        ...


@runtime_checkable
class StepVerifier(Protocol):
    """Judges the steps of a trajectory with a tool. Must be picklable and keep no state.

    One whose tool is slow to import may have a method ``warm()`` that imports it: it is called before
    many checks. Otherwise import it on first use, inside ``prmkit.verify.limit.unhurried``.
    """

    name: str
    """``domain/tool``."""
    version: int
    scope: Scope
    needs_reference: bool
    tools: tuple[str, ...]
    """Names of tools (see ``DomainPlugin.tools``) without which every verdict is UNKNOWN."""

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per step of ``trajectory.scored``, in that order."""
        ...


class Mutator(Protocol):
    """Plants one mistake in a right solution, or returns None where it does not apply."""

    name: str
    changes_number: bool

    def __call__(self, problem: Problem, trajectory: Trajectory, seed: int) -> Mutation | None:
        """A mutated copy with the place of the mistake, or None."""
        ...


class StepLabeler(Protocol):
    """Turns evidence, rollouts or ratings into training targets."""

    name: str

    def __call__(self, problem: Problem, trajectory: Trajectory, evidence: Sequence[Evidence]) -> StepLabels:
        """One value per step of the trajectory, None where the labeler has nothing to say."""
        ...


class Scorer(Protocol):
    """Scores trajectories of one problem; results in the caller's order."""

    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        """One record per trajectory, in the order given."""
        ...


class Policy(Protocol):
    """Writes solutions."""

    def complete(
        self, requests: Sequence[tuple[Problem, str]], *, n: int, seed: int, temperature: float = 1.0
    ) -> list[list[Completion]]:
        """``n`` continuations for each (problem, text written so far), in the order asked."""
        ...


class Judge(Protocol):
    """Reads a trajectory and writes a verification of it."""

    def judge(self, problem: Problem, trajectory: Trajectory, *, seed: int) -> Critique:
        """A written verification with its parsed verdicts."""
        ...


class Embedder(Protocol):
    """Maps texts to vectors, shape (texts, D)."""

    def encode(self, texts: Sequence[str]) -> Any:
        """One vector per text."""
        ...


class Environment(Protocol):
    """A world that answers actions; pure: the state goes in and comes out."""

    def reset(self, problem: Problem, seed: int) -> Json:
        """First state of an episode."""
        ...

    def step(self, state: Json, call: Mapping[str, Json]) -> tuple[Json, str, bool]:
        """Next state, observation, and whether the episode ended."""
        ...


class SearchStrategy(Protocol):
    """Finds an answer with a policy and a scorer under a budget."""

    def __call__(
        self, problem: Problem, policy: Policy, scorer: Scorer, *, budget: Any, seed: int
    ) -> SearchResult:
        """The candidates found, best first, with what they cost."""
        ...


class CreditRule(Protocol):
    """Maps step rewards to per-token advantages; tensors in, tensors out."""

    def __call__(self, rewards: Any, segments: Any, mask: Any) -> Any:
        """Advantages, shape as ``mask``."""
        ...


class Grader(Protocol):
    """Says whether an answer is right: 1.0, 0.0, or None when it cannot tell."""

    def __call__(self, problem: Problem, answer: str | None) -> float | None:
        """Grade ``answer`` against the problem's reference."""
        ...
