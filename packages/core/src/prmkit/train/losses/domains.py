"""Which domains to learn from: weights of domains, taught by a clean set through one step of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch.func import grad_and_value, vjp
from torch.nn import functional

from prmkit.tensors import expect, masked_mean
from prmkit.train.losses.values import squared_error

Parameters = Mapping[str, torch.Tensor]


def domain_weights(raw: torch.Tensor) -> torch.Tensor:
    """Free numbers to positive weights of mean 1.

    Shapes:
        raw: (M,), one number a domain. result: (M,).

    Source:
        DreamPRM (arXiv 2505.20241): softplus over its mean.

    Examples:
        >>> domain_weights(torch.tensor([0.5, 0.0, -0.5]))
        tensor([1.3647, 0.9711, 0.6642])
    """
    expect(raw, "M")
    positive = functional.softplus(raw)
    return positive / positive.mean()


def outcome_error(
    logit: torch.Tensor, counted: torch.Tensor, outcome: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Weighted sum of squared errors of whole solutions; divide by the sum of the weights.

    A solution's score is the sigmoid of the mean of its steps' logits.

    Shapes:
        logit, counted: (B, K). outcome, weights: (B,). result: ().

    Source:
        DreamPRM (arXiv 2505.20241), the upper level.

    Examples:
        >>> logit, every = torch.tensor([[0.9, 0.6, 0.8]]).logit(), torch.ones(1, 3).bool()
        >>> round(float(outcome_error(logit, every, torch.ones(1), torch.ones(1))), 6)
        0.043771
    """
    sizes = expect(counted, "B K", expect(logit, "B K"))
    expect(weights, "B", expect(outcome, "B", sizes))
    mean = masked_mean(logit, counted.bool() & (weights > 0)[:, None], 1)
    return squared_error(mean.sigmoid()[:, None], outcome[:, None], weights[:, None])


def meta_gradient(
    raw: torch.Tensor,
    parameters: Parameters,
    domain_losses: Callable[[Parameters], torch.Tensor],
    meta_loss: Callable[[Parameters], torch.Tensor],
    rate: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradient of the loss on a clean set with respect to ``raw``, through one step of plain SGD.

    The step is ``t' = t - rate * sum_d w_d grad L_d(t)``, so ``d meta(t') / d w_d`` is
    ``-rate * grad meta(t') . grad L_d(t)``: first derivatives only, and no graph of the step is kept.

    Args:
        raw: Free numbers of ``domain_weights``.
        parameters: What is trained, by name.
        domain_losses: Parameters to the mean loss of each domain.
        meta_loss: Parameters to the loss on the clean set.
        rate: Learning rate of the step.

    Returns:
        The gradient, and the loss on the clean set after the step.

    Shapes:
        raw: (M,). result of ``domain_losses``: (M,), of ``meta_loss``: (). results: (M,) and ().

    Source:
        DreamPRM (arXiv 2505.20241): one unrolled step of bi-level optimisation. The release goes through
        a library; here the sum stands by itself.

    Examples:
        >>> clean_and_flipped = lambda p: torch.stack([(p["t"] - 1).square(), (p["t"] + 1).square()])
        >>> start, meta = {"t": torch.tensor(0.0)}, lambda p: (p["t"] - 1).square()
        >>> slope, _ = meta_gradient(torch.zeros(2), start, clean_and_flipped, meta, 0.1)
        >>> bool(slope[0] < 0 < slope[1])  # going down this slope raises the clean domain
        True
    """
    sizes = expect(raw, "M")
    weights, back_to_raw = vjp(domain_weights, raw.detach())
    start = {name: value.detach() for name, value in parameters.items()}
    losses, pull = vjp(domain_losses, start)
    expect(losses, "M", sizes, name="domain_losses")
    (step,) = pull(weights.to(losses.dtype))
    stepped = {name: value - rate * step[name] for name, value in start.items()}
    slope, loss = grad_and_value(meta_loss)(stepped)
    alike = []
    for one in torch.eye(len(losses), dtype=losses.dtype, device=losses.device):
        (own,) = pull(one)
        alike.append(sum((own[name] * slope[name]).sum() for name in stepped))
    (result,) = back_to_raw(-rate * torch.stack(alike).to(weights.dtype))
    return result, loss
