"""The tests of a problem, and how many of them a program passes."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from prmkit.types import Code, Json, Problem
from prmkit_qlang import bridge
from prmkit_qlang.checks import RefusedError, read_checks
from prmkit_qlang.engine.values import Fn, Table, Value
from prmkit_qlang.running import Ran, Room, shown

TIMEOUTS = 2
"""Tests that may run out of budget before the others are not run any more, and count as undecided."""


class Wanted(NamedTuple):
    """One test."""

    given: Json
    """Arguments as a list, or variables as a mapping."""
    expected: Json
    how: str = "equal"
    """``equal``, ``close`` (within ``within``), ``true`` or ``false``."""
    within: float = 0.0


class Outcome(NamedTuple):
    """What came of the tests."""

    passed: int
    total: int
    counterexample: str = ""
    """The first test that does not pass, and what came out; empty where all do."""
    undecided: int = 0
    """Tests that the interpreter could not decide; they count as not passed."""
    code: Code = Code.NONE
    """Why, of the first undecided one."""

    @property
    def share(self) -> float:
        """Tests passed by tests run; 0 without tests."""
        return self.passed / self.total if self.total else 0.0


def entry_point(problem: Problem) -> str:
    """Name of the function that the problem asks for; empty where it asks for a script."""
    reference = problem.reference if isinstance(problem.reference, Mapping) else {}
    return str(problem.context.get("entry_point") or reference.get("entry_point") or "")


def hidden_tests(problem: Problem) -> list[Wanted]:
    """The hidden tests of a problem: its ``cases``, or the asserts of its ``tests``; none without."""
    reference = problem.reference
    if not isinstance(reference, Mapping):
        return []
    if isinstance(reference.get("cases"), Sequence):
        return [Wanted(given, expected) for given, expected in reference["cases"]]
    written = reference.get("tests")
    return list(_asserted(written)) if isinstance(written, str) else []


@functools.lru_cache(maxsize=256)
def _asserted(text: str) -> tuple[Wanted, ...]:
    try:
        cases = read_checks(text).cases
    except RefusedError:
        return ()
    return tuple(Wanted(list(c.args), c.expected, c.how, c.within) for c in cases)


def judge(problem: Problem, program: str, *, stop: bool = False) -> Outcome:
    """Run a program against the hidden tests of its problem.

    Args:
        problem: Its reference holds the tests; ``variables`` of its context the kinds of arguments.
        program: q text.
        stop: Leave off at the first test that fails; one that the interpreter cannot decide does not.
    """
    return against(program, hidden_tests(problem), entry_point(problem), kinds_of(problem), stop=stop)


def kinds_of(problem: Problem) -> dict[str, str]:
    """Kinds of the arguments by name, as far as the problem tells."""
    told = problem.context.get("variables")
    return dict(told) if isinstance(told, Mapping) else {}


def against(
    program: str, tests: Sequence[Wanted], entry: str, kinds: Mapping[str, str], *, stop: bool = False
) -> Outcome:
    """Run a program against tests.

    Args:
        program: q text.
        tests: What to call it with, and what must come out.
        entry: Name of the function that it must define; where it defines none of that name, the function that
            its last statement gives is taken. Empty for scripts that read variables.
        kinds: Argument → kind (see :mod:`prmkit_qlang.bridge`).
        stop: Leave off at the first test that fails; one that the interpreter cannot decide does not.
    """
    called = _Called(program, entry, list(kinds.values())) if entry else None
    passed = undecided = expired = 0
    ran = Ran(None)
    told, code = "", Code.NONE
    for test in tests:
        if expired < TIMEOUTS:
            ran = called(test.given) if called else _scripted(program, test.given, kinds)
            expired += ran.code is Code.TIMEOUT
        open_ = bool(ran.error) and ran.code is not Code.NONE
        if open_:
            undecided += 1
            code = code if code is not Code.NONE else ran.code
        elif not ran.error and ran.value is not None and meets(ran.value, test):
            passed += 1
            continue
        told = told or f"{_asked(test, entry)} gives {shown(ran)}, not {_expected(test)}"
        if stop and not open_:
            break
    return Outcome(passed, len(tests), told, undecided, code)


class _Called:
    """A function loaded once and called for each test."""

    def __init__(self, program: str, entry: str, kinds: Sequence[str]) -> None:
        self._room = Room()
        self._kinds = kinds
        self._entry = entry
        self._loaded = self._room.script(program)
        held = None if self._loaded.error else self._room.get(entry)
        if not isinstance(held, Fn) and isinstance(self._loaded.value, Fn):
            self._room.set(entry, self._loaded.value)

    def __call__(self, given: Sequence[Json]) -> Ran:
        if self._loaded.error:
            return self._loaded
        kinds = [*self._kinds, *[""] * len(given)]
        args = [bridge.to_q(one, kind) for one, kind in zip(given, kinds, strict=False)]
        return self._room.call(self._entry, args)


def _scripted(program: str, given: Mapping[str, Json], kinds: Mapping[str, str]) -> Ran:
    return Room(variables(given, kinds)).script(program)


def variables(given: Mapping[str, Json], kinds: Mapping[str, str]) -> dict[str, Value]:
    """Variables as q values."""
    return {name: bridge.to_q(value, kinds.get(name, "")) for name, value in given.items()}


def meets(value: Value, test: Wanted) -> bool:
    """Whether a value is what a test asks for."""
    if test.how == "close":
        found = bridge.to_python(value)
        ok = isinstance(found, int | float) and not isinstance(found, bool)
        return ok and abs(found - test.expected) <= test.within
    if test.how in ("true", "false"):
        return not isinstance(value, Table) and bool(bridge.to_python(value)) is (test.how == "true")
    return bridge.equal(value, test.expected)


def _asked(test: Wanted, entry: str) -> str:
    if isinstance(test.given, Mapping):
        return "for " + ", ".join(f"{k}:{_shortened(v)}" for k, v in test.given.items()) + " it"
    return f"{entry}[{';'.join(map(_shortened, test.given))}]"


def _expected(test: Wanted) -> str:
    return test.how if test.how in ("true", "false") else _shortened(test.expected)


def _shortened(value: Json) -> str:
    try:
        text = bridge.literal(value)
    except TypeError:
        text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
