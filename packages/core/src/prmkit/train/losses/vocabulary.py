"""Rewards of every next token at once: only the one that was taken is known."""

from __future__ import annotations

import math

import torch

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean
from prmkit.train.losses.values import squared_error


def taken_error(
    rewards: torch.Tensor, tokens: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Weighted sum of squared errors at the tokens taken; all other tokens get no gradient.

    Divide by the sum of the weights.

    Args:
        rewards: Predicted reward of every token as the next one.
        tokens: The next token of each prefix; any number where the weight is 0.
        labels: Reward of the prefix with that token.
        weights: Weights of the prefixes.

    Shapes:
        rewards: (B, T, V). tokens, labels, weights: (B, T). result: ().

    Source:
        Partial supervision of Saffron-1 (arXiv 2506.06444).

    Examples:
        >>> rewards, half = torch.tensor([[[0.25, 9.0]]]), torch.tensor([[0.5]])
        >>> float(taken_error(rewards, torch.tensor([[0]]), half, torch.ones(1, 1)))
        0.0625
    """
    sizes = expect(labels, "B T", expect(tokens, "B T", expect(rewards, "B T V")))
    expect(weights, "B T", sizes, name="weights")
    safe = torch.where(weights > 0, tokens, torch.zeros_like(tokens))
    return squared_error(rewards.gather(-1, safe[..., None])[..., 0], labels, weights)


def seen_tokens(tokens: torch.Tensor, counted: torch.Tensor, size: int) -> torch.Tensor:
    """Which tokens of a vocabulary were ever a target; combine batches with ``|``.

    Shapes:
        tokens, counted: (B, T). result: (V,) bool, V = ``size``.

    Source:
        Saffron-1 (arXiv 2506.06444), conservative exploration.

    Examples:
        >>> seen_tokens(torch.tensor([[2, 0, 9]]), torch.tensor([[True, True, False]]), 4).tolist()
        [True, False, True, False]
    """
    expect(counted, "B T", expect(tokens, "B T"))
    seen = torch.zeros(size, dtype=torch.bool, device=tokens.device)
    seen[tokens[counted.bool()]] = True
    return seen


def conservative(rewards: torch.Tensor, seen: torch.Tensor, floor: float = -math.inf) -> torch.Tensor:
    """Rewards with ``floor`` at every token that was never a target: its output was never taught.

    Shapes:
        rewards: (..., V). seen: (V,). result: (..., V).

    Source:
        Saffron-1 (arXiv 2506.06444); the release writes -1024 for minus infinity.

    Examples:
        >>> seen = torch.tensor([True, True, False, True])
        >>> int(conservative(torch.tensor([1.0, 2.0, 9.9, 0.0]), seen).argmax())
        1
    """
    expect(rewards.reshape(-1, rewards.shape[-1]), "N V", expect(seen, "V"), name="rewards")
    allowed = seen.bool().expand_as(rewards)
    return clean(rewards, allowed, fill=floor)
