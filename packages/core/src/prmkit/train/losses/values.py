"""Losses of values: how far a solution has come, or what it is worth."""

from __future__ import annotations

import torch

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum


def squared_error(value: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of squared errors, for labels of kind value or progress; divide by the sum of the weights.

    Shapes:
        value, labels, weights: (B, K). result: ().

    Source:
        Regression of value labels, as in AlphaMath and ReST-MCTS*.

    Examples:
        >>> float(squared_error(torch.tensor([[1.0]]), torch.tensor([[-1.0]]), torch.ones(1, 1)))
        4.0
    """
    expect(weights, "B K", expect(labels, "B K", expect(value, "B K")))
    counted = weights > 0
    return weighted_sum((clean(value, counted) - clean(labels, counted)).square(), weights)


def tanh_error(raw: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """``squared_error`` of ``tanh(raw)``, for labels in [-1, 1]; divide by the sum of the weights.

    Shapes:
        raw, labels, weights: (B, K). result: ().

    Source:
        AlphaMath (arXiv 2405.03553): a linear output under tanh, read at the end of each step.

    Examples:
        >>> float(tanh_error(torch.tensor([[0.0]]), torch.tensor([[-1.0]]), torch.ones(1, 1)))
        1.0
    """
    expect(weights, "B K", expect(raw, "B K"))
    return squared_error(clean(raw, weights > 0).tanh(), labels, weights)
