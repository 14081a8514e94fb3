"""The verifier ``qlang/error``: claims that an expression signals an error, and errors that a session shows.

FAILS where the expression gives a value, or an error of another class that the language names. What the
interpreter lacks (``nyi``, ``access``) or has no budget for decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_qlang.claims import ERRORS, QClaim, read_claims
from prmkit_qlang.running import refusal, shown
from prmkit_qlang.stage import Seen, Stage, Typed
from prmkit_qlang.verifiers.value import Said, concluded

_NOTHING = Finding(Verdict.UNKNOWN, "no claim of an error", Code.NOT_APPLICABLE)
_SURE = frozenset(["type", "length", "rank", "domain"])
"""Classes that are told apart surely."""


class Error:
    """Evaluate what a step says to fail."""

    name = "qlang/error"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        stage = Stage(problem, trajectory)
        found: dict[int, list[tuple[Claim, Code]]] = {}
        for step, start, end, said in [*_claims(trajectory, stage), *_prints(trajectory, stage)]:
            found.setdefault(step, []).append((Claim(start, end, said[0], said[1]), said[2]))
        return [concluded(found.get(step, []), _NOTHING) for step in trajectory.scored]


def _claims(trajectory: Trajectory, stage: Stage) -> Iterator[tuple[int, int, int, Said]]:
    for i in trajectory.scored:
        step = trajectory.steps[i]
        for claim in read_claims(step.text):
            if claim.kind == "error":
                seen = stage.see(claim.show, step.start + claim.start)
                yield i, claim.start, claim.end, _judged(claim, seen)


def _judged(claim: QClaim, seen: Seen) -> Said:
    told = f"`{claim.show}` gives {shown(seen.ran)}"
    if seen.doubt or (seen.ran.code is not Code.NONE and seen.ran.error != claim.wanted):
        return Verdict.UNKNOWN, seen.doubt or told, _code(seen.ran.code)
    verdict = _verdict(seen.ran.error, claim.wanted)
    if verdict is Verdict.FAILS and claim.doubtful:
        verdict = Verdict.UNKNOWN
    return verdict, told, Code.UNSUPPORTED if verdict is Verdict.UNKNOWN else Code.NONE


def _verdict(error: str, wanted: str) -> Verdict:
    """What is found out by an error (empty for a value) about the one that is claimed."""
    if refusal(wanted) is not Code.NONE:
        return Verdict.UNKNOWN
    if error == wanted:
        return Verdict.HOLDS
    if wanted in _SURE and (not error or error in _SURE):
        return Verdict.FAILS
    return Verdict.UNKNOWN


def _code(code: Code) -> Code:
    return code if code is not Code.NONE else Code.UNSUPPORTED


def _prints(trajectory: Trajectory, stage: Stage) -> Iterator[tuple[int, int, int, Said]]:
    for typed in stage.prints():
        if (typed.piece.shown or "").startswith("'"):
            step = trajectory.steps[typed.piece.step]
            start = max(0, typed.piece.start - step.start)
            yield typed.piece.step, start, len(step.text), _compared(typed)


def _compared(typed: Typed) -> Said:
    wanted = (typed.piece.shown or "").split("\n")[0][1:].strip()
    wanted = next((name for name in ERRORS if wanted == name or wanted.startswith(f"{name} ")), wanted)
    printed = typed.printed.rsplit("\n", 1)[-1]
    error = printed[1:] if printed.startswith("'") else ""
    told = f"it gives {printed[:160]}" if error else "it gives a value"
    if typed.doubt and error != wanted:
        return Verdict.UNKNOWN, typed.doubt, Code.UNSUPPORTED
    if refusal(error) is not Code.NONE and error != wanted:
        return Verdict.UNKNOWN, told, refusal(error)
    verdict = _verdict(error, wanted)
    return verdict, told, Code.UNSUPPORTED if verdict is Verdict.UNKNOWN else Code.NONE
