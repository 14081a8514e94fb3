"""Generated statement problems with exact step-by-step truth, in five families.

One invented problem of each family with a derivation::

    item 2018 2019 ; rent 20 25 ; tax 7 9 . Growth of rent from 2018 to 2019 ?
        25 - 20 = 5 . | 5 / 20 = 25 % . | The answer is 25 % .
    item 2019 ; sales 80 ; wages 40 ; rent 20 . Margin in 2019 ?
        40 + 20 = 60 . | 80 - 60 = 20 . | 20 / 80 = 25 % . | The answer is 25 % .
    item 2019 ; cash 12 ; stock 18 ; debts 15 . Assets over debts in 2019 ?
        12 + 18 = 30 . | 30 / 15 = 2 . | The answer is 2 .
    item 2019 ; rent 10 ; tax 30 . Share of rent in 2019 ?
        10 + 30 = 40 . | 10 / 40 = 25 % . | The answer is 25 % .
    item 2018 2019 ; rent 10 14 ; tax 3 4 . Average of rent ?
        10 + 14 = 24 . | 24 / 2 = 12 . | The answer is 12 .

:func:`prmkit_finance.task_families.moves` is the only place that says what is legal: the generator
draws from it, the truth tests membership.
"""

from __future__ import annotations

import random
import re
from typing import Literal, NamedTuple

from prmkit.errors import ConfigError
from prmkit.tasks import LineReader, Solved, TaskSet, content, first_wrong, grade, split_of
from prmkit.types import Problem, Trajectory
from prmkit_finance.task_families import (
    ANSWER,
    FAMILIES,
    LADDER,
    Drawn,
    Move,
    State,
    moves,
    parse,
    prompt,
    text_of,
    with_pool,
)

Played = Literal["legal", "choice", "answer", "form"]
"""What playing a step with its result as stated finds (see :func:`follow`)."""
_STEP = re.compile(
    rf"(?P<head>{ANSWER}|-?\d{{1,6}} [-+/] -?\d{{1,6}} =) (?P<result>-?\d{{1,6}}(?: %)?) \.", re.ASCII
)


class Written(NamedTuple):
    """A step as read from text."""

    head: str
    result: str


def read_step(text: str) -> Written | None:
    """What a step says it does, and the result it states; None when it has none of the known forms.

    Examples:
        >>> read_step("25 - 20 = 5 ."), read_step("The answer is 25 % .")
        (Written(head='25 - 20', result='5'), Written(head='The answer is', result='25 %'))
    """
    found = _STEP.fullmatch(text)
    return Written(found["head"].removesuffix(" ="), found["result"]) if found else None


def _solve(rng: random.Random, family: str, rung: int, drawn: Drawn) -> Solved:
    state, steps, several, result = drawn.state, [], False, ""
    while legal := moves(state):
        several = several or len({frozenset(move.head.split()) for move in legal}) > 1
        move = rng.choice(legal)
        steps.append(text_of(move))
        state, result = move.state, move.result
    context = {"family": family, "rung": rung, "several": several}
    return Solved(steps, {"answer": result, "task": True}, context)


def _answer(line: str) -> str | None:
    written = read_step(line)
    return written.result if written and written.head == ANSWER else None


def error_kinds(problem: Problem, trajectory: Trajectory) -> list[str | None]:
    """What is wrong with the first wrong step; None for every other step.

    ``choice``: an operation or cells that are not called for at this point; ``result``: a false sum
    over the right operands (a missing percent sign too); ``answer``: an answer too early or another
    than what was found; ``form``: none of the known forms.

    Raises:
        ConfigError: The problem is no generated one.
    """
    state = parse(problem.text)
    if state is None:
        raise ConfigError(f"{problem.id!r} is no generated problem", do="give a problem made by generate")
    return first_wrong(trajectory, state, _successors, _kind)


def _successors(state: State) -> dict[str, State]:
    return {text_of(move): move.state for move in moves(state)}


def _kind(state: State, text: str) -> str:
    written = read_step(text)
    if written is None:
        return "form"
    if written.head == ANSWER:
        return "answer"
    return "result" if any(move.head == written.head for move in moves(state)) else "choice"


def follow(state: State, text: str) -> tuple[Played, State]:
    """Play a step with its result as stated: is it legal but for the truth of that result?

    Returns:
        The finding, and the state after a legal step (the old one otherwise).
    """
    written = read_step(text)
    if written is None:
        return "form", state
    for move in moves(state):
        if move.head != written.head:
            continue
        if move.head == ANSWER:
            # An answer only repeats what is known, so there is no sum left for another tool to check.
            return ("legal", move.state) if written.result == move.result else ("answer", state)
        return "legal", _with_result(move, written.result)
    return ("answer" if written.head == ANSWER else "choice"), state


def _with_result(move: Move, result: str) -> State:
    """The state after a move whose result is taken as stated."""
    said, true = int(result.removesuffix(" %")), int(move.result.removesuffix(" %"))
    after = move.state
    if after.result is not None:
        return after._replace(result=said, percent=result.endswith("%"))
    sign = move.head.split()[1]
    if sign == "-":
        return after._replace(above=(said,))
    for pool in ("above", "less", "below"):
        numbers: tuple[int, ...] = getattr(after, pool)
        if numbers and numbers[-1] == true and _changed(move, pool):
            return with_pool(after, pool, (*numbers[:-1], said))
    return after


def _changed(move: Move, pool: str) -> bool:
    a, b = (int(part) for part in move.head.split(" + "))
    numbers: tuple[int, ...] = getattr(move.state, pool)
    return numbers[-1] == a + b


read_solution = LineReader(_answer)
TASKS = TaskSet(
    domain="finance",
    ladder=LADDER,
    draw=lambda rng, family, size: FAMILIES[family](rng, size),
    prompt=lambda family, drawn: prompt(drawn),
    solve=_solve,
    kinds=error_kinds,
    read=read_solution,
    tries=20_000,
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
    "truth",
]
