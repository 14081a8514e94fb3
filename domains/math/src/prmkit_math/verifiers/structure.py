"""Does the step follow? Checks generated tasks against the problem's own text.

Reads the problem, keeps the books (numbers left to add, the current line, known
variables, goods bought) and asks of every step whether it uses what is there and writes
what follows. A stated result is taken as given: whether the sum itself is true is for
the arithmetic verifier to say. The reference is never read.

Two verifiers share the books and divide the steps: :class:`Structure` judges steps that state an
equation, :class:`Statements` those that state none (answers, and terms struck out), on which
an arithmetic tool has nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_math.task_families import FAMILIES, Family, State
from prmkit_math.tasks import Played, follow, states_equation

_REASONS: Mapping[Played, str] = {
    "legal": "the step uses what is there and writes what follows",
    "choice": "the step uses operands that are not there at this point",
    "rewrite": "the operands are there, but the line is not what follows from the last one",
    "answer": "the answer is not what the steps so far give",
    "form": "the step has none of the forms that can be followed",
}


def _start(problem: Problem) -> tuple[Family, State] | None:
    """The family and first state that a problem's text describes."""
    for kin in FAMILIES.values():
        if (state := kin.parse(problem.text)) is not None:
            return kin, state
    return None


def _silent(reason: str) -> Finding:
    return Finding(Verdict.UNKNOWN, reason, Code.NOT_APPLICABLE)


def _check(problem: Problem, trajectory: Trajectory, *, equations: bool) -> list[Finding]:
    start = _start(problem)
    if start is None:
        return [_silent("not a task of this kind")] * len(trajectory.scored)
    kin, state = start
    findings: list[Finding] = []
    broken = False
    for index in trajectory.scored:
        if broken:
            findings.append(_silent("an earlier step cannot be followed"))
            continue
        text = trajectory.steps[index].text
        kind, state = follow(kin, state, text)
        broken = kind != "legal"
        if kind == "form":
            findings.append(_silent(_REASONS[kind]))
        elif states_equation(text) is not equations:
            findings.append(_silent(f"the step states {'no' if equations else 'an'} equation"))
        else:
            verdict = Verdict.FAILS if broken else Verdict.HOLDS
            findings.append(Finding(verdict, _REASONS[kind], detail={"kind": kind}))
    return findings


class Structure:
    """Steps with an equation: are the operands there, and is the rewritten line what follows?

    Examples:
        >>> from prmkit.types import Trajectory
        >>> t = Trajectory.of_steps("t", "p", ["7 + 3 = 10 .", "7 + 5 = 12 ."])
        >>> [f.verdict.value for f in Structure().check(Problem(id="p", text="Add 7 3 5 ."), t)]
        ['HOLDS', 'FAILS']
    """

    name = "math/structure"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step; UNKNOWN from the first step that cannot be followed on."""
        return _check(problem, trajectory, equations=True)


class Statements:
    """Steps without an equation: answers that repeat what was found, and terms that are struck out.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> t = Trajectory.of_steps("t", "p", ["cancel b : a + c - a .", "cancel a : a ."])
        >>> problem = Problem(id="p", text="Simplify a - b + c + b - a .")
        >>> [f.verdict.value for f in Statements().check(problem, t)]
        ['HOLDS', 'FAILS']
    """

    name = "math/statements"
    version = 1
    scope: Scope = "step"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step; UNKNOWN from the first step that cannot be followed on."""
        return _check(problem, trajectory, equations=False)
