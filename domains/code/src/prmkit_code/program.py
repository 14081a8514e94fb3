"""The program in a solution: where it stands, what runs, and which step each of its lines belongs to."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from bisect import bisect_right
from typing import NamedTuple

from prmkit.types import Problem, Trajectory
from prmkit_code.segmenters import CODE, MAX_PARSED, Block, fenced, parses, program_start

PYTHON = frozenset({"python", "py", "python3", "py3"})
"""Tags of fences that hold Python."""


class Program(NamedTuple):
    """A program as it runs, tied to the text it was taken from."""

    source: str
    """What runs: what the problem gives, then the solution's own lines."""
    given: int
    """Lines of ``source`` that the problem gives."""
    start: int
    """Where the solution's own lines begin in the trajectory's text."""
    steps: tuple[int | None, ...]
    """Step of each line of ``source``; None for lines of the problem and blank ones."""
    shift: int | None
    """What to add to a place in ``source`` to get the place in the trajectory's text; None where the
    program was taken out of an indented block."""
    marked: bool
    """The text is known to be Python: a tagged fence, steps of kind ``code``, or the problem says so."""

    def step_of(self, line: int) -> int | None:
        """Step of a line of ``source`` counted from 1."""
        return self.steps[line - 1] if 1 <= line <= len(self.steps) else None

    def lines_of(self, step: int) -> list[int]:
        """Lines of ``source``, counted from 1, that belong to a step."""
        return [line for line, owner in enumerate(self.steps, 1) if owner == step]


def programs(problem: Problem, trajectory: Trajectory) -> list[Program]:
    """Every program of a solution: its fenced blocks, or the text that is known or looks to be code."""
    text = trajectory.text
    blocks = [b for b in fenced(text) if b.tag in PYTHON or not b.tag]
    if blocks:
        return [_made(problem, trajectory, b.start, b.end, _is_marked(problem, b)) for b in blocks]
    code = [step for step in trajectory.steps if step.kind == CODE]
    if code:
        start = text.rfind("\n", 0, code[0].start) + 1
        return [_made(problem, trajectory, start, code[-1].end, True)]
    if problem.context.get("language") == "python":
        return [_made(problem, trajectory, 0, len(text), True)]
    begun = program_start(text)
    return [] if begun is None else [_made(problem, trajectory, begun, len(text), False)]


def _is_marked(problem: Problem, block: Block) -> bool:
    return block.tag in PYTHON or problem.context.get("language") == "python"


def program(problem: Problem, trajectory: Trajectory) -> Program | None:
    """The program that a solution is about.

    It is the last one in the solution that defines the problem's entry point, else the last one; in a
    solution without program, the one that the problem gives as ``program`` to be talked about.
    """
    found = programs(problem, trajectory)
    given = problem.context.get("program")
    if not found and isinstance(given, str):
        return Program(given, 0, 0, (None,) * (given.count("\n") + 1), None, True)
    name = entry_point(problem)
    defining = [p for p in found if name and _defines(p.source, name)]
    best = defining or found
    return best[-1] if best else None


def entry_point(problem: Problem) -> str:
    """Name of the function that the problem asks for; empty when it names none."""
    return str(problem.context.get("entry_point") or "")


def _defines(source: str, name: str) -> bool:
    return (
        re.search(rf"^(?:async )?(?:def|class) {re.escape(name)}\b|^{re.escape(name)} *=", source, re.M)
        is not None
    )


def _made(problem: Problem, trajectory: Trajectory, start: int, end: int, marked: bool) -> Program:
    body = trajectory.text[start:end]
    prompt = str(problem.context.get("prompt") or "")
    given = _given(prompt, body, entry_point(problem))
    written = textwrap.dedent(body) if not given and not parses(body) else body
    source = given + written
    before = given.count("\n")
    owners: list[int | None] = [None] * before
    starts = [step.start for step in trajectory.steps]
    at = start
    for row in body.split("\n"):
        owners.append(_owner(trajectory, starts, at + len(row) - len(row.lstrip())) if row.strip() else None)
        at += len(row) + 1
    shift = start - len(given) if written == body else None
    return Program(source, before, start, tuple(owners), shift, marked)


def _given(prompt: str, body: str, name: str) -> str:
    """What of the prompt stands before the body: all, or what precedes the function written anew."""
    if not prompt:
        return ""
    opening = re.compile(rf"^(?:async )?def {re.escape(name)}\b", re.M) if name else None
    if opening is None or not opening.search(body):
        return prompt
    first = opening.search(prompt)
    head = prompt[: first.start()] if first else prompt
    return head if not head or head.endswith("\n") else f"{head}\n"


def _owner(trajectory: Trajectory, starts: list[int], position: int) -> int | None:
    index = bisect_right(starts, position) - 1
    if index >= 0 and position < trajectory.steps[index].end:
        return index
    return None


def parsed(source: str) -> ast.Module | None:
    """The syntax tree, or None where there is none within limits."""
    if len(source) > MAX_PARSED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
