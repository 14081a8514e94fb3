"""Cuts that respect code and tables, and the kind of step that a text is.

Kinds follow TaTToo (arXiv 2510.06217): ``retrieval`` (which rows, columns, cells), ``schema`` (queries and
statements about columns), ``computation`` and ``conclusion``; other steps have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from prmkit.segment import blocks, by_sentence
from prmkit.segment import by_block as by_whole_block
from prmkit.segment.cut import steps_at
from prmkit.types import Step

_CONTINUES = re.compile(r"(?:[ \t]|else\b|elif\b|except\b|finally\b|[)\]}]|#|\r?$)")
_KINDS = (
    (
        "conclusion",
        re.compile(r"\b(?:final )?answer (?:is|:|=)|^(?:so|therefore|thus|hence)\b", re.IGNORECASE),
    ),
    (
        "schema",
        re.compile(
            r"^\s*(?:```\s*sql|select\b|with\s+\w+\s+as\b)|\bcolumns?\b|\bdf(?:\[|\.)|\bschema\b",
            re.IGNORECASE,
        ),
    ),
    (
        "computation",
        re.compile(
            r"\d\s*[-+*/×÷]\s*\$?\d|=\s*-?\$?\d|\b(?:sum|total|average|mean|median|count|difference|maximum|minimum)\b",
            re.IGNORECASE,
        ),
    ),
    ("retrieval", re.compile(r"\brows?\b|\bcells?\b|\|.*\||\b(?:look|find|filter|where)\b", re.IGNORECASE)),
)
MAX_KIND_TEXT = 2_000
"""Characters of a step that are read for its kind."""


def kind_of(text: str) -> str:
    """The kind of a step, by its words; empty when none fits.

    Examples:
        >>> [kind_of(t) for t in ("Row 2 is Rome.", "3 + 4 = 7", "SELECT a FROM t", "The answer is 7.", "Hm")]
        ['retrieval', 'computation', 'schema', 'conclusion', '']
    """
    head = text[:MAX_KIND_TEXT]
    return next((kind for kind, pattern in _KINDS if pattern.search(head)), "")


def by_block(text: str) -> tuple[Step, ...]:
    """Code blocks and Markdown tables whole; the text between as ``auto`` cuts it; kinds filled in."""
    return _kinds(by_whole_block(text))


def by_sentence_block(text: str) -> tuple[Step, ...]:
    r"""As :func:`by_block`, with the text between cut into sentences.

    Examples:
        >>> [(s.kind, s.text) for s in by_sentence_block("Look at row 2. It is Rome.\n```sql\nSELECT a\n```")]
        [('retrieval', 'Look at row 2.'), ('', 'It is Rome.'), ('schema', '```sql\nSELECT a\n```')]
    """
    edges = [0, *(edge for span in blocks(text) for edge in span), len(text)]
    cuts: set[int] = set()
    for at, (start, end) in enumerate(pairwise(edges)):
        cuts.add(start)
        if at % 2 == 0:
            cuts.update(start + step.start for step in by_sentence(text[start:end])[1:])
    return _kinds(steps_at(text, sorted(cuts - {0})))


def by_statement(text: str) -> tuple[Step, ...]:
    r"""One step a top-level statement of a Python program, found by indentation and brackets.

    Examples:
        >>> [s.text for s in by_statement("a = [1,\n 2]\nfor x in a:\n    b = x\nelse:\n    c = 1\nans = b")]
        ['a = [1,\n 2]', 'for x in a:\n    b = x\nelse:\n    c = 1', 'ans = b']
    """
    return _kinds(steps_at(text, _statements(text)))


def _statements(text: str) -> Iterator[int]:
    depth, at = 0, 0
    for line in text.splitlines(keepends=True):
        if at and depth <= 0 and not _CONTINUES.match(line):
            yield at
            depth = 0
        bare = (
            re.sub(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|#.*", "", line) if len(line) < 5_000 else ""
        )
        depth += sum(map(bare.count, "([{")) - sum(map(bare.count, ")]}"))
        at += len(line)


def _kinds(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(replace(step, kind=kind_of(step.text)) for step in steps)
