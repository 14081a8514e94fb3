"""The verifier ``finance/program``: does a program run, and do its operands stand in the problem?

Programs of the FinQA language (either spelling) are run in the official and the strict reading;
program-of-thoughts answers are interpreted by :mod:`prmkit_finance.program.script`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Step, Trajectory, Verdict
from prmkit_finance.amounts import MAX_TEXT, amounts
from prmkit_finance.material import Material, material
from prmkit_finance.program.run import execute, strict_number
from prmkit_finance.program.script import Script, read_script
from prmkit_finance.program.syntax import Op, ProgramError, parse
from prmkit_finance.verdicts import silent

_SHAPE = re.compile(r"^\s*(?:[A-Za-z_]\w*\s*=[^=]|(?:add|subtract|multiply|divide|exp|greater|table_\w+)\()")
_FREE = frozenset(Fraction(n) for n in (0, 1, 2, 3, 4, 5, 10, 12, 100, 365, 1000, 10**6, 10**9, -1))
"""Numbers that a calculation may bring along."""


class Programs:
    """Run each program step; refute what cannot run, confirm what runs on numbers of the problem.

    What it does not check: whether the operation answers the question.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> t = Trajectory.of_steps("t", "p", ["subtract(62, 50), divide(#0, 50)", "divide(62, 0)"])
        >>> p = Problem("p", "rent was 62 and 50 the year before. growth?")
        >>> [f.verdict.value for f in Programs().check(p, t)]
        ['HOLDS', 'FAILS']
    """

    name = "finance/program"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step."""
        if not any(_SHAPE.match(trajectory.steps[index].text) for index in trajectory.scored):
            return [silent("no program")] * len(trajectory.scored)
        given = material(problem)
        known = _known(problem, given)
        script = read_script(trajectory.text)
        separate = all(_whole(trajectory.steps[index].text) for index in trajectory.scored)
        out = []
        for index in trajectory.scored:
            step = trajectory.steps[index]
            if not _SHAPE.match(step.text):
                out.append(silent("no program"))
            elif script is not None and not separate:
                out.append(_line(script, step, known))
            else:
                out.append(_program(step.text, given, known))
        return out


def _whole(text: str) -> bool:
    """A step that is a program by itself, or none: it needs no name of another step."""
    if not _SHAPE.match(text):
        return True
    try:
        parse(text)
    except ProgramError:
        return False
    return True


def _known(problem: Problem, given: Material) -> frozenset[Fraction]:
    """Sizes of all amounts of the problem, percent also divided out."""
    found: set[Fraction] = set()
    for text in (given.passage, given.question, problem.text):
        for amount in amounts(text[:MAX_TEXT]):
            found |= {abs(amount.number), abs(amount.number) / 100}
    for cell in given.table.cells if given.table else ():
        found |= {abs(cell.amount.number), abs(cell.amount.number) / 100}
    return frozenset(found)


def _program(text: str, given: Material, known: frozenset[Fraction]) -> Finding:
    try:
        ops = parse(text)
    except ProgramError as error:
        return silent(str(error), Code.UNSUPPORTED)
    strict, official = execute(text, given.table, "strict"), execute(text, given.table, "official")
    if strict.value is None:
        if "by zero" in strict.reason or "no real number" in strict.reason:
            return Finding(
                Verdict.FAILS, f"the program has no value: {strict.reason}", detail={"slip": "formula"}
            )
        return silent(f"the program has no value: {strict.reason}", Code.UNSUPPORTED)
    detail = {"strict": strict.value, "official": official.value}
    unknown = [text for text in _operands(ops) if not _is_known(text, known)]
    if unknown:
        reason = f"{unknown[0]} stands nowhere in the problem"
        return Finding(Verdict.UNKNOWN, reason, Code.UNSUPPORTED, detail=detail)
    differ = (
        ""
        if official.value == strict.value
        else f" (officially {official.value if official.reason == '' else 'invalid'})"
    )
    return Finding(
        Verdict.HOLDS, f"runs on numbers of the problem and gives {strict.value}{differ}", detail=detail
    )


def _operands(ops: Sequence[Op]) -> list[str]:
    table = [op for op in ops if op.name.startswith("table_")]
    return [part for op in ops if op not in table for part in (op.a, op.b) if isinstance(part, str)]


def _is_known(text: str, known: frozenset[Fraction]) -> bool:
    if text.startswith("const_"):
        return True
    try:
        value = Fraction(strict_number(text)).limit_denominator(10**9)
    except (ProgramError, OverflowError):
        return False
    return abs(value) in known or value in _FREE


def _line(script: Script, step: Step, known: frozenset[Fraction]) -> Finding:
    lines = [line for line in script.lines if step.start <= line.start < step.end]
    if not lines:
        return silent("not read", Code.UNSUPPORTED)
    line = lines[-1]
    if line.value is None:
        certain = script.refuted and line.reason == script.refuted
        if certain:
            return Finding(
                Verdict.FAILS, f"the program fails here: {line.reason}", detail={"slip": "formula"}
            )
        return silent(line.reason or "not read", Code.UNSUPPORTED)
    strange = [lit for lit in line.literals if abs(lit.value) not in known and lit.value not in _FREE]
    if not line.literals:
        return silent("a calculation over earlier lines")
    if strange:
        return silent(f"{float(strange[0].value):g} stands nowhere in the problem", Code.UNSUPPORTED)
    return Finding(Verdict.HOLDS, "its numbers stand in the problem")
