"""How well scores rank: area under the ROC curve, average precision, and ranking inside groups."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from prmkit.stats.arrays import Floats, Numbers, floats, same_rows


def auroc(scores: Numbers, positive: Numbers) -> float:
    """Chance that a positive row scores above a negative one, ties counting half.

    Args:
        scores: Higher means more positive.
        positive: 1 for positive rows, 0 for negative ones.

    Returns:
        A number in [0, 1]; NaN when a class is empty.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        Hanley & McNeil (1982): the Mann-Whitney statistic.

    Examples:
        >>> auroc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
        0.875
    """
    return float(weighted_auroc(scores, positive)(np.ones((1, len(scores))))[0])


def weighted_auroc(scores: Numbers, positive: Numbers) -> Callable[[Floats], Floats]:
    """AUROC as a function of row weights of shape (draws, rows); sorts once.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        As :func:`auroc`, with each pair weighted by the product of its rows' weights.
    """
    order, starts, labels = _sorted(scores, positive, falling=False)

    def area(weights: Floats) -> Floats:
        taken = weights[:, order]
        good = taken * labels
        bad = taken - good
        if len(starts) < len(order):
            good, bad = (np.add.reduceat(part, starts, axis=1) for part in (good, bad))
        pairs = good.sum(axis=1) * bad.sum(axis=1)
        won = np.einsum("ij,ij->i", good, np.cumsum(bad, axis=1) - bad / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(won / pairs)

    return area if len(order) else _nothing


def average_precision(scores: Numbers, positive: Numbers) -> float:
    """Precision averaged over recall (step-wise, ties taken together).

    Returns:
        A number in (0, 1]; NaN when there is no positive row. Chance level is the positive share.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        sum over thresholds of (R_i - R_{i-1}) P_i, as scikit-learn defines it.

    Examples:
        >>> round(average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 4)
        0.8333
    """
    return float(weighted_average_precision(scores, positive)(np.ones((1, len(scores))))[0])


def weighted_average_precision(scores: Numbers, positive: Numbers) -> Callable[[Floats], Floats]:
    """Average precision as a function of row weights of shape (draws, rows); sorts once.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        As :func:`average_precision`, with weighted counts.
    """
    order, starts, labels = _sorted(scores, positive, falling=True)

    def area(weights: Floats) -> Floats:
        taken = weights[:, order]
        good = taken * labels
        if len(starts) < len(order):
            good, taken = (np.add.reduceat(part, starts, axis=1) for part in (good, taken))
        seen = np.cumsum(taken, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = np.where(seen > 0, np.cumsum(good, axis=1) / seen, 0.0)
            return np.asarray((good * precision).sum(axis=1) / good.sum(axis=1))

    return area if len(order) else _nothing


def within_auroc(scores: Numbers, positive: Numbers, groups: Sequence[Hashable]) -> dict[Hashable, float]:
    """AUROC inside each group that has both classes, such as the steps of one solution.

    A scorer that only tells hard problems from easy ones, or early steps from late ones of
    other solutions, gains nothing here.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        :func:`auroc` per group, from ranks within it; groups with one class are left out.

    Examples:
        >>> within_auroc([0.1, 0.9, 0.5], [0, 1, 1], ["a", "a", "b"])
        {'a': 1.0}
    """
    same_rows(scores=scores, positive=positive, groups=groups)
    values, labels = floats(scores, "scores"), floats(positive, "positive")
    names = list(dict.fromkeys(groups))
    number = {name: place for place, name in enumerate(names)}
    group = np.array([number[name] for name in groups], dtype=np.int64)
    order = np.lexsort((values, group))
    ranked, sorted_group = values[order], group[order]
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (ranked[1:] != ranked[:-1]) | (sorted_group[1:] != sorted_group[:-1])
    run = np.cumsum(fresh) - 1
    sizes = np.bincount(run)
    middle = (np.cumsum(sizes) - (sizes - 1) / 2)[run]
    before = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=len(names)))])
    rank = middle - before[sorted_group]
    good = np.bincount(group, weights=labels, minlength=len(names))
    bad = np.bincount(group, minlength=len(names)) - good
    won = (
        np.bincount(sorted_group, weights=rank * labels[order], minlength=len(names)) - good * (good + 1) / 2
    )
    return {name: float(won[i] / (good[i] * bad[i])) for i, name in enumerate(names) if good[i] and bad[i]}


def _nothing(weights: Floats) -> Floats:
    return np.full(len(weights), np.nan)


def _sorted(scores: Numbers, positive: Numbers, *, falling: bool) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Row order by score, first place of each run of equal scores, labels in that order."""
    same_rows(scores=scores, positive=positive)
    numbers, labels = floats(scores, "scores"), floats(positive, "positive")
    order = np.argsort(-numbers if falling else numbers, kind="stable")
    ranked = numbers[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])) if len(ranked) else order
    return order, starts, labels[order]


def spearman(one: Numbers, other: Numbers) -> float:
    """Correlation of ranks, ties sharing their mean rank; NaN where a column does not vary.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        Spearman (1904).

    Examples:
        >>> round(spearman([1, 2, 3, 4], [1, 2, 4, 3]), 6)
        0.8
    """
    same_rows(one=one, other=other)
    a, b = (_mean_ranks(floats(column, name)) for column, name in ((one, "one"), (other, "other")))
    a, b = a - a.mean() if len(a) else a, b - b.mean() if len(b) else b
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else float("nan")


def _mean_ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[place])
