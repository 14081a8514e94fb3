"""Families of the ladder about numbers: definitions to put in order, choices, and values to work out."""

from __future__ import annotations

import random
from typing import Any

from prmkit.types import Json
from prmkit_qlang.families.rungs import TOP, Given, Rung, State, in_order, unlike

INPUTS = ("a", "b")
LOCALS = ("c", "d", "e", "g", "h", "k", "m")
WORDS = {"+": "plus", "-": "minus", "*": "times"}
ORDERS = {">": "above", "<": "below", "=": "equal to"}
LARGEST = 99
"""Largest value in a trace."""
FURTHEST = 16
"""Inputs of choices are below it."""
FAR = 10**6
"""Largest value of a definition for large inputs."""
ANSWER = "The answer is "
TESTS = 24
"""Tests of a problem at most."""


def worked(a: int, sign: str, b: int) -> int:
    """``a sign b``."""
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


def _worth(part: str, known: Given) -> int:
    return int(part) if part.isdigit() else int(known[part])


def _pairs(rng: random.Random, borders: list[int]) -> list[dict[str, Json]]:
    values = sorted({0, 1, TOP, *(b + d for b in borders for d in (-1, 0, 1))})
    made = [[rng.choice(values), rng.choice(values)] for _ in range(8)]
    made += [[value, value] for value in rng.sample(values, min(3, len(values)))]
    made += [[value, other] for value in values for other in (0, TOP)]
    return unlike([dict(zip(INPUTS, pair, strict=True)) for pair in made], TESTS)


# ---------------------------------------------------------------- order


def _draw_order(rng: random.Random, size: int) -> State:
    while True:
        state = _definitions(rng, size)
        found = _order_known(state, {"a": TOP, "b": TOP + 1})
        if all(abs(value) <= FAR for value in found.values()):
            return state


def _definitions(rng: random.Random, size: int) -> State:
    known, made = list(INPUTS), []
    names = rng.sample(LOCALS, size)
    for position, name in enumerate(names):
        # Each definition uses the one before or an input, so that none is left over.
        left = names[position - 1] if position else rng.choice(INPUTS)
        middle = rng.choice([one for one in known if one != left] or [str(rng.randint(1, TOP))])
        parts = [left, rng.choice("+-*"), middle]
        if rng.random() < 0.6:
            parts += [rng.choice("+-*"), str(rng.randint(2, TOP))]
        made.append([name, rng.choice(("left", "right")) if len(parts) == 5 else "", *parts])
        known.append(name)
    last = [names[-1], rng.choice("+-*"), rng.choice(INPUTS)]
    shuffled = list(range(size))
    rng.shuffle(shuffled)
    return [made, last, shuffled]


def _told(name: str, side: str, parts: list[str]) -> str:
    words = [WORDS.get(one, one) for one in parts]
    if side == "left":
        words = ["(", *words[:3], ")", *words[3:]]
    elif side == "right":
        words = [*words[:2], "(", *words[2:], ")"]
    return f"{name} is {' '.join(words)}"


def _ask_order(state: State) -> str:
    made, (left, sign, right), shuffled = state
    told = " . ".join(_told(made[i][0], made[i][1], made[i][2:]) for i in shuffled)
    return f"a and b are numbers . {told} . Return {left} {WORDS[sign]} {right} ."


def _order(state: State) -> list[str]:
    made, last, _ = state
    lines = []
    for name, side, *parts in made:
        # The right operand is everything to the right: brackets are needed on the left only.
        written = ["(", *parts[:3], ")", *parts[3:]] if side == "left" else parts
        lines.append(f"{name} : {' '.join(written)}")
    return [*lines, " ".join(last)]


def _order_after(state: State) -> list[set[int]]:
    made, _, _ = state
    place = {name: i for i, (name, *_) in enumerate(made)}
    needs = [{place[one] for one in parts if one in place} for _, _, *parts in made]
    return [*needs, set(range(len(made)))]


def _order_value(state: State, given: Given) -> Json:
    left, sign, right = state[1]
    known = _order_known(state, given)
    return worked(known[left], sign, known[right])


def _order_known(state: State, given: Given) -> dict[str, Any]:
    """All variables after the definitions."""
    made = state[0]
    known: dict[str, Any] = dict(given)
    for name, side, *parts in made:
        numbers, signs = [_worth(one, known) for one in parts[::2]], parts[1::2]
        if side == "left":
            known[name] = worked(worked(numbers[0], signs[0], numbers[1]), signs[1], numbers[2])
        else:
            known[name] = from_the_right(numbers, signs)
    return known


def from_the_right(numbers: list[int], signs: list[str]) -> int:
    """The value of ``numbers[0] signs[0] numbers[1] …`` as q works it out.

    Examples:
        >>> from_the_right([2, 3, 4], ["*", "+"])
        14
    """
    value = numbers[-1]
    for number, sign in zip(reversed(numbers[:-1]), reversed(signs), strict=True):
        value = worked(number, sign, value)
    return value


# ---------------------------------------------------------------- choose


def _draw_choose(rng: random.Random, size: int) -> State:
    made: list[Any] = []
    known = list(INPUTS)
    for position, name in enumerate(rng.sample(LOCALS, size)):
        left = known[-1] if position else rng.choice(INPUTS)
        other = rng.choice([one for one in known if one != left])
        test = [left, rng.choice("><="), rng.choice([other, str(rng.randint(1, TOP))])]
        first = second = _result(rng, known)
        while second == first:
            second = _result(rng, known)
        made.append([name, test, first, second])
        known.append(name)
    return made


def _result(rng: random.Random, known: list[str]) -> list[str]:
    return [rng.choice(known[-2:]), rng.choice("+-"), str(rng.randint(1, TOP))]


def _ask_choose(state: State) -> str:
    told = " . ".join(
        f"{name} is {_said(first)} if {a} is {ORDERS[sign]} {b} , otherwise {_said(second)}"
        for name, (a, sign, b), first, second in state
    )
    return f"a and b are numbers . {told} . Return {state[-1][0]} ."


def _said(parts: list[str]) -> str:
    return " ".join(WORDS.get(one, one) for one in parts)


def _choose(state: State) -> list[str]:
    lines = [
        f"{name} : $[ {' '.join(test)} ; {' '.join(first)} ; {' '.join(second)} ]"
        for name, test, first, second in state
    ]
    return [*lines, state[-1][0]]


def _choose_value(state: State, given: Given) -> Json:
    return _chosen(state, given)[0]


def _chosen(state: State, given: Given) -> tuple[int, list[int]]:
    """The value, and for each condition by how much its left side is above its right one."""
    known: dict[str, Any] = dict(given)
    apart = []
    for name, (a, sign, b), first, second in state:
        one, two = _worth(a, known), _worth(b, known)
        apart.append(one - two)
        holds = {">": one > two, "<": one < two, "=": one == two}[sign]
        left, op, right = first if holds else second
        known[name] = worked(_worth(left, known), op, _worth(right, known))
    return known[state[-1][0]], apart


def _choose_inputs(state: State, rng: random.Random) -> list[dict[str, Json]]:
    """Pairs on both sides of every condition's border and on it, as far as there are any, and others."""
    grid = [{"a": a, "b": b} for a in range(FURTHEST) for b in range(FURTHEST)]
    rng.shuffle(grid)
    sides: dict[tuple[int, int], list[dict[str, Json]]] = {}
    for pair in grid:
        for i, by in enumerate(_chosen(state, pair)[1]):
            if abs(by) <= 1 and len(sides.setdefault((i, by), [])) < 2:
                sides[i, by].append(pair)
    made = [pair for held in sides.values() for pair in held]
    made = unlike(made + grid, max(TESTS, len(made)))
    rng.shuffle(made)
    return made


# ---------------------------------------------------------------- trace


def _draw_trace(rng: random.Random, size: int) -> State:
    while True:
        lines: list[list[Any]] = []
        values: dict[str, int | list[int]] = {}
        for position in range(size):
            name = ("x", "y", "z")[position] if position < 2 else rng.choice(("x", "y", "z"))
            parts, value = _statement(rng, values)
            lines.append([name, parts])
            values[name] = value
            if not all(0 <= n <= LARGEST for n in (value if isinstance(value, list) else [value])):
                break
        else:
            return [lines, lines[-1][0]]


def _statement(rng: random.Random, values: dict[str, int | list[int]]) -> tuple[list[str], int | list[int]]:
    numbers = sorted(name for name, value in values.items() if isinstance(value, int))
    lists = sorted(name for name, value in values.items() if isinstance(value, list))
    if lists and rng.random() < 0.6:
        name = rng.choice(lists)
        return _of_list(rng, name, values[name])
    if rng.random() < 0.25:
        count, start = rng.randint(3, 5), rng.randint(1, TOP)
        return [str(start), "+", "til", str(count)], [start + i for i in range(count)]
    operands = [rng.choice([*numbers, *map(str, range(1, TOP + 1))]) for _ in range(rng.choice((2, 3)))]
    signs = [rng.choice("+-*") for _ in operands[1:]]
    parts = [operands[0]]
    for sign, operand in zip(signs, operands[1:], strict=True):
        parts += [sign, operand]
    return parts, from_the_right([_worth(one, values) for one in operands], signs)


def _of_list(rng: random.Random, name: str, value: Any) -> tuple[list[str], int | list[int]]:
    k = rng.randint(1, 3)
    choices: list[tuple[list[str], int | list[int]]] = [
        (["sum", name], sum(value)),
        (["max", name], max(value)),
        (["last", name], value[-1]),
        (["reverse", name], value[::-1]),
        (["2", "#", name], (value * 2)[:2]),
        ([name, "+", str(k)], [n + k for n in value]),
    ]
    return rng.choice(choices)


def written_lines(state: State) -> list[str]:
    """The program of a trace."""
    return [f"{name} : {' '.join(parts)}" for name, parts in state[0]]


def _ask_trace(state: State) -> str:
    return f"Run : {' ; '.join(written_lines(state))} . What is {state[1]} ?"


def _values(state: State) -> list[tuple[str, int | list[int]]]:
    known: dict[str, Any] = {}
    told = []
    for name, parts in state[0]:
        known[name] = _evaluated(parts, known)
        told.append((name, known[name]))
    return told


def _evaluated(parts: list[str], known: dict[str, Any]) -> Any:
    head = parts[0]
    if head in ("sum", "max", "last", "reverse"):
        value = known[parts[1]]
        return {"sum": sum(value), "max": max(value), "last": value[-1], "reverse": value[::-1]}[head]
    if "#" in parts:
        return (known[parts[2]] * 2)[: int(head)]
    if "til" in parts:
        return [int(head) + i for i in range(int(parts[3]))]
    if isinstance(known.get(head), list):
        return [n + int(parts[2]) for n in known[head]]
    return from_the_right([_worth(one, known) for one in parts[::2]], parts[1::2])


def shown(value: int | list[int]) -> str:
    """A value as a trace writes it; a list of one item with its comma.

    Examples:
        >>> shown([3, 4]), shown(7)
        ('3 4', '7')
    """
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _trace(state: State) -> list[str]:
    values = _values(state)
    told = [f"after line {i} , {name} is {shown(value)} ." for i, (name, value) in enumerate(values, 1)]
    return [*told, f"{ANSWER}{shown(values[-1][1])} ."]


def _trace_value(state: State, given: Given) -> Json:
    del given
    return shown(_values(state)[-1][1])


ORDER = Rung(_draw_order, _ask_order, _order, _order_after, lambda s, rng: _pairs(rng, [3]), _order_value,
             {"a": "long", "b": "long"})  # fmt: skip
CHOOSE = Rung(_draw_choose, _ask_choose, _choose, in_order(_choose), _choose_inputs, _choose_value,
             {"a": "long", "b": "long"})  # fmt: skip
TRACE = Rung(_draw_trace, _ask_trace, _trace, in_order(_trace), lambda s, rng: [], _trace_value)
