"""From claims to findings: what every verifier of the domain says in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prmkit.contracts import Finding
from prmkit.errors import RecordError
from prmkit.types import Claim, Code, Problem, Trajectory, Verdict
from prmkit_tables.table import Table, table_of

MAX_STEP = 20_000
"""Longer steps are not read, characters."""
MAX_CLAIMS = 200
"""Claims of one step that are judged."""


def unknown(reason: str, code: Code = Code.NOT_APPLICABLE) -> Finding:
    """UNKNOWN with its reason."""
    return Finding(Verdict.UNKNOWN, reason, code)


def conclude(claims: Sequence[Claim], nothing: str) -> Finding:
    """FAILS when a claim fails, else HOLDS when one holds, else UNKNOWN.

    Examples:
        >>> conclude([Claim(0, 1, Verdict.HOLDS, "a"), Claim(2, 3, Verdict.FAILS, "b")], "none").reason
        'b'
    """
    if not claims:
        return unknown(nothing)
    for verdict in (Verdict.FAILS, Verdict.HOLDS):
        said = [claim for claim in claims if claim.verdict is verdict]
        if said:
            return Finding(verdict, "; ".join(c.reason for c in said[:3]), claims=tuple(claims[:MAX_CLAIMS]))
    return Finding(Verdict.UNKNOWN, claims[0].reason, Code.UNSUPPORTED, claims=tuple(claims[:MAX_CLAIMS]))


def against_table(
    problem: Problem, trajectory: Trajectory, judge: Callable[[Table, str], Finding]
) -> list[Finding]:
    """Judge each scored step against the problem's one table; UNKNOWN throughout where there is none."""
    try:
        table = table_of(problem)
    except RecordError as error:
        return [unknown(f"the table cannot be read: {error.message}", Code.UNSUPPORTED)] * len(
            trajectory.scored
        )
    if table is None or not table.rows:
        return [unknown("the problem has no table, or several")] * len(trajectory.scored)
    findings = []
    for index in trajectory.scored:
        text = trajectory.steps[index].text
        if len(text) > MAX_STEP:
            findings.append(unknown(f"longer than {MAX_STEP} characters", Code.UNSUPPORTED))
        else:
            findings.append(judge(table, text))
    return findings
