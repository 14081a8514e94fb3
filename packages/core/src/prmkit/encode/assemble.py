"""Pieces of a rendered solution put together to one text, with the place of every mark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from prmkit.encode.template import through_template
from prmkit.errors import CheckpointError
from prmkit.render import Piece

_BROKEN = re.compile("[\ud800-\udfff]")


class Mark(NamedTuple):
    """Where one step's marker stands in a text."""

    step: int
    start: int
    end: int


class Assembled(NamedTuple):
    """One text as a checkpoint reads it."""

    text: str
    marks: tuple[Mark, ...]
    solution: int
    """First character that belongs to a step."""


def assemble(pieces: Sequence[Piece], tokenizer: Any = None, *, default_system: bool = False) -> Assembled:
    """Join the pieces; turns go through the tokenizer's chat template.

    Args:
        pieces: A rendered solution. An assistant's turn without content at the end stays open.
        tokenizer: Has the chat template.
        default_system: Keep the system turn that a template puts in by itself where there is none.

    Raises:
        CheckpointError: A piece that a text model cannot read (an image), turns for a tokenizer
            without a chat template, or a template that rewrites what stands in a turn.

    Examples:
        >>> assemble([Piece("text", "1+1?"), Piece("text", "2", 0), Piece("mark", "<s>", 0)])
        Assembled(text='1+1?2<s>', marks=(Mark(step=0, start=5, end=8),), solution=4)
    """
    turns = _turns([_written(piece) for piece in pieces])
    contents = ["".join(piece.value for piece in body) for _, body in turns]
    spans = [(0, sum(map(len, contents)))]
    text = "".join(contents)
    if turns[0][0]:
        roles = [role for role, _ in turns]
        ask = pieces[-1] == Piece("turn", "assistant")
        text, spans = through_template(tokenizer, roles, contents, ask, default_system)
    marks: list[Mark] = []
    solution = len(text)
    for (_, body), (at, limit) in zip(turns, spans, strict=False):
        for piece in body:
            end = at + len(piece.value)
            if piece.step is not None:
                solution = min(solution, at)
            if piece.kind == "mark" and piece.step is not None:
                marks.append(Mark(piece.step, min(at, limit), min(end, limit)))
            at = end
    return Assembled(text, tuple(marks), solution)


def _written(piece: Piece) -> Piece:
    return piece if piece.value.isascii() else piece._replace(value=writable(piece.value))


def writable(text: str) -> str:
    """``text`` with U+FFFD for halves of broken surrogate pairs, which no tokenizer takes; same length."""
    return _BROKEN.sub("\ufffd", text)


def _turns(pieces: Sequence[Piece]) -> list[tuple[str, list[Piece]]]:
    """Pieces by turn; the role is empty where a text has no turns."""
    turns: list[tuple[str, list[Piece]]] = []
    for piece in pieces:
        if piece.kind == "image":
            raise CheckpointError(
                f"the solution shows an image ({piece.value}) and this model reads text only",
                do="use a PRM with a vision backbone, or leave the images out of the record",
                field="images",
            )
        if piece.kind == "turn":
            turns.append((piece.value, []))
            continue
        if not turns:
            turns.append(("", []))
        turns[-1][1].append(piece)
    return turns or [("", [])]
