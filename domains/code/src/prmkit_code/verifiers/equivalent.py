"""The verifier ``code/equivalent``: does a rewritten program still do what the original does?

Speaks where the problem gives an ``original`` program and a function to call. Both run on the problem's
``inputs``, or on the arguments of its shown tests. Agreement on finitely many inputs is no proof: HOLDS
is of scope *claim*.
"""

from __future__ import annotations

import ast

from prmkit.contracts import Finding
from prmkit.types import Code, Json, Problem, Scope, Trajectory, Verdict
from prmkit_code import outcome, runner
from prmkit_code.program import entry_point, parsed, program
from prmkit_code.verifiers.tests import examples, spread


class Equivalent:
    """Compare the program with the original on the same inputs."""

    name = "code/equivalent"
    version = 2
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found, name = program(problem, trajectory), entry_point(problem)
        original, inputs = problem.context.get("original"), arguments(problem)
        if found is None or not name or not isinstance(original, str) or not inputs:
            silent = Finding(Verdict.UNKNOWN, "no original program with inputs", Code.NOT_APPLICABLE)
            return [silent] * len(trajectory.scored)
        ran = runner.run(
            {
                "mode": "compare",
                "program": found.source,
                "original": original,
                "entry": name,
                "inputs": inputs,
                "seconds": outcome.SECONDS,
            }
        )
        return spread(trajectory, found, ran.failure or outcome.compared(ran.found))


def arguments(problem: Problem) -> list[Json]:
    """Argument lists to try: the problem's own, else those of the calls in its shown tests."""
    given = problem.context.get("inputs")
    if isinstance(given, list):
        return [one for one in given if isinstance(one, list)]
    found: list[Json] = []
    for test in [*outcome.shown_tests(problem), *examples(problem.text)]:
        for node in ast.walk(parsed(test) or ast.Module([], [])):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id == entry_point(problem):  # type: ignore[attr-defined]
                try:
                    found.append([ast.literal_eval(a) for a in node.args])  # type: ignore[attr-defined]
                except (ValueError, TypeError):
                    continue
    return [one for one in found if _is_json(one)]


def _is_json(value: Json) -> bool:
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_json(v) for k, v in value.items())
    return value is None or isinstance(value, str | int | float | bool)
