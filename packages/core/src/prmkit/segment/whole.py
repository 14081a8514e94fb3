"""Cuts that keep code blocks and Markdown tables whole."""

from __future__ import annotations

import re
from itertools import pairwise

from prmkit.segment.choose import by_auto
from prmkit.segment.cut import steps_at
from prmkit.types import Step

MAX_TEXT = 400_000
"""Longer texts are not searched for Markdown tables, characters."""

_FENCE = re.compile(r"^[ \t]*(?P<mark>`{3,}|~{3,})[^\n]*(?:\n|$)", re.MULTILINE)
_LINE = re.compile(r"[^\n]*\n?")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{1,200}:?[ \t]*(?:\|[ \t]*:?-{1,200}:?[ \t]*)*\|?[ \t]*\r?\n?")


def by_block(text: str) -> tuple[Step, ...]:
    r"""Code blocks and Markdown tables are a step each; the text between is cut as ``auto`` does.

    Examples:
        >>> [s.text for s in by_block("We need:\n```sql\nSELECT 1\n\nFROM t\n```\nIt is 1. The answer is 1.")]
        ['We need:', '```sql\nSELECT 1\n\nFROM t\n```', 'It is 1.', 'The answer is 1.']
    """
    edges = [0, *(edge for span in blocks(text) for edge in span), len(text)]
    if len(edges) == 2:
        return by_auto(text)
    cuts: set[int] = set()
    for at, (start, end) in enumerate(pairwise(edges)):
        cuts.add(start)
        if at % 2 == 0:
            cuts.update(start + step.start for step in by_auto(text[start:end])[1:])
    return steps_at(text, sorted(cuts - {0}))


def fences(text: str) -> list[tuple[int, int]]:
    """Where fenced code blocks stand, marks included; a block without an end runs to the end of the text."""
    spans: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    for found in _FENCE.finditer(text):
        mark = found["mark"]
        if opened is None:
            opened = (mark, found.start())
        elif mark[0] == opened[0][0] and len(mark) >= len(opened[0]):
            spans.append((opened[1], found.end() - found.group().endswith("\n")))
            opened = None
    if opened is not None:
        spans.append((opened[1], len(text)))
    return spans


def blocks(text: str) -> list[tuple[int, int]]:
    """Rising spans of code blocks and of Markdown tables outside them."""
    code = fences(text)
    outside = [span for span in markdown_spans(text) if not any(a < span[1] and span[0] < b for a, b in code)]
    return sorted(code + outside)


def markdown_spans(text: str) -> list[tuple[int, int]]:
    """Where Markdown tables stand: a line with bars, a rule under it, and the lines with bars that follow."""
    if "|" not in text or "--" not in text or len(text) > MAX_TEXT:
        return []
    lines = [match.span() for match in _LINE.finditer(text) if match.group()]
    spans: list[tuple[int, int]] = []
    at = 0
    while at + 1 < len(lines):
        head, rule = (text[slice(*lines[at + more])] for more in (0, 1))
        if "|" not in head or "|" not in rule or not _RULE.fullmatch(rule):
            at += 1
            continue
        last = at + 1
        while last + 1 < len(lines) and "|" in text[slice(*lines[last + 1])]:
            last += 1
        end = lines[last][1]
        spans.append((lines[at][0], end - (text[end - 1] == "\n")))
        at = last + 1
    return spans
