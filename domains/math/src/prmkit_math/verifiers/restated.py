r"""Equations that run over two statements: ``Total = 52 + 24`` and next ``Total = 78``.

Only neighbours with the same name count, and only where the second says the same in fewer numbers:
a name that takes a new value, or the second root of an equation, is no claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers.claims import Link, links

MAX_STATEMENT = 300

_BORDER = re.compile(r"\n+|\\\\(?!\w)|\\\]|\\\[|\$\$|(?<=[^0-9])\.\s|(?<=[0-9)}])\.\s(?=\D)|;\s|\.$")
_BEFORE_SIGN = re.compile(r"([A-Za-z]{1,30})[\s})$&]{0,6}=")
_DRESS = " \t\n$&*-:.,"
_NAME = re.compile(r"(?:[A-Za-z]|[A-Za-z\\{][A-Za-z'’ _{}\\]{2,60})")
_CONNECTIVE = re.compile(
    r"^(?:so|then|thus|therefore|hence|now|and|finally|next|we get|we have|this gives us)[,:]?\s+",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\\pm\b|±|\b(?:or|either|cases?|roots?|solutions?|possible|values|try|guess\w*|test|updat\w+|new|next|after|"
    r"before|each|if|when|python|range)\b|[+\-*/]=",
    re.IGNORECASE,
)


class Statement(NamedTuple):
    """``name = side`` with its place in the text."""

    name: str
    first: str
    """Side right after the name."""
    last: str
    start: int
    end: int


class Restated(NamedTuple):
    """Two neighbouring statements of one name, as one equation."""

    lexer: Lexer
    link: Link
    start: int
    end: int
    text: str


def restated(text: str) -> Iterator[Restated]:
    r"""Equations made of two neighbouring statements with the same name.

    Examples:
        >>> [found.text for found in restated("Total = 52 + 24\nTotal = 78")]
        ['52 + 24 = 78']
    """
    words = _BEFORE_SIGN.findall(text)
    if len(words) == len(set(words)) or _SEVERAL.search(text):
        return
    before: Statement | None = None
    for statement in _statements(text):
        if before is not None and statement is not None and statement.name == before.name:
            joined = f"{before.last} = {statement.first}"
            lexer = Lexer(joined)
            found = list(links(lexer))
            if len(found) == 1 and _whole(lexer, found[0]) and _simpler(lexer, found[0]):
                yield Restated(lexer, found[0], statement.start, statement.end, joined)
        before = statement


def _statements(text: str) -> Iterator[Statement | None]:
    """Statements in order, None for other text between them."""
    at = 0
    borders = [(found.start(), found.end()) for found in _BORDER.finditer(text)]
    for start, after in [*borders, (len(text), len(text))]:
        piece = text[at:start]
        if piece.strip(_DRESS):
            yield _statement(piece, at)
        at = after


def _statement(piece: str, at: int) -> Statement | None:
    sides = piece.split("=")
    if len(sides) < 2 or len(piece) > MAX_STATEMENT:
        return None
    name = _CONNECTIVE.sub("", sides[0].strip(_DRESS))
    name = re.sub(r"\\text\s*\{|\\\(|\\ |[{}]", "", name).strip(_DRESS)
    if not _NAME.fullmatch(name):
        return None
    start = at + len(piece) - len(piece.lstrip(_DRESS))
    end = at + len(piece.rstrip())
    return Statement(name.lower(), _side(sides[1]), _side(sides[-1]), start, end)


def _side(text: str) -> str:
    return text.strip(" \t\n$&:.,").removesuffix("\\)").strip()


def _whole(lexer: Lexer, link: Link) -> bool:
    return "B" not in lexer.kinds[1:-1] and link.left[0] == 1 and link.right[1] == len(lexer.kinds) - 1


def _simpler(lexer: Lexer, link: Link) -> bool:
    """Fewer numbers on the right: the step of a calculation, not another assignment."""
    return lexer.kinds[slice(*link.right)].count("n") < lexer.kinds[slice(*link.left)].count("n")
