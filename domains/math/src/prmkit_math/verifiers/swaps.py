"""Who holds what after a series of swaps: is each state the one that the swap before it leaves?

Problems say what each person has at the start and which pairs swap in turn. A step that names a
state, ``Ann and Ben swap: Ann: red, Ben: blue``, must follow from the state before it by the swap
that is due; a last step must name what the state says. The check is local.

Not checked: steps that name no whole state, and things that share all their words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict

MAX_PEOPLE = 10

_SWAP = re.compile(r"\b(?:First|Then|Finally), (\w+) and (\w+) (?:swap|switch|trade|exchange)\b")
_START = re.compile(r": (?P<list>[^:]*?)\.\s+(?:As|Throughout)")
_HAS = re.compile(
    r"(?:and )?(?P<who>[A-Z]\w+) (?:gets|has|buys|is playing|is dancing with|holds)"
    r"(?: (?:an?|the)(?= ))? ?(?P<what>.+)"
)
_STATE = re.compile(r"(?P<who>[A-Z]\w*): ?(?P<what>[^,:.]+)")
_NAMED = re.compile(r"\b(?P<one>[A-Z]\w*) and (?P<other>[A-Z]\w*) (?:swap|switch|trade|exchange)")
_LAST = re.compile(
    r"^At the end[^,]*, (?P<who>[A-Z]\w+) (?:has|is playing|is dancing with)(?: the)? (?P<what>[^.]+)\."
)
_ANSWER = re.compile(r"answer is \(?(?P<letter>[A-H])\)?")
_OPTION = re.compile(r"^\((?P<letter>[A-H])\) (?P<what>[^\n]+?)\.?$", re.MULTILINE)

State = dict[str, str]


class Swaps:
    """Judges the states of a swapping story."""

    name = "math/swaps"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        state = _start(problem.text)
        swaps = _SWAP.findall(problem.text)
        if state is None or not swaps or not {name for pair in swaps for name in pair} <= set(state):
            silent = Finding(Verdict.UNKNOWN, "the problem tells of no swaps", Code.NOT_APPLICABLE)
            return [silent] * len(trajectory.scored)
        options = {match["letter"]: match["what"] for match in _OPTION.finditer(problem.text)}
        story = _Story(state, swaps, options)
        return [story.step(trajectory.steps[index].text) for index in trajectory.scored]


def _start(text: str) -> State | None:
    listed = _START.search(text)
    if listed is None:
        return None
    found = [_HAS.fullmatch(part.strip()) for part in listed["list"].split(",")]
    if not all(found) or not 2 <= len(found) <= MAX_PEOPLE:
        return None
    state = {match["who"]: match["what"] for match in found if match}
    return state if len(set(state.values())) == len(found) == len(state) else None


class _Story:
    def __init__(self, state: State, swaps: list[tuple[str, str]], options: Mapping[str, str]) -> None:
        self.state = state
        self.swaps = swaps
        self.options = options
        self.things = tuple(state.values())
        self.done = 0
        self.told = False
        self.lost = False  # after a state of some people only

    def thing(self, said: str) -> str | None:
        """The only thing that has all the words said."""
        words = set(re.findall(r"\w+", said.lower())) - {"the", "a", "an"}
        fitting = [t for t in self.things if words and words <= set(re.findall(r"\w+", t.lower()))]
        return fitting[0] if len(fitting) == 1 else None

    def step(self, text: str) -> Finding:
        stated = {match["who"]: self.thing(match["what"]) for match in _STATE.finditer(text)}
        whole = {self._person(who): what for who, what in stated.items()}
        if set(whole) == set(self.state):
            if None in whole.values():
                return Finding(Verdict.UNKNOWN, "names something unknown", Code.NOT_APPLICABLE)
            return self._stated(text, {who: what for who, what in whole.items() if who and what})
        self.lost = self.lost or len(whole) > 1
        return self._last(text)

    def _person(self, said: str) -> str | None:
        fitting = [name for name in self.state if name == said or (len(said) == 1 and name[0] == said)]
        return fitting[0] if len(fitting) == 1 else None

    def _stated(self, text: str, stated: State) -> Finding:
        expected = dict(self.state)
        named = _NAMED.search(text)
        if self.lost:
            return Finding(Verdict.UNKNOWN, "an earlier state left people out", Code.NOT_APPLICABLE)
        # The first state told may be the one at the start, without a swap.
        if named or self.told:
            pair = {self._person(named["one"]), self._person(named["other"])} if named else None
            if self.done >= len(self.swaps) or (pair and pair != set(self.swaps[self.done])):
                return Finding(Verdict.UNKNOWN, "not the swap that is due", Code.NOT_APPLICABLE)
            one, other = self.swaps[self.done]
            self.done += 1
            expected[one], expected[other] = expected[other], expected[one]
        self.told = True
        self.state = stated
        if stated == expected:
            return Finding(Verdict.HOLDS, "follows from the state before")
        wrong = next(who for who in expected if stated[who] != expected[who])
        return Finding(Verdict.FAILS, f"{wrong} should have {expected[wrong]!r}, not {stated[wrong]!r}")

    def _last(self, text: str) -> Finding:
        last, answer = _LAST.search(text), _ANSWER.search(text)
        if last is None or last["who"] not in self.state or self.done < len(self.swaps) or self.lost:
            return Finding(Verdict.UNKNOWN, "names no whole state", Code.NOT_APPLICABLE)
        expected = self.state[last["who"]]
        chosen = self.options.get(answer["letter"]) if answer else None
        for said in filter(None, (last["what"], chosen)):
            thing = self.thing(said)
            if thing is None:
                return Finding(Verdict.UNKNOWN, "names something unknown", Code.NOT_APPLICABLE)
            if thing != expected:
                return Finding(Verdict.FAILS, f"{last['who']} has {expected!r}, not {thing!r}")
        return Finding(Verdict.HOLDS, "names what the last state says")
