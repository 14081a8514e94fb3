"""Finding the first wrong step: the prediction rule, ProcessBench's F1, and its threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from prmkit.stats.arrays import Floats, Numbers, floats, same_rows
from prmkit.stats.f1 import harmonic


class FirstError(NamedTuple):
    """ProcessBench's three numbers; NaN where a class has no rows."""

    error_accuracy: float
    """Share of wrong solutions whose first wrong step was named exactly."""
    correct_accuracy: float
    """Share of right solutions in which no step was called wrong."""
    f1: float
    """Harmonic mean of the two."""
    errors: int
    corrects: int


def first_below(values: Sequence[float | None], threshold: float) -> int:
    """Index of the first step that scores below ``threshold``; -1 when none does.

    Source:
        ProcessBench's reading of a PRM; steps without a score are passed over.

    Examples:
        >>> first_below([0.9, None, 0.4, 0.1], 0.5), first_below([0.5], 0.5)
        (2, -1)
    """
    return next((i for i, value in enumerate(values) if value is not None and value < threshold), -1)


def processbench_f1(gold: Sequence[int], predicted: Sequence[int]) -> FirstError:
    """ProcessBench's F1 of predicted first errors (-1 = no error).

    Raises:
        AlignmentError: Columns of unlike length.

    Source:
        ProcessBench (Zheng et al., 2025): harmonic mean of the accuracies on wrong and on right
        solutions; 0 when both are 0.

    Examples:
        >>> processbench_f1([2, 0, -1, -1], [2, 1, -1, -1]).f1.__round__(4)
        0.6667
    """
    same_rows(gold=gold, predicted=predicted)
    wrong = [g == p for g, p in zip(gold, predicted, strict=True) if g != -1]
    right = [p == -1 for g, p in zip(gold, predicted, strict=True) if g == -1]
    found = sum(wrong) / len(wrong) if wrong else math.nan
    clean = sum(right) / len(right) if right else math.nan
    return FirstError(found, clean, float(harmonic(found, clean)), len(wrong), len(right))


def _good_ranges(values: Sequence[Sequence[float | None]], gold: Sequence[int]) -> tuple[Floats, Floats]:
    """Thresholds t with low < t <= high at which each solution is judged right."""
    lows, highs = [], []
    for row, first in zip(values, gold, strict=True):
        before = [v for v in (row if first < 0 else row[:first]) if v is not None]
        at = -math.inf if first < 0 else row[first] if first < len(row) else None
        lows.append(math.inf if at is None else at)
        highs.append(min(before, default=math.inf))
    return np.array(lows, dtype=np.float64), np.array(highs, dtype=np.float64)


def threshold_curve(
    values: Sequence[Sequence[float | None]], gold: Sequence[int], thresholds: Numbers
) -> Floats:
    """ProcessBench's F1 at each of many thresholds.

    Args:
        values: Step scores of each solution.
        gold: First wrong step of each, -1 for none.
        thresholds: A step below the threshold counts as wrong.

    Raises:
        AlignmentError: Columns of unlike length, or a threshold that is not finite.

    Source:
        A solution is judged right exactly for thresholds above the score of its first wrong step
        and not above the lowest score before it, so each curve is two cumulative counts.

    Examples:
        >>> threshold_curve([[0.9, 0.2], [0.8, 0.7]], [1, -1], [0.1, 0.5, 0.75]).tolist()
        [0.0, 1.0, 0.0]
    """
    same_rows(values=values, gold=gold)
    low, high = _good_ranges(values, gold)
    at = floats(thresholds, "thresholds")
    wrong = np.asarray(gold, dtype=np.int64) >= 0

    def share(mine: np.ndarray) -> Floats:
        kept = mine & (low < high)
        begun = np.searchsorted(np.sort(low[kept]), at, side="left")
        over = np.searchsorted(np.sort(high[kept]), at, side="left")
        return (begun - over) / mine.sum() if mine.any() else np.full(len(at), np.nan)

    return harmonic(share(wrong), share(~wrong))


def best_threshold(values: Sequence[Sequence[float | None]], gold: Sequence[int]) -> tuple[float, float]:
    """The threshold with the highest ProcessBench F1, and that F1.

    Chosen and read on the same rows it is an oracle; choose it on rows that are not judged.
    Among equally good thresholds the middle of the longest run is returned.

    Raises:
        AlignmentError: Columns of unlike length.

    Source:
        ProcessBench chooses one threshold on its GSM8K part and uses it on the others.

    Examples:
        >>> best_threshold([[0.75, 0.25], [1.0, 0.5]], [1, -1])
        (0.375, 1.0)
    """
    scores = np.unique([value for row in values for value in row if value is not None])
    if not len(scores):
        return math.nan, math.nan
    above = np.nextafter(scores[-1], np.inf)
    candidates = np.concatenate([[scores[0]], (scores[:-1] + scores[1:]) / 2, [above]])
    curve = threshold_curve(values, gold, candidates)
    if np.isnan(curve).all():
        return math.nan, math.nan
    top = float(np.nanmax(curve))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], curve == top, [0]])))
    begin, end = max(zip(edges[::2], edges[1::2], strict=True), key=lambda run: (run[1] - run[0], -run[0]))
    return float(candidates[(begin + end - 1) // 2]), top
