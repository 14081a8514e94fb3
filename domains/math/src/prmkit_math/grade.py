"""Final-answer equality against a problem's reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from prmkit.types import Json, Problem
from prmkit_math.equality import same_value
from prmkit_math.verifiers.algebra import Node, UnreadableError, read
from prmkit_math.verifiers.rational import TooLargeError, constant


def grade(problem: Problem, answer: str | None) -> float | None:
    """1.0 when ``answer`` is right, 0.0 when it is wrong, None when that cannot be said.

    No answer is wrong. A problem without reference cannot be graded. References may be an
    answer, a list of accepted answers, a mapping with ``answer``, or a number puzzle
    ``{"numbers": [...], "target": n}``.

    Examples:
        >>> grade(Problem(id="p", text="Half of one?", reference="0.5"), "1/2")
        1.0
    """
    reference: Json = problem.reference
    if reference is None:
        return None
    if answer is None or not answer.strip():
        return 0.0
    if isinstance(reference, Mapping):
        if "answer" not in reference:
            return _puzzle(reference, answer)
        reference = reference["answer"]
    accepted = reference if isinstance(reference, list) else [reference]
    verdicts = [same_value(_spelled(one), answer) for one in accepted]
    if True in verdicts:
        return 1.0
    return None if None in verdicts or not verdicts else 0.0


def _spelled(reference: Json) -> str:
    return f"{reference:g}" if isinstance(reference, float) else str(reference)


def _puzzle(reference: Mapping[str, Json], answer: str) -> float | None:
    numbers, target = reference.get("numbers"), reference.get("target")
    if not isinstance(numbers, list) or target is None:
        return None
    try:
        found = read(answer.partition("=")[0])
        used = Counter(_digits(found))
        return float(used == Counter(numbers) and constant(found) == target)
    except (UnreadableError, TooLargeError):
        return 0.0


def _digits(found: Node) -> list[int]:
    return [int(node.value) for node in found.walk() if node.kind == "number"]
