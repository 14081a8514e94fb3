"""Mistakes planted in right solutions: results, cells, operands, operations, scales."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from fractions import Fraction

from prmkit.mutators import TextMutator
from prmkit.types import Problem
from prmkit_finance.amounts import amounts, digits
from prmkit_finance.material import material
from prmkit_finance.tables import years_of

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_RESULT = re.compile(rf"(?<==\s)-?\$?(?P<result>{_NUMBER})")
_BINARY = re.compile(
    rf"(?P<left>-?\$?(?:{_NUMBER})%?)(?P<sign> [-+*/] )(?P<right>\$?(?:{_NUMBER})%?)(?=[\s)]|$)"
)
_SCALE = re.compile(r"\b(?P<word>thousand|million|billion)\b")
_OTHER_SCALE = {"thousand": "million", "million": "thousand", "billion": "million"}
_OTHER_SIGN = {" + ": " - ", " - ": " + ", " * ": " / ", " / ": " * "}


def _wrong_result(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem
    for found in _RESULT.finditer(step):
        read = digits(found["result"])
        if read is None:
            continue
        value, decimals = read
        other = value + draw.choice([2, 3, 7, 11]) * Fraction(max(1, round(value / 10)))
        text = f"{float(other):.{decimals}f}" if decimals else str(int(other))
        yield step[: found.start("result")] + text + step[found.end("result") :]


def _wrong_cell(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    """The amount of another column of the same row."""
    del draw
    table = material(problem).table
    if table is None or len(years_of(step)) != 1 or re.search(r"[=+*/]\s*[-$\d(].*=", step):
        return
    for amount in amounts(step):
        cells = [c for c in table.cells if c.amount.number == amount.number and c.years == years_of(step)]
        others = {
            c.amount.number
            for cell in cells
            for c in table.cells
            if c.row == cell.row and c.amount.number != amount.number and c.years != cell.years
        }
        for number in sorted(others):
            said = f"{float(number):,.{amount.decimals}f}" if amount.decimals else f"{int(number):,}"
            written = re.sub(_NUMBER, said, step[amount.start : amount.end], count=1)
            yield step[: amount.start] + written + step[amount.end :]


def _swapped_operands(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem, draw
    for found in _BINARY.finditer(step):
        if found["sign"].strip() in "-/" and found["left"].lstrip("-") != found["right"]:
            yield step[: found.start()] + found["right"] + found["sign"] + found["left"] + step[found.end() :]


def _wrong_operation(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem, draw
    for found in _BINARY.finditer(step):
        yield step[: found.start("sign")] + _OTHER_SIGN[found["sign"]] + step[found.end("sign") :]


def _wrong_scale(problem: Problem, step: str, draw: random.Random) -> Iterator[str]:
    del problem, draw
    for found in _SCALE.finditer(step):
        yield step[: found.start()] + _OTHER_SCALE[found["word"]] + step[found.end() :]


wrong_result = TextMutator("wrong_result", True, _wrong_result)
wrong_cell = TextMutator("wrong_cell", True, _wrong_cell)
swapped_operands = TextMutator("swapped_operands", False, _swapped_operands)
wrong_operation = TextMutator("wrong_operation", False, _wrong_operation)
wrong_scale = TextMutator("wrong_scale", False, _wrong_scale)
