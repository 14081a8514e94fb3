"""Several marks of one step in one number, and two of them that need no judge.

Source: ReasonFlux-PRM (arXiv 2506.18896): a step of a thinking trace is held against the final answer, a
judge's opinion and the step before it. That coherence is a probability, and not its logarithm put into
[0, 1] in some other way, is ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats.arrays import Floats

Array = NDArray[Any]


def self_weighted(marks: Array) -> Floats:
    """Marks (..., K) weighted by their own softmax, so that the better mark counts more.

    Raises:
        AlignmentError: A mark is not finite.

    Source:
        ReasonFlux-PRM (arXiv 2506.18896).

    Examples:
        >>> float(self_weighted(np.array([0.8, 0.9, 0.6])).round(6))
        0.781795
    """
    given = np.asarray(marks, dtype=np.float64)
    if not np.isfinite(given).all():
        raise AlignmentError(
            "a mark is not finite", do="leave out steps that a mark is missing of", field="marks"
        )
    raised = np.exp(given - given.max(axis=-1, keepdims=True))
    return np.asarray((raised * given).sum(axis=-1) / raised.sum(axis=-1))


def alignment(steps: Array, answer: Array) -> Floats:
    """Cosine of each step's embedding with the answer's, put into [0, 1]: (..., K, D), (..., D) to (..., K).

    Source:
        ReasonFlux-PRM (arXiv 2506.18896); half of one plus the cosine is ours.

    Examples:
        >>> alignment(np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]]), np.array([3.0, 0.0])).tolist()
        [1.0, 0.5, 0.0]
    """
    return np.asarray((1 + (_unit(steps) * _unit(answer)[..., None, :]).sum(axis=-1)) / 2)


def coherence(before: Array, after: Array, strangers: Array, *, temperature: float = 0.1) -> Floats:
    """Chance that a step, and none of the strangers, follows the one before: (N, D), (N, D), (M, D) to (N,).

    Args:
        before: Embeddings of the steps before.
        after: Embeddings of the steps that follow them.
        strangers: Embeddings of steps of other traces.
        temperature: What cosines are divided by.

    Raises:
        ConfigError: The temperature is not positive.

    Source:
        ReasonFlux-PRM (arXiv 2506.18896): contrastive, negatives from the same batch.

    Examples:
        >>> one = np.array([[1.0, 0.0]])
        >>> coherence(one, one, np.array([[1.0, 0.0], [2.0, 0.0], [5.0, 0.0]])).tolist()
        [0.25]
    """
    if not temperature > 0:
        raise ConfigError(f"temperature {temperature}", do="use a number above 0", field="temperature")
    start = _unit(before)
    own = (start * _unit(after)).sum(axis=-1, keepdims=True)
    every = np.concatenate([own, start @ _unit(strangers).T], axis=-1) / temperature
    raised = np.exp(every - every.max(axis=-1, keepdims=True))
    return np.asarray(raised[..., 0] / raised.sum(axis=-1))


def _unit(given: Array) -> Floats:
    length = np.linalg.norm(given, axis=-1, keepdims=True)
    return np.asarray(given / np.where(length > 0, length, 1))
