"""Budgets: counted once, in every budget above, and never silently passed."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.budget import KINDS, Budget
from prmkit.errors import BudgetExceededError, ConfigError


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_spending_is_counted_and_limited() -> None:
    budget = Budget(tokens=10, steps=2)
    budget.spend(tokens=10, calls=3)
    assert budget.spent.as_dict() | {"seconds": 0} == {"tokens": 10, "calls": 3, "steps": 0, "seconds": 0}
    assert (budget.remaining("tokens"), budget.remaining("steps")) == (0, 2)
    assert budget.remaining("calls") == math.inf
    assert budget.exhausted
    with pytest.raises(BudgetExceededError, match="11 tokens spent of 10") as caught:
        budget.spend(tokens=1)
    assert caught.value.field == "tokens"
    assert budget.spent.tokens == 11  # what was spent stays counted
    assert budget.remaining("tokens") == 0


def test_seconds_run_by_themselves() -> None:
    clock = Clock()
    budget = Budget(seconds=5, clock=clock)
    clock.now += 4
    budget.check()
    assert budget.remaining("seconds") == 1
    clock.now += 2
    with pytest.raises(BudgetExceededError, match="6 seconds spent of 5"):
        budget.check()


def test_the_strictest_limit_above_holds() -> None:
    whole = Budget(tokens=100)
    with whole.part(tokens=30) as part:
        part.spend(tokens=30)
        with pytest.raises(BudgetExceededError, match="of 30"):
            part.spend(tokens=1)
    with whole.part(tokens=90, calls=5) as part:
        assert part.remaining("tokens") == 69
        with pytest.raises(BudgetExceededError, match="of 100"):
            part.spend(tokens=70)
    assert whole.spent.tokens == 101
    with pytest.raises(BudgetExceededError), whole.part():
        pass


def test_settings_are_checked() -> None:
    for limit in (-1, math.nan):
        with pytest.raises(ConfigError):
            Budget(calls=limit)
        with pytest.raises(ConfigError):
            Budget().spend(tokens=limit)
    with pytest.raises(ConfigError, match="do not count"):
        Budget().remaining("tokes")


def test_threads_lose_nothing() -> None:
    whole = Budget()

    def work(_: int) -> None:
        with whole.part(calls=1000) as part:
            for _ in range(1000):
                part.spend(calls=1, tokens=2)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
    assert (whole.spent.calls, whole.spent.tokens) == (8000, 16000)


@given(st.lists(st.integers(0, 20), max_size=20), st.integers(0, 100))
def test_it_raises_exactly_when_the_sum_passes_the_limit(amounts: list[int], limit: int) -> None:
    budget, total = Budget(steps=limit), 0
    for amount in amounts:
        total += amount
        if total > limit:
            with pytest.raises(BudgetExceededError):
                budget.spend(steps=amount)
        else:
            budget.spend(steps=amount)
            assert budget.remaining("steps") == limit - total
    assert budget.spent.steps == total
    assert set(budget.spent.as_dict()) == set(KINDS)
