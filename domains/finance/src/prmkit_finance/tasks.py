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

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from prmkit.errors import ConfigError
from prmkit.registry import nearest
from prmkit.types import Problem, Provenance, Sample, StepLabels, Trajectory
from prmkit_finance.task_families import (
    ANSWER,
    FAMILIES,
    LADDER,
    RUNGS,
    SPLITS,
    Drawn,
    Move,
    Split,
    State,
    moves,
    parse,
    prompt,
    text_of,
    with_pool,
)

Played = Literal["legal", "choice", "answer", "form"]
"""What playing a step with its result as stated finds (see :func:`follow`)."""
LABELER = "finance/truth@1"
_STEP = re.compile(
    rf"(?P<head>{ANSWER}|-?\d{{1,6}} [-+/] -?\d{{1,6}} =) (?P<result>-?\d{{1,6}}(?: %)?) \.", re.ASCII
)
_TRIES = 20_000


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


def content(text: str) -> str:
    """12 hex digits equal for problems that differ in the order of their words only."""
    return hashlib.md5(" ".join(sorted(text.split())).encode(), usedforsecurity=False).hexdigest()[:12]


def split_of(text: str) -> Split:
    """The split to which a problem text belongs."""
    bucket = int(content(text), 16) % 16
    return next(name for name, buckets in SPLITS.items() if bucket in buckets)


def generate(
    seed: int,
    n: int,
    *,
    rungs: Sequence[int] | None = None,
    families: Sequence[str] | None = None,
    cells: Sequence[str] | None = None,
    split: Split = "train",
) -> Iterator[Sample]:
    """Yield ``n`` different problems, each with one right derivation drawn at random.

    Cells (a family on a rung) take turns; one that is given twice is drawn twice as often. Splits
    share no problem, whatever the seeds.

    Args:
        seed: Decides problems and derivations.
        n: Number of problems.
        rungs: Rungs to draw from, all when None.
        families: Families to draw from, all when None.
        cells: Cells such as ``"growth/2"`` in place of all pairs of ``families`` and ``rungs``.
        split: Which problems to draw from.

    Raises:
        ConfigError: Unknown family, rung, cell or split, cells together with families or rungs, or
            fewer than ``n`` problems exist.
    """
    if split not in SPLITS:
        raise ConfigError(f"no split {split!r}", do=nearest(split, [*SPLITS]), field="split")
    rng = random.Random(f"{split}/{seed}")
    turns = _cells(rungs, families, cells)
    rng.shuffle(turns)
    seen: set[str] = set()
    for position in range(n):
        family, rung = turns[position % len(turns)]
        drawn = _draw(rng, family, rung, split, seen)
        yield _sample(rng, family, rung, drawn, Provenance(source="prmkit_finance.tasks", seed=seed))


def _cells(
    rungs: Sequence[int] | None, families: Sequence[str] | None, cells: Sequence[str] | None
) -> list[tuple[str, int]]:
    known = {f"{family}/{rung}": (family, rung) for rung in RUNGS for family in LADDER}
    if cells:
        if rungs or families:
            raise ConfigError(
                "cells name families and rungs already", do="leave rungs and families out", field="cells"
            )
        for cell in cells:
            if cell not in known:
                raise ConfigError(f"no cell {cell!r}", do=nearest(cell, [*known]), field="cells")
        return [known[cell] for cell in cells]
    for family in families or ():
        if family not in LADDER:
            raise ConfigError(f"no family {family!r}", do=nearest(family, [*LADDER]), field="families")
    wanted = RUNGS if rungs is None else tuple(rungs)
    if not wanted or not set(wanted) <= set(RUNGS):
        raise ConfigError(f"no rungs {rungs}", do=f"use rungs out of {RUNGS}", field="rungs")
    return [(family, rung) for rung in wanted for family in families or LADDER]


def _draw(rng: random.Random, family: str, rung: int, split: Split, seen: set[str]) -> Drawn:
    for _ in range(_TRIES):
        drawn = FAMILIES[family](rng, LADDER[family][rung])
        if drawn is None:
            continue
        text = prompt(drawn)
        if split_of(text) == split and text not in seen:
            seen.add(text)
            return drawn
    raise ConfigError(
        f"no further {split} problem of family {family!r}, rung {rung}, was found",
        do="ask for fewer problems, or for more families and rungs",
        field="n",
    )


def _sample(rng: random.Random, family: str, rung: int, drawn: Drawn, provenance: Provenance) -> Sample:
    text, state = prompt(drawn), drawn.state
    steps, several, result = [], False, ""
    while legal := moves(state):
        several = several or len({frozenset(move.head.split()) for move in legal}) > 1
        move = rng.choice(legal)
        steps.append(text_of(move))
        state, result = move.state, move.result
    key = content(text)
    order = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:6]
    problem = Problem(
        id=f"{family}-{rung}-{key}-{order}",
        text=text,
        cluster=f"{family}-{rung}-{key}",
        domain="finance",
        reference={"answer": result, "task": True},
        context={"family": family, "rung": rung, "several": several},
        provenance=provenance,
    )
    solution = Trajectory.of_steps(
        f"{problem.id}/right", problem.id, steps, final_answer=result, outcome=1.0, provenance=provenance
    )
    return Sample(problem, solution, truth(problem, solution))


def read_solution(
    problem: Problem, text: str, *, id: str, provenance: Provenance | None = None
) -> Trajectory:
    """A sampled text as a trajectory: one step a line, answer read, outcome graded.

    Args:
        problem: The generated problem it answers.
        text: What a policy wrote.
        id: Id for the trajectory.
        provenance: Where the text comes from.
    """
    steps = [line.strip() for line in text.split("\n") if line.strip()]
    last = read_step(steps[-1]) if steps else None
    answer = last.result if last and last.head == ANSWER else None
    return Trajectory.of_steps(
        id, problem.id, steps, final_answer=answer, outcome=grade(problem, answer), provenance=provenance
    )


def grade(problem: Problem, answer: str | None) -> float:
    """1.0 when ``answer`` equals the reference after trimming, else 0.0 (also when there is none)."""
    return float(answer is not None and answer.strip() == problem.reference["answer"])


def truth(problem: Problem, trajectory: Trajectory) -> StepLabels:
    """Exact labels: 1 for every legal step, 0 for the first illegal one, None after it.

    After an illegal step the state that later steps stand on is not defined, so they are not judged
    (convention ``until_first_error``).
    """
    kinds = error_kinds(problem, trajectory)
    wrong = next((i for i, kind in enumerate(kinds) if kind), len(kinds))
    values = [1.0] * wrong + [0.0] + [None] * len(kinds)
    return StepLabels(
        trajectory.id,
        trajectory.digest,
        tuple(values[: len(kinds)]),
        convention="until_first_error",
        labeler=LABELER,
        trajectory_value=trajectory.outcome,
    )


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
    kinds: list[str | None] = [None] * len(trajectory.steps)
    for step in trajectory.steps:
        legal = {text_of(move): move.state for move in moves(state)}
        if step.text not in legal:
            kinds[step.index] = _kind(state, step.text)
            break
        state = legal[step.text]
    return kinds


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
