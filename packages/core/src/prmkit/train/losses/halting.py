"""When to stop: the distribution of the exit, its loss, and the rule that takes it.

A stage is a layer of the model, a step, or a round of verification.
"""

from __future__ import annotations

import torch

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum


def halting(lambdas: torch.Tensor, present: torch.Tensor | None = None, *, rest: bool = True) -> torch.Tensor:
    """Probability of stopping at each stage: ``lambda`` there, times not having stopped before.

    Args:
        lambdas: Probability of stopping at a stage once it is reached.
        present: Stages that exist; the others get 0. None for all.
        rest: The last stage takes all that is left, so that the row sums to 1.

    Shapes:
        lambdas, present: (B, L). result: (B, L).

    Source:
        PonderNet (arXiv 2107.05407) and PALBERT (arXiv 2204.03276); ``rest`` in training.

    Examples:
        >>> lambdas = torch.tensor([[0.1, 0.3, 0.5, 0.9]])
        >>> halting(lambdas)
        tensor([[0.1000, 0.2700, 0.3150, 0.3150]])
        >>> halting(lambdas, rest=False)
        tensor([[0.1000, 0.2700, 0.3150, 0.2835]])
    """
    sizes = expect(lambdas, "B L")
    present = torch.ones_like(lambdas, dtype=torch.bool) if present is None else present.bool()
    expect(present, "B L", sizes, name="present")
    stop = clean(lambdas, present)
    on = torch.cat([torch.ones_like(stop[:, :1]), (1 - stop[:, :-1])], 1).cumprod(1)
    if rest:
        stop = torch.where(_last(present), torch.ones_like(stop), stop)
    return stop * on


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


def quantile_exit(
    exits: torch.Tensor, present: torch.Tensor | None = None, *, q: float = 0.5
) -> torch.Tensor:
    """First stage, 0-based, by which the model stops with a probability above ``q``; else the last one.

    Shapes:
        exits, present: (B, L). result: (B,) long.

    Source:
        Q-exit of PALBERT (arXiv 2204.03276): the median stage instead of a drawn one.

    Examples:
        >>> quantile_exit(torch.tensor([[0.1, 0.27, 0.315, 0.2835]])).tolist()
        [2]
    """
    sizes = expect(exits, "B L")
    present = torch.ones_like(exits, dtype=torch.bool) if present is None else present.bool()
    expect(present, "B L", sizes, name="present")
    reached = clean(exits, present).cumsum(1) > q
    return ((reached & present) | _last(present)).int().argmax(1)


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


def _last(present: torch.Tensor) -> torch.Tensor:
    """Marks the last stage that exists in each row."""
    place = present.cumsum(1)
    return present & (place == place[:, -1:])
