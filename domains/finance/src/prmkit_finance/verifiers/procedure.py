"""The verifier ``finance/procedure``: the right operation on the right cells.

The question is understood by :mod:`prmkit_finance.question` and worked out from the table, independently
of the solution; the answer and the results named on the way are compared with it.

Source:
    Procedural correctness as in Fin-PRM (arXiv 2508.15202), decided here by recomputation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Step, Trajectory, Verdict
from prmkit_finance.amounts import Amount, amounts, written
from prmkit_finance.answers import Answer, the_answer
from prmkit_finance.matching import Match, compare
from prmkit_finance.material import Material, material
from prmkit_finance.question import Expected, solve, understand
from prmkit_finance.tables import years_of
from prmkit_finance.verdicts import MAX_TEXT, conclude, silent

_NAMED = re.compile(
    r"\b(?P<what>percent(?:age)? (?:change|increase|decrease)|(?:net )?change|average|growth rate)\b"
    r"[^.;]{0,80}?\b(?:is|was|of|=|equals)\s+(?=[-\u2212(]?\s?[$€£S\d(])",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\s*(?:[-+*/=\u2212\u00d7\u00f7]|(?:in (?:19|20)\d\d|divided|times|multiplied|plus|minus|over)\b)"
)
_OPERATION = {"average": "average", "change": "change", "net change": "change"}
LARGEST_PERCENT = 1000
"""Bare numbers above it are taken for no percent figures."""


class Procedure:
    """Recompute the answer from the question and the table.

    What it does not check: questions that fit none of the forms, or whose rows are not named word by
    word; reasoning that leads to a right answer by a wrong way.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> table = {"columns": ["", "2019", "2018"], "rows": [["Rent", "62", "50"]]}
        >>> asked = "What was the change in rent from 2018 to 2019?"
        >>> p = Problem("p", asked, context={"table": table})
        >>> [f.verdict.value for f in Procedure().check(p, Trajectory.of_steps("t", "p", ["-12"]))]
        ['FAILS']
    """

    name = "finance/procedure"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step."""
        given = material(problem)
        ask = understand(given.question)
        expected = solve(ask, given.table) if ask is not None and given.table is not None else ()
        if not expected:
            reason = "the question fits no known form" if ask is None else "no cells are named word by word"
            return [silent(reason)] * len(trajectory.scored)
        answer = the_answer(trajectory)
        out = []
        for index in trajectory.scored:
            step = trajectory.steps[index]
            if len(step.text) > MAX_TEXT:
                out.append(silent(f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED))
                continue
            claims = list(_named(step, expected, given))
            if answer is not None and answer.step == index:
                claims.append(_of_answer(answer, expected, given))
            out.append(conclude(claims, "states no result of the operation asked for"))
        return out


def _of_answer(answer: Answer, expected: Sequence[Expected], given: Material) -> Claim:
    claim = judge(answer.amount, answer.start, answer.end, expected, given)
    if claim.verdict is Verdict.FAILS and answer.computed and "(rounding)" in claim.reason:
        # A program may have been given rounded figures; what it makes of them is no slip of its own.
        return replace(claim, verdict=Verdict.UNKNOWN)
    return claim


def _named(step: Step, expected: Sequence[Expected], given: Material) -> Iterator[Claim]:
    """Results that a sentence names by their operation: 'the percentage change is 5%'."""
    for found in _NAMED.finditer(step.text):
        what = " ".join(found["what"].lower().split())
        operation = _OPERATION.get(what, "percent_change")
        after = step.text[found.end() : found.end() + 60]
        stated = next(amounts(after), None)
        if stated is None or stated.start > 2 or stated.year or _GOES_ON.match(after, stated.end):
            continue
        if what == "average" and len(years_of(found.group())) == 1:
            continue
        place = found.end() + stated.start, found.end() + stated.end
        mine = [one for one in expected if one.operation == operation]
        if operation == "change" and not mine:
            mine = [_difference(one) for one in expected if one.operation == "percent_change"]
        if mine and not (stated.percent and not mine[0].percent):
            claim = judge(stated, *place, mine, given)
            if operation == "change" and "(sign)" in claim.reason:
                # A change is often told by its size alone.
                claim = replace(claim, verdict=Verdict.UNKNOWN)
            yield claim


def _difference(one: Expected) -> Expected:
    new, old = (cell.amount.value for cell in one.cells)
    shown = f"{written(new)} - {written(old)}"
    return Expected(new - old, one.cells[0].amount.percent, "change", one.cells, shown)


def judge(stated: Amount, start: int, end: int, expected: Sequence[Expected], given: Material) -> Claim:
    """How a stated result stands to what the table gives."""
    alike = [one for one in expected if one.percent == stated.percent] or expected
    best = min(
        ((match(stated, one, given), one) for one in alike), key=lambda pair: list(Match).index(pair[0])
    )
    found, one = best
    unit = "%" if one.percent else ""
    gives = f"{one.operation.replace('_', ' ')}: {one.shown} = {written(one.value)}{unit}"
    if found is Match.SAME:
        return Claim(start, end, Verdict.HOLDS, f"{gives}, as stated")
    said = written(stated.number) + (stated.unit or "")
    if found is Match.LAST_DIGIT:
        return Claim(start, end, Verdict.UNKNOWN, f"{gives}, stated {said}: off in its last digit")
    if found is Match.UNIT and stated.percent and not _is_money(one):
        return Claim(start, end, Verdict.UNKNOWN, f"{gives}; whether these are percent figures is not said")
    if found is Match.SIGN and all(cell.amount.value < 0 for e in alike for cell in e.cells):
        return Claim(
            start, end, Verdict.UNKNOWN, f"{gives}, stated {said}: bracketed amounts may be meant by size"
        )
    if one.operation == "percent_change" and stated.percent and not _is_money(one):
        points = one.cells[0].amount.value - one.cells[1].amount.value
        if compare(stated, points) in (Match.SAME, Match.LAST_DIGIT):
            return Claim(
                start, end, Verdict.UNKNOWN, f"{gives}, stated {said}: percentage points may be meant"
            )
    if found.scale and not one.percent and not given.scale_known:
        return Claim(start, end, Verdict.UNKNOWN, f"{gives}, stated {said}: the table's unit is not said")
    if (
        stated.percent
        and not any(e.percent for e in expected)
        and any(e.operation == "change" for e in expected)
    ):
        # Some who ask for a change mean the percentage.
        relative = [_relative(e) for e in expected]
        if any(
            value is not None and compare(stated, value) in (Match.SAME, Match.LAST_DIGIT)
            for value in relative
        ):
            return Claim(start, end, Verdict.UNKNOWN, f"{gives}; stated is the percentage change {said}")
    return Claim(start, end, Verdict.FAILS, f"{gives}, stated {said} ({slip(stated, found, expected)})")


def _relative(one: Expected) -> Fraction | None:
    if len(one.cells) != 2 or not one.cells[1].amount.value:
        return None
    old = one.cells[1].amount.value
    return one.value / old * 100


def match(stated: Amount, one: Expected, given: Material) -> Match:
    """Agreement with one expected value, in the unit of the table where it is known."""
    if one.percent:
        if stated.scale > 1:
            return Match.UNIT
        return compare(stated, one.value, percent=True)
    if not given.scale_known and stated.scale > 1:
        stated = Amount(stated.number, stated.decimals, 1, stated.unit, stated.currency)
    if stated.percent:
        bare = compare(stated, one.value)
        return bare if bare in (Match.SAME, Match.LAST_DIGIT) and not _is_money(one) else Match.UNIT
    return compare(stated, one.value, percent=False, scale=given.scale)


def _is_money(one: Expected) -> bool:
    """The cells can be no percent figures: a currency, or more than a thousand."""
    return any(cell.amount.currency or abs(cell.amount.value) > LARGEST_PERCENT for cell in one.cells)


def slip(stated: Amount, found: Match, expected: Sequence[Expected]) -> str:
    """A word for the kind of mistake."""
    if found is not Match.VALUE:
        return found.value
    near = any(one.value and abs(stated.value - one.value) * 200 <= abs(one.value) for one in expected)
    return "rounding" if near else "value"
