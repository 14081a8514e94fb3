"""Goldens of losses of several parts."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.train.losses import (
    beside,
    cross_entropy,
    joint_weights,
    policy_and_value,
    squared_error,
    tanh_error,
    token_cross_entropy,
)

seeds = st.integers(0, 2**31 - 1)
one = torch.ones(1)


def test_step_and_trajectory_golden() -> None:
    """Steps .5, .7 for .8, .6: mean of .09 and .01 = .05; trajectory .4 for 1: .36; together .41."""
    values, labels = torch.tensor([[0.5, 0.7, 9.0]]), torch.tensor([[0.8, 0.6, 0.0]])
    weights = joint_weights(torch.tensor([[1.0, 1.0, 0.0]]), one)
    loss = squared_error(beside(values, torch.tensor([0.4])), beside(labels, one), weights)
    assert float(loss) == pytest.approx(0.41)
    halved = joint_weights(torch.tensor([[1.0, 1.0, 0.0]]), one, step=2.0, whole=0.5)
    loss = squared_error(beside(values, torch.tensor([0.4])), beside(labels, one), halved)
    assert float(loss) == pytest.approx(2 * 0.05 + 0.5 * 0.36)


def test_every_mark_alike_golden() -> None:
    """Three marks of one text: the sum of their cross-entropies over 3."""
    logit, labels = torch.tensor([[0.3, -0.2]]), torch.tensor([[1.0, 0.0]])
    weights = joint_weights(torch.ones(1, 2), one, average=False)
    assert weights.tolist() == [[1.0, 1.0, 1.0]]
    loss = cross_entropy(beside(logit, torch.tensor([0.7])), beside(labels, one), weights)
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor([0.3, -0.2, 0.7]), torch.tensor([1.0, 0.0, 1.0])
    )
    torch.testing.assert_close(loss / weights.sum(), wanted)


def test_each_row_keeps_its_own_trajectory_label() -> None:
    """A released collator reads the label after its loop: the last row's, for every row."""
    logit, labels = torch.tensor([[2.0, 9.0], [1.0, -1.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    whole, told = torch.tensor([3.0, -3.0]), torch.tensor([1.0, 0.0])
    steps = torch.tensor([[1.0, 0.0], [1.0, 1.0]])  # the first row is padded

    def loss(rows: slice, told: torch.Tensor) -> torch.Tensor:
        weights = joint_weights(steps[rows], torch.ones(2)[rows], average=False)
        return cross_entropy(beside(logit[rows], whole[rows]), beside(labels[rows], told[rows]), weights)

    both = loss(slice(2), told)
    torch.testing.assert_close(both, loss(slice(0, 1), told) + loss(slice(1, 2), told))
    as_released = loss(slice(2), told[[1, 1]])
    assert float(as_released) == pytest.approx(float(both) + 3.0)  # the first row pays 3 for logit 3


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_long_solutions_weigh_no_more(seed: int) -> None:
    torch.manual_seed(seed)
    steps, whole = torch.rand(3, 4) * (torch.rand(3, 4) > 0.3), (torch.rand(3) > 0.5).float()
    steps[0] = torch.nan_to_num(steps[0]) + 0.1
    found = joint_weights(steps, whole, step=0.5, whole=2.0)
    torch.testing.assert_close(found[:, :-1].sum(1), 0.5 * (steps > 0).any(1).float())
    torch.testing.assert_close(found[:, -1], 2 * whole)


def test_policy_and_value_golden() -> None:
    """Cross-entropy .7, weight .1, value .5 for 1: .7 + .1 * .25 = .725."""
    raw = torch.tensor([[0.5]]).atanh()
    log_probs, every = torch.tensor([[-0.5, -0.9]]), torch.ones(1, 2)
    loss = policy_and_value(log_probs, every, torch.tensor([True]), raw, torch.ones(1, 1), torch.ones(1, 1))
    assert float(loss) == pytest.approx(0.725)


def test_a_wrong_solution_teaches_its_value_only() -> None:
    log_probs = torch.tensor([[-0.5, torch.nan]], requires_grad=True)
    raw = torch.tensor([[0.3]], requires_grad=True)
    loss = policy_and_value(
        log_probs, torch.ones(1, 2), torch.tensor([False]), raw, -torch.ones(1, 1), torch.ones(1, 1)
    )
    assert float(loss.detach()) == pytest.approx(0.1 * (float(raw.detach().tanh()) + 1) ** 2)
    policy, value = torch.autograd.grad(loss, [log_probs, raw])
    assert (policy == 0).all()
    assert (value != 0).all()


@given(seeds, st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_policy_and_value_accumulate(seed: int, cut: int) -> None:
    torch.manual_seed(seed)
    log_probs, tokens, right = -torch.rand(4, 3), torch.rand(4, 3), torch.rand(4) > 0.4
    raw, labels, weights = torch.randn(4, 2), torch.rand(4, 2), torch.rand(4, 2)
    given_ = (log_probs, tokens, right, raw, labels, weights)
    totals = {"token_total": (tokens * right[:, None]).sum(), "step_total": weights.sum()}
    parts = [policy_and_value(*(x[s] for x in given_), **totals) for s in (slice(cut), slice(cut, None))]
    torch.testing.assert_close(sum(parts), policy_and_value(*given_))
    by_hand = token_cross_entropy(log_probs, tokens * right[:, None]) / totals["token_total"].clamp(min=1e-8)
    torch.testing.assert_close(
        policy_and_value(*given_, share=0.3),
        by_hand + 0.3 * tanh_error(raw, labels, weights) / weights.sum(),
    )
