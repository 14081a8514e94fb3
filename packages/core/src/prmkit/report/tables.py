"""Tables as data: cells that know their interval, written the same way everywhere.

HTML, Markdown and CSV are drawn from the same :class:`Table`; a number is formatted here and
nowhere else.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prmkit.types import Json

NONE = "–"
"""What stands where there is no value."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with what is known of its uncertainty."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    """Rows behind it."""
    clusters: int | None = None
    """Independent groups behind it; intervals resample these."""
    signed: bool = False
    """True for differences, written with their sign."""
    word: str = ""
    """What a test says of it, such as ``gain``; stands before the number."""

    @property
    def interval(self) -> bool:
        """Whether both ends of the interval are known."""
        return self.low is not None and self.high is not None

    @property
    def decided(self) -> bool:
        """Whether the interval excludes zero: only then is a difference claimed."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


Cell = str | int | float | bool | Estimate | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns, with a name for its file and words for its reader."""

    name: str
    """Name of the CSV file, without ending."""
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    how: str = ""
    """How to read it, one or two sentences."""
    marks: tuple[str, ...] = ()
    """One word per row (``best``, ``oracle`` or empty); empty tuple = no marks."""

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def numbers(self) -> tuple[bool, ...]:
        """For each column, whether it holds numbers."""
        return tuple(any(numeric(row[i]) for row in self.rows) for i in range(len(self.columns)))

    @property
    def wide(self) -> bool:
        """Whether it has so many columns and intervals that each interval needs a line of its own."""
        found = [[cell for cell in row if isinstance(cell, Estimate)] for row in self.rows]
        return any(
            len(cells) > 4 or (cells and len(self.columns) > 7) or any(cell.word for cell in cells)
            for cells in found
        )

    def mark(self, row: int) -> str:
        """Mark of a row, empty when it has none."""
        return self.marks[row] if self.marks else ""


def estimate(data: Json, *, signed: bool = False) -> Estimate | None:
    """An Estimate from ``{"value"|"diff", "low", "high", "n", "clusters"}``, a bare number, or None.

    Examples:
        >>> estimate({"value": 0.971, "low": 0.96, "high": 0.98, "n": 900})
        Estimate(value=0.971, low=0.96, high=0.98, n=900, clusters=None, signed=False, word='')
        >>> estimate({"value": None}) is None
        True
    """
    if isinstance(data, Mapping):
        value = _number(data.get("value", data.get("diff")))
        if value is None:
            return None
        return Estimate(
            value,
            _number(data.get("low")),
            _number(data.get("high")),
            _whole(data.get("n")),
            _whole(data.get("clusters")),
            signed,
        )
    value = _number(data)
    return None if value is None else Estimate(value, signed=signed)


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _whole(value: Json) -> int | None:
    found = _number(value)
    return None if found is None else int(found)


def number(value: float, *, signed: bool = False) -> str:
    """A number as the reader sees it: three decimals for shares, fewer for larger numbers.

    Examples:
        >>> [number(v) for v in (0.97049, 12.345, 1234567.0, 0.00012, 3)]
        ['0.970', '12.3', '1,234,567', '0.00012', '3']
        >>> number(-0.0612, signed=True)
        '−0.061'
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    sign = ("−" if value < 0 else "+" if signed and value > 0 else "") if value else ""
    size = abs(value)
    if isinstance(value, int) or (size >= 100 and float(size).is_integer()):
        return f"{sign}{size:,.0f}"
    if size >= 1000:
        return f"{sign}{size:,.0f}"
    if size >= 10:
        return f"{sign}{size:.1f}"
    if size >= 0.0005 or size == 0:
        return f"{sign}{size:.3f}"
    return f"{sign}{size:.2g}"


def interval(cell: Estimate) -> str:
    """The interval as ``[low, high]``, a one-sided bound, or nothing where neither end is known.

    Examples:
        >>> interval(Estimate(0.5, 0.4, 0.6)), interval(Estimate(0.002, None, 0.005))
        ('[0.400, 0.600]', '(≤ 0.005)')
    """
    if cell.low is None or cell.high is None:
        bound = cell.high if cell.low is None else cell.low
        return "" if bound is None else f"({'≤' if cell.low is None else '≥'} {number(bound)})"
    return f"[{number(cell.low, signed=cell.signed)}, {number(cell.high, signed=cell.signed)}]"


def text(cell: Cell) -> str:
    """A cell as plain text.

    Examples:
        >>> text(Estimate(0.97, 0.96, 0.98)), text(None), text(True)
        ('0.970 [0.960, 0.980]', '–', 'yes')
    """
    if cell is None:
        return NONE
    if isinstance(cell, Estimate):
        return f"{cell.word} {number(cell.value, signed=cell.signed)} {interval(cell)}".strip()
    if isinstance(cell, (bool, int, float)):
        return number(cell)
    return cell


def numeric(cell: Cell) -> bool:
    """Whether a cell is set flush right."""
    return isinstance(cell, (int, float, Estimate)) and not isinstance(cell, bool)


def markdown(table: Table) -> str:
    """The table in Markdown, with its title and how to read it."""
    lines = [f"**{table.title}**", ""] if table.title else []
    lines.append("| " + " | ".join(map(_bar, table.columns)) + " |")
    lines.append("|" + "|".join("---:" if flag else "---" for flag in table.numbers) + "|")
    lines += ["| " + " | ".join(_bar(text(cell)) for cell in row) + " |" for row in table.rows]
    if table.how:
        lines += ["", f"*{table.how}*"]
    return "\n".join(lines)


def _bar(said: str) -> str:
    """Text that cannot end a Markdown cell or open HTML in it."""
    flat = " ".join(said.split())
    for sign, safe in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("`", "\\`")):
        flat = flat.replace(sign, safe)
    return flat


def to_csv(table: Table) -> str:
    """The table as CSV with full precision; an estimate becomes value, low, high, n, clusters, word."""
    places = range(len(table.columns))
    wide = [any(isinstance(row[i], Estimate) for row in table.rows) for i in places]
    said = [any(_word(row[i]) for row in table.rows) for i in places]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head: list[str] = []
    for name, flag, word in zip(table.columns, wide, said, strict=True):
        head += [name, f"{name} low", f"{name} high", f"{name} n", f"{name} clusters"] if flag else [name]
        head += [f"{name} word"] if word else []
    writer.writerow(head)
    for row in table.rows:
        cells: list[object] = []
        for cell, flag, word in zip(row, wide, said, strict=True):
            cells += _csv_cells(cell) if flag else [_csv_text(cell)]
            cells += [_word(cell)] if word else []
        writer.writerow(["" if c is None else c for c in cells])
    return out.getvalue()


def _word(cell: Cell) -> str:
    return cell.word if isinstance(cell, Estimate) else ""


def _csv_cells(cell: Cell) -> list[object]:
    if isinstance(cell, Estimate):
        return [cell.value, cell.low, cell.high, cell.n, cell.clusters]
    return [_csv_text(cell), None, None, None, None]


def _csv_text(cell: Cell) -> object:
    """A cell that a spreadsheet will not take for a formula."""
    if isinstance(cell, str):
        flat = cell.replace("\r", " ")  # a lone carriage return would end the row for many readers
        return f"'{flat}" if flat[:1] in ("=", "+", "-", "@", "\t") else flat
    return cell.value if isinstance(cell, Estimate) else cell


def settings(values: Mapping[str, Json], *, name: str, title: str, how: str = "") -> Table:
    """A two-column table of nested settings, keys written with dots."""
    return Table(name, title, ("setting", "value"), tuple(_flat(values)), how)


def _flat(values: Mapping[str, Json], before: str = "") -> Iterable[tuple[Cell, ...]]:
    for key, value in values.items():
        path = f"{before}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{path}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield path, ", ".join(map(str, value)) or NONE
        else:
            yield path, NONE if value is None or value == "" else str(value)
