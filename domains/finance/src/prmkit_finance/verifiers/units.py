"""The verifier ``finance/units``: the scale and the kind of an answer against what table and question state.

An answer is refuted when its digits stand in the table and its scale word is not the table's, or when
the question asks for a percentage and the answer is money (or the reverse).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.types import Problem, Scope, Trajectory, Verdict
from prmkit_finance.amounts import SCALES, Amount
from prmkit_finance.answers import Answer, the_answer
from prmkit_finance.material import Material, material
from prmkit_finance.verdicts import silent

MIN_DIGITS = 3
_PERCENT_ASKED = re.compile(
    r"^(?:what|calculate|how much)\b[^?]{0,30}?\b(?:percentage|percent) "
    r"(?:change|increase|decrease|growth|share)\b"
    r"|^what percentage\b|\bas a percentage of\b|\b(?:in|as a) percent\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\b(?:shares?|number of|units?|options?|rights|customers|employees)\b", re.IGNORECASE)
_WORDS = {factor: word for word, factor in SCALES.items() if word in ("thousand", "million", "billion")}


class Units:
    """Does the answer's unit fit the table and the question?

    What it does not check: answers whose digits the table does not hold, and tables that state no unit
    or several.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> table = {"columns": ["in thousands", "2019"], "rows": [["Rent", "6,210"]]}
        >>> p = Problem("p", "What was the rent in 2019?", context={"table": table})
        >>> Units().check(p, Trajectory.of_steps("t", "p", ["$6,210 million"]))[0].reason
        'the table is in thousands, the answer says million'
    """

    name = "finance/units"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step; only the one that states the answer is judged."""
        given = material(problem)
        answer = the_answer(trajectory)
        return [
            _judge(answer, given)
            if answer is not None and answer.step == index
            else silent("states no answer")
            for index in trajectory.scored
        ]


def _judge(answer: Answer, given: Material) -> Finding:
    amount = answer.amount
    if _PERCENT_ASKED.search(given.question):
        if amount.scale > 1 or amount.currency:
            return Finding(
                Verdict.FAILS, "a percentage is asked for, the answer is an amount", detail={"slip": "unit"}
            )
        return (
            Finding(Verdict.HOLDS, "a percentage is asked for and given")
            if amount.percent
            else silent("no unit")
        )
    if _COUNTED.search(given.question):
        return silent("counts may be in another unit than amounts")
    if not given.scale_known or given.table is None or amount.scale == 1 or amount.percent:
        return silent("neither table nor question settles the unit")
    if amount.scale == given.scale:
        return Finding(Verdict.HOLDS, f"the table is in {_WORDS[given.scale]}s, and so is the answer")
    if _in_table(amount, given):
        said = _WORDS.get(amount.scale, "another unit")
        reason = f"the table is in {_WORDS[given.scale]}s, the answer says {said}"
        return Finding(Verdict.FAILS, reason, detail={"slip": "scale"})
    spoken = _WORDS.get(amount.scale, "") in given.passage.lower()
    if amount.scale > given.scale and not spoken and abs(amount.value) > _everything(given):
        reason = f"the answer is more than all cells together: the table is in {_WORDS[given.scale]}s"
        return Finding(Verdict.FAILS, reason, detail={"slip": "scale"})
    return silent("the answer's digits are not those of a cell")


def _everything(given: Material) -> Fraction:
    """The sum of the sizes of all cells, in ones."""
    cells = given.table.cells if given.table else ()
    return sum((abs(cell.amount.number) for cell in cells), Fraction(0)) * given.scale


def _in_table(amount: Amount, given: Material) -> bool:
    digits = str(abs(amount.number.numerator)).rstrip("0")
    if given.table is None or len(digits) < MIN_DIGITS:
        return False
    return any(abs(cell.amount.number) == abs(amount.number) for cell in given.table.cells)
