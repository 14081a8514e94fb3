"""The verifiers ``code/tests`` and ``code/examples``: the program against hidden and shown tests.

A program that passes makes all its steps HOLD (scope *claim*: tests are finite). When it fails, the
step that completes it FAILS: the program as it stands there is wrong. Which step made it wrong is another
question (``code/first_wrong``). Running out of time, an absent module or an absent sandbox is UNKNOWN.
"""

from __future__ import annotations

import ast
import doctest

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict
from prmkit_code import outcome, runner
from prmkit_code.program import Program, entry_point, parsed, program
from prmkit_code.verifiers.claims import value_claims

_NOTHING = Finding(Verdict.UNKNOWN, "not part of the program", Code.NOT_APPLICABLE)
MAX_EXAMPLES = 40


class Tests:
    """Run the program against the hidden tests of the reference."""

    name = "code/tests"
    version = 2
    scope: Scope = "claim"
    needs_reference = True
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = program(problem, trajectory)
        wanted = outcome.asked(problem.reference, entry_point(problem))
        if found is None or wanted is None or problem.context.get("unit_tests"):
            reason = "no program" if found is None else "the reference holds no tests of a program"
            return [Finding(Verdict.UNKNOWN, reason, Code.NOT_APPLICABLE)] * len(trajectory.scored)
        ran = runner.run({**wanted.job, "program": found.source})
        return spread(trajectory, found, ran.failure or outcome.conclude(wanted, ran.found))


class Examples:
    """Run the program against the tests that the problem shows: asserts beside it, examples in its text."""

    name = "code/examples"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        found = program(problem, trajectory)
        told = dict.fromkeys([*outcome.shown_tests(problem), *examples(problem.text)], "")
        told |= sentences(problem.text, entry_point(problem))
        cases = {
            case: word or outcome.shortened(case) for case, word in told.items() if parsed(case) is not None
        }
        if found is None or not cases or problem.context.get("unit_tests"):
            reason = "no program" if found is None else "the problem shows no test"
            return [Finding(Verdict.UNKNOWN, reason, Code.NOT_APPLICABLE)] * len(trajectory.scored)
        job = runner.against_tests(found.source, list(cases), seconds=outcome.SECONDS, stop=True)
        wanted = outcome.Asked(job, list(cases.values()))
        ran = runner.run(job)
        return spread(trajectory, found, ran.failure or outcome.conclude(wanted, ran.found))


def spread(trajectory: Trajectory, found: Program, verdict: Finding) -> list[Finding]:
    """A verdict on the program as findings on its steps."""
    steps = {step for step in found.steps if step is not None}
    if verdict.verdict is Verdict.FAILS:
        last = max(steps, default=None)
        silent = Finding(Verdict.UNKNOWN, f"the program {verdict.reason}", Code.NOT_APPLICABLE)
        return [
            verdict if step == last else silent if step in steps else _NOTHING for step in trajectory.scored
        ]
    return [verdict if step in steps else _NOTHING for step in trajectory.scored]


def examples(text: str) -> list[str]:
    r"""The console examples in a problem's text, as asserts; those that only print are left out.

    Examples:
        >>> examples("def f(a):\n    '''Double.\n    >>> f(2)\n    4\n    '''\n")
        ['assert (f(2)) == (4)']
    """
    found: list[str] = []
    try:
        shown = doctest.DocTestParser().get_examples(text.replace('"""', "\n").replace("'''", "\n"))
    except ValueError:
        return []
    for example in shown[:MAX_EXAMPLES]:
        source, want = _expression(example.source), example.want.strip()
        if source and not source.startswith("print(") and want and is_literal(want):
            found.append(f"assert ({source}) == ({want})")
    return found


def sentences(text: str, entry: str) -> dict[str, str]:
    """Examples in the sentences of a problem's text, such as ``f(2) = 4``, as asserts with their wording.

    A value of another type than the sentence names is no contradiction: it may speak of something else.

    Examples:
        >>> list(sentences("For example: f(2) = 4", "f").values())
        ['f(2) == 4']
    """
    if not entry:
        return {}
    agree = "(lambda got, want: type(got) is not type(want) or got == want)"
    return {
        f"assert {agree}({claim.show}, {claim.wanted})": f"{claim.show} == {claim.wanted}"
        for claim in value_claims(text, frozenset({entry}))
    }


def _expression(source: str) -> str:
    """The expression that an example evaluates, without remarks; empty where it is none."""
    tree = parsed(source)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return ""
    return ast.unparse(tree.body[0].value)


def is_literal(text: str) -> bool:
    """Whether the text is a Python value written out."""
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return False
    return True
