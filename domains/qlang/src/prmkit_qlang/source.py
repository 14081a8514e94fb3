"""Where q stands in a text, and where its statements begin and end.

A statement is a line with the lines that continue it: those that begin with a blank, and a lone ``}``.
Comments above a statement belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from prmkit.segment import fences
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.lexer import Token, tokens

CODE, CONSOLE = "code", "console"
"""Kinds of steps: program text; a line typed at a prompt with what was printed."""
MAX_SOURCE = 65_536
"""Longer text is not read, characters."""
PROMPT = re.compile(r"q(?:\.\w+)?\)[ ]?")
TAGS = frozenset({"q", "kdb", "kdb+", "k", "qlang", ""})
"""Tags of fences that may hold q."""

_FENCE_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})(?P<tag>[^\s`]*)[^\n]*$", re.M)
_ASSIGNS = re.compile(r"[A-Za-z.][\w.]*(?:\[[^\]\n]*\])?\s*[-+*%&|^,#_]?::?(?![:\s]*$)\s*\S")
_SIGNS = re.compile(r"`[A-Za-z]|[{}\[\];@#!$?~]|\b(?:select|exec|update|delete)\b.*\bfrom\b|\b\d+b\b")
_WORDS = re.compile(r"(?:\b[A-Za-z']{2,}\b[ ,]+){4,}")
_SPANNED = re.compile(r"(?<![\w`)\]])(?:``[^\n]+?``|`[^`\n]+`)(?=[\s.,;:?!)]|$)")
_LINE = re.compile(r"[^\n]*")


class Region(NamedTuple):
    """A stretch of a text."""

    start: int
    end: int
    kind: str
    """``code``, ``console``, or empty for prose."""


def read(text: str) -> list[Token] | None:
    """The tokens of a q text; None where it cannot be read.

    Examples:
        >>> [token[1] for token in read("x+y / both")], read("?!… ——")
        (['x', '+', 'y'], None)
    """
    if len(text) > MAX_SOURCE:
        return None
    try:
        return tokens(text)
    except (QError, ValueError, OverflowError, RecursionError):
        return None


def statements(text: str) -> list[tuple[int, int]]:
    r"""Spans of the statements of a script, comments above them included, blank lines left out.

    Examples:
        >>> text = "/ twice\nf:{\n  2*x}\n\nf 3\n"
        >>> [text[a:b] for a, b in statements(text)]
        ['/ twice\nf:{\n  2*x}', 'f 3']
    """
    found: list[tuple[int, int]] = []
    remark: int | None = None
    for line in _LINE.finditer(text):
        body = line.group()
        if not body.strip():
            continue
        start, end = line.start(), line.start() + len(body.rstrip())
        if body[0] == "/":
            remark = start if remark is None else remark
        elif found and remark is None and (body[0] in " \t" or body.rstrip() == "}"):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start if remark is None else remark, end))
            remark = None
    if remark is not None:
        last = len(text.rstrip())
        if found:
            found[-1] = (found[-1][0], last)
        else:
            found.append((remark, last))
    return found


def lines(text: str) -> list[tuple[int, int]]:
    """Spans of the lines that are not blank, without blanks at their ends."""
    return [
        (line.start(), line.start() + len(line.group().rstrip()))
        for line in _LINE.finditer(text)
        if line.group().strip()
    ]


def prompts(text: str) -> list[tuple[int, int]]:
    """Spans of the prompts of a console session, each with what is printed after it."""
    starts = [a for a, _ in lines(text) if PROMPT.match(text, a)]
    ends = [*starts[1:], len(text)]
    return [(a, a + len(text[a:b].rstrip())) for a, b in zip(starts, ends, strict=True)]


def bare(text: str) -> str:
    r"""The code of a step without its fences, and each character where it was.

    Examples:
        >>> bare("```q\nx:1\n```")
        '    \nx:1\n   '
    """
    return _FENCE_LINE.sub(lambda found: " " * len(found.group()), text)


def within_fences(text: str) -> str:
    """A fenced block with its first and last line blanked."""
    first, _, rest = text.partition("\n")
    body, _, last = rest.rpartition("\n")
    closed = _FENCE_LINE.fullmatch(last.rstrip()) is not None
    inner = f"{body}\n{' ' * len(last)}" if closed and body else " " * len(rest) if closed else rest
    return " " * len(first) + text[len(first) : len(first) + 1] + inner


def regions(text: str) -> Iterator[Region]:
    """The text cut into program, console sessions and prose, in order: fences and paragraphs.

    Paragraphs without a prompt are program only in a text without fences.
    """
    reached = 0
    for start, end in fences(text):
        yield from _paragraphs(text, reached, start, fenced=True)
        opening = _FENCE_LINE.match(text, start)
        tag = opening["tag"].lower() if opening else ""
        kind = _kind(within_fences(text[start:end])) or (CODE if tag else "") if tag in TAGS else ""
        yield Region(start, end, kind)
        reached = end
    yield from _paragraphs(text, reached, len(text), fenced=reached > 0)


def _paragraphs(text: str, start: int, end: int, *, fenced: bool) -> Iterator[Region]:
    if not text[start:end].strip():
        return
    if end - start > MAX_SOURCE:
        yield Region(start, end, "")
        return
    at = start
    held: Region | None = None
    for piece in re.split(r"(\n[ \t]*\n)", text[start:end]):
        stop = at + len(piece)
        if piece.strip():
            kind = _kind(piece)
            one = Region(at, stop, "" if fenced and kind == CODE else kind)
            if held is not None and held.kind == one.kind:
                held = Region(held.start, stop, one.kind)
            else:
                if held is not None:
                    yield held
                held = one
        at = stop
    if held is not None:
        yield held


def _kind(text: str) -> str:
    """What a paragraph is, as far as can be seen."""
    rows = [row for row in text.split("\n") if row.strip()]
    if rows and PROMPT.match(rows[0]):
        return CONSOLE
    return CODE if is_program(text) else ""


def is_prose(text: str) -> bool:
    """Whether a statement reads like a sentence: words in a row, code in backticks, a word before its end.

    Examples:
        >>> is_prose("So `sum x` gives 6."), is_prose("x:`a`b!1 2")
        (True, False)
    """
    body = text.rstrip()
    if re.match(r"[A-Z][a-z]+: ", body):
        return True
    return bool(_WORDS.search(body) or _SPANNED.search(body) or re.search(r"[A-Za-z]{2}[.!?]$", body))


def is_program(text: str) -> bool:
    r"""Whether a text without fences is q: every statement can be read, none is prose, one is surely q.

    Examples:
        >>> is_program("x:til 5\nsum x"), is_program("Note: the sum of x is large."), is_program("= = =")
        (True, False, False)
    """
    spans = statements(text)
    sure = False
    for start, end in spans:
        one = text[start:end]
        if is_prose(one) or not read(one):
            return False
        sure = sure or bool(_ASSIGNS.match(one)) or (bool(_SIGNS.search(one)) and " is " not in one)
    return sure
