"""Goldens of losses of values and of action values."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from prmkit.train.losses import (
    action_values,
    advantages,
    capped,
    conservative_td,
    recovered_reward,
    squared_error,
    tanh_error,
)
from prmkit.train.losses.actions import later

seeds = st.integers(0, 2**31 - 1)


def test_squared_and_tanh_golden() -> None:
    """tanh(ln 3 / 2) = (3 - 1) / (3 + 1) = 1/2: (1/2 - 1)^2 = 1/4, twice."""
    raw, label = torch.tensor([[math.log(3) / 2]]), torch.tensor([[1.0]])
    two = torch.tensor([[2.0]])
    assert float(tanh_error(raw, label, two)) == pytest.approx(0.5)
    assert float(squared_error(torch.tensor([[0.5]]), label, two)) == pytest.approx(0.5)


def toy() -> dict[str, torch.Tensor]:
    """State s: logits (.5, 2), V .1, action 0; state s': logits (1, 0), V .2, the frozen model takes 1."""
    return {
        "logits": torch.tensor([[[0.5, 2.0], [1.0, 0.0]]]),
        "frozen": torch.tensor([[[0.0, 0.0], [0.0, 1.0]]]),
        "value": torch.tensor([[0.1, 0.2]]),
        "tokens": torch.tensor([[0, 0]]),
        "reward": torch.zeros(1, 2),
        "ends": torch.zeros(1, 2, dtype=torch.bool),
        "weights": torch.tensor([[1.0, 0.0]]),
    }


def test_conservative_td_golden() -> None:
    """A = .5 - 2 = -1.5, Q = -1.4; Q'(s', 1) = -1 + .2 = -.8: (-1.4 + .8)^2 = .36.

    The greedy operator would take action 0 with Q' = .2: (-1.4 - .2)^2 = 2.56.
    """
    given = toy()
    assert float(conservative_td(**given)) == pytest.approx(0.36)
    assert float(conservative_td(**(given | {"frozen": given["logits"]}))) == pytest.approx(2.56)
    q = action_values(given["logits"], given["tokens"], given["value"])
    assert float(q[0, 0]) == pytest.approx(-1.4)
    assert float(recovered_reward(q, given["value"], given["ends"])[0, 0]) == pytest.approx(-1.6)
    assert float(conservative_td(**given, gamma=0.5)) == pytest.approx((-1.4 + 0.4) ** 2)


def test_an_end_has_no_next_state_and_a_cut_is_no_end() -> None:
    given = toy() | {"weights": torch.ones(1, 2), "reward": torch.tensor([[0.0, 1.0]])}
    ended = given | {"ends": torch.tensor([[False, True]])}
    last = (0.2 - 1.0) ** 2  # Q(s', 0) = 0 + .2 against the reward alone
    assert float(conservative_td(**ended)) == pytest.approx(0.36 + last)
    assert float(conservative_td(**given)) == pytest.approx(0.36)
    first = given | {"ends": torch.tensor([[True, True]])}
    assert float(conservative_td(**first)) == pytest.approx(1.4**2 + last)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_advantages_are_the_language_model(seed: int) -> None:
    torch.manual_seed(seed)
    logits, value, alpha = torch.randn(2, 3, 4), torch.randn(2, 3), 0.1 + 2 * torch.rand(()).item()
    found = advantages(logits, alpha)
    assert (found <= 0).all()
    assert (found.amax(-1) == 0).all()
    torch.testing.assert_close(((found + value[..., None]) / alpha).softmax(-1), logits.softmax(-1))
    torch.testing.assert_close(action_values(logits, logits.argmax(-1), value, alpha), value)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_the_target_receives_no_gradient(seed: int) -> None:
    torch.manual_seed(seed)
    logits, value = torch.randn(2, 3, 4, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    frozen, tokens, reward = torch.randn(2, 3, 4), torch.randint(4, (2, 3)), torch.randn(2, 3)
    ends, weights = torch.tensor([[False, False, True], [False, True, False]]), torch.rand(2, 3)
    loss = conservative_td(logits, frozen, value, tokens, reward, ends, weights, gamma=0.9)
    with torch.no_grad():
        target = reward + 0.9 * later(action_values(logits, frozen.argmax(-1), value), ends)
    known = torch.tensor([[True, True, True], [True, True, False]])
    error = action_values(logits, tokens, value) - target
    by_hand = (weights * error.square())[known].sum()
    torch.testing.assert_close(loss, by_hand)
    for found, wanted in zip(
        torch.autograd.grad(loss, [logits, value]),
        torch.autograd.grad(by_hand, [logits, value]),
        strict=True,
    ):
        torch.testing.assert_close(found, wanted)


def test_a_fixed_point_costs_nothing() -> None:
    """Rewards recovered against the conservative target make every error 0."""
    given = toy()
    q = action_values(given["logits"], given["tokens"], given["value"])
    chosen = action_values(given["logits"], given["frozen"].argmax(-1), given["value"])
    assert float(conservative_td(**(given | {"reward": q - later(chosen, given["ends"])}))) == 0


def test_the_cap_is_reached() -> None:
    """As printed (+ ln 2) a value of 0 would stand for 1 - 2 ln 2 < 0; ours is 1 there and less elsewhere."""
    at_zero = torch.tensor([0.0])
    printed = 1 - (functional.softplus(at_zero) + functional.softplus(-at_zero)) / 2 - math.log(2)
    assert float(printed) == pytest.approx(1 - 2 * math.log(2))
    assert capped(at_zero).tolist() == [1.0]
    spread = capped(torch.linspace(-9, 9, 101))
    assert (spread <= 1).all()
    torch.testing.assert_close(spread, spread.flip(0))
