"""The verifier ``tables/sql``: queries run on the problem's tables, and results that steps state for them.

A query that runs HOLDS (with its result as the reason); one that the engine cannot run FAILS; one that is
refused or stopped is UNKNOWN. ``it returns 12`` after a query, in its step or the next, is compared with
the result, as a multiset of values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from prmkit.contracts import Finding
from prmkit.errors import RecordError
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_tables.cells import Cell, null, number, written
from prmkit_tables.equality import same_multiset, split_answer
from prmkit_tables.sql.find import Found, queries
from prmkit_tables.sql.gate import GateError
from prmkit_tables.sql.resolve import resolve
from prmkit_tables.sql.result import Ran
from prmkit_tables.sql.run import run
from prmkit_tables.sql.schema import Schema, called, columns
from prmkit_tables.table import Table, tables_of
from prmkit_tables.verifiers.findings import MAX_STEP, conclude, unknown

_RESULT = re.compile(
    r"\b(?:(?:query|it|this|that|which|sql) (?:returns|gives|yields|outputs|results in|evaluates to)|"
    r"(?:result|output)s?(?: is| are|:))\s*:?\s*(?P<value>[^\n]{1,300})",
    re.IGNORECASE,
)
_WORDY = re.compile(
    r"\b(?:the|a|an|number|rows?|names?|list|all|of|with|where|that|which|one|as|for)\b", re.I
)
MAX_QUERIES = 10
"""Queries of one trajectory that are run."""


class Sql:
    """Run queries and compare what steps say they return.

    What it does not check: whether the query asks what the problem asks; results described in words;
    queries over tables that are not given.
    """

    name = "tables/sql"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ("sqlglot", "duckdb")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        try:
            tables = tables_of(problem)
        except RecordError as error:
            silent = unknown(f"the table cannot be read: {error.message}", Code.UNSUPPORTED)
            return [silent] * len(trajectory.scored)
        if not tables:
            return [unknown("the problem has no table to run a query on")] * len(trajectory.scored)
        quotes = str(problem.context.get("quotes", ""))
        findings, last, runs = [], None, 0
        for index in trajectory.scored:
            text = trajectory.steps[index].text
            found = queries(text) if len(text) <= MAX_STEP else []
            claims: list[Claim] = []
            for query in found[: MAX_QUERIES - runs]:
                runs += 1
                claim, last = _judge(query, tables, quotes)
                claims.append(claim)
            if last is not None and last.status == "ok":
                begin = found[-1].end if found else 0
                claims += _stated(text, begin, last)
            if not found:
                last = None
            findings.append(conclude(claims, "holds no query, and states no result of one"))
        return findings


def execute(sql: str, tables: Mapping[str, Table], *, quotes: str = "") -> Ran:
    """Gate, resolve and run one query.

    The only table, where it has no name, answers to the one that the query uses.

    Raises:
        GateError: It is not let through, or names what is not there.
    """
    known = dict(tables)
    if len(tables) == 1:
        ((name, table),) = tables.items()
        known = {called(sql, name, given=bool(table.name)): table}
    schema: Schema = {name: columns(table) for name, table in known.items()}
    return run(resolve(sql, schema, quotes=quotes).query, known)


def _judge(query: Found, tables: Mapping[str, Table], quotes: str) -> tuple[Claim, Ran | None]:
    span = query.start, query.end
    try:
        ran = execute(query.sql, tables, quotes=quotes)
    except GateError as error:
        # Names that are not there are the schema verifier's to refute.
        return Claim(*span, Verdict.UNKNOWN, error.reason), None
    if ran.status == "ok":
        return Claim(*span, Verdict.HOLDS, f"runs and gives {_shown(ran)}"), ran
    if ran.status == "error":
        return Claim(*span, Verdict.UNKNOWN, f"{ran.engine} cannot run it: {ran.reason}"), None
    return Claim(*span, Verdict.UNKNOWN, f"{ran.status}: {ran.reason}"), None


def _shown(ran: Ran) -> str:
    values = [
        ", ".join("NULL" if cell is None else written(cell)[:40] for cell in row[:6]) for row in ran.rows[:3]
    ]
    more = f" and {len(ran.rows) - 3} more rows" if len(ran.rows) > 3 else ""
    return ("; ".join(values) or "no row") + more


def _stated(text: str, begin: int, ran: Ran) -> list[Claim]:
    claims = []
    for found in _RESULT.finditer(text, begin):
        value = found["value"].strip().rstrip(".").strip("`*\"'")
        flat: Sequence[Cell] = [cell for row in ran.rows for cell in row]
        span = found.span()
        if len(flat) == 1 and not null(flat[0]):
            claims.append(_single(span, flat[0], value))
        elif 1 < len(flat) <= 50:
            given = split_answer(value, len(flat))
            if len(given) == len(flat) and same_multiset(flat, given):
                claims.append(Claim(*span, Verdict.HOLDS, "that is the result"))
            else:
                claims.append(Claim(*span, Verdict.UNKNOWN, f"the result is {_shown(ran)}"))
    return claims


def _single(span: tuple[int, int], cell: Cell, value: str) -> Claim:
    first = re.match(r"[-+$€£]?\d[\d,]*(?:\.\d+)?%?(?!\w)", value)
    given = first.group().rstrip(",") if first and number(cell) is not None else value
    same = same_multiset([cell], [given])
    if same:
        return Claim(*span, Verdict.HOLDS, f"the result is {written(cell)[:60]}")
    sure = number(given) is not None if number(cell) is not None else not _WORDY.search(value)
    rounded = number(cell) is not None and number(given) is not None and _near(cell, given)
    if same is False and sure and not rounded:
        return Claim(*span, Verdict.FAILS, f"the query gives {written(cell)[:60]}, not {given[:60]}")
    return Claim(*span, Verdict.UNKNOWN, f"the query gives {written(cell)[:60]}")


def _near(cell: Cell, given: str) -> bool:
    one, two = number(cell), number(given)
    return one is not None and two is not None and one.denominator != 1 and abs(one - two) < 1
