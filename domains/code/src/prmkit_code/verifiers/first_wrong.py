"""The verifier ``code/first_wrong``: at which line does a program that fails its tests go wrong?

It looks for variants of the program that pass, and says where they differ. Variants are right programs
that the reference brings (``solution``, ``variants``), and the program itself with one small change
(:mod:`prmkit_code.repairs`). A right program is laid beside the wrong one statement by statement; of the
places where they differ, the first one is wrong that cannot stay when all later ones are taken from the
right program. Where a place has several lines, both programs run under a tracer, and the line after
which their states part is the one. The variant is the proof and stands in the reason: a step FAILS when all
variants that pass agree on it, and the others of the program stay UNKNOWN. A program that passes is
not spoken of.

A small change that passes is weaker proof than a right program: another line might be changed instead.
So every expression of every other line is first exchanged for small ones, and when that passes too, no
line is named.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from prmkit.contracts import Finding
from prmkit.types import Code, Json, Problem, Scope, Trajectory, Verdict
from prmkit_code import outcome, runner
from prmkit_code.mutators import BATCH, SECONDS, place, rewritten
from prmkit_code.operators import Operator, Source
from prmkit_code.program import Program, entry_point, program
from prmkit_code.repairs import REPAIRS, anything, exchangeable
from prmkit_code.segmenters import logical_lines

MAX_REPAIRS = 400
"""Changes tried of one program."""
MAX_RIVALS = 4000
"""Most changes of all other lines that are tried before a line is named; beyond, none is."""
ALIKE = 0.5
"""Least share of equal statements that makes two programs comparable."""
MAX_PLACES = 6
"""Most places where a right program may differ."""
STEPS = 20_000
_NOTHING = Finding(Verdict.UNKNOWN, "no program that fails", Code.NOT_APPLICABLE)


class Fault(NamedTuple):
    """A place where a variant that passes differs."""

    step: int
    """-1 stands for some other step."""
    reason: str


class FirstWrong:
    """Find the first wrong statement by comparison with variants that pass."""

    name = "code/first_wrong"
    version = 2
    scope: Scope = "step"
    needs_reference = True
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = program(problem, trajectory)
        wanted = outcome.asked(problem.reference, entry_point(problem))
        usable = found and wanted and wanted.job["mode"] == "tests" and not problem.context.get("unit_tests")
        if not usable or found is None or wanted is None:
            return [_NOTHING] * len(trajectory.scored)
        ran = runner.run({**wanted.job, "program": found.source})
        said = ran.failure or outcome.conclude(wanted, ran.found)
        late = ran.failure is None and said.code is Code.TIMEOUT
        if said.verdict is not Verdict.FAILS and not late:
            same = said if said.verdict is Verdict.UNKNOWN else _NOTHING
            return [same] * len(trajectory.scored)
        if ran.found["phase"] == "compile":
            faults = [
                Fault(step, said.reason)
                for step in [found.step_of(ran.found["line"] or 0)]
                if step is not None
            ]
        else:
            faults = list(_from_others(problem, found, wanted.job)) or list(
                _from_repairs(problem, trajectory, wanted.job)
            )
        return _findings(trajectory, said, faults)


def _findings(trajectory: Trajectory, said: Finding, faults: Sequence[Fault]) -> list[Finding]:
    steps = sorted({fault.step for fault in faults})
    silent = Finding(
        Verdict.UNKNOWN,
        f"the program: {said.reason}",
        Code.UNSUPPORTED,
        detail={"suspects": [step for step in steps if step >= 0]},
    )
    if len(steps) != 1:
        return [silent] * len(trajectory.scored)
    reason = faults[0].reason[:300]
    return [Finding(Verdict.FAILS, reason) if step == steps[0] else silent for step in trajectory.scored]


def _tested(
    job: dict[str, Json], sources: Sequence[str], *, steps: int | None = STEPS, seconds: float = SECONDS
) -> list[runner.Tested | None]:
    """Several programs against the tests; None where the sandbox gave no answer."""
    found: list[runner.Tested | None] = []
    chunks = [list(sources[i : i + BATCH]) for i in range(0, len(sources), BATCH)]
    jobs = [{**job, "mode": "batch", "programs": part, "steps": steps, "seconds": seconds} for part in chunks]
    for part, ran in zip(chunks, runner.run_all(jobs), strict=True):
        found += [None] * len(part) if ran.failure else [runner.tested(one) for one in ran.found]
    return found


def _from_repairs(problem: Problem, trajectory: Trajectory, job: dict[str, Json]) -> Iterator[Fault]:
    """Places where one small change makes the program pass."""
    made = place(problem, trajectory)
    if made is None:
        return
    found, source = made
    changes = _changes(trajectory, found, source, REPAIRS.values())
    seen = dict(itertools.islice(changes.items(), MAX_REPAIRS))
    either = exchangeable(source)
    faults: list[Fault] = []
    for (text, (step, line)), result in zip(seen.items(), _tested(job, list(seen)), strict=True):
        good = result is not None and result.passed
        if good and text in either:
            # Its two ways out might be exchanged instead: that points at no one line.
            faults += [Fault(s, "a choice is negated") for s in (step, -1)]
        elif good:
            faults.append(Fault(step, f"with {line[:120]!r} in its place the program passes"))
    yield from faults
    blamed = {fault.step for fault in faults}
    if len(blamed) == 1:
        changes |= _changes(trajectory, found, source, (anything,))
        rivals = {t: change for t, change in changes.items() if t not in seen and change[0] not in blamed}
        yield from _rivals(rivals, job)


def _changes(
    trajectory: Trajectory, found: Program, source: Source, operators: Iterable[Operator]
) -> dict[str, tuple[int, str]]:
    """Changed program → the step that changed, and its text."""
    made: dict[str, tuple[int, str]] = {}
    for operator in operators:
        for edit in operator(source):
            text = source.text[: edit.start] + edit.text + source.text[edit.end :]
            changed = None if text in made else rewritten(trajectory, found, edit, trajectory.id)
            if changed is not None:
                made[text] = changed[1], changed[0].steps[changed[1]].text.strip()
    return made


def _rivals(changes: Mapping[str, tuple[int, str]], job: dict[str, Json]) -> Iterator[Fault]:
    """The first of the changes elsewhere that passes too: then no line can be named."""
    if len(changes) > MAX_RIVALS:
        yield Fault(-1, "too long to try every other line")
        return
    sources = list(changes)
    for at in range(0, len(sources), BATCH):
        part = sources[at : at + BATCH]
        for text, result in zip(part, _tested(job, part), strict=True):
            if result is None or result.passed:
                step, line = changes[text]
                yield Fault(step, f"with {line[:120]!r} in its place the program passes")
                return


def _from_others(problem: Problem, found: Program, job: dict[str, Json]) -> Iterator[Fault]:
    """First places where right programs of others differ."""
    reference: dict[str, Any] = problem.reference
    others = [reference.get("solution"), *(reference.get("variants") or ())]
    for other in dict.fromkeys(one for one in others if isinstance(one, str)):
        fault = _against(found, other, job)
        if fault is not None:
            yield fault


def statements(source: str) -> list[tuple[int, str]]:
    """First row (from 1) and text of each statement or header, comments left out."""
    rows = source.split("\n")
    made = []
    for first, last in logical_lines(source):
        while first < last and (not rows[first].strip() or rows[first].lstrip().startswith("#")):
            first += 1
        made.append((first + 1, "\n".join(rows[first : last + 1]).rstrip()))
    return [(row, text) for row, text in made if text.strip() and not text.lstrip().startswith("#")]


def _against(found: Program, other: str, job: dict[str, Json]) -> Fault | None:
    """The first place of a program that cannot stay when all later ones are as in ``other``."""
    mine, theirs = statements(found.source), statements(other)
    matcher = difflib.SequenceMatcher(
        None, [_bare(text) for _, text in mine], [_bare(text) for _, text in theirs], autojunk=False
    )
    ops = list(_paired(matcher.get_opcodes()))
    places = [op for op in ops if op[0] != "equal"]
    if not places or len(places) > MAX_PLACES or matcher.ratio() < ALIKE:
        return None
    mixed = [_mixed(mine, theirs, ops, kept) for kept in range(len(places) + 1)]
    tested = _tested(job, mixed, steps=None, seconds=outcome.SECONDS)
    for kept in range(len(places)):
        before, after = tested[kept], tested[kept + 1]
        if before is None or after is None:
            return None
        if before.passed and not after.passed:
            _, i1, i2, j1, j2 = places[kept]
            # Variables of other names, or a part written anew, do not fit together: that is no mistake.
            if after.error.startswith(("NameError", "UnboundLocalError")) or j2 - j1 > i2 - i1 + 1:
                return None
            index = _parting(mine[i1:i2], job, mixed[kept + 1], mixed[kept])
            at = None if index is None else min(i1 + index, len(mine) - 1)
            row = None if at is None else _row(found, mine[at], [text for _, text in theirs[j1:j2]])
            step = None if row is None else _near(found, row)
            if step is None:
                return None
            right = " / ".join(text.strip() for _, text in theirs[j1:j2]) or "nothing"
            return Fault(
                step, f"with {right[:120]!r} in its place (and the rest as needed) the program passes"
            )
    return None


def _paired(ops: Iterable[tuple[str, int, int, int, int]]) -> Iterator[tuple[str, int, int, int, int]]:
    """Places of as many statements on both sides, taken apart into pairs."""
    for tag, i1, i2, j1, j2 in ops:
        if tag == "replace" and i2 - i1 == j2 - j1:
            for k in range(i2 - i1):
                yield tag, i1 + k, i1 + k + 1, j1 + k, j1 + k + 1
        else:
            yield tag, i1, i2, j1, j2


def _bare(text: str) -> str:
    return " ".join(text.split())


def _mixed(
    mine: Sequence[tuple[int, str]], theirs: Sequence[tuple[int, str]], opcodes: Sequence[Any], kept: int
) -> str:
    """The program with its first ``kept`` differing places as they are, the later ones as in the other."""
    lines: list[str] = []
    count = 0
    for tag, i1, i2, j1, j2 in opcodes:
        own = tag == "equal" or count < kept
        count += tag != "equal"
        lines += [text for _, text in (mine[i1:i2] if own else theirs[j1:j2])]
    return "\n".join(lines) + "\n"


def _row(found: Program, statement: tuple[int, str], right: Sequence[str]) -> int | None:
    """Row of a statement that is wrong: its first, or where its lines are steps, the first that differs.

    None where its lines are steps and nothing of the same shape stands in its place.
    """
    first, text = statement
    rows = text.split("\n")
    if len({found.step_of(first + k) for k in range(len(rows))} - {None}) < 2:
        return first
    others = right[0].split("\n") if len(right) == 1 else []
    if len(others) != len(rows):
        return None
    return next((first + k for k, (a, b) in enumerate(zip(rows, others, strict=True)) if a != b), None)


def _near(found: Program, row: int) -> int | None:
    """Step of the first of the solution's own rows at or after ``row``, else the last before."""
    own = range(found.given + 1, len(found.steps) + 1)
    for near in [*(r for r in own if r >= row), *(r for r in reversed(own) if r < row)]:
        step = found.step_of(near)
        if step is not None:
            return step
    return None


def _parting(place: Sequence[tuple[int, str]], job: dict[str, Json], wrong: str, right: str) -> int | None:
    """Which statement of a place makes the states part, by trace on the tests.

    0 for a place of one statement or none; None where the traces have nothing in common before they part,
    or part elsewhere.
    """
    if len(place) < 2:
        return 0
    cases: Any = job["cases"]
    more = {"mode": "trace", "setup": job.get("setup"), "as": "exec", "history": 400, "seconds": SECONDS}
    jobs = [{**more, "program": source, "call": "\n".join(cases)} for source in (wrong, right)]
    first, second = runner.run_all(jobs)
    if first.failure or second.failure:
        return None
    rows = statements(wrong)
    # The right program may take more lines to the same state, or fewer: look for it further on.
    others = [state for _, _, state in second.found["history"]]
    known = {name for state in others for name in state}
    reached = agreed = 0
    for row, _, state in first.found["history"]:
        ahead = next((n for n in range(reached, len(others)) if _agree(state, others[n], known)), None)
        if ahead is None:
            owner = next((text for r, text in reversed(rows) if r <= row), "")
            texts = [text for _, text in place]
            return texts.index(owner) if agreed and owner in texts else None
        agreed += bool(state)
        reached = ahead
    return None


def _agree(state: Mapping[str, str], other: Mapping[str, str], known: set[str]) -> bool:
    """Whether two states give the variables that both programs have (``known``) the same values."""
    return all(other.get(name) == value for name, value in state.items() if name in known)
