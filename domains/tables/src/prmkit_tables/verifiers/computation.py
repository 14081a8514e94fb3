"""The verifier ``tables/computation``: sums, aggregates of columns and counts of rows that a step states.

Read are ``3 + 4 = 7``; ``the average of kg is 4.5`` (a whole column) and ``the max of 3, 7 and 5 is 7`` (a
list); ``2 rows have kg > 3``; ``5 > 3 is true`` and ``5 is more than 3``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.errors import RecordError
from prmkit.segment import fences
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_tables.cells import agrees, number, shown
from prmkit_tables.table import Table, table_of
from prmkit_tables.verifiers.aggregates import AGGREGATES
from prmkit_tables.verifiers.arithmetic import equations
from prmkit_tables.verifiers.findings import MAX_STEP, conclude, unknown
from prmkit_tables.verifiers.words import NUMBER, column_pattern, condition, meets, numbers_of, rows_that_meet

_NAMES = "|".join(AGGREGATES)
_LIST = re.compile(
    rf"\b(?P<name>{_NAMES})(?: value)? of "
    rf"(?P<list>{NUMBER}(?:(?:\s*,\s*(?:and )?|\s+and\s+){NUMBER}){{1,60}})"
    rf"\s*(?:is|=|:)\s*(?P<value>{NUMBER})(?![\w.,]*\d)",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b(?P<count>\d{1,6}) rows? (?:have|has|where|with|meet|meets)\b ?"
    r"|\b(?:number|count) of rows (?:where|with) ",
    re.IGNORECASE,
)
_TRUTH = re.compile(
    rf"(?<![\w.])(?P<left>{NUMBER})\s*(?P<sign>>=|<=|>|<|==)\s*(?P<right>{NUMBER})\s*"
    r"(?:is|=|:|,)?\s*(?P<truth>true|false|yes|no)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    rf"(?<![\w.])(?P<left>{NUMBER}) is (?P<word>more|greater|larger|higher|less|smaller|lower|fewer) than"
    rf" (?P<right>{NUMBER})(?![\w.,]*\d)",
    re.IGNORECASE,
)
_PARTS = ("row", "where", "first", "last", "only", "each", "these", "those", "in the", "for the", "when")


class Computation:
    """Recompute what a step says it computed.

    What it does not check: whether it was the right thing to compute, aggregates of some rows only, and
    roundings coarser than what is written.
    """

    name = "tables/computation"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        try:
            table = table_of(problem)
        except RecordError:
            table = None
        return [judge(table, trajectory.steps[index].text) for index in trajectory.scored]


def judge(table: Table | None, text: str) -> Finding:
    """Verdict on one step; without a table only what needs none is read.

    Examples:
        >>> judge(None, "3 + 4 = 8").reason
        '3 + 4 = 7, not 8'
    """
    if len(text) > MAX_STEP:
        return unknown(f"longer than {MAX_STEP} characters", Code.UNSUPPORTED)
    spans = fences(text)
    if spans:
        text = "".join(" " if any(a <= at < b for a, b in spans) else sign for at, sign in enumerate(text))
    claims = [*_equations(text), *_lists(text), *_truths(text)]
    if table is not None and table.rows:
        claims += [*_columns(table, text), *_counts(table, text)]
    return conclude(sorted(claims, key=lambda claim: claim.start), "states no sum, aggregate or count")


def _claim(span: tuple[int, int], what: str, value: Fraction, stated: str) -> Claim:
    if agrees(stated, value):
        return Claim(*span, Verdict.HOLDS, f"{what} = {stated}")
    read = number(stated)
    if read is not None and value and Fraction(1, 200) * abs(value) > abs(read - value):
        return Claim(*span, Verdict.UNKNOWN, f"{what} = {shown(value)}, near {stated}")
    if "%" in stated and read is not None and read == value * 100:
        return Claim(*span, Verdict.HOLDS, f"{what} = {stated}")
    return Claim(*span, Verdict.FAILS, f"{what} = {shown(value)}, not {stated}")


def _equations(text: str) -> Iterator[Claim]:
    for found in equations(text):
        # Whole numbers leave no room for rounding: 8 + 9 = 17 and nothing near it.
        whole = found.value.denominator == 1 and "." not in found.right
        if whole and number(found.right) != found.value:
            yield Claim(
                found.start,
                found.end,
                Verdict.FAILS,
                f"{found.left} = {shown(found.value)}, not {found.right}",
            )
        else:
            yield _claim((found.start, found.end), found.left, found.value, found.right)


def _lists(text: str) -> Iterator[Claim]:
    for found in _LIST.finditer(text):
        values = [number(one) for one in re.findall(NUMBER, found["list"])]
        numbers = [value for value in values if value is not None]
        value = AGGREGATES[found["name"].lower()](numbers) if len(numbers) == len(values) else None
        if value is not None:
            yield _exact(found.span(), f"the {found['name'].lower()}", value, found["value"])


def _exact(span: tuple[int, int], what: str, value: Fraction, stated: str) -> Claim:
    if value.denominator == 1 and number(stated) not in (value, None) and "." not in stated:
        return Claim(*span, Verdict.FAILS, f"{what} is {shown(value)}, not {stated}")
    return _claim(span, what, value, stated)


@functools.lru_cache(maxsize=64)
def _column_claim(columns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        rf"\b(?P<name>{_NAMES})(?: value)? (?:of |in )?(?:the |all )?(?:column )?{column_pattern(columns)}"
        rf"(?: column| values)?\s*(?:is|=|:)\s*(?P<value>{NUMBER})(?![\w.,]*\d)(?!\s*[-+*/×÷])",
        re.IGNORECASE,
    )


def _columns(table: Table, text: str) -> Iterator[Claim]:
    for found in _column_claim(table.columns).finditer(text):
        before = text[max(0, found.start() - 60) : found.start()].lower()
        column = table.place(found["column"])
        numbers = None if column is None else numbers_of(table, column)
        if numbers is None or any(word in before for word in _PARTS):
            continue
        value = AGGREGATES[found["name"].lower()](numbers)
        if value is not None:
            what = f"the {found['name'].lower()} of {found['column']}"
            yield _exact(found.span(), what, value, found["value"])


def _counts(table: Table, text: str) -> Iterator[Claim]:
    for found in _COUNT.finditer(text):
        where = condition(table, text, found.end())
        if not where:
            continue
        rows = rows_that_meet(table, where.condition)
        end, stated = where.end, found["count"]
        if stated is None:
            said = re.compile(rf"\s*(?:is|=|:)\s*({NUMBER})").match(text, where.end)
            if not said:
                continue
            end, stated = said.end(), said[1]
        if rows is None:
            yield Claim(found.start(), end, Verdict.UNKNOWN, "the condition cannot be decided for every row")
        elif number(stated) == len(rows):
            yield Claim(found.start(), end, Verdict.HOLDS, f"{len(rows)} rows do")
        else:
            yield Claim(found.start(), end, Verdict.FAILS, f"{len(rows)} rows do, not {stated}")


def _truths(text: str) -> Iterator[Claim]:
    for found in _TRUTH.finditer(text):
        said = found["truth"].lower() in ("true", "yes")
        sign = "=" if found["sign"] == "==" else found["sign"]
        yield _truth(found, meets(found["left"], sign, found["right"]), said)
    for found in _MORE.finditer(text):
        sign = ">" if found["word"].lower() in ("more", "greater", "larger", "higher") else "<"
        yield _truth(found, meets(found["left"], sign, found["right"]), True)


def _truth(found: re.Match[str], right: bool | None, said: bool) -> Claim:
    words = f"{found['left']} against {found['right']}"
    if right is None:
        return Claim(*found.span(), Verdict.UNKNOWN, f"{words} cannot be compared")
    if right == said:
        return Claim(*found.span(), Verdict.HOLDS, f"{words}: so it is")
    return Claim(*found.span(), Verdict.FAILS, f"{words}: it is the other way")
