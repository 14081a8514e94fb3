"""Cuts at marks of layout: lines, blank lines, numbers, chat turns, turns of thought."""

from __future__ import annotations

import re

from prmkit.segment.cut import steps_at
from prmkit.types import Role, Step

_LINE = re.compile(r"\r\n|[\n\r\u2028\u2029]")
_BLANK = re.compile(r"(?:\r\n|[\n\r\u2028\u2029])[ \t]*(?=\r\n|[\n\r\u2028\u2029])")
_WORD_NUMBER = re.compile(
    r"(?:^|(?<=\n)|(?<=[.!?:;]\s))(?P<indent>[ \t]*)[#*_ ]{0,6}step[ \t]{0,3}(?P<number>[0-9]{1,3})\b"
    r"(?=[*_ ]{0,3}(?:[:.)\]\-\u2013\u2014]|$|\n))",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(
    r"(?:^|(?<=\n))(?P<indent>[ \t]*)[#*_ ]{0,6}(?P<open>\(?)"
    r"(?P<number>[0-9]{1,3})(?P<close>[.)])[*_]{0,2}[ \t]+(?=\S)"
)
_TURN = re.compile(
    r"(?:^|(?<=\n))[ \t]*(?:"
    r"(?P<open>[*#_ ]{0,6})(?P<role>system|developer|user|human|question|assistant|ai|model|answer|thought|"
    r"action|tool call|tool|function|observation|result)[ \t]*[*_]{0,3}[ \t]*:"
    r"|<\|(?:im_start|start_header_id)\|>[ \t]*(?P<special>[a-z_]+))",
    re.IGNORECASE,
)
_THOUGHT = re.compile(
    r"(?:^|(?<=\n)|(?<=[.!?]\s)|(?<=[.!?]\s\s))[ \t]*(?:(?:but|so|oh|and|okay|ok),?[ ])?(?:"
    r"wait|hmm+|hold on|alternatively|on second thought|actually,|going back|"
    r"let me (?:re-?check|double[- ]check|verify|re-?think|reconsider|try|think again|check|start over)|"
    r"let'?s (?:verify|double[- ]check|check|try|reconsider|think again)|"
    r"another (?:way|approach|idea|thought)|maybe i|i (?:made|think i made) a mistake|"
    r"that'?s not right|this is wrong|to (?:double[- ]check|verify))\b",
    re.IGNORECASE,
)
_UNSCORED = frozenset(
    {
        "system",
        "developer",
        "user",
        "human",
        "question",
        "tool",
        "function",
        "observation",
        "result",
        "ipython",
    }
)


def by_line(text: str) -> tuple[Step, ...]:
    r"""One step a line; empty lines belong to no step.

    Examples:
        >>> [step.text for step in by_line("2 + 2 = 4\n\n4 * 3 = 12")]
        ['2 + 2 = 4', '4 * 3 = 12']
    """
    return steps_at(text, (match.end() for match in _LINE.finditer(text)))


def by_blank_line(text: str) -> tuple[Step, ...]:
    r"""One step a paragraph.

    Examples:
        >>> [step.text for step in by_blank_line("a\nb\n \nc")]
        ['a\nb', 'c']
    """
    return steps_at(text, (match.end() for match in _BLANK.finditer(text)))


def by_number(text: str) -> tuple[Step, ...]:
    r"""Cuts before ``Step 2:``, else before ``2.``, ``2)`` or ``(2)`` at the beginning of a line.

    Numbers of one list count up; those of nested or restarted lists are not cut at. What
    stands before the first number is a step of its own.

    Examples:
        >>> [step.text for step in by_number("Given:\n1. 2 + 2 = 4\n2. done, 7. not\n")]
        ['Given:', '1. 2 + 2 = 4', '2. done, 7. not']
    """
    return steps_at(text, numbered(text))


def numbered(text: str) -> list[int]:
    """Positions of the numbers that :func:`by_number` cuts at."""
    found: list[int] = []
    reached = -1
    for match in _WORD_NUMBER.finditer(text):
        if int(match["number"]) > reached:
            found.append(match.start())
            reached = int(match["number"])
    if found:
        return found
    shape: tuple[str, ...] | None = None
    for match in _LIST_NUMBER.finditer(text):
        this = (match["indent"].replace("\t", "    "), match["open"], match["close"])
        number = int(match["number"])
        if (shape is None and number <= 1) or (this == shape and number == reached + 1):
            found.append(match.start())
            shape, reached = this, number
    return found


def by_turn(text: str) -> tuple[Step, ...]:
    r"""One step a chat turn (``User:``, ``Assistant:``, ``Observation:``, ``<|im_start|>user`` ...).

    Turns of the system, the user and of tools are observations; ``Action:`` and
    ``Tool call:`` are acts; the rest is thought.

    Examples:
        >>> [(step.role, step.text) for step in by_turn("User: 2 + 2?\nAssistant: 4")]
        [('observe', 'User: 2 + 2?'), ('think', 'Assistant: 4')]
    """
    turns = list(_TURN.finditer(text))
    roles: list[Role] = ["think", *(_role(match["role"] or match["special"]) for match in turns)]
    return steps_at(text, (match.start() for match in turns), roles)


def _role(name: str) -> Role:
    word = name.lower()
    if word in _UNSCORED:
        return "observe"
    return "act" if word in ("action", "tool call") else "think"


def by_thought(text: str) -> tuple[Step, ...]:
    r"""Cuts where a long chain of thought turns: before ``Wait``, ``Alternatively``, ``Let me check`` ...

    A marker counts at the beginning of a line or of a sentence only.

    Examples:
        >>> [step.text for step in by_thought("So 3 * 4 = 14. Wait, 3 * 4 = 12.\nI wait here.")]
        ['So 3 * 4 = 14.', 'Wait, 3 * 4 = 12.\nI wait here.']
    """
    return steps_at(text, (match.start() for match in _THOUGHT.finditer(text)))
