"""What a solution answers: the amount of its last statement, or the value its program gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from prmkit.types import Trajectory
from prmkit_finance.amounts import SCALES, Amount, amounts, read_amount
from prmkit_finance.program.script import Script, read_script

_LEAD = re.compile(
    r"^(?:explanation:.*?\banswer:\s*|so,? |thus,? |therefore,? )?"
    r"(?:the )?(?:final )?answer(?: is)?\s*[:=]?\s*",
    re.IGNORECASE | re.DOTALL,
)
_RESULT = frozenset({"ans", "answer", "result"})


class Answer(NamedTuple):
    """An answer and where it stands."""

    step: int
    """Index of the step that states it."""
    amount: Amount
    start: int
    """Place in the step's text."""
    end: int
    computed: bool = False
    """It is the value of a program, known to all its digits."""


def the_answer(trajectory: Trajectory) -> Answer | None:
    """The one amount that a solution answers with; None where it states none, or several."""
    scored = trajectory.scored
    if not scored:
        return None
    found = of_script(trajectory, scored)
    if found is not None:
        return found
    index = scored[-1]
    text = trajectory.steps[index].text
    lead = _LEAD.match(text)
    offset = lead.end() if lead else 0
    said = text[offset:]
    whole = read_amount(said)
    if whole is not None:
        return Answer(index, whole, offset, len(text))
    if lead is None or not lead.group():
        return None
    named = [amount for amount in amounts(said) if not amount.year]
    if len({(a.value, a.unit) for a in named}) != 1 or len(said) > 200:
        return None
    return Answer(index, named[0], offset + named[0].start, offset + named[0].end)


def of_script(trajectory: Trajectory, scored: Sequence[int]) -> Answer | None:
    """The value of ``ans`` in a program, with the unit that its ``units`` names."""
    text = trajectory.text
    script = read_script(text)
    if script is None or script.refuted:
        return None
    line = next((line for line in reversed(script.lines) if line.name.lower() in _RESULT), None)
    if line is None or not isinstance(line.value, Fraction):
        return None
    for index in scored:
        step = trajectory.steps[index]
        if step.start <= line.start < step.end:
            amount = computed(line.value, unit_of(script))
            return Answer(index, amount, line.start - step.start, min(line.end, step.end) - step.start, True)
    return None


def unit_of(script: Script) -> str:
    """What a program names as the unit of its answer."""
    for name in ("units", "unit", "scale"):
        said = script.names.get(name)
        if isinstance(said, str):
            return said.strip().lower()
    return ""


def computed(value: Fraction, unit: str) -> Amount:
    """A computed value as an amount, stated to six digits after its first one.

    Examples:
        >>> computed(Fraction(200, 9), "percent").unit
        '%'
    """
    size = len(str(abs(int(value)))) if abs(value) >= 1 else 0
    decimals = max(2, 7 - size)
    rounded = Fraction(round(value * 10**decimals), 10**decimals)
    percent = unit in ("percent", "%", "percentage")
    return Amount(rounded, decimals, 1 if percent else SCALES.get(unit, 1), "%" if percent else "")
