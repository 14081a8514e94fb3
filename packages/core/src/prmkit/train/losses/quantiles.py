"""Quantiles: their loss, and the penalty for crossing where they are not ordered by construction."""

from __future__ import annotations

import torch

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum


def pinball(
    quantiles: torch.Tensor,
    labels: torch.Tensor,
    levels: torch.Tensor,
    weights: torch.Tensor,
    *,
    smooth: float = 0.0,
) -> torch.Tensor:
    """Weighted sum over steps of the mean pinball loss of the levels; divide by the sum of the weights.

    Args:
        quantiles: Predicted quantiles.
        labels: What came true.
        levels: Level of each quantile, in (0, 1).
        weights: Weights of the steps.
        smooth: Width around 0 in which the loss is a parabola (Huber); 0 for none.

    Shapes:
        quantiles: (B, K, Q). labels, weights: (B, K). levels: (Q,). result: ().

    Source:
        ``max(t e, (t - 1) e)`` with e = label - quantile; mean over levels as in arXiv 2103.00083 and
        2506.09338; the parabola as in the first.

    Examples:
        >>> z, levels = torch.tensor([[[0.4, 0.3, 0.8]]]), torch.tensor([0.1, 0.5, 0.9])
        >>> round(float(pinball(z, torch.tensor([[0.35]]), levels, torch.ones(1, 1))) * 3, 4)
        0.115
    """
    sizes = expect(weights, "B K", expect(labels, "B K", expect(quantiles, "B K Q")))
    expect(levels, "Q", sizes, name="levels")
    counted = weights > 0
    kept = clean(quantiles, counted[..., None].expand_as(quantiles))
    error = clean(labels, counted)[..., None] - kept
    size = error.abs()
    if smooth > 0:
        size = torch.where(size < smooth, error.square() / (2 * smooth), size - smooth / 2)
    share = torch.where(error >= 0, levels, 1 - levels)
    return weighted_sum((share * size).mean(-1), weights)


def crossing_penalty(
    quantiles: torch.Tensor, weights: torch.Tensor, gaps: torch.Tensor | float = 0.0
) -> torch.Tensor:
    """Weighted sum over steps of the mean, over pairs of levels, of how far the lower lies above the upper.

    Divide by the sum of the weights; 0 for ordered quantiles.

    Args:
        quantiles: Predicted quantiles, lowest level first.
        weights: Weights of the steps.
        gaps: Distance that two levels must keep: one for every pair, or a place for each level, of
            which a pair keeps the difference.

    Shapes:
        quantiles: (B, K, Q), Q above 1. weights: (B, K). gaps: (Q,) or a number. result: ().

    Source:
        Margin loss of arXiv 2103.00083.

    Examples:
        >>> z = torch.tensor([[[0.5, 0.25, 0.75]]])
        >>> round(float(crossing_penalty(z, torch.ones(1, 1))) * 3, 4)
        0.25
    """
    count = expect(weights, "B K", expect(quantiles, "B K Q"))["Q"]
    counted = (weights > 0)[..., None].expand_as(quantiles)
    kept = clean(quantiles, counted)
    lower, upper = torch.triu_indices(count, count, 1, device=kept.device)
    if isinstance(gaps, torch.Tensor):
        expect(gaps, "Q", {"Q": count}, name="gaps")
        gaps = (gaps[upper] - gaps[lower]).clamp(min=0.0)
    return weighted_sum((kept[..., lower] - kept[..., upper] + gaps).relu().mean(-1), weights)
