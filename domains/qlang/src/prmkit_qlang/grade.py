"""Grades answers: programs by the hidden tests, values by equality."""

from __future__ import annotations

from collections.abc import Mapping

from prmkit.types import Problem
from prmkit_qlang import outcome


def grade(problem: Problem, answer: str | None) -> float | None:
    """1.0 when ``answer`` is right, 0.0 when it is wrong, None when that cannot be said.

    An answer is a q program, or a value where the reference has ``answer``. Programs run in the embedded
    interpreter; one that it cannot decide, and that fails no test, is not graded. No answer is wrong.

    Examples:
        >>> grade(Problem(id="p", text="What is x ?", reference={"answer": "7"}), " 7 ")
        1.0
    """
    reference = problem.reference
    if not isinstance(reference, Mapping):
        return None
    if "answer" in reference:
        return float(answer is not None and answer.strip() == str(reference["answer"]))
    if not outcome.hidden_tests(problem):
        return None
    if answer is None or not answer.strip():
        return 0.0
    found = outcome.judge(problem, answer, stop=True)  # one failed test decides
    if found.passed == found.total:
        return 1.0
    return None if found.passed + found.undecided == found.total else 0.0
