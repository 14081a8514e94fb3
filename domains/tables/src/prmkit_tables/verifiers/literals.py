"""The verifier ``tables/literals``: numbers that a program copies out of the table, against the table.

A list of numbers is compared with the columns (stems and leaves put together), a dictionary with the rows
its keys name, and ``oil_paint_price = 58`` with the row ``oil paint``. The program is parsed, never run.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from prmkit.contracts import Finding
from prmkit.types import Claim, Problem, Scope, Trajectory, Verdict
from prmkit_tables.cells import Cell, amount, plain, shown, written
from prmkit_tables.table import Table
from prmkit_tables.verifiers.findings import against_table, conclude
from prmkit_tables.verifiers.stems import stem_and_leaf

FEWEST = 3
"""Numbers that a list needs to be compared with a column."""
_NUMERAL = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


class Literals:
    """Compare data in programs with the table they were copied from.

    What it does not check: what the program does with them; lists of fewer than three numbers; numbers that
    belong to the question.
    """

    name = "tables/literals"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        question = str(problem.context.get("question", ""))
        return against_table(problem, trajectory, lambda table, text: judge(table, text, question))


def judge(table: Table, text: str, question: str = "") -> Finding:
    """Verdict on one step of a program.

    Examples:
        >>> cups = Table(("Stem", "Leaf"), (("2", "3, 5"), ("4", "0")))
        >>> judge(cups, "cups = [3, 5, 0]").reason
        'the leaves stand without their stems: the numbers are 23, 25, 40'
    """
    nothing = "copies no data"
    if "=" not in text or not re.search(r"\d", text):
        return conclude([], nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return conclude([], "is no program")
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    facts = _Facts.of(table, question)
    claims = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            span = _span(node, lines, text)
            claims += [Claim(*span, *said) for said in _assigned(facts, node.targets[0].id, node.value)]
    return conclude(claims, nothing)


def _span(node: ast.Assign, lines: Sequence[int], text: str) -> tuple[int, int]:
    start, end = lines[node.lineno - 1], lines[(node.end_lineno or node.lineno) - 1]
    # Columns count bytes; on lines of plain text they count characters.
    if text.isascii():
        return start + node.col_offset, end + (node.end_col_offset or 0)
    return start, min(len(text), lines[node.end_lineno or node.lineno])


class _Facts(NamedTuple):
    """What a table says, for quick comparison."""

    columns: Sequence[Sequence[Fraction]]
    stems: Sequence[Fraction]
    leaves: Sequence[Fraction]
    rows: dict[str, list[frozenset[Fraction]]]
    asked: frozenset[Fraction]

    @classmethod
    def of(cls, table: Table, question: str) -> _Facts:
        columns = []
        for at in range(len(table.columns)):
            values = [amount(cell) for cell in table.cells(at)]
            if None not in values:
                columns.append([value for value in values if value is not None])
        rows: dict[str, list[frozenset[Fraction]]] = {}
        for row in table.rows:
            rows.setdefault(plain(written(row[0])), []).append(_numbers(row))
        # A header of years or sizes is data as well.
        heads = [amount(name) for name in table.columns]
        asked = {Fraction(one.replace(",", "")) for one in _NUMERAL.findall(question)}
        if heads and None not in heads[1:] and len(heads) > 1:
            columns.append([head for head in heads[1:] if head is not None])
        for row in table.rows:
            across = [amount(cell) for cell in row[1:]]
            if len(across) >= FEWEST and None not in across:
                columns.append([value for value in across if value is not None])
        stems, leaves = stem_and_leaf(table)
        return cls(columns, stems, leaves, rows, frozenset(asked))


def _numbers(row: Sequence[Cell]) -> frozenset[Fraction]:
    return frozenset(
        Fraction(one.replace(",", ""))
        for cell in row
        for one in _NUMERAL.findall(written(cell))
        if len(one) < 20
    )


def _assigned(facts: _Facts, name: str, value: ast.expr) -> Iterator[tuple[Verdict, str]]:
    if isinstance(value, (ast.List, ast.Tuple)):
        numbers = [_constant(item) for item in value.elts]
        if None not in numbers:
            yield from _list(facts, [one for one in numbers if one is not None])
    elif isinstance(value, ast.Dict):
        yield from _mapping(facts, value)
    elif facts.columns and (number := _constant(value)) is not None:
        yield from _scalar(facts, name, number)


def _constant(node: ast.expr | None) -> Fraction | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _constant(node.operand)
        return None if inner is None else -inner
    plain_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    if not plain_number or not isinstance(node, ast.Constant):
        return None
    value = node.value
    if not isinstance(value, (int, float)) or not abs(value) < 10**18:
        return None
    return Fraction(repr(value))


def _list(facts: _Facts, numbers: Sequence[Fraction]) -> Iterator[tuple[Verdict, str]]:
    if len(numbers) < FEWEST:
        return
    if facts.stems:
        yield _stems(facts, numbers)
        return
    given = Counter(numbers)
    if any(Counter(column) == given for column in facts.columns):
        yield Verdict.HOLDS, "these are the numbers of a column"
        return
    for column in facts.columns:
        same = sum(a == b for a, b in zip(column, numbers, strict=False))
        if len(column) == len(numbers) and 2 * same > len(column):
            at = next(i for i, (a, b) in enumerate(zip(column, numbers, strict=True)) if a != b)
            yield (
                Verdict.FAILS,
                f"number {at + 1} is {shown(column[at])} in the table, not {shown(numbers[at])}",
            )
            return


def _stems(facts: _Facts, numbers: Sequence[Fraction]) -> tuple[Verdict, str]:
    given = Counter(numbers)
    if given == Counter(facts.stems):
        return Verdict.HOLDS, "these are the numbers of the plot"
    right = ", ".join(map(shown, facts.stems[:12])) + (", …" if len(facts.stems) > 12 else "")
    if given == Counter(facts.leaves):
        return Verdict.FAILS, f"the leaves stand without their stems: the numbers are {right}"
    if 2 * abs(len(numbers) - len(facts.stems)) <= len(facts.stems):
        return Verdict.FAILS, f"the numbers of the plot are {right}"
    return Verdict.UNKNOWN, "not all numbers of the plot"


def _mapping(facts: _Facts, value: ast.Dict) -> Iterator[tuple[Verdict, str]]:
    held = 0
    for key, item in zip(value.keys, value.values, strict=True):
        number = _constant(item)
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or number is None:
            continue
        rows = facts.rows.get(plain(key.value), [])
        if len(rows) != 1:
            continue
        if number in rows[0]:
            held += 1
        elif rows[0] and number not in facts.asked:
            there = ", ".join(sorted(map(shown, rows[0])))
            yield Verdict.FAILS, f"the row of {key.value[:40]!r} holds {there}, not {shown(number)}"
            return
    if held:
        yield Verdict.HOLDS, f"{held} numbers stand in the rows they are said to"


def _scalar(facts: _Facts, name: str, number: Fraction) -> Iterator[tuple[Verdict, str]]:
    words = plain(name).split()
    best = [key for key in facts.rows if key and _within(key.split(), words)]
    best = [
        key for key in best if not any(key != other and _within(key.split(), other.split()) for other in best)
    ]
    if len(best) != 1 or len(facts.rows[best[0]]) != 1 or number in facts.asked:
        return
    row = facts.rows[best[0]][0]
    if number in row:
        yield Verdict.HOLDS, f"{shown(number)} stands in the row of {best[0]!r}"


def _within(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether ``part`` stands in ``whole`` as a run."""
    return any(list(whole[at : at + len(part)]) == list(part) for at in range(len(whole) - len(part) + 1))
