"""Tables as tools see them: named columns, rows counted from 1, cells as text or numbers.

A problem brings its table in ``context["table"]`` as ``{"columns": [...], "rows": [[...], ...]}``, several
in ``context["tables"]`` by name, or as one Markdown table in its text (what a chat log holds).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from prmkit.errors import RecordError
from prmkit.segment import markdown_spans
from prmkit.types import Json, Problem
from prmkit_tables.cells import Cell, plain, written

MAX_CELLS = 200_000
"""Larger tables are not read."""

_BAR = re.compile(r"(?<!\\)\|")


class TableError(RecordError):
    """A table is malformed."""


@dataclass(frozen=True, slots=True)
class Table:
    """A rectangular table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    name: str = ""

    def place(self, column: str) -> int | None:
        """Position of the column called ``column``; None when there is none, or more than one.

        Letter case, spaces and punctuation do not count.

        Examples:
            >>> Table(("Net Amt", "year"), ()).place("net_amt")
            0
        """
        found = [at for at, name in enumerate(self.columns) if name == column]
        found = found or [at for at, name in enumerate(self.columns) if plain(name) == plain(column)]
        return found[0] if len(found) == 1 else None

    def cells(self, column: int) -> list[Cell]:
        """The cells of one column, from top to bottom."""
        return [row[column] for row in self.rows]


def read_table(value: Json, *, name: str = "") -> Table:
    """A table from ``{"columns", "rows"}``.

    Raises:
        TableError: It is no such mapping, a row has another length than the header, a cell is no text,
            number, truth value or null, or it is too large.

    Examples:
        >>> read_table({"columns": ["name", "kg"], "rows": [["ann", 3]]}).rows
        (('ann', 3),)
    """
    if not isinstance(value, Mapping) or "columns" not in value or "rows" not in value:
        raise TableError(
            f"a table must be an object with columns and rows, got {value!r:.60}",
            do='write {"columns": ["a", "b"], "rows": [["1", "2"]]}',
            field="table",
        )
    columns, rows = value["columns"], value["rows"]
    if not isinstance(columns, (list, tuple)) or not all(isinstance(name, str) for name in columns):
        raise TableError("columns must be a list of names", do="write one text per column", field="columns")
    if not columns:
        raise TableError("the table has no column", do="name at least one column", field="columns")
    if not isinstance(rows, (list, tuple)) or len(rows) * len(columns) > MAX_CELLS:
        raise TableError(
            f"rows must be a list, of at most {MAX_CELLS} cells", do="write a list of rows", field="rows"
        )
    for number, row in enumerate(rows, 1):
        if not isinstance(row, (list, tuple)) or len(row) != len(columns):
            width = len(row) if isinstance(row, (list, tuple)) else 0
            raise TableError(
                f"table row {number} has {width} cells under {len(columns)} columns",
                do="give every row one cell per column",
                field="rows",
            )
        for cell in row:
            if cell is not None and not isinstance(cell, (str, int, float)):
                raise TableError(
                    f"table row {number} holds {cell!r:.40}", do="write texts, numbers or null", field="rows"
                )
    title = value.get("name") or name
    return Table(tuple(columns), tuple(map(tuple, rows)), title if isinstance(title, str) else name)


def table_of(problem: Problem) -> Table | None:
    """The problem's one table: from its context, else the only Markdown table of its text.

    Raises:
        TableError: The context holds a malformed table.
    """
    given = problem.context.get("table")
    if given is not None:
        return read_table(given)
    several = problem.context.get("tables")
    if isinstance(several, Mapping):
        return read_table(*several.values()) if len(several) == 1 else None
    found = markdown_tables(problem.text)
    return found[0] if len(found) == 1 else None


def tables_of(problem: Problem) -> dict[str, Table]:
    """All tables of a problem by name; a table without a name is called ``t``.

    Raises:
        TableError: The context holds a malformed table.
    """
    several = problem.context.get("tables")
    if isinstance(several, Mapping):
        return {str(name): read_table(value, name=str(name)) for name, value in several.items()}
    one = table_of(problem)
    return {} if one is None else {one.name or "t": one}


# ---------------------------------------------------------------- Markdown


def as_markdown(table: Table) -> str:
    r"""The table as Markdown; bars and line breaks inside cells are escaped.

    Examples:
        >>> as_markdown(Table(("name", "kg"), (("ann", 3),)))
        '| name | kg |\n| --- | --- |\n| ann | 3 |'
    """
    lines = [table.columns, ("---",) * len(table.columns), *table.rows]
    return "\n".join(f"| {' | '.join(_escaped(written(cell)) for cell in line)} |" for line in lines)


def _escaped(cell: str) -> str:
    return " ".join(cell.split()).replace("\\", "\\\\").replace("|", "\\|")


def markdown_tables(text: str) -> list[Table]:
    r"""The Markdown tables of a text; malformed ones are left out.

    Examples:
        >>> markdown_tables("Look:\n| a | b |\n|---|---|\n| 1 | x\\|y |")[0].rows
        (('1', 'x|y'),)
    """
    return list(_markdown_tables(text))


@functools.lru_cache(maxsize=8)
def _markdown_tables(text: str) -> tuple[Table, ...]:
    found = []
    for start, end in markdown_spans(text):
        lines = text[start:end].splitlines()
        columns = split_row(lines[0])
        rows = [split_row(line) for line in lines[2:]]
        if columns and all(len(row) == len(columns) for row in rows):
            found.append(Table(tuple(columns), tuple(map(tuple, rows))))
    return tuple(found)


def split_row(line: str) -> list[str]:
    """Cells of one line with bars."""
    inner = unicodedata.normalize("NFC", line.strip())
    inner = inner.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|").replace("\\\\", "\\") for cell in _BAR.split(inner)]
