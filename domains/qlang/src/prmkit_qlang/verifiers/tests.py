"""The verifier ``qlang/tests``: does the program pass the problem's hidden tests?

A program that passes makes all its steps HOLD (scope *claim*: tests are finite); the share that passes is
in the detail. When it fails, the step that completes it FAILS: the program as it stands there is wrong. Tests
that the interpreter cannot decide are neither.
"""

from __future__ import annotations

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_qlang import outcome
from prmkit_qlang.program import Piece, pieces, source

_NOTHING = Finding(Verdict.UNKNOWN, "not part of the program", Code.NOT_APPLICABLE)


class Tests:
    """Run the program against the hidden tests of the reference."""

    name = "qlang/tests"
    version = 1
    scope: Scope = "claim"
    needs_reference = True
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        written = pieces(problem, trajectory)
        if not outcome.hidden_tests(problem) or not written:
            reason = "no program" if not written else "the reference holds no tests"
            bare = bool(written) and problem.reference is None
            code = Code.NO_REFERENCE if bare else Code.NOT_APPLICABLE
            return [Finding(Verdict.UNKNOWN, reason, code)] * len(trajectory.scored)
        return spread(trajectory, written, concluded(outcome.judge(problem, source(written))))


def spread(trajectory: Trajectory, written: list[Piece], verdict: Finding) -> list[Finding]:
    """A verdict on a program as findings on its steps: what FAILS does so where the program is complete."""
    steps = {step for piece in written for step in piece.steps}
    last, part = max(steps), verdict
    if verdict.verdict is Verdict.FAILS:
        part = Finding(Verdict.UNKNOWN, "the program is wrong as it ends", Code.NOT_APPLICABLE)
    return [verdict if step == last else part if step in steps else _NOTHING for step in trajectory.scored]


def concluded(found: outcome.Outcome) -> Finding:
    """What tests say of a program."""
    detail = {"passed": found.passed, "total": found.total, "share": round(found.share, 6)}
    if found.passed == found.total:
        return Finding(Verdict.HOLDS, f"it passes all {found.total} tests", detail=detail)
    if found.passed + found.undecided == found.total:
        reason = f"{found.undecided} of {found.total} tests could not be decided"
        return Finding(Verdict.UNKNOWN, reason, found.code, detail=detail)
    passed = f"it passes {found.passed} of {found.total} tests"
    return Finding(Verdict.FAILS, f"{passed}: {found.counterexample}", detail=detail)
