"""Arithmetic claims in running text: every link of every chain of equalities, with its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers._measures import Measure
from prmkit_math.verifiers._numbers import Value
from prmkit_math.verifiers.comparison import Match, Sides, equal
from prmkit_math.verifiers.expression import CannotEvaluate, Parser

MAX_LINKS = 200

Span = tuple[int, int]


class Link(NamedTuple):
    """One equality ``left = right``, both sides evaluated."""

    left: Span
    """Lexemes of the left side."""
    right: Span
    left_value: Value
    right_value: Value
    about: bool
    """The relation says *approximately*."""
    match: Match


def links(lexer: Lexer, *, bare: bool = False) -> Iterator[Link]:
    """Evaluate every equality whose two sides are whole expressions.

    Args:
        lexer: The text, cut into lexemes.
        bare: Also take equalities without any operation, such as ``5 = 6``.
    """
    kinds = lexer.kinds
    parser = Parser(kinds, lexer.values)
    memo: dict[Span, Value | None] = {}
    relations = [at for at, kind in enumerate(kinds) if kind == "=" or kind == "a"]
    for at in relations[:MAX_LINKS]:
        left = _left(kinds, at)
        if left is None:
            continue
        right = _right(kinds, at)
        if right is None or not (bare or left[1] - left[0] > 1 or right[1] - right[0] > 1):
            continue
        left_value = _value(parser, left, memo)
        if left_value is None:
            continue
        right_value = _value(parser, right, memo)
        if right_value is None:
            continue
        about = kinds[at] == "a"
        match = Match.EQUAL
        if not (left_value == right_value or equal(left_value, right_value)):
            match = Sides(kinds, lexer.values, left, right, about, lexer.money).match()
        yield Link(left, right, left_value, right_value, about, match)


def _value(parser: Parser, span: Span, memo: dict[Span, Value | None]) -> Value | None:
    if span not in memo:
        try:
            memo[span] = parser.evaluate(*span)
        except CannotEvaluate:
            memo[span] = None
    return memo[span]


def _left(kinds: list[str], at: int) -> Span | None:
    """Lexemes that end at the relation: back to a break, a relation, or an unbalanced bracket."""
    depth = 0
    k = at - 1
    while True:
        kind = kinds[k]
        if kind == ")":
            depth += 1
        elif kind == "(":
            if depth == 0:
                break
            depth -= 1
        elif kind == "!":
            return None
        elif kind in "B=aq":
            if depth:
                return None
            break
        k -= 1
    start = k + 1
    if start == at or (kinds[k] == "(" and kinds[k - 1] in "&^FRC"):
        return None
    return start, at


def _right(kinds: list[str], at: int) -> Span | None:
    """Lexemes from the relation on: to a break, a relation, or an unbalanced bracket."""
    depth = 0
    opened = 0
    k = at + 1
    while True:
        kind = kinds[k]
        if kind == "(":
            if depth == 0:
                opened = k
            depth += 1
        elif kind == ")":
            if depth == 0:
                break
            depth -= 1
        elif kind == "!":
            if depth and kinds[opened - 1] in "su":
                k, depth = opened - 1, 0
                break
            return None
        elif kind in "B=aq":
            if depth:
                # A comment in brackets may hold anything.
                if kinds[opened - 1] not in "su":
                    return None
                k = opened - 1
            break
        k += 1
    return (at + 1, k) if k > at + 1 else None


def mixes_units(lexer: Lexer, span: Span) -> bool:
    """Does a sum add plain numbers of different units, as in ``2 feet + 3 inches``?"""
    units = dict(lexer.measures)
    terms: list[set[Measure]] = [set()]
    depth = 0
    for at in range(*span):
        kind = lexer.kinds[at]
        depth += (kind == "(") - (kind == ")")
        if not depth and kind in "+-" and at > span[0]:
            terms.append(set())
        elif at in units:
            terms[-1].add(units[at])
    single = [next(iter(term)) for term in terms if len(term) == 1]
    return len(set(single)) > len({measure.dimension for measure in single})


def value_of(text: str) -> Value | None:
    """Value of a text that is one expression, or None.

    Examples:
        >>> value_of("(2 + 3) * 4"), value_of("two")
        (20, None)
    """
    lexer = Lexer(text)
    if "B" in lexer.kinds[1:-1]:
        return None
    return _value(Parser(lexer.kinds, lexer.values), (1, len(lexer.kinds) - 1), {})
