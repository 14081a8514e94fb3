"""Goldens of rewards of every next token."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.train.losses import conservative, seen_tokens, taken_error

seeds = st.integers(0, 2**31 - 1)


def test_partial_supervision_golden() -> None:
    """M = .3 against R = .5 costs .04, and no other entry of the vocabulary is moved."""
    rewards = torch.tensor([[[9.0, 0.3, -4.0]]], requires_grad=True)
    loss = taken_error(rewards, torch.tensor([[1]]), torch.tensor([[0.5]]), torch.ones(1, 1))
    assert float(loss) == pytest.approx(0.04)
    (slope,) = torch.autograd.grad(loss, rewards)
    torch.testing.assert_close(slope, torch.tensor([[[0.0, -0.4, 0.0]]]))


def test_ids_of_padding_are_not_read() -> None:
    rewards, tokens = torch.zeros(1, 2, 3), torch.tensor([[1, -100]])
    loss = taken_error(rewards, tokens, torch.tensor([[1.0, math.nan]]), torch.tensor([[1.0, 0.0]]))
    assert float(loss) == 1
    assert seen_tokens(tokens, torch.tensor([[True, False]]), 3).tolist() == [False, True, False]


def test_conservative_golden() -> None:
    """Rewards (1, 2, 9.9, 0), the third never seen: the best is token 1."""
    seen = seen_tokens(torch.tensor([[0, 1, 3]]), torch.ones(1, 3), 4)
    found = conservative(torch.tensor([[1.0, 2.0, 9.9, 0.0]]), seen)
    assert found.argmax(-1).tolist() == [1]
    assert found.tolist() == [[1.0, 2.0, -math.inf, 0.0]]
    assert conservative(torch.tensor([9.9, 0.0, 9.9, math.nan]), seen, -1024.0)[2] == -1024


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_nothing_unseen_is_chosen_and_nothing_seen_is_changed(seed: int) -> None:
    torch.manual_seed(seed)
    tokens, counted, rewards = torch.randint(6, (2, 4)), torch.rand(2, 4) > 0.3, torch.randn(2, 3, 6)
    counted[0, 0] = True
    seen = seen_tokens(tokens, counted, 6)
    assert {i for i in range(6) if seen[i]} == set(tokens[counted].tolist())
    halves = [seen_tokens(tokens[i : i + 1], counted[i : i + 1], 6) for i in (0, 1)]
    assert torch.equal(halves[0] | halves[1], seen)
    found = conservative(rewards, seen)
    assert torch.equal(found[..., seen], rewards[..., seen])
    assert seen[found.argmax(-1)].all()
