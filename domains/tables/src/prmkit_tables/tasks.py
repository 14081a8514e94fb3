"""Generated problems on small tables with exact step-by-step truth, in five families.

One invented problem of each family, with its derivation::

    name kg age | ann 3 7 | bob 5 2 | What kg has bob ?      row 2 is bob . | row 2 kg is 5 . | ...
    ... How much more kg has bob than ann ?                  ... | 5 - 3 = 2 . | ...
    ... How many have kg > 4 ?        row 1 kg is 3 and 3 > 4 is false so count 0 . | ...
    ... Who has the most kg ?         row 1 kg is 3 . | row 2 kg is 5 and 5 > 3 is true . | ...
    ... What is the total kg ?        row 1 kg is 3 . | row 2 kg is 5 so 3 + 5 = 8 . | ...

Every derivation ends with ``The answer is ... .``. :func:`successors` is the only place that says what is
legal: rows may be visited in any order; the generator goes from top to bottom.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from prmkit.errors import ConfigError
from prmkit.registry import nearest
from prmkit.types import Problem, Provenance, Sample, StepLabels, Trajectory
from prmkit_tables.task_families import ANSWER, FAMILIES, State, draw_table, prompt

Split = Literal["train", "calibrate", "dev", "test"]
SPLITS: Mapping[Split, tuple[int, ...]] = {
    "test": (0,),
    "dev": (1,),
    "calibrate": (2,),
    "train": tuple(range(3, 16)),
}
"""Split → values of the problem's content hash modulo 16."""
LADDER: tuple[tuple[int, int], ...] = ((3, 1), (3, 2), (4, 2), (5, 2), (6, 3))
"""Rung → rows and columns of numbers."""
RUNGS: tuple[int, ...] = tuple(range(len(LADDER)))
LABELER = "tables/truth@1"
_TRIES = 10_000
_ANSWER = re.compile(rf"{ANSWER} (?P<answer>\w+) \.")
_QUOTE = re.compile(r"row (?P<row>\d{1,3}) (?P<column>\w+) is (?P<value>\w+)")
_STEP = re.compile(
    r"row \d{1,3} (?:is \w+|\w+ is \d{1,4}(?: so \d{1,4} \+ \d{1,4} = \d{1,4}"
    r"| and \d{1,4} > \d{1,4} is (?:true|false)(?: so count \d{1,3})?)?) \."
    r"|\d{1,4} - \d{1,4} = -?\d{1,4} \."
)
_SUM = re.compile(r"(?P<left>\d+) (?P<sign>[-+]) (?P<right>\d+) = (?P<result>-?\d+)")
_TRUTH = re.compile(r"(?P<left>\d+) > (?P<right>\d+) is (?P<truth>true|false)")


def successors(family: str, state: State) -> dict[str, State]:
    """All legal next steps: text of the step → state it leads to; none once the answer is given."""
    return {} if state.done else {step.text: step.state for step in FAMILIES[family].steps(state)}


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
    """Yield ``n`` different problems, each with its derivation from top to bottom.

    Cells (a family on a rung) take turns; one that is given twice is drawn twice as often. Splits share
    no problem, whatever the seeds.

    Args:
        seed: Decides the problems.
        n: Number of problems.
        rungs: Rungs to draw from, all when None.
        families: Families to draw from, all when None.
        cells: Cells such as ``"total/2"`` in place of all pairs of ``families`` and ``rungs``.
        split: Which problems to draw from.

    Raises:
        ConfigError: Unknown family, rung, cell or split, cells together with families or rungs, or
            fewer than ``n`` problems exist.
    """
    if split not in SPLITS:
        raise ConfigError(f"no split {split!r}", do=nearest(split, [*SPLITS]), field="split")
    rng = random.Random(f"tables/{split}/{seed}")
    turns = _cells(rungs, families, cells)
    rng.shuffle(turns)
    seen: set[str] = set()
    for position in range(n):
        family, rung = turns[position % len(turns)]
        state = _draw(rng, family, rung, split, seen)
        yield _sample(family, rung, state, Provenance(source="prmkit_tables.tasks", seed=seed))


def _cells(
    rungs: Sequence[int] | None, families: Sequence[str] | None, cells: Sequence[str] | None
) -> list[tuple[str, int]]:
    if cells:
        if rungs or families:
            raise ConfigError(
                "cells name families and rungs already", do="leave rungs and families out", field="cells"
            )
        known = {f"{family}/{rung}": (family, rung) for rung in RUNGS for family in FAMILIES}
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
    for _ in range(_TRIES):
        state = draw_table(rng, *LADDER[rung])
        state = State(state.columns, state.rows, FAMILIES[family].ask(rng, state))
        text = prompt(family, state)
        if split_of(text) == split and text not in seen:
            seen.add(text)
            return state
    raise ConfigError(
        f"no further {split} problem of family {family!r}, rung {rung}, was found",
        do="ask for fewer problems, or for more families and rungs",
        field="n",
    )


def _sample(family: str, rung: int, state: State, provenance: Provenance) -> Sample:
    text, answer = prompt(family, state), FAMILIES[family].answer(state)
    steps, at = [], state
    while legal := successors(family, at):
        step, at = next(iter(legal.items()))
        steps.append(step)
    key = content(text)
    order = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:6]
    problem = Problem(
        id=f"{family}-{rung}-{key}-{order}",
        text=text,
        cluster=f"{family}-{rung}-{key}",
        domain="tables",
        reference={"answer": answer},
        context={
            "table": {"columns": list(state.columns), "rows": [list(row) for row in state.rows]},
            "row_base": 1,
            "family": family,
            "rung": rung,
            "ask": list(state.ask),
        },
        provenance=provenance,
    )
    solution = Trajectory.of_steps(
        f"{problem.id}/right", problem.id, steps, final_answer=answer, outcome=1.0, provenance=provenance
    )
    return Sample(problem, solution, truth(problem, solution))


def first_state(problem: Problem) -> State:
    """The state before the first step, read from the problem's context.

    Raises:
        KeyError: The problem is not a generated one.
    """
    table: Mapping[str, Any] = problem.context["table"]
    rows = tuple(tuple(row) for row in table["rows"])
    return State(tuple(table["columns"]), rows, tuple(problem.context["ask"]))


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
    last = _ANSWER.fullmatch(steps[-1]) if steps else None
    answer = last["answer"] if last else None
    return Trajectory.of_steps(
        id,
        problem.id,
        steps,
        final_answer=answer,
        outcome=float(answer == problem.reference["answer"]),
        provenance=provenance,
    )


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

    ``retrieval``: a cell or a name that does not stand in the row it is said to; ``computation``: a false sum
    or comparison; ``answer``: another answer than the derivation's, or one too early; ``state``: all that is
    said is true of the table, but a row is visited again, or the running value is another; ``form``: none
    of the known forms.
    """
    state = first_state(problem)
    kinds: list[str | None] = [None] * len(trajectory.steps)
    for step in trajectory.steps:
        legal = successors(problem.context["family"], state)
        if step.text not in legal:
            kinds[step.index] = _kind(state, step.text)
            break
        state = legal[step.text]
    return kinds


def _kind(state: State, text: str) -> str:
    if _ANSWER.fullmatch(text):
        return "answer"
    if not _STEP.fullmatch(text):
        return "form"
    if not quotes_rightly(state, text):
        return "retrieval"
    return "state" if computes_rightly(text) else "computation"


def quotes_rightly(state: State, text: str) -> bool:
    """Whether the cell or name that a step quotes stands in that row."""
    quoted = _QUOTE.match(text)
    named = re.match(r"row (\d{1,3}) is (\w+) \.", text)
    if named:
        row = int(named[1]) - 1
        return 0 <= row < len(state.rows) and state.rows[row][0] == named[2]
    if not quoted:
        return True
    row, column = int(quoted["row"]) - 1, quoted["column"]
    if not 0 <= row < len(state.rows) or column not in state.columns:
        return False
    return str(state.rows[row][state.columns.index(column)]) == quoted["value"]


def computes_rightly(text: str) -> bool:
    """Whether every sum and comparison of a step is true."""
    for found in _SUM.finditer(text):
        left, right = int(found["left"]), int(found["right"])
        if int(found["result"]) != (left + right if found["sign"] == "+" else left - right):
            return False
    return all((int(f["left"]) > int(f["right"])) == (f["truth"] == "true") for f in _TRUTH.finditer(text))


def states_answer(text: str) -> bool:
    """Whether a step gives the answer."""
    return _ANSWER.fullmatch(text) is not None


def has_form(text: str) -> bool:
    """Whether a step has one of the forms of the generated tasks."""
    return _STEP.fullmatch(text) is not None or states_answer(text)
