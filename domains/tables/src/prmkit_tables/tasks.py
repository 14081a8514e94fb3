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

import random
import re
from collections.abc import Mapping
from typing import Any

from prmkit.tasks import LineReader, Solved, TaskSet, content, first_wrong, split_of
from prmkit.types import Problem, Trajectory
from prmkit_tables.task_families import ANSWER, FAMILIES, State, draw_table, prompt

LADDER: tuple[tuple[int, int], ...] = ((3, 1), (3, 2), (4, 2), (5, 2), (6, 3))
"""Rung → rows and columns of numbers."""
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


def _draw(rng: random.Random, family: str, size: tuple[int, int]) -> State:
    state = draw_table(rng, *size)
    return State(state.columns, state.rows, FAMILIES[family].ask(rng, state))


def _solve(rng: random.Random, family: str, rung: int, state: State) -> Solved:
    del rng
    steps, at = [], state
    while legal := successors(family, at):
        step, at = next(iter(legal.items()))
        steps.append(step)
    context = {
        "table": {"columns": list(state.columns), "rows": [list(row) for row in state.rows]},
        "row_base": 1,
        "family": family,
        "rung": rung,
        "ask": list(state.ask),
    }
    return Solved(steps, {"answer": FAMILIES[family].answer(state)}, context)


def first_state(problem: Problem) -> State:
    """The state before the first step, read from the problem's context.

    Raises:
        KeyError: The problem is not a generated one.
    """
    table: Mapping[str, Any] = problem.context["table"]
    rows = tuple(tuple(row) for row in table["rows"])
    return State(tuple(table["columns"]), rows, tuple(problem.context["ask"]))


def _answer(line: str) -> str | None:
    found = _ANSWER.fullmatch(line)
    return found["answer"] if found else None


def error_kinds(problem: Problem, trajectory: Trajectory) -> list[str | None]:
    """What is wrong with the first wrong step; None for every other step.

    ``retrieval``: a cell or a name that does not stand in the row it is said to; ``computation``: a false sum
    or comparison; ``answer``: another answer than the derivation's, or one too early; ``state``: all that is
    said is true of the table, but a row is visited again, or the running value is another; ``form``: none
    of the known forms.
    """
    family = problem.context["family"]
    return first_wrong(trajectory, first_state(problem), lambda state: successors(family, state), _kind)


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


read_solution = LineReader(_answer)
TASKS = TaskSet(
    domain="tables",
    ladder=dict.fromkeys(FAMILIES, LADDER),
    draw=_draw,
    prompt=prompt,
    solve=_solve,
    kinds=error_kinds,
    read=read_solution,
    salt="tables/",
)
RUNGS, generate, truth = TASKS.rungs, TASKS.generate, TASKS.truth

__all__ = [
    "FAMILIES",
    "RUNGS",
    "TASKS",
    "computes_rightly",
    "content",
    "error_kinds",
    "first_state",
    "generate",
    "has_form",
    "quotes_rightly",
    "read_solution",
    "split_of",
    "states_answer",
    "successors",
    "truth",
]
