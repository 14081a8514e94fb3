"""Q-HumanEval through the embedded engine: the cases of a task's tests, tried on a q program.

Python values reach q as ``prmkit_qlang.bridge`` says (texts are char vectors, of one character too). Results
are compared by value: as there, but truth values are also the numbers 0 and 1, and None is the generic null,
too. The published harness sends a text of one character as a char, and compares with Python's ``==``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from prmkit.errors import RecordError
from prmkit.types import Code, Problem
from prmkit_qlang.bridge import close, equal, to_python, to_q
from prmkit_qlang.checks import Case, RefusedError, read_checks
from prmkit_qlang.engine.functions import is_nil
from prmkit_qlang.engine.types import CHAR, NUMERIC
from prmkit_qlang.engine.values import Atom, Fn, List, Value, Vec, items
from prmkit_qlang.running import Ran, Room, shown


class Tried(NamedTuple):
    """How a program did on the cases of a task."""

    passed: int
    failed: int
    unknown: int
    """Cases on which the engine gave up (a limit, or a construct it does not have)."""
    left_out: int
    """Asserts of the task that were not read as cases."""
    first: str = ""
    """The first case that did not pass, with what came out."""

    @property
    def share(self) -> float:
        """Passed among all cases; 0 where there are none."""
        total = self.passed + self.failed + self.unknown
        return self.passed / total if total else 0.0

    @property
    def outcome(self) -> float | None:
        """1.0 where all cases pass, 0.0 where one fails, None where the engine cannot say."""
        if self.failed:
            return 0.0
        return None if self.unknown or not self.passed else 1.0


def try_program(program: str, problem: Problem) -> Tried:
    """Run the cases of a task of ``q_humaneval`` on a q program, each in budget.

    The program defines the task's function by name, or is that function.

    Raises:
        RecordError: The problem is no such task.
    """
    reference = problem.reference
    if not isinstance(reference, Mapping) or not {"entry_point", "tests"} <= set(reference):
        raise RecordError("the problem has no tests", do="use a task of q_humaneval", field="reference")
    try:
        checks = read_checks(str(reference["tests"]))
    except RefusedError as error:
        raise RecordError(str(error), do="use a task of q_humaneval", field="reference") from None
    room, name = Room(), str(reference["entry_point"])
    ran = room.script(program)
    if room.get(name) is None and isinstance(ran.value, Fn):
        room.set(name, ran.value)
    counts, first = {True: 0, False: 0, None: 0}, ""
    for case in checks.cases:
        got = room.call(name, [to_q(one) for one in case.args])
        verdict = judge(case, got)
        counts[verdict] += 1
        if not verdict and not first:
            first = f"{name}{case.args!r:.200} gave {shown(got)}"
    return Tried(counts[True], counts[False], counts[None], len(checks.refused), first)


def judge(case: Case, got: Ran) -> bool | None:
    """Whether a case passes; None where the engine gave up."""
    if got.value is None:
        return None if got.code is not Code.NONE else False
    if case.how == "equal":
        return agrees(got.value, case.expected)
    number = _number(got.value)
    if number is None:
        return False
    if case.how == "close":
        return bool(abs(number - case.expected) < case.within)
    return (number != 0) is (case.how == "true")


def agrees(found: Value, expected: Any) -> bool:
    """Whether a q value is what Python expects.

    Examples:
        >>> agrees(to_q([1, 0]), (True, False)), agrees(to_q([1, 2]), [1.0, 2]), agrees(to_q("a"), "b")
        (True, True, False)
    """
    if expected is None:
        return is_nil(found) or equal(found, None)
    if isinstance(expected, bool | int | float):
        number = _number(found)
        return number is not None and close(number, expected + 0)
    if isinstance(expected, list | tuple) and isinstance(found, List | Vec):
        its = items(found)
        return len(its) == len(expected) and all(map(agrees, its, expected))
    if isinstance(found, Vec) and found.t == CHAR:
        return bool(to_python(found) == expected)
    return equal(found, expected)


def _number(found: Value) -> int | float | None:
    if not isinstance(found, Atom) or -found.t not in NUMERIC:
        return None
    plain = to_python(found)
    return plain + 0 if isinstance(plain, bool | int | float) else None
