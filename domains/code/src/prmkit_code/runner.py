"""Jobs for the sandbox: programs against tests, against each other, under a tracer.

No text of a solution runs anywhere else. What runs inside is ``inside/harness.txt``.
"""

from __future__ import annotations

import binascii
import functools
import importlib.resources
import marshal
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from prmkit.contracts import Finding
from prmkit.errors import SandboxRefusedError
from prmkit.types import Code, Json, Verdict
from prmkit.verify import sandbox
from prmkit.verify.sandbox import Limits, Result

LIMITS = Limits(seconds=40.0, memory=1 << 30, output=1 << 20)
"""Limits of one job; inside, each program also has a limit of processor time or of steps."""
TOOL = "bubblewrap"
"""What holds the programs. Verifiers do not list it: a user may switch the sandbox off, and it is asked for
where a program is to run; its absence is told there."""
_TYPING = re.compile(
    r"NameError: name '(?:List|Dict|Tuple|Set|Optional|Union|Any|Callable|Iterable|Sequence)' is not defined"
)


class Pool(Protocol):
    """What a place to run code offers."""

    def run(
        self, code: str, inputs: Mapping[str, Json] | None = None, limits: Limits | None = None
    ) -> Result:
        """One job."""
        ...

    def map(
        self, jobs: Iterable[tuple[str, Mapping[str, Json] | None]], limits: Limits | None = None
    ) -> Iterator[Result]:
        """Results in order."""
        ...


class Ran(NamedTuple):
    """What came of a job."""

    found: Any
    """What the harness returned; None when the job did not end well."""
    failure: Finding | None = None
    """UNKNOWN with the reason, when it did not."""
    stdout: str = ""


_START = """import marshal, binascii
exec(marshal.loads(binascii.a2b_base64(harness)), globals())
result"""
"""What a job begins with: the harness comes compiled, since parsing it costs more than most jobs do."""


@functools.lru_cache(maxsize=1)
def harness() -> str:
    """The script that runs inside, compiled (the sandbox runs the interpreter that runs this)."""
    text = (importlib.resources.files("prmkit_code.inside") / "harness.txt").read_text(encoding="utf-8")
    code = compile(text, "<harness>", "exec", dont_inherit=True)
    return binascii.b2a_base64(marshal.dumps(code), newline=False).decode("ascii")


def place() -> Pool:
    """The warm pool of this process.

    Raises:
        SandboxRefusedError: No safe back end works here.
    """
    pool: Pool = sandbox.shared_pool()
    return pool


def run(job: Mapping[str, Json], *, limits: Limits = LIMITS) -> Ran:
    """One job of the harness."""
    return next(run_all([job], limits=limits))


def run_all(
    jobs: Iterable[Mapping[str, Json]], *, limits: Limits = LIMITS, pool: Pool | None = None
) -> Iterator[Ran]:
    """Jobs of the harness, results in order.

    Args:
        jobs: Each with ``mode`` and what that mode reads.
        limits: Limits of each job.
        pool: Where to run; the shared pool of this process by default.
    """
    script = harness()
    jobs = iter(jobs)
    try:
        where = pool or place()
    except SandboxRefusedError as error:
        refused = Finding(Verdict.UNKNOWN, f"{TOOL}: {error}"[:300], Code.MISSING_TOOL)
        yield from (Ran(None, refused) for _ in jobs)
        return
    for result in where.map(((_START, {"harness": script, "job": dict(job)}) for job in jobs), limits):
        yield read(result)


def read(result: Result) -> Ran:
    """The result of a job as what the harness found, or as the reason why it found nothing."""
    value = result.value
    if result.status == "ok" and isinstance(value, Mapping) and "found" in value:
        return Ran(value["found"], stdout=str(value.get("stdout", "")))
    codes = {"timeout": Code.TIMEOUT, "refused": Code.MISSING_TOOL}
    reason = f"the sandbox says {result.status}: {result.exception or 'no value'}"
    return Ran(None, Finding(Verdict.UNKNOWN, reason[:300], codes.get(result.status, Code.CRASH)))


class Tested(NamedTuple):
    """A program against its tests."""

    passed: bool
    error: str
    """What the first case that fails raised, or what stopped the program before; empty when all pass."""
    case: int | None
    """Index of the case that fails first; None when the program did not come that far."""
    line: int | None
    """Line of the program where the error arose."""
    phase: str
    left: int | None = None
    """Steps left of the budget, where one was set."""

    @property
    def undecided(self) -> str:
        """Why a failure says nothing against the program; empty if it does.

        Out of time, out of memory, an absent module; a test that calls what the program never had (a
        renamed function); an annotation whose import is missing.
        """
        if self.error.startswith("Over"):
            return "it ran out of time"
        if self.error.startswith(("ModuleNotFoundError", "MemoryError")):
            return self.error
        foreign = self.error.startswith("NameError") and self.case is not None and self.line is None
        if foreign or (self.phase == "load" and _TYPING.match(self.error)):
            return self.error
        return "the tests cannot be set up" if self.phase == "setup" else ""


def tested(found: Mapping[str, Any]) -> Tested:
    """What the harness said of one program."""
    phase, left = str(found["phase"]), found.get("left")
    if found["error"]:
        return Tested(False, found["error"], None, found["line"], phase, left)
    for case, (error, line) in enumerate(found["cases"]):
        if error:
            return Tested(False, error, case, line, phase, left)
    return Tested(True, "", None, None, phase, left)


def against_tests(program: str, cases: Sequence[str], setup: str = "", **more: Json) -> dict[str, Json]:
    """A job of mode ``tests``; ``more``: ``seconds`` of processor time, ``steps``, ``stop``."""
    return {"mode": "tests", "program": program, "cases": list(cases), "setup": setup, **more}


__all__ = [
    "LIMITS",
    "TOOL",
    "Pool",
    "Ran",
    "Tested",
    "against_tests",
    "harness",
    "place",
    "read",
    "run",
    "run_all",
    "tested",
]
