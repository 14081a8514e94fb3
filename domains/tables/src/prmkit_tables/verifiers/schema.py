"""The verifier ``tables/schema``: columns and tables that a step says there are, in words, SQL and pandas.

Read are ``the table has a column kg``, ``the columns are name and kg``, ``the table has 4 rows``, the names
that a query uses, and ``df["kg"]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prmkit.contracts import Finding
from prmkit.errors import RecordError
from prmkit.registry import nearest
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_tables.cells import plain
from prmkit_tables.sql.find import queries
from prmkit_tables.sql.gate import GateError
from prmkit_tables.sql.resolve import resolve
from prmkit_tables.sql.schema import Schema, called, schema_of
from prmkit_tables.table import Table, table_of
from prmkit_tables.verifiers.findings import MAX_STEP, conclude, unknown

_HAS = re.compile(
    r"\btable (?:has|contains|includes)(?P<no> no)? (?:an? |the )?columns?(?: called| named)?:?"
    r" (?P<names>[^.;\n]+)"
    r"|\bcolumns (?:of the table |in the table )?(?:are|:)(?: named)?:? ?(?P<list>[^.;\n]+)"
    r"|\bthere is (?P<none>no |an? )column (?:called |named )?(?P<one>[^.,;\n]+)",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"\btable has (?P<count>\d{1,6}) (?P<what>rows?|columns?)"
    r"(?: and (?P<more>\d{1,6}) (?P<other>rows?|columns?))?\b",
    re.IGNORECASE,
)
_FRAME = re.compile(r"\bdf\[\s*(?P<quote>['\"])(?P<name>[^'\"\]\n]{1,80})(?P=quote)\s*\](?P<sets>\s*=(?!=))?")
_SPLIT = re.compile(r"\s*(?:,\s*(?:and\s+)?|\s+and\s+)\s*")
_QUOTES = "`'\"\u201c\u201d "


class SchemaClaims:
    """Look every named column and table up in the schema.

    What it does not check: whether these were the columns to use, and names in text that is not SQL, not
    pandas and not a sentence about columns.
    """

    name = "tables/schema"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ("sqlglot",)

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        try:
            schema, table = schema_of(problem), table_of(problem)
        except RecordError as error:
            silent = unknown(f"the schema cannot be read: {error.message}", Code.UNSUPPORTED)
            return [silent] * len(trajectory.scored)
        if not schema:
            return [unknown("the problem has no table and no schema")] * len(trajectory.scored)
        quotes = str(problem.context.get("quotes", ""))
        named = len(schema) > 1 or table is None or bool(table.name)
        made: set[str] = set()
        findings = []
        for index in trajectory.scored:
            text = trajectory.steps[index].text
            if len(text) > MAX_STEP:
                findings.append(unknown(f"longer than {MAX_STEP} characters", Code.UNSUPPORTED))
                continue
            claims = [
                *_sql(text, schema, quotes, named),
                *_words(text, schema, table),
                *_pandas(text, table, made),
            ]
            findings.append(conclude(sorted(claims, key=lambda c: c.start), "names no column or table"))
        return findings


def _sql(text: str, schema: Schema, quotes: str, named: bool) -> Iterator[Claim]:
    for found in queries(text):
        span = found.start, found.end
        if len(schema) == 1:
            ((name, columns),) = schema.items()
            schema = {called(found.sql, name, given=named): columns}
        try:
            resolved = resolve(found.sql, schema, quotes=quotes)
        except GateError as error:
            wrong = error.fault in ("table", "column")
            verdict = Verdict.FAILS if wrong else Verdict.UNKNOWN
            known = schema if error.fault == "table" else {c: 0 for names in schema.values() for c in names}
            hint = f" ({nearest(error.name, dict(known))})" if wrong else ""
            yield Claim(*span, verdict, f"{error.reason}{hint}")
        else:
            yield Claim(*span, Verdict.HOLDS, f"reads {', '.join(resolved.columns) or 'no column'}")


def _words(text: str, schema: Schema, table: Table | None) -> Iterator[Claim]:
    known = {plain(column) for columns in schema.values() for column in columns}
    known |= {plain(column) for column in table.columns} if table else set()
    for found in _HAS.finditer(text):
        names = [
            part.strip(_QUOTES) for part in _SPLIT.split(found["names"] or found["list"] or found["one"])
        ]
        denied = bool(found["no"]) or (found["none"] or "").strip().lower() == "no"
        absent = [name for name in names if plain(name) not in known]
        span = found.span()
        if denied and len(names) == 1:
            there = not absent
            verdict = Verdict.FAILS if there else Verdict.HOLDS
            yield Claim(*span, verdict, f"there is {'a' if there else 'no'} column {names[0][:60]!r}")
        elif not denied and not absent:
            yield Claim(*span, Verdict.HOLDS, f"there are columns {', '.join(names)}"[:200])
        elif not denied:
            # A phrase that runs on is no name: only short ones are refuted.
            sure = all(len(name.split()) <= 3 for name in absent)
            sure = sure and not any(plain(name).startswith(tuple(k + " " for k in known)) for name in absent)
            yield Claim(
                *span,
                Verdict.FAILS if sure else Verdict.UNKNOWN,
                f"there is no column {absent[0][:60]!r}",
            )
    yield from _sizes(text, table) if table else ()


def _sizes(text: str, table: Table) -> Iterator[Claim]:
    for found in _SIZE.finditer(text):
        pairs = [(found["count"], found["what"]), (found["more"], found["other"])]
        for count, what in pairs:
            if count is None:
                continue
            right = len(table.rows) if what.lower().startswith("row") else len(table.columns)
            verdict = Verdict.HOLDS if int(count) == right else Verdict.FAILS
            # Some count the header as a row.
            if verdict is Verdict.FAILS and what.lower().startswith("row") and int(count) == right + 1:
                verdict = Verdict.UNKNOWN
            yield Claim(*found.span(), verdict, f"the table has {right} {what}")


def _pandas(text: str, table: Table | None, made: set[str]) -> Iterator[Claim]:
    if table is None or "df[" not in text:
        return
    known: Sequence[str] = table.columns
    for found in _FRAME.finditer(text):
        if found["sets"]:
            made.add(found["name"])
        elif found["name"] in known or found["name"] in made:
            yield Claim(*found.span(), Verdict.HOLDS, f"there is a column {found['name']!r}")
        elif re.search(r"\.(?:rename|merge|join|assign|columns|pivot|reset_index|groupby)\b", text):
            yield Claim(*found.span(), Verdict.UNKNOWN, "the columns may have been changed")
        else:
            hint = nearest(found["name"], dict.fromkeys(known))
            yield Claim(*found.span(), Verdict.FAILS, f"there is no column {found['name']!r} ({hint})")
