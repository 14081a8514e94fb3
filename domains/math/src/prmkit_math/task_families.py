"""Families of generated tasks: in each, what may legally be written next is computed exactly.

A family knows the *moves* of a state (what may be done, with its true result) and
*plays* a move with the result that somebody wrote. Everything else follows: the
generator plays moves with their true results, the truth tests membership, and the
structure verifier plays them with the results as stated, so that a slip in a sum does
not hide which operands were used. States are nested tuples of strings and integers and
survive JSON; the empty tuple means that the answer has been given.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

State = tuple[Any, ...]
TOP = 99
"""Largest number that may occur; the smallest is 0."""
ANSWER = "The answer is"
LETTERS = "abcdefghkm"
GOODS = ("pens", "cups", "caps", "keys", "nuts", "eggs", "figs", "pots", "hats", "rugs")


class Move(NamedTuple):
    """Something that may be written next."""

    head: str
    """The step up to its result: what is done, and with which operands."""
    result: str = ""
    """The true result; empty where a step states none."""
    new: bool = True
    """False for a restatement, which is legal but leads nowhere."""
    place: int = 0
    """Which of several equal places the move acts on, from the left."""


class Family(Protocol):
    """One kind of task."""

    several: bool
    """True when most problems have more than one derivation."""

    def draw(self, rng: random.Random, size: int) -> State | None:
        """A random first state, or None when the draw broke a limit."""
        ...

    def prompt(self, state: State) -> str:
        """The problem's text."""
        ...

    def parse(self, text: str) -> State | None:
        """The first state that a problem's text describes; None for other texts."""
        ...

    def moves(self, state: State) -> list[Move]:
        """All legal moves."""
        ...

    def play(self, state: State, move: Move, result: str) -> tuple[str, State]:
        """Text of the step and the state it leads to, taking ``result`` as written."""
        ...


def compute(left: int, sign: str, right: int) -> int:
    """``left sign right`` for the signs + - *."""
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


def easy(left: int, sign: str, right: int) -> bool:
    """Whether the sum stays within 0..TOP and products within the table of ten."""
    small = sign != "*" or max(left, right) <= 10
    return small and 0 <= compute(left, sign, right) <= TOP


def _finish(move: Move, result: str) -> tuple[str, State] | None:
    return (f"{ANSWER} {result} .", ()) if move.head == ANSWER else None


def _pair_moves(pool: tuple[int, ...]) -> list[Move]:
    """All sums of two members of a pool, in both orders; the answer when one number is left."""
    if len(pool) == 1:
        return [Move(ANSWER, str(pool[0]))]
    pairs = {(a, b) for i, a in enumerate(pool) for j, b in enumerate(pool) if i != j}
    return [Move(f"{a} + {b}", str(a + b)) for a, b in sorted(pairs)]


def _join(pool: tuple[int, ...], head: str, result: str) -> tuple[int, ...]:
    left = list(pool)
    for operand in head.split(" + "):
        left.remove(int(operand))
    return (*left, int(result))


class Sum:
    """Add up numbers, two at a time in any order; what is left is never written down."""

    several = True

    def draw(self, rng: random.Random, size: int) -> State | None:
        """``size`` numbers whose sum is at most 60."""
        return tuple(rng.randint(1, 60 // size) for _ in range(size))

    def prompt(self, state: State) -> str:
        """The problem's text."""
        return f"Add {' '.join(map(str, state))} ."

    def parse(self, text: str) -> State | None:
        """The first state, or None."""
        found = re.fullmatch(r"Add ((?:\d{1,4} ){2,})\.", text, re.ASCII)
        return tuple(map(int, found[1].split())) if found else None

    def moves(self, state: State) -> list[Move]:
        """All legal moves."""
        return _pair_moves(state) if state else []

    def play(self, state: State, move: Move, result: str) -> tuple[str, State]:
        """Text of the step and the state it leads to."""
        return _finish(move, result) or (f"{move.head} = {result} .", _join(state, move.head, result))


class Expr:
    """Work out an expression by reducing any innermost bracket and writing the line anew."""

    several = True
    _INNER = re.compile(r"\( (\d+) ([-+*]) (\d+) \)")

    def draw(self, rng: random.Random, size: int) -> State | None:
        """A random tree with ``size`` leaves, every value within 0..TOP."""
        built = self._tree(rng, size)
        return None if built is None else (built[0][2:-2],)

    def _tree(self, rng: random.Random, size: int) -> tuple[str, int] | None:
        if size == 1:
            value = rng.randint(1, 12)
            return str(value), value
        cut = rng.randint(1, size - 1)
        left, right = self._tree(rng, cut), self._tree(rng, size - cut)
        sign = rng.choice("++--*")
        if left is None or right is None or not easy(left[1], sign, right[1]):
            return None
        return f"( {left[0]} {sign} {right[0]} )", compute(left[1], sign, right[1])

    def prompt(self, state: State) -> str:
        """The problem's text."""
        return f"Work out {state[0]} ."

    def parse(self, text: str) -> State | None:
        """The first state, or None."""
        found = re.fullmatch(r"Work out ([-+*()\d ]{5,400}) \.", text, re.ASCII)
        return (found[1],) if found else None

    def moves(self, state: State) -> list[Move]:
        """All legal moves."""
        if not state:
            return []
        if re.fullmatch(r"\d+", state[0]):
            return [Move(ANSWER, state[0])]
        found: list[Move] = []
        for a, s, b in self._INNER.findall(f"( {state[0]} )"):
            head = f"{a} {s} {b}"
            earlier = sum(move.head == head for move in found)
            found.append(Move(head, str(compute(int(a), s, int(b))), place=earlier))
        return found

    def play(self, state: State, move: Move, result: str) -> tuple[str, State]:
        """Text of the step and the state it leads to."""
        if ended := _finish(move, result):
            return ended
        parts = f"( {state[0]} )".split(f"( {move.head} )")
        cut = move.place + 1
        line = result.join(f"( {move.head} )".join(side) for side in (parts[:cut], parts[cut:]))
        line = line[2:-2] if len(line) > len(result) else line
        return f"{move.head} = {result} so {line} .", (line,)


class Shop:
    """Total cost of several goods: cost of each and sums of costs, in any order."""

    several = True

    def draw(self, rng: random.Random, size: int) -> State | None:
        """``size`` goods with amounts and prices; the total is at most TOP."""
        dear = max(3, min(9, TOP // (4 * size)))
        goods = rng.sample(GOODS, size)
        lines = tuple((good, rng.randint(2, 9), rng.randint(2, dear)) for good in goods)
        total = sum(amount * price for _, amount, price in lines)
        return (lines, (), ()) if total <= TOP else None

    def prompt(self, state: State) -> str:
        """The problem's text."""
        listed = " , ".join(f"{amount} {good} at {price}" for good, amount, price in state[0])
        return f"Buy {listed} . Total ?"

    def parse(self, text: str) -> State | None:
        """The first state, or None."""
        found = re.fullmatch(r"Buy (.{5,400}) \. Total \?", text)
        lines = [
            re.fullmatch(r"(\d{1,4}) ([a-z]+) at (\d{1,4})", part, re.ASCII)
            for part in (found[1].split(" , ") if found else [""])
        ]
        if not all(lines):
            return None
        return tuple((m[2], int(m[1]), int(m[3])) for m in lines if m), (), ()

    def moves(self, state: State) -> list[Move]:
        """All legal moves."""
        if not state:
            return []
        lines, done, pool = state
        found = [Move(f"{g} : {n} * {p}", str(n * p), g not in done) for g, n, p in lines]
        if len(pool) > 1 or len(done) == len(lines):
            found += _pair_moves(pool)
        return found

    def play(self, state: State, move: Move, result: str) -> tuple[str, State]:
        """Text of the step and the state it leads to."""
        if ended := _finish(move, result):
            return ended
        lines, done, pool = state
        text = f"{move.head} = {result} ."
        if ":" not in move.head:
            return text, (lines, done, _join(pool, move.head, result))
        good = move.head.split()[0]
        if good in done:
            return text, state
        return text, (lines, (*done, good), (*pool, int(result)))


class Let:
    """Work out a variable through definitions that use other variables, in any order that works."""

    several = True

    def draw(self, rng: random.Random, size: int) -> State | None:
        """``size`` definitions over one or two constants; the last one is asked for."""
        constants = 1 + (size > 2)
        names = rng.sample(LETTERS, size + constants)
        known = {name: rng.randint(1, 12) for name in names[:constants]}
        values, rules = dict(known), []
        for name in names[constants:]:
            # Recent variables come first, so that most of them matter for the answer.
            left = rng.choice(list(values)[-3:])
            right = rng.choice(list(values)) if rng.random() < 0.5 else str(rng.randint(2, 9))
            sign = rng.choice("++-*")
            a, b = values[left], int(right) if right.isdigit() else values[right]
            if not easy(a, sign, b):
                return None
            rules.append((name, left, sign, right))
            values[name] = compute(a, sign, b)
        return tuple(known.items()), tuple(rules), names[-1]

    def prompt(self, state: State) -> str:
        """The problem's text."""
        known, rules, target = state
        parts = [f"{n} = {v}" for n, v in known] + [f"{n} = {a} {s} {b}" for n, a, s, b in rules]
        return f"Let {' , '.join(parts)} . Find {target} ."

    def parse(self, text: str) -> State | None:
        """The first state, or None."""
        found = re.fullmatch(r"Let (.{5,400}) \. Find ([a-z]) \.", text)
        if not found:
            return None
        known, rules = [], []
        for part in found[1].split(" , "):
            if m := re.fullmatch(r"([a-z]) = (\d{1,4})", part, re.ASCII):
                known.append((m[1], int(m[2])))
            elif m := re.fullmatch(r"([a-z]) = ([a-z]) ([-+*]) ([a-z]|\d{1,4})", part, re.ASCII):
                rules.append((m[1], m[2], m[3], m[4]))
            else:
                return None
        return tuple(known), tuple(rules), found[2]

    def moves(self, state: State) -> list[Move]:
        """All legal moves."""
        if not state:
            return []
        known, rules, target = state
        values: Mapping[str, int] = dict(known)
        found = []
        for name, left, sign, right in rules:
            if left in values and (right in values or right.isdigit()):
                a, b = values[left], values[right] if right in values else int(right)
                found.append(Move(f"{name} = {a} {sign} {b}", str(compute(a, sign, b)), name not in values))
        if target in values:
            found = [move._replace(new=False) for move in found] + [Move(ANSWER, str(values[target]))]
        return found

    def play(self, state: State, move: Move, result: str) -> tuple[str, State]:
        """Text of the step and the state it leads to."""
        if ended := _finish(move, result):
            return ended
        known, rules, target = state
        text = f"{move.head} = {result} ."
        name = move.head.split()[0]
        if name in dict(known):
            return text, state
        return text, ((*known, (name, int(result))), rules, target)


class Cancel:
    """Simplify a signed sum of letters by striking out opposite terms, one pair at a time."""

    several = True

    def draw(self, rng: random.Random, size: int) -> State | None:
        """``size`` opposite pairs and three terms that stay, in random order."""
        names = rng.sample(LETTERS, size + 3)
        # Several terms stay, so that a slip in copying the line mostly shows in the answer.
        terms = [(rng.choice("+-"), name) for name in names[:3]]
        terms += [(sign, name) for name in names[3:] for sign in "+-"]
        rng.shuffle(terms)
        return tuple(terms)

    def _line(self, terms: State) -> str:
        line = " ".join(f"{sign} {name}" for sign, name in terms)
        return line[2:] if line.startswith("+ ") else line

    def prompt(self, state: State) -> str:
        """The problem's text."""
        return f"Simplify {self._line(state)} ."

    def parse(self, text: str) -> State | None:
        """The first state, or None."""
        found = re.fullmatch(r"Simplify (- )?([a-z](?: [-+] [a-z]){1,99}) \.", text)
        if not found:
            return None
        tokens = [found[1].strip() if found[1] else "+", *found[2].split()]
        return tuple(zip(tokens[::2], tokens[1::2], strict=True))

    def moves(self, state: State) -> list[Move]:
        """All legal moves."""
        plus, minus = ({name for sign, name in state if sign == side} for side in "+-")
        if state and not plus & minus:
            return [Move(ANSWER, self._line(state))]
        return [Move(f"cancel {name}") for name in sorted(plus & minus)]

    def play(self, state: State, move: Move, result: str) -> tuple[str, State]:
        """Text of the step and the state it leads to (the first of each sign is struck out)."""
        if ended := _finish(move, result):
            return ended
        left = list(state)
        for sign in "+-":
            left.remove((sign, move.head.split()[1]))
        return f"{move.head} : {self._line(tuple(left))} .", tuple(left)


FAMILIES: Mapping[str, Family] = {
    "sum": Sum(),
    "expr": Expr(),
    "shop": Shop(),
    "let": Let(),
    "cancel": Cancel(),
}
"""Every family by name."""

LADDER: Mapping[str, tuple[int, ...]] = {
    "sum": (3, 4, 5, 6, 7, 8),
    "expr": (3, 4, 5, 6, 7, 8),
    "shop": (2, 3, 4, 5, 6, 7),
    "let": (2, 3, 4, 5, 6, 7),
    "cancel": (2, 3, 4, 5, 6, 7),
}
"""Family → size per rung: numbers to add, leaves of the expression, items bought, definitions to work
out, pairs of terms that cancel. Fixed before any model was trained: another number makes other tasks,
and every committed weight, table and figure would have to be made again."""
