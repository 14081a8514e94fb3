"""The table of segmenters, and the choice among them for text of unknown layout."""

from __future__ import annotations

from prmkit.answer import extract_answer
from prmkit.registry import Registry
from prmkit.segment.blocks import by_blank_line, by_line, by_number, numbered
from prmkit.segment.sentences import by_sentence
from prmkit.types import Step, Trajectory

SEGMENTERS = Registry(
    "segmenter",
    {
        "auto": "prmkit.segment:by_auto",
        "blank_line": "prmkit.segment:by_blank_line",
        "block": "prmkit.segment:by_block",
        "line": "prmkit.segment:by_line",
        "number": "prmkit.segment:by_number",
        "sentence": "prmkit.segment:by_sentence",
        "thought": "prmkit.segment:by_thought",
        "turn": "prmkit.segment:by_turn",
    },
    provider="prmkit",
)


def by_auto(text: str) -> tuple[Step, ...]:
    r"""By numbers if there are two or more, else by blank lines, else by lines, else by sentences.

    Examples:
        >>> [step.text for step in by_auto("First 2 + 2 = 4. Then 4 * 3 = 12.")]
        ['First 2 + 2 = 4.', 'Then 4 * 3 = 12.']
    """
    if len(numbered(text)) > 1:
        return by_number(text)
    for cut in (by_blank_line, by_line):
        steps = cut(text)
        if len(steps) > 1:
            return steps
    return by_sentence(text)


def segment(id: str, problem_id: str, text: str, how: str = "auto") -> Trajectory:
    r"""A trajectory of ``text`` cut by the segmenter called ``how``; its final answer is extracted.

    Raises:
        UnknownNameError: No such segmenter.

    Examples:
        >>> t = segment("t", "p", "2 + 2 = 4\nThe answer is 4.", how="line")
        >>> len(t.steps), t.final_answer
        (2, '4')
    """
    return Trajectory(
        id=id,
        problem_id=problem_id,
        text=text,
        steps=SEGMENTERS[how](text),
        final_answer=extract_answer(text),
    )
