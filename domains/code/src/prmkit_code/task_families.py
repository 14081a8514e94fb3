"""Five families of generated tasks: what is asked, and which lines are right next.

One invented problem of each, with its solution::

    f takes a b . Start with a . Add b . Double it . Return it .
        def f ( a , b ) : |  x = a |  x = x + b |  x = x * 2 |  return x
    f takes a b . d is c times 3 . c is a plus b . Return d minus a .
        def f ( a , b ) : |  c = a + b |  d = c * 3 |  return d - a
    f takes a b . If a is above b return a minus b . Otherwise return 7 .
        def f ( a , b ) : |  if a > b : |   return a - b |  return 7
    f takes a list n . Start at 2 . For each x : if x is above 3 add x . Return the total .
        def f ( n ) : |  s = 2 |  for x in n : |   if x > 3 : |    s = s + x |  return s
    Run : x = 7 ; y = x + 4 ; x = y * 2 . What is x ?
        after line 1 , x == 7 . | after line 2 , y == 11 . | after line 3 , x == 22 . | The answer is 22 .
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

State = Any
"""A task as JSON values: lists, texts and numbers."""

WORDS = {"+": "plus", "-": "minus", "*": "times"}
VERBS = {"+": "Add", "-": "Subtract", "*": "Multiply by"}
ORDERS = {">": "above", "<": "below", "==": "equal to"}
INPUTS = ("a", "b")
LOCALS = ("c", "d", "e", "g", "h", "k", "m")
TOP = 9
"""Largest constant."""
LARGEST = 99
"""Largest value in a trace."""


class Family(NamedTuple):
    """One family."""

    draw: Callable[[random.Random, int], State]
    """A task of a size."""
    prompt: Callable[[State], str]
    lines: Callable[[State], list[str]]
    """The solution, in the order in which it is written."""
    after: Callable[[State], list[set[int]]]
    """For each line, the lines that must stand before it."""
    inputs: Callable[[State, random.Random], list[Any]]
    """Argument lists for tests: random ones, and the borders of every comparison."""


def _header(names: tuple[str, ...]) -> str:
    return f"def f ( {' , '.join(names)} ) :"


def _in_order(lines: Callable[[State], list[str]]) -> Callable[[State], list[set[int]]]:
    return lambda state: [set(range(i)) for i in range(len(lines(state)))]


def _pairs(rng: random.Random, borders: list[int]) -> list[Any]:
    values = sorted({0, 1, TOP, *(b + d for b in borders for d in (-1, 0, 1))})
    made = [[rng.choice(values), rng.choice(values)] for _ in range(8)]
    made += [[value, value] for value in rng.sample(values, min(3, len(values)))]
    made += [[value, other] for value in values for other in (0, TOP)]
    unique = [list(pair) for pair in dict.fromkeys(map(tuple, made))]
    return unique[:24]


# ---------------------------------------------------------------- chain


def _draw_chain(rng: random.Random, size: int) -> State:
    changes: list[list[str]] = []
    for _ in range(size):
        sign = rng.choice("++--*")
        operand = str(rng.randint(2, 3)) if sign == "*" else rng.choice([*INPUTS, str(rng.randint(1, TOP))])
        changes.append([sign, operand])
    return [rng.choice(INPUTS), changes]


def _ask_chain(state: State) -> str:
    start, changes = state
    told = " . ".join("Double it" if [s, o] == ["*", "2"] else f"{VERBS[s]} {o}" for s, o in changes)
    return f"f takes a b . Start with {start} . {told} . Return it ."


def _chain(state: State) -> list[str]:
    start, changes = state
    body = [f" x = x {sign} {operand}" for sign, operand in changes]
    return [_header(INPUTS), f" x = {start}", *body, " return x"]


# ---------------------------------------------------------------- order


def _draw_order(rng: random.Random, size: int) -> State:
    known, made = list(INPUTS), []
    names = rng.sample(LOCALS, size)
    for position, name in enumerate(names):
        # Each definition uses the one before or an input, so that none is left over.
        left = names[position - 1] if position else rng.choice(INPUTS)
        right = rng.choice([*known, str(rng.randint(1, TOP))])
        if right == left:
            right = str(rng.randint(1, TOP))
        made.append([name, left, rng.choice("+-"), right])
        known.append(name)
    last = [names[-1], rng.choice("+-*"), rng.choice(INPUTS)]
    shuffled = list(range(size))
    rng.shuffle(shuffled)
    return [made, last, shuffled]


def _ask_order(state: State) -> str:
    made, (left, sign, right), shuffled = state
    told = " . ".join(f"{made[i][0]} is {made[i][1]} {WORDS[made[i][2]]} {made[i][3]}" for i in shuffled)
    return f"f takes a b . {told} . Return {left} {WORDS[sign]} {right} ."


def _order(state: State) -> list[str]:
    made, (left, sign, right), _ = state
    body = [f" {name} = {a} {s} {b}" for name, a, s, b in made]
    return [_header(INPUTS), *body, f" return {left} {sign} {right}"]


def _order_after(state: State) -> list[set[int]]:
    made, _, _ = state
    place = {name: i + 1 for i, (name, *_) in enumerate(made)}
    needs = [{0} | {place[one] for one in (a, b) if one in place} for _, a, _, b in made]
    return [set(), *needs, set(range(len(made) + 1))]


# ---------------------------------------------------------------- branch


def _draw_branch(rng: random.Random, size: int) -> State:
    cases: list[Any] = []
    seen: set[tuple[str, ...]] = set()
    while len(cases) < size:
        left = rng.choice(INPUTS)
        other = "b" if left == "a" else "a"
        test = [left, rng.choice("><"), rng.choice([other, str(rng.randint(1, TOP))])]
        if tuple(test) not in seen:
            seen.add(tuple(test))
            cases.append([test, _result(rng)])
    return [cases, _result(rng)]


def _result(rng: random.Random) -> list[str]:
    return [rng.choice(INPUTS), rng.choice("+-"), str(rng.randint(1, TOP))]


def _ask_branch(state: State) -> str:
    cases, otherwise = state
    told = " . ".join(f"If {a} is {ORDERS[o]} {b} return {_told(result)}" for (a, o, b), result in cases)
    return f"f takes a b . {told} . Otherwise return {_told(otherwise)} ."


def _told(result: list[str]) -> str:
    return f"{result[0]} {WORDS[result[1]]} {result[2]}"


def _branch(state: State) -> list[str]:
    cases, otherwise = state
    lines = [_header(INPUTS)]
    for test, result in cases:
        lines += [f" if {' '.join(test)} :", f"  return {' '.join(result)}"]
    return [*lines, f" return {' '.join(otherwise)}"]


def _borders(state: State) -> list[int]:
    return [int(b) for (_, _, b), _ in state[0] if b.isdigit()]


# ---------------------------------------------------------------- loop


def _draw_loop(rng: random.Random, size: int) -> State:
    clauses: list[Any] = []
    seen: set[tuple[str, ...]] = set()
    while len(clauses) < size:
        test = [rng.choice("><"), str(rng.randint(1, TOP))]
        if tuple(test) not in seen:
            seen.add(tuple(test))
            clauses.append([test, rng.choice("+-"), rng.choice(["x", "x * 2", str(rng.randint(1, TOP))])])
    return [str(rng.randint(0, TOP)), clauses]


def _ask_loop(state: State) -> str:
    start, clauses = state
    told = " ; ".join(
        f"if x is {ORDERS[o]} {b} {'add' if sign == '+' else 'subtract'}"
        f" {'x doubled' if what == 'x * 2' else what}"
        for (o, b), sign, what in clauses
    )
    return f"f takes a list n . Start at {start} . For each x : {told} . Return the total ."


def _loop(state: State) -> list[str]:
    start, clauses = state
    lines = [_header(("n",)), f" s = {start}", " for x in n :"]
    for test, sign, what in clauses:
        lines += [f"  if x {' '.join(test)} :", f"   s = s {sign} {what}"]
    return [*lines, " return s"]


def _lists(state: State, rng: random.Random) -> list[Any]:
    borders = [int(b) + d for (_, b), _, _ in state[1] for d in (-1, 0, 1)]
    made: list[Any] = [[[]], [[0]], *([[value]] for value in sorted(set(borders)))]
    made += [[[rng.randint(0, TOP + 1) for _ in range(rng.randint(2, 5))]] for _ in range(6)]
    return made


# ---------------------------------------------------------------- trace


def _draw_trace(rng: random.Random, size: int) -> State:
    while True:
        lines: list[list[str]] = []
        values: dict[str, int] = {}
        for position in range(size):
            name = ("x", "y", "z")[position] if position < 2 else rng.choice(("x", "y", "z"))
            if not values:
                lines.append([name, str(rng.randint(1, TOP))])
            else:
                left, sign = rng.choice(sorted(values)), rng.choice("+-*")
                number = str(rng.randint(2, 3)) if sign == "*" else str(rng.randint(1, TOP))
                right = rng.choice([*sorted(values), number]) if sign != "*" else number
                lines.append([name, left, sign, right])
            values[name] = _worth(lines[-1][1:], values)
            if not 0 <= values[name] <= LARGEST:
                break
        else:
            return [lines, lines[-1][0]]


def _worth(parts: list[str], values: Mapping[str, int]) -> int:
    numbers = [values[one] if one in values else int(one) for one in parts[::2]]
    if len(numbers) == 1:
        return numbers[0]
    a, b = numbers
    return {"+": a + b, "-": a - b, "*": a * b}[parts[1]]


def written_lines(state: State) -> list[str]:
    """The program of a trace."""
    return [f"{name} = {' '.join(parts)}" for name, *parts in state[0]]


def _ask_trace(state: State) -> str:
    return f"Run : {' ; '.join(written_lines(state))} . What is {state[1]} ?"


def _trace(state: State) -> list[str]:
    values: dict[str, int] = {}
    told = []
    for position, (name, *parts) in enumerate(state[0], 1):
        values[name] = _worth(parts, values)
        told.append(f"after line {position} , {name} == {values[name]} .")
    return [*told, f"The answer is {values[state[1]]} ."]


FAMILIES: Mapping[str, Family] = {
    "chain": Family(_draw_chain, _ask_chain, _chain, _in_order(_chain), lambda s, rng: _pairs(rng, [3])),
    "order": Family(_draw_order, _ask_order, _order, _order_after, lambda s, rng: _pairs(rng, [3])),
    "branch": Family(
        _draw_branch, _ask_branch, _branch, _in_order(_branch), lambda s, rng: _pairs(rng, _borders(s))
    ),
    "loop": Family(_draw_loop, _ask_loop, _loop, _in_order(_loop), _lists),
    "trace": Family(_draw_trace, _ask_trace, _trace, _in_order(_trace), lambda s, rng: []),
}
"""Name → family."""

LADDER: Mapping[str, tuple[int, ...]] = {
    "chain": (2, 3, 4, 5, 6, 7),
    "order": (2, 3, 4, 5, 6, 7),
    "branch": (1, 2, 3, 4, 5, 6),
    "loop": (1, 2, 3, 4, 5, 6),
    "trace": (2, 3, 4, 5, 6, 7),
}
"""Family → size per rung: changes of one variable, definitions to put in order, conditions, clauses of a
loop, lines to run. Another number makes other tasks: every committed weight, table and figure would have
to be made again."""
