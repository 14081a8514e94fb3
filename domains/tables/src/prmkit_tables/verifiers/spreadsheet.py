"""Spreadsheet formulas over a few cells: parsed by a whitelist, computed in exact fractions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from prmkit.types import Json
from prmkit_tables.cells import Cell, number

MAX_FORMULA = 500
"""Longer formulas are not read, characters."""
MAX_DEPTH = 30
MAX_RANGE = 2_000
"""Ranges of more cells are not read."""

_TOKEN = re.compile(
    r"\s*(?:(?P<range>\$?[A-Z]{1,3}\$?\d{1,5}:\$?[A-Z]{1,3}\$?\d{1,5})|(?P<cell>\$?[A-Z]{1,3}\$?\d{1,5}(?!\w))"
    r"|(?P<number>\d{1,15}(?:\.\d{1,15})?%?)|(?P<name>[A-Z]{2,10})(?=\()|(?P<text>\"[^\"]{0,100}\")"
    r"|(?P<sign>[-+*/(),&^]))"
)
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,5})")
_PLACE = re.compile(r"\((-?\d+), (-?\d+)\)")


class FormulaError(Exception):
    """A formula cannot be read, or lacks a cell."""


class _Token(NamedTuple):
    kind: str
    text: str


def column_number(letters: str) -> int:
    """0-based number of a column: ``A`` is 0, ``AA`` is 26."""
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - 64
    return value - 1


def column_letters(at: int) -> str:
    """Letters of a 0-based column.

    Examples:
        >>> column_letters(0), column_letters(27)
        ('A', 'AB')
    """
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def neighbours(places: Mapping[str, str], by_place: Mapping[str, Json]) -> dict[str, Json]:
    """Cells by their names in the sheet, where only places in the table are known.

    Args:
        places: Name in the sheet → ``(row, column)`` in the table, for some cells.
        by_place: ``(row, column)`` in the table → value.

    Examples:
        >>> neighbours({"B6": "(3, 1)"}, {"(3, 1)": 5, "(4, 1)": 6})
        {'B6': 5, 'B7': 6}
    """
    shift: tuple[int, int] | None = None
    for name, place in places.items():
        cell, at = _CELL.fullmatch(name), _PLACE.fullmatch(place)
        if cell and at:
            here = int(cell[2]) - int(at[1]), column_number(cell[1]) - int(at[2])
            if shift not in (None, here):
                return {}
            shift = here
    if shift is None:
        return {}
    found: dict[str, Json] = {}
    for place, value in by_place.items():
        at = _PLACE.fullmatch(place)
        if at and int(at[2]) + shift[1] >= 0:
            found[f"{column_letters(int(at[2]) + shift[1])}{int(at[1]) + shift[0]}"] = value
    return found


def compute(formula: str, cells: Mapping[str, Cell]) -> Fraction | str:
    """Value of a formula.

    Raises:
        FormulaError: It cannot be read, a cell is not given or holds no number, or it divides by zero.

    Examples:
        >>> compute("=SUM(B1:B3)/B1", {"B1": 2, "B2": 3, "B3": "5"})
        Fraction(5, 1)
    """
    if len(formula) > MAX_FORMULA or not formula.startswith("="):
        raise FormulaError("no formula that is read")
    reader = _Reader(list(_tokens(formula[1:])), cells)
    value = reader.sum(0)
    reader.end()
    return value


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found or not found.lastgroup:
            raise FormulaError(f"{text[at : at + 10]!r} is not read")
        yield _Token(found.lastgroup, found[found.lastgroup].replace("$", ""))
        at = found.end()


class _Reader:
    """Recursive descent over sums, products, signs and calls."""

    def __init__(self, tokens: Sequence[_Token], cells: Mapping[str, Cell]) -> None:
        self._tokens = tokens
        self._cells = cells
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _take(self) -> _Token:
        if self._at >= len(self._tokens):
            raise FormulaError("the formula has no end")
        self._at += 1
        return self._tokens[self._at - 1]

    def end(self) -> None:
        """Refuse anything that is left."""
        if self._at < len(self._tokens):
            raise FormulaError(f"{self._peek()!r} is not expected")

    def sum(self, depth: int) -> Fraction | str:
        """Terms with plus, minus and ``&``."""
        if depth > MAX_DEPTH:
            raise FormulaError("too deep")
        value = self._product(depth)
        while self._peek() in ("+", "-", "&"):
            sign = self._take().text
            other = self._product(depth)
            if sign == "&":
                value = f"{_spelt(value)}{_spelt(other)}"
            else:
                value = _plain(value) + (_plain(other) if sign == "+" else -_plain(other))
        return value

    def _product(self, depth: int) -> Fraction | str:
        value = self._signed(depth)
        while self._peek() in ("*", "/"):
            sign = self._take().text
            other = _plain(self._signed(depth))
            if sign == "/" and not other:
                raise FormulaError("divides by zero")
            value = _plain(value) * other if sign == "*" else _plain(value) / other
        return value

    def _signed(self, depth: int) -> Fraction | str:
        if self._peek() == "-":
            self._take()
            return -_plain(self._signed(depth + 1 if depth < MAX_DEPTH else self._deep()))
        return self._atom(depth)

    def _deep(self) -> int:
        raise FormulaError("too deep")

    def _atom(self, depth: int) -> Fraction | str:
        token = self._take()
        if token.kind == "number":
            share = token.text.endswith("%")
            return Fraction(token.text.rstrip("%")) / (100 if share else 1)
        if token.kind == "text":
            return token.text[1:-1]
        if token.kind == "cell":
            return self._cell(token.text)
        if token.kind == "name":
            return self._call(token.text, depth)
        if token.text == "(":
            value = self.sum(depth + 1)
            self._close()
            return value
        raise FormulaError(f"{token.text!r} is not expected")

    def _close(self) -> None:
        if self._take().text != ")":
            raise FormulaError("a bracket is not closed")

    def _cell(self, name: str) -> Fraction | str:
        if name not in self._cells:
            raise FormulaError(f"cell {name} is not known")
        cell = self._cells[name]
        value = number(cell)
        return str(cell) if value is None else value

    def _call(self, name: str, depth: int) -> Fraction:
        if name not in _CALLS:
            raise FormulaError(f"{name} is not read")
        self._take()
        values: list[Fraction | str] = []
        while True:
            if self._at < len(self._tokens) and self._tokens[self._at].kind == "range":
                values += self._range(self._take().text)
                while self._peek() in ("+", "-"):
                    raise FormulaError("sums over whole ranges are not read")
            else:
                values.append(self.sum(depth + 1))
            if self._peek() != ",":
                break
            self._take()
        self._close()
        return _CALLS[name](values)

    def _range(self, text: str) -> list[Fraction | str]:
        (first, top), (last, bottom) = (match.groups() for match in _CELL.finditer(text))
        columns = range(column_number(first), column_number(last) + 1)
        rows = range(int(top), int(bottom) + 1)
        if len(columns) * len(rows) > MAX_RANGE:
            raise FormulaError("the range is too large")
        return [self._cell(f"{column_letters(column)}{row}") for row in rows for column in columns]


def _plain(value: Fraction | str) -> Fraction:
    if isinstance(value, str):
        raise FormulaError(f"{value[:30]!r} is no number")
    return value


def _spelt(value: Fraction | str) -> str:
    if isinstance(value, str):
        return value
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"


def _numbers(values: Sequence[Fraction | str]) -> list[Fraction]:
    kept = [value for value in values if isinstance(value, Fraction)]
    if not kept:
        raise FormulaError("no number in the range")
    return kept


def _whole(values: Sequence[Fraction | str]) -> Fraction:
    return Fraction(_plain(values[0]).__floor__())


_CALLS: Mapping[str, Callable[[Sequence[Fraction | str]], Fraction]] = {
    "SUM": lambda values: sum(_numbers(values), Fraction(0)),
    "AVERAGE": lambda values: sum(_numbers(values), Fraction(0)) / len(_numbers(values)),
    "MIN": lambda values: min(_numbers(values)),
    "MAX": lambda values: max(_numbers(values)),
    "COUNT": lambda values: Fraction(sum(isinstance(value, Fraction) for value in values)),
    "COUNTA": lambda values: Fraction(len(values)),
    "ABS": lambda values: abs(_plain(values[0])),
    "INT": _whole,
}
