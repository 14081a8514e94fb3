"""The words in which steps speak of tables: columns, conditions, lists of rows, values."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from prmkit_tables.cells import Cell, amount, folded, number, plain, written
from prmkit_tables.table import Table

NUMBER = r"[-+\u2212]?[$€£]?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,12})?%?"
"""A numeral as steps write it."""
MAX_COLUMNS = 60
"""Tables with more columns are not read in sentences."""
_COMPARE: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_SPELT = {
    "is": "=",
    "are": "=",
    "be": "=",
    "equals": "=",
    "equal to": "=",
    "==": "=",
    "is not": "!=",
    "<>": "!=",
    "more than": ">",
    "greater than": ">",
    "above": ">",
    "over": ">",
    "less than": "<",
    "fewer than": "<",
    "below": "<",
    "under": "<",
    "at least": ">=",
    "at most": "<=",
}
_SIGN = r"!=|<>|>=|<=|==|=|>|<|(?:is |are |be |equals |of )?(?:not |more than |greater than |above |over |"
_SIGN += r"less than |fewer than |below |under |at least |at most |equal to )|is |are |be |equals |of "
_ROWS = re.compile(r"\d{1,6}(?:(?: ?, ?| and | ?, and )\d{1,6})*")


class Condition(NamedTuple):
    """``column sign value``."""

    column: int
    sign: str
    value: str


class Found(NamedTuple):
    """A condition and where it ends in the text."""

    condition: Condition
    end: int


@functools.lru_cache(maxsize=64)
def column_pattern(columns: tuple[str, ...]) -> str:
    """A pattern for any of the columns, longest first; matches nothing where no column has a name."""
    named = {" ".join(column.split()) for column in columns if plain(column)}
    names = sorted(named, key=len, reverse=True)[:MAX_COLUMNS]
    inside = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in names) or r"(?!)"
    return rf"[`'\"\u201c]?(?P<column>{inside})[`'\"\u201d]?"


@functools.lru_cache(maxsize=64)
def _condition(columns: tuple[str, ...]) -> re.Pattern[str]:
    value = rf"(?P<value>{NUMBER}(?![\w.]*\d)|[`'\"\u201c][^`'\"\u201d\n]{{1,80}}[`'\"\u201d]|[^\s,.;:()]+)"
    return re.compile(
        rf"(?:the |a |an )?{column_pattern(columns)}(?: column)?\s*(?P<sign>{_SIGN})\s*{value}", re.IGNORECASE
    )


def condition(table: Table, text: str, at: int = 0) -> Found | None:
    """The condition that begins at ``at``.

    Examples:
        >>> condition(Table(("kg", "year"), ()), "kg at least 12 .").condition
        Condition(column=0, sign='>=', value='12')
    """
    found = _condition(table.columns).match(text, at)
    if not found:
        return None
    column = table.place(found["column"])
    words = " ".join(found["sign"].lower().split())
    for filler in ("is ", "are ", "be ", "equals ", "of "):
        words = words if words in _SPELT else words.removeprefix(filler)
    sign = _SPELT.get(words, "=" if words == "of" else "!=" if words in ("not", "is not") else words)
    if column is None or sign not in _COMPARE:
        return None
    return Found(Condition(column, sign, found["value"].strip("`'\"\u201c\u201d")), found.end())


def meets(cell: Cell, sign: str, value: str) -> bool | None:
    """Whether a cell meets a condition; None when that cannot be said.

    Examples:
        >>> meets("1,200", ">", "900"), meets("Rome", "=", "rome"), meets("Rome", ">", "3")
        (True, True, None)
    """
    one, two = amount(cell), number(value)
    if one is not None and two is not None:
        return _COMPARE[sign](one, two)
    if sign in ("=", "!="):
        same = folded(written(cell)) == folded(value) or plain(written(cell)) == plain(value) != ""
        return same == (sign == "=")
    return None


def rows_that_meet(table: Table, wanted: Condition) -> list[int] | None:
    """Numbers (from 1) of the rows that meet a condition; None when one cannot be said."""
    verdicts = [meets(row[wanted.column], wanted.sign, wanted.value) for row in table.rows]
    if None in verdicts:
        return None
    return [at for at, verdict in enumerate(verdicts, 1) if verdict]


def row_list(text: str, at: int = 0) -> tuple[list[int], int] | None:
    """A list of row numbers that begins at ``at``, and where it ends.

    Examples:
        >>> row_list("2, 5 and 7.")
        ([2, 5, 7], 10)
    """
    found = _ROWS.match(text, at)
    if not found:
        return None
    return [int(one) for one in re.findall(r"\d+", found.group())], found.end()


def keyed(table: Table, key: str) -> list[int]:
    """Positions of the rows whose first cell is ``key``."""
    wanted = folded(key)
    return [at for at, row in enumerate(table.rows) if folded(written(row[0])) == wanted]


def numbers_of(table: Table, column: int) -> list[Fraction] | None:
    """The numbers of a column; None unless every cell is one."""
    found = [amount(cell) for cell in table.cells(column)]
    return None if None in found or not found else [value for value in found if value is not None]
