"""Planted mistakes: each takes a right solution and spoils one step of it.

``wrong_result`` changes a number; ``wrong_operator``, ``swapped_operands`` and ``flipped_negation``
change none. The steps after the mistake stay as they were. A place is passed over when the change
would leave the statement true.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from fractions import Fraction

from prmkit.mutators import TextMutator
from prmkit.types import Problem

_NUMBER = r"\d{1,9}(?:\.\d{1,4})?"
_EQUATION = re.compile(
    rf"(?<![\d.)*/+^=-])(?<![\d)*/+^=-] )(?P<left>{_NUMBER})(?P<gap> ?)(?P<sign>[-+*/×÷])(?P<space> ?)"
    rf"(?P<right>{_NUMBER})(?P<equals> ?= ?\$?)(?P<result>{_NUMBER})(?![\d%]|\.\d|,\d| ?[*/+×÷^-])"
)
_COPULA = re.compile(r"\b(?P<verb>is|are)(?P<negated> not)?(?= (?:an? )?[a-z][a-z-]*(?: [a-z-]+)?\.?$)")
_OTHER_SIGN = {"+": "-", "-": "+", "*": "+", "/": "*", "×": "+", "÷": "×"}


def _value(left: str, sign: str, right: str) -> Fraction | None:
    a, b = Fraction(left), Fraction(right)
    if sign == "+":
        return a + b
    if sign == "-":
        return a - b
    if sign in "*×":
        return a * b
    return a / b if b else None


def _equations(step: str) -> Iterator[re.Match[str]]:
    """Equations ``a op b = c`` that are true as they stand."""
    for match in _EQUATION.finditer(step):
        if _value(match["left"], match["sign"], match["right"]) == Fraction(match["result"]):
            yield match


def _splice(step: str, match: re.Match[str], group: str, new: str) -> str:
    return step[: match.start(group)] + new + step[match.end(group) :]


def _wrong_result(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem
    for match in _equations(step):
        value = Fraction(match["result"])
        shift = draw.choice([shift for shift in (-10, -2, -1, 1, 2, 10) if value + shift > 0] or [1])
        yield _splice(step, match, "result", _spelled(value + shift, match["result"]))


def _spelled(value: Fraction, like: str) -> str:
    places = len(like.partition(".")[2])
    return f"{float(value):.{places}f}" if places else str(int(value))


def _wrong_operator(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem, draw
    for match in _equations(step):
        other = _OTHER_SIGN[match["sign"]]
        if _value(match["left"], other, match["right"]) != Fraction(match["result"]):
            yield _splice(step, match, "sign", other)


def _swapped_operands(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem, draw
    for match in _equations(step):
        if match["sign"] in "-/÷" and match["left"] != match["right"] and Fraction(match["left"]):
            middle = step[match.end("left") : match.start("right")]
            yield (
                step[: match.start("left")]
                + match["right"]
                + middle
                + match["left"]
                + step[match.end("right") :]
            )


def _flipped_negation(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem, draw
    for match in _COPULA.finditer(step):
        yield step[: match.end("verb")] + ("" if match["negated"] else " not") + step[match.end() :]


wrong_result = TextMutator("wrong_result", True, _wrong_result)
wrong_operator = TextMutator("wrong_operator", False, _wrong_operator)
swapped_operands = TextMutator("swapped_operands", False, _swapped_operands)
flipped_negation = TextMutator("flipped_negation", False, _flipped_negation)
