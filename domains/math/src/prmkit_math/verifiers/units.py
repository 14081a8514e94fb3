"""The verifier ``math/units``: conversions and sums of quantities whose units differ."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit.verify.bring import bring
from prmkit_math.verifiers._quantities import (
    AMOUNT,
    DAYS,
    METRIC,
    MONEY,
    MONTHS,
    UNIT,
    Amount,
    amounts,
    canonical,
    scales,
)
from prmkit_math.verifiers.arithmetic import MAX_TEXT, conclude
from prmkit_math.verifiers.claims import value_of
from prmkit_math.verifiers.comparison import Match

MAX_CLAIMS = 50
_SUM = rf"{AMOUNT}(?:\s?(?:and|\+|-|−|,\s?and)?\s?{AMOUNT}){{0,3}}"
_TERM = r"(?:[0-9 .,+*/×÷()x{}\-]|\\(?:d?frac|times|cdot|text\{[a-z /]{1,20}\})|\\[ ,]){1,60}"
_MIDDLE = rf"(?:{_TERM}(?:\s?[a-z]{{1,12}}){{0,2}}\s?=\s?){{0,3}}"
_CLAIM = re.compile(
    rf"(?P<left>{_SUM})\)?\s?(?P<relation>=|≈|\\approx|equals?|is equal to|are equal to|is the same as|is)\s?"
    rf"(?:about\s|approximately\s)?(?P<middle>{_MIDDLE})(?:<<[^<>]{{0,200}}>>)?"
    rf"(?P<right>{_SUM}|(?P<sum>[0-9 .,+*/×÷()x\-]{{1,60}}?)\s?(?P<unit>{UNIT.pattern}))"
)
_BEFORE = re.compile(
    r"(?:[-+*/×÷^]|\bper|\bof|\btimes|\bby|\bx|\bthan|\bto|\bfrom|\band|[0-9])[\s$]*$", re.IGNORECASE
)
_LIST = re.compile(rf"{UNIT.pattern},?\s$")
_AFTER = re.compile(
    r"^[\s$)}]*(?:[-+*/×÷^]|\\(?:times|cdot|div)|(?:[a-z]+\s)?(?:per|each|every|a|an|longer|more|less|fewer|shorter|"
    r"older|younger|later|earlier|before|after|faster|slower|times|away|and|or|plus|minus|old|ago|than)\b)",
    re.IGNORECASE,
)
_END = re.compile(r"^[\s$)}]*(?:[.,;:!?)=]|$)")
_SCALE = re.compile(
    r"\b(?:map|scale|scaled|represents?|corresponds?|drawing|blueprint|model|ratio|proportion\w*|rates?|exchange|"
    r"planet|fictional)\b",
    re.IGNORECASE,
)
_WORKING = re.compile(
    r"\b(?:work\w*|school|shift|business|open|(?:per|each|a|every) (?:day|week|month|year))\b", re.IGNORECASE
)
_NOT = re.compile(r"\b(?:not|if|suppose|assume|wrong|incorrect|whether)\b|\?|≠|n't", re.IGNORECASE)
_NOTHING = Finding(Verdict.UNKNOWN, "no conversion between units", Code.NOT_APPLICABLE)


class Units:
    """Convert quantities that are said to be equal, at the stated precision.

    What it does not check: temperatures, densities and other conversions that need to know the
    substance, currencies, scales of maps and models, working days and school years.
    """

    name = "math/units"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ("pint",)

    def warm(self) -> None:
        """Bring in what is slow to import."""
        bring("pint")

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return [judge(trajectory.steps[index].text, problem.text) for index in trajectory.scored]


def judge(text: str, problem: str = "") -> Finding:
    """Verdict on one step.

    Examples:
        >>> judge("The wall is 3 feet = 30 inches high.").reason
        '3 feet = 30 inches is wrong: 3 feet = 36 inch'
    """
    if len(text) > MAX_TEXT:
        return Finding(Verdict.UNKNOWN, f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED)
    claims = list(itertools.islice(_claims(text, problem), MAX_CLAIMS)) if UNIT.search(text) else []
    return conclude(claims) if claims else _NOTHING


def _claims(text: str, problem: str) -> Iterator[Claim]:
    for found in _CLAIM.finditer(text):
        before, after = text[max(0, found.start() - 40) : found.start()], text[found.end() : found.end() + 40]
        if _BEFORE.search(before) or _LIST.search(before) or _AFTER.match(after):
            continue
        if found["relation"] in ("is", "equal", "equals") and not _END.match(after):
            continue
        left, right = amounts(found["left"]), _right(found)
        units = {amount.unit for amount in (*left, *right)}
        if not left or not right or len(units) < 2:
            continue
        match = compare(left, right, about=found["relation"] in ("≈", "\\approx"))
        if match is not None:
            yield _claim(found, left, right, match, problem[:4000])


def _right(found: re.Match[str]) -> list[Amount]:
    if found["sum"] is None:
        return _falling(amounts(found["right"]), found["right"])
    value = value_of(found["sum"].strip())
    if value is None or isinstance(value, float):
        return []
    return [Amount(Fraction(value), canonical(found["unit"]), 0)]


def _falling(parts: list[Amount], text: str) -> list[Amount]:
    """The quantities of ``1 hour 20 minutes``; a larger unit after a smaller one begins another clause."""
    if "+" in text or "-" in text or any(part.unit in MONEY for part in parts):
        return parts
    kept = parts[:1]
    for part in parts[1:]:
        if scales(part.unit)[0][1] >= scales(kept[-1].unit)[0][1]:
            break
        kept.append(part)
    return kept


def _claim(
    found: re.Match[str],
    left: Sequence[Amount],
    right: Sequence[Amount],
    match: Match,
    problem: str,
) -> Claim:
    said = f"{found['left'].strip()} = {found['right'].strip()}"
    start, end = found.span()
    if match in (Match.EQUAL, Match.ROUNDED):
        return Claim(start, end, Verdict.HOLDS, f"{said} is right")
    if match is Match.NEAR:
        return Claim(start, end, Verdict.UNKNOWN, f"{said} differs by no more than usual factors do")
    if _given(problem, left, right):
        return Claim(
            start, end, Verdict.UNKNOWN, f"{said} is no conversion, but the problem gives its factor"
        )
    units = {amount.unit for amount in (*left, *right)}
    context, around = f"{problem} {found.string}", found.string[max(0, start - 80) : end + 60]
    worked = bool({"day", "week", "month", "year"} & units) and _WORKING.search(context)
    if _SCALE.search(context) or worked or _NOT.search(around):
        return Claim(start, end, Verdict.UNKNOWN, f"{said} is no conversion, but the text may set it so")
    return Claim(start, end, Verdict.FAILS, f"{said} is wrong: {_corrected(found['left'], left, right)}")


def _given(problem: str, left: Sequence[Amount], right: Sequence[Amount]) -> bool:
    """Whether the problem states the factor, as in *take a mile for 1.5 km*."""
    if len(left) != 1 or len(right) != 1 or not left[0].value or not right[0].value:
        return False
    factor = right[0].value / left[0].value
    stated = {amount.value for amount in amounts(problem) if amount.unit in (left[0].unit, right[0].unit)}
    return bool({factor, 1 / factor} & stated)


def _corrected(said: str, left: Sequence[Amount], right: Sequence[Amount]) -> str:
    if len(right) != 1:
        return f"{said.strip()} is another quantity"
    total, size = _total(left), _total([Amount(Fraction(1), right[0].unit, 0)])
    return f"{said.strip()} = {total / size:.10g} {right[0].unit}"


def _total(parts: Sequence[Amount]) -> float:
    if all(part.unit in MONEY for part in parts):
        return float(sum(part.value * MONEY[part.unit] for part in parts))
    return sum(float(part.value) * scales(part.unit)[0][1] for part in parts)


def compare(left: Sequence[Amount], right: Sequence[Amount], *, about: bool = False) -> Match | None:
    """How two sums of quantities compare; None where they measure different things.

    Examples:
        >>> compare(amounts("60 mph"), amounts("26.8 m/s")).name, compare(amounts("2 hours"), amounts("2 cm"))
        ('ROUNDED', None)
    """
    units = {amount.unit for amount in (*left, *right)}
    if units <= set(MONEY):
        gap = abs(sum(a.value * MONEY[a.unit] for a in left) - sum(a.value * MONEY[a.unit] for a in right))
        return Match.EQUAL if not gap else Match.DIFFERENT
    names = {name for unit in units for name in re.split(r"[/*0-9]+", unit)}
    if names & set(MONEY) or (names & set(DAYS) and names != units):
        return None
    if units <= set(MONTHS):
        gap = abs(sum(a.value * MONTHS[a.unit] for a in left) - sum(a.value * MONTHS[a.unit] for a in right))
        return Match.EQUAL if not gap else Match.DIFFERENT
    if units & set(DAYS):
        return _calendar(left, right)
    return _measured(left, right, about)


def _calendar(left: Sequence[Amount], right: Sequence[Amount]) -> Match | None:
    """Months and years in days, weeks or hours: anything between the shortest and the longest."""
    ranges = []
    for side in (left, right):
        low = high = 0.0
        for amount in side:
            short: float
            long: float
            if amount.unit in DAYS:
                short, long = DAYS[amount.unit]
            elif scales(amount.unit)[0][0] == "[time]":
                short = long = scales(amount.unit)[0][1] / 86400
            else:
                return None
            low, high = low + short * float(amount.value), high + long * float(amount.value)
        ranges.append((low, high))
    (a, b), (c, d) = ranges
    slack = 0.02 * max(abs(b), abs(d))
    if a <= d + 1e-9 and c <= b + 1e-9:
        return Match.ROUNDED
    return Match.NEAR if a <= d + slack and c <= b + slack else Match.DIFFERENT


def _measured(left: Sequence[Amount], right: Sequence[Amount], about: bool) -> Match | None:
    parts = (*left, *right)
    best: Match | None = None
    for choice in itertools.islice(itertools.product(*(scales(part.unit) for part in parts)), 81):
        if len({dimension for dimension, _ in choice}) != 1:
            continue
        sizes = [size for _, size in choice]
        total = sum(float(part.value) * size for part, size in zip(left, sizes, strict=False))
        other = sum(float(part.value) * size for part, size in zip(right, sizes[len(left) :], strict=True))
        found = _close(total, other, sizes[-1] / 10 ** right[-1].decimals, _tolerance(parts, about))
        if found in (Match.EQUAL, Match.ROUNDED):
            return found
        best = Match.NEAR if Match.NEAR in (found, best) else found
    return best


def _close(total: float, other: float, place: float, tolerance: float) -> Match:
    gap, size = abs(total - other), max(abs(total), abs(other))
    if gap <= 1e-9 * size:
        return Match.EQUAL
    if gap <= place * 0.5 * (1 + 1e-9):
        return Match.ROUNDED
    return Match.NEAR if gap < place * (1 - 1e-9) or gap <= tolerance * size else Match.DIFFERENT


def _tolerance(parts: Sequence[Amount], about: bool) -> float:
    """Between metric and customary units the usual factors are rounded."""
    metric = {bool(set(re.split(r"[/*0-9]+", part.unit)) & METRIC) for part in parts}
    return 0.06 if len(metric) == 2 else 0.05 if about else 0.0
