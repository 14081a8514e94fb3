"""Final-answer equality against a problem's reference, with the kind of slip where it is wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from prmkit.types import Json, Problem
from prmkit_finance.amounts import SCALES, Amount, amounts, read_amount
from prmkit_finance.matching import Match, compare

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_ARTICLES = frozenset({"a", "an", "the", "of", "in", "and", "was", "is"})
_LETTERS = re.compile(r"[A-Z](?:[\s,、;]*[A-Z])*")
ALIKE = 0.8
"""Token F1 from which two texts count as the same answer."""
UNLIKE = 0.3
"""Token F1 below which they count as different; between the two nobody can say."""


class Graded(NamedTuple):
    """A grade and how the answer stands to the reference."""

    grade: float | None
    match: Match | None = None
    """Kind of agreement of numeric answers; None for texts."""


def grade(problem: Problem, answer: str | None) -> float | None:
    """1.0 when ``answer`` is right, 0.0 when it is wrong, None when that cannot be said.

    Numbers are compared at the coarser of the two stated precisions; a scale may be left out but not
    be another one, and equal values in unlike scales are equal.

    Examples:
        >>> p = Problem(id="p", text="Change?", reference={"answer": -6850, "scale": "thousand"})
        >>> [grade(p, said) for said in ("-6.85 million", "-6,850", "6,850 thousand", "-6,850 million")]
        [1.0, 1.0, 0.0, 0.0]
    """
    return graded(problem, answer).grade


def graded(problem: Problem, answer: str | None) -> Graded:
    """The grade of an answer, with the kind of slip."""
    reference: Json = problem.reference
    if reference is None:
        return Graded(None)
    if answer is None or not answer.strip():
        return Graded(0.0)
    if not isinstance(reference, Mapping):
        reference = {"answer": reference}
    if "choice" in reference:
        return _choice(str(reference["choice"]), answer)
    if "answer" not in reference:
        return Graded(None)
    gold = reference["answer"]
    if isinstance(gold, list):
        return _text("; ".join(map(str, gold)), answer, str(reference.get("scale") or ""))
    number = _number(gold)
    if number is None:
        return _text(str(gold), answer, "")
    said = the_amount(answer)
    if said is None:
        return Graded(0.0 if not any(True for _ in amounts(answer)) else None)
    match = against(said, number, str(reference.get("scale") or ""), bool(reference.get("fraction")))
    return Graded(float(match is Match.SAME), match)


def the_amount(answer: str) -> Amount | None:
    """The amount that an answer states: the whole of it, or the only one in it that is no year.

    Examples:
        >>> the_amount("It rose by $12 thousand in 2019.").value
        Fraction(12000, 1)
    """
    whole = read_amount(answer)
    if whole is not None:
        return whole
    found = [amount for amount in amounts(answer) if not amount.year]
    return found[0] if len({amount.value for amount in found}) == 1 else None


def against(said: Amount, gold: Amount, scale: str, fraction: bool = False) -> Match:
    """How a stated amount stands to a gold amount in ``scale``.

    Args:
        said: The answer.
        gold: The reference, a number without unit.
        scale: ``thousand``, ``million``, ``billion``, ``percent`` or empty.
        fraction: Shares are written as fractions in the reference: ``24%`` answers 0.24.
    """
    if fraction and said.percent:
        gold = Amount(gold.number * 100, max(0, gold.decimals - 2))
    percent = scale == "percent" or (fraction and said.percent)
    factor = 1 if percent else SCALES.get(scale, 1)
    if gold.step * (factor if said.scale > 1 else 1) > said.step and gold.number != said.number:
        # The reference is the coarser one: round the answer instead.
        said, gold = _coarser(said, gold, factor), gold
    return compare(
        said, gold.number, percent=percent or (None if not said.percent else bool(not scale)), scale=factor
    )


def _coarser(said: Amount, gold: Amount, factor: int) -> Amount:
    step = gold.step * (factor if said.scale > 1 else 1)
    near = round(said.value / step) * step
    if abs(said.value - gold.number * (factor if said.scale > 1 else 1)) * 2 <= step:
        near = gold.number * (factor if said.scale > 1 else 1)
    return (
        Amount(near, gold.decimals, 1, said.unit, said.currency)
        if said.scale == 1
        else Amount(Fraction(near, said.scale), said.decimals, said.scale, said.unit, said.currency)
    )


def _number(gold: Json) -> Amount | None:
    if isinstance(gold, bool):
        return None
    if isinstance(gold, (int, float)):
        # JSON drops closing zeros: 3 may be 3.00, so a number counts as given to two decimals at least.
        exact = Fraction(str(gold))
        decimals = 2
        while decimals < 10 and (exact * 10**decimals).denominator != 1:
            decimals += 1
        return Amount(exact, decimals)
    return read_amount(gold) if isinstance(gold, str) else None


def _words(text: str) -> Counter[str]:
    plain = [word.casefold().replace(",", "") for word in _WORD.findall(text)]
    return Counter(word for word in plain if word not in _ARTICLES)


def token_f1(one: str, other: str) -> float:
    """F1 of the words of two texts, articles left out.

    Examples:
        >>> round(token_f1("the gross margin", "gross margin rate"), 2)
        0.8
    """
    left, right = _words(one), _words(other)
    common = sum((left & right).values())
    return 2 * common / total if (total := left.total() + right.total()) else float(one == other)


def _text(gold: str, answer: str, scale: str) -> Graded:
    if scale:
        wanted, said = _values(gold, scale), _values(answer, scale)
        if wanted and wanted == said:
            return Graded(1.0)
    alike = token_f1(gold, answer)
    if alike >= ALIKE:
        return Graded(1.0)
    return Graded(0.0 if alike < UNLIKE else None)


def _values(text: str, scale: str) -> Counter[Fraction]:
    factor = SCALES.get(scale, 1)
    found = (a for a in amounts(text) if not a.year or a.currency)
    return Counter(a.value if a.scale > 1 or a.percent else a.value * factor for a in found)


def _choice(gold: str, answer: str) -> Graded:
    found = _LETTERS.findall(answer.upper()) if len(answer) <= 200 else []
    if not found:
        return Graded(None)
    said = set(re.sub(r"[^A-Z]", "", found[-1]))
    return Graded(float(said == set(gold)))
