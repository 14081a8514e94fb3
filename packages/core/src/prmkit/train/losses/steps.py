"""Losses of single steps against labels: binary, of several classes, and labels that allow for noise."""

from __future__ import annotations

import torch
from torch.nn import functional

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum


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
    """Weighted sum of the cross-entropies of hard or soft labels in [0, 1]; divide by the sum of the weights.

    With a sequence's log-ratio reward as the logit (K = 1) and its outcome as the label, this is the
    loss of implicit PRMs and of PRIME.

    Shapes:
        logit, labels, weights: (B, K). result: ().

    Source:
        ``-(y log p + (1 - y) log(1 - p))`` with p = sigmoid(logit); for two classes this is the
        cross-entropy with target (1 - y, y). A trainer that casts labels to integers turns 0.9 into 0;
        here 0.9 stays 0.9. Implicit rewards: arXiv 2412.01981, 2502.01456.

    Examples:
        >>> round(float(cross_entropy(torch.zeros(1, 1), torch.tensor([[0.9]]), torch.ones(1, 1))), 4)
        0.6931
    """
    expect(weights, "B K", expect(labels, "B K", expect(logit, "B K")))
    counted = weights > 0
    kept = clean(logit, counted)
    told = clean(labels, counted).to(kept.dtype)
    return weighted_sum(functional.binary_cross_entropy_with_logits(kept, told, reduction="none"), weights)


def class_cross_entropy(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of the cross-entropies of hard or soft labels over C classes.

    Divide by the sum of the weights.

    Shapes:
        logits: (B, K, C). targets: (B, K, C), each row a distribution. weights: (B, K). result: ().

    Source:
        ``-sum_c y_c log softmax(logits)_c``; two classes give ``cross_entropy`` of the logits' difference.

    Examples:
        >>> targets = torch.tensor([[[0.5, 0.5, 0.0, 0.0]]])
        >>> round(float(class_cross_entropy(torch.zeros(1, 1, 4), targets, torch.ones(1, 1))), 4)  # ln 4
        1.3863
    """
    expect(weights, "B K", expect(targets, "B K C", expect(logits, "B K C")))
    counted = (weights > 0)[..., None].expand_as(logits)
    told = clean(logits, counted).log_softmax(-1)
    return weighted_sum(-(clean(targets, counted) * told).sum(-1), weights)


def tolerant_labels(
    scores: torch.Tensor,
    confidence: torch.Tensor,
    right: torch.Tensor,
    weights: torch.Tensor,
    *,
    window: int = 2,
    at_least: float = 0.75,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels and weights that allow for the noise of rollout scores; their loss is ``cross_entropy``.

    Every step of a right solution is labelled 1. In a wrong one, the first step whose score is 0 is
    labelled 0, the ``window`` steps before it ``min(1, score / confidence)``, steps before those 1, and
    steps after it count no more. A wrong solution without a step of score 0 does not count, nor does a
    solution of a problem that the annotator solves too rarely to be believed.

    Args:
        scores: Share of right rollouts after each step; not read in right solutions.
        confidence: How often the annotator solves the problem from nothing.
        right: Whether the solution's answer is right.
        weights: Weights of the steps; 0 leaves a step out, and it is no place in the window.
        window: Steps before the first error that may be judged too well.
        at_least: Confidence below which a problem is left out.

    Shapes:
        scores, weights: (B, K). confidence, right: (B,). results: (B, K) and (B, K).

    Source:
        SCAN (arXiv 2509.16548), as released; window 2, confidence 0.75.

    Examples:
        >>> scores, every = torch.tensor([[0.9, 0.75, 0.5, 0.0, 0.3]]), torch.ones(1, 5)
        >>> labels, weights = tolerant_labels(scores, torch.tensor([0.8]), torch.tensor([False]), every)
        >>> labels[0, :4].tolist(), weights.tolist()
        ([1.0, 0.9375, 0.625, 0.0], [[1.0, 1.0, 1.0, 1.0, 0.0]])
    """
    sizes = expect(weights, "B K", expect(scores, "B K"))
    expect(right, "B", expect(confidence, "B", sizes))
    counted, right = weights > 0, right.bool()[:, None]
    share = clean(scores, counted & ~right, fill=1.0)
    place = counted.cumsum(1)
    wrong = counted & ~right & (share <= 0)
    beyond = place.amax(1, keepdim=True) + window + 1
    first = torch.where(wrong, place, beyond).amin(1, keepdim=True)
    soft = (share / confidence[:, None].clamp(min=1e-8)).clamp(max=1.0)
    labels = torch.where(place >= first - window, soft, torch.ones_like(soft)).masked_fill(
        place == first, 0.0
    )
    believed = (confidence[:, None] >= at_least) & (right | (wrong.any(1, keepdim=True) & (place <= first)))
    kept = clean(weights, counted & believed)
    return clean(labels, kept > 0), kept
