"""The verifier ``qlang/unused``: is what a statement makes of any use later?

It HOLDS (scope *claim*) where a later statement reads the name that is assigned, or where the value is the
program's result. What is assigned and never read, and a value that is dropped, are reported and UNKNOWN:
they are idle, not wrong. So are programs that evaluate text or reach names in other ways.
"""

from __future__ import annotations

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_qlang.program import Piece, pieces
from prmkit_qlang.source import read
from prmkit_qlang.stage import reads

_NOTHING = Finding(Verdict.UNKNOWN, "no statement is completed here", Code.NOT_APPLICABLE)
_HIDDEN = frozenset(["value", "get", "set", "eval", "parse", "insert", "upsert", "tables"])
"""Keywords that reach variables by their name in a symbol or text."""


class Unused:
    """Follow names from where they are assigned to where they are read."""

    name = "qlang/unused"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = dict.fromkeys(trajectory.scored, _NOTHING)
        all_ = [piece for piece in pieces(problem, trajectory) if piece.shown is None]
        hidden = any(reads(piece.text) & _HIDDEN for piece in all_)
        for i, piece in enumerate(all_):
            start = max(0, piece.start - trajectory.steps[piece.step].start)
            found[piece.step] = _judged(piece, all_[i + 1 :], start, trajectory, hidden=hidden)
        return [found[step] for step in trajectory.scored]


def _judged(piece: Piece, later: list[Piece], start: int, trajectory: Trajectory, *, hidden: bool) -> Finding:
    end = len(trajectory.steps[piece.step].text)
    name = assigned(piece.text)
    if not name:
        if not later:
            return Finding(Verdict.HOLDS, "its value is the result")
        reason = "its value is not kept"
    else:
        reader = next((one for one in later if name in reads(one.text)), None)
        if reader is not None:
            return Finding(Verdict.HOLDS, f"{name} is read in step {reader.step}")
        if not later:
            return Finding(Verdict.UNKNOWN, f"{name} may be the result", Code.NOT_APPLICABLE)
        reason = f"{name} is not read after it"
    if hidden:
        return Finding(Verdict.UNKNOWN, f"{reason}, as far as can be seen", Code.UNSUPPORTED)
    claim = Claim(start, end, Verdict.UNKNOWN, reason)
    return Finding(Verdict.UNKNOWN, reason, Code.NOT_APPLICABLE, claims=(claim,), detail={"idle": True})


def assigned(text: str) -> str:
    """The name that a statement assigns; empty for an expression.

    Examples:
        >>> assigned("x : til 5"), assigned("t[`a]:3"), assigned("x+:1"), assigned("sum x:til 5")
        ('x', 't', 'x', '')
    """
    all_ = read(text) or []
    if not all_ or all_[0][0] != "v":
        return ""
    at = 1
    if len(all_) > 1 and all_[1][0] == "[":
        depth = 0
        for at in range(1, len(all_)):
            depth += (all_[at][0] == "[") - (all_[at][0] == "]")
            if depth == 0:
                at += 1
                break
    marked = at < len(all_) and all_[at][0] == "o" and str(all_[at][1]).endswith(":")
    return str(all_[0][1]) if marked else ""
