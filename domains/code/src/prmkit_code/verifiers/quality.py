"""The verifiers ``code/test_quality`` and ``code/asserts``: is a unit test worth anything, is it right?

``test_quality`` reads, and runs nothing: a test FAILS when it asserts nothing, does not call the function
under test, or cannot fail; its metrics (RLSQM, arXiv 2310.02368) stand in the detail. ``asserts`` runs
each assertion against the reference program.
"""

from __future__ import annotations

import ast

from prmkit.contracts import Finding
from prmkit.types import Code, Json, Problem, Scope, Trajectory, Verdict
from prmkit_code import outcome, runner
from prmkit_code.program import Program, entry_point, parsed, program
from prmkit_code.unit_tests import Metrics, Unit, measure, units

_NOTHING = Finding(Verdict.UNKNOWN, "no unit test in this step", Code.NOT_APPLICABLE)


class TestQuality:
    """Measure each unit test of a solution by reading it."""

    name = "code/test_quality"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step; a test function is judged at its first step."""
        found = program(problem, trajectory)
        judged: dict[int, Finding] = {}
        for unit in _units(problem, found):
            step = found.step_of(unit.row) if found else None
            if step is not None:
                finding = judge(unit, entry_point(problem))
                if judged.get(step, _NOTHING).verdict is not Verdict.FAILS:
                    judged[step] = finding
        return [judged.get(step, _NOTHING) for step in trajectory.scored]


def _units(problem: Problem, found: Program | None) -> list[Unit]:
    """Unit tests of a program; lone assertions count only where tests are what is asked for."""
    if found is None:
        return []
    tests = units(found.source)
    return tests if problem.context.get("unit_tests") else [one for one in tests if one.name]


def judge(unit: Unit, focal: str = "") -> Finding:
    r"""The verdict on one unit test, with its metrics.

    Examples:
        >>> judge(Unit("test_it", 1, 2, "def test_it():\n    add(1, 2)"), "add").reason
        'test_it asserts nothing'
    """
    found = measure(unit.source, focal)
    detail: dict[str, Json] = {"vector": list(found.vector), "reward": found.reward}
    fault = _fault(found, focal)
    name = unit.name or "the assertion"
    if fault:
        return Finding(Verdict.FAILS, f"{name} {fault}", detail=detail)
    return Finding(Verdict.HOLDS, f"{name} meets what is necessary", detail=detail)


def _fault(found: Metrics, focal: str) -> str:
    if not found.assertion:
        return "asserts nothing"
    if not found.focal:
        return f"never calls {focal}"
    return "" if found.no_tautology else "cannot fail"


class Asserts:
    """Run each assertion that a solution writes against the reference program."""

    name = "code/asserts"
    version = 1
    scope: Scope = "step"
    needs_reference = True
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = program(problem, trajectory) if problem.context.get("unit_tests") else None
        solution = problem.reference.get("solution") if isinstance(problem.reference, dict) else None
        if found is None or not isinstance(solution, str):
            return [_NOTHING] * len(trajectory.scored)
        placed: dict[int, str] = {}
        for node in (parsed(found.source) or ast.Module([], [])).body:
            step = found.step_of(node.lineno)
            if isinstance(node, ast.Assert) and step is not None and step not in placed:
                placed[step] = ast.unparse(node)
        if not placed:
            return [_NOTHING] * len(trajectory.scored)
        job = runner.against_tests(solution, list(placed.values()), seconds=outcome.SECONDS)
        ran = runner.run(job)
        if ran.failure or ran.found["error"]:
            said = ran.failure or Finding(
                Verdict.UNKNOWN, "the reference does not run here", Code.UNSUPPORTED
            )
            return [said if step in placed else _NOTHING for step in trajectory.scored]
        verdicts = dict(zip(placed, (_assert(error) for error, _ in ran.found["cases"]), strict=True))
        return [verdicts.get(step, _NOTHING) for step in trajectory.scored]


def _assert(error: str | None) -> Finding:
    if error is None:
        return Finding(Verdict.HOLDS, "the reference program passes it")
    if error.startswith("AssertionError"):
        return Finding(Verdict.FAILS, "the reference program does not pass it")
    # Wrong arguments or a slow call say nothing of what is asserted.
    return Finding(Verdict.UNKNOWN, f"the reference program raises {error}"[:300], Code.UNSUPPORTED)
