"""The five families of generated tasks: what each asks, and which next steps are legal.

A derivation visits rows one by one, in any order. Each step quotes the row, the column and the cell, and says
what it makes of the cell; what it says depends on the state reached so far.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

ANSWER = "The answer is"
NAMES = ("ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal", "ivy", "jon", "kim", "lee")
COLUMNS = ("kg", "age", "cost", "size")
LARGEST = 15
"""Largest number of a table; the smallest is 1."""


@dataclass(frozen=True, slots=True)
class State:
    """A table, what is asked of it, and how far a derivation has come."""

    columns: tuple[str, ...]
    """The first one is ``name``."""
    rows: tuple[tuple[str | int, ...], ...]
    ask: tuple[str | int, ...]
    """Column asked about, then names or a bound, by family."""
    seen: tuple[int, ...] = ()
    """Rows visited, 0-based, in order."""
    value: int | None = None
    """Running sum, best row, tally or difference, by family."""
    done: bool = False

    @property
    def column(self) -> int:
        """Position of the column asked about."""
        return self.columns.index(str(self.ask[0]))

    def cell(self, row: int) -> int:
        """The number of a row in the column asked about."""
        return int(self.rows[row][self.column])

    def quote(self, row: int) -> str:
        """The words that quote it."""
        return f"row {row + 1} {self.ask[0]} is {self.cell(row)}"

    @property
    def left(self) -> list[int]:
        """Rows not visited yet."""
        return [row for row in range(len(self.rows)) if row not in self.seen]


class Step(NamedTuple):
    """A legal next step and where it leads."""

    text: str
    state: State


Steps = Callable[[State], Iterator[Step]]


class Family(NamedTuple):
    """One kind of task."""

    ask: Callable[[random.Random, State], tuple[str | int, ...]]
    """Draws what is asked of a table whose column is chosen."""
    question: Callable[[State], str]
    steps: Steps
    answer: Callable[[State], str]
    """The right answer, from the table alone."""


def visited(state: State, row: int, value: int | None) -> State:
    """The state after a row."""
    return replace(state, seen=(*state.seen, row), value=value)


def answered(state: State, answer: object) -> Step:
    """The last step."""
    return Step(f"{ANSWER} {answer} .", replace(state, done=True))


def _total(state: State) -> Iterator[Step]:
    for row in state.left:
        cell, so_far = state.cell(row), state.value
        if so_far is None:
            yield Step(f"{state.quote(row)} .", visited(state, row, cell))
        else:
            text = f"{state.quote(row)} so {so_far} + {cell} = {so_far + cell} ."
            yield Step(text, visited(state, row, so_far + cell))
    if not state.left:
        yield answered(state, state.value)


def _most(state: State) -> Iterator[Step]:
    for row in state.left:
        cell, best = state.cell(row), state.value
        if best is None:
            yield Step(f"{state.quote(row)} .", visited(state, row, row))
        else:
            more = cell > state.cell(best)
            text = f"{state.quote(row)} and {cell} > {state.cell(best)} is {str(more).lower()} ."
            yield Step(text, visited(state, row, row if more else best))
    if not state.left and state.value is not None:
        yield answered(state, state.rows[state.value][0])


def _count(state: State) -> Iterator[Step]:
    bound = int(state.ask[1])
    for row in state.left:
        cell, tally = state.cell(row), state.value or 0
        tally += cell > bound
        text = f"{state.quote(row)} and {cell} > {bound} is {str(cell > bound).lower()} so count {tally} ."
        yield Step(text, visited(state, row, tally))
    if not state.left:
        yield answered(state, state.value)


def _find(state: State, name: str) -> Iterator[Step]:
    """Name the row, then quote it: ``seen`` holds it once when named, twice when quoted."""
    row = next(at for at, cells in enumerate(state.rows) if cells[0] == name)
    if row not in state.seen:
        yield Step(f"row {row + 1} is {name} .", visited(state, row, state.value))
    elif state.seen.count(row) == 1:
        yield Step(f"{state.quote(row)} .", visited(state, row, state.value))


def _look(state: State) -> Iterator[Step]:
    steps = list(_find(state, str(state.ask[1])))
    yield from steps
    if not steps:
        yield answered(state, state.cell(state.seen[-1]))


def _more(state: State) -> Iterator[Step]:
    names = [str(name) for name in state.ask[1:]]
    open_row = state.seen and state.seen.count(state.seen[-1]) == 1
    wanted = [str(state.rows[state.seen[-1]][0])] if open_row else names
    steps = [step for name in wanted for step in _find(state, name)]
    yield from steps
    if steps:
        return
    if state.value is None:
        one, two = (next(state.cell(r) for r, c in enumerate(state.rows) if c[0] == name) for name in names)
        yield Step(f"{one} - {two} = {one - two} .", replace(state, value=one - two))
    else:
        yield answered(state, state.value)


def _no_more(draw: random.Random, state: State) -> tuple[str | int, ...]:
    del draw
    return state.ask


def _bound(draw: random.Random, state: State) -> tuple[str | int, ...]:
    cells = sorted(state.cell(row) for row in range(len(state.rows)))
    return (*state.ask, draw.randint(cells[0], cells[-1] - 1) if cells[0] < cells[-1] else cells[0])


def _one_name(draw: random.Random, state: State) -> tuple[str | int, ...]:
    return (*state.ask, draw.choice([row[0] for row in state.rows]))


def _two_names(draw: random.Random, state: State) -> tuple[str | int, ...]:
    rows = draw.sample(range(len(state.rows)), 2)
    rows.sort(key=state.cell, reverse=True)
    return (*state.ask, *(state.rows[row][0] for row in rows))


def _cells(state: State) -> list[int]:
    return [state.cell(row) for row in range(len(state.rows))]


def _of(state: State, name: str | int) -> int:
    return next(state.cell(row) for row, cells in enumerate(state.rows) if cells[0] == name)


FAMILIES: Mapping[str, Family] = {
    "look": Family(
        _one_name,
        lambda s: f"What {s.ask[0]} has {s.ask[1]} ?",
        _look,
        lambda s: str(_of(s, s.ask[1])),
    ),
    "more": Family(
        _two_names,
        lambda s: f"How much more {s.ask[0]} has {s.ask[1]} than {s.ask[2]} ?",
        _more,
        lambda s: str(_of(s, s.ask[1]) - _of(s, s.ask[2])),
    ),
    "count": Family(
        _bound,
        lambda s: f"How many have {s.ask[0]} > {s.ask[1]} ?",
        _count,
        lambda s: str(sum(cell > int(s.ask[1]) for cell in _cells(s))),
    ),
    "most": Family(
        _no_more,
        lambda s: f"Who has the most {s.ask[0]} ?",
        _most,
        lambda s: str(s.rows[_cells(s).index(max(_cells(s)))][0]),
    ),
    "total": Family(
        _no_more,
        lambda s: f"What is the total {s.ask[0]} ?",
        _total,
        lambda s: str(sum(_cells(s))),
    ),
}
"""Name → family."""


def draw_table(draw: random.Random, rows: int, columns: int) -> State:
    """A table with unlike names; the cells of a column differ, so that one row has the most."""
    names = draw.sample(NAMES, rows)
    heads = draw.sample(COLUMNS, columns)
    cells = [draw.sample(range(1, LARGEST + 1), rows) for _ in heads]
    table: tuple[tuple[str | int, ...], ...] = tuple(
        (names[row], *(column[row] for column in cells)) for row in range(rows)
    )
    return State(("name", *heads), table, (draw.choice(heads),))


def prompt(family: str, state: State) -> str:
    """The problem's text: the table line by line, then the question."""
    lines = [" ".join(map(str, line)) for line in (state.columns, *state.rows)]
    return f"{' | '.join(lines)} | {FAMILIES[family].question(state)}"
