"""Where the expressions of claims are evaluated: the session as it is at that place of the solution."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from prmkit.types import Problem, Trajectory
from prmkit_qlang.program import Piece, pieces, room
from prmkit_qlang.running import Ran, Room
from prmkit_qlang.source import read

_ABOUT = frozenset(["views", "tables", "system", "attr", "rand"])
"""Keywords whose value depends on what else the session holds."""
_NAMESPACE = re.compile(r"\bkey *`\.*")
_CHANGES = frozenset([":", "::", "insert", "upsert", "set", "delete", "update"])


class Seen(NamedTuple):
    """What came of an expression."""

    ran: Ran
    doubt: str = ""
    """Why the session may not be as the text means it; empty where it is."""


class Typed(NamedTuple):
    """A typed line whose print the solution shows, and ours."""

    piece: Piece
    printed: str
    doubt: str = ""


class Stage:
    """The session of a solution, played as far as wanted."""

    def __init__(self, problem: Problem, trajectory: Trajectory) -> None:
        self._problem = problem
        self.pieces: list[Piece] = pieces(problem, trajectory)
        self._room: Room | None = None
        self._played = 0
        self._failed = ""

    def see(self, text: str, position: int) -> Seen:
        """Evaluate an expression as the session is at a place of the trajectory's text.

        A name that is not known there is looked for at the end of the solution.
        """
        upto = sum(piece.start < position for piece in self.pieces)
        ran, failed, drawn = self._run(text, upto)
        names = reads(text)
        if ran.error in names and upto < len(self.pieces):
            again, later, chance = self._run(text, len(self.pieces), fresh=True)
            if not again.error:
                ran, failed, drawn = again, later, chance
        if ran.error in names:
            return Seen(ran, f"{ran.error} is not known here")
        return Seen(ran, (failed if names else "") or drawn or _told(None, text))

    def room(self, position: int) -> Room:
        """A session of its own, as it is at a place of the text; at the end where no q stands before."""
        return self._fresh(sum(piece.start < position for piece in self.pieces) or len(self.pieces))[0]

    def prints(self) -> Iterator[Typed]:
        """The typed lines that are shown with a print, replayed from the beginning."""
        if not any(piece.shown for piece in self.pieces):
            return
        here, failed = room(self._problem), ""
        for piece in self.pieces:
            if not piece.shown:
                failed = self._play(here, piece) or failed
                continue
            printed = here.console(piece.text)
            missing = printed[1:] in reads(piece.text)
            doubt = (
                failed or (f"{printed[1:]} is not known here" if missing else "") or _told(here, piece.text)
            )
            yield Typed(piece, printed, doubt)
            if printed.startswith("'") and not piece.shown.startswith("'"):
                failed = f"a line before it gives {printed}"

    def _run(self, text: str, upto: int, *, fresh: bool = False) -> tuple[Ran, str, str]:
        if fresh or upto < self._played or changes(text):
            here, failed = self._fresh(upto)
            return here.run(text), failed, _told(here, "")
        if self._room is None:
            self._room = room(self._problem)
        while self._played < upto:
            self._failed = self._play(self._room, self.pieces[self._played]) or self._failed
            self._played += 1
        return self._room.run(text), self._failed, _told(self._room, "")

    def _fresh(self, upto: int) -> tuple[Room, str]:
        here, failed = room(self._problem), ""
        for piece in self.pieces[:upto]:
            failed = self._play(here, piece) or failed
        return here, failed

    @staticmethod
    def _play(here: Room, piece: Piece) -> str:
        ran = here.run(piece.text)
        expected = (piece.shown or "").startswith("'")
        return f"a statement before it gives '{ran.error}" if ran.error and not expected else ""


def _told(here: Room | None, text: str) -> str:
    """Why a value may be another in the session that a text means; empty where nothing speaks for it."""
    if here is not None and here.random:
        return "random numbers were drawn"
    names = reads(text)
    about = text.lstrip().startswith("\\") or names & _ABOUT or any(name.startswith(".z.") for name in names)
    return "it tells of the session itself" if about or _NAMESPACE.search(text) else ""


def reads(text: str) -> frozenset[str]:
    """Names that a q text speaks of, keywords included."""
    return frozenset(token[1] for token in read(text) or () if token[0] == "v")


def changes(text: str) -> bool:
    """Whether evaluating a text may change the session."""
    return any(token[1] in _CHANGES or (token[0] == "o" and token[1].endswith(":") and len(token[1]) > 1)
               for token in read(text) or () if token[0] in ("o", "v"))  # fmt: skip
