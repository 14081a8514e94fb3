"""The verifier ``qlang/value``: claims of values and types, and what a session shows.

The expression of a claim is evaluated in the session as the solution has made it by then. Typed lines of a
session are replayed and their prints compared: first as text, then, where the print is a constant, by value.
Claims of what should be, and values that differ in type or shape only, are UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Step, Trajectory, Verdict
from prmkit_qlang import comparing
from prmkit_qlang.claims import ERRORS, QClaim, is_constant, read_claims
from prmkit_qlang.engine import values
from prmkit_qlang.running import Room, refusal, shown
from prmkit_qlang.stage import Seen, Stage, Typed

_NOTHING = Finding(Verdict.UNKNOWN, "no claim of a value", Code.NOT_APPLICABLE)
Said = tuple[Verdict, str, Code]


class Value:
    """Evaluate what a step claims."""

    name = "qlang/value"
    version = 2
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        stage = Stage(problem, trajectory)
        found: dict[int, list[tuple[Claim, Code]]] = {}
        for step, start, end, said in [*_claims(problem, trajectory, stage), *_prints(trajectory, stage)]:
            found.setdefault(step, []).append((Claim(start, end, said[0], said[1]), said[2]))
        return [concluded(found.get(step, []), _NOTHING) for step in trajectory.scored]


def concluded(found: list[tuple[Claim, Code]], nothing: Finding) -> Finding:
    """Claims of one step as a finding: any that FAILS tells, else any that HOLDS, else the first."""
    claims = tuple(claim for claim, _ in found)
    for wanted in (Verdict.FAILS, Verdict.HOLDS):
        hit = next((claim for claim in claims if claim.verdict is wanted), None)
        if hit:
            return Finding(wanted, hit.reason, claims=claims)
    return Finding(Verdict.UNKNOWN, claims[0].reason, found[0][1], claims=claims) if found else nothing


def _claims(problem: Problem, trajectory: Trajectory, stage: Stage) -> Iterator[tuple[int, int, int, Said]]:
    for i in trajectory.scored:
        step = trajectory.steps[i]
        for claim in read_claims(step.text):
            if claim.kind in ("value", "type"):
                yield i, claim.start, claim.end, _judged(claim, _seen(problem, step, stage, claim))


def _seen(problem: Problem, step: Step, stage: Stage, claim: QClaim) -> Seen:
    if claim.line is None:
        return stage.see(claim.show, step.start + claim.start)
    program = problem.context.get("program")
    lines = program.split("\n") if isinstance(program, str) else []
    here = Room()
    if not 1 <= claim.line <= len(lines):
        return Seen(here.run(""), f"the program has no line {claim.line}")
    ran = here.script("\n".join(lines[: claim.line]))
    return Seen(ran if ran.error else here.run(claim.show))


def _judged(claim: QClaim, seen: Seen) -> Said:
    ran = seen.ran
    if seen.doubt:
        return Verdict.UNKNOWN, seen.doubt, Code.NOT_APPLICABLE
    if ran.error:
        reason = f"`{claim.show}` gives {shown(ran)}"
        sure = ran.code is Code.NONE and ran.error in ERRORS and not claim.doubtful
        code = Code.NONE if sure else ran.code if ran.code is not Code.NONE else Code.UNSUPPORTED
        return (Verdict.FAILS if sure else Verdict.UNKNOWN), reason, code
    if ran.value is None or claim.kind == "type":
        verdict, reason = _type(claim, ran.value.t if ran.value is not None else None)
    else:
        wanted = Room().run(claim.wanted)
        if wanted.error or wanted.value is None:
            return Verdict.UNKNOWN, f"{claim.wanted} cannot be read", Code.UNSUPPORTED
        verdict, reason = comparing.said(ran.value, wanted.value, claim.wanted)
    if verdict is Verdict.FAILS and claim.doubtful:
        verdict = Verdict.UNKNOWN
    return verdict, f"`{claim.show}`: {reason}", Code.UNSUPPORTED if verdict is Verdict.UNKNOWN else Code.NONE


def _type(claim: QClaim, t: int | None) -> tuple[Verdict, str]:
    if t is None or not claim.wanted.rstrip("h").lstrip("-").isdigit():
        return Verdict.UNKNOWN, "it has no value"
    agrees = int(claim.wanted.rstrip("h")) == t
    return (Verdict.HOLDS if agrees else Verdict.FAILS), f"its type is {t}h"


def _prints(trajectory: Trajectory, stage: Stage) -> Iterator[tuple[int, int, int, Said]]:
    for typed in stage.prints():
        piece, step = typed.piece, trajectory.steps[typed.piece.step]
        yield piece.step, max(0, piece.start - step.start), len(step.text), _compared(typed)


def _compared(typed: Typed) -> Said:
    shown, printed = typed.piece.shown or "", typed.printed
    if shown.startswith("'"):
        return Verdict.UNKNOWN, "an error is shown", Code.NOT_APPLICABLE
    if rows(printed) == rows(shown):
        return Verdict.HOLDS, "it prints what is shown", Code.NONE
    if typed.doubt or printed.startswith("'"):
        reason = typed.doubt or f"it gives {printed}"
        code = refusal(printed[1:])
        return Verdict.UNKNOWN, reason, code if code is not Code.NONE else Code.UNSUPPORTED
    if "\n" in shown.strip("\n"):
        said = comparing.printed("\n".join(rows(printed)), "\n".join(rows(shown)))
        reason = (
            "it prints another text than is shown" if said is not Verdict.HOLDS else "it prints what is shown"
        )
        return said, reason, Code.UNSUPPORTED if said is Verdict.UNKNOWN else Code.NONE
    one, two = constant_value(printed), constant_value(shown)
    if one is None or two is None:
        return Verdict.UNKNOWN, "it prints another text than is shown", Code.UNSUPPORTED
    verdict, reason = comparing.said(one, two, shown)
    return verdict, reason, Code.UNSUPPORTED if verdict is Verdict.UNKNOWN else Code.NONE


def constant_value(text: str) -> values.Value | None:
    """The value of a printed constant of one line; None for other texts."""
    if "\n" in text.strip() or not is_constant(text.strip()):
        return None
    return Room().run(text.strip()).value


def rows(text: str) -> list[str]:
    """Lines without blanks at their ends, and without blank lines around them."""
    return [row.rstrip() for row in text.strip("\n").split("\n")]
