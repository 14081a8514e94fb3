"""Generated tasks: drawn from a ladder of families, split by content, labelled by exact truth.

A domain says how a task of a family is drawn, written and solved, and what is wrong with a step
(:class:`TaskSet`); what is the same in every domain is here. The order of draws is part of every
committed weight, table and figure: changing it makes other tasks of the same seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

from prmkit.errors import ConfigError
from prmkit.registry import nearest
from prmkit.types import Json, Problem, Provenance, Sample, StepLabels, Trajectory

Split = Literal["train", "calibrate", "dev", "test"]
SPLITS: Mapping[Split, tuple[int, ...]] = {
    "test": (0,),
    "dev": (1,),
    "calibrate": (2,),
    "train": tuple(range(3, 16)),
}
"""Split → values of the problem's content hash modulo 16."""
TRIES = 10_000

S = TypeVar("S")


def content(text: str) -> str:
    """12 hex digits equal for problems that differ in the order of their words only.

    Examples:
        >>> content("Add 3 4 .") == content("Add 4 3 .")
        True
    """
    return hashlib.md5(" ".join(sorted(text.split())).encode(), usedforsecurity=False).hexdigest()[:12]


def in_some_order(rng: random.Random, lines: Sequence[str], after: Sequence[set[int]]) -> list[str]:
    """Lines in one of their right orders.

    Args:
        rng: Chooses among the lines that may come next.
        lines: The lines of a solution.
        after: For each line, the places of those that must stand before it.

    Examples:
        >>> in_some_order(random.Random(0), ["a", "b"], [set(), {0}])
        ['a', 'b']
    """
    done: set[int] = set()
    order: list[int] = []
    while len(order) < len(lines):
        ready = [i for i in range(len(lines)) if i not in done and after[i] <= done]
        order.append(rng.choice(ready))
        done.add(order[-1])
    return [lines[i] for i in order]


def has_several_orders(after: Sequence[set[int]]) -> bool:
    """Whether lines may stand in more than one order.

    Examples:
        >>> has_several_orders([set(), {0}, {0}]), has_several_orders([set(), {0}, {0, 1}])
        (True, False)
    """
    return any(
        sum(before <= set(done) for before in after[len(done) :]) > 1
        for done in (range(i) for i in range(len(after)))
    )


def split_of(text: str) -> Split:
    """The split to which a problem text belongs."""
    bucket = int(content(text), 16) % 16
    return next(name for name, buckets in SPLITS.items() if bucket in buckets)


def grade(problem: Problem, answer: str | None) -> float:
    """1.0 when ``answer`` equals the reference after trimming, else 0.0 (also when there is none)."""
    return float(answer is not None and answer.strip() == problem.reference["answer"])


def first_wrong(
    trajectory: Trajectory,
    state: S,
    legal: Callable[[S], Mapping[str, S]],
    kind: Callable[[S, str], str],
) -> list[str | None]:
    """What is wrong with the first step that may not stand where it stands; None for every other step.

    Args:
        trajectory: What is judged.
        state: Where a solution begins.
        legal: The steps that may come next, each with the state it leads to.
        kind: Names what is wrong with a step at a state.
    """
    kinds: list[str | None] = [None] * len(trajectory.steps)
    for step in trajectory.steps:
        following = legal(state)
        if step.text not in following:
            kinds[step.index] = kind(state, step.text)
            break
        state = following[step.text]
    return kinds


class Reader(Protocol):
    """Reads what a policy wrote."""

    def __call__(
        self, problem: Problem, text: str, *, id: str, provenance: Provenance | None = None
    ) -> Trajectory:
        """The text as a trajectory with its answer and outcome."""
        ...


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads solutions that have one step a line."""

    answer: Callable[[str], str | None]
    """The answer that a last line states; None when it states none."""

    def __call__(
        self, problem: Problem, text: str, *, id: str, provenance: Provenance | None = None
    ) -> Trajectory:
        """A sampled text as a trajectory: one step a line, answer read, outcome graded.

        Args:
            problem: The generated problem it answers.
            text: What a policy wrote.
            id: Id for the trajectory.
            provenance: Where the text comes from.
        """
        steps = [line.strip() for line in text.split("\n") if line.strip()]
        answer = self.answer(steps[-1]) if steps else None
        return Trajectory.of_steps(
            id, problem.id, steps, final_answer=answer, outcome=grade(problem, answer), provenance=provenance
        )


class Solved(NamedTuple):
    """What a domain makes of a drawn task."""

    steps: Sequence[str]
    """One right solution."""
    reference: Json
    context: Mapping[str, Json]
    """Holds ``family`` and ``rung`` at least."""


@dataclass(frozen=True, slots=True)
class TaskSet(Generic[S]):
    """The tasks of a domain, drawn as states of its own type."""

    domain: str
    ladder: Mapping[str, Sequence[Any]]
    """Family → size per rung, easiest first; as many rungs for each. Frozen before a model is trained."""
    draw: Callable[[random.Random, str, Any], S | None]
    """A task of a family and size, or None when the draw broke a limit."""
    prompt: Callable[[str, S], str]
    """The problem's text, from family and task."""
    solve: Callable[[random.Random, str, int, S], Solved]
    """A solution drawn at random, from family, rung and task."""
    kinds: Callable[[Problem, Trajectory], list[str | None]]
    """What is wrong with the first wrong step; its module is the source of the problems."""
    read: Reader
    tries: int = TRIES
    """Draws before a problem counts as not to be found."""
    salt: str = ""
    """Stands before the seed."""

    @property
    def rungs(self) -> tuple[int, ...]:
        """All rungs, easiest first."""
        return tuple(range(min(map(len, self.ladder.values()))))

    def generate(
        self,
        seed: int,
        n: int,
        *,
        rungs: Sequence[int] | None = None,
        families: Sequence[str] | None = None,
        cells: Sequence[str] | None = None,
        split: Split = "train",
    ) -> Iterator[Sample]:
        """Yield ``n`` different problems, each with one right solution.

        Cells (a family on a rung) take turns, so that each gets its share; one that is given twice is
        drawn twice as often. Splits share no problem, whatever the seeds.

        Args:
            seed: Decides problems and solutions.
            n: Number of problems.
            rungs: Rungs to draw from, all when None.
            families: Families to draw from, all when None.
            cells: Cells such as ``"sum/2"`` in place of all pairs of ``families`` and ``rungs``.
            split: Which problems to draw from.

        Raises:
            ConfigError: Unknown family, rung, cell or split, cells together with families or rungs, or
                fewer than ``n`` problems exist.
        """
        if split not in SPLITS:
            raise ConfigError(f"no split {split!r}", do=nearest(split, [*SPLITS]), field="split")
        rng = random.Random(f"{self.salt}{split}/{seed}")
        turns = self._named(cells, rungs, families) if cells else self._paired(rungs, families)
        rng.shuffle(turns)
        provenance = Provenance(source=self.kinds.__module__, seed=seed)
        seen: set[str] = set()
        for position in range(n):
            family, rung = turns[position % len(turns)]
            task = self._drawn(rng, family, rung, split, seen)
            yield self._sample(rng, family, rung, task, provenance)

    def truth(self, problem: Problem, trajectory: Trajectory) -> StepLabels:
        """Exact labels: 1 for every right step, 0 for the first wrong one, None after it.

        What later steps stand on is not defined, so they are not judged (convention ``until_first_error``).
        """
        kinds = self.kinds(problem, trajectory)
        return StepLabels.until_first_error(
            trajectory,
            next((i for i, kind in enumerate(kinds) if kind), None),
            f"{self.domain}/truth@1",
            trajectory_value=trajectory.outcome,
        )

    def _named(
        self, cells: Sequence[str], rungs: Sequence[int] | None, families: Sequence[str] | None
    ) -> list[tuple[str, int]]:
        if rungs or families:
            raise ConfigError(
                "cells name families and rungs already", do="leave rungs and families out", field="cells"
            )
        known = {f"{family}/{rung}": (family, rung) for family, rung in self._paired(None, None)}
        for cell in cells:
            if cell not in known:
                raise ConfigError(f"no cell {cell!r}", do=nearest(cell, [*known]), field="cells")
        return [known[cell] for cell in cells]

    def _paired(self, rungs: Sequence[int] | None, families: Sequence[str] | None) -> list[tuple[str, int]]:
        families, rungs = tuple(families or self.ladder), tuple(self.rungs if rungs is None else rungs)
        for family in families:
            if family not in self.ladder:
                raise ConfigError(
                    f"no family {family!r}", do=nearest(family, [*self.ladder]), field="families"
                )
        if not rungs or not set(rungs) <= set(self.rungs):
            raise ConfigError(f"no rungs {rungs}", do=f"use rungs out of {self.rungs}", field="rungs")
        return [(family, rung) for rung in rungs for family in families]

    def _drawn(self, rng: random.Random, family: str, rung: int, split: Split, seen: set[str]) -> S:
        for _ in range(self.tries):
            task = self.draw(rng, family, self.ladder[family][rung])
            if task is None:
                continue
            text = self.prompt(family, task)
            if split_of(text) == split and text not in seen:
                seen.add(text)
                return task
        raise ConfigError(
            f"no further {split} problem of family {family!r}, rung {rung}, was found",
            do="ask for fewer problems, or for more families and rungs",
            field="n",
        )

    def _sample(self, rng: random.Random, family: str, rung: int, task: S, provenance: Provenance) -> Sample:
        text, solved = self.prompt(family, task), self.solve(rng, family, rung, task)
        cluster = f"{family}-{rung}-{content(text)}"
        order = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:6]
        problem = Problem(
            id=f"{cluster}-{order}",
            text=text,
            cluster=cluster,
            domain=self.domain,
            reference=solved.reference,
            context=solved.context,
            provenance=provenance,
        )
        solution = self.read(
            problem, "\n".join(solved.steps), id=f"{problem.id}/right", provenance=provenance
        )
        return Sample(problem, solution, self.truth(problem, solution))
