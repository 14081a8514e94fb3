"""When to stop: the loss of the exit's distribution, which ``prmkit.model.exits`` makes and reads.

A stage is a layer of the model, a step, or a round of verification.
"""

from __future__ import annotations

import torch

from prmkit.model.exits import halting
from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum


def geometric_prior(present: torch.Tensor, rate: float = 0.1) -> torch.Tensor:
    """Exit distribution of a constant ``rate``, cut at the last stage, which takes the rest.

    Shapes:
        present: (B, L) bool. result: (B, L).

    Source:
        PonderNet (arXiv 2107.05407) and PALBERT (arXiv 2204.03276); rate 0.1.

    Examples:
        >>> geometric_prior(torch.ones(1, 4).bool())
        tensor([[0.1000, 0.0900, 0.0810, 0.7290]])
    """
    expect(present, "B L")
    return halting(torch.full(present.shape, rate, device=present.device), present)


def ponder(
    losses: torch.Tensor,
    exits: torch.Tensor,
    prior: torch.Tensor,
    weights: torch.Tensor,
    *,
    beta: float = 0.5,
) -> torch.Tensor:
    """Weighted sum over rows of the expected loss at the exit plus ``beta`` KL(prior || exits).

    Divide by the sum of the weights. Stages to which the prior gives 0 do not count. An exit
    probability that has underflowed to 0 costs much, but not infinity.

    Shapes:
        losses: (B, L), of each stage. exits, prior: (B, L), distributions. weights: (B,). result: ().

    Source:
        PALBERT (arXiv 2204.03276) as released, which turns the KL of PonderNet (arXiv 2107.05407) round;
        beta 0.5.

    Examples:
        >>> exits, prior = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.5, 0.5]])
        >>> float(ponder(torch.tensor([[1.0, 2.0]]), exits, prior, torch.ones(1)))
        1.5
    """
    sizes = expect(prior, "B L", expect(exits, "B L", expect(losses, "B L")))
    expect(weights, "B", sizes, name="weights")
    counted = (prior > 0) & (weights > 0)[:, None]
    p, kept = clean(exits, counted, fill=1.0), clean(prior, counted, fill=1.0)
    apart = kept * (kept.log() - p.clamp(min=torch.finfo(p.dtype).tiny).log())
    expected = clean(exits, counted) * clean(losses, counted)
    return weighted_sum((expected + beta * clean(apart, counted)).sum(1), weights)
