"""Planted judges with known rates of mistakes, and what mistakes of steps do to a product of many.

Shapes:
    M judgements; the other axes are those of what is judged.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def flags(
    random: np.random.Generator,
    right: Array,
    *,
    false_flag: float,
    missed: float,
    correlation: float,
    judgements: int,
) -> Array:
    """What each judgement calls wrong, (M, ...).

    Args:
        random: Source of chance.
        right: What is truly right.
        false_flag: Chance that something right is called wrong.
        missed: Chance that something wrong is called right.
        correlation: Chance that a judgement repeats what all that do so have in common.
        judgements: How many.

    Examples:
        >>> rates = {"false_flag": 0.0, "missed": 0.0, "correlation": 0.5, "judgements": 2}
        >>> flags(np.random.default_rng(0), np.array([True, False]), **rates).tolist()
        [[False, True], [False, True]]
    """
    own, common, repeats = (random.random((n, *right.shape)) for n in (judgements, 1, judgements))
    return np.where(repeats < correlation, common, own) < np.where(right, false_flag, 1 - missed)


def false_flag_rate(rate: float, length: int) -> float:
    """Chance that a right solution is called wrong somewhere.

    Source:
        Independent mistakes at every step: 1 - (1 - e)^T.

    Examples:
        >>> [round(false_flag_rate(0.05, length), 4) for length in (5, 10, 20)]
        [0.2262, 0.4013, 0.6415]
    """
    return float(1 - (1 - rate) ** length)


def log_errors(
    random: np.random.Generator, length: int, *, error: float, sampling: float, judgements: int, n: int
) -> tuple[Array, Array, Array]:
    """Logarithmic errors of a product of T judged chances.

    Args:
        random: Source of chance.
        length: Factors of the product.
        error: Spread of the error of each that all judgements share.
        sampling: Spread that each judgement adds to it.
        judgements: Products whose mean is the score.
        n: Solutions.

    Returns:
        For each solution the error without sampling, that of one judgement, and by how much the logarithm of
        the mean of all judgements exceeds the mean of their logarithms.

    Source:
        arXiv 2510.00492, appendix A: squared errors grow with T as ``error**2`` and
        ``error**2 + sampling**2``. The gap of Jensen's inequality is half of the logarithms' variance
        among judgements, for Gaussian ones and many judgements.
    """
    shared = error * random.normal(size=(n, length)).sum(1)
    added = sampling * random.normal(size=(n, judgements, length)).sum(2)
    top = added.max(1)
    mean = top + np.log(np.exp(added - top[:, None]).mean(1))
    return shared, shared + added[:, 0], mean - added.mean(1)


def earth_mover(a: Array, b: Array) -> float:
    """Mean distance that the values of ``a`` must move to lie as those of ``b`` do; NaN where there are none.

    Source:
        First Wasserstein distance on a line: the area between both distribution functions.

    Examples:
        >>> earth_mover(np.array([2, 4, 6]), np.array([3, 5, 10]))
        2.0
    """
    if not len(a) or not len(b):
        return float("nan")
    grid = np.unique(np.concatenate([a, b]))
    below = [np.searchsorted(np.sort(one), grid[:-1], side="right") / len(one) for one in (a, b)]
    return float(np.abs(below[0] - below[1]) @ np.diff(grid))
