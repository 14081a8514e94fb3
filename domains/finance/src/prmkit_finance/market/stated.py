"""Figures that a sentence states of a factor or a strategy, and whether a recomputed one agrees."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Verdict

MAX_TEXT = 20_000
"""Characters of a step that is read."""
MAX_CLAIMS = 60
"""Figures read in one step."""

_NUMBER = (
    r"(?P<sign>[-−–+]?)[$]?(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,12})?|[0-9]{1,12}(?:\.[0-9]{1,12})?"
    r"|\.[0-9]{1,12})(?P<unit>\s?%|\s(?:percent|per\scent)\b|\s?(?:bps?|basis\spoints)\b)?"
)
_FILLER = (
    "of|is|was|at|the|a|an|ratio|value|equals|equal|reached|reaches|comes|came|out|to|about|approximately"
    "|approx|roughly|around|be|being|for|this|that|it|its|factor|strategy|portfolio|stands|works|therefore"
    "|thus|then|now|are|were|after|before|costs|net|gross|recorded|returns|book|account|back-?test"
)
_LINK = rf"(?:[ \t:=≈~|*`→]|\([^()]{{0,60}}\)|\b(?:{_FILLER})\b){{1,16}}?"
_ABOUT = re.compile(r"\b(?:about|approx\w*|roughly|around|nearly|almost|circa)\b|[≈~]", re.IGNORECASE)
_DOUBT = re.compile(
    r"\b(?:targets?|targeted|aim\w*|goals?|hop(?:e|ing)|expect\w*|should|would|could|might|may|if|suppos\w*"
    r"|assum\w*|hypoth\w*|want|need|ideal\w*|require\w*|thresholds?|typical\w*|usual\w*|example|e\.g"
    r"|benchmarks?|index|buy[- ]and[- ]hold|market|baselines?|papers?|report\w*|literature|published"
    r"|at least|at most|above|below|less|more|greater|higher|lower|larger|smaller|exceed\w*|under|between"
    r"|range|minimum|previous\w*|prior|original\w*|another|other|versions?|best|worst|instead"
    r"|(?:in|out)[- ]of?[- ]?sample|in-sample|train\w*|test\w*|valid\w*|holdout|first|second|third|half"
    r"|last|latest|each|per(?! (?:rebalanc\w*|trade|day|year|annum|cent)\b)|since|until|during|before"
    r"|(?<![.\d])(?:19|20)\d\d|q[1-4]|weeks?|month\w*|quarter\w*|rolling|active|absolute|cumulative ic"
    r"|not|never|cannot|without|versus|vs|compared|than|from|respectively|ytd"
    r"|improv\w*|increas\w*|decreas\w*|rises?|rose|drop\w*|fell)\b"
    r"|n't|\|ic\||[<>≥≤±]|\?",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[^\d])\.(?=\s|$)|(?<=\d)\.(?=\s+[A-Z]|\s*$)|[;\n!]")
_AFTER = re.compile(
    r"\s?(?:[-–]\s?(?:days?|to|\d)|(?:to|and)\s[-+−]?\.?\d|±|\+/-|or\b|days?\b|years?\b|x\b|σ|[<>*/^])|[*`]*\s*\|[*`\s]*[-+−]?\.?\d"
)
"""What makes a number part of a range, a product or a row of several columns."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure as written."""

    name: str
    """Which figure, a key of the vocabulary."""
    value: float
    """As a fraction where a percent sign or basis points stand behind it."""
    step: float
    """Worth of the last digit written."""
    unit: str
    """``%``, ``bp`` or nothing."""
    about: bool
    """Called approximate."""
    start: int
    end: int
    words: str
    """The name as written and what links it to the figure, in lower case."""
    note: str
    """The sentence around it, in lower case, without names of figures."""
    doubtful: bool
    """The sentence speaks of a wish, a condition, another period or another portfolio."""


def figures(text: str, vocabulary: Mapping[str, str]) -> Iterator[Stated]:
    """Figures of the vocabulary (name -> pattern, the more special first) that the text states.

    Examples:
        >>> [(s.name, s.value, s.step) for s in figures("Sharpe ratio: 1.30.", {"sharpe": "sharpe"})]
        [('sharpe', 1.3, 0.01)]
    """
    names = "|".join(f"(?P<{name}>{pattern})" for name, pattern in vocabulary.items())
    whole = re.compile(rf"(?<![\w|-])(?:{names})(?!\w){_LINK}(?<![\w.]){_NUMBER}(?!\w|[.,]\d)", re.IGNORECASE)
    bare = re.compile(rf"\b(?:{'|'.join(vocabulary.values())})\b", re.IGNORECASE)
    shared = re.compile(
        rf"\b(?:{'|'.join(vocabulary.values())})\s*(?:,|/|&|and)\s*(?:the\s)?$", re.IGNORECASE
    )
    for count, match in enumerate(whole.finditer(text)):
        if count >= MAX_CLAIMS:
            return
        name = next(n for n in vocabulary if match[n])
        begin, end = _sentence(text, match)
        listed = shared.search(text, max(0, match.start() - 60), match.start())
        note = bare.sub(" ", text[begin:end]).lower()
        yield Stated(
            name=name, **_number(match)._asdict(), start=match.start(), end=match.end(), note=note,
            words=text[match.start() : match.start("digits")].lower(),
            about=bool(_ABOUT.search(text[match.end(name) : match.start("digits")])),
            doubtful=bool(listed or _DOUBT.search(_settled(note)) or _AFTER.match(text, match.end())),
        )  # fmt: skip


_FEES = r"(?:any |all |trading |transaction )*(?:costs?|fees)\b"
_GROSS = re.compile(rf"\bgross\b|\b(?:before|without|excluding) {_FEES}")
_NET = re.compile(rf"\bnet\b|\bafter {_FEES}")


def _settled(note: str) -> str:
    """The sentence without the words that :func:`gross` reads."""
    return _NET.sub(" ", _GROSS.sub(" ", note))


def gross(note: str) -> bool | None:
    """Whether the sentence says before costs (True), after costs (False), or neither (None)."""
    if _GROSS.search(note):
        return True
    return False if _NET.search(note) else None


def _sentence(text: str, match: re.Match[str]) -> tuple[int, int]:
    begin = 0
    for edge in _SENTENCE.finditer(text, 0, match.start()):
        begin = edge.end()
    behind = _SENTENCE.search(text, match.end())
    return begin, behind.start() if behind else len(text)


class _Parts(NamedTuple):
    value: float
    step: float
    unit: str


def _number(match: re.Match[str]) -> _Parts:
    digits = match["digits"].replace(",", "")
    step = 10.0 ** -len(digits.partition(".")[2])
    written = (match["unit"] or "").strip().lower()
    unit = "" if not written else "bp" if written.startswith("b") else "%"
    size = {"": 1.0, "%": 0.01, "bp": 0.0001}[unit]
    sign = -1.0 if match["sign"] and match["sign"] in "-−–" else 1.0
    return _Parts(sign * float(digits) * size, step * size, unit)


class Reading(NamedTuple):
    """One way to compute a figure."""

    value: float
    way: str
    """In words, for the reason."""


def judge(
    stated: Stated, main: Sequence[Reading], other: Sequence[Reading] = (), *, magnitude: bool = False
) -> tuple[Verdict, str]:
    """HOLDS when a main reading rounds to what is stated; FAILS when no reading comes near it.

    Args:
        stated: What the sentence says.
        main: Readings that the words allow.
        other: Readings that other people use: agreement with one is no proof either way.
        magnitude: Sizes are compared: a drawdown is written with its sign or without.

    Examples:
        >>> s = next(figures("IC = 0.031", {"ic": "ic"}))
        >>> judge(s, [Reading(0.0312, "mean")])[0].value, judge(s, [Reading(0.05, "mean")])[0].value
        ('HOLDS', 'FAILS')
    """
    known = [reading for reading in main if math.isfinite(reading.value)]
    if not known:
        return Verdict.UNKNOWN, f"{stated.name} cannot be computed here"
    found = f"{stated.name} is {_written(known[0].value, stated)} ({known[0].way})"
    for reading in known:
        if _gap(stated, reading.value, magnitude) <= 0.5 * stated.step * (1 + 1e-6):
            return Verdict.HOLDS, f"{stated.name} is {_written(reading.value, stated)} ({reading.way})"
    slack = max(1.5 * stated.step, (0.1 if stated.about else 0.0) * abs(stated.value))
    if stated.about and any(_gap(stated, r.value, magnitude) <= 0.05 * abs(stated.value) for r in known):
        return Verdict.HOLDS, f"{found}, about what is stated"
    for reading in [*known, *(r for r in other if math.isfinite(r.value))]:
        if _gap(stated, reading.value, magnitude) <= slack:
            return Verdict.UNKNOWN, f"{found}; what is stated would fit {reading.way}"
        if not stated.unit and _gap(stated, 100 * reading.value, magnitude) <= slack:
            return Verdict.UNKNOWN, f"{found}; what is stated may be in percent"
    ways = "" if len(known) == 1 else f" ({len(known)} usual ways were tried)"
    return Verdict.FAILS, f"{found}, not {_written(stated.value, stated)}{ways}"


def _gap(stated: Stated, value: float, magnitude: bool) -> float:
    if magnitude:
        return abs(abs(stated.value) - abs(value))
    return abs(stated.value - value)


def _written(value: float, like: Stated) -> str:
    size = {"": 1.0, "%": 100.0, "bp": 10_000.0}[like.unit]
    places = max(0, round(-math.log10(like.step * size)) + 1)
    return f"{value * size:.{places}f}{' ' if like.unit else ''}{like.unit}"


def conclude(claims: Sequence[Claim], nothing: str) -> Finding:
    """One finding of the claims of a step: a false one decides, else a true one, else none."""
    if not claims:
        return Finding(Verdict.UNKNOWN, nothing, Code.NOT_APPLICABLE)
    for verdict in (Verdict.FAILS, Verdict.HOLDS):
        reasons = [claim.reason for claim in claims if claim.verdict is verdict]
        if reasons:
            return Finding(verdict, "; ".join(reasons[:3]), claims=tuple(claims))
    return Finding(Verdict.UNKNOWN, claims[0].reason, Code.UNSUPPORTED, tuple(claims))
