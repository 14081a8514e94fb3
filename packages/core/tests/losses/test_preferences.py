"""Goldens of losses of pairs, groups and implicit rewards."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.train.losses import (
    bradley_terry,
    by_objective,
    cross_entropy,
    kto,
    kto_baseline,
    listwise,
    mixed,
    nca,
    routed,
    sequence_reward,
)

ln = math.log
one = torch.ones(1)
seeds = st.integers(0, 2**31 - 1)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_bradley_terry_golden() -> None:
    """A lead of ln 3 is won with 3/4; a margin of ln 3 takes it away."""
    chosen, rejected = torch.tensor([ln(3)]), torch.tensor([0.0])
    assert float(bradley_terry(chosen, rejected, one)) == pytest.approx(ln(4 / 3))
    assert float(bradley_terry(chosen, rejected, one, torch.tensor([ln(3)]))) == pytest.approx(ln(2))


def test_dpo_golden() -> None:
    """Beta 0.1, log-ratios +1.2 and -0.8: ln(1 + e^-0.2) = 0.598139."""
    tokens = torch.ones(1, 2).bool()
    nothing = torch.zeros(1, 2)
    chosen = sequence_reward(torch.tensor([[0.7, 0.5]]), nothing, tokens, beta=0.1)
    rejected = sequence_reward(torch.tensor([[-1.0, 0.2]]), nothing, tokens, beta=0.1)
    assert float(bradley_terry(chosen, rejected, one)) == pytest.approx(0.598139, abs=1e-6)


def test_step_dpo_golden() -> None:
    """Log-ratios (+2, -1, +.5) at beta .1 are Q (.2, -.1, .05); pairs (0, 1) and (0, 2)."""
    q = sequence_reward(torch.tensor([[2.0], [-1.0], [0.5]]), torch.zeros(3, 1), torch.ones(3, 1), beta=0.1)
    torch.testing.assert_close(q, torch.tensor([0.2, -0.1, 0.05]))
    assert int(q.argmax()) == 0
    wanted = ln(1 + math.exp(-0.3)) + ln(1 + math.exp(-0.15))
    assert float(bradley_terry(q[[0, 0]], q[[1, 2]], torch.ones(2))) == pytest.approx(wanted)


def test_step_reward_of_the_mean_does_not_follow_the_length() -> None:
    ratios, tokens = torch.full((2, 4), 0.5), torch.arange(4)[None] < torch.tensor([[2], [4]])
    nothing = torch.zeros(2, 4)
    assert sequence_reward(ratios, nothing, tokens, beta=1.0).tolist() == [1.0, 2.0]
    assert sequence_reward(ratios, nothing, tokens, beta=1.0, average=True).tolist() == [0.5, 0.5]
    assert sequence_reward(ratios, nothing, tokens & False, average=True).tolist() == [0.0, 0.0]


def test_multi_head_dpo_golden() -> None:
    """Beta .1, leads .15 and -.1: .620957 and .744397, mean .682677."""
    policy = torch.tensor([[[-10.0, -12.0], [9.0, 9.0]], [[9.0, 9.0], [-20.0, -19.0]]])  # pair, head, side
    reference = torch.tensor([[[-11.0, -11.5], [7.0, 7.0]], [[7.0, 7.0], [-20.0, -20.0]]])
    rewards = 0.1 * (policy - reference).permute(2, 1, 0)
    objective = torch.tensor([0, 1])
    chosen, rejected = (routed(side, objective) for side in rewards)
    each = [bradley_terry(chosen, rejected, w) for w in torch.eye(2)]
    assert [round(float(x), 6) for x in each] == [0.620957, 0.744397]
    mean = bradley_terry(chosen, rejected, by_objective(objective, torch.ones(2), 2))
    assert float(mean) == pytest.approx(0.682677, abs=1e-6)


def test_a_head_without_pairs_gets_no_gradient_and_no_place_in_the_mean() -> None:
    """An objective absent from a batch must not be averaged in as 0."""
    values = torch.randn(3, 4, requires_grad=True)
    objective = torch.tensor([0, 0, 2, 0])
    weights = by_objective(objective, torch.ones(4), 3)
    torch.testing.assert_close(weights, torch.tensor([1 / 6, 1 / 6, 1 / 2, 1 / 6]))
    loss = bradley_terry(routed(values, objective), torch.zeros(4), weights)
    (slope,) = torch.autograd.grad(loss, values)
    assert (slope[1] == 0).all()
    own = torch.zeros(3, 4, dtype=torch.bool).scatter(0, objective[None], True)
    assert (slope[own] != 0).all()
    assert (slope[~own] == 0).all()


@given(seeds, st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_objectives_accumulate_over_small_batches(seed: int, cut: int) -> None:
    torch.manual_seed(seed)
    objective, weights = torch.randint(3, (5,)), torch.rand(5) * (torch.rand(5) > 0.2)
    chosen, rejected = torch.randn(5), torch.randn(5)
    totals = torch.zeros(3).index_add(0, objective, weights)
    whole = by_objective(objective, weights, 3)
    parts = [by_objective(objective[s], weights[s], 3, totals) for s in (slice(cut), slice(cut, None))]
    torch.testing.assert_close(torch.cat(parts), whole)
    present = [d for d in range(3) if totals[d] > 0]
    if present:
        means = [bradley_terry(chosen, rejected, weights * (objective == d)) / totals[d] for d in present]
        torch.testing.assert_close(bradley_terry(chosen, rejected, whole), torch.stack(means).mean())


def test_listwise_golden() -> None:
    """Right (1, .5), wrong (0, -.5, .2, -1): mean over 8 pairs = .319476."""
    right, wrong = [1.0, 0.5], [0.0, -0.5, 0.2, -1.0]
    pairs = [ln(1 + math.exp(w - r)) for r, w in itertools.product(right, wrong)]
    assert sum(pairs) / 8 == pytest.approx(0.319476, abs=1e-6)
    scores, positive = torch.tensor([right + wrong]), torch.arange(6)[None] < 2
    every = torch.ones(1, 6).bool()
    assert float(listwise(scores, positive, every, one)) == pytest.approx(0.319476, abs=1e-6)
    for all_alike in (every, ~every):
        assert float(listwise(scores, all_alike, every, one)) == 0
        assert mixed(all_alike, every).tolist() == [False]


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_listwise_of_two_is_bradley_terry_and_has_no_order(seed: int) -> None:
    torch.manual_seed(seed)
    scores, both = torch.randn(3, 2), torch.ones(3, 2).bool()
    positive = torch.tensor([[True, False]]).expand(3, 2)
    torch.testing.assert_close(
        listwise(scores, positive, both, torch.ones(3)),
        bradley_terry(scores[:, 0], scores[:, 1], torch.ones(3)),
    )
    many, right, there = torch.randn(2, 6), torch.rand(2, 6) > 0.5, torch.rand(2, 6) > 0.2
    order = torch.randperm(6)
    torch.testing.assert_close(
        listwise(many, right, there, torch.ones(2)),
        listwise(many[:, order] + 7.0, right[:, order], there[:, order], torch.ones(2)),
        rtol=1e-4,
        atol=1e-5,
    )


def test_implicit_cross_entropy_goldens() -> None:
    """Reward .04 costs .673347 if right, .713347 if wrong; of PRIME, (.02, -.02) cost .683197."""
    ratios = torch.tensor([[0.2, 0.1, -0.3, 0.4, -0.1, 0.5]])
    reward = sequence_reward(ratios, torch.zeros(1, 6), torch.ones(1, 6), beta=0.05)[:, None]
    for outcome, wanted in ((1.0, 0.673347), (0.0, 0.713347)):
        found = cross_entropy(reward, torch.tensor([[outcome]]), torch.ones(1, 1))
        assert float(found) == pytest.approx(wanted, abs=1e-6)
    prime = sequence_reward(
        torch.tensor([[0.2, -0.1, 0.3], [-0.4, 0.0, math.nan]]),
        torch.zeros(2, 3),
        torch.tensor([[True, True, True], [True, True, False]]),
    )
    torch.testing.assert_close(prime, torch.tensor([0.02, -0.02]))
    found = cross_entropy(prime[:, None], torch.tensor([[1.0], [0.0]]), torch.ones(2, 1)) / 2
    assert float(found) == pytest.approx(0.683197, abs=1e-6)


def test_equal_models_rate_nothing() -> None:
    log_probs, tokens = torch.randn(3, 4), torch.ones(3, 4)
    reward = sequence_reward(log_probs, log_probs, tokens)
    assert (reward == 0).all()
    loss = cross_entropy(reward[:, None], torch.tensor([[1.0], [0.0], [1.0]]), torch.ones(3, 1)) / 3
    assert float(loss) == pytest.approx(ln(2))


def test_implicit_reward_is_the_soft_value_of_the_reference() -> None:
    """The proposition by enumeration: two tokens of two symbols, q_1 = beta log E_ref exp(reward / beta)."""
    beta = 0.5
    reference_first, policy_first = torch.tensor([0.3, 0.7]), torch.tensor([0.6, 0.4])
    reference_next = torch.tensor([[0.2, 0.8], [0.5, 0.5]])
    policy_next = torch.tensor([[0.9, 0.1], [0.25, 0.75]])
    for first in (0, 1):
        q = beta * (policy_first[first] / reference_first[first]).log()
        rewards = [
            sequence_reward(
                torch.stack([policy_first[first], policy_next[first, second]]).log()[None],
                torch.stack([reference_first[first], reference_next[first, second]]).log()[None],
                torch.ones(1, 2),
                beta=beta,
            )[0]
            for second in (0, 1)
        ]
        soft = beta * (reference_next[first] * (torch.stack(rewards) / beta).exp()).sum().log()
        torch.testing.assert_close(q, soft)


def test_kto_golden() -> None:
    """By hand: reward .5 over a baseline of .2, 1 - s(.3) = .425557; undesirable 1 - s(-.3) = .574443."""
    reward, baseline = torch.tensor([0.5]), torch.tensor(0.2)
    right, wrong = torch.tensor([True]), torch.tensor([False])
    assert float(kto(reward, right, baseline, one)) == pytest.approx(1 - sigmoid(0.3))
    assert float(kto(reward, wrong, baseline, one, loss=2.0)) == pytest.approx(2 * (1 - sigmoid(-0.3)))
    assert float(kto(torch.zeros(1), right, torch.tensor(0.0), one)) == 0.5


def test_kto_baseline() -> None:
    """Mean of (.3, .1) is .2 without the answer that does not count; below 0 it is 0; no gradient."""
    rewards = torch.tensor([0.3, 0.1, math.nan], requires_grad=True)
    found = kto_baseline(rewards, torch.tensor([1.0, 1.0, 0.0]))
    assert float(found) == pytest.approx(0.2)
    assert not found.requires_grad
    assert float(kto_baseline(torch.tensor([-1.0]), one)) == 0
    moving = torch.tensor(0.2, requires_grad=True)
    assert not kto(torch.tensor([0.5]), torch.tensor([True]), moving, one).requires_grad


def test_nca_golden() -> None:
    """By hand: rewards +-ln 3 are s = 3/4 and 1/4: ln(4/3) + ln(4)/2 + ln(4/3)/2."""
    wanted = ln(4 / 3) + ln(4) / 2 + ln(4 / 3) / 2
    assert float(nca(torch.tensor([ln(3)]), torch.tensor([-ln(3)]), one)) == pytest.approx(wanted)


def test_nca_holds_the_chosen_reward_where_dpo_lets_it_go() -> None:
    chosen = torch.tensor([ln(2)], requires_grad=True)
    rejected = torch.tensor([-3.0])
    assert float(torch.autograd.grad(nca(chosen, rejected, one), chosen)[0]) == pytest.approx(0, abs=1e-6)
    (pull,) = torch.autograd.grad(bradley_terry(chosen, rejected, one), chosen)
    assert pull < 0
    both = bradley_terry(chosen - 5, rejected - 5, one)
    torch.testing.assert_close(both, bradley_terry(chosen, rejected, one))


@given(st.floats(-500, 500), st.floats(-500, 500))
@settings(max_examples=25, deadline=None)
def test_far_rewards_stay_finite(won: float, lost: float) -> None:
    pair = torch.tensor([won]), torch.tensor([lost])
    for loss in (bradley_terry(*pair, one), nca(*pair, one), kto(pair[0], one, pair[1][0], one)):
        assert torch.isfinite(loss)
        assert loss >= 0
