"""Questions that name an operation and the cells it is done on, solved from the table alone.

An independent answer to compare with, not a model: a question is understood only where it fits one of a
few forms and every phrase names exactly one row. Where a form can be meant in two ways (a difference
without direction, a span of years with or without those between) every meaning is kept.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from prmkit_finance.lookup import find, find_within, only
from prmkit_finance.tables import Cell, Table

MAX_QUESTION = 600


class Expected(NamedTuple):
    """One value that would answer a question."""

    value: Fraction
    percent: bool
    operation: str
    cells: tuple[Cell, ...]
    shown: str
    """The calculation, for a person."""


class Ask(NamedTuple):
    """A question as understood."""

    operation: str
    phrases: tuple[str, ...]
    years: tuple[int, ...]
    """In the order of the text."""
    spans: bool
    """The years are the ends of a span."""


_YEARS = re.compile(r"(?<![\d,.$])((?:19|20)\d{2})(?![\d,.]\d|%)")
_LEAD = re.compile(
    r"^(?:(?P<time>(?:for|in|during|as (?:of|at)|at)\b[^?]{0,60}?(?:19|20)\d{2}[^,?]{0,20}),\s*)?"
    r"(?:what|how much|calculate|compute)\b\s*(?:is|was|were|are|did|does)?"
    r"\s*(?:the\s+)?(?P<rest>.+?)\s*\??$",
    re.IGNORECASE,
)
_TIME = (
    r"(?:\b(?:the|both|fiscal|financial|calendar|years?|end|ended|ending|periods?|as|of|at|and|to|"
    r"between|from|in|for|"
    r"during|compared|with|versus|FY|F|respectively|January|February|March|April|May|June|"
    r"July|August|September|"
    r"October|November|December)\b|\b\d{1,2}(?:st|nd|rd|th)?\b|\b(?:FY|F)?(?:19|20)?\d{2}\b|[\s,.'\u2013-])"
)
_WHEN = (
    r"(?P<when>\s*,?\s*\b(?:from|between|in|for|during|at|as|of|over|on|across)\b"
    rf"{_TIME}*?(?:19|20)\d{{2}}{_TIME}*)?"
)
_CHANGE = re.compile(
    r"^(?:net |nominal |absolute |overall |year[- ]on[- ]year |global )*(?P<percent>percent(?:age)? |% )?"
    r"(?P<word>change|difference|increase\s?/\s?\(?decrease\)?|\(?decrease\)?\s?/\s?increase|"
    r"increase|decrease|growth)"
    r"(?: rate)? (?:in|of|for|to)(?: the)? (?P<x>.+?)" + _WHEN + "$",
    re.IGNORECASE,
)
_AVERAGE = re.compile(r"^average (?:of )?(?:the )?(?P<x>.+?)" + _WHEN + "$", re.IGNORECASE)
_SUM = re.compile(
    r"^(?P<total>total|sum of|combined|total sum of|total of) (?:the )?(?P<x>.+?)"
    + _WHEN
    + "(?: altogether)?$",
    re.IGNORECASE,
)
_PAIR = re.compile(
    r"^(?P<kind>difference|ratio|percent(?:age)? ratio|proportion) (?:between|of|in)(?: the)? (?P<a>.+?)"
    r" (?P<by>and|to|over|out of|against)(?: the)? (?P<b>.+?)" + _WHEN + "$",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"^(?P<a>.+?),? (?:as a|expressed as a) (?:percentage|percent|%|proportion) of(?: the)? (?P<b>.+?)"
    + _WHEN
    + "$"
    r"|^(?:percentage|percent|%|proportion) of(?: the)? (?P<c>.+?)"
    r" (?:over|out of|against)(?: the)? (?P<d>.+?)",
    re.IGNORECASE,
)
_SPAN = re.compile(r"\b(?:from|between)\b|(?:19|20)\d{2}\s?[-\u2013]\s?(?:FY)?(?:19|20)?\d{2}", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:highest|lowest|largest|smallest|exceed|least|most|excluding|if|each)\b", re.IGNORECASE
)


@functools.lru_cache(maxsize=2048)
def understand(question: str) -> Ask | None:
    """The operation, phrases and years of a question; None where it fits no form.

    Examples:
        >>> understand("What was the percentage change in net sales between 2018 and 2019?")
        Ask(operation='percent_change', phrases=('net sales',), years=(2018, 2019), spans=True)
    """
    if len(question) > MAX_QUESTION:
        return None
    lead = _LEAD.match(question.strip())
    if lead is None:
        return None
    rest = lead["rest"].strip() + (f" in {lead['time']}" if lead["time"] else "")
    years = tuple(dict.fromkeys(int(year) for year in _YEARS.findall(rest)))
    if re.search(r"\bquarters?\b|\bmonths?\b|\bhalf\b|\bweeks?\b|\bnine\b", rest, re.IGNORECASE):
        return None
    for read in (_read_change, _read_average, _read_sum, _read_share, _read_pair):
        found = read(rest)
        if found is not None:
            operation, phrases = found
            clean = tuple(_clean(phrase) for phrase in phrases)
            if operation not in ("ratio", "share", "difference") and _YEARS.search(phrases[0]):
                return None
            if all(clean) and not any(_OTHER.search(phrase) for phrase in clean if operation != "lookup"):
                return Ask(operation, clean, years, bool(_SPAN.search(rest)))
            return None
    return None


def _clean(phrase: str) -> str:
    return re.sub(r"\s+", " ", _YEARS.sub(" ", phrase)).strip(" ,'\"?")


def _read_change(rest: str) -> tuple[str, tuple[str, ...]] | None:
    found = _CHANGE.match(rest)
    if found is None:
        return None
    word = found["word"].lower()
    if word == "difference" and len(set(_YEARS.findall(rest))) != 2:
        return None
    one_way = word in ("increase", "decrease", "difference")
    name = "percent_change" if found["percent"] else "change"
    return (f"{name}_{word}" if one_way else name), (found["x"],)


def _read_average(rest: str) -> tuple[str, tuple[str, ...]] | None:
    found = _AVERAGE.match(rest)
    return ("average", (found["x"],)) if found else None


def _read_sum(rest: str) -> tuple[str, tuple[str, ...]] | None:
    found = _SUM.match(rest)
    if found is None or (found["total"].lower() == "total" and len(set(_YEARS.findall(rest))) < 2):
        return None
    return "sum", (found["x"],)


def _read_share(rest: str) -> tuple[str, tuple[str, ...]] | None:
    found = _SHARE.match(rest)
    if found is None:
        return None
    return "share", (found["a"] or found["c"], found["b"] or found["d"])


def _read_pair(rest: str) -> tuple[str, tuple[str, ...]] | None:
    found = _PAIR.match(rest)
    if found is None:
        return None
    kind = found["kind"].lower()
    if kind == "difference":
        return ("difference", (found["a"], found["b"])) if found["by"] == "and" else None
    return "ratio", (found["a"], found["b"])


def solve(ask: Ask, table: Table) -> tuple[Expected, ...]:
    """Every value that would answer the question; empty where the table does not settle it."""
    return tuple(_SOLVE[ask.operation.split(":")[0]](ask, table))


def _cell(table: Table, phrase: str, year: int | None) -> Cell | None:
    return only(find(table, phrase, year))


def _named_cell(table: Table, phrase: str, year: int | None) -> Cell | None:
    """The cell of a question about one row, which may say more than the row's label."""
    return only(find_within(table, phrase, year))


def _pair_of_years(ask: Ask, table: Table) -> tuple[int, int] | None:
    years = ask.years
    if not years and len(table.years) == 2:
        years = table.years
    if len(years) != 2:
        return None
    return (min(years), max(years))


def _change(ask: Ask, table: Table) -> Iterator[Expected]:
    years = _pair_of_years(ask, table)
    if years is None:
        return
    old, new = (_named_cell(table, ask.phrases[0], year) for year in years)
    if old is None or new is None or old.amount.unit != new.amount.unit:
        return
    down, percent_change = (
        ask.operation.endswith(("decrease", "difference")),
        ask.operation.startswith("percent"),
    )
    reverse = len(ask.years) == 2 and ask.years[0] > ask.years[1]
    a, b = new.amount.value, old.amount.value
    cells = (new, old)
    signs = [1]
    if down or ask.operation.endswith("increase"):
        signs = [1, -1]
    if reverse and ask.spans:
        signs = [1, -1]
    for sign in signs:
        if not percent_change or old.amount.percent:
            yield Expected(sign * (a - b), old.amount.percent, "change", cells, f"{_w(a)} - {_w(b)}")
        if percent_change and b:
            value = sign * (a - b) / b * 100
            yield Expected(value, True, "percent_change", cells, f"({_w(a)} - {_w(b)}) / {_w(b)}")
            if b < 0:
                yield Expected(-value, True, "percent_change", cells, f"({_w(a)} - {_w(b)}) / |{_w(b)}|")
        if reverse and percent_change and a:
            yield Expected((b - a) / a * 100, True, "percent_change", cells, f"({_w(b)} - {_w(a)}) / {_w(a)}")


def _year_sets(ask: Ask, table: Table) -> Iterator[tuple[int, ...]]:
    if not ask.years:
        if len(table.years) > 1:
            yield table.years
        return
    if len(ask.years) < 2:
        return
    between = tuple(range(min(ask.years), max(ask.years) + 1))
    if not ask.spans or len(between) == len(ask.years):
        yield ask.years
    elif set(between) <= set(table.years):
        yield ask.years
        yield between


def _fold(ask: Ask, table: Table) -> Iterator[Expected]:
    phrases = [ask.phrases[0]] + ([f"total {ask.phrases[0]}"] if ask.operation == "sum" else [])
    for years, phrase in itertools.product(_year_sets(ask, table), phrases):
        named = _named_cell if ask.operation == "average" else _cell
        cells = [named(table, phrase, year) for year in years]
        known = [cell for cell in cells if cell is not None]
        if len(known) != len(cells) or len({cell.amount.unit for cell in known}) != 1:
            continue
        total = sum((cell.amount.value for cell in known), Fraction(0))
        value = total / len(known) if ask.operation == "average" else total
        shown = " + ".join(_w(cell.amount.value) for cell in known)
        shown = f"({shown}) / {len(known)}" if ask.operation == "average" else shown
        for sign in (1, -1) if all(cell.amount.value < 0 for cell in known) else (1,):
            yield Expected(sign * value, known[0].amount.percent, ask.operation, tuple(known), shown)


def _two_cells(ask: Ask, table: Table) -> tuple[Cell, Cell] | None:
    if len(ask.years) > 1:
        return None
    year = ask.years[0] if ask.years else (table.years[0] if len(table.years) == 1 else None)
    if year is None and table.years:
        return None
    a, b = (_cell(table, phrase, year) for phrase in ask.phrases)
    return None if a is None or b is None or a == b else (a, b)


def _difference(ask: Ask, table: Table) -> Iterator[Expected]:
    found = _two_cells(ask, table)
    if found is None or found[0].amount.unit != found[1].amount.unit:
        return
    a, b = (cell.amount.value for cell in found)
    for value in (a - b, b - a):
        yield Expected(value, found[0].amount.percent, "difference", found, f"{_w(a)} - {_w(b)}")


def _ratio(ask: Ask, table: Table) -> Iterator[Expected]:
    found = _two_cells(ask, table)
    if found is None or found[0].amount.unit or found[1].amount.unit:
        return
    a, b = (cell.amount.value for cell in found)
    if not b:
        return
    for value, percent in ((a / b * 100, True), (a / b, False)):
        yield Expected(value, percent, ask.operation, found, f"{_w(a)} / {_w(b)}")


_SOLVE = {
    "change": _change,
    "change_increase": _change,
    "change_decrease": _change,
    "change_difference": _change,
    "percent_change": _change,
    "percent_change_increase": _change,
    "percent_change_decrease": _change,
    "percent_change_difference": _change,
    "average": _fold,
    "sum": _fold,
    "difference": _difference,
    "ratio": _ratio,
    "share": _ratio,
}


def _w(value: Fraction) -> str:
    text = f"{float(value):,.4f}".rstrip("0").rstrip(".")
    return f"({text})" if value < 0 else text
