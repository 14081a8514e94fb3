"""Budgets: what something may cost, and the only place where cost is counted."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from prmkit.errors import BudgetExceededError, ConfigError


@dataclass(frozen=True, slots=True)
class Cost:
    """Amounts of each kind."""

    tokens: float = 0.0
    """Tokens read or written by a model."""
    calls: float = 0.0
    """Calls of a model or tool."""
    steps: float = 0.0
    """Reasoning steps written or expanded."""
    seconds: float = 0.0
    """Wall-clock time."""

    def as_dict(self) -> dict[str, float]:
        """The amounts by name, as records keep them."""
        return {kind: getattr(self, kind) for kind in KINDS}


KINDS = ("tokens", "calls", "steps", "seconds")


class Budget:
    """Limits on tokens, calls, steps and seconds; None sets no limit.

    Spending beyond a limit raises, and what was spent stays counted. A sub-budget counts in its
    parent too, so the strictest limit holds. Safe to share between threads.

    Args:
        tokens: Most tokens.
        calls: Most calls.
        steps: Most steps.
        seconds: Most seconds, counted from now.
        clock: Gives the time in seconds.

    Raises:
        ConfigError: A limit is negative or NaN.

    Examples:
        >>> budget = Budget(tokens=100)
        >>> budget.spend(tokens=30, calls=1)
        >>> budget.remaining("tokens"), budget.remaining("calls"), budget.spent.calls
        (70, inf, 1)
    """

    def __init__(
        self,
        *,
        tokens: float | None = None,
        calls: float | None = None,
        steps: float | None = None,
        seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        given = {"tokens": tokens, "calls": calls, "steps": steps, "seconds": seconds}
        self.limits: Mapping[str, float] = {k: math.inf if v is None else v for k, v in given.items()}
        """Limit of each kind; infinite where there is none."""
        for kind, limit in self.limits.items():
            if not limit >= 0:
                raise ConfigError(f"a budget of {limit} {kind}", do="give a number >= 0, or none", field=kind)
        self._clock, self._began = clock, clock()
        self._spent = dict.fromkeys(("tokens", "calls", "steps"), 0.0)
        self._lock = threading.Lock()
        self._parent: Budget | None = None

    @property
    def spent(self) -> Cost:
        """What was used so far; seconds run from the start of the budget."""
        with self._lock:
            amounts = dict(self._spent)
        return Cost(**{k: _whole(v) for k, v in amounts.items()}, seconds=self._clock() - self._began)

    def remaining(self, kind: str) -> float:
        """How much may still be spent, here and in the budgets above; never below 0.

        Raises:
            ConfigError: ``kind`` is none of tokens, calls, steps, seconds.
        """
        if kind not in KINDS:
            raise ConfigError(f"budgets do not count {kind!r}", do=f"use {', '.join(KINDS)}", field="kind")
        own = max(0.0, _whole(self.limits[kind] - getattr(self.spent, kind)))
        return own if self._parent is None else min(own, self._parent.remaining(kind))

    @property
    def exhausted(self) -> bool:
        """Whether some kind is used up."""
        return any(self.remaining(kind) <= 0 for kind in KINDS)

    def spend(self, *, tokens: float = 0, calls: float = 0, steps: float = 0) -> None:
        """Count what was used.

        Raises:
            BudgetExceededError: A limit is passed, here or above; the error names it.
            ConfigError: An amount is negative or NaN.
        """
        amounts = {"tokens": tokens, "calls": calls, "steps": steps}
        for kind, amount in amounts.items():
            if not amount >= 0:
                raise ConfigError(f"cannot spend {amount} {kind}", do="give a number >= 0", field=kind)
        owner: Budget | None = self
        while owner is not None:
            with owner._lock:
                for kind, amount in amounts.items():
                    owner._spent[kind] += amount
            owner = owner._parent
        self.check()

    def check(self) -> None:
        """Raise if a limit is passed.

        Raises:
            BudgetExceededError: The limit of some kind is passed, here or above.
        """
        spent = self.spent
        for kind, limit in self.limits.items():
            used = getattr(spent, kind)
            if used > limit:
                raise BudgetExceededError(
                    f"{used:g} {kind} spent of {limit:g}", do=f"raise the budget's {kind}", field=kind
                )
        if self._parent is not None:
            self._parent.check()

    @contextmanager
    def part(
        self,
        *,
        tokens: float | None = None,
        calls: float | None = None,
        steps: float | None = None,
        seconds: float | None = None,
    ) -> Iterator[Budget]:
        """A budget within this one, for one problem or one stage.

        Raises:
            BudgetExceededError: Nothing is left of this budget.
        """
        self.check()
        child = Budget(tokens=tokens, calls=calls, steps=steps, seconds=seconds, clock=self._clock)
        child._parent = self
        yield child


def _whole(amount: float) -> float:
    return int(amount) if amount == amount and math.isfinite(amount) and amount == int(amount) else amount
