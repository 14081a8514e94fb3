"""The verifier ``math/annotation``: calculator annotations such as ``<<48/2=24>>24``."""

from __future__ import annotations

import re
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers._numbers import written
from prmkit_math.verifiers.arithmetic import MAX_TEXT, conclude
from prmkit_math.verifiers.claims import links, value_of
from prmkit_math.verifiers.comparison import FLOAT_TOLERANCE, Match, distance, rounds_to

_ANNOTATION = re.compile(r"<<([^<>]{1,200})>>")
_NUMBER_AFTER = re.compile(
    r"\s*[$€£]?\s*(-?(?>[0-9]++(?:,[0-9]{3}+)*+(?:\.[0-9]++)?+|\.[0-9]++))(?!\s*/?\s*[0-9*])"
)
_NONE = Finding(Verdict.UNKNOWN, "no calculator annotation", Code.NOT_APPLICABLE)


class Annotation:
    """Recompute every ``<<expression=value>>`` and compare the number written after it.

    What it does not check: whether the expression was the right one to compute.
    """

    name = "math/annotation"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return [judge(trajectory.steps[index].text) for index in trajectory.scored]


def judge(text: str) -> Finding:
    """Verdict on one step.

    Examples:
        >>> judge("She has 48/2 = <<48/2=23>>23 left.").reason
        '48/2=23 is wrong: 48/2 = 24'
    """
    if "<<" not in text:
        return _NONE
    if len(text) > MAX_TEXT:
        return Finding(Verdict.UNKNOWN, f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED)
    claims = [_claim(text, found) for found in _ANNOTATION.finditer(text)]
    return conclude(claims) if claims else _NONE


def _claim(text: str, found: re.Match[str]) -> Claim:
    start, end = found.span()
    inside = found[1].strip()
    lexer = Lexer(inside)
    chain = list(links(lexer, bare=True))
    if not chain or lexer.kinds.count("=") != len(chain) or "B" in lexer.kinds[1:-1]:
        return Claim(start, end, Verdict.UNKNOWN, f"{inside} is not one equality between numbers")
    for link in chain:
        if link.match is Match.DIFFERENT and "/n/" not in "".join(lexer.kinds):
            left = inside[: inside.find("=")].strip()
            return Claim(start, end, Verdict.FAILS, f"{inside} is wrong: {left} = {written(link.left_value)}")
        if link.match not in (Match.EQUAL, Match.ROUNDED):
            return Claim(start, end, Verdict.UNKNOWN, f"{inside} differs by no more than rounding might")
    after = _NUMBER_AFTER.match(text, end)
    stated = value_of(after[1]) if after else None
    if after is None or stated is None:
        return Claim(start, end, Verdict.HOLDS, f"{inside} is right")
    result = chain[-1].right_value
    gap = distance(result, stated)
    same = gap <= FLOAT_TOLERANCE * distance(result, 0)
    if same or rounds_to(result, after[1]) or rounds_to(stated, inside.rsplit("=", 1)[-1]):
        return Claim(start, after.end(), Verdict.HOLDS, f"{inside} is right and is what follows")
    if gap < _last_place(after[1]):
        return Claim(start, after.end(), Verdict.UNKNOWN, f"{inside} and {after[1]} may differ by rounding")
    if stated * 100 == result or stated == result * 100:
        return Claim(
            start, after.end(), Verdict.UNKNOWN, f"{inside} and {after[1]} may be in different units"
        )
    return Claim(start, after.end(), Verdict.FAILS, f"{inside} is followed by {after[1]}")


def _last_place(number: str) -> Fraction:
    """What one unit of the last digit is worth: 0.01 for ``14.99``, 1 for ``14``."""
    return Fraction(1, 10 ** len(number.partition(".")[2].rstrip("%. ")))
