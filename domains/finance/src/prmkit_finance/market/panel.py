"""A price panel: fields of shape (T, N), one row a day, one column a ticker; NaN where nothing is known."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prmkit.errors import PrmkitError, RecordError

Floats = NDArray[np.float64]

FIELDS = ("open", "high", "low", "close", "volume", "vwap", "amount")
"""Fields that a panel may hold; all but volume and amount are prices and must be positive."""
MAX_CELLS = 2_000_000
"""Dates times tickers of a panel read from a problem's context."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Prices of N tickers on T days.

    Shapes:
        Every field is (T, N).
    """

    dates: tuple[str, ...]
    """ISO dates, strictly rising."""
    tickers: tuple[str, ...]
    fields: Mapping[str, Floats]

    def __post_init__(self) -> None:
        shape = (len(self.dates), len(self.tickers))
        for name, values in self.fields.items():
            if values.shape != shape:
                raise _bad(f"shape {values.shape} for {shape[0]} dates and {shape[1]} tickers", name)

    @property
    def shape(self) -> tuple[int, int]:
        """Dates, tickers."""
        return len(self.dates), len(self.tickers)

    def until(self, count: int) -> Panel:
        """The first ``count`` days: what was known at the close of day ``count - 1``."""
        return Panel(
            self.dates[:count], self.tickers, {name: f[:count].copy() for name, f in self.fields.items()}
        )

    @classmethod
    def of_context(cls, given: Any) -> Panel:
        """A panel from the JSON of a problem: ``{"dates", "tickers", "close": [[...], ...], ...}``.

        A field has one row a date and one number a ticker, null where unknown.

        Raises:
            RecordError: A part is missing, rows are ragged, dates repeat or fall, a price is not
                positive; the error names the field and the row.

        Examples:
            >>> p = Panel.of_context(
            ...     {"dates": ["2020-01-02", "2020-01-03"], "tickers": ["A"], "close": [[10], [None]]}
            ... )
            >>> p.shape, p.fields["close"].tolist()
            ((2, 1), [[10.0], [nan]])
        """
        if not isinstance(given, Mapping):
            raise _bad(f"a price panel is an object, got {given!r:.40}")
        dates = checked_dates(given.get("dates"))
        tickers = given.get("tickers")
        if not _texts(tickers) or not tickers or len(set(tickers)) != len(tickers):
            raise _bad("tickers must be a list of unlike names", "tickers")
        if len(dates) * len(tickers) > MAX_CELLS:
            raise _bad(f"more than {MAX_CELLS} cells", "dates")
        fields = {
            name: _matrix(given[name], name, len(dates), len(tickers)) for name in FIELDS if name in given
        }
        if not fields:
            raise _bad(f"none of the fields {', '.join(FIELDS)} is there")
        return cls(tuple(dates), tuple(tickers), fields)

    def to_context(self, *names: str, digits: int = 6) -> dict[str, Any]:
        """The JSON that :meth:`of_context` reads, with the named fields or all."""
        table: dict[str, Any] = {"dates": list(self.dates), "tickers": list(self.tickers)}
        for name in names or self.fields:
            table[name] = [
                [round(v, digits) if math.isfinite(v) else None for v in row]
                for row in self.fields[name].tolist()
            ]
        return table


def checked_dates(given: Any) -> list[str]:
    """ISO dates in strictly rising order.

    Raises:
        RecordError: Not a list of dates, or a date repeats or comes too late; the error names its row.
    """
    if not _texts(given) or not given:
        raise _bad("dates must be a list of ISO dates", "dates")
    before = ""
    for row, date in enumerate(given, 1):
        try:
            datetime.date.fromisoformat(date)
        except ValueError:
            raise _bad(f"{date!r:.30} is not an ISO date", "dates", row) from None
        if date == before:
            raise _bad(f"{date} stands there twice", "dates", row)
        if date < before:
            raise _bad(f"{date} comes after {before}", "dates", row)
        before = date
    return list(given)


def _texts(given: Any) -> bool:
    return (
        isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(t, str) for t in given)
    )


def number_row(given: Any, name: str, row: int, length: int) -> list[float]:
    """One row of a table of numbers, null as NaN.

    Raises:
        RecordError: Another length, or an entry that is neither a finite number nor null.
    """
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != length:
        count = len(given) if isinstance(given, Sequence) else "no"
        raise _bad(f"{count} numbers for {length} columns", name, row)
    numbers = []
    for value in given:
        if value is None:
            numbers.append(math.nan)
        elif isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
            raise _bad(f"{value!r:.30} is not a number", name, row)
        else:
            numbers.append(float(value))
    return numbers


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _matrix(given: Any, name: str, dates: int, tickers: int) -> Floats:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != dates:
        raise _bad(f"not one row for each of {dates} dates", name)
    table = np.array(
        [number_row(row, name, at, tickers) for at, row in enumerate(given, 1)], dtype=np.float64
    )
    refuse_impossible(table, name)
    return table


def refuse_impossible(table: Floats, name: str) -> None:
    """Refuse prices that are not positive and volumes below zero.

    Raises:
        RecordError: There is one; the error names its row, counted from 1.
    """
    wrong = table < 0 if name in ("volume", "amount") else table <= 0
    if wrong.any():
        row = int(np.argmax(wrong.any(axis=1)))
        raise _bad(f"{table[row][wrong[row]][0]:g} is no possible {name}", name, row + 1)


def _bad(message: str, field: str = "", row: int | None = None) -> PrmkitError:
    return RecordError(
        message, do="give one row per date and one number per ticker, null where unknown",
        field=field or "prices", row=row,
    )  # fmt: skip


def blocks_of(dates: Iterable[str], *, months: int = 3) -> list[str]:
    """The time block of each date: ``2012-1`` is the first block of ``months`` months in 2012.

    Examples:
        >>> blocks_of(["2012-01-03", "2012-04-02"]), blocks_of(["2012-12-03"], months=12)
        (['2012-1', '2012-2'], ['2012-1'])
    """
    return [f"{date[:4]}-{(int(date[5:7]) - 1) // months + 1}" for date in dates]
