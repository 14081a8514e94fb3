"""Grades answers: programs by the hidden tests, values by equality."""

from __future__ import annotations

from collections.abc import Mapping

from prmkit.types import Problem, Verdict
from prmkit_code import outcome, tasks
from prmkit_code.program import parsed

_GRADES = {Verdict.HOLDS: 1.0, Verdict.FAILS: 0.0, Verdict.UNKNOWN: None}


def grade(problem: Problem, answer: str | None) -> float | None:
    """1.0 when ``answer`` is right, 0.0 when it is wrong, None when that cannot be said.

    An answer is a program, or a value where the reference has ``answer``. Programs run in the sandbox;
    without one they are not graded. No answer is wrong.

    Examples:
        >>> grade(Problem(id="p", text="What is x?", reference={"answer": "7"}), " 7 ")
        1.0
    """
    reference = problem.reference
    if not isinstance(reference, Mapping):
        return None
    if answer is None or not answer.strip():
        return 0.0
    if "answer" in reference:
        return float(answer.strip() == str(reference["answer"]))
    if "cases" in reference:
        return tasks.grade(problem, answer)
    if not reference.get("tests") and not reference.get("inputs"):
        return None
    source = str(problem.context.get("prompt") or "") + answer if parsed(answer) is None else answer
    return _GRADES[outcome.judge(problem, source).verdict]
