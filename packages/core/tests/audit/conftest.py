"""A toy domain of additions, and scorers whose faults are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from prmkit.cards import PRMSpec
from prmkit.judging.audit.probes import Probe, probes
from prmkit.judging.figures import Resampling
from prmkit.mutators import TextMutator
from prmkit.types import Problem, Sample, StepScores, Threshold, Trajectory

SUM = re.compile(r"(\d+)\s*\+\s*(\d+)\s*=\s*(\d+)")


def says_wrong(text: str) -> bool:
    """Whether a step states a false sum."""
    return any(int(a) + int(b) != int(c) for a, b, c in SUM.findall(text))


def sample(i: int) -> Sample:
    """Add i, 2, 3 and so on, one line each; the answer last."""
    problem = Problem(f"p{i}", f"Add {i} to some numbers.", context={"family": "ab"[i % 2], "rung": i % 3})
    total, lines = i, []
    for more in range(2, 5 + i % 3):
        lines.append(f"{total} + {more} = {total + more}")
        total += more
    return Sample(problem, Trajectory.of_steps(f"t{i}", problem.id, [*lines, f"The answer is {total}."]))


def spoilt(problem: Problem, text: str, draw: object) -> list[str]:
    return [SUM.sub(lambda m: f"{m[1]} + {m[2]} = {int(m[3]) + 1}", text)] if SUM.search(text) else []


def made(n: int = 40) -> list[Probe]:
    return probes([sample(i) for i in range(n)], [TextMutator("wrong_sum", True, spoilt)])


@pytest.fixture(scope="session")
def forty() -> list[Probe]:
    return made()


@pytest.fixture(scope="session")
def how() -> Resampling:
    return Resampling(draws=1000)


Rule = Callable[[Problem, Sequence[str]], list[float]]


def own_merit(problem: Problem, texts: Sequence[str]) -> list[float]:
    """Each step by itself."""
    return [0.1 if says_wrong(text) else 0.9 for text in texts]


def prefix(problem: Problem, texts: Sequence[str]) -> list[float]:
    """Wrong from the first mistake on."""
    seen = [any(says_wrong(text) for text in texts[: i + 1]) for i in range(len(texts))]
    return [0.1 if one else 0.9 for one in seen]


def value(problem: Problem, texts: Sequence[str]) -> list[float]:
    """Low while a mistake stands; high again once the same sum is made right."""
    found, standing = [], set()
    for text in texts:
        for a, b, c in SUM.findall(text):
            (standing.discard if int(a) + int(b) == int(c) else standing.add)((a, b))
        found.append(0.2 if standing else 0.8)
    return found


def outcome(problem: Problem, texts: Sequence[str]) -> list[float]:
    """Looks at the stated answer alone."""
    right = sample(int(problem.id[1:])).trajectory.steps[-1].text
    return [0.5] * (len(texts) - 1) + [0.9 if texts[-1] == right else 0.1]


def likes_length(problem: Problem, texts: Sequence[str]) -> list[float]:
    """The more characters the better, whatever they say."""
    return [0.05 * says_wrong(text) * -1 + min(0.9, 0.1 + len(text) / 200) for text in texts]


@dataclass
class Toy:
    """A scorer by a rule on texts; nothing but ``score``."""

    rule: Rule = own_merit
    shift: int = 0
    """Places by which its values stand too late."""

    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        found = []
        for t in trajectories:
            values = self.rule(problem, [step.text for step in t.steps])
            values = [*values[:1] * self.shift, *values][: len(values)]
            found.append(StepScores(t.id, t.digest, tuple(values), threshold=Threshold(0.5, "fixed")))
        return found


@dataclass
class Batched(Toy):
    """A scorer whose values depend on what else is in the batch, and on its settings."""

    batch_tokens: int = 1024
    layout: str = "auto"
    leak: float = 0.0

    def score_many(self, pairs) -> list[StepScores]:
        pairs = list(pairs)
        found = []
        for place, (problem, trajectory) in enumerate(pairs):
            (one,) = super().score(problem, [trajectory])
            less = self.leak * (place % 7 + (self.layout == "rows") + (self.batch_tokens > 4096))
            values = tuple(max(0.0, v - less) for v in one.values)
            found.append(StepScores(one.trajectory_id, one.steps_digest, values, threshold=one.threshold))
        return found


@dataclass
class Specced(Toy):
    """A checkpoint that is only read well at its right offset."""

    spec: PRMSpec = field(default_factory=PRMSpec)

    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        good = Toy(self.rule).score(problem, trajectories)
        if self.spec.read_offset == -1:
            return good
        return [
            StepScores(one.trajectory_id, one.steps_digest, tuple(0.5 for _ in one.values)) for one in good
        ]


@pytest.fixture(scope="session")
def toys() -> SimpleNamespace:
    """Rules and scorers by name."""
    rules = (own_merit, prefix, value, outcome, likes_length)
    scorers = {"Toy": Toy, "Batched": Batched, "Specced": Specced}
    return SimpleNamespace(made=made, sample=sample, **scorers, **{one.__name__: one for one in rules})
