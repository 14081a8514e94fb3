"""Tables of filings: cells with their row label, column heading, periods and amount.

Read from ``{"columns": [...], "rows": [[...]]}``, from a list of rows, or from text whose cells are
parted by ``|`` (Markdown too). Ragged rows are filled with empty cells.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prmkit.types import Json
from prmkit_finance.amounts import Amount, read_amount

MAX_CELLS = 4000
YEAR = re.compile(r"(?<!\d)(?:FY\s?|fiscal\s?|F)?((?:19|20)\d{2})(?!\d|,\d)", re.IGNORECASE)
_SHORT_YEAR = re.compile(r"\b(?:FY|F|CY)\s?'?(\d{2})\b|(?<=\s)'(\d{2})\b")
_RULE = re.compile(r":?-{2,}:?")
_EMPTY = frozenset({"", "-", "\u2014", "\u2013", "n/a", "nm", "n.m.", "\u2014%"})
_UNIT_HEAD = re.compile(
    r"\b(?:in|of)\s*(?:(?:US|U\.S\.)?\s*[A-Za-z]*\s+)?(thousands?|millions?|billions?)\b"
    r"|[$€£]\s?['\u2019]?(000)s?\b|['\u2019](000)s?\b|\((000)s?\)|[$€£]\s?(m|mn|bn|k)\b",
    re.IGNORECASE,
)
_UNIT = {"t": 10**3, "m": 10**6, "b": 10**9, "k": 10**3, "0": 10**3}


class Cell(NamedTuple):
    """One cell with an amount."""

    row: int
    column: int
    label: str
    """Row label."""
    section: str
    """Label of the last row without amounts above it."""
    heading: str
    """Text of the header cells above it."""
    years: frozenset[int]
    """Years that its column heading names, or its row label where the columns name none."""
    amount: Amount


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cell texts."""

    grid: tuple[tuple[str, ...], ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Cells with an amount, in reading order."""
        return _cells(self)

    @property
    def scales(self) -> frozenset[int]:
        """Units that the header states (``in millions`` is 10**6)."""
        return _units("\n".join(cell for row in self.grid[:4] for cell in row))

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the columns (or rows) with amounts, rising."""
        return tuple(sorted({year for cell in self.cells for year in cell.years}))


def stated_scale(text: str) -> int:
    """The unit that a heading or note states; 1 where it states none or several.

    Examples:
        >>> stated_scale("(in millions, except per share data)"), stated_scale("year"), stated_scale("$'000")
        (1000000, 1, 1000)
    """
    units = _units(text)
    return next(iter(units)) if len(units) == 1 else 1


def _units(text: str) -> frozenset[int]:
    return frozenset(_UNIT[next(filter(None, f.groups()))[0].lower()] for f in _UNIT_HEAD.finditer(text))


def years_of(text: str) -> frozenset[int]:
    """Calendar years named in a text.

    Examples:
        >>> sorted(years_of("Year ended June 30, 2019 and FY18"))
        [2018, 2019]
    """
    named = {int(found[1]) for found in YEAR.finditer(text)}
    named |= {2000 + int(found[1] or found[2]) for found in _SHORT_YEAR.finditer(text)}
    return frozenset(named)


def parse_table(given: Json) -> Table | None:
    r"""A table from whatever a context or a text holds; None where it holds none.

    Examples:
        >>> parse_table("item | 2019 | 2018\nsales | $ 12.5 | (3)").cells[1].amount.value
        Fraction(-3, 1)
    """
    rows: list[list[str]] = []
    if isinstance(given, Mapping):
        columns, body = given.get("columns"), given.get("rows") or given.get("table")
        rows = _rows([columns] if isinstance(columns, list) else []) + _rows(body)
    elif isinstance(given, list):
        rows = _rows(given)
    elif isinstance(given, str):
        rows = [_split(line) for line in given.splitlines() if "|" in line]
        rows = [row for row in rows if not all(_RULE.fullmatch(cell) for cell in row if cell)]
    width = max(map(len, rows), default=0)
    if len(rows) < 2 or width < 2 or width * len(rows) > MAX_CELLS:
        return None
    return Table(tuple(tuple(row + [""] * (width - len(row))) for row in rows))


def _rows(given: Json) -> list[list[str]]:
    if not isinstance(given, list):
        return []
    return [
        ["" if cell is None else str(cell).strip() for cell in row] for row in given if isinstance(row, list)
    ]


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _blank(text: str) -> bool:
    return text.strip().lower() in _EMPTY


@functools.lru_cache(maxsize=4096)
def cell_amount(text: str) -> Amount | None:
    """The amount of a cell such as ``$ 1,452.4``, ``(13)``, ``$ -2.3 ( 2.3 )`` or ``12 (a)``; else None."""
    plain = (
        re.sub(r"\s?\((?:\d{1,2}|[a-z])\)$", "", text)
        if re.search(r"\d.*\s\((?:\d{1,2}|[a-z])\)$", text)
        else text
    )
    plain = re.sub(r"^(\$?\s?-\s?\$?\s?[\d.,]+%?)\s*\(\s*\$?\s*[\d.,]+\s?%?\s*\)$", r"\1", plain)
    plain = (
        plain.replace("$ ", "$").replace("( ", "(").replace(" )", ")").replace(" %", "%").replace("$-", "-$")
    )
    plain = re.sub(r"[*\u2020#]+$", "", plain).strip()
    return read_amount(plain) if len(plain) <= 40 else None


def _header_rows(grid: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the data."""
    for position, row in enumerate(grid):
        read = [cell_amount(cell) for cell in row[1:]]
        if any(amount is not None and not amount.year for amount in read):
            return position
        if (
            position
            and row[0]
            and any(amount is not None for amount in read)
            and not YEAR.fullmatch(row[1] or "x")
        ):
            return position
    return min(1, len(grid))


@functools.lru_cache(maxsize=512)
def _cells(table: Table) -> tuple[Cell, ...]:
    grid = table.grid
    top = max(1, _header_rows(grid))
    headings = [
        " ".join(dict.fromkeys(filter(None, (grid[r][c] for r in range(top))))) for c in range(len(grid[0]))
    ]
    column_years = _column_years(grid[:top])
    out: list[Cell] = []
    section = ""
    for number in range(top, len(grid)):
        row = grid[number]
        read = [cell_amount(cell) for cell in row[1:]]
        label = row[0]
        if _heads_anew(row, read):
            headings, column_years, section = list(row), _column_years([row]), label
            continue
        if not any(read):
            if label and all(_blank(cell) for cell in row[1:]):
                section = label
            continue
        for column, amount in enumerate(read, 1):
            if amount is not None:
                years = column_years[column] or years_of(label)
                out.append(Cell(number, column, label, section, headings[column], years, amount))
    return tuple(out)


def _heads_anew(row: Sequence[str], read: Sequence[Amount | None]) -> bool:
    """A row among the data that names the years of the columns from there on."""
    named = [years_of(cell) for cell in row[1:]]
    return sum(map(bool, named)) > 1 and all(amount is None or amount.year for amount in read)


def _column_years(header: Sequence[Sequence[str]]) -> list[frozenset[int]]:
    """Years of each column; a year reaches over the empty header cells to its right."""
    width = len(header[0])
    found: list[frozenset[int]] = [frozenset()] * width
    for row in header:
        named = [years_of(cell) for cell in row]
        if len({tuple(sorted(years)) for years in named[1:] if years}) > 1 or (any(named[1:]) and width == 2):
            last: frozenset[int] = frozenset()
            for column in range(1, width):
                last = named[column] if row[column] else last
                found[column] = found[column] or last
    if not any(found):
        every = frozenset().union(*(years_of(cell) for row in header for cell in row))
        if len(every) == 1:
            return [frozenset(), *[every] * (width - 1)]
    return found
