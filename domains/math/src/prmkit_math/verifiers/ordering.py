"""Orders of up to eight objects: is what a step says possible, given the statements of the problem?

Problems name their objects after a colon and state relations and places, one a line:
``- On a shelf, there are three books: a red book, a blue book, and a green book.``,
``- The red book is the leftmost.``, ``- Ann finished above Ben.``, ``- The figs are the cheapest.``
All orders that fit are listed. A claim that no order meets FAILS, one that every order meets HOLDS.

Not checked: whether a step follows from the statements it names, and sentences of other shapes.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from prmkit.contracts import Finding
from prmkit.types import Code, Problem, Scope, Trajectory, Verdict

MAX_OBJECTS = 8

Order = tuple[str, ...]
Test = Callable[[Order], bool]

_COUNTS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_COUNT = "|".join(_COUNTS)
_LOW = "oldest|cheapest|least expensive|leftmost|left"
_HIGH = "newest|most expensive|rightmost|right"
_INTRODUCED = re.compile(r"^- [^:\n]+: (?P<names>[^.\n]+)\.$", re.MULTILINE)
_STATED = re.compile(r"^- (?P<said>[^:\n]+)\.$", re.MULTILINE)
_OPTION = re.compile(r"^\((?P<letter>[A-H])\) (?P<said>[^\n]+?)\.?$", re.MULTILINE)
_ANSWER = re.compile(r"answer is \(?(?P<letter>[A-H])\)?")
_BEFORE = "older than|less expensive than|cheaper than|to the left of|above"
_AFTER = "newer than|more expensive than|to the right of|below"
_PLACE = (
    rf"(?:the )?(?:(?P<count>{_COUNT})(?:-| from the ))?(?P<end>{_LOW}|{_HIGH})"
    rf"|finished (?P<rank>{_COUNT}|last|(?P<back>{_COUNT})-to-last)"
)
_LISTED = re.compile(rf"from (?P<start>{_LOW}|{_HIGH}|most|least|first)\b[^:]{{0,40}}: (?P<list>.+)")
_DOUBT = re.compile(
    r"\b(?:if|could|might|can|either|or|suppose|assume|unknown|not sure|possibly)\b", re.IGNORECASE
)
_OPENING = re.compile(r"^(?:so|then|thus|therefore|this means(?: that)?|we know(?: that)?),? ", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.]+")


class Reading(NamedTuple):
    """What a sentence claims of the order."""

    test: Test
    denied: bool = False
    """``cannot``: false as soon as one order meets the test."""
    whole: bool = True
    """Whether the sentence says nothing else."""


class Ordering:
    """Judges claims about places in an order."""

    name = "math/ordering"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        world = _world(problem.text)
        if world is None:
            silent = Finding(Verdict.UNKNOWN, "the problem orders no objects", Code.NOT_APPLICABLE)
            return [silent] * len(trajectory.scored)
        return [world.judge(trajectory.steps[index].text) for index in trajectory.scored]


class _World:
    """The objects of a problem and every order that its statements leave."""

    def __init__(self, names: tuple[str, ...], orders: tuple[Order, ...], options: dict[str, Test]) -> None:
        self.names = names
        self.orders = orders
        self.options = options

    def judge(self, text: str) -> Finding:
        whole = True
        for said in _SENTENCE.findall(text):
            readings = list(self._readings(said.strip()))
            whole = whole and (bool(readings) or not said.strip()) and all(one.whole for one in readings)
            for reading in readings:
                met = sum(map(reading.test, self.orders))
                if (met == 0) != reading.denied and (met == 0 or reading.denied):
                    return Finding(
                        Verdict.FAILS, f"no order that fits the statements allows: {said.strip()[:160]}"
                    )
                if met not in (0, len(self.orders)):
                    return Finding(Verdict.UNKNOWN, "possible, and not settled", Code.NOT_APPLICABLE)
        if not whole:
            return Finding(Verdict.UNKNOWN, "not read from end to end", Code.NOT_APPLICABLE)
        return Finding(Verdict.HOLDS, "true in every order that fits the statements")

    def _readings(self, said: str) -> Iterator[Reading]:
        answer = _ANSWER.search(said)
        if answer and answer["letter"] in self.options:
            yield Reading(self.options[answer["letter"]])
        listed = _LISTED.search(said)
        if listed:
            tests = _listing(listed["start"], listed["list"], self.names)
            if tests:
                all_of = functools.partial(_meets_all, tests)
                yield Reading(all_of, whole=len(tests) == len(self.names))
            return
        for clause in re.split(r", so |, which means (?:that )?|, therefore,? | and (?=the )", said):
            if not _DOUBT.search(clause):
                yield from _clause(re.sub(r"^.*?\b(?:elimination|ordering), ", "", clause), self.names)


@functools.lru_cache(maxsize=64)
def _world(text: str) -> _World | None:
    introduced = _INTRODUCED.search(text)
    if introduced is None:
        return None
    names = tuple(
        re.sub(r"^(?:and )?(?:an? |the )?", "", name.strip()) for name in introduced["names"].split(",")
    )
    tests = [_statement(said, names) for said in _STATED.findall(text[introduced.end() :])]
    if not 2 <= len(names) <= MAX_OBJECTS or len(set(names)) < len(names) or not tests or None in tests:
        return None
    known = [test for test in tests if test is not None]
    orders = tuple(order for order in itertools.permutations(names) if all(test(order) for test in known))
    options = {m["letter"]: t for m in _OPTION.finditer(text) if (t := _statement(m["said"], names))}
    return _World(names, orders, options) if orders else None


def _any(names: tuple[str, ...]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


def _statement(said: str, names: tuple[str, ...]) -> Test | None:
    """The test of one relation or place, written out in full."""
    name = _any(names)
    match = re.fullmatch(
        rf"(?:the )?(?P<one>{name}) (?:is |are |finished )(?:(?P<low>{_BEFORE})|{_AFTER})"
        rf" (?:the )?(?P<other>{name})",
        said.strip(),
        re.IGNORECASE,
    )
    if match:
        one, other = match["one"], match["other"]
        if match["low"]:
            return lambda order: order.index(one) < order.index(other)
        return lambda order: order.index(one) > order.index(other)
    match = re.fullmatch(
        rf"(?:the )?(?P<one>{name}) (?:is |are |must be |must have )?(?:{_PLACE})",
        said.strip(),
        re.IGNORECASE,
    )
    return _at(match["one"], _place(match, len(names))) if match else None


def _clause(said: str, names: tuple[str, ...]) -> Iterator[Reading]:
    plain = _OPENING.sub("", said)
    test = _statement(plain, names)
    if test is not None:
        yield Reading(test)
        return
    name = _any(names)
    match = re.fullmatch(rf"(?:the )?(?P<one>{name}) cannot (?:be |have )(?:{_PLACE})", plain, re.IGNORECASE)
    if match:
        yield Reading(_at(match["one"], _place(match, len(names))), denied=True)
        return
    match = re.fullmatch(
        rf"(?:the )?(?:person who )?(?:{_PLACE})(?: \w+)? (?:is|are|must be) (?:the )?(?P<one>{name})",
        plain,
        re.IGNORECASE,
    )
    if match:
        yield Reading(_at(match["one"], _place(match, len(names))))


def _at(name: str, place: int) -> Test:
    return lambda order: 0 <= place < len(order) and order[place] == name


def _place(match: re.Match[str], count: int) -> int:
    """0-based place from the low end: oldest, cheapest, leftmost, winner."""
    if match["rank"]:
        if match["back"]:
            return count - 1 - _COUNTS.index(match["back"].lower())
        return count - 1 if match["rank"].lower() == "last" else _COUNTS.index(match["rank"].lower())
    steps = _COUNTS.index(match["count"].lower()) if match["count"] else 0
    return steps if re.fullmatch(_LOW, match["end"], re.IGNORECASE) else count - 1 - steps


def _listing(start: str, listed: str, names: tuple[str, ...]) -> list[Test]:
    """Places read off ``first is the red book, then second is ...``."""
    falling = bool(re.fullmatch(f"{_HIGH}|most", start))
    item = rf"\b(?P<count>{_COUNT}) (?:is|are) (?:the )?(?P<one>{_any(names)})"
    tests = []
    for match in re.finditer(rf"{item}(?=,|$| and (?:then )?(?:{_COUNT}))", listed):
        place = _COUNTS.index(match["count"])
        tests.append(_at(match["one"], len(names) - 1 - place if falling else place))
    return tests


def _meets_all(tests: list[Test], order: Order) -> bool:
    return all(test(order) for test in tests)
