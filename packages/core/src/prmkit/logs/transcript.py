"""Plain text as exchanges: a bare solution, or a transcript with speaker names."""

from __future__ import annotations

import re

from prmkit.logs.shapes import Exchange, Part

_SPEAKER = re.compile(
    r"^[ \t]*(?:\#{1,4}[ \t]*)?(?:\*\*)?"
    r"(?:(?P<user>user|human|question|problem|prompt|q)|(?P<model>assistant|ai|answer|solution|response|a))"
    r"(?:\*\*)?[ \t]*(?::(?:\*\*)?|\n)[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)


def parse_text(text: str) -> list[Exchange]:
    r"""Exchanges of a plain text.

    A text with lines such as ``User:`` and ``Assistant:`` (or ``Problem:`` and ``Solution:``)
    is cut there; any other text is one reply to an unknown question.

    Examples:
        >>> [(x.question, x.parts[0].text) for x in parse_text("Q: 1+1?\nA: It is 2.")]
        [('1+1?', 'It is 2.')]
        >>> [x.question for x in parse_text("2 + 2 = 4")]
        ['']
    """
    marks = [
        m for m in _SPEAKER.finditer(text) if m.group().rstrip().endswith((":", "**")) or "#" in m.group()
    ]
    first = marks[0] if marks else None
    if first is None or not first.group("user") or not any(m.group("model") for m in marks):
        return [Exchange("", (Part(text.strip("\n")),))] if text.strip() else []
    found: list[Exchange] = []
    question = ""
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        said = text[mark.end() : after.start() if after else len(text)].strip()
        if mark.group("user"):
            question = said
        elif said:
            found.append(Exchange(question, (Part(said),)))
    return found
