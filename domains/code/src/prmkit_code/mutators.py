"""Planted changes of programs: mistakes for the conformance kit, and all variants for labelling by mutation.

The operators are in :mod:`prmkit_code.operators`; here their edits become trajectories whose steps are
those of the original with one changed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from prmkit import mutators
from prmkit.contracts import Finding, Mutation
from prmkit.label.mutate import Variant
from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit.verify.sandbox import SandboxPool
from prmkit_code import outcome, runner
from prmkit_code.operators import MISTAKES, REFACTORINGS, Edit, Operator, Source
from prmkit_code.program import Program, entry_point, parsed, program

BATCH = 24
"""Programs of one problem that share a job."""
STEPS = 60_000
"""Lines that a variant may execute in the load and in each test."""
SECONDS = 0.5
"""Processor time of the same, for what executes no lines."""


def place(problem: Problem, trajectory: Trajectory) -> tuple[Program, Source] | None:
    """The program of a solution with its tree; None where there is none that edits could be tied to."""
    found = program(problem, trajectory)
    if found is None or found.shift is None:
        return None
    tree = parsed(found.source)
    if tree is None:
        return None
    begin = sum(len(row) + 1 for row in found.source.split("\n")[: found.given])
    return found, Source(found.source, tree, begin)


def rewritten(trajectory: Trajectory, found: Program, edit: Edit, id: str) -> tuple[Trajectory, int] | None:
    """The trajectory with one edit of its program, and the step that changed; None across steps."""
    shift = found.shift or 0
    start, end = edit.start + shift, edit.end + shift
    at = next((s.index for s in trajectory.steps if s.start <= start and end <= s.end), None)
    if at is None:
        return None
    step = trajectory.steps[at]
    text = step.text[: start - step.start] + edit.text + step.text[end - step.start :]
    changed = replace(mutators.rewritten(trajectory, at, text, id=id), final_answer=None)
    return changed, at


def variants(
    problem: Problem,
    trajectory: Trajectory,
    *,
    mistakes: Mapping[str, Operator] = MISTAKES,
    refactorings: Mapping[str, Operator] = REFACTORINGS,
) -> Iterator[Variant]:
    """All variants of a program that the operators make, each text once."""
    made = place(problem, trajectory)
    if made is None:
        return
    found, source = made
    seen = {trajectory.text}
    for equivalent, table in ((False, mistakes), (True, refactorings)):
        for kind, operator in table.items():
            for edit in operator(source):
                new = rewritten(trajectory, found, edit, f"{trajectory.id}~{kind}-{len(seen)}")
                if new is not None and new[0].text not in seen:
                    seen.add(new[0].text)
                    yield Variant(new[0], new[1], kind, equivalent)


@dataclass(frozen=True, slots=True)
class ProgramMutator:
    """Plants one mistake of one kind."""

    name: str
    changes_number: bool
    operator: Operator

    def __call__(self, problem: Problem, trajectory: Trajectory, seed: int) -> Mutation | None:
        """A copy with one step spoilt; None when the kind applies to no step."""
        one = {self.name: self.operator}
        made = list(variants(problem, trajectory, mistakes=one, refactorings={}))
        if not made:
            return None
        draw = random.Random(f"{self.name}/{trajectory.id}/{seed}")
        chosen = draw.choice(made)
        renamed = replace(chosen.trajectory, id=f"{trajectory.id}~{self.name}-{seed}")
        return Mutation(renamed, chosen.step, self.name)


operator = ProgramMutator("operator", False, MISTAKES["operator"])
comparison = ProgramMutator("comparison", False, MISTAKES["comparison"])
constant = ProgramMutator("constant", True, MISTAKES["constant"])
variable = ProgramMutator("variable", False, MISTAKES["variable"])
truncation = ProgramMutator("truncation", False, MISTAKES["truncation"])


@dataclass(frozen=True, slots=True)
class Attempt:
    """Compiles and runs programs against their problem's hidden tests, many to a job.

    The first program of a problem sets the budget of steps: what executes more than twenty times as
    many lines (and at least a thousand) is out of time, which is no verdict.
    """

    pool: SandboxPool | None = None

    def __call__(self, pairs: Iterable[tuple[Problem, Trajectory]]) -> Iterator[Finding]:
        """Findings in order: HOLDS passes, FAILS does not compile or fails a test, else UNKNOWN."""
        for problem, group in _by_problem(pairs):
            yield from self._tried(problem, group)

    def _tried(self, problem: Problem, group: Sequence[Trajectory]) -> Iterator[Finding]:
        wanted = outcome.asked(problem.reference, entry_point(problem))
        found = [program(problem, trajectory) for trajectory in group]
        if wanted is None or wanted.job["mode"] != "tests" or not all(found):
            yield from [Finding(Verdict.UNKNOWN, "no program or no tests", Code.NO_REFERENCE)] * len(group)
            return
        sources = [one.source for one in found if one is not None]
        first = {**wanted.job, "mode": "batch", "steps": STEPS, "seconds": 2.0}
        ran = next(runner.run_all([{**first, "programs": sources[:1]}], pool=self.pool))
        if ran.failure:
            yield from [ran.failure] * len(group)
            return
        yield outcome.conclude(wanted, ran.found[0])
        left = ran.found[0].get("left")
        steps = max(1000, 20 * (STEPS - left)) if left is not None else STEPS
        job = {**first, "steps": min(steps, STEPS), "seconds": SECONDS}
        rest = [sources[i : i + BATCH] for i in range(1, len(sources), BATCH)]
        jobs = [{**job, "programs": part} for part in rest]
        for part, ran in zip(rest, runner.run_all(jobs, pool=self.pool), strict=True):
            if ran.failure is None:
                yield from (outcome.conclude(wanted, one) for one in ran.found)
            else:
                # One of them took the others down: each gets a job of its own.
                alone = [{**job, "programs": [source]} for source in part]
                for single in runner.run_all(alone, pool=self.pool):
                    yield single.failure or outcome.conclude(wanted, single.found[0])


def _by_problem(
    pairs: Iterable[tuple[Problem, Trajectory]],
) -> Iterator[tuple[Problem, list[Trajectory]]]:
    held: tuple[Problem, list[Trajectory]] | None = None
    for problem, trajectory in pairs:
        if held is not None and held[0].id != problem.id:
            yield held
            held = None
        if held is None:
            held = (problem, [])
        held[1].append(trajectory)
    if held is not None:
        yield held
