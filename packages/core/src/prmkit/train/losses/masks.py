"""What counts in a loss: entries of weight 0 reach neither its value nor its gradient.

A mask applied after the sum is too late: 0 times the derivative of NaN is NaN. So every loss cleans
what it reads first, and adds up last.
"""

from __future__ import annotations

import torch

from prmkit.tensors import expect


def clean(values: torch.Tensor, counted: torch.Tensor, fill: float = 0.0) -> torch.Tensor:
    """Values where they count, ``fill`` elsewhere, in single precision or better.

    Shapes:
        values: any. counted: as ``values``, bool. result: as ``values``.

    Source:
        Own rule.

    Examples:
        >>> clean(torch.tensor([1.0, float("nan")]), torch.tensor([True, False])).tolist()
        [1.0, 0.0]
    """
    wide = values.to(torch.promote_types(values.dtype, torch.float32))
    return torch.where(counted, wide, torch.full_like(wide, fill))


def weighted_sum(each: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Sum of ``each`` times its weight, over the entries whose weight is above 0.

    Shapes:
        each, weights: the same. result: ().

    Raises:
        AlignmentError: The shapes differ.

    Source:
        Own rule; the trainer divides by the weights of a whole update.

    Examples:
        >>> float(weighted_sum(torch.tensor([2.0, float("inf")]), torch.tensor([0.5, 0.0])))
        1.0
    """
    expect(each, " ".join(str(size) for size in weights.shape), name="each")
    counted = weights > 0
    return (clean(each, counted) * clean(weights, counted)).sum()
