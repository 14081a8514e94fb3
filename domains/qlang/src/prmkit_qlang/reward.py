"""The reward of reinforcement learning on q programs, and its guards against programs that know the tests.

Source: arXiv 2508.06813 and its released trainer: share of tests passed, and a bonus when all are. Tests that
a program can list are no tests: keep hidden ones apart from those shown, and look for their values in it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from prmkit.errors import ConfigError
from prmkit.types import Json, Problem
from prmkit_qlang.bridge import to_python
from prmkit_qlang.outcome import Outcome, hidden_tests, judge
from prmkit_qlang.source import read

Case = Sequence[Json]
"""Arguments (a list, or a mapping of variables) and the value expected."""
SMALL = 20
"""Numbers up to this say nothing by themselves."""
LISTED = 3
"""Values of the tests in one constant that make it a table of answers."""


def reward(
    passed: int, total: int, *, base: float = 1.0, perfect: float = 1.0, bonus: float = 1.0, code: bool = True
) -> float:
    """``base * passed / total``, and ``perfect * bonus`` when all pass; 0 without code or tests.

    The released default is a bonus of 2 in the function and of 1 on its command line.

    Args:
        passed: Tests passed.
        total: Tests run.
        base: Weight of the share.
        perfect: Weight of the bonus; with ``base=0`` the reward is all or nothing.
        bonus: Added when every test passes.
        code: False where the answer held no program or it ran out of time.

    Raises:
        ConfigError: ``passed`` is not between 0 and ``total``.

    Examples:
        >>> reward(7, 10), reward(10, 10), reward(5, 5, bonus=2), reward(0, 0)
        (0.7, 2.0, 3.0, 0.0)
    """
    if not 0 <= passed <= total:
        raise ConfigError(f"{passed} of {total} tests", do="count the tests passed among those run")
    if not code or total == 0:
        return 0.0
    return base * passed / total + perfect * bonus * (passed == total)


class Listed(NamedTuple):
    """What of the tests a program writes out."""

    cases: tuple[int, ...]
    """Cases whose arguments and value both stand in the program."""
    tables: tuple[str, ...]
    """Constants that hold the values, or the arguments, of several cases."""

    @property
    def suspect(self) -> bool:
        """Whether the program may know its tests rather than solve the problem."""
        return bool(self.cases or self.tables)


class Rewarded(NamedTuple):
    """The reward of a program, with what it was made of."""

    value: float
    outcome: Outcome
    listed: Listed


def rewarded(
    problem: Problem,
    program: str,
    *,
    base: float = 1.0,
    perfect: float = 1.0,
    bonus: float = 1.0,
    strict: bool = True,
) -> Rewarded:
    """The reward of a program on its problem's hidden tests.

    Args:
        problem: Its reference holds the tests.
        program: q text.
        base: Weight of the share of tests passed.
        perfect: Weight of the bonus.
        bonus: Added when every test passes.
        strict: Give nothing to a program that lists its tests (:func:`literal_check`).
    """
    tests = hidden_tests(problem)
    listed = literal_check(program, [(test.given, test.expected) for test in tests], text=problem.text)
    found = judge(problem, program)
    none = not program.strip() or (strict and listed.suspect)
    value = reward(found.passed, found.total, base=base, perfect=perfect, bonus=bonus, code=not none)
    return Rewarded(value, found, listed)


def apart(cases: Sequence[Case], shown: int, seed: int) -> tuple[list[Case], list[Case]]:
    """Cases to show in the problem and cases to keep hidden; no input is in both.

    Raises:
        ConfigError: Nothing would stay hidden.

    Examples:
        >>> told, hidden = apart([([1], 2), ([2], 3), ([1], 2)], 1, seed=0)
        >>> len(told), len(hidden)
        (1, 1)
    """
    unique = list({repr(case[0]): case for case in cases}.values())
    if shown >= len(unique):
        raise ConfigError(
            f"{len(unique)} different cases, {shown} to show", do="show fewer, or make more cases"
        )
    random.Random(seed).shuffle(unique)
    return unique[:shown], unique[shown:]


def literal_check(program: str, cases: Sequence[Case], *, text: str = "") -> Listed:
    """Look for the tests among the constants of a program.

    What the problem's text names (its letters, its limits) and small numbers are no sign. A program that
    cannot be read holds no constants.

    Args:
        program: q text.
        cases: Arguments and expected values.
        text: The problem's text.

    Examples:
        >>> literal_check("f:{$[x~3 1 2;6;x~40 2;42;sum x]}", [([[3, 1, 2]], 6), ([[40, 2]], 42)]).cases
        (0, 1)
        >>> literal_check("f:{sum x}", [([[3, 1, 2]], 6)]).suspect
        False
    """
    held = [to_python(token[1]) for token in read(program) or () if token[0] == "n"]
    known = {repr(to_python(token[1])) for token in read(text) or () if token[0] == "n"}
    written = {repr(one) for one in held}
    told = written - known
    found = tuple(
        i
        for i, (given, wanted) in enumerate(cases)
        if all(repr(one) in written for one in _arguments(given))
        and repr(wanted) in written
        and any(repr(one) in told and _telling(one) for one in (*_arguments(given), wanted))
    )
    columns = [
        [wanted for _, wanted in cases],
        *zip(*(_arguments(given) for given, _ in cases), strict=False),
    ]
    tables = (one for one in held if isinstance(one, list) and repr(one) not in known)
    names = (repr(one) for one in tables if any(_covers(one, column) for column in columns))
    return Listed(found, tuple(dict.fromkeys(names)))


def _arguments(given: Json) -> list[Json]:
    return list(given.values()) if isinstance(given, Mapping) else list(given)


def _telling(value: Json) -> bool:
    """Whether a constant is unlikely to stand in a program that does not know the tests."""
    if isinstance(value, list):
        return len(value) > 1
    if isinstance(value, str):
        return len(value) > 2
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > SMALL


def _covers(constant: list[Json], column: Sequence[Json]) -> bool:
    """Whether a constant lists the values of most cases."""
    wanted = {repr(one) for one in column if not isinstance(one, list)}
    found = wanted & {repr(one) for one in constant}
    return len(found) >= LISTED and len(found) >= 0.6 * len(wanted) and len(constant) <= 3 * len(column)
