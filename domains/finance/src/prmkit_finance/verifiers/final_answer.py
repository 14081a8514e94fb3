"""The verifier ``finance/final_answer``: the stated answer against the reference.

Reads the reference, so its evidence labels training data or stands as oracle, never as a baseline.
"""

from __future__ import annotations

from collections.abc import Sequence

from prmkit.answer import extract_answer
from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_finance.grade import graded
from prmkit_finance.matching import Match
from prmkit_finance.verdicts import silent


class FinalAnswer:
    """Grade the answer of the last scored step, and name the slip.

    What it does not check: the way to the answer.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> p = Problem("p", "Change?", reference={"answer": -12.6, "scale": "million"})
        >>> t = Trajectory.of_steps("t", "p", ["12.6 million"], final_answer="12.6 million")
        >>> FinalAnswer().check(p, t)[0].detail
        {'slip': 'sign'}
    """

    name = "finance/final_answer"
    version = 1
    scope: Scope = "claim"
    needs_reference = True
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step; only the last is judged."""
        out = [silent("not the step that states the answer")] * len(trajectory.scored)
        if out:
            out[-1] = _last(problem, trajectory)
        return out


def _last(problem: Problem, trajectory: Trajectory) -> Finding:
    if problem.reference is None:
        return silent("the problem has no reference", Code.NO_REFERENCE)
    answer = trajectory.final_answer or extract_answer(trajectory.steps[trajectory.scored[-1]].text)
    if answer is None:
        return silent("states no final answer")
    found = graded(problem, answer)
    if found.grade is None:
        return silent("the answers cannot be compared", Code.UNSUPPORTED)
    if found.grade == 1.0:
        return Finding(Verdict.HOLDS, f"states {answer[:100]!r}, as the reference does")
    slip = (found.match or Match.VALUE).value
    return Finding(
        Verdict.FAILS, f"states {answer[:100]!r}, not the reference ({slip})", detail={"slip": slip}
    )
