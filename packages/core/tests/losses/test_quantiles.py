"""Goldens of quantiles and their losses."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit import stats
from prmkit.train.losses import crossing_penalty, ordered_quantiles, pinball

LEVELS = torch.tensor([0.1, 0.5, 0.9])
one = torch.ones(1, 1)
seeds = st.integers(0, 2**31 - 1)


def loss(quantiles: list[float], label: float, **given: float) -> float:
    return float(pinball(torch.tensor([[quantiles]]), torch.tensor([[label]]), LEVELS, one, **given))


def test_pinball_golden() -> None:
    """Label .35: levels .1, .5, .9 at .4, .3, .8 cost .9 * .05, .5 * .05, .1 * .45; sorted, .075 together."""
    assert loss([0.4, 0.3, 0.8], 0.35) * 3 == pytest.approx(0.045 + 0.025 + 0.045)
    assert loss([0.3, 0.4, 0.8], 0.35) * 3 == pytest.approx(0.075)
    assert loss([0.35, 0.35, 0.8], 0.35) * 3 == pytest.approx(0.045)


def test_smooth_pinball_golden() -> None:
    """Width .1: inside, .05^2 / .2 = .0125; outside, .45 - .05 = .4."""
    wanted = 0.9 * 0.0125 + 0.5 * 0.0125 + 0.1 * 0.4
    assert loss([0.4, 0.3, 0.8], 0.35, smooth=0.1) * 3 == pytest.approx(wanted)


def test_crossing_golden() -> None:
    """(.5, .25, .75): the pair (0, 1) crosses by .25, of 3 pairs; with gaps of .1, .2, .1 by .35 and 0, 0."""
    z = torch.tensor([[[0.5, 0.25, 0.75]]])
    assert float(crossing_penalty(z, one)) == pytest.approx(0.25 / 3)
    assert float(crossing_penalty(z, one, torch.tensor([0.0, 0.1, 0.2]))) == pytest.approx(0.35 / 3)
    assert float(crossing_penalty(z, one, 0.3)) == pytest.approx(
        (0.55 + 0.05) / 3
    )  # (0, 2) lies only .25 apart


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_what_is_trained_is_what_is_measured(seed: int) -> None:
    """The metric of calibration, on plain numbers, gives the same loss."""
    torch.manual_seed(seed)
    z, y = torch.randn(4, 1, 3, dtype=torch.float64), torch.randn(4, 1, dtype=torch.float64)
    measured = stats.pinball(z[:, 0].numpy(), y[:, 0].numpy(), [0.1, 0.5, 0.9])
    trained = pinball(z, y, LEVELS.double(), torch.ones(4, 1)) / 4
    assert float(trained) == pytest.approx(float(measured.mean()), abs=1e-7)


@given(seeds, st.booleans())
@settings(max_examples=40, deadline=None)
def test_ordered_quantiles_never_cross(seed: int, bounded: bool) -> None:
    torch.manual_seed(seed)
    raw = torch.randn(2, 3, 5) * 30
    found = ordered_quantiles(raw, bounded=bounded)
    assert (found.diff(dim=-1) >= 0).all()
    assert float(crossing_penalty(found, torch.ones(2, 3))) == 0
    if bounded:
        assert ((found >= 0) & (found <= 1)).all()
    else:
        assert torch.equal(found[..., 0], raw[..., 0])


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_sorting_never_costs_more(seed: int) -> None:
    torch.manual_seed(seed)
    z, y, every = torch.randn(2, 3, 3), torch.randn(2, 3), torch.ones(2, 3)
    assert float(pinball(z.sort(-1).values, y, LEVELS, every)) <= float(pinball(z, y, LEVELS, every)) + 1e-6


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_twice_the_pinball_loss_is_the_weighted_interval_score(seed: int) -> None:
    """An identity: 2 x mean over 2K + 1 levels = (|y - median| / 2 + sum a/2 IS_a) / (K + 1/2)."""
    torch.manual_seed(seed)
    z, y = torch.randn(1, 1, 5, dtype=torch.float64).sort(-1).values, torch.randn(1, 1, dtype=torch.float64)
    alphas = (0.2, 0.6)
    levels = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9], dtype=torch.float64)
    total = abs(float(y) - float(z[0, 0, 2])) / 2
    for low, alpha in enumerate(alphas):
        lower, upper = float(z[0, 0, low]), float(z[0, 0, 4 - low])
        miss = max(0.0, lower - float(y)) + max(0.0, float(y) - upper)
        total += alpha / 2 * (upper - lower + 2 / alpha * miss)
    assert 2 * float(pinball(z, y, levels, one)) == pytest.approx(total / 2.5)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_a_narrow_parabola_is_none(seed: int) -> None:
    torch.manual_seed(seed)
    z, y, every = torch.randn(1, 2, 3), torch.randn(1, 2), torch.ones(1, 2)
    torch.testing.assert_close(
        pinball(z, y, LEVELS, every, smooth=1e-6), pinball(z, y, LEVELS, every), rtol=1e-4, atol=1e-5
    )


def test_the_best_constant_is_the_quantile() -> None:
    labels = torch.arange(1.0, 12.0)[:, None]
    for level, wanted in ((0.1, 2.0), (0.5, 6.0), (0.9, 10.0)):
        costs = [
            float(pinball(torch.full((11, 1, 1), z), labels, torch.tensor([level]), torch.ones(11, 1)))
            for z in labels[:, 0].tolist()
        ]
        assert 1.0 + min(range(11), key=costs.__getitem__) == wanted


def test_outputs_far_apart_stay_finite() -> None:
    found = ordered_quantiles(torch.tensor([[[-1e4, 1e4, -1e4]]]), bounded=True)
    assert torch.isfinite(found).all()
    assert not math.isnan(float(pinball(found, one, LEVELS, one)))
