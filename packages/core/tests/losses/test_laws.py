"""Laws that hold for every loss that is a weighted sum, each checked for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from prmkit.errors import AlignmentError
from prmkit.train import losses as L

Inputs = dict[str, Tensor]
WIDE = torch.float64


@dataclass(frozen=True)
class Draw:
    """Random inputs; the first axis is the row."""

    rows: int
    source: torch.Generator

    def real(self, *shape: int) -> Tensor:
        return torch.randn(self.rows, *shape, generator=self.source, dtype=WIDE)

    def unit(self, *shape: int) -> Tensor:
        return torch.rand(self.rows, *shape, generator=self.source, dtype=WIDE)

    def flags(self, *shape: int) -> Tensor:
        return self.unit(*shape) > 0.4

    def weights(self, *shape: int) -> Tensor:
        return self.unit(*shape) * self.flags(*shape)

    def choice(self, below: int, *shape: int) -> Tensor:
        return torch.randint(below, (self.rows, *shape), generator=self.source)


def without_weight(given: Inputs) -> Tensor:
    return given["weights"] == 0


@dataclass(frozen=True)
class Case:
    draw: Callable[[Draw], Inputs]
    loss: Callable[..., Tensor]
    learn: tuple[str, ...]
    """Inputs that receive a gradient."""
    free: Callable[[Inputs], Tensor] = without_weight
    """Entries that must not matter."""
    stops: bool = False
    """The loss stops a gradient, so finite differences do not apply; its own test says what does."""


def absent(given: Inputs) -> Tensor:
    ranked = L.mixed(given["positive"], given["present"]) & (given["weights"] > 0)
    return ~given["present"] | ~ranked[:, None]


def unread(given: Inputs) -> Tensor:
    """Tokens that neither count nor follow one that does."""
    counted = given["weights"] > 0
    counted[:, -1] &= given["ends"][:, -1]
    read = counted.clone()
    read[:, 1:] |= (counted & ~given["ends"])[:, :-1]
    return ~read


def halted(given: Inputs) -> Tensor:
    return (given["prior"] == 0) | (given["weights"] == 0)[:, None]


def ponder_inputs(d: Draw) -> Inputs:
    present = torch.arange(4) < 1 + d.choice(4)[:, None]
    return {
        "losses": d.unit(4),
        "exits": L.halting(d.real(4).sigmoid(), present),
        "prior": L.geometric_prior(present).to(WIDE),
        "weights": d.weights(),
    }


def implicit(policy: Tensor, reference: Tensor, tokens: Tensor, label: Tensor, weights: Tensor) -> Tensor:
    reward = L.sequence_reward(policy, reference, tokens, beta=0.5)
    return L.cross_entropy(reward[:, None], label[:, None], weights[:, None])


def dpo(values: Tensor, objective: Tensor, weights: Tensor) -> Tensor:
    return L.bradley_terry(L.routed(values[:, 0].T, objective), L.routed(values[:, 1].T, objective), weights)


def step_inputs(name: str, soft: bool = True) -> Callable[[Draw], Inputs]:
    return lambda d: {
        name: d.real(3),
        "labels": d.unit(3) if soft else d.real(3).tanh(),
        "weights": d.weights(3),
    }


LEVELS = torch.tensor([0.1, 0.5, 0.9], dtype=WIDE)
HEAD = torch.tensor([0.5, -1.0, 0.3], dtype=WIDE)
CASES = {
    "cross_entropy": Case(step_inputs("logit"), L.cross_entropy, ("logit",)),
    "squared_error": Case(step_inputs("value", soft=False), L.squared_error, ("value",)),
    "tanh_error": Case(step_inputs("raw", soft=False), L.tanh_error, ("raw",)),
    "class_cross_entropy": Case(
        lambda d: {"logits": d.real(3, 4), "targets": d.real(3, 4).softmax(-1), "weights": d.weights(3)},
        L.class_cross_entropy,
        ("logits",),
    ),
    "bradley_terry": Case(
        lambda d: {"chosen": d.real(), "rejected": d.real(), "weights": d.weights(), "margin": d.unit()},
        L.bradley_terry,
        ("chosen", "rejected"),
    ),
    "multi-head dpo": Case(
        lambda d: {"values": d.real(2, 3), "objective": d.choice(3), "weights": d.weights()},
        dpo,
        ("values",),
    ),
    "nca": Case(
        lambda d: {"chosen": d.real(), "rejected": d.real(), "weights": d.weights()},
        L.nca,
        ("chosen", "rejected"),
    ),
    "listwise": Case(
        lambda d: {
            "scores": d.real(5),
            "positive": d.flags(5),
            "present": d.flags(5),
            "weights": d.weights(),
        },
        L.listwise,
        ("scores",),
        free=absent,
    ),
    "kto": Case(
        lambda d: {"reward": d.real(), "desirable": d.flags(), "weights": d.weights()},
        lambda reward, desirable, weights: L.kto(
            reward, desirable, torch.tensor(0.2, dtype=WIDE), weights, gain=1.5, loss=0.5
        ),
        ("reward",),
    ),
    "implicit": Case(
        lambda d: {
            "policy": d.real(4),
            "reference": d.real(4),
            "tokens": d.flags(4),
            "label": d.unit(),
            "weights": d.weights(),
        },
        implicit,
        ("policy",),
        free=lambda given: ~given["tokens"] | (given["weights"] == 0)[:, None],
    ),
    "conservative_td": Case(
        lambda d: {
            "logits": d.real(4, 3),
            "frozen": d.real(4, 3),
            "value": d.real(4),
            "tokens": d.choice(3, 4),
            "reward": d.real(4),
            "ends": d.flags(4),
            "weights": d.weights(4),
        },
        L.conservative_td,
        ("logits", "value"),
        free=unread,
        stops=True,
    ),
    "taken_error": Case(
        lambda d: {
            "rewards": d.real(4, 3),
            "tokens": d.choice(3, 4),
            "labels": d.real(4),
            "weights": d.weights(4),
        },
        L.taken_error,
        ("rewards",),
    ),
    "pinball": Case(
        lambda d: {"quantiles": d.real(2, 3), "labels": d.real(2), "weights": d.weights(2)},
        lambda quantiles, labels, weights: L.pinball(quantiles, labels, LEVELS, weights),
        ("quantiles",),
    ),
    "smooth pinball": Case(
        lambda d: {"quantiles": d.real(2, 3), "labels": d.real(2), "weights": d.weights(2)},
        lambda quantiles, labels, weights: L.pinball(quantiles, labels, LEVELS, weights, smooth=0.5),
        ("quantiles",),
    ),
    "crossing_penalty": Case(
        lambda d: {"quantiles": d.real(2, 3), "weights": d.weights(2)},
        lambda quantiles, weights: L.crossing_penalty(quantiles, weights, LEVELS),
        ("quantiles",),
    ),
    "ponder": Case(ponder_inputs, L.ponder, ("losses", "exits"), free=halted),
    "rank_penalty": Case(
        lambda d: {
            "features": d.real(3),
            "following": d.real(3),
            "reward": 3 * d.real(),
            "weights": d.weights(),
        },
        lambda features, following, reward, weights: L.rank_penalty(
            features, following, reward, HEAD, weights
        ),
        ("features",),
        stops=True,
    ),
    "outcome_error": Case(
        lambda d: {
            "logit": d.real(3),
            "counted": d.flags(3),
            "outcome": d.unit(),
            "weights": d.weights(),
        },
        L.outcome_error,
        ("logit",),
        free=lambda given: ~given["counted"] | (given["weights"] == 0)[:, None],
    ),
    "token_cross_entropy": Case(
        lambda d: {"log_probs": -d.unit(3), "weights": d.weights(3)}, L.token_cross_entropy, ("log_probs",)
    ),
    "joint": Case(
        lambda d: (
            {"steps": d.real(3), "whole": d.real(), "labels": d.unit(3), "label": d.unit()}
            | {"weights": d.weights(3), "weight": d.weights()}
        ),
        lambda steps, whole, labels, label, weights, weight: L.cross_entropy(
            L.beside(steps, whole), L.beside(labels, label), L.joint_weights(weights, weight, average=False)
        ),
        ("steps", "whole"),
    ),
}
every_loss = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
seeds = st.integers(0, 2**31 - 1)
some = settings(max_examples=15, deadline=None)


def inputs(case: Case, seed: int, rows: int = 3) -> Inputs:
    return case.draw(Draw(rows, torch.Generator().manual_seed(seed)))


def slopes(case: Case, drawn: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
    ready = {name: value.detach().clone().requires_grad_(name in case.learn) for name, value in drawn.items()}
    loss = case.loss(**ready)
    found = torch.autograd.grad(loss, [ready[name] for name in case.learn], allow_unused=True)
    return loss.detach(), {
        name: torch.zeros_like(ready[name]) if slope is None else slope
        for name, slope in zip(case.learn, found, strict=True)
    }


@every_loss
@given(seeds)
@some
def test_rows_add_up_in_any_order(case: Case, seed: int) -> None:
    """So gradients accumulated over small batches are those of one large batch."""
    drawn = inputs(case, seed, 4)
    single = [case.loss(**{name: value[i : i + 1] for name, value in drawn.items()}) for i in (2, 0, 3, 1)]
    torch.testing.assert_close(case.loss(**drawn), torch.stack(single).sum())


@every_loss
@given(seeds, st.floats(0.01, 100))
@some
def test_weights_scale_the_loss(case: Case, seed: int, factor: float) -> None:
    drawn = inputs(case, seed)
    scaled = {name: value * factor if name.startswith("weight") else value for name, value in drawn.items()}
    torch.testing.assert_close(case.loss(**scaled), case.loss(**drawn) * factor)


@every_loss
@given(seeds)
@some
def test_entries_without_weight_do_not_matter(case: Case, seed: int) -> None:
    """NaN there reaches neither the value nor a gradient."""
    drawn = inputs(case, seed)
    free = case.free(drawn)
    fixed = {"weights", "weight", "prior"}
    spoilt = {
        name: torch.where(
            free.reshape(free.shape + (1,) * (value.dim() - free.dim())),
            torch.full_like(value, torch.nan),
            value,
        )
        if value.is_floating_point() and name not in fixed and value.dim() >= free.dim()
        else value
        for name, value in drawn.items()
    }
    loss, found = slopes(case, drawn)
    other, same = slopes(case, spoilt)
    torch.testing.assert_close(other, loss)
    for name, slope in same.items():
        torch.testing.assert_close(slope, found[name])
        assert slope.dim() < free.dim() or (slope[free] == 0).all()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.stops])
@given(seeds)
@settings(max_examples=5, deadline=None)
def test_gradients_are_finite_differences(name: str, seed: int) -> None:
    case = CASES[name]
    drawn = inputs(case, seed, 2)

    def loss(*learned: Tensor) -> Tensor:
        return case.loss(**(drawn | dict(zip(case.learn, learned, strict=True))))

    assert torch.autograd.gradcheck(loss, [drawn[name].detach().requires_grad_() for name in case.learn])


@every_loss
def test_half_precision_is_summed_in_full(case: Case) -> None:
    drawn = {
        name: value.to(torch.bfloat16) if value.is_floating_point() else value
        for name, value in inputs(case, 1).items()
    }
    assert case.loss(**drawn).dtype in {torch.float32, WIDE}


@every_loss
def test_no_weight_is_no_loss(case: Case) -> None:
    drawn = inputs(case, 2)
    none = {name: value * 0 if name.startswith("weight") else value for name, value in drawn.items()}
    loss, found = slopes(case, none)
    assert loss == 0
    assert all((slope == 0).all() for slope in found.values())


@every_loss
def test_another_shape_is_refused(case: Case) -> None:
    drawn = inputs(case, 3)
    with pytest.raises(AlignmentError):
        case.loss(**(drawn | {"weights": drawn["weights"][:-1]}))
