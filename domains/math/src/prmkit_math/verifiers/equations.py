r"""Chains of equalities in running text: ``A = B = C`` inside math marks or bare.

Words, top-level commas and line ends separate chains; a line ``\\ &= C`` goes on with the chain
before it. Signs that are not read stay inside their side and make that side unreadable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from prmkit_math.verifiers.algebra import TOKEN, TWO_LETTERS, Node, UnreadableError, read

MAX_TEXT = 20_000
"""Longest step looked at, characters."""

_MATH = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|(?<!\\)\$(?!\s?\d[\d,.]*\s)(.+?)(?<!\\)\$"
    r"|\\begin\{(?:align|equation|gather)\*?\}(.+?)\\end\{(?:align|equation|gather)\*?\}",
    re.DOTALL,
)
_SEPARATORS = frozenset(
    {
        ";",
        ":",
        "\\Rightarrow",
        "\\implies",
        "\\iff",
        "\\to",
        "\\rightarrow",
        "\\Longrightarrow",
        "\\therefore",
    }
)
_COMPARISONS = frozenset({"<", ">", "≤", "≥", "≠", "≈", "\\le", "\\ge", "\\leq", "\\geq", "\\ne", "\\neq"})
_COMPARISONS |= {"\\approx", "\\lt", "\\gt", "\\equiv", "\\sim", "\\in"}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a chain."""

    text: str
    start: int
    end: int
    node: Node | None
    """Its tree, None when it is not read."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides in order, and the relation before each but the first."""

    sides: tuple[Side, ...]
    relations: tuple[str, ...]
    marked: bool
    """Whether it stands inside math marks."""
    whole: bool
    """Whether it fills its marks, or a sentence, alone."""


def chains(text: str) -> list[Chain]:
    """All chains of ``text`` in order; a lone expression is a chain of one side.

    Examples:
        >>> [[side.text for side in c.sides] for c in chains("So $2x+x = 3x$, and y = 4.")]
        [['2x+x', '3x'], ['y', '4']]
    """
    text = text[:MAX_TEXT]
    found: list[Chain] = []
    at = 0
    for match in _MATH.finditer(text):
        found += _scan(text, at, match.start(), marked=False)
        inside = match.lastindex or 0
        found += _scan(text, match.start(inside), match.end(inside), marked=True)
        at = match.end()
    return found + _scan(text, at, len(text), marked=False)


class _Builder:
    """Collects the tokens of one chain."""

    def __init__(self, text: str, marked: bool) -> None:
        self.text = text
        self.marked = marked
        self.done: list[Chain] = []
        self.reset()

    def reset(self) -> None:
        self.sides: list[tuple[int, int]] = []
        self.relations: list[str] = []
        self.start = -1
        self.end = -1
        self.depth = 0

    def token(self, start: int, end: int) -> None:
        if self.start < 0:
            self.start = start
        self.end = end

    def relation(self, sign: str, at: int) -> None:
        self.sides.append((self.start if self.start >= 0 else at, self.end if self.start >= 0 else at))
        self.relations.append(sign)
        self.start = self.end = -1

    def close(self, at: int, first: bool = False, last: bool = False) -> None:
        if self.start >= 0 or self.sides:
            self.sides.append((self.start if self.start >= 0 else at, self.end if self.start >= 0 else at))
            sides = tuple(_side(self.text, *span) for span in self.sides)
            self.done.append(Chain(sides, tuple(self.relations), self.marked, first and last))
        self.reset()


def _scan(text: str, start: int, end: int, *, marked: bool) -> list[Chain]:
    builder = _Builder(text, marked)
    first = True
    pending = -1
    for match in TOKEN.finditer(text, start, end):
        kind, token = match.lastgroup, match.group()
        if kind == "space":
            if "\n" in token and not marked:
                builder.close(match.start())
            continue
        if kind == "newline" and builder.depth <= 0:
            pending = match.start()
            continue
        if pending >= 0:
            if token != "=":
                builder.close(pending)
                first = False
            pending = -1
        if _separates(kind or "", token, builder.depth, text, match, marked):
            builder.close(match.start())
            first = False
        elif token == "=" and builder.depth <= 0:
            builder.relation("=", match.start())
        elif token in _COMPARISONS:
            builder.relation(token, match.start())
        else:
            builder.depth += (token in "([{" or token == "\\{") - (token in ")]}" or token == "\\}")
            builder.token(match.start(), match.end())
    builder.close(end, first, True)
    return builder.done


def _separates(kind: str, token: str, depth: int, text: str, match: re.Match[str], marked: bool) -> bool:
    if token in _SEPARATORS:
        return True
    if depth > 0:
        return False
    if token in ".,":
        return not text[match.end() : match.end() + 1].isdigit()
    if kind == "word":
        return not marked and not TWO_LETTERS.fullmatch(token)
    if kind == "letter" and not marked and token in "aAI":
        following = text[match.end() : match.end() + 3]
        return following[:1] == " " and following[1:2].isalpha()
    return False


def _side(text: str, start: int, end: int) -> Side:
    piece = text[start:end]
    try:
        # A leading plus is the rest of something longer.
        node = None if piece.lstrip()[:1] in ("", "+") else read(piece)
    except UnreadableError:
        node = None
    return Side(piece, start, end, node)
