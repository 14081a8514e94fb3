"""The verifier ``math/arithmetic``: equalities between numbers in running text, evaluated exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers._numbers import written as shown
from prmkit_math.verifiers.claims import Link, links, mixes_units
from prmkit_math.verifiers.comparison import Match
from prmkit_math.verifiers.doubts import WINDOW, Case, doubt
from prmkit_math.verifiers.restated import restated

MAX_TEXT = 40_000
"""Longer steps are not read."""
MAX_PIECE = 8_000
MAX_CLAIMS = 300
MAX_PROBLEM = 4_000

_RELATION = re.compile(r"[=≈≅≃]|\\approx|\\simeq|\bequals?\b")
_SENTENCE = re.compile(r"(?<=\S[.?;])\s+(?=[A-Z0-9\\$(])|\n\n+")
_NOTHING = Finding(Verdict.UNKNOWN, "no equality between numbers", Code.NOT_APPLICABLE)


class Arithmetic:
    """Recompute every equality between numbers that a step states.

    A step FAILS when one of them is false beyond the stated precision, HOLDS (scope *claim*) when at
    least one is true and none false, and is UNKNOWN otherwise. What it does not read: variables,
    other bases, remainders, operations that the problem defines, and numbers written as words.
    """

    name = "math/arithmetic"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        asked, written_so_far = problem.text[:MAX_PROBLEM], trajectory.text
        found: list[Finding] = []
        for index in trajectory.scored:
            step = trajectory.steps[index]
            before = written_so_far[max(0, step.start - MAX_PROBLEM) : step.start]
            found.append(judge(step.text, asked, before))
        return found


def judge(text: str, problem: str = "", written: str = "") -> Finding:
    """Verdict on one step.

    Args:
        text: The step.
        problem: The question; it may define another meaning of the signs.
        written: What stands before the step.

    Examples:
        >>> judge("So there are 12 * 4 = 46 eggs.").reason
        '12 * 4 = 46 is wrong: 12 * 4 = 48'
    """
    if len(text) > MAX_TEXT:
        return Finding(Verdict.UNKNOWN, f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED)
    found = examine(text, problem, written)
    if not found:
        return _NOTHING
    return conclude(found)


def conclude(claims: Sequence[Claim]) -> Finding:
    """The step's verdict from its claims."""
    for wanted in (Verdict.FAILS, Verdict.HOLDS):
        hits = [claim for claim in claims if claim.verdict is wanted]
        if hits:
            more = f" (and {len(hits) - 1} more)" if len(hits) > 1 else ""
            return Finding(wanted, hits[0].reason + more, claims=tuple(claims))
    return Finding(Verdict.UNKNOWN, claims[0].reason, Code.UNSUPPORTED, claims=tuple(claims))


def examine(text: str, problem: str = "", written: str = "") -> list[Claim]:
    """Every arithmetic claim of a text, in order."""
    if not _RELATION.search(text):
        return []
    around = (problem, written)
    found: list[Claim] = []
    for offset, piece in _pieces(text):
        lexer = Lexer(piece)
        places: list[int] = []
        for link in links(lexer):
            if len(found) >= MAX_CLAIMS:
                return found
            places = places or lexer.places()
            index = lexer.index
            start = offset + places[index[link.left[0]]]
            end = offset + places[index[link.right[1] - 1] + 1]
            found.append(_claim(text, start, end, lexer, places, link, around))
    for equation in restated(text):
        lexer, places = equation.lexer, equation.lexer.places()
        claim = _claim(lexer.text, 0, len(lexer.text), lexer, places, equation.link, around)
        found.append(replace(claim, start=equation.start, end=equation.end))
    return found


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Sentences that hold a relation, with where they begin."""
    at = 0
    for border in _SENTENCE.finditer(text):
        piece = text[at : border.start()]
        if _RELATION.search(piece) and len(piece) <= MAX_PIECE:
            yield at, piece
        at = border.end()
    piece = text[at:]
    if _RELATION.search(piece) and len(piece) <= MAX_PIECE:
        yield at, piece


def _claim(
    text: str, start: int, end: int, lexer: Lexer, places: list[int], link: Link, around: tuple[str, str]
) -> Claim:
    index, piece = lexer.index, lexer.text
    left = piece[places[index[link.left[0]]] : places[index[link.left[1] - 1] + 1]].strip()
    right = piece[places[index[link.right[0]]] : places[index[link.right[1] - 1] + 1]].strip()
    if link.left[0] in lexer.money and text[start - 1 : start] == "$":
        start, left = start - 1, f"${left}"
    said = f"{left} {'≈' if link.about else '='} {right}"
    if lexer.measures and link.match is not Match.DIFFERENT and mixes_units(lexer, link.left):
        return Claim(start, end, Verdict.UNKNOWN, f"{said} adds different units as plain numbers")
    if link.match is Match.EQUAL:
        return Claim(start, end, Verdict.HOLDS, f"{said} is right")
    if link.match is Match.ROUNDED:
        return Claim(start, end, Verdict.HOLDS, f"{said} is right to the digits given")
    if link.match is Match.NEAR:
        return Claim(start, end, Verdict.UNKNOWN, f"{said} differs by no more than rounding might")
    case = Case(
        lexer,
        link,
        text[start:end],
        text[max(0, start - WINDOW) : start],
        text[end : end + WINDOW],
        piece,
        *around,
    )
    reason = doubt(case)
    if reason is not None:
        return Claim(start, end, Verdict.UNKNOWN, f"{said} is not true as it stands, but {reason}")
    return Claim(start, end, Verdict.FAILS, f"{said} is wrong: {left} = {shown(link.left_value)}")
