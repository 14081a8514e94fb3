"""The q in a solution: its statements and typed lines, each tied to the steps it stands in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from prmkit.types import Problem, Trajectory
from prmkit_qlang import outcome
from prmkit_qlang.running import Room
from prmkit_qlang.source import CODE, CONSOLE, PROMPT, bare, is_program, is_prose, read, regions, statements

KINDS = frozenset({CODE, CONSOLE, "q"})
"""Kinds of steps that hold q."""
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")


class Piece(NamedTuple):
    """One statement, or one line typed at a prompt."""

    text: str
    steps: tuple[int, ...]
    """Steps it stands in; it is complete in the last one."""
    start: int
    """Where it begins in the trajectory's text."""
    shown: str | None = None
    """What the session shows after it; None outside a session."""

    @property
    def step(self) -> int:
        """The step that completes it."""
        return self.steps[-1]


def pieces(problem: Problem, trajectory: Trajectory) -> list[Piece]:
    r"""All q of a solution in order; observations and prose left out.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["x:til 5", "q)sum x\n10", "Done."])
        >>> [(p.text, p.steps, p.shown) for p in pieces(Problem(id="p", text=""), t)]
        [('x:til 5', (0,), None), ('sum x', (1,), '10')]
    """
    found: list[Piece] = []
    for start, end, kind in _stretches(problem, trajectory):
        body = bare(trajectory.text[start:end])
        if kind == CONSOLE:
            found += _typed(trajectory, body, start)
        else:
            spans = ((start + a, start + b) for a, b in statements(body))
            found += [Piece(body[a - start : b - start], _within(trajectory, a, b), a) for a, b in spans]
    return [one for one in found if one.steps]


def _stretches(problem: Problem, trajectory: Trajectory) -> Iterator[tuple[int, int, str]]:
    """Spans of the text that hold q: neighbouring steps of code run together."""
    held: tuple[int, int, str] | None = None
    for step in trajectory.steps:
        kind = "" if step.role == "observe" else _kind(problem, step.kind, step.text)
        if kind == "mixed":
            if held:
                yield held
                held = None
            inner = (one for one in regions(step.text) if one.kind)
            yield from ((step.start + one.start, step.start + one.end, one.kind) for one in inner)
        elif kind and held and held[2] == kind:
            held = (held[0], step.end, kind)
        else:
            if held:
                yield held
            held = (step.start, step.end, kind) if kind else None
    if held:
        yield held


def _kind(problem: Problem, kind: str, text: str) -> str:
    body = text.lstrip()
    if PROMPT.match(body):
        return CONSOLE
    if kind in KINDS:
        return CODE
    if kind:
        return ""
    if "```" in text or "~~~" in text:
        return "mixed"
    told = problem.context.get("language") == "q" and "program" not in problem.context
    return CODE if is_program(text) or (told and not is_prose(text) and bool(read(text))) else ""


def _within(trajectory: Trajectory, start: int, end: int) -> tuple[int, ...]:
    return tuple(s.index for s in trajectory.steps if s.start < end and start < s.end and s.role != "observe")


def _typed(trajectory: Trajectory, body: str, start: int) -> Iterator[Piece]:
    rows = body.split("\n")
    at = start
    held: tuple[int, list[str], list[str]] | None = None
    for row in rows:
        prompt = PROMPT.match(row)
        if prompt:
            if held:
                yield _finished(trajectory, held, at)
            held = (at, [row[prompt.end() :]], [])
        elif held:
            taken, printed = held[1], held[2]
            open_ = not printed and _is_open("\n".join(taken))
            (taken if open_ else printed).append(row)
        at += len(row) + 1
    if held:
        yield _finished(trajectory, held, at)


def _finished(trajectory: Trajectory, held: tuple[int, list[str], list[str]], end: int) -> Piece:
    start, taken, printed = held
    shown = "\n".join(row.rstrip() for row in printed).strip("\n")
    return Piece("\n".join(taken), _within(trajectory, start, end - 1), start, shown)


def _is_open(text: str) -> bool:
    """Whether a typed line has brackets left open."""
    all_ = read(text) or []
    return sum((t[0] in _OPENS) - (t[0] in _CLOSES) for t in all_) > 0


def room(problem: Problem) -> Room:
    """A session in which the solution can run: the problem's variables set, its scripts run."""
    kinds, given, setup = (problem.context.get(name) for name in ("variables", "given", "setup"))
    kinds = kinds if isinstance(kinds, dict) else {}
    variables = outcome.variables(given, kinds) if isinstance(given, dict) else {}
    scripts = [setup] if isinstance(setup, str) else setup if isinstance(setup, list) else []
    return Room(variables, [one for one in scripts if isinstance(one, str)])


def source(found: list[Piece]) -> str:
    """The statements as one script."""
    return "\n".join(piece.text for piece in found)
