"""The answer that the last step states, against the reference.

Reads the reference, so its evidence labels training data or stands as oracle, never as a baseline.
Only the last scored step is judged, and only when it states an answer. Not checked: the reasoning.
"""

from __future__ import annotations

from prmkit.answer import extract_answer
from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit.verify.bring import bring
from prmkit_math.grade import grade


class FinalAnswer:
    """Judges the stated final answer."""

    name = "math/final_answer"
    version = 1
    scope: Scope = "claim"
    needs_reference = True
    tools: tuple[str, ...] = ("math-verify", "pint")

    def warm(self) -> None:
        """Bring in what is slow to import."""
        bring("math_verify")
        bring("pint")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        silent = Finding(Verdict.UNKNOWN, "not the step that states the answer", Code.NOT_APPLICABLE)
        findings = [silent] * len(trajectory.scored)
        if findings:
            findings[-1] = _last(problem, trajectory)
        return findings


def _last(problem: Problem, trajectory: Trajectory) -> Finding:
    if problem.reference is None:
        return Finding(Verdict.UNKNOWN, "the problem has no reference", Code.NO_REFERENCE)
    answer = trajectory.final_answer or extract_answer(trajectory.steps[trajectory.scored[-1]].text)
    if answer is None:
        return Finding(Verdict.UNKNOWN, "states no final answer", Code.NOT_APPLICABLE)
    right = grade(problem, answer)
    if right is None:
        return Finding(Verdict.UNKNOWN, "the answers cannot be compared", Code.UNSUPPORTED)
    if right:
        return Finding(Verdict.HOLDS, f"states {answer[:100]!r}, as the reference does")
    return Finding(Verdict.FAILS, f"states {answer[:100]!r}, the reference another answer")
