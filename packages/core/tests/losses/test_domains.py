"""Goldens of weights of domains, and their gradient through a step of training."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import functional_call

from prmkit.errors import AlignmentError
from prmkit.train.losses import cross_entropy, domain_weights, meta_gradient, outcome_error

seeds = st.integers(0, 2**31 - 1)
WIDE = torch.float64


def test_domain_weights_golden() -> None:
    """softplus(.5, 0, -.5) = .974077, .693147, .474077; mean .713767."""
    found = domain_weights(torch.tensor([0.5, 0.0, -0.5]))
    torch.testing.assert_close(found, torch.tensor([1.364699, 0.971111, 0.664190]))


def test_outcome_error_golden() -> None:
    """p = (.9, .6, .8): mean logit 1.329661, sigmoid .790785; squared distance to 1 = .043771."""
    logit = torch.tensor([[0.9, 0.6, 0.8, 0.5]]).logit()
    counted = torch.tensor([[True, True, True, False]])
    assert float(logit[0, :3].mean()) == pytest.approx(1.329661, abs=1e-6)
    found = outcome_error(logit, counted, torch.ones(1), torch.ones(1))
    assert float(found) == pytest.approx(0.043771, abs=1e-6)
    assert float(found) == pytest.approx((1 - 0.790785) ** 2, abs=1e-6)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_domain_weights_are_positive_with_mean_one(seed: int) -> None:
    torch.manual_seed(seed)
    raw = 5 * torch.randn(6, dtype=WIDE)
    found = domain_weights(raw)
    assert (found > 0).all()
    assert float(found.mean()) == pytest.approx(1)
    assert torch.equal(found.argsort(), raw.argsort())


def task(seed: int) -> tuple[Tensor, dict[str, Tensor], object, object]:
    """A small network of two layers, three domains of step labels, and outcomes as the clean set."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).to(WIDE)
    x, y = torch.randn(3, 5, 3, dtype=WIDE), torch.rand(3, 5, dtype=WIDE)
    steps, outcome = torch.randn(4, 2, 3, dtype=WIDE), torch.rand(4, dtype=WIDE).round()

    def logits(parameters: dict[str, Tensor], given: Tensor) -> Tensor:
        return functional_call(model, dict(parameters), (given,))[..., 0]

    def domains(parameters: dict[str, Tensor]) -> Tensor:
        found = logits(parameters, x)
        every = torch.ones(1, 5, dtype=WIDE)
        return torch.stack([cross_entropy(found[d : d + 1], y[d : d + 1], every) / 5 for d in range(3)])

    def meta(parameters: dict[str, Tensor]) -> Tensor:
        every = torch.ones(4, dtype=WIDE)
        return outcome_error(logits(parameters, steps), torch.ones(4, 2), outcome, every) / 4

    return torch.randn(3, dtype=WIDE), dict(model.named_parameters()), domains, meta


def after_step(raw: Tensor, parameters: dict[str, Tensor], domains, meta, rate: float) -> Tensor:
    """The loss on the clean set after one step, as a graph of ``raw``: the double backward pass."""
    loss = (domain_weights(raw) * domains(parameters)).sum()
    slopes = torch.autograd.grad(loss, list(parameters.values()), create_graph=True)
    return meta({k: p - rate * g for (k, p), g in zip(parameters.items(), slopes, strict=True)})


@given(seeds, st.floats(0.01, 2.0))
@settings(max_examples=15, deadline=None)
def test_meta_gradient_is_the_double_backward_and_the_finite_difference(seed: int, rate: float) -> None:
    raw, parameters, domains, meta = task(seed)
    found, loss = meta_gradient(raw, parameters, domains, meta, rate)
    assert not found.requires_grad
    moving = raw.clone().requires_grad_()
    unrolled = after_step(moving, parameters, domains, meta, rate)
    torch.testing.assert_close(loss, unrolled.detach())
    torch.testing.assert_close(found, torch.autograd.grad(unrolled, moving)[0])
    small = 1e-5
    for d, unit in enumerate(torch.eye(3, dtype=WIDE)):
        up, down = (
            float(after_step(raw + s * small * unit, parameters, domains, meta, rate).detach())
            for s in (1, -1)
        )
        assert float(found[d]) == pytest.approx((up - down) / (2 * small), rel=1e-4, abs=1e-8)


def test_meta_gradient_by_hand() -> None:
    """y = t x at x = 1, t = 0, rate .1: clean (t - 1)^2 and flipped (t + 1)^2 with weights 1 and 1.

    Their slopes are -2 and 2, so the step is 0 and the clean slope after it -2. For the weights:
    -.1 * (-2)(-2) = -.4 and +.4. Raw numbers 0: dw_d/draw_d = (s / p)(1 - 1/2), dw_e/draw_d = -(s / p)/2
    with s = 1/2, p = ln 2, so (-.4, .4) becomes (s / p)(-.4, .4).
    """

    def domains(p: dict[str, Tensor]) -> Tensor:
        return torch.stack([(p["t"] - 1).square(), (p["t"] + 1).square()])

    found, loss = meta_gradient(
        torch.zeros(2), {"t": torch.tensor(0.0)}, domains, lambda p: (p["t"] - 1).square(), 0.1
    )
    scale = 0.5 / torch.tensor(2.0).log()
    torch.testing.assert_close(found, scale * torch.tensor([-0.4, 0.4]))
    assert float(loss) == 1


def test_a_flipped_domain_loses_weight_at_every_update() -> None:
    raw, t = torch.zeros(2), torch.tensor(0.2)
    x = torch.tensor([1.0, -2.0, 0.5])

    def domains(p: dict[str, Tensor]) -> Tensor:
        return torch.stack([(p["t"] * x - x).square().mean(), (p["t"] * x + x).square().mean()])

    def meta(p: dict[str, Tensor]) -> Tensor:
        return (p["t"] * x - x).square().mean()

    seen = [float(domain_weights(raw)[1])]
    for _ in range(30):
        slope, _ = meta_gradient(raw, {"t": t}, domains, meta, 0.05)
        raw = raw - 0.5 * slope
        losses = torch.autograd.grad((domain_weights(raw) * domains({"t": t.requires_grad_()})).sum(), t)
        t = (t - 0.05 * losses[0]).detach()
        seen.append(float(domain_weights(raw)[1]))
    assert all(after < before for before, after in itertools.pairwise(seen))
    assert seen[-1] < 0.5


def test_a_loss_for_every_domain_is_demanded() -> None:
    with pytest.raises(AlignmentError, match="domain_losses"):
        meta_gradient(
            torch.zeros(3), {"t": torch.zeros(())}, lambda p: p["t"] * torch.ones(2), lambda p: p["t"], 1
        )
