"""The verifier ``code/compiles``: is the program Python?

The text is compiled and not run. Only text that is known to be a Python program is refuted: a fence
tagged as Python, steps of kind ``code``, or a problem that says so. Fragments, console sessions, diffs and
elisions are left alone.
"""

from __future__ import annotations

import re
import warnings

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_code.program import Program, programs
from prmkit_code.segmenters import MAX_PARSED, fenced

_NOT_A_PROGRAM = re.compile(
    r"^\s*(?:>>> |\.\.\.(?: |$)|\$ |[%!]\w|In \[\d|[-+]{3} |@@ )|^\s*\.\.\.\s*$|<[a-z_ ]+>\s*$|^[-+][^-+\s=]",
    re.M,
)
_OLDER = re.compile(r"^\s*(?:print|exec) [^(=\s]|except \w+, \w+:|raise \w+, |\bur?'|0\d+L?\b|<>|`", re.M)
_NOTHING = Finding(Verdict.UNKNOWN, "no program in this step", Code.NOT_APPLICABLE)


class Compiles:
    """Compile each program of a solution, never run it.

    The step at which the compiler stops FAILS; when a program compiles, its steps HOLD (scope *claim*).
    """

    name = "code/compiles"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = dict.fromkeys(trajectory.scored, _NOTHING)
        whole = bool(fenced(trajectory.text)) or bool(problem.context.get("entry_point"))
        for program in programs(problem, trajectory):
            for step, finding in _judge(program, fragment=whole and not program.marked).items():
                if found.get(step) is _NOTHING or finding.verdict is Verdict.FAILS:
                    found[step] = finding
        return [found[step] for step in trajectory.scored]


def _judge(program: Program, *, fragment: bool) -> dict[int, Finding]:
    owners = [step for step in program.steps if step is not None]
    fault = compile_fault(program.source)
    if fault is None:
        return dict.fromkeys(owners, Finding(Verdict.HOLDS, "it compiles"))
    message, line = fault
    doubt = _doubt(program, message, fragment)
    at = _at(program, line)
    if doubt or at is None:
        return {step: Finding(Verdict.UNKNOWN, doubt or message, Code.UNSUPPORTED) for step in set(owners)}
    return {at: Finding(Verdict.FAILS, f"line {line}: {message}", detail={"line": line})}


def _doubt(program: Program, message: str, fragment: bool) -> str:
    """Why a program that does not compile may still be right; empty when nothing speaks for it."""
    own = "\n".join(program.source.split("\n")[program.given :])
    if not program.marked:
        return "it does not compile, and may be no Python"
    if fragment or _NOT_A_PROGRAM.search(own):
        return "it does not compile, and is a fragment or a console session"
    if "outside" in message or "await" in message or _OLDER.search(own):
        return f"it does not compile as it stands: {message}"
    if message.startswith("too "):
        return message
    return ""


def _at(program: Program, line: int) -> int | None:
    """The step at which the compiler stopped: that of the line, else the nearest one before, else after."""
    for near in [*range(min(line, len(program.steps)), 0, -1), *range(line + 1, len(program.steps) + 1)]:
        step = program.step_of(near)
        if step is not None:
            return step
    return None


def compile_fault(source: str) -> tuple[str, int] | None:
    r"""Message and line (from 1) of the first fault that the compiler finds; None when there is none.

    Examples:
        >>> compile_fault("def f(a):\n    return a +\n")
        ('invalid syntax', 2)
    """
    if len(source) > MAX_PARSED:
        return f"too long: more than {MAX_PARSED} characters", 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<program>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.msg, error.lineno or 1
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        return f"too much for the compiler: {type(error).__name__}", 1
    return None
