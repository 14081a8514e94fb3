"""The verifiers ``tables/running`` and ``tables/conclusion``: steps of generated tasks no other tool decides.

Both follow the derivation with the task's own rules and read no reference. ``running`` judges what a step
does with the cell it quotes: the running sum, the best so far, the tally, the row not visited twice.
``conclusion`` judges the answer line. Text of any other problem is UNKNOWN.
"""

from __future__ import annotations

from prmkit.contracts import Finding
from prmkit.types import Problem, Scope, Trajectory, Verdict
from prmkit_tables.task_families import FAMILIES, State
from prmkit_tables.tasks import (
    computes_rightly,
    first_state,
    has_form,
    quotes_rightly,
    states_answer,
    successors,
)
from prmkit_tables.verifiers.findings import unknown


class Running:
    """Follow the derivation of a generated task.

    What it does not check: answer lines, and steps after the first that is not legal.
    """

    name = "tables/running"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return _follow(problem, trajectory, answers=False)


class Conclusion:
    """Check the answer line of a generated task against what the steps before it give.

    What it does not check: any other step, and answers after a step that is not legal.
    """

    name = "tables/conclusion"
    version = 1
    scope: Scope = "step"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        return _follow(problem, trajectory, answers=True)


def _follow(problem: Problem, trajectory: Trajectory, *, answers: bool) -> list[Finding]:
    family = problem.context.get("family")
    silent = unknown("not a step of a generated task that this verifier reads")
    findings = [silent] * len(trajectory.scored)
    if family not in FAMILIES or "ask" not in problem.context:
        return findings
    state: State | None = first_state(problem)
    for at, index in enumerate(trajectory.scored):
        text = trajectory.steps[index].text
        if state is None or not has_form(text):
            return findings
        legal = successors(str(family), state)
        if states_answer(text) is answers:
            findings[at] = _judge(state, text, legal)
        state = legal.get(text)
    return findings


def _judge(state: State, text: str, legal: dict[str, State]) -> Finding:
    if text in legal:
        return Finding(Verdict.HOLDS, "follows from the steps before it")
    if states_answer(text):
        final = [step for step in legal if states_answer(step)]
        return Finding(
            Verdict.FAILS, f"expected: {final[0]}" if final else "the rows are not all visited yet"
        )
    if quotes_rightly(state, text) and computes_rightly(text):
        return Finding(Verdict.FAILS, "true of the table, but not what follows from the steps before it")
    return unknown("quotes or computes wrongly: for other verifiers to say")
