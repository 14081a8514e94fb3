"""The right operation on the right cells in generated tasks, read from the problem's own text.

Keeps the books (what is left to add, subtract and divide) and asks of every step whether it is called
for. A stated result is taken as given: whether the sum is true is for ``finance/calculation`` to say.
The reference is never read. Two verifiers share the books: :class:`Books` judges steps with an equation,
:class:`Closing` the answers, on which a calculator has nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prmkit.contracts import Finding
from prmkit.types import Problem, Scope, Trajectory, Verdict
from prmkit_finance.task_families import ANSWER, parse
from prmkit_finance.tasks import Played, follow, read_step
from prmkit_finance.verdicts import silent

_REASONS: Mapping[Played, str] = {
    "legal": "the step takes the numbers and the operation that the question calls for",
    "choice": "the numbers or the operation are not what the question calls for at this point",
    "answer": "the answer is not what the steps so far give",
    "form": "the step has none of the forms that can be followed",
}


def _check(problem: Problem, trajectory: Trajectory, *, equations: bool) -> list[Finding]:
    state = parse(problem.text)
    if state is None:
        return [silent("not a task of this kind")] * len(trajectory.scored)
    findings: list[Finding] = []
    broken = False
    for index in trajectory.scored:
        if broken:
            findings.append(silent("an earlier step cannot be followed"))
            continue
        text = trajectory.steps[index].text
        kind, state = follow(state, text)
        broken = kind != "legal"
        written = read_step(text)
        if written is None:
            findings.append(silent(_REASONS["form"]))
        elif (written.head != ANSWER) is not equations:
            findings.append(silent(f"the step states {'no' if equations else 'an'} equation"))
        else:
            verdict = Verdict.FAILS if broken else Verdict.HOLDS
            findings.append(Finding(verdict, _REASONS[kind], detail={"kind": kind}))
    return findings


class Books:
    """Steps with an equation: are these the numbers and the operation that the question calls for?

    What it does not check: whether the stated result is true; any text but generated tasks.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> p = Problem("p", "item 2018 2019 ; rent 20 25 . Growth of rent from 2018 to 2019 ?")
        >>> t = Trajectory.of_steps("t", "p", ["25 - 20 = 5 .", "5 / 25 = 20 % ."])
        >>> [f.verdict.value for f in Books().check(p, t)]
        ['HOLDS', 'FAILS']
    """

    name = "finance/books"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step; UNKNOWN after the first step that cannot be followed."""
        return _check(problem, trajectory, equations=True)


class Closing:
    """Answers: do they repeat what the steps have found?

    What it does not check: any text but generated tasks.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> p = Problem("p", "item 2018 2019 ; rent 20 25 . Growth of rent from 2018 to 2019 ?")
        >>> t = Trajectory.of_steps("t", "p", ["25 - 20 = 5 .", "5 / 20 = 25 % .", "The answer is 5 ."])
        >>> [f.verdict.value for f in Closing().check(p, t)]
        ['UNKNOWN', 'UNKNOWN', 'FAILS']
    """

    name = "finance/closing"
    version = 1
    scope: Scope = "step"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step; UNKNOWN after the first step that cannot be followed."""
        return _check(problem, trajectory, equations=False)
