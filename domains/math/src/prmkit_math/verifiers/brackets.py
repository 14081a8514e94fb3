"""Stack traces of bracket sequences: is each stack the one that the input leaves?

The problem is a sequence of brackets. Steps ``( ; stack: [ (`` push or pop one bracket of it on
the stack of the step before; ``The final stack is "[ ("`` repeats the last one; the answer closes
what is open. The check is local: a stack that follows from a wrong one holds.

Not checked: the words around, and how closing brackets that match nothing are to be read.
"""

from __future__ import annotations

import re

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict

_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_BRACKETS = r"[\[\](){}<>]"
_INPUT = re.compile(rf"\s*{_BRACKETS}(?:\s*{_BRACKETS})*\s*")
_STEP = re.compile(rf"(?P<read>{_BRACKETS}) ; stack: (?P<stack>empty|{_BRACKETS}(?: ?{_BRACKETS})*)\.?")
_FINAL = re.compile(rf'final stack is (?:"(?P<stack>(?:{_BRACKETS} ?)*)"|(?P<empty>empty))')
_ANSWER = re.compile(rf"answer is:? ?(?P<answer>(?:{_BRACKETS} ?)*)\.?$")


class Brackets:
    """Judges the steps of a bracket-matching trace."""

    name = "math/brackets"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        if not _INPUT.fullmatch(problem.text):
            silent = Finding(Verdict.UNKNOWN, "the problem is no sequence of brackets", Code.NOT_APPLICABLE)
            return [silent] * len(trajectory.scored)
        trace = _Trace("".join(problem.text.split()))
        return [trace.step(trajectory.steps[index].text.strip()) for index in trajectory.scored]


class _Trace:
    def __init__(self, given: str) -> None:
        self.given = given
        self.at = 0
        self.stack = ""

    def step(self, text: str) -> Finding:
        match = _STEP.fullmatch(text)
        if match:
            return self._moved(match["read"], "" if match["stack"] == "empty" else _plain(match["stack"]))
        claims = []
        final = _FINAL.search(text)
        if final:
            claims.append((_plain(final["stack"] or ""), self.stack, "final stack"))
        answer = _ANSWER.search(text)
        if answer:
            closers = "".join(_PAIRS[bracket] for bracket in reversed(self.stack) if bracket in _PAIRS)
            claims.append((_plain(answer["answer"]), closers, "answer"))
        for said, expected, what in claims:
            if said != expected:
                return Finding(Verdict.FAILS, f"the {what} should be {expected or 'empty'!r}, not {said!r}")
        if claims:
            return Finding(Verdict.HOLDS, "follows from the stack before")
        return Finding(Verdict.UNKNOWN, "states no stack", Code.NOT_APPLICABLE)

    def _moved(self, read: str, stated: str) -> Finding:
        due = self.given[self.at : self.at + 1]
        before, self.stack = self.stack, stated
        self.at += 1
        if read != due:
            return Finding(Verdict.FAILS, f"the input goes on with {due or 'nothing'!r}, not {read!r}")
        if read in _PAIRS:
            expected = before + read
        elif before and _PAIRS.get(before[-1]) == read:
            expected = before[:-1]
        else:
            return Finding(Verdict.UNKNOWN, "closes what is not open", Code.NOT_APPLICABLE)
        if stated == expected:
            return Finding(Verdict.HOLDS, "follows from the stack before")
        return Finding(
            Verdict.FAILS, f"the stack should be {expected or 'empty'!r}, not {stated or 'empty'!r}"
        )


def _plain(brackets: str) -> str:
    return "".join(brackets.split())
