"""The verifier ``tables/retrieval``: cells, rows and sub-tables that a step says it took from the table.

Read are ``row 2 kg is 5``, ``row 2 is ann``, ``the rows where kg > 3 are 1 and 4``, ``rows 1 and 4 have
kg > 3``, ``the kg of ann is 5``, and Markdown tables whose columns are all columns of the table.

Rows count from 1. Where the problem does not say so (``context["row_base"]``), a claim fails only when it is
wrong counted from 0 as well.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from prmkit.contracts import Finding
from prmkit.segment import fences, markdown_spans
from prmkit.types import Claim, Problem, Scope, Trajectory, Verdict
from prmkit_tables.cells import Cell, agrees, amount, folded, number, written
from prmkit_tables.equality import same_value
from prmkit_tables.table import Table, markdown_tables
from prmkit_tables.verifiers.findings import against_table, conclude
from prmkit_tables.verifiers.words import (
    NUMBER,
    Condition,
    column_pattern,
    condition,
    keyed,
    row_list,
    rows_that_meet,
)

_ROW = re.compile(r"\brow (?P<row>\d{1,6})\b(?:'s)?(?: has)?[ ,:]*", re.IGNORECASE)
_WHERE = re.compile(r"\brows? (?:where|with|whose|that have)\b ?", re.IGNORECASE)
_HAVE = re.compile(
    r"\brows? (?=\d[\d, and]* (?:have|has|meet|meets|satisfy|satisfies|with|where)\b)", re.IGNORECASE
)
_VALUE = rf"(?P<value>{NUMBER}(?![\w.,]*\d)|[`'\"\u201c][^`'\"\u201d\n]{{1,80}}[`'\"\u201d]|[^\s,.;:()]+)"


class Retrieval:
    """Compare what a step quotes from the table with the table.

    What it does not check: whether these were the rows and cells to look at, and words that say otherwise
    than the forms above.
    """

    name = "tables/retrieval"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        base = problem.context.get("row_base")
        bases = (base,) if base in (0, 1) else (1, 0)
        return against_table(problem, trajectory, lambda table, text: judge(table, text, bases))


def judge(table: Table, text: str, bases: Sequence[int] = (1, 0)) -> Finding:
    """Verdict on one step.

    Args:
        table: The problem's table.
        text: The step.
        bases: What the first row may be called; the first is what HOLDS is said by.

    Examples:
        >>> pens = Table(("name", "kg"), (("ann", "3"), ("bob", "5")))
        >>> judge(pens, "Row 2 kg is 3 .", (1,)).reason
        'row 2 has kg 5, not 3'
    """
    claims = list(_claims(table, text, bases)) if re.search(r"\brows?\b| (?:of|for) |\|", text, re.I) else []
    return conclude(sorted(claims, key=lambda claim: claim.start), "quotes no row or cell")


def _claims(table: Table, text: str, bases: Sequence[int]) -> Iterator[Claim]:
    spans = [*fences(text), *markdown_spans(text)]
    outside = "".join(" " if any(a <= at < b for a, b in spans) else sign for at, sign in enumerate(text))
    plain = outside if spans else text
    yield from _cells(table, plain, bases)
    yield from _row_sets(table, plain, bases)
    yield from _of(table, plain)
    yield from _quoted_tables(table, text)


# ---------------------------------------------------------------- one row


@functools.lru_cache(maxsize=64)
def _named(columns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:the )?{column_pattern(columns)}\s*(?:is|=|:|of)?\s*{_VALUE}", re.IGNORECASE)


def _cells(table: Table, text: str, bases: Sequence[int]) -> Iterator[Claim]:
    for row in _ROW.finditer(text):
        rows = [int(row["row"]) - base for base in bases]
        found = _named(table.columns).match(text, row.end())
        if found and (column := table.place(found["column"])) is not None:
            value = found["value"].strip("`'\"\u201c\u201d")
            yield _cell(table, rows, column, value, (row.start(), found.end()), int(row["row"]))
            continue
        key = re.compile(rf"(?:is|=) (?:the row (?:of|for) )?{_VALUE}", re.IGNORECASE).match(text, row.end())
        if key:
            value = key["value"].strip("`'\"\u201c\u201d")
            if keyed(table, value):
                yield _cell(table, rows, 0, value, (row.start(), key.end()), int(row["row"]))


def _cell(
    table: Table, rows: Sequence[int], column: int, value: str, span: tuple[int, int], said: int
) -> Claim:
    verdicts = [_matches(table, row, column, value) if 0 <= row < len(table.rows) else False for row in rows]
    name = table.columns[column]
    if verdicts[0]:
        return Claim(*span, Verdict.HOLDS, f"row {said} has {name} {value[:60]}")
    if all(verdict is False for verdict in verdicts):
        if not 0 <= rows[0] < len(table.rows):
            return Claim(*span, Verdict.FAILS, f"there is no row {said}: the table has {len(table.rows)}")
        cell = written(table.rows[rows[0]][column])
        return Claim(*span, Verdict.FAILS, f"row {said} has {name} {cell[:60]}, not {value[:60]}")
    return Claim(*span, Verdict.UNKNOWN, f"it cannot be said whether row {said} has {name} {value[:60]}")


def _matches(table: Table, row: int, column: int, value: str) -> bool | None:
    """Whether the cell is ``value``; None when a text differs that no cell of the column holds."""
    cell = table.rows[row][column]
    stated, there = number(value), amount(cell)
    if stated is not None and there is not None:
        return stated == there or agrees(value, there)
    if same_value(cell, value):
        return True
    if folded(written(cell)).startswith(folded(value)):
        return None
    elsewhere = any(same_value(other, value) for other in table.cells(column))
    return False if elsewhere else None


# ---------------------------------------------------------------- sets of rows


def _row_sets(table: Table, text: str, bases: Sequence[int]) -> Iterator[Claim]:
    for where in _WHERE.finditer(text):
        found = condition(table, text, where.end())
        link = found and re.compile(r"\s*(?:are|is|:|=)?\s*(?:rows? )?").match(text, found.end)
        listed = row_list(text, link.end()) if link else None
        if found and listed:
            yield _row_set(table, found.condition, listed[0], (where.start(), listed[1]), bases)
    for have in _HAVE.finditer(text):
        listed = row_list(text, have.end())
        verb = listed and re.compile(r"\s*(?:have|has|meets?|satisf(?:y|ies)|with|where)\s*").match(
            text, listed[1]
        )
        found = condition(table, text, verb.end()) if verb else None
        if listed and found:
            yield _row_part(table, found.condition, listed[0], (have.start(), found.end), bases)


def _row_set(
    table: Table, wanted: Condition, rows: list[int], span: tuple[int, int], bases: Sequence[int]
) -> Claim:
    right = rows_that_meet(table, wanted)
    if right is None:
        return Claim(*span, Verdict.UNKNOWN, "the condition cannot be decided for every row")
    if sorted(rows) == right:
        return Claim(*span, Verdict.HOLDS, f"these are the rows: {_list(right)}")
    if any(sorted(row + 1 - base for row in rows) == right for base in bases):
        return Claim(*span, Verdict.UNKNOWN, "right when the first row is row 0")
    return Claim(*span, Verdict.FAILS, f"the rows are {_list(right) or 'none'}, not {_list(sorted(rows))}")


def _row_part(
    table: Table, wanted: Condition, rows: list[int], span: tuple[int, int], bases: Sequence[int]
) -> Claim:
    right = rows_that_meet(table, wanted)
    if right is None:
        return Claim(*span, Verdict.UNKNOWN, "the condition cannot be decided for every row")
    wrong = [sorted({row + 1 - base for row in rows} - set(right)) for base in bases]
    if not wrong[0]:
        return Claim(*span, Verdict.HOLDS, f"rows {_list(sorted(rows))} do")
    if all(wrong):
        return Claim(
            *span, Verdict.FAILS, f"row {wrong[0][0]} does not; those that do are {_list(right) or 'none'}"
        )
    return Claim(*span, Verdict.UNKNOWN, "right when the first row is row 0")


def _list(rows: Sequence[int]) -> str:
    shown = ", ".join(map(str, rows[:20]))
    return f"{shown}, …" if len(rows) > 20 else shown


# ---------------------------------------------------------------- a named row


@functools.lru_cache(maxsize=64)
def _of_pattern(columns: tuple[str, ...], keys: tuple[str, ...]) -> re.Pattern[str]:
    names = (
        "|".join(re.escape(key) for key in sorted(set(keys), key=len, reverse=True)[:200] if key) or r"(?!)"
    )
    return re.compile(
        rf"(?<!\w)(?:the )?{column_pattern(columns)} (?:of|for) (?:the )?[`'\"]?(?P<key>{names})[`'\"]?"
        rf"\s*(?:is|=|:|was)\s*(?P<value>{NUMBER})(?![\w.,]*\d)(?!\s*[-+*/%\u00d7\u00f7])",
        re.IGNORECASE,
    )


def _of(table: Table, text: str) -> Iterator[Claim]:
    if " of " not in text and " for " not in text:
        return
    keys = tuple(written(row[0]).strip() for row in table.rows)
    for found in _of_pattern(table.columns, keys).finditer(text):
        column, rows = table.place(found["column"]), keyed(table, found["key"])
        stated = number(found["value"])
        if column is None or len(rows) != 1 or stated is None:
            continue
        there = amount(table.rows[rows[0]][column])
        what = f"the {table.columns[column]} of {found['key'][:60]}"
        if there is None:
            yield Claim(*found.span(), Verdict.UNKNOWN, f"{what} is no single number")
        elif stated == there or agrees(found["value"], there):
            yield Claim(*found.span(), Verdict.HOLDS, f"{what} is {found['value']}")
        else:
            cell = written(table.rows[rows[0]][column])
            yield Claim(*found.span(), Verdict.FAILS, f"{what} is {cell[:60]}, not {found['value']}")


# ---------------------------------------------------------------- sub-tables


def _quoted_tables(table: Table, text: str) -> Iterator[Claim]:
    spans = markdown_spans(text)
    found = markdown_tables(text)
    if len(spans) != len(found):
        return
    for span, part in zip(spans, found, strict=True):
        places = [table.place(name) for name in part.columns]
        if len(part.columns) < 2 or None in places or not part.rows:
            continue
        yield _sub_table(table, part, [place for place in places if place is not None], span)


def _sub_table(table: Table, part: Table, places: Sequence[int], span: tuple[int, int]) -> Claim:
    unsure = False
    for row in part.rows:
        if _stands(table, row, places):
            continue
        same_key = [r for r in table.rows if same_value(r[places[0]], row[0])]
        if len(same_key) != 1:
            unsure = True
            continue
        for cell, place in zip(row, places, strict=True):
            if same_value(same_key[0][place], cell) is False:
                there = written(same_key[0][place])
                return Claim(
                    *span,
                    Verdict.FAILS,
                    f"the row of {written(row[0])[:40]} has {table.columns[place]} {there[:40]}, "
                    f"not {written(cell)[:40]}",
                )
    if unsure:
        return Claim(*span, Verdict.UNKNOWN, "some rows are not rows of the table")
    return Claim(*span, Verdict.HOLDS, f"all {len(part.rows)} rows are rows of the table")


def _stands(table: Table, row: Sequence[Cell], places: Sequence[int]) -> bool:
    return any(
        all(same_value(r[place], cell) for cell, place in zip(row, places, strict=True)) for r in table.rows
    )
