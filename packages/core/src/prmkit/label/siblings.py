"""Pairs of steps that continue one beginning, the better one first."""

from __future__ import annotations

import math
from itertools import permutations

from prmkit.errors import AlignmentError
from prmkit.stats.arrays import Numbers


def sibling_pairs(values: Numbers, *, gap: float = 0.7) -> list[tuple[int, int]]:
    """Places of the better and the worse of each two siblings whose values lie more than ``gap`` apart.

    Raises:
        AlignmentError: A value is not finite.

    Source:
        What Are Step-Level Reward Models Rewarding? (arXiv 2412.15904): values from a tree search, a
        gap of 0.7.

    Examples:
        >>> sibling_pairs([0.9, 0.3, 0.1])
        [(0, 2)]
    """
    for place, value in enumerate(values):
        if not math.isfinite(value):
            raise AlignmentError(
                f"{value!r} is not a finite number", do="leave such a sibling out", field=f"values[{place}]"
            )
    return [(a, b) for a, b in permutations(range(len(values)), 2) if values[a] - values[b] > gap]
