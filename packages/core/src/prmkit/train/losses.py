"""Losses of step labels: pure functions that return a sum and the weight to divide it by.

The caller divides by the weight of all micro-batches of an update, so that accumulating gradients
over many small batches gives exactly the gradient of one large batch.
"""

from __future__ import annotations

import torch

from prmkit.tensors import expect


def step_logit(logits: torch.Tensor, positive: int = 1) -> torch.Tensor:
    """Log-odds of 'right': the difference of two classes, or the one output itself.

    Shapes:
        logits: (B, K, C), C 1 or 2. result: (B, K).

    Source:
        A softmax over two logits is the sigmoid of their difference.
    """
    expect(logits, "B K C")
    if logits.shape[-1] == 1:
        return logits[..., 0]
    return logits[..., positive] - logits[..., 1 - positive]


def effective_weights(
    labels: torch.Tensor, weights: torch.Tensor, labelled: torch.Tensor, wrong_weight: float = 1.0
) -> torch.Tensor:
    """Weight of every step in the loss: its own, times the weight of its class, 0 where there is no label.

    A soft label y lies between the classes: its class weight is ``y + wrong_weight * (1 - y)``. Weighting
    the step, not the two terms of its loss, keeps y the best prediction for it.

    Shapes:
        labels, weights, labelled: (B, K). result: (B, K).

    Source:
        Own rule; equals the usual class weights for labels 0 and 1.

    Examples:
        >>> labels, every = torch.tensor([[1.0, 0.0, 0.5]]), torch.ones(1, 3)
        >>> effective_weights(labels, every, every.bool(), 3.0).tolist()
        [[1.0, 3.0, 2.0]]
    """
    expect(weights, "B K", expect(labelled, "B K", expect(labels, "B K")))
    return torch.where(labelled, weights * (labels + wrong_weight * (1 - labels)), torch.zeros_like(weights))


def cross_entropy(logit: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of the cross-entropies of hard or soft labels in [0, 1].

    Steps of weight 0 give neither value nor gradient, whatever stands there.

    Shapes:
        logit, labels, weights: (B, K). result: ().

    Source:
        ``-(y log p + (1 - y) log(1 - p))`` with p = sigmoid(logit); for two classes this is the
        cross-entropy with target (1 - y, y). A trainer that casts labels to integers turns 0.9 into 0;
        here 0.9 stays 0.9.

    Examples:
        >>> round(float(cross_entropy(torch.zeros(1, 1), torch.tensor([[0.9]]), torch.ones(1, 1))), 4)
        0.6931
    """
    expect(weights, "B K", expect(labels, "B K", expect(logit, "B K")))
    counted = weights > 0
    kept = torch.where(counted, logit.float(), torch.zeros_like(logit, dtype=torch.float32))
    each = torch.nn.functional.binary_cross_entropy_with_logits(kept, labels.float(), reduction="none")
    return (torch.where(counted, each, torch.zeros_like(each)) * weights).sum()


def squared_error(value: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of squared errors, for labels of kind value or progress.

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
    kept = torch.where(counted, value.float() - labels, torch.zeros_like(labels))
    return (kept.square() * weights).sum()
