"""Points of several objectives: which no other beats, and how much of the space they cover."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prmkit.errors import AlignmentError
from prmkit.stats.arrays import Floats, Numbers, floats

Array = NDArray[Any]


def pareto_front(points: Array) -> Floats:
    """Points (N, H) that no other one equals or exceeds in every objective; doubles once.

    Examples:
        >>> pareto_front(np.array([[1.0, 0.0], [0.5, 0.5], [0.4, 0.5], [0.5, 0.5]])).tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """
    unique = np.unique(np.asarray(points, dtype=np.float64), axis=0)
    above = (unique[:, None] <= unique[None]).all(axis=-1)
    return np.asarray(unique[above.sum(axis=1) == 1])


def hypervolume(points: Array, reference: Numbers) -> float:
    """Volume of what lies above ``reference`` and below some point (N, H); exact, for tens of points.

    Raises:
        AlignmentError: The points have another number of objectives than the reference, or none.

    Source:
        Zitzler and Thiele (1999), by slices along the last objective.

    Examples:
        >>> hypervolume(np.array([[2.0, 1.0], [1.0, 3.0], [9.0, -1.0]]), [0.0, 0.0])
        4.0
    """
    low = floats(reference, "reference")
    given = np.asarray(points, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != len(low) or not len(low):
        raise AlignmentError(
            f"points of shape {given.shape} for {len(low)} objectives",
            do="give a row per point and a column per objective",
            field="points",
        )
    above = given - low
    return _volume(above[(above > 0).all(axis=1)])


def _volume(points: Floats) -> float:
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(points.max())
    levels = np.unique(points[:, -1])
    depth = np.diff(levels, prepend=0.0)
    return float(
        sum(
            d * _volume(pareto_front(points[points[:, -1] >= level, :-1]))
            for level, d in zip(levels, depth, strict=True)
        )
    )
