"""Segmenters of the domain: sentences and answer lines, and the statements of a program."""

from __future__ import annotations

import re

from prmkit.segment import by_line, by_sentence
from prmkit.types import Step

_PROGRAM = re.compile(
    r"^\s*[A-Za-z_]\w*\s*=\s*\S|^\s*(?:subtract|add|multiply|divide|exp|greater|table_\w+)\("
)
_FENCE = re.compile(r"^\s*```|^\s*\|")


def by_statement(text: str) -> tuple[Step, ...]:
    r"""Sentences, each further cut at line breaks; programs by line.

    Examples:
        >>> [s.text for s in by_statement("Rent in 2019 is $62. It fell. So the answer is:\n$12 thousand")]
        ['Rent in 2019 is $62.', 'It fell.', 'So the answer is:', '$12 thousand']
        >>> [s.text for s in by_statement("a = 62\nans = a + 50")]
        ['a = 62', 'ans = a + 50']
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and sum(bool(_PROGRAM.match(line) or _FENCE.match(line)) for line in lines) * 2 > len(lines):
        return by_line(text)
    out: list[Step] = []
    for sentence in by_sentence(text):
        for line in by_line(sentence.text):
            start = sentence.start + line.start
            out.append(Step(index=len(out), text=line.text, start=start, end=start + len(line.text)))
    return tuple(out)
