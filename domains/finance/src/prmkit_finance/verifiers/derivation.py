"""The verifier ``finance/derivation``: a derivation against the answer that follows it.

A derivation is a step that is nothing but arithmetic over amounts, or a program whose last line gives
the answer. The answer is the amount of the next step that states one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.types import Problem, Scope, Trajectory, Verdict
from prmkit_finance.amounts import Amount, read_amount
from prmkit_finance.equations import best_match, shown
from prmkit_finance.expressions import Quantity, UnreadableError, evaluate
from prmkit_finance.matching import Match, compare
from prmkit_finance.verdicts import silent

_ANSWER = re.compile(
    r"^(?:so |thus |therefore )?,?\s*(?:the )?(?:final )?answer(?: is)?\s*[:=]?\s*(?P<said>.+)$",
    re.IGNORECASE,
)
_OPERATOR = re.compile(r"[-+*/\u2212\u2013\u00d7\u00f7]")
_DIVISOR = re.compile(r"[/\u00f7]\s*(\((?:19|20)\d\d|\(?[\d,.]*)")
MAX_COUNT = 12
"""Largest divisor that is taken for the number of terms of an average."""


class Derivation:
    """Is the answer what the derivation before it gives?

    What it does not check: whether the derivation answers the question. A bracket around a number is
    tried as a grouping and as a minus; shares may be stated in percent.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> t = Trajectory.of_steps("t", "p", ["(44.1-56.7)/56.7", "The answer is 22.22%"])
        >>> Derivation().check(Problem("p", "?"), t)[1].reason
        'the derivation (44.1-56.7)/56.7 gives -0.2222, the answer says 22.22% (sign)'
    """

    name = "finance/derivation"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step; only answers are judged."""
        out: list[Finding] = []
        before: tuple[str, list[Quantity]] | None = None
        for index in trajectory.scored:
            text = trajectory.steps[index].text.strip()
            readings = derivation(text)
            if readings:
                before = (text, readings)
                out.append(silent("the derivation itself; the answer is compared with it"))
                continue
            said = stated_answer(text)
            if before is None or said is None:
                out.append(silent("no answer after a derivation"))
                before = before if said is None and len(text) < 40 else None
                continue
            out.append(_compared(before, said, text))
            before = None
        return out


def derivation(text: str) -> list[Quantity]:
    """Values of a text that is arithmetic and nothing else, one per reading of brackets; else none."""
    if not _OPERATOR.search(text.lstrip("-\u2212( $")) or "=" in text:
        return []
    found: list[Quantity] = []
    for accounting in (False, True):
        try:
            value = evaluate(text, accounting=accounting)
        except UnreadableError:
            return []
        if value not in found:
            found.append(value)
    return found


def stated_answer(text: str) -> Amount | None:
    """The amount of a step that states an answer and nothing else."""
    found = _ANSWER.match(text)
    return read_amount(found["said"] if found else text)


def over_percent_figures(text: str) -> bool:
    """May a derivation over bare numbers be one over percent figures: no division but by a count?

    Examples:
        >>> over_percent_figures("(55 + 50) / 2"), over_percent_figures("-25.0 / -33.6 - 1")
        (True, False)
    """
    divisors = _DIVISOR.findall(text)
    return all(
        divisor.startswith(("(19", "(20")) or (divisor.isdigit() and 2 <= int(divisor) <= MAX_COUNT)
        for divisor in divisors
    )


def agreement(readings: Sequence[Quantity], said: Amount, *, percent_figures: bool = False) -> Match:
    """The best agreement of an answer with the readings of a derivation; a scale word is the table's unit.

    Args:
        readings: Values of the derivation.
        said: The answer.
        percent_figures: The derivation may run over percent figures written without their sign.
    """
    plain = Amount(said.number, said.decimals, 1, said.unit)
    hundredfold = said.percent and not percent_figures
    found = [compare(plain, v.plain * 100) if hundredfold else best_match(v, plain) for v in readings]
    if said.percent and percent_figures:
        found += [compare(plain, value.value) for value in readings]
    if said.scale > 1:
        found += [best_match(value, said) for value in readings]
        in_ones = Amount(said.number * said.scale, 0)
        found += [best_match(Quantity(Fraction(value.value)), in_ones) for value in readings]
    return min(found, key=list(Match).index)


def _compared(before: tuple[str, list[Quantity]], said: Amount, text: str) -> Finding:
    match = agreement(before[1], said, percent_figures=over_percent_figures(before[0]))
    stated = (
        text[said.start : said.end] if read_amount(text) else (_ANSWER.match(text) or {"said": text})["said"]
    )
    gives = f"the derivation {before[0][:80]} gives {shown(before[1][0])}"
    if match is Match.SAME:
        return Finding(Verdict.HOLDS, f"{gives}, as the answer says")
    if match is Match.LAST_DIGIT:
        return silent(f"{gives}, the answer differs in its last digit")
    slip = "" if match is Match.VALUE else f" ({match.value})"
    return Finding(
        Verdict.FAILS, f"{gives}, the answer says {stated[:40]}{slip}", detail={"slip": match.value}
    )
