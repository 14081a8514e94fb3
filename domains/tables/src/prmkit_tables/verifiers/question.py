"""The verifier ``tables/question``: the stated answer against one computed from question and table.

It reads no reference: it answers the question itself, where the question has one of the forms of
:mod:`prmkit_tables.verifiers.worksheet`. The finding is on the last scored step.
"""

from __future__ import annotations

from fractions import Fraction

from prmkit.answer import extract_answer
from prmkit.contracts import Finding
from prmkit.errors import RecordError
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_tables.cells import number, shown
from prmkit_tables.equality import same_value
from prmkit_tables.table import table_of
from prmkit_tables.verifiers.findings import unknown
from prmkit_tables.verifiers.worksheet import Answer, solve


class Question:
    """Answer the question and compare.

    What it does not check: questions of any other form, and the way to the answer.
    """

    name = "tables/question"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        findings = [unknown("not the step that states the answer")] * len(trajectory.scored)
        if findings:
            findings[-1] = _last(problem, trajectory)
        return findings


def _last(problem: Problem, trajectory: Trajectory) -> Finding:
    try:
        table = table_of(problem)
    except RecordError as error:
        return unknown(f"the table cannot be read: {error.message}", Code.UNSUPPORTED)
    question = problem.context.get("question")
    asked = question if isinstance(question, str) else problem.text.rsplit("\n", 1)[-1]
    right = solve(asked, table) if table else None
    if right is None:
        return unknown("the question has no form that is read")
    stated = trajectory.final_answer or extract_answer(trajectory.steps[trajectory.scored[-1]].text)
    said = shown(right) if isinstance(right, Fraction) else right
    if stated is None:
        return Finding(Verdict.UNKNOWN, f"no answer is stated; it is {said}", Code.NOT_APPLICABLE)
    if _same(right, stated):
        return Finding(Verdict.HOLDS, f"the answer is {said}")
    if isinstance(right, Fraction) and number(stated) is None and _same(right, stated) is None:
        return Finding(Verdict.UNKNOWN, f"{stated[:40]!r} cannot be compared with {said}", Code.UNSUPPORTED)
    return Finding(Verdict.FAILS, f"the answer is {said}, not {stated[:60]}")


def _same(right: Answer, stated: str) -> bool | None:
    return same_value(float(right) if isinstance(right, Fraction) else right, stated)
