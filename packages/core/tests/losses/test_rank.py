"""Goldens of the rank regulariser."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.train.losses import cosine_bound, rank_penalty

seeds = st.integers(0, 2**31 - 1)
one, head = torch.ones(1), torch.ones(2)  # |w|^2 = 2


def test_rank_penalty_goldens() -> None:
    """g = .99: (5 + .9801 * 5 - .25 / 2) / 9.9 = .987424 above cos 4/5: nothing.

    (1 + .9801 * 9.09 - 9 / 2) / (1.98 sqrt 9.09) = .906105 below cos 3 / sqrt 9.09 = .995037: .088932.
    """
    state, after, reward = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 1.0]]), torch.tensor([0.5])
    assert float(cosine_bound(state, after, after, reward, head)) == pytest.approx(0.987424, abs=1e-6)
    assert float(rank_penalty(state, after, reward, head, one)) == 0
    state, after, reward = torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 0.3]]), torch.tensor([3.0])
    assert float(cosine_bound(state, after, after, reward, head)) == pytest.approx(0.906105, abs=1e-6)
    penalty = rank_penalty(state, after, reward, head, one)
    assert float(penalty) == pytest.approx(0.088932, abs=1e-6)
    assert 1e-3 * float(penalty) == pytest.approx(8.8932e-5, abs=1e-9)


def test_features_of_the_target_network_stand_below_and_in_the_cosine() -> None:
    """Numerator 1 + .9801 * 4 - .5 = 4.4204 over 1.98 * 5, cosine 3/5."""
    state, after, target = torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0, 4.0]])
    penalty = rank_penalty(state, after, torch.ones(1), head, one, target=target)
    assert float(penalty) == pytest.approx(0.6 - 4.4204 / 9.9, abs=1e-6)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_a_value_without_bellman_error_pays_nothing(seed: int) -> None:
    """Cauchy-Schwarz: with r = w . (f - g f') the bound holds, whatever the features are."""
    torch.manual_seed(seed)
    state, after, weights = torch.randn(4, 3).double(), torch.randn(4, 3).double(), torch.randn(3).double()
    reward = (state - 0.99 * after) @ weights
    assert float(rank_penalty(state, after, reward, weights, torch.ones(4))) < 1e-7


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_only_the_state_is_moved_and_only_through_the_cosine(seed: int) -> None:
    torch.manual_seed(seed)
    given_ = [torch.randn(3, 2, requires_grad=True) for _ in range(2)]
    weights = torch.ones(2, requires_grad=True)
    reward = 5 * torch.randn(3)
    loss = rank_penalty(*given_, reward, weights, torch.ones(3))
    found = torch.autograd.grad(loss, [*given_, weights], allow_unused=True)
    with torch.no_grad():
        bound = cosine_bound(*given_, given_[1], reward, weights)
    cosine = torch.nn.functional.cosine_similarity(given_[0], given_[1].detach(), dim=-1)
    (wanted,) = torch.autograd.grad((cosine - bound).relu().sum(), given_[0])
    torch.testing.assert_close(found[0], wanted)
    assert found[1] is None
    assert found[2] is None


def test_a_zero_vector_has_no_angle() -> None:
    state = torch.zeros(1, 2, requires_grad=True)
    loss = rank_penalty(state, torch.ones(1, 2), torch.tensor([9.0]), head, one)
    assert float(loss.detach()) == 0
    assert torch.isfinite(torch.autograd.grad(loss, state)[0]).all()
