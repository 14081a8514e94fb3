"""The answer that the last step states, against the reference.

Reads the reference, so its evidence labels training data or stands as oracle, never as a baseline.
Only the last scored step is judged, and only when an answer is stated. Not checked: the reasoning.
"""

from __future__ import annotations

from prmkit.answer import extract_answer
from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_tables.grade import grade
from prmkit_tables.verifiers.findings import unknown


class FinalAnswer:
    """Judges the stated final answer."""

    name = "tables/final_answer"
    version = 1
    scope: Scope = "claim"
    needs_reference = True
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        findings = [unknown("not the step that states the answer")] * len(trajectory.scored)
        if findings:
            findings[-1] = _last(problem, trajectory)
        return findings


def _last(problem: Problem, trajectory: Trajectory) -> Finding:
    answer = trajectory.final_answer or extract_answer(trajectory.steps[trajectory.scored[-1]].text)
    if answer is None:
        return unknown("states no final answer")
    right = grade(problem, answer)
    if right is None:
        return unknown("the answers cannot be compared", Code.UNSUPPORTED)
    if right:
        return Finding(Verdict.HOLDS, f"states {answer[:100]!r}, as the reference does")
    return Finding(Verdict.FAILS, f"states {answer[:100]!r}, the reference another answer")
