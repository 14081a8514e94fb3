"""Replays documented console sessions: one session a page, every line in order, prints compared as text.

A pair is a line typed at the prompt and what the documentation shows after it.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from prmkit_qlang.engine.sp import SCRIPT
from prmkit_qlang.features import features

Verdict = Literal["right", "wrong", "crash", "untested"]


class Console(Protocol):
    """What a session must be able to do."""

    def console(self, code: str) -> str:
        """What a q console prints after the line; errors as ``'text``, nothing for assignments."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One documented line of a session."""

    block: str
    """Page and block, ``ref/count#3``."""
    number: int
    """0-based place in the block."""
    code: str
    shown: str
    """The documented print, without the author's annotations."""
    error: str | None
    """Text after the quote where the print is an error."""
    testable: bool
    flags: frozenset[str]

    @property
    def page(self) -> str:
        """The page of the pair."""
        return self.block.rpartition("#")[0]

    @property
    def id(self) -> str:
        """Block and number: ``ref/count#3/0``."""
        return f"{self.block}/{self.number}"


@dataclass(frozen=True, slots=True)
class Played:
    """A pair and what our session printed."""

    pair: Pair
    printed: str
    verdict: Verdict

    @property
    def features(self) -> frozenset[str]:
        """What the pair's code uses."""
        return features(self.pair.code)


def pairs_of(block: Mapping[str, Any]) -> list[Pair]:
    """The pairs of one block as the data set holds it; lines at other prompts are left out.

    Examples:
        >>> line = {"code": "1+1", "output_clean": "2", "auto_testable": True}
        >>> [(pair.id, pair.testable) for pair in pairs_of({"id": "ref/add#0", "interactions": [line]})]
        [('ref/add#0/0', True)]
    """
    return [
        Pair(
            block=block["id"],
            number=number,
            code=one["code"],
            shown=one["output_clean"],
            error=one.get("error"),
            testable=bool(one["auto_testable"]),
            flags=frozenset(one.get("flags", ())),
        )
        for number, one in enumerate(block["interactions"])
        if "code" in one
    ]


def lines(text: str) -> list[str]:
    """Lines without blanks at their ends, and without blank lines at the ends of the text."""
    out = [line.rstrip() for line in text.replace("\xa0", " ").splitlines()]
    while out and not out[-1]:
        out.pop()
    while out and not out[0]:
        out.pop(0)
    return out


def agrees(pair: Pair, printed: str) -> bool:
    r"""Whether a print is the documented one: the same lines, or the same error.

    Of a documented error only the text after the quote is compared: what stands around it is a backtrace.

    Examples:
        >>> pair = Pair("ref/add#0", 1, "1+`a", "'type\n  [0]  1+`a", "type", True, frozenset())
        >>> agrees(pair, "'type"), agrees(pair, "'length")
        (True, False)
    """
    if pair.error is None:
        return lines(printed) == lines(pair.shown)
    return next((line[1:] for line in lines(printed) if line.startswith("'")), None) == pair.error


_QUIT = re.compile(r"\\+\s*$")
_LOAD_SP = re.compile(r"\\l\s+(?:\S*/)?sp\.q\s*$")


def statements(preamble: str) -> list[str]:
    r"""Lines of a script, each with the lines that continue it.

    Examples:
        >>> statements("f:{\n  x+1}\ng:2")
        ['f:{\n  x+1}', 'g:2']
    """
    out: list[str] = []
    for line in preamble.splitlines():
        if out and (line[:1] in (" ", "\t") or line.rstrip() == "}"):
            out[-1] += "\n" + line
        elif line.strip():
            out.append(line)
    return out


class Replay:
    """One page in one session."""

    def __init__(self, session: Console) -> None:
        self._session = session
        self._has_sp = False

    def run(self, blocks: Iterable[Mapping[str, Any]]) -> Iterator[Played]:
        """Play the blocks of a page in order; scripts that stand above a first prompt are run too."""
        for block in blocks:
            for script in statements(block.get("preamble") or ""):
                self._say(script)
            for pair in pairs_of(block):
                yield self.play(pair)

    def play(self, pair: Pair) -> Played:
        """Type one line and compare what is printed; an exception of ours is a crash."""
        if _LOAD_SP.match(pair.code) or ("uses_sp_q" in pair.flags and not self._has_sp):
            self._load_sp()
        if _LOAD_SP.match(pair.code) or _QUIT.match(pair.code):
            return Played(pair, "", "untested")
        printed, crashed = self._say("\n ".join(pair.code.splitlines()))
        if not pair.testable:
            return Played(pair, printed, "crash" if crashed else "untested")
        verdict: Verdict = "crash" if crashed else "right" if agrees(pair, printed) else "wrong"
        return Played(pair, printed, verdict)

    def _load_sp(self) -> None:
        self._has_sp = True
        for line in SCRIPT:
            self._say(line)

    def _say(self, code: str) -> tuple[str, bool]:
        try:
            return self._session.console(code), False
        except Exception:  # whatever escapes a session is a defect of ours, to be counted and shown
            return traceback.format_exc(), True


def pages(blocks: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Blocks by page, in page order."""
    out: dict[str, list[Mapping[str, Any]]] = {}
    for block in blocks:
        out.setdefault(block["page"], []).append(block)
    for page in out.values():
        page.sort(key=lambda block: block["block"])
    return out


def replay(
    blocks: Iterable[Mapping[str, Any]], session: Callable[[], Console], only: Sequence[str] = ()
) -> list[Played]:
    """Play every page (or those named) in a session of its own."""
    return [
        played
        for page, its in pages(blocks).items()
        if not only or page in only
        for played in Replay(session()).run(its)
    ]
