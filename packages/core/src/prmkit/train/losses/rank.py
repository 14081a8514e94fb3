"""Regularisers of a value head's features."""

from __future__ import annotations

import torch
from torch.nn import functional

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum

SMALL = 1e-8


def cosine_bound(
    features: torch.Tensor,
    following: torch.Tensor,
    target: torch.Tensor,
    reward: torch.Tensor,
    head: torch.Tensor,
    gamma: float = 0.99,
) -> torch.Tensor:
    """Greatest cosine of a state's features and the next one's that the Bellman equation allows.

    Shapes:
        features, following, target: (N, D). reward: (N,). head: (D,). result: (N,).

    Source:
        BEER (ICLR 2024): ``(|f|^2 + g^2 |f'|^2 - r^2 / |w|^2) / (2 g |f| |f'|)``, from
        r = w . (f - g f') and Cauchy-Schwarz; as released, the numerator's f' are the features of the
        trained network and the denominator's those of the target network.

    Examples:
        >>> state, after = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 1.0]])
        >>> bound = cosine_bound(state, after, after, torch.tensor([0.5]), torch.ones(2))
        >>> round(float(bound), 6)
        0.987424
    """
    sizes = expect(target, "N D", expect(following, "N D", expect(features, "N D")))
    expect(head, "D", expect(reward, "N", sizes))
    square = features.square().sum(-1) + gamma**2 * following.square().sum(-1)
    square = square - reward.square() / head.square().sum().clamp(min=SMALL)
    return square / (2 * gamma * features.norm(dim=-1) * target.norm(dim=-1)).clamp(min=SMALL)


def rank_penalty(
    features: torch.Tensor,
    following: torch.Tensor,
    reward: torch.Tensor,
    head: torch.Tensor,
    weights: torch.Tensor,
    *,
    target: torch.Tensor | None = None,
    gamma: float = 0.99,
) -> torch.Tensor:
    """Weighted sum of how far features are more alike than the Bellman equation allows.

    Only ``features`` receive a gradient. Divide by the sum of the weights and add it to the value's
    loss with a small factor (1e-3). A transition with a zero vector has no angle and costs nothing.

    Args:
        features: Inputs of the last layer for each state.
        following: The same for the next state.
        reward: Reward between the two.
        head: Weights of the last layer.
        weights: Weights of the transitions.
        target: Features of the next state under the target network; None takes ``following``.
        gamma: Discount.

    Shapes:
        features, following, target: (N, D). reward, weights: (N,). head: (D,). result: ().

    Source:
        BEER (ICLR 2024), the penalty ``relu(cos(f, f') - bound)`` with a bound without gradient.

    Examples:
        >>> state, after = torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 0.3]])
        >>> penalty = rank_penalty(state, after, torch.tensor([3.0]), torch.ones(2), torch.ones(1))
        >>> round(float(penalty), 6)
        0.088932
    """
    target = following if target is None else target
    sizes = expect(target, "N D", expect(following, "N D", expect(features, "N D")))
    expect(head, "D", expect(weights, "N", expect(reward, "N", sizes)))
    counted = weights > 0
    wide = counted[:, None].expand_as(features)
    now, after, aim = clean(features, wide), clean(following, wide).detach(), clean(target, wide).detach()
    counted = counted & (now.norm(dim=-1) > SMALL) & (aim.norm(dim=-1) > SMALL)
    bound = cosine_bound(now, after, aim, clean(reward, counted), head, gamma).detach()
    alike = functional.cosine_similarity(now, aim, dim=-1)
    return weighted_sum((alike - bound).relu(), clean(weights, counted))
