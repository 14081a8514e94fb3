"""The verifier ``finance/calculation``: equations between amounts, at the precision they state."""

from __future__ import annotations

from collections.abc import Sequence

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory
from prmkit_finance.equations import equations, judge
from prmkit_finance.verdicts import MAX_TEXT, conclude, silent


class Calculation:
    """Recompute every ``expression = amount`` with currencies, percent, scale words and brackets.

    What it does not check: whether the operands and the operation were the right ones.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> t = Trajectory.of_steps("t", "p", ["Margin: $24 million / $96 million = 26%."])
        >>> Calculation().check(Problem("p", "?"), t)[0].reason
        '$24 million / $96 million = 26% is wrong: $24 million / $96 million = 0.25'
    """

    name = "finance/calculation"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step."""
        return [_judge(trajectory.steps[index].text) for index in trajectory.scored]


def _judge(text: str) -> Finding:
    if len(text) > MAX_TEXT:
        return silent(f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED)
    return conclude((judge(found) for found in equations(text)), "no equation between amounts")
