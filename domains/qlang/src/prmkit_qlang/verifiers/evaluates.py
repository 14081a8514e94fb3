"""The verifier ``qlang/evaluates``: does the statement run?

Statements run in order in one session that begins with the problem's variables and scripts. An error of a
class that the language names FAILS, where every name that the statement reads is known. What the interpreter
refuses or has no budget for, unknown names and signals of the program's own are UNKNOWN, and so is all that
stands on a statement that did not run. In a session that shows what was printed, ``qlang/value`` speaks.
"""

from __future__ import annotations

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_qlang.claims import ERRORS, read_claims
from prmkit_qlang.program import Piece, pieces, room
from prmkit_qlang.running import Ran, shown
from prmkit_qlang.stage import reads

_NOTHING = Finding(Verdict.UNKNOWN, "no q in this step", Code.NOT_APPLICABLE)
_PART = Finding(Verdict.UNKNOWN, "part of a statement that ends later", Code.NOT_APPLICABLE)
_AFTER = Finding(Verdict.UNKNOWN, "a statement before it did not run", Code.NOT_APPLICABLE)
_RUNS = Finding(Verdict.HOLDS, "it runs")
_SURE = frozenset(["type", "length", "rank", "domain", "cast", "mismatch"])
"""Errors that a right statement never gives."""


class Evaluates:
    """Run each statement of the solution."""

    name = "qlang/evaluates"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = dict.fromkeys(trajectory.scored, _NOTHING)
        all_ = [piece for piece in pieces(problem, trajectory) if piece.shown is None]
        here = room(problem) if all_ else None
        stopped = False
        for piece in all_:
            for step in piece.steps[:-1]:
                found[step] = _PART
            if stopped or here is None:
                found[piece.step] = _worse(found[piece.step], _AFTER)
                continue
            ran = here.run(piece.text)
            found[piece.step] = _worse(found[piece.step], _judged(ran, piece, problem, trajectory))
            stopped = bool(ran.error)
        return [found[step] for step in trajectory.scored]


def _judged(ran: Ran, piece: Piece, problem: Problem, trajectory: Trajectory) -> Finding:
    if not ran.error:
        return _RUNS
    told = shown(ran)
    if ran.code is not Code.NONE:
        return Finding(Verdict.UNKNOWN, f"the interpreter gives {told}", ran.code)
    if _announced(piece, trajectory):
        return Finding(Verdict.UNKNOWN, f"it gives {told}, and an error is spoken of", Code.NOT_APPLICABLE)
    known = isinstance(problem.context.get("given"), dict)
    unknown = known and ran.error in reads(piece.text) and ran.error not in ERRORS
    if ran.error in _SURE or unknown:
        return Finding(Verdict.FAILS, f"it gives {told}", detail={"error": ran.error})
    return Finding(Verdict.UNKNOWN, f"it gives {told}", Code.UNSUPPORTED)


def _announced(piece: Piece, trajectory: Trajectory) -> bool:
    """Whether the text around the statement speaks of an error: it may be shown for its sake."""
    near = trajectory.steps[max(0, piece.step - 1) : piece.step + 2]
    return (
        any(claim.kind == "error" for step in near for claim in read_claims(step.text))
        or "error" in piece.text
    )


def _worse(a: Finding, b: Finding) -> Finding:
    """Of two findings on one step, the one that says more: FAILS, then UNKNOWN of a statement, then HOLDS."""
    order = {Verdict.FAILS: 0, Verdict.UNKNOWN: 1, Verdict.HOLDS: 2}
    if a in (_NOTHING, _PART):
        return b
    return min(a, b, key=lambda one: order[one.verdict])
