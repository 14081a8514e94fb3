"""Five families of small statement problems: their tables, questions and legal steps.

A problem is a table and a question; what it asks is a numerator (a sum, less another sum) over a
denominator (a sum). A step adds two numbers of one sum, subtracts, divides, or states the answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

TOP = 99
"""Largest number that a table or a sum may hold."""
ANSWER = "The answer is"

LADDER: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "growth": ((2, 1), (2, 2), (3, 2), (3, 3), (4, 3), (4, 4)),
    "margin": ((1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (3, 3)),
    "ratio": ((1, 1, 1), (2, 1, 1), (2, 1, 2), (2, 2, 1), (2, 2, 2), (3, 2, 2)),
    "share": ((2, 1), (2, 2), (3, 1), (3, 2), (4, 2), (4, 3)),
    "average": ((2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2)),
}
"""Family → size per rung: (years, rows), (cost rows, years), (asset rows, debt rows, years), (rows, years),
(years, rows). Fixed before any model was trained: another number makes other tasks."""

COSTS = ("wages", "rent", "tax", "fees")
ASSETS = ("cash", "stock", "loans")
DEBTS = ("debts", "bills")
ITEMS = ("sales", "rent", "wages", "tax", "fees")

Years = tuple[int, ...]
Table = tuple[tuple[str, tuple[int, ...]], ...]


class State(NamedTuple):
    """Where a solution stands."""

    above: tuple[int, ...]
    """Numbers whose sum is the numerator."""
    less: tuple[int, ...]
    """Numbers whose sum is taken off it."""
    below: tuple[int, ...]
    """Numbers whose sum is the denominator."""
    percent: bool
    result: int | None = None
    """The quotient, once it has been found."""
    closed: bool = False
    """The answer has been stated."""


class Move(NamedTuple):
    """One legal step: what stands left of the result, the true result, and where it leads."""

    head: str
    result: str
    state: State
    new: bool = True


class Drawn(NamedTuple):
    """A problem before it is written."""

    years: Years
    table: Table
    question: str
    state: State


def moves(state: State) -> list[Move]:
    """All legal next steps."""
    if state.closed:
        return []
    out: list[Move] = []
    if state.result is not None:
        spelled = f"{state.result} %" if state.percent else str(state.result)
        return [Move(ANSWER, spelled, state._replace(closed=True))]
    for pool in ("above", "less", "below"):
        out += _additions(state, pool)
    if len(state.above) == 1 and len(state.less) == 1:
        found = state.above[0] - state.less[0]
        out.append(
            Move(f"{state.above[0]} - {state.less[0]}", str(found), state._replace(above=(found,), less=()))
        )
    if len(state.above) == 1 and not state.less and len(state.below) == 1:
        quotient = state.above[0] * (100 if state.percent else 1) // state.below[0]
        spelled = f"{quotient} %" if state.percent else str(quotient)
        out.append(Move(f"{state.above[0]} / {state.below[0]}", spelled, state._replace(result=quotient)))
    return out


def with_pool(state: State, pool: str, numbers: tuple[int, ...]) -> State:
    """The state with the numbers of one sum replaced."""
    if pool == "above":
        return state._replace(above=numbers)
    return state._replace(less=numbers) if pool == "less" else state._replace(below=numbers)


def _additions(state: State, pool: str) -> list[Move]:
    numbers: tuple[int, ...] = getattr(state, pool)
    out = []
    for i, a in enumerate(numbers):
        for j, b in enumerate(numbers):
            if i != j:
                rest = tuple(n for k, n in enumerate(numbers) if k not in (i, j))
                out.append(Move(f"{a} + {b}", str(a + b), with_pool(state, pool, (*rest, a + b))))
    return out


def text_of(move: Move, result: str | None = None) -> str:
    """A step as it is written, with its own or another result."""
    said = move.result if result is None else result
    return f"{ANSWER} {said} ." if move.head == ANSWER else f"{move.head} = {said} ."


# ---------------------------------------------------------------- drawing

_YEARS = (2015, 2016, 2017, 2018, 2019)


def _years(rng: random.Random, count: int) -> Years:
    first = rng.randint(0, len(_YEARS) - count)
    return _YEARS[first : first + count]


def _fill(
    rng: random.Random, years: Years, rows: Mapping[str, Mapping[int, int]], others: tuple[str, ...] = ()
) -> Table:
    names = [*rows, *others]
    if others:
        rng.shuffle(names)
    return tuple(
        (name, tuple(rows.get(name, {}).get(year) or rng.randint(2, TOP) for year in years)) for name in names
    )


def _parts(rng: random.Random, total: int, count: int) -> list[int] | None:
    """``count`` numbers from 1 on that add up to ``total``."""
    if total < 2 * count:
        return None
    cuts = sorted(rng.sample(range(1, total), count - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, total], strict=True)]


def draw_growth(rng: random.Random, size: tuple[int, ...]) -> Drawn | None:
    """Growth of one row between two of its years, in percent."""
    count, rows = size
    years = _years(rng, count)
    old = rng.randint(4, TOP)
    exact = [n for n in range(2, TOP + 1) if n != old and (n - old) * 100 % old == 0]
    if not exact:
        return None
    new = rng.choice(exact)
    name, *others = rng.sample(ITEMS, rows)
    first, last = sorted(rng.sample(years, 2))
    table = _fill(rng, years, {name: {first: old, last: new}}, tuple(others))
    state = State((new,), (old,), (old,), percent=True)
    return Drawn(years, table, f"Growth of {name} from {first} to {last}", state)


def draw_margin(rng: random.Random, size: tuple[int, ...]) -> Drawn | None:
    """Sales less all costs, over sales, in percent."""
    costs, count = size
    years = _years(rng, count)
    sales = rng.randint(10, TOP)
    exact = [n for n in range(1, sales) if n * 100 % sales == 0]
    parts = _parts(rng, sales - rng.choice(exact), costs) if exact else None
    if parts is None:
        return None
    year = rng.choice(years)
    rows = {"sales": {year: sales}} | {
        name: {year: part} for name, part in zip(rng.sample(COSTS, costs), parts, strict=True)
    }
    state = State((sales,), tuple(parts), (sales,), percent=True)
    return Drawn(years, _fill(rng, years, rows), f"Margin in {year}", state)


def draw_ratio(rng: random.Random, size: tuple[int, ...]) -> Drawn | None:
    """All assets over all debts."""
    assets, debts, count = size
    years = _years(rng, count)
    below = rng.randint(2 * debts, TOP // 2)
    above = below * rng.randint(2, max(2, TOP // below))
    if above > TOP:
        return None
    over, under = _parts(rng, above, assets), _parts(rng, below, debts)
    if over is None or under is None:
        return None
    year = rng.choice(years)
    names = [*rng.sample(ASSETS, assets), *DEBTS[:debts]]
    rows = {name: {year: part} for name, part in zip(names, [*over, *under], strict=True)}
    state = State(tuple(over), (), tuple(under), percent=False)
    return Drawn(years, _fill(rng, years, rows), f"Assets over debts in {year}", state)


def draw_share(rng: random.Random, size: tuple[int, ...]) -> Drawn | None:
    """One row over all rows, in percent."""
    items, count = size
    years = _years(rng, count)
    total = rng.randint(2 * items, TOP)
    parts = _parts(rng, total, items)
    if parts is None:
        return None
    exact = [i for i, part in enumerate(parts) if part * 100 % total == 0]
    if not exact:
        return None
    year, chosen = rng.choice(years), rng.choice(exact)
    names = rng.sample(ITEMS, items)
    rows = {name: {year: part} for name, part in zip(names, parts, strict=True)}
    state = State((parts[chosen],), (), tuple(parts), percent=True)
    return Drawn(years, _fill(rng, years, rows), f"Share of {names[chosen]} in {year}", state)


def draw_average(rng: random.Random, size: tuple[int, ...]) -> Drawn | None:
    """The mean of one row over all years."""
    count, rows = size
    years = _years(rng, count)
    parts = _parts(rng, count * rng.randint(3, TOP // count), count)
    if parts is None:
        return None
    name, *others = rng.sample(ITEMS, rows)
    table = _fill(rng, years, {name: dict(zip(years, parts, strict=True))}, tuple(others))
    return Drawn(years, table, f"Average of {name}", State(tuple(parts), (), (count,), percent=False))


FAMILIES: Mapping[str, Callable[[random.Random, tuple[int, ...]], Drawn | None]] = {
    "growth": draw_growth,
    "margin": draw_margin,
    "ratio": draw_ratio,
    "share": draw_share,
    "average": draw_average,
}
"""Family → what draws one of its problems, None when a draw broke a limit."""


# ---------------------------------------------------------------- writing and reading


def prompt(drawn: Drawn) -> str:
    """The problem's text.

    Examples:
        >>> prompt(Drawn((2018, 2019), (("rent", (20, 25)),), "Growth of rent from 2018 to 2019", None))
        'item 2018 2019 ; rent 20 25 . Growth of rent from 2018 to 2019 ?'
    """
    head = " ".join(["item", *map(str, drawn.years)])
    rows = [" ".join([name, *map(str, numbers)]) for name, numbers in drawn.table]
    return f"{' ; '.join([head, *rows])} . {drawn.question} ?"


_PROBLEM = re.compile(
    r"item((?: 20\d\d){1,6})((?: ; [a-z]{2,12}(?: \d{1,2}){1,6}){1,8}) \. ([A-Z][^?]{2,60}) \?", re.ASCII
)
_QUESTION = re.compile(
    r"(?P<what>Growth|Margin|Assets|Share|Average)(?: over debts)?(?: of (?P<name>[a-z]+))?"
    r"(?: from (?P<first>20\d\d) to (?P<last>20\d\d)| in (?P<year>20\d\d))?",
    re.ASCII,
)


def parse(text: str) -> State | None:
    """The first state of a problem's text; None for another text.

    Examples:
        >>> parse("item 2018 2019 ; rent 20 25 . Growth of rent from 2018 to 2019 ?")
        State(above=(25,), less=(20,), below=(20,), percent=True, result=None, closed=False)
    """
    found = _PROBLEM.fullmatch(text)
    asked = _QUESTION.fullmatch(found[3]) if found else None
    if found is None or asked is None:
        return None
    years = [int(year) for year in found[1].split()]
    rows = {row.split()[0]: [int(n) for n in row.split()[1:]] for row in found[2].split(" ; ") if row.strip()}
    if any(len(numbers) != len(years) for numbers in rows.values()):
        return None
    try:
        return _READ[asked["what"]](rows, years, asked)
    except (KeyError, ValueError, TypeError):
        return None


Rows = Mapping[str, list[int]]


def _growth(rows: Rows, years: list[int], asked: re.Match[str]) -> State:
    row = rows[asked["name"]]
    old, new = (row[years.index(int(asked[which]))] for which in ("first", "last"))
    return State((new,), (old,), (old,), percent=True)


def _margin(rows: Rows, years: list[int], asked: re.Match[str]) -> State:
    at = years.index(int(asked["year"]))
    costs = tuple(numbers[at] for name, numbers in rows.items() if name != "sales")
    return State((rows["sales"][at],), costs, (rows["sales"][at],), percent=True)


def _assets(rows: Rows, years: list[int], asked: re.Match[str]) -> State:
    at = years.index(int(asked["year"]))
    above = tuple(numbers[at] for name, numbers in rows.items() if name in ASSETS)
    below = tuple(numbers[at] for name, numbers in rows.items() if name in DEBTS)
    return State(above, (), below, percent=False)


def _share(rows: Rows, years: list[int], asked: re.Match[str]) -> State:
    at = years.index(int(asked["year"]))
    return State(
        (rows[asked["name"]][at],), (), tuple(numbers[at] for numbers in rows.values()), percent=True
    )


def _average(rows: Rows, years: list[int], asked: re.Match[str]) -> State:
    return State(tuple(rows[asked["name"]]), (), (len(years),), percent=False)


_READ: Mapping[str, Callable[[Rows, list[int], re.Match[str]], State]] = {
    "Growth": _growth,
    "Margin": _margin,
    "Assets": _assets,
    "Share": _share,
    "Average": _average,
}
