"""Does a program do what its problem asks? Its tests, or agreement with the reference, in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from prmkit.contracts import Finding
from prmkit.types import Code, Json, Problem, Verdict
from prmkit_code import runner
from prmkit_code.program import entry_point

SECONDS = 2.0
"""Processor time of a program's load, and of each test."""


class Asked(NamedTuple):
    """What settles the outcome of a program."""

    job: dict[str, Json]
    """The job of the harness, without the program."""
    names: list[str]
    """A word for each case, for reasons."""


def asked(reference: Json, entry: str) -> Asked | None:
    """What a reference asks of a program: its tests, or agreement on inputs; None when it asks nothing."""
    if not isinstance(reference, Mapping):
        return None
    tests = reference.get("tests")
    if tests:
        job = runner.against_tests("", tests, str(reference.get("setup") or ""), seconds=SECONDS, stop=True)
        return Asked(job, [shortened(test) for test in tests])
    if reference.get("inputs") and reference.get("solution") and entry:
        job = {
            "mode": "compare",
            "original": reference["solution"],
            "inputs": list(reference["inputs"]),
            "entry": entry,
            "atol": reference.get("atol", 0),
            "seconds": SECONDS,
        }
        return Asked(job, [])
    return None


def shown_tests(problem: Problem) -> list[str]:
    """Tests that the problem shows beside its text."""
    tests = problem.context.get("tests")
    return [str(test) for test in tests] if isinstance(tests, list) else []


def judge(problem: Problem, source: str) -> Finding:
    """HOLDS when the program passes the hidden tests, FAILS when it does not, else UNKNOWN."""
    wanted = asked(problem.reference, entry_point(problem))
    if wanted is None:
        return Finding(Verdict.UNKNOWN, "the reference holds no tests", Code.NO_REFERENCE)
    ran = runner.run({**wanted.job, "program": source})
    return ran.failure or conclude(wanted, ran.found)


def conclude(wanted: Asked, found: Mapping[str, Any]) -> Finding:
    """The verdict behind what the harness found."""
    if wanted.job["mode"] == "compare":
        return compared(found)
    result = runner.tested(found)
    if result.passed:
        return Finding(Verdict.HOLDS, f"passes {_count(len(wanted.names), 'test')}")
    if result.undecided:
        return Finding(Verdict.UNKNOWN, result.undecided, _why(result))
    where = f" in line {result.line}" if result.line else ""
    if result.case is None:
        return Finding(Verdict.FAILS, f"does not run: {result.error}{where}")
    return Finding(Verdict.FAILS, f"fails {wanted.names[result.case]!r}: {result.error.rstrip(': ')}{where}")


def _why(result: runner.Tested) -> Code:
    return Code.TIMEOUT if result.error.startswith("Over") else Code.UNSUPPORTED


def compared(found: Mapping[str, Any]) -> Finding:
    """The verdict behind a comparison of two programs on the same inputs."""
    if found["error"]:
        if found["phase"] == "original":
            return Finding(Verdict.UNKNOWN, "the reference does not run here", Code.UNSUPPORTED)
        if found["error"].startswith(("Over", "ModuleNotFoundError", "MemoryError")):
            return Finding(Verdict.UNKNOWN, found["error"], Code.UNSUPPORTED)
        return Finding(Verdict.FAILS, f"does not run: {found['error']}")
    if found["differ"]:
        given, mine, theirs = found["differ"][0]
        return Finding(Verdict.FAILS, f"for {given} it gives {mine}, and should give {theirs}")
    if not found["agree"]:
        return Finding(Verdict.UNKNOWN, "no input could be compared", Code.UNSUPPORTED)
    skipped = f" ({found['skipped']} could not be compared)" if found["skipped"] else ""
    return Finding(Verdict.HOLDS, f"agrees on {_count(found['agree'], 'input')}{skipped}")


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def shortened(test: str) -> str:
    """The last line of a test, for a reason."""
    line = test.strip().split("\n")[-1]
    return line if len(line) <= 100 else f"{line[:97]}..."
