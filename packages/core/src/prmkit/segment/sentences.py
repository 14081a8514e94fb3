"""Cuts between sentences, not inside decimals, abbreviations, money or LaTeX."""

from __future__ import annotations

import re

from prmkit.segment.cut import steps_at
from prmkit.types import Step

_END = re.compile(
    r"(?P<stop>(?<![.!?\u2026])[.!?\u2026]++[\"'\u201d\u2019)\]*_]*+)\s++(?=\S)|(?P<wide>[\u3002\uff01\uff1f])"
)
_BLANK = re.compile(r"\n[ \t\r]*\n")
_LAST_WORD = re.compile(r"[^\s(\[\"'\u201c$]*\Z")
_TITLES = "mr mrs ms dr prof sr jr st hon gen rep sen rev gov mt"
_SCHOLARLY = (
    "vs eg e.g ie i.e cf al fig figs eq eqs eqn nos vol ch pp p approx w.r.t resp thm lem prop def ex"
)
_CALENDAR = "est jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun"
_CLOSING = "etc a.m p.m no co inc ltd corp u.s u.k ft lb lbs oz hr hrs min mins sec"
_ABBREVIATIONS = frozenset(f"{_TITLES} {_SCHOLARLY} {_CALENDAR}".split())
_ENDS_SENTENCE_TOO = frozenset(_CLOSING.split())
"""Abbreviations and units that may close a sentence: a capital letter after them begins a new one."""
_DELIMITER = re.compile(r"\n|\$\$|\$|\\\(|\\\)|\\\[|\\\]|\\begin\{|\\end\{|```")
_CLOSER = {"$$": "$$", "$": "$", "\\(": "\\)", "\\[": "\\]", "\\begin{": "\\end{", "```": "```"}


def by_sentence(text: str) -> tuple[Step, ...]:
    r"""One step a sentence; blank lines part sentences too.

    A stop inside ``$...$``, ``\(...\)``, ``\[...\]``, an environment or a code fence parts
    nothing, nor does one after an abbreviation, an initial or a list number. A lower-case
    letter does not begin a sentence.

    Examples:
        >>> [step.text for step in by_sentence("He paid $3.50. Dr. Li paid approx. $2. Total: 5.5!")]
        ['He paid $3.50.', 'Dr. Li paid approx. $2.', 'Total: 5.5!']
    """
    shut = _protected(text)
    cuts = {match.end() for match in _END.finditer(text) if _parts(text, match)}
    cuts |= {match.end() for match in _BLANK.finditer(text)}
    return steps_at(text, _outside(sorted(cuts), shut))


def _parts(text: str, match: re.Match[str]) -> bool:
    if match["wide"]:
        return True
    after = text[match.end()]
    if after.islower():
        return False
    if match["stop"][:1] != "." or match["stop"].startswith(".."):
        return True
    begin = match.start()
    word = _word_before(text, begin)
    bare = word.lower()
    if len(word) == 1 and word.isalpha() and word.isupper():
        return word == "I"
    if word.isdecimal() and len(word) < 3 and _numbers_a_list(text, begin - len(word)):
        return False
    if bare in _ENDS_SENTENCE_TOO:
        return after.isupper()
    return bare not in _ABBREVIATIONS


def _word_before(text: str, position: int) -> str:
    found = _LAST_WORD.search(text[max(0, position - 24) : position])
    return found.group() if found else ""


def _numbers_a_list(text: str, position: int) -> bool:
    """Whether a number at ``position`` begins a line or follows the end of a sentence."""
    start = max(0, position - 24)
    before = text[start:position].rstrip(" \t*#(")
    if before.endswith("."):
        return _word_before(text, start + len(before) - 1).lower() not in _ABBREVIATIONS
    return before == "" or before[-1] in "\n\r!?:"


def _protected(text: str) -> list[tuple[int, int]]:
    """Rising spans of LaTeX and code; an opener without a closer protects nothing."""
    delimiters = [(match.group(), match.start()) for match in _DELIMITER.finditer(text)]
    last = dict(delimiters)
    spans: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    for value, at in delimiters:
        if opened is None:
            closer = _CLOSER.get(value)
            if closer is not None and last.get(closer, -1) > at and (value != "$" or _opens(text, at)):
                opened = (value, at)
        elif value == "\n":
            opened = None if opened[0] == "$" else opened
        elif value == _CLOSER[opened[0]]:
            if value == "$" and not _closes(text, at):
                opened = (value, at) if _opens(text, at) else opened
                continue
            spans.append((opened[1], at + len(value)))
            opened = None
    return spans


def _opens(text: str, at: int) -> bool:
    return at + 1 < len(text) and not text[at + 1].isspace()


def _closes(text: str, at: int) -> bool:
    # "$5 ... $6" is money: a closing sign follows no space and precedes no digit.
    follows_space = text[at - 1].isspace()
    precedes_digit = at + 1 < len(text) and text[at + 1].isdigit()
    return not follows_space and not precedes_digit


def _outside(cuts: list[int], spans: list[tuple[int, int]]) -> list[int]:
    kept: list[int] = []
    place = 0
    for cut in cuts:
        while place < len(spans) and spans[place][1] <= cut:
            place += 1
        if place == len(spans) or cut <= spans[place][0]:
            kept.append(cut)
    return kept
