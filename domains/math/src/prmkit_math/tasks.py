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

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from prmkit.errors import ConfigError
from prmkit.registry import nearest
from prmkit.types import Problem, Provenance, Sample, StepLabels, Trajectory
from prmkit_math.task_families import ANSWER, FAMILIES, Family, Move, State
from prmkit_math.task_ladder import LADDER, RUNGS, SPLITS, Split

Played = Literal["legal", "choice", "rewrite", "answer", "form"]
"""What playing a step with its result as stated finds (see :func:`follow`)."""
LABELER = "math/truth@1"
_STEP = re.compile(
    rf"(?P<head>{ANSWER}) (?P<answer>.+?) \."
    r"|(?P<cancel>cancel [a-z]) : .+ \."
    r"|(?P<left>.+) = (?P<result>\d{1,9})(?: so .+)? \.",
    re.ASCII,
)
_TRIES = 10_000


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

    Cells (a family on a rung) take turns, so that each gets its share; one that is given twice is
    drawn twice as often. Splits share no problem, whatever the seeds.

    Args:
        seed: Decides problems and derivations.
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
    rng = random.Random(f"{split}/{seed}")
    turns = _cells(rungs, families, cells)
    rng.shuffle(turns)
    seen: set[str] = set()
    for position in range(n):
        family, rung = turns[position % len(turns)]
        state = _draw(rng, family, rung, split, seen)
        yield _sample(rng, family, rung, state, Provenance(source="prmkit_math.tasks", seed=seed))


def _cells(
    rungs: Sequence[int] | None, families: Sequence[str] | None, cells: Sequence[str] | None
) -> list[tuple[str, int]]:
    if cells:
        if rungs or families:
            raise ConfigError(
                "cells name families and rungs already", do="leave rungs and families out", field="cells"
            )
        rungs, families = RUNGS, tuple(FAMILIES)
        known = {f"{family}/{rung}": (family, rung) for rung in rungs for family in families}
        for cell in cells:
            if cell not in known:
                raise ConfigError(f"no cell {cell!r}", do=nearest(cell, [*known]), field="cells")
        return [known[cell] for cell in cells]
    families, rungs = tuple(families or FAMILIES), tuple(RUNGS if rungs is None else rungs)
    for family in families:
        if family not in FAMILIES:
            raise ConfigError(f"no family {family!r}", do=nearest(family, [*FAMILIES]), field="families")
    if not rungs or not set(rungs) <= set(RUNGS):
        raise ConfigError(f"no rungs {rungs}", do=f"use rungs out of {RUNGS}", field="rungs")
    return [(family, rung) for rung in rungs for family in families]


def _draw(rng: random.Random, family: str, rung: int, split: Split, seen: set[str]) -> State:
    kin = FAMILIES[family]
    for _ in range(_TRIES):
        state = kin.draw(rng, LADDER[family][rung])
        if state is None:
            continue
        text = kin.prompt(state)
        if split_of(text) == split and text not in seen:
            seen.add(text)
            return state
    raise ConfigError(
        f"no further {split} problem of family {family!r}, rung {rung}, was found",
        do="ask for fewer problems, or for more families and rungs",
        field="n",
    )


def _sample(rng: random.Random, family: str, rung: int, state: State, provenance: Provenance) -> Sample:
    kin, text = FAMILIES[family], FAMILIES[family].prompt(state)
    first, steps, several = state, [], False
    while moves := [move for move in kin.moves(state) if move.new]:
        several = several or len({frozenset(move.head.split()) for move in moves}) > 1
        move = rng.choice(moves)
        step, state = kin.play(state, move, move.result)
        steps.append(step)
    key = content(text)
    order = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:6]
    problem = Problem(
        id=f"{family}-{rung}-{key}-{order}",
        text=text,
        cluster=f"{family}-{rung}-{key}",
        domain="math",
        reference={"answer": move.result, "state": first},
        context={"family": family, "rung": rung, "several": several},
        provenance=provenance,
    )
    solution = Trajectory.of_steps(
        f"{problem.id}/right", problem.id, steps, final_answer=move.result, outcome=1.0, provenance=provenance
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

    After an illegal step the state that later steps stand on is not defined, so they are
    not judged (convention ``until_first_error``).
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

    In steps that state an equation, ``choice``: operands that are not there; ``result``: a false
    sum over the right operands; ``rewrite``: a right sum, and the line is not what follows. In steps
    that state none, ``answer``: an answer too early or another than the derivation's; ``strike``:
    terms struck out that are not there, or a line that is not what is left. ``form``: none of
    the known forms.
    """
    family, state = problem.context["family"], _frozen(problem.reference["state"])
    kinds: list[str | None] = [None] * len(trajectory.steps)
    for step in trajectory.steps:
        legal = successors(family, state)
        if step.text not in legal:
            kinds[step.index] = _kind(FAMILIES[family], state, step.text)
            break
        state = legal[step.text]
    return kinds


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
