"""Programs to steps: statements or lines, with the reasoning around them by paragraph.

Steps keep their indentation, which means something here. A comment belongs to the statement after it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from typing import Literal, NamedTuple

from prmkit.segment import by_blank_line
from prmkit.types import Step

How = Literal["statement", "line"]
CODE = "code"
"""Kind of the steps that are program text."""
MAX_PARSED = 40_000
"""Longer text is not parsed."""

_FENCE = re.compile(r"^[ \t]*(?P<mark>`{3,}|~{3,})[ \t]*(?P<tag>[^\s`]*)[^\n`]*$", re.MULTILINE)
_OPENING = re.compile(r"^(?:def |class |import |from \S+ import |@\w|async def )", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: the text between its fences."""

    start: int
    end: int
    tag: str
    """Lower-case word after the opening fence; empty without one."""
    outer_start: int
    """Where the opening fence begins."""
    outer_end: int
    """Where the closing fence ends, or the text where none closes it."""


def fenced(text: str) -> list[Block]:
    r"""The fenced blocks of a text, in order.

    Examples:
        >>> [text_[b.start : b.end] for text_ in ["So:\n```py\nx = 1\n```\nDone."] for b in fenced(text_)]
        ['x = 1\n']
    """
    found: list[Block] = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence["mark"].startswith(opened["mark"]) and not fence["tag"]:
            found.append(_block(opened, fence.start(), fence.end()))
            opened = None
    if opened is not None:
        # A closing fence may stand at the end of a line of code.
        end = text.rfind(opened["mark"], opened.end())
        found.append(_block(opened, *((end, end + len(opened["mark"])) if end >= 0 else (len(text),) * 2)))
    return found


def _block(opened: re.Match[str], end: int, outer_end: int) -> Block:
    start = min(opened.end() + 1, end)
    return Block(start, end, opened["tag"].lower(), opened.start(), outer_end)


def parses(source: str) -> bool:
    """Whether the text is Python, as far as a parser can tell."""
    if len(source) > MAX_PARSED:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def program_start(text: str) -> int | None:
    r"""Where the program begins in a text without fences; None when there is none.

    Examples:
        >>> program_start("We add.\n\ndef f(a):\n    return a + 1\n")
        9
        >>> program_start("Only words, no code.") is None
        True
    """
    if len(text) > MAX_PARSED:
        return None
    for opening in _OPENING.finditer(text):
        if parses(text[opening.start() :]):
            # What stands before may be code too: assignments, comments.
            return 0 if parses(text) else opening.start()
    return 0 if _is_body(text) else None


def _is_body(text: str) -> bool:
    """Whether the text is statements without a definition: a function's body, a few assignments."""
    if not re.search(
        r"^[ \t]*(?:return\b|\w+ *(?:[-+*/%]|//|\*\*)?= |for .*:$|if .*:$|while .*:$)", text, re.M
    ):
        return False
    body = "\n".join(f" {line}" for line in text.split("\n"))
    return parses(text) or parses(f"def f():\n{body}\n")


def logical_lines(text: str) -> Iterator[tuple[int, int]]:
    r"""First and last row (0-based) of each statement or header, comments above it included.

    Text that the tokenizer cannot read to its end goes on row by row.

    Examples:
        >>> list(logical_lines("x = [1,\n  2]\n# sum\ny = sum(x)\n"))
        [(0, 1), (2, 3)]
    """
    rows = text.split("\n")
    begin, reached = 0, -1
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE:
                last = token.start[0] - 1
                yield begin, last
                begin, reached = last + 1, last
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        for row in range(reached + 1, len(rows)):
            if rows[row].strip():
                yield row, row
        return
    if any(row.strip() for row in rows[begin:]):
        yield begin, len(rows) - 1


def _spans(text: str, how: How) -> list[tuple[int, int]]:
    """Spans of the steps of a program, indentation included; a comment at the end joins the last."""
    at = [0]
    for row in text.split("\n"):
        at.append(at[-1] + len(row) + 1)
    pairs = logical_lines(text) if how == "statement" else ((r, r) for r in range(len(at) - 1))
    found: list[tuple[int, int]] = []
    for first, last in pairs:
        start, end = at[first], at[last + 1] - 1
        part = text[start:end]
        if not part.strip():
            continue
        blank = len(part) - len(part.lstrip("\n\r \t\f"))
        start += part.rfind("\n", 0, blank) + 1
        end = start + len(text[start:end].rstrip())
        only_comment = how == "statement" and all(
            row.lstrip().startswith("#") for row in text[start:end].split("\n") if row.strip()
        )
        if only_comment and found and last + 1 == len(at) - 1:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def cut_program(text: str, how: How = "statement", *, offset: int = 0, index: int = 0) -> list[Step]:
    r"""Steps of a text that is all program.

    Args:
        text: The program.
        how: One step a statement (or header of a compound one), or one a line.
        offset: Where the program begins in the whole text.
        index: Number of the first step.

    Examples:
        >>> [step.text for step in cut_program("def f(a):\n    # up\n    return (a\n            + 1)\n")]
        ['def f(a):', '    # up\n    return (a\n            + 1)']
    """
    return [
        Step(index + i, text[a:b], offset + a, offset + b, kind=CODE)
        for i, (a, b) in enumerate(_spans(text, how))
    ]


def _mixed(text: str, how: How) -> tuple[Step, ...]:
    blocks = fenced(text)
    if blocks:
        regions = [(b.outer_start, b.outer_end) for b in blocks]
    else:
        start = program_start(text)
        regions = [] if start is None else [(start, len(text))]
    steps: list[Step] = []
    reached = 0
    for start, end in regions:
        _prose(text, reached, start, steps)
        steps.extend(_region(text, start, end, how, len(steps)))
        reached = end
    _prose(text, reached, len(text), steps)
    return tuple(steps)


def _prose(text: str, start: int, end: int, steps: list[Step]) -> None:
    for step in by_blank_line(text[start:end]):
        steps.append(Step(len(steps), step.text, start + step.start, start + step.end))


def _region(text: str, start: int, end: int, how: How, index: int) -> list[Step]:
    """Steps of a program region; fences join the first and the last of them."""
    block = next((b for b in fenced(text[start:end])), None)
    if block is None:
        return cut_program(text[start:end], how, offset=start, index=index)
    inner = cut_program(text[start + block.start : start + block.end], how, offset=start + block.start)
    if not inner:
        body = text[start:end].rstrip()
        return [Step(index, body, start, start + len(body))]
    edges = [(step.start, step.end) for step in inner]
    edges[0] = (start, edges[0][1])
    edges[-1] = (edges[-1][0], start + len(text[start:end].rstrip()))
    return [Step(index + i, text[a:b], a, b, kind=CODE) for i, (a, b) in enumerate(edges)]


def by_statement(text: str) -> tuple[Step, ...]:
    r"""One step a statement of the program, one a paragraph of what stands around it.

    Examples:
        >>> [(s.kind, s.text) for s in by_statement("We add.\n\ndef f(a):\n    return a + 1")]
        [('', 'We add.'), ('code', 'def f(a):'), ('code', '    return a + 1')]
    """
    return _mixed(text, "statement")


def by_code_line(text: str) -> tuple[Step, ...]:
    """One step a line of the program, one a paragraph of what stands around it."""
    return _mixed(text, "line")


def by_program(text: str) -> tuple[Step, ...]:
    r"""One step a paragraph, and the whole program as one step.

    Examples:
        >>> [s.text for s in by_program("We add.\n\ndef f(a):\n    return a + 1")]
        ['We add.', 'def f(a):\n    return a + 1']
    """
    steps: list[Step] = []
    for step in _mixed(text, "line"):
        before = steps[-1] if steps else None
        if before and step.kind == before.kind == CODE and not text[before.end : step.start].strip():
            opens = "`" in step.text[:4] and step.text.lstrip().startswith("```")
            if not opens:
                whole = text[before.start : step.end]
                steps[-1] = Step(before.index, whole, before.start, step.end, kind=CODE)
                continue
        steps.append(Step(len(steps), step.text, step.start, step.end, kind=step.kind))
    return tuple(steps)
