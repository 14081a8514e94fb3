"""Final-answer equality against a problem's reference."""

from __future__ import annotations

from collections.abc import Mapping

from prmkit.types import Json, Problem
from prmkit_tables.equality import same_multiset, split_answer


def grade(problem: Problem, answer: str | None) -> float | None:
    """1.0 when ``answer`` is right, 0.0 when it is wrong, None when that cannot be said.

    No answer is wrong; a problem without reference cannot be graded. A reference is a value, a list of values
    (compared as a multiset), or a mapping with ``answer``.

    Examples:
        >>> grade(Problem(id="p", text="Which cities?", reference=["Rome", "Oslo"]), "Oslo | Rome")
        1.0
    """
    reference: Json = problem.reference
    if isinstance(reference, Mapping):
        reference = reference.get("answer")
    if reference is None:
        return None
    if answer is None or not answer.strip():
        return 0.0
    wanted = list(reference) if isinstance(reference, (list, tuple)) else [reference]
    if not all(value is None or isinstance(value, (str, int, float)) for value in wanted):
        return None
    right = same_multiset(wanted, split_answer(answer, len(wanted)))
    return None if right is None else float(right)
