"""One number, or one choice, from rewards of several objectives and what a user wants of each.

Rewards are (N, H), a row a candidate, and more is better; the two that give a number for each candidate take
several such pools at once (..., N, H).

Source: MAH-DPO (arXiv 2510.01167) for weights at use; the scalarisations are those of vector
optimisation (Miettinen, 1999).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prmkit.errors import ConfigError
from prmkit.stats.arrays import Floats, Numbers, floats

Array = NDArray[Any]


def weighted_sum(rewards: Array, weights: Numbers) -> Floats:
    """Mean of the objectives by ``weights``.

    Raises:
        ConfigError: Another number of weights, one below 0, or none above it.

    Source:
        MAH-DPO (arXiv 2510.01167).

    Examples:
        >>> weighted_sum(np.array([[1.0, 0.0], [0.0, 1.0]]), [3, 1]).tolist()
        [0.75, 0.25]
    """
    return np.asarray(rewards @ _shares(rewards, weights))


def chebyshev(rewards: Array, weights: Numbers, best: Numbers | None = None) -> Floats:
    """Minus the largest weighted distance from ``best``: what does worst counts alone.

    Unlike a sum it can choose what lies in a dent of the front.

    Args:
        rewards: Rewards of the candidates.
        weights: Weight of each objective.
        best: Best value of each objective; None takes the best among the candidates.

    Raises:
        ConfigError: Another number of weights, one below 0, or none above it.

    Source:
        Bowman (1976).

    Examples:
        >>> front = np.array([[1.0, 0.0], [0.45, 0.45], [0.0, 1.0]])
        >>> int(chebyshev(front, [1, 1]).argmax()), int(weighted_sum(front, [1, 1]).argmax())
        (1, 0)
    """
    ideal = rewards.max(axis=-2, keepdims=True) if best is None else floats(best, "best")
    return np.asarray(-(_shares(rewards, weights) * (ideal - rewards)).max(axis=-1))


def lexicographic(rewards: Array, order: Sequence[int], floors: Numbers) -> int:
    """The candidate that is best in the last objective of ``order`` among those that reach the floors before.

    Where no candidate reaches a floor, the best ones in that objective are kept.

    Args:
        rewards: Rewards of the candidates.
        order: Objectives, the most important one first.
        floors: What is enough of each objective, by its column; that of the last in ``order`` is not read.

    Raises:
        ConfigError: No candidate, an order that names no objective or one twice, or a missing floor.

    Source:
        Lexicographic goals with satisficing levels.

    Examples:
        >>> pool = np.array([[0.9, 0.1], [0.8, 0.6], [0.3, 0.9]])
        >>> lexicographic(pool, [0, 1], [0.7, 0.0]), lexicographic(pool, [0, 1], [0.95, 0.0])
        (1, 0)
    """
    many, objectives = rewards.shape
    known = set(order) <= set(range(objectives)) and len(set(order)) == len(order)
    if not many or not order or not known or len(floors) != objectives:
        raise ConfigError(
            f"order {list(order)} and {len(floors)} floors for {many} candidates of {objectives} objectives",
            do="name each objective once by its column, and give each column a floor",
            field="order",
        )
    kept = np.arange(many)
    for objective in order[:-1]:
        column = rewards[kept, objective]
        kept = kept[column >= min(floors[objective], column.max())]
    return int(kept[rewards[kept, order[-1]].argmax()])


def _shares(rewards: Array, weights: Numbers) -> Floats:
    given = floats(weights, "weights")
    if len(given) != rewards.shape[-1] or (given < 0).any() or not given.sum() > 0:
        raise ConfigError(
            f"weights {given.tolist()} for {rewards.shape[-1]} objectives",
            do="give each objective a weight of 0 or more, and one of them more than 0",
            field="weights",
        )
    return np.asarray(given / given.sum())
