"""The verifier ``code/necessary``: does each statement matter to the tests?

For a program that passes, mistakes are planted in each step. Where the tests catch one, the step HOLDS: it is
needed as it is, at least in part. Where they catch none, nothing is said: the change may be none, or
the tests weak. A sentence that calls a line superfluous FAILS when leaving the line out breaks a test; one
that calls it needed HOLDS then.

Source: the mutation step of PRLCoder (arXiv 2502.01715), turned from labelling to verifying.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prmkit.contracts import Finding
from prmkit.label.mutate import Variant
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_code.mutators import Attempt, variants
from prmkit_code.program import Program, program

PER_STEP = 6
"""Mistakes tried at a step."""
_CLAIM = re.compile(
    r"\bline (?P<line>\d{1,4}) is (?:(?P<needed>necessary|needed|required|essential)"
    r"|(?P<not>redundant|unnecessary|superfluous|not (?:needed|necessary|required)))\b",
    re.IGNORECASE,
)
_NOTHING = Finding(Verdict.UNKNOWN, "no statement of a program that passes", Code.NOT_APPLICABLE)


class Necessary:
    """Plant mistakes in each statement and run the hidden tests."""

    name = "code/necessary"
    version = 1
    scope: Scope = "claim"
    needs_reference = True
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = program(problem, trajectory)
        if found is None or problem.context.get("unit_tests"):
            return [_NOTHING] * len(trajectory.scored)
        planted = _chosen(variants(problem, trajectory, refactorings={}))
        tried = list(Attempt()((problem, t) for t in [trajectory, *(v.trajectory for v in planted)]))
        if tried[0].verdict is not Verdict.HOLDS:
            said = tried[0] if tried[0].verdict is Verdict.UNKNOWN else _NOTHING
            return [said] * len(trajectory.scored)
        return [
            _claimed(found, trajectory, step, planted, tried[1:]) or _step(step, planted, tried[1:])
            for step in trajectory.scored
        ]


def _chosen(found: Iterator[Variant]) -> list[Variant]:
    """A few mistakes of each step, all kinds in turn, deletions first."""
    by_step: dict[int, list[Variant]] = {}
    for variant in found:
        by_step.setdefault(variant.step, []).append(variant)
    kept: list[Variant] = []
    for mine in by_step.values():
        mine.sort(key=lambda v: v.kind != "deletion")
        kinds = list(dict.fromkeys(v.kind for v in mine))
        turn = sorted(
            mine, key=lambda v: ([w for w in mine if w.kind == v.kind].index(v), kinds.index(v.kind))
        )
        kept.extend(turn[:PER_STEP])
    return kept


def _step(step: int, planted: Sequence[Variant], tried: Sequence[Finding]) -> Finding:
    mine = [(v, f) for v, f in zip(planted, tried, strict=True) if v.step == step]
    caught = [(v, f) for v, f in mine if f.verdict is Verdict.FAILS]
    if not caught:
        reason = (
            f"none of {len(mine)} mistakes planted here is caught" if mine else "no mistake can be planted"
        )
        return Finding(Verdict.UNKNOWN, reason, Code.NOT_APPLICABLE)
    variant, finding = caught[0]
    changed = variant.trajectory.steps[step].text.strip()
    reason = f"needed: with {changed[:80]!r} it {finding.reason}"
    detail = {"planted": len(mine), "caught": len(caught)}
    return Finding(Verdict.HOLDS, reason[:300], detail=detail)


def _claimed(
    found: Program, trajectory: Trajectory, step: int, planted: Sequence[Variant], tried: Sequence[Finding]
) -> Finding | None:
    """The verdict on a sentence that calls a line needed or not; None where there is none."""
    if step in found.steps:
        return None
    claim = _CLAIM.search(trajectory.steps[step].text)
    if claim is None:
        return None
    about = found.step_of(int(claim["line"]) + found.given)
    for variant, finding in zip(planted, tried, strict=True):
        if variant.step == about and variant.kind == "deletion" and finding.verdict is Verdict.FAILS:
            verdict = Verdict.HOLDS if claim["needed"] else Verdict.FAILS
            return Finding(verdict, f"without line {claim['line']} the program {finding.reason}"[:300])
    return Finding(Verdict.UNKNOWN, "no test tells whether that line is needed", Code.UNSUPPORTED)
