"""Action values of a language model: its logits are advantages, a head adds the value of the state."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean
from prmkit.train.losses.values import squared_error


def advantages(logits: torch.Tensor, alpha: float = 1.0) -> torch.Tensor:
    """``alpha * (logit - greatest logit)``: at most 0, and 0 for the likeliest token.

    Shapes:
        logits: (B, T, V). result: (B, T, V).

    Source:
        B-Coder (arXiv 2310.03173).

    Examples:
        >>> advantages(torch.tensor([[[0.5, 2.0]]])).tolist()
        [[[-1.5, 0.0]]]
    """
    expect(logits, "B T V")
    return alpha * (logits - logits.amax(-1, keepdim=True))


def action_values(
    logits: torch.Tensor, tokens: torch.Tensor, value: torch.Tensor, alpha: float = 1.0
) -> torch.Tensor:
    """Value of taking each token: its advantage plus the value of the state.

    The policy ``softmax(Q / alpha)`` is the language model itself.

    Shapes:
        logits: (B, T, V). tokens, value: (B, T). result: (B, T).

    Source:
        B-Coder (arXiv 2310.03173).

    Examples:
        >>> value = torch.tensor([[0.25]])
        >>> action_values(torch.tensor([[[0.5, 2.0]]]), torch.tensor([[0]]), value).tolist()
        [[-1.25]]
    """
    expect(value, "B T", expect(tokens, "B T", expect(logits, "B T V")))
    return advantages(logits, alpha).gather(-1, tokens[..., None])[..., 0] + value


def later(values: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """What stands at the next token; 0 where the episode ends, and in the last column.

    Shapes:
        values, ends: (B, T). result: (B, T).

    Source:
        Own rule.

    Examples:
        >>> later(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[False, True, False]])).tolist()
        [[2.0, 0.0, 0.0]]
    """
    expect(ends, "B T", expect(values, "B T"))
    moved = torch.cat([values[:, 1:], torch.zeros_like(values[:, :1])], 1)
    return moved.masked_fill(ends.bool(), 0.0)


def conservative_td(
    logits: torch.Tensor,
    frozen: torch.Tensor,
    value: torch.Tensor,
    tokens: torch.Tensor,
    reward: torch.Tensor,
    ends: torch.Tensor,
    weights: torch.Tensor,
    *,
    alpha: float = 1.0,
    gamma: float = 1.0,
) -> torch.Tensor:
    """Weighted sum of squared TD errors whose next action is the frozen model's choice, not the best one.

    The target ``reward + gamma * Q(next, argmax frozen)`` receives no gradient. Divide by the sum of the
    weights; a token of the last column counts only where it ends the episode, as its next state is unknown.

    Args:
        logits: Next-token logits of the model that is trained.
        frozen: The same of the frozen language model; only its likeliest token is read.
        value: Value of each state.
        tokens: Tokens taken.
        reward: Reward of each token.
        ends: Tokens that end an episode.
        weights: Weights of the tokens.
        alpha: Scale of advantages.
        gamma: Discount.

    Shapes:
        logits, frozen: (B, T, V). value, tokens, reward, ends, weights: (B, T). result: ().

    Source:
        B-Coder (arXiv 2310.03173), eq. 12 with the conservative Bellman operator.

    Examples:
        >>> logits = torch.tensor([[[0.5, 2.0], [1.0, 0.0]]])
        >>> frozen, value = logits.flip(-1), torch.tensor([[0.1, 0.2]])
        >>> tokens, nothing = torch.tensor([[0, 0]]), torch.zeros(1, 2)
        >>> one = torch.tensor([[1.0, 0.0]])
        >>> round(float(conservative_td(logits, frozen, value, tokens, nothing, nothing, one)), 6)
        0.36
    """
    sizes = expect(value, "B T", expect(frozen, "B T V", expect(logits, "B T V")))
    for given in (tokens, reward, ends, weights):
        expect(given, "B T", sizes)
    ends = ends.bool()
    known = ends.clone()
    known[:, :-1] = True
    counted = (weights > 0) & known
    ahead = torch.zeros_like(counted)
    ahead[:, 1:] = (counted & ~ends)[:, :-1]
    read = counted | ahead
    kept, state = clean(logits, read[..., None].expand_as(logits)), clean(value, read)
    taken = action_values(kept, torch.where(counted, tokens, 0), state, alpha)
    chosen = clean(frozen, ahead[..., None].expand_as(frozen)).argmax(-1)
    following = action_values(kept, chosen, state, alpha)
    target = clean(reward, counted) + gamma * later(following, ends)
    return squared_error(taken, target.detach(), clean(weights, counted))


def recovered_reward(
    q: torch.Tensor, value: torch.Tensor, ends: torch.Tensor, gamma: float = 1.0
) -> torch.Tensor:
    """Reward that explains the values, ``Q(s, a) - gamma V(next)``; its sum ranks whole programs.

    Shapes:
        q, value, ends: (B, T). result: (B, T).

    Source:
        B-Coder (arXiv 2310.03173).

    Examples:
        >>> q, value = torch.tensor([[-1.5, 1.0]]), torch.tensor([[0.0, 0.25]])
        >>> recovered_reward(q, value, torch.tensor([[False, True]])).tolist()
        [[-1.75, 1.0]]
    """
    expect(ends, "B T", expect(value, "B T", expect(q, "B T")))
    return q - gamma * later(value, ends)


def capped(value: torch.Tensor, most: float = 1.0) -> torch.Tensor:
    """A value no greater than ``most``, which it reaches at 0: ``most - softabs(value)``.

    Shapes:
        value: any. result: as ``value``.

    Source:
        B-Coder (arXiv 2310.03173), appendix G, with ``- ln 2`` for the printed ``+ ln 2``: as printed
        the greatest value would be ``most - 2 ln 2``, and no state could be worth a passed test.

    Examples:
        >>> capped(torch.tensor([0.0])).tolist()
        [1.0]
    """
    soft = (functional.softplus(value) + functional.softplus(-value)) / 2 - math.log(2)
    return most - soft.clamp(min=0.0)
