"""Generated q problems with hidden tests, a reference in Python and exact truth for every line.

Programs have one statement a line. A line is right when it is one that the problem asks for and what it
builds on stands before it; see :mod:`prmkit_qlang.normal` for the spellings of one line. A program that
passes all hidden tests has no wrong line. The tests try the borders of every comparison; their values are
worked out in Python, and programs run in the embedded interpreter. Problems of the family ``trace`` ask for
values instead, line by line.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from prmkit.tasks import Solved, TaskSet, content, has_several_orders, in_some_order, split_of
from prmkit.types import Problem, Provenance, Step, Trajectory
from prmkit_qlang import outcome
from prmkit_qlang.families.ladder import LADDER, RUNG_FAMILIES
from prmkit_qlang.families.rungs import State
from prmkit_qlang.families.rungs_numbers import ANSWER, written_lines
from prmkit_qlang.normal import canonical
from prmkit_qlang.source import CODE, read

TRACE = "trace"
LEAST_TESTS = 8
"""Inputs that a task has at least."""
LEAST_VALUES = 4
"""Different values that it has for them at least, so that chance passes few tests."""


def _draw(rng: random.Random, family: str, size: int) -> State | None:
    """A task whose answer depends on its input; None where the draw is another."""
    kin = RUNG_FAMILIES[family]
    state = kin.draw(rng, size)
    if family == TRACE:
        return state
    given = kin.inputs(state, random.Random(0))
    values = {repr(kin.value(state, one)) for one in given}
    return state if len(given) >= LEAST_TESTS and len(values) >= LEAST_VALUES else None


def _solve(rng: random.Random, family: str, rung: int, state: State) -> Solved:
    kin = RUNG_FAMILIES[family]
    lines, after = kin.lines(state), kin.after(state)
    context: dict[str, Any] = {
        "family": family,
        "rung": rung,
        "several": has_several_orders(after),
        "language": "q",
    }
    if family == TRACE:
        reference: dict[str, Any] = {"answer": kin.value(state, {}), "state": state}
        context["program"] = "\n".join(written_lines(state))
    else:
        # The last input is for tools that run single lines; it is no test.
        *hidden, given = kin.inputs(state, rng)
        reference = {
            "cases": [[one, kin.value(state, one)] for one in hidden],
            "solution": "\n".join(lines),
            "state": state,
        }
        context |= {"variables": dict(kin.variables), "given": given}
    return Solved(in_some_order(rng, lines, after), reference, context)


def read_solution(
    problem: Problem, text: str, *, id: str, provenance: Provenance | None = None
) -> Trajectory:
    """A sampled text as a trajectory: one step a line, answer read, outcome graded.

    The answer of a program is the program in its normal form, so that spellings of one program are one
    answer; that of a trace is the value.

    Args:
        problem: The generated problem it answers.
        text: What a policy wrote.
        id: Id for the trajectory.
        provenance: Where the text comes from.
    """
    trace = problem.context["family"] == TRACE
    steps: list[Step] = []
    at = 0
    for row in text.split("\n"):
        start = at + len(row) - len(row.lstrip())
        end = at + len(row.rstrip())
        if end > start:
            steps.append(Step(len(steps), text[start:end], start, end, kind="" if trace else CODE))
        at += len(row) + 1
    lines = [step.text for step in steps]
    answer = _stated(lines) if trace else _written(lines)
    return Trajectory(
        id=id,
        problem_id=problem.id,
        text=text,
        steps=tuple(steps),
        final_answer=answer,
        outcome=grade(problem, answer),
        provenance=provenance or Provenance(),
    )


def _stated(lines: Sequence[str]) -> str | None:
    """The value that the last line of a trace names."""
    last = lines[-1].strip() if lines else ""
    if not (last.startswith(ANSWER) and last.endswith(" .")):
        return None
    return last.removeprefix(ANSWER).removesuffix(" .")


def _written(lines: Sequence[str]) -> str | None:
    return "\n".join(canonical(line) for line in lines) or None


def answer_of(text: str) -> str | None:
    r"""The answer of a solution of any family: the value it names, else the program in its normal form.

    Examples:
        >>> answer_of("after line 1 , x is 7 .\nThe answer is 7 ."), answer_of("x:n\nsum x")
        ('7', 'x : n\nsum x')
    """
    lines = [row.strip() for row in text.split("\n") if row.strip()]
    return _stated(lines) or _written(lines)


def grade(problem: Problem, answer: str | None) -> float:
    """1.0 when the answer is right, else 0.0: the value of a trace, or all hidden tests of a program."""
    reference = problem.reference
    if answer is None:
        return 0.0
    if "answer" in reference:
        return float(answer.strip() == reference["answer"])
    found = outcome.judge(problem, answer, stop=True)
    return float(found.total > 0 and found.passed == found.total)


def error_kinds(problem: Problem, trajectory: Trajectory) -> list[str | None]:
    """What is wrong with the first wrong line; None for every other.

    ``place``: a line of the solution, and what it builds on is missing, or it stands there already;
    ``syntax``: no q; ``content``: any other. In traces: ``value``: right but for the value; ``answer``:
    another answer, or one too early; else ``form``.
    """
    kin = RUNG_FAMILIES[problem.context["family"]]
    state = problem.reference["state"]
    lines, after = kin.lines(state), kin.after(state)
    kinds: list[str | None] = [None] * len(trajectory.steps)
    trace = problem.context["family"] == TRACE
    if not trace and trajectory.outcome == 1.0:
        return kinds
    keys = lines if trace else [canonical(line) for line in lines]
    done: set[int] = set()
    for step in trajectory.steps:
        key = step.text if trace else canonical(step.text)
        here = next((i for i, k in enumerate(keys) if k == key and i not in done and after[i] <= done), None)
        if here is None:
            kinds[step.index] = _trace_kind(key, keys, done) if trace else _kind(step.text, key, keys)
            break
        done.add(here)
    return kinds


def _kind(text: str, key: str, keys: Sequence[str]) -> str:
    if key in keys:
        return "place"
    return "content" if read(text) else "syntax"


def _trace_kind(text: str, keys: Sequence[str], done: set[int]) -> str:
    if text.startswith(ANSWER):
        return "answer"
    due = keys[len(done)] if len(done) < len(keys) else ""
    return "value" if " is " in text and text.split(" is ")[0] == due.split(" is ")[0] else "form"


TASKS = TaskSet(
    domain="qlang",
    ladder=LADDER,
    draw=_draw,
    prompt=lambda family, state: RUNG_FAMILIES[family].prompt(state),
    solve=_solve,
    kinds=error_kinds,
    read=read_solution,
)
FAMILIES = RUNG_FAMILIES
"""Name → family of the ladder."""
RUNGS, generate, truth = TASKS.rungs, TASKS.generate, TASKS.truth

__all__ = [
    "FAMILIES",
    "RUNGS",
    "TASKS",
    "answer_of",
    "canonical",
    "content",
    "error_kinds",
    "generate",
    "grade",
    "read_solution",
    "split_of",
    "truth",
]
