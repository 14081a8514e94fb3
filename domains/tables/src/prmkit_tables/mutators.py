"""Planted mistakes: each takes a right solution and spoils one step of it.

``wrong_cell`` and ``wrong_result`` change a number; ``wrong_name``, ``wrong_column`` and ``flipped_truth``
change none. The steps after the mistake stay as they were. A place is passed over when the change would leave
the statement true.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from prmkit.errors import RecordError
from prmkit.mutators import TextMutator
from prmkit.types import Problem
from prmkit_tables.cells import folded, number, shown, written
from prmkit_tables.sql.find import queries
from prmkit_tables.table import Table, table_of
from prmkit_tables.verifiers.aggregates import AGGREGATES
from prmkit_tables.verifiers.arithmetic import equations
from prmkit_tables.verifiers.words import NUMBER, column_pattern

Variants = Callable[[Table, str, random.Random], Iterator[str]]


def _quotes(table: Table, text: str) -> Iterator[tuple[int, int, re.Match[str]]]:
    """True quotes ``row 2 kg is 5``: position of the row and of the column, and the match."""
    pattern = re.compile(
        rf"\brow (?P<row>\d{{1,6}}) (?:has )?{column_pattern(table.columns)} (?:is|=|of)?\s*"
        rf"(?P<value>{NUMBER}|\w+)",
        re.IGNORECASE,
    )
    for found in pattern.finditer(text):
        row, column = int(found["row"]) - 1, table.place(found["column"])
        if column is None or not 0 <= row < len(table.rows):
            continue
        if folded(written(table.rows[row][column])) == folded(found["value"]):
            yield row, column, found


def _splice(text: str, found: re.Match[str], group: str, new: str) -> str:
    return text[: found.start(group)] + new + text[found.end(group) :]


def _wrong_cell(table: Table, text: str, draw: random.Random) -> Iterator[str]:
    for row, column, found in _quotes(table, text):
        value = number(found["value"])
        if value is not None:
            others = {number(cell) for cell in table.cells(column)} - {value, None}
            near = sorted(other for other in others if other is not None) or [value + 1]
            del row
            yield _splice(text, found, "value", shown(draw.choice(near)))


def _wrong_result(table: Table, text: str, draw: random.Random) -> Iterator[str]:
    del table
    for equation in equations(text):
        stated = number(equation.right)
        if stated is not None and stated == equation.value and stated.denominator == 1:
            at = equation.end - len(equation.right)
            yield text[:at] + shown(stated + draw.choice((1, 2, 10))) + text[equation.end :]
    names = "|".join(AGGREGATES)
    for found in re.finditer(rf"\b(?:{names})\b[^.\n]{{1,60}}? is (?P<value>{NUMBER})(?=\s*\.?\s*$)", text):
        stated = number(found["value"])
        if stated is not None and stated.denominator == 1:
            yield _splice(text, found, "value", shown(stated + draw.choice((1, 2, 10))))


def _wrong_name(table: Table, text: str, draw: random.Random) -> Iterator[str]:
    names = [written(row[0]) for row in table.rows]
    for found in re.finditer(r"\brow (?P<row>\d{1,6}) is (?P<name>[\w-]+)", text):
        row = int(found["row"]) - 1
        others = [name for name in names if folded(name) != folded(found["name"])]
        if 0 <= row < len(names) and folded(names[row]) == folded(found["name"]) and others:
            yield _splice(text, found, "name", draw.choice(others))


def _wrong_column(table: Table, text: str, draw: random.Random) -> Iterator[str]:
    """Another column in a quote; in a query, a column that is not there."""
    for row, column, found in _quotes(table, text):
        cell = folded(written(table.rows[row][column]))
        others = [
            name
            for at, name in enumerate(table.columns)
            if at and at != column and folded(written(table.rows[row][at])) != cell and name.strip()
        ]
        if others:
            yield _splice(text, found, "column", draw.choice(others))
    for query in queries(text):
        for name in table.columns:
            used = re.search(rf"(?<![\w.'\"`]){re.escape(name)}(?![\w'\"`])", query.sql, re.IGNORECASE)
            if used and re.fullmatch(r"[A-Za-z]\w*", name):
                at = query.start + used.start()
                yield f"{text[:at]}{name}_total{text[at + len(name) :]}"


def _flipped_truth(table: Table, text: str, draw: random.Random) -> Iterator[str]:
    del table, draw
    for found in re.finditer(rf"(?:{NUMBER}) (?:>|<|>=|<=) (?:{NUMBER}) is (?P<truth>true|false)\b", text):
        yield _splice(text, found, "truth", "false" if found["truth"] == "true" else "true")


def _by_table(variants: Variants) -> Callable[[Problem, str, random.Random], Iterator[str]]:
    def spoilt(problem: Problem, text: str, draw: random.Random) -> Iterator[str]:
        try:
            table = table_of(problem)
        except RecordError:
            return
        if table is not None:
            yield from variants(table, text, draw)

    return spoilt


wrong_cell = TextMutator("wrong_cell", True, _by_table(_wrong_cell))
wrong_result = TextMutator("wrong_result", True, _by_table(_wrong_result))
wrong_name = TextMutator("wrong_name", False, _by_table(_wrong_name))
wrong_column = TextMutator("wrong_column", False, _by_table(_wrong_column))
flipped_truth = TextMutator("flipped_truth", False, _by_table(_flipped_truth))
