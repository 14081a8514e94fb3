"""As many samples as a problem needs: budgets from a lower quantile of its chance of success.

Source: instance-adaptive scaling, Park et al. (2025, arXiv 2506.09338).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from prmkit.errors import ConfigError
from prmkit.stats.arrays import Floats, Ints, Numbers, floats

LEAST = 1e-4
"""Chances are kept in [LEAST, 1 - LEAST]."""


def samples_needed(chance: Numbers, *, confidence: float = 0.99, cap: int | None = None) -> Ints:
    """Fewest samples of which one or more succeeds with chance ``confidence``: ``(1 - p)^N <= 1 - C``.

    Args:
        chance: Chance that one sample succeeds; a lower quantile of it errs on the side of more samples.
        confidence: C, between 0 and 1.
        cap: Most samples; None sets no limit but that of the smallest chance.

    Raises:
        AlignmentError: A chance that is not finite.
        ConfigError: A chance outside [0, 1], a confidence outside (0, 1), or a cap below 1.

    Source:
        ``N = ceil(log(1 - C) / log(1 - p))``. A quotient within a billionth of a whole number is that
        number: for p = 0.9 and C = 0.99 it is 2, and floats may say more.

    Examples:
        >>> samples_needed([0.9, 0.5, 0.1, 0.02, 0.02], cap=100).tolist()
        [2, 7, 44, 100, 100]
        >>> int(samples_needed([0.02])[0])
        228
    """
    p = floats(chance, "chance")
    if not 0 < confidence < 1 or (cap is not None and cap < 1):
        raise ConfigError(
            f"confidence {confidence!r}, cap {cap!r}",
            do="use a confidence between 0 and 1 and a cap of 1 or more",
            field="confidence",
        )
    if len(p) and (p.min() < 0 or p.max() > 1):
        raise ConfigError("a chance outside [0, 1]", do="give probabilities", field="chance")
    exact = math.log1p(-confidence) / np.log1p(-np.clip(p, LEAST, 1 - LEAST))
    need = np.maximum(np.ceil(exact - 1e-9 * exact), 1).astype(np.int64)
    return need if cap is None else np.minimum(need, cap)


def beams_kept(chances: Sequence[float], *, width: int, most: int, confidence: float = 0.99) -> int:
    """How many of the best beams to go on with, each continued ``width`` times: the fewest that suffice.

    Beams stand in order of falling chance; k of them suffice when ``k * width`` reaches the samples that the
    k-th, the worst kept, would need. ``most`` is kept where no k does.

    Args:
        chances: Lower bounds of the beams' chances.
        width: Most continuations of a beam.
        most: Most beams.
        confidence: As in :func:`samples_needed`.

    Raises:
        ConfigError: No beam, or a width or number below 1.

    Examples:
        >>> beams_kept([0.3, 0.1, 0.05, 0.02], width=8, most=8)
        4
        >>> beams_kept([0.9, 0.1], width=8, most=8)
        1
    """
    if not chances or width < 1 or most < 1:
        raise ConfigError(
            f"{len(chances)} beams, width {width}, at most {most}",
            do="give one of each or more",
            field="width",
        )
    need = samples_needed(sorted(chances, reverse=True)[:most], confidence=confidence)
    enough = [k for k, one in enumerate(need.tolist(), 1) if k * width >= one]
    return enough[0] if enough else len(need)


def width_needed(chances: Sequence[float], *, beams: int, most: int, confidence: float = 0.99) -> int:
    """Continuations of each of ``beams`` beams: the samples that the worst needs, shared out evenly.

    Raises:
        ConfigError: No beam, or a number below 1.

    Examples:
        >>> width_needed([0.3, 0.1], beams=8, most=8), width_needed([0.02], beams=8, most=8)
        (6, 8)
    """
    if not chances or beams < 1 or most < 1:
        raise ConfigError(
            f"{len(chances)} chances, {beams} beams, at most {most}",
            do="give one of each or more",
            field="beams",
        )
    return min(math.ceil(int(samples_needed([min(chances)], confidence=confidence)[0]) / beams), most)


def equal_budget(chance: Numbers, samples: Numbers, *, cap: int) -> float:
    """Samples a problem that a fixed budget needs to solve as large a share as ``samples`` do.

    A problem counts as solved when one sample succeeds: what a perfect verifier would choose.

    Args:
        chance: True chance that a sample succeeds, per problem.
        samples: Samples drawn, per problem.
        cap: Largest fixed budget looked at.

    Returns:
        Between whole numbers a fixed budget mixes the two; ``cap`` where even that is not enough.

    Raises:
        AlignmentError: An entry that is not finite.

    Examples:
        >>> equal_budget([0.5, 0.5], [2, 2], cap=8)
        2.0
    """
    p: Floats = floats(chance, "chance")
    reached = float((1 - (1 - p) ** floats(samples, "samples")).mean())
    curve = [float((1 - (1 - p) ** n).mean()) for n in range(cap + 1)]
    if reached >= curve[-1]:
        return float(cap)
    above = int(np.searchsorted(curve, reached, side="right"))
    low, high = curve[above - 1], curve[above]
    return above - 1 + (reached - low) / (high - low)
