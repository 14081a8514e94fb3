"""Goldens of exits and their loss."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.train.losses import geometric_prior, halting, ponder, quantile_exit

ln = math.log
LAMBDAS = torch.tensor([[0.1, 0.3, 0.5, 0.9]])
one = torch.ones(1)
seeds = st.integers(0, 2**31 - 1)


def test_halting_golden() -> None:
    """.1; .3 of .9; .5 of .63; .9 of .315, or all of it."""
    torch.testing.assert_close(halting(LAMBDAS, rest=False), torch.tensor([[0.1, 0.27, 0.315, 0.2835]]))
    torch.testing.assert_close(halting(LAMBDAS), torch.tensor([[0.1, 0.27, 0.315, 0.315]]))


def test_quantile_exit_golden() -> None:
    """Sums .1, .37, .685 pass one half at the third stage, index 2."""
    exits = halting(LAMBDAS, rest=False)
    assert quantile_exit(exits).tolist() == [2]
    assert quantile_exit(exits, q=0.05).tolist() == [0]
    assert quantile_exit(exits, q=0.99).tolist() == [3]  # never reached: the last one
    assert quantile_exit(torch.tensor([[0.5, 0.5]])).tolist() == [1]  # above, not at


def test_prior_golden() -> None:
    """.1, .09, .081, and .729 for the rest."""
    prior = geometric_prior(torch.ones(1, 4, dtype=torch.bool), 0.1)
    torch.testing.assert_close(prior, torch.tensor([[0.1, 0.09, 0.081, 0.729]]))
    short = geometric_prior(torch.tensor([[True, True, False, False]]), 0.1)
    torch.testing.assert_close(short, torch.tensor([[0.1, 0.9, 0.0, 0.0]]))


def test_ponder_golden() -> None:
    """KL((.1, .09, .081, .729) || (.1, .27, .315, .315)) = .402822; expected loss of (1, 2, 3, 4) = 2.845."""
    prior = geometric_prior(torch.ones(1, 4, dtype=torch.bool))
    kl = 0.09 * ln(0.09 / 0.27) + 0.081 * ln(0.081 / 0.315) + 0.729 * ln(0.729 / 0.315)
    assert kl == pytest.approx(0.402822, abs=1e-6)
    expected = 0.1 + 2 * 0.27 + 3 * 0.315 + 4 * 0.315
    found = ponder(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), halting(LAMBDAS), prior, one, beta=0.5)
    assert float(found) == pytest.approx(expected + 0.5 * kl, abs=1e-6)


def test_a_vanished_exit_is_dear_but_finite() -> None:
    """The released loss takes the logarithm as it is: an underflow makes it infinite, its gradient NaN."""
    lambdas = torch.tensor([[1.0, 0.5, 0.5]], requires_grad=True)
    exits, prior = halting(lambdas), geometric_prior(torch.ones(1, 3, dtype=torch.bool))
    assert exits.tolist() == [[1.0, 0.0, 0.0]]
    released = torch.nn.functional.kl_div(exits.log(), prior, reduction="batchmean")
    assert torch.isinf(released)
    loss = ponder(torch.ones(1, 3), exits, prior, one)
    assert torch.isfinite(loss)
    assert torch.isfinite(torch.autograd.grad(loss, lambdas)[0]).all()


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_exits_are_a_distribution_over_the_stages_that_exist(seed: int) -> None:
    torch.manual_seed(seed)
    lambdas = (4 * torch.randn(3, 5)).sigmoid()
    lengths = torch.randint(1, 6, (3, 1))
    present = torch.arange(5)[None] < lengths
    spoilt = torch.where(present, lambdas, torch.tensor(torch.nan))
    exits = halting(spoilt, present)
    assert (exits[~present] == 0).all()
    torch.testing.assert_close(exits.sum(1), torch.ones(3))
    for row, length in enumerate(lengths[:, 0].tolist()):
        torch.testing.assert_close(exits[row, :length], halting(lambdas[row : row + 1, :length])[0])
    q = float(torch.rand(()))
    chosen = quantile_exit(exits, present, q=q)
    for row in range(3):
        passed = [i for i in range(5) if float(exits[row, : i + 1].sum()) > q]
        assert int(chosen[row]) == min([*passed, int(lengths[row]) - 1])


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_the_prior_itself_is_free_and_anything_else_is_not(seed: int) -> None:
    torch.manual_seed(seed)
    prior = geometric_prior(torch.ones(1, 4, dtype=torch.bool))
    nothing = torch.zeros(1, 4)
    assert float(ponder(nothing, prior, prior, one)) == pytest.approx(0, abs=1e-7)
    assert float(ponder(nothing, halting(torch.rand(1, 4)), prior, one)) >= -1e-6
