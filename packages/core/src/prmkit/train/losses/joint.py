"""Losses of several parts: steps and trajectory, policy and value, one head for each objective."""

from __future__ import annotations

import torch

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum
from prmkit.train.losses.values import tanh_error


def beside(steps: torch.Tensor, trajectory: torch.Tensor) -> torch.Tensor:
    """Steps and, as one more column, the trajectory they make: each row its own.

    Shapes:
        steps: (B, K). trajectory: (B,). result: (B, K + 1).

    Source:
        Fin-PRM (arXiv 2508.15202): both kinds of mark in one text. Its released collator gives every
        row of a batch the trajectory label of the last one; a column for each row cannot.

    Examples:
        >>> beside(torch.tensor([[1.0, 0.0], [1.0, 1.0]]), torch.tensor([0.0, 1.0])).tolist()
        [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    expect(trajectory, "B", expect(steps, "B K"))
    return torch.cat([steps, trajectory[:, None].to(steps.dtype)], 1)


def joint_weights(
    steps: torch.Tensor,
    trajectory: torch.Tensor,
    *,
    step: float = 1.0,
    whole: float = 1.0,
    average: bool = True,
) -> torch.Tensor:
    """Weights of the columns of ``beside``, for ``cross_entropy`` or ``squared_error``.

    Args:
        steps: Weights of the steps.
        trajectory: Weights of the trajectories.
        step: Share of the steps.
        whole: Share of the trajectory.
        average: Mean over the steps of each row, so that long solutions weigh no more; divide the loss by
            the number of rows. Otherwise every mark weighs alike; divide by the sum of the weights.

    Shapes:
        steps: (B, K). trajectory: (B,). result: (B, K + 1).

    Source:
        ReasonFlux-PRM (arXiv 2506.18896): ``step / T * sum + whole``; Fin-PRM (arXiv 2508.15202): every
        mark alike (``average=False``).

    Examples:
        >>> joint_weights(torch.tensor([[1.0, 1.0, 0.0]]), torch.ones(1), whole=2.0).tolist()
        [[0.5, 0.5, 0.0, 2.0]]
    """
    expect(trajectory, "B", expect(steps, "B K"))
    kept = step * clean(steps, steps > 0)
    if average:
        kept = kept / clean(steps, steps > 0).sum(1, keepdim=True).clamp(min=1e-8)
    return beside(kept, whole * clean(trajectory, trajectory > 0))


def token_cross_entropy(log_probs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of ``-log p`` of the tokens taken; divide by the sum of the weights.

    Shapes:
        log_probs, weights: (B, T). result: ().

    Source:
        Next-token cross-entropy.

    Examples:
        >>> float(token_cross_entropy(torch.tensor([[-0.5, -1.0]]), torch.tensor([[1.0, 0.0]])))
        0.5
    """
    expect(weights, "B T", expect(log_probs, "B T"))
    return weighted_sum(-clean(log_probs, weights > 0), weights)


def policy_and_value(
    log_probs: torch.Tensor,
    tokens: torch.Tensor,
    right: torch.Tensor,
    raw: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor,
    *,
    share: float = 0.1,
    token_total: torch.Tensor | None = None,
    step_total: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy of the tokens of right solutions plus ``share`` times the error of values of all.

    A mean, not a sum: each part is divided by its own weight. With accumulated gradients give both
    totals of the whole update, and the losses of its small batches add up to that of the large one.

    Args:
        log_probs: Log-probability of each token taken.
        tokens: Weights of the tokens; those of wrong solutions do not count.
        right: Whether a solution is right.
        raw: Outputs of the value head before tanh.
        labels: Values in [-1, 1].
        weights: Weights of the steps.
        share: Factor of the value part.
        token_total: Divisor of the first part; None takes this batch's tokens of right solutions.
        step_total: Divisor of the second part; None takes this batch's steps.

    Shapes:
        log_probs, tokens: (B, T). right: (B,). raw, labels, weights: (B, K). totals: (). result: ().

    Source:
        AlphaMath (arXiv 2405.03553); share 0.1 is from memory of the paper. The release adds 1e-3 to
        the number of steps, here the number is exact.

    Examples:
        >>> one = torch.ones(1, 1)
        >>> raw = torch.tensor([[0.5]]).atanh()
        >>> loss = policy_and_value(torch.tensor([[-0.7]]), one, torch.tensor([True]), raw, one, one)
        >>> round(float(loss), 6)
        0.725
    """
    sizes = expect(right, "B", expect(tokens, "B T", expect(log_probs, "B T")))
    expect(weights, "B K", expect(labels, "B K", expect(raw, "B K", sizes)))
    taught = clean(tokens, (tokens > 0) & right.bool()[:, None])
    if token_total is None:
        token_total = taught.sum()
    if step_total is None:
        step_total = clean(weights, weights > 0).sum()
    policy = token_cross_entropy(log_probs, taught) / token_total.clamp(min=1e-8)
    return policy + share * tanh_error(raw, labels, weights) / step_total.clamp(min=1e-8)


def routed(values: torch.Tensor, objective: torch.Tensor) -> torch.Tensor:
    """Each item's value from the head of its own objective; the other heads get no gradient.

    Shapes:
        values: (H, P). objective: (P,) long. result: (P,).

    Source:
        MAH-DPO (arXiv 2510.01167): policy and reference are both read at that head.

    Examples:
        >>> routed(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1, 0])).tolist()
        [3.0, 2.0]
    """
    expect(objective, "P", expect(values, "H P"))
    return values.gather(0, objective[None])[0]


def by_objective(
    objective: torch.Tensor, weights: torch.Tensor, heads: int, totals: torch.Tensor | None = None
) -> torch.Tensor:
    """Weights that make a sum the mean over the objectives present of each one's mean; divide by nothing.

    Args:
        objective: Objective of each item.
        weights: Weights of the items.
        heads: Number of objectives.
        totals: Weight of each objective in the whole update, for gradients accumulated over small
            batches; None takes this batch's.

    Shapes:
        objective, weights: (P,). totals: (H,). result: (P,), summing to 1 over an update.

    Source:
        MAH-DPO (arXiv 2510.01167), as released: an objective without items is left out of the mean.

    Examples:
        >>> by_objective(torch.tensor([0, 0, 2]), torch.ones(3), 3).tolist()
        [0.25, 0.25, 0.5]
    """
    expect(weights, "P", expect(objective, "P"))
    kept = clean(weights, weights > 0)
    if totals is None:
        totals = torch.zeros(heads, dtype=kept.dtype, device=kept.device).index_add(0, objective, kept)
    expect(totals, "H", {"H": heads}, name="totals")
    return kept / totals[objective].clamp(min=1e-8) / (totals > 0).sum().clamp(min=1)
