"""Texts with q to steps: statements or lines of programs, and the reasoning around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from prmkit.segment import by_blank_line, by_sentence
from prmkit.types import Step
from prmkit_qlang.source import CODE, CONSOLE, Region, lines, prompts, regions, statements, within_fences

How = Literal["statement", "line"]


def _cut(text: str, how: How, prose: Callable[[str], tuple[Step, ...]]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for region in regions(text):
        part = text[region.start : region.end]
        for start, end in _spans(part, region, how, prose):
            steps.append(
                Step(len(steps), part[start:end], region.start + start, region.start + end, kind=region.kind)
            )
    return tuple(steps)


def _spans(
    part: str, region: Region, how: How, prose: Callable[[str], tuple[Step, ...]]
) -> list[tuple[int, int]]:
    fenced = part.lstrip()[:3] in ("```", "~~~")
    body = within_fences(part) if fenced else part
    if region.kind == CONSOLE:
        found = prompts(body)
    elif region.kind == CODE:
        found = statements(body) if how == "statement" else lines(body)
    else:
        return [(step.start, step.end) for step in prose(part)]
    start = len(part) - len(part.lstrip())
    if not found:
        return [(start, len(part.rstrip()))]
    if fenced:
        # The fences join the first and the last step.
        found[0] = (start, found[0][1])
        found[-1] = (found[-1][0], len(part.rstrip()))
    return found


def by_statement(text: str) -> tuple[Step, ...]:
    r"""One step a statement of a program or prompt of a session, one a paragraph of what stands around it.

    Examples:
        >>> [(s.kind, s.text) for s in by_statement("We add.\n```q\nf:{\n  x+1}\nf 2\n```")]
        [('', 'We add.'), ('code', '```q\nf:{\n  x+1}'), ('code', 'f 2\n```')]
    """
    return _cut(text, "statement", by_blank_line)


def by_code_line(text: str) -> tuple[Step, ...]:
    """One step a line of a program or prompt of a session, one a paragraph of what stands around it."""
    return _cut(text, "line", by_blank_line)


def by_claim(text: str) -> tuple[Step, ...]:
    """One step a sentence of the prose, so that each holds few claims; one a statement of programs."""
    return _cut(text, "statement", by_sentence)
