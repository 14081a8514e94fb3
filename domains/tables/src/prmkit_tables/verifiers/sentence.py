"""The verifier ``tables/sentence``: whole sentences about the table that have one of a few shapes.

Read are ``ann has a kg of 3``, ``the kg of ann is 3``, ``the kg is 3 when the name is ann``, ``3 is the kg
for ann``, ``the highest kg is 5``, ``bob has the highest kg``, ``bob has more kg than ann``, and sentences of
cells, names of columns and small words only. A sentence must be used up to its last word; names of columns
and cells must stand in it as they stand in the table.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from prmkit.contracts import Finding
from prmkit.segment import blocks
from prmkit.types import Claim, Problem, Scope, Trajectory, Verdict
from prmkit_tables.cells import agrees, amount, folded, number, plain, shown, written
from prmkit_tables.table import Table
from prmkit_tables.verifiers import mentions
from prmkit_tables.verifiers.findings import against_table, conclude
from prmkit_tables.verifiers.words import MAX_COLUMNS, numbers_of

MAX_SENTENCE = 400
"""Longer sentences are not read, characters."""
_HIGH = frozenset({"highest", "most", "largest", "greatest", "maximum", "biggest", "top"})
_SUP = r"(?P<way>highest|most|largest|greatest|maximum|biggest|lowest|least|smallest|fewest|minimum|"
_SUP += r"average|mean)"
_MORE = r"(?P<way>higher|more|larger|greater|bigger|lower|fewer|smaller|less)"
_BE = r"(?:be|is|was|are|were)"
_HAVE = r"(?:have|has|had|record|recorded|get|got|receive|received)"
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.,:](?=\S)[^.!?\n]*)*[.!?]?|[^\n]+")
_DATES = re.compile(r"\b(?:19|20)\d\d\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)


class Sentence:
    """Compare whole sentences with the table.

    What it does not check: sentences of any other shape, tables in which a name occurs in several rows, and
    texts that are spelt otherwise than in the table.
    """

    name = "tables/sentence"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return against_table(problem, trajectory, judge)


def judge(table: Table, text: str) -> Finding:
    """Verdict on one step.

    Examples:
        >>> pens = Table(("name", "kg"), (("ann", "3"), ("bob", "5")))
        >>> [judge(pens, said).verdict.value for said in ("ann has a kg of 4", "bob has the highest kg")]
        ['FAILS', 'HOLDS']
    """
    if len(table.columns) > MAX_COLUMNS:
        return conclude([], "more columns than are read in sentences")
    spans = blocks(text)
    claims = []
    for found in _SENTENCE.finditer(text):
        if len(found.group()) <= MAX_SENTENCE and not any(
            a < found.end() and found.start() < b for a, b in spans
        ):
            said = _judge(table, found.group())
            if said is not None:
                claims.append(Claim(*found.span(), *said))
    return conclude(claims, "no sentence of a shape that is read")


Said = tuple[Verdict, str]


class _Form(NamedTuple):
    pattern: re.Pattern[str]
    judge: Callable[[Table, re.Match[str]], Said | None]


def _judge(table: Table, text: str) -> Said | None:
    sentence = folded(text).rstrip(".!? ")
    for form in _forms(table.columns):
        found = form.pattern.fullmatch(sentence)
        if found:
            said = form.judge(table, found)
            if said is not None:
                return said
    return mentions.judge(table, sentence)


@functools.lru_cache(maxsize=64)
def _forms(columns: tuple[str, ...]) -> Sequence[_Form]:
    names = sorted({folded(name) for name in columns if plain(name)}, key=len, reverse=True)
    column = "|".join(map(re.escape, names)) or r"(?!)"
    col, other = rf"(?P<column>{column})", rf"(?P<other>{column})"
    value, key = r"(?:the |an? )?(?P<value>.{1,80}?)", r"(?:the )?(?P<key>.{1,80}?)"
    same = rf"(?:when|where|if|with|for) (?:the |an? )?{other} (?:{_BE}|of|=) (?P<key>.{{1,80}}?)"
    shapes: list[tuple[str, Callable[[Table, re.Match[str]], Said | None]]] = [
        (rf"the {_SUP} {col} {_BE} (?P<value>[^ ]+)", _superlative),
        (rf"{key} {_HAVE} the {_SUP} (?:number of |amount of )?{col}", _champion),
        (rf"{key} {_HAVE} (?:an? )?{_MORE} {col} than (?:the )?(?P<than>.{{1,80}}?)", _comparison),
        (rf"(?:the )?{col} {_BE} {value} {same}", _cell),
        (rf"(?:when|where|if) (?:the )?{other} {_BE} (?P<key>.{{1,80}}?) ?,? the {col} {_BE} {value}", _cell),
        (rf"{value} {_BE} the {col} {same}", _cell),
        (rf"(?:the )?{col} (?:of|for|in|at|on) {key} {_BE} {value}", _cell),
        (rf"{key} {_HAVE} an? {col} of {value}", _cell),
        (rf"{key} 's {col} {_BE} {value}", _cell),
        (rf"{key}'s {col} {_BE} {value}", _cell),
        (rf"{value} {_BE} the {col} (?:of|for) {key}", _cell),
    ]
    return [_Form(re.compile(pattern), judge) for pattern, judge in shapes]


def _place(table: Table, name: str) -> int | None:
    found = [at for at, column in enumerate(table.columns) if folded(column) == name]
    return found[0] if len(found) == 1 else None


def _rows(table: Table, key: str, column: int | None = None, apart: int | None = None) -> list[int]:
    """Rows with a cell that is ``key``: in one column, or in any but ``apart``."""
    wanted = folded(key).strip("\"'` ")
    return [
        at
        for at, row in enumerate(table.rows)
        if any(
            folded(written(cell)) == wanted
            for place, cell in enumerate(row)
            if place != apart and column in (None, place)
        )
    ]


def _cell(table: Table, found: re.Match[str]) -> Said | None:
    groups = found.groupdict()
    column = _place(table, groups["column"])
    other = _place(table, groups["other"]) if groups.get("other") else None
    if column is None or (groups.get("other") and (other is None or other == column)):
        return None
    rows = _rows(table, groups["key"], other, column)
    if not rows:
        return None
    verdicts = [_is(table, row, column, groups["value"]) for row in rows]
    what = f"the {table.columns[column]} of {groups['key'][:60]}"
    if True in verdicts:
        return Verdict.HOLDS, f"{what} is {groups['value'][:60]}"
    if set(verdicts) == {False} and len(rows) == 1:
        there = written(table.rows[rows[0]][column])
        return Verdict.FAILS, f"{what} is {there[:60]}, not {groups['value'][:60]}"
    return Verdict.UNKNOWN, f"it cannot be said what {what} is"


def _is(table: Table, row: int, column: int, value: str) -> bool | None:
    cell = written(table.rows[row][column])
    wanted = value.strip("\"'` ")
    if folded(cell) == wanted or plain(cell) == plain(wanted) != "":
        return True
    stated, there = number(wanted), number(cell)
    if stated is not None and there is not None:
        return stated == there or agrees(wanted, there)
    if stated is not None and amount(cell) is not None:
        return True if amount(cell) == stated else None
    if plain(wanted) in plain(cell) or plain(cell) in plain(wanted) or _DATES.search(cell):
        return None
    elsewhere = {folded(written(other)) for other in table.cells(column)}
    return False if wanted in elsewhere else None


def _superlative(table: Table, found: re.Match[str]) -> Said | None:
    column = _place(table, found["column"])
    values = None if column is None else numbers_of(table, column)
    stated = number(found["value"])
    if not values or stated is None or len(values) < 2:
        return None
    way = found["way"]
    right = (
        sum(values, Fraction(0)) / len(values)
        if way in ("average", "mean")
        else (max(values) if way in _HIGH else min(values))
    )
    if stated == right or agrees(found["value"], right):
        return Verdict.HOLDS, f"the {way} {found['column']} is {shown(right)}"
    if way in ("average", "mean") and abs(stated - right) <= abs(right) / 50:
        return Verdict.UNKNOWN, f"the {way} {found['column']} is {shown(right)}"
    return Verdict.FAILS, f"the {way} {found['column']} is {shown(right)}, not {found['value']}"


def _champion(table: Table, found: re.Match[str]) -> Said | None:
    column = _place(table, found["column"])
    values = None if column is None else numbers_of(table, column)
    if not values or column is None or found["way"] in ("average", "mean"):
        return None
    rows = _rows(table, found["key"], apart=column)
    if len(rows) != 1 or _total(table):
        return None
    best = max(values) if found["way"] in _HIGH else min(values)
    what = f"the {found['way']} {found['column']}"
    if values[rows[0]] == best:
        return Verdict.HOLDS, f"{found['key'][:60]} has {what}, {shown(best)}"
    return Verdict.FAILS, f"{what} is {shown(best)}; {found['key'][:60]} has {shown(values[rows[0]])}"


def _total(table: Table) -> bool:
    """Whether a row sums up others."""
    return any(re.match(r"(?:total|all|sum|average)s?\b", folded(written(row[0]))) for row in table.rows)


def _comparison(table: Table, found: re.Match[str]) -> Said | None:
    column = _place(table, found["column"])
    values = None if column is None else numbers_of(table, column)
    if not values or column is None:
        return None
    pairs = [_rows(table, found[name], apart=column) for name in ("key", "than")]
    if any(len(rows) != 1 for rows in pairs) or pairs[0] == pairs[1]:
        return None
    one, two = values[pairs[0][0]], values[pairs[1][0]]
    more = found["way"] in ("higher", "more", "larger", "greater", "bigger")
    words = f"{found['key'][:40]} has {shown(one)}, {found['than'][:40]} {shown(two)}"
    return (Verdict.HOLDS if (one > two if more else one < two) else Verdict.FAILS), words
