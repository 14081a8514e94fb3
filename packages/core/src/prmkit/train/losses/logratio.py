"""Losses of implicit rewards: how much likelier a model makes an answer than its reference does.

The reward of ``sequence_reward`` goes into ``cross_entropy`` (implicit PRM with CE; PRIME), into
``bradley_terry`` (DPO, step-DPO), into ``nca``, or into ``kto`` below.
"""

from __future__ import annotations

import torch

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum


def sequence_reward(
    policy: torch.Tensor,
    reference: torch.Tensor,
    counted: torch.Tensor,
    *,
    beta: float = 0.05,
    average: bool = False,
) -> torch.Tensor:
    """``beta`` times the sum (or mean) over the counted tokens of log policy - log reference.

    Args:
        policy: Log-probability of each token under the model that is trained.
        reference: The same under the frozen reference.
        counted: The tokens of the answer, or of one step.
        beta: Scale of the reward.
        average: Take the mean, so that long answers are not rated by their length.

    Shapes:
        policy, reference, counted: (B, T). result: (B,).

    Source:
        arXiv 2412.01981 (beta 0.05); the mean for actions of unequal length as in
        arXiv 2409.09345 (from memory, so the sum is the default).

    Examples:
        >>> ratios = torch.tensor([[0.2, 0.1, -0.3, 0.4, -0.1, 0.5]])
        >>> round(float(sequence_reward(ratios, torch.zeros(1, 6), torch.ones(1, 6).bool())), 6)
        0.04
    """
    expect(counted, "B T", expect(reference, "B T", expect(policy, "B T")))
    counted = counted.bool()
    total = beta * (clean(policy, counted) - clean(reference, counted)).sum(1)
    return total / counted.sum(1).clamp(min=1) if average else total


def kto_baseline(mismatched: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Reference point of ``kto``: the mean reward of answers to other problems, at least 0, without gradient.

    It belongs to a whole update: with accumulated gradients, give all its small batches one baseline.

    Shapes:
        mismatched, weights: (B,). result: ().

    Source:
        KTO (arXiv 2402.01306), the estimate of the KL term, times beta as the rewards are.

    Examples:
        >>> float(kto_baseline(torch.tensor([0.5, -0.25]), torch.ones(2)))
        0.125
    """
    expect(weights, "B", expect(mismatched, "B"))
    total = clean(weights, weights > 0).sum().clamp(min=1e-8)
    return (weighted_sum(mismatched, weights) / total).clamp(min=0.0).detach()


def kto(
    reward: torch.Tensor,
    desirable: torch.Tensor,
    baseline: torch.Tensor,
    weights: torch.Tensor,
    *,
    gain: float = 1.0,
    loss: float = 1.0,
) -> torch.Tensor:
    """Weighted sum of the prospect losses of unpaired answers; divide by the sum of the weights.

    A desirable answer costs ``gain * (1 - sigmoid(reward - baseline))``, an undesirable one
    ``loss * (1 - sigmoid(baseline - reward))``. The baseline receives no gradient.

    Shapes:
        reward, desirable, weights: (B,). baseline: (). result: ().

    Source:
        KTO (arXiv 2402.01306); on outcome labels: arXiv 2412.01981.

    Examples:
        >>> every = torch.ones(1)
        >>> round(float(kto(torch.tensor([0.5]), every.bool(), torch.tensor(0.2), every)), 6)
        0.425557
    """
    expect(weights, "B", expect(desirable, "B", expect(reward, "B")))
    kept = clean(reward, weights > 0)
    share = torch.where(desirable.bool(), gain, loss).to(kept.dtype)
    lead = torch.where(desirable.bool(), kept - baseline.detach(), baseline.detach() - kept)
    return weighted_sum(share * (1 - lead.sigmoid()), weights)
