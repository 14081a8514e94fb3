"""An adapter for verifiers that judge each step by itself."""

from __future__ import annotations

from collections.abc import Callable

from prmkit.contracts import Finding
from prmkit.errors import MissingToolError, SandboxRefusedError
from prmkit.types import Code, Problem, Step, Trajectory, Verdict

Judge = Callable[[Problem, Step], Finding]


def per_step(judge: Judge, problem: Problem, trajectory: Trajectory) -> list[Finding]:
    """One finding per scored step; a step whose judge raises is UNKNOWN, the others stand.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["4", {"text": "log", "role": "observe"}, "x"])
        >>> def judge(problem, step):
        ...     return Finding(Verdict.HOLDS if int(step.text) == 4 else Verdict.FAILS)
        >>> [str(f.verdict) for f in per_step(judge, Problem("p", "2 + 2?"), t)]
        ['HOLDS', 'UNKNOWN']
    """
    findings = []
    for index in trajectory.scored:
        try:
            findings.append(judge(problem, trajectory.steps[index]))
        except Exception as error:  # a tool may raise anything; one step must not silence the others
            findings.append(crashed(error))
    return findings


def crashed(error: BaseException) -> Finding:
    """The finding that stands for an exception: a crash, or a missing tool where one says so.

    Examples:
        >>> str(crashed(ZeroDivisionError("division by zero")).code)
        'crash'
        >>> str(crashed(MissingToolError("no solver here", do="pip install z3-solver")).code)
        'missing_tool'
    """
    if isinstance(error, MissingToolError | SandboxRefusedError):
        return Finding(Verdict.UNKNOWN, f"{error.message}; {error.do}", Code.MISSING_TOOL)
    if isinstance(error, ModuleNotFoundError):
        return Finding(Verdict.UNKNOWN, f"needs {error.name}, which is not installed", Code.MISSING_TOOL)
    return Finding(Verdict.UNKNOWN, f"the verifier raised {type(error).__name__}: {error!s:.200}", Code.CRASH)
