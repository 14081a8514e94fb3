"""What kind of mistake a wrong answer to a TAT-QA question is, told with the reference at hand.

Used for reports only. The classes, tried in this order:

* ``sign``, ``scale`` (a factor of 100, 10³, 10⁶ or 10⁹), ``unit`` (percent against money)
* ``rounding``: the right value but for less than half a percent
* ``formula``: all operands of the gold derivation occur in the solution, the answer is another
* ``arithmetic``: the same, and the answer is within five percent of the right one, in words
* ``period``: a missing operand's row is used with the amount of another column
* ``extraction``: an operand of the gold derivation does not occur
* ``no working``: the solution is an answer and nothing else
* ``no number``: it states no number, or several
"""

from __future__ import annotations

from fractions import Fraction

from prmkit.types import Sample
from prmkit_finance.amounts import Amount, amounts
from prmkit_finance.expressions import UnreadableError, tokens
from prmkit_finance.grade import graded, the_amount
from prmkit_finance.matching import Match
from prmkit_finance.material import material

NEAR = Fraction(1, 200)
CLOSE = Fraction(1, 20)


def slip_of(sample: Sample) -> str | None:
    """The class of a wrong numeric answer; None where the answer is right or cannot be graded."""
    problem, trajectory, _ = sample
    found = graded(problem, trajectory.final_answer)
    if found.grade == 1.0:
        return None
    said = the_amount(trajectory.final_answer or "")
    if said is None or found.match is None:
        return "no number"
    gold = Fraction(str(problem.reference["answer"]))
    if found.match.scale or found.match in (Match.SIGN, Match.UNIT):
        return "scale" if found.match.scale else found.match.value
    if found.match is Match.LAST_DIGIT or (gold and abs(said.number - gold) <= abs(gold) * NEAR):
        return "rounding"
    if said.percent != (problem.reference["scale"] == "percent") and (said.percent or said.scale > 1):
        return "unit"
    if trajectory.provenance.system.startswith("direct"):
        return "no working"
    return _by_operands(sample, said, gold)


def _by_operands(sample: Sample, said: Amount, gold: Fraction) -> str | None:
    wanted = operands(str(sample.problem.reference.get("derivation") or ""))
    if not wanted:
        return None
    used = {abs(amount.number) for amount in amounts(sample.trajectory.text)}
    missing = [number for number in wanted if number not in used]
    if not missing:
        in_words = not sample.trajectory.provenance.system.startswith("pot")
        return (
            "arithmetic" if in_words and gold and abs(said.number - gold) <= abs(gold) * CLOSE else "formula"
        )
    table = material(sample.problem).table
    cells = table.cells if table else ()
    rows = {cell.row for cell in cells if abs(cell.amount.number) in missing}
    others = {abs(c.amount.number) for c in cells if c.row in rows} - set(wanted)
    return "period" if others & used else "extraction"


def operands(derivation: str) -> list[Fraction]:
    """Sizes of the numbers of a derivation, counts and round factors left out.

    Examples:
        >>> [str(number) for number in operands("(44.1-56.7)/56.7")]
        ['441/10', '567/10', '567/10']
    """
    try:
        cut = tokens(derivation)
    except UnreadableError:
        return []
    return [
        abs(token.quantity.value)
        for token in cut
        if token.sign == "n" and not _is_count(token.quantity.value)
    ]


def _is_count(value: Fraction) -> bool:
    return value.denominator == 1 and (abs(value) <= 12 or value in (100, 1000))
