"""Generated problems with exact step-by-step truth, in five families of one shape.

One invented problem of each family, with one of its derivations::

    Add 7 3 12 5 .                               7 + 12 = 19 . | 5 + 3 = 8 . | 19 + 8 = 27 . | ...
    Work out ( 3 + 4 ) * ( 9 - 2 ) .             9 - 2 = 7 so ( 3 + 4 ) * 7 . | ...
    Buy 3 pens at 4 , 2 cups at 7 . Total ?      cups : 2 * 7 = 14 . | pens : 3 * 4 = 12 . | ...
    Let a = 5 , c = a + 3 , d = c * 2 . Find d . c = 5 + 3 = 8 . | d = 8 * 2 = 16 . | ...
    Simplify a - b - d + b - a .                 cancel b : a - d - a . | cancel a : - d . | ...

Every derivation ends with ``The answer is ... .``. :func:`successors` is the only place
that says what is legal: the generator draws from it, the truth tests membership.
"""

from __future__ import annotations

import random
import re
from typing import Literal, NamedTuple

from prmkit.tasks import LineReader, Solved, TaskSet, content, first_wrong, grade, split_of
from prmkit.types import Problem, Trajectory
from prmkit_math.task_families import ANSWER, FAMILIES, LADDER, Family, Move, State

Played = Literal["legal", "choice", "rewrite", "answer", "form"]
"""What playing a step with its result as stated finds (see :func:`follow`)."""
_STEP = re.compile(
    rf"(?P<head>{ANSWER}) (?P<answer>.+?) \."
    r"|(?P<cancel>cancel [a-z]) : .+ \."
    r"|(?P<left>.+) = (?P<result>\d{1,9})(?: so .+)? \.",
    re.ASCII,
)


class Written(NamedTuple):
    """A step as read from text."""

    head: str
    result: str


def read_step(text: str) -> Written | None:
    """What a step says it does, and the result it states; None when it has none of the known forms.

    Examples:
        >>> read_step("c = 5 + 3 = 8 .")
        Written(head='c = 5 + 3', result='8')
    """
    found = _STEP.fullmatch(text)
    if not found:
        return None
    head = found["head"] or found["cancel"] or found["left"]
    return Written(head, found["answer"] or found["result"] or "")


def states_equation(text: str) -> bool:
    """Whether a step claims a sum; answers and struck-out terms claim none.

    Examples:
        >>> states_equation("7 + 12 = 19 ."), states_equation("The answer is 19 .")
        (True, False)
    """
    written = read_step(text)
    return written is not None and written.head != ANSWER and not written.head.startswith("cancel ")


def successors(family: str, state: State, *, new: bool = False) -> dict[str, State]:
    """All legal next steps: text of the step → state it leads to.

    Args:
        family: Name of a family.
        state: Where the derivation stands; empty when the answer has been given.
        new: Leave out restatements of what is known, which are legal but lead nowhere.
    """
    kin = FAMILIES[family]
    moves = [move for move in kin.moves(state) if move.new or not new]
    return dict(kin.play(state, move, move.result) for move in moves)


def _solve(rng: random.Random, family: str, rung: int, state: State) -> Solved:
    kin, first, steps, several = FAMILIES[family], state, [], False
    while moves := [move for move in kin.moves(state) if move.new]:
        several = several or len({frozenset(move.head.split()) for move in moves}) > 1
        move = rng.choice(moves)
        step, state = kin.play(state, move, move.result)
        steps.append(step)
    reference = {"answer": move.result, "state": first}
    return Solved(steps, reference, {"family": family, "rung": rung, "several": several})


def _answer(line: str) -> str | None:
    written = read_step(line)
    return written.result if written and written.head == ANSWER else None


def error_kinds(problem: Problem, trajectory: Trajectory) -> list[str | None]:
    """What is wrong with the first wrong step; None for every other step.

    In steps that state an equation, ``choice``: operands that are not there; ``result``: a false
    sum over the right operands; ``rewrite``: a right sum, and the line is not what follows. In steps
    that state none, ``answer``: an answer too early or another than the derivation's; ``strike``:
    terms struck out that are not there, or a line that is not what is left. ``form``: none of
    the known forms.
    """
    family = problem.context["family"]
    return first_wrong(
        trajectory,
        _frozen(problem.reference["state"]),
        lambda state: successors(family, state),
        lambda state, text: _kind(FAMILIES[family], state, text),
    )


def _kind(kin: Family, state: State, text: str) -> str:
    written = read_step(text)
    if written is None:
        return "form"
    if written.head == ANSWER:
        return "answer"
    if not states_equation(text):
        return "strike"
    results = {move.head: move.result for move in kin.moves(state)}
    if written.head not in results:
        return "choice"
    return "rewrite" if written.result == results[written.head] else "result"


def _frozen(state: object) -> State:
    """A state read from JSON, with lists turned back into tuples."""
    return tuple(_frozen(part) if isinstance(part, (list, tuple)) else part for part in state)  # type: ignore[attr-defined]


def follow(kin: Family, state: State, text: str) -> tuple[Played, State]:
    """Play a step with its result as stated: is it legal but for the truth of that result?

    Returns:
        The finding, and the state after a legal step (the old one otherwise).
    """
    written = read_step(text)
    if written is None:
        return "form", state
    moves: list[Move] = [move for move in kin.moves(state) if move.head == written.head]
    for move in moves:
        played, after = kin.play(state, move, written.result)
        if played == text:
            # An answer only repeats what is known, so there is no sum left for another tool to check.
            right = move.head != ANSWER or written.result == move.result
            return ("legal", after) if right else ("answer", state)
    return ("rewrite" if moves else "choice"), state


read_solution = LineReader(_answer)
TASKS = TaskSet(
    domain="math",
    ladder=LADDER,
    draw=lambda rng, family, size: FAMILIES[family].draw(rng, size),
    prompt=lambda family, state: FAMILIES[family].prompt(state),
    solve=_solve,
    kinds=error_kinds,
    read=read_solution,
)
RUNGS, generate, truth = TASKS.rungs, TASKS.generate, TASKS.truth

__all__ = [
    "FAMILIES",
    "RUNGS",
    "TASKS",
    "Played",
    "Written",
    "content",
    "error_kinds",
    "follow",
    "generate",
    "grade",
    "read_solution",
    "read_step",
    "split_of",
    "states_equation",
    "successors",
    "truth",
]
