"""Losses of groups: all answers to one problem are ranked at once."""

from __future__ import annotations

import torch
from torch.nn import functional

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum


def mixed(positive: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Groups that hold a right and a wrong answer: the only ones that rank anything.

    Shapes:
        positive, present: (G, N). result: (G,) bool.

    Source:
        Qwen2.5-Math (arXiv 2409.12122): problems whose answers are all right or all wrong are dropped.

    Examples:
        >>> mixed(torch.tensor([[True, False], [True, True]]), torch.ones(2, 2).bool()).tolist()
        [True, False]
    """
    expect(present, "G N", expect(positive, "G N"))
    return (positive.bool() & present.bool()).any(1) & (~positive.bool() & present.bool()).any(1)


def listwise(
    scores: torch.Tensor, positive: torch.Tensor, present: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Weighted sum over groups of the mean of ``-log sigmoid(right - wrong)`` over the group's pairs.

    A group that ranks nothing adds nothing: divide by the sum of the weights of the ``mixed`` groups.

    Shapes:
        scores, positive, present: (G, N). weights: (G,). result: ().

    Source:
        Qwen2.5-Math-RM (arXiv 2409.12122): ``1 / (k (N - k))`` over pairs of k right and
        N - k wrong answers; of a group with absent answers, the present ones.

    Examples:
        >>> scores, positive = torch.tensor([[1.0, 0.5, 0.0, -0.5, 0.2, -1.0]]), torch.arange(6)[None] < 2
        >>> round(float(listwise(scores, positive, torch.ones(1, 6).bool(), torch.ones(1))), 6)
        0.319476
    """
    sizes = expect(present, "G N", expect(positive, "G N", expect(scores, "G N")))
    expect(weights, "G", sizes, name="weights")
    ranked = mixed(positive, present) & (weights > 0)
    counted = present.bool() & ranked[:, None]
    kept = clean(scores, counted)
    pairs = (positive.bool() & counted)[:, :, None] & (~positive.bool() & counted)[:, None, :]
    each = -functional.logsigmoid(kept[:, :, None] - kept[:, None, :])
    mean = clean(each, pairs).sum((1, 2)) / pairs.sum((1, 2)).clamp(min=1)
    return weighted_sum(mean, clean(weights, ranked))
