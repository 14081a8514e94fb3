"""F1 scores of step-level benchmarks and the numbers they are built from."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from prmkit.stats.arrays import Floats, Numbers, floats, same_rows


class F1s(NamedTuple):
    """Precision, recall and F1 of a yes/no prediction, 1 meaning that a step is right."""

    precision: float
    recall: float
    f1: float
    """F1 of the class 1 (right steps)."""
    f1_negative: float
    """F1 of the class 0 (wrong steps)."""
    macro: float
    """Mean of the two F1s."""


def ratio(above: float, below: float) -> float:
    """A quotient that is 0 where nothing was counted, as benchmark scripts have it."""
    return above / below if below else 0.0


def harmonic(a: Floats | float, b: Floats | float) -> Floats:
    """Harmonic mean of two shares, 0 where both are 0, for arrays and numbers.

    Source:
        ProcessBench (Zheng et al., 2025): the mean of two recalls.

    Examples:
        >>> round(float(harmonic(0.6, 0.9)), 6)
        0.72
    """
    one, two = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    both = one + two
    with np.errstate(divide="ignore", invalid="ignore"):
        # NaN (a class without rows) stays NaN: such a figure has no value, not the value 0.
        return np.where(both == 0, 0.0, 2 * one * two / both)


def f1s(gold: Numbers, predicted: Numbers) -> F1s:
    """F1 of right steps, of wrong steps, and their mean.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        van Rijsbergen (1979); quotients without counts are 0.

    Examples:
        >>> f1s([1, 1, 0, 0], [1, 0, 0, 0]).macro.__round__(4)
        0.7333
    """
    same_rows(gold=gold, predicted=predicted)
    truth, said = floats(gold, "gold") > 0.5, floats(predicted, "predicted") > 0.5
    tp, fp = int((truth & said).sum()), int((~truth & said).sum())
    fn, tn = int((truth & ~said).sum()), int((~truth & ~said).sum())
    f1, negative = ratio(2 * tp, 2 * tp + fp + fn), ratio(2 * tn, 2 * tn + fp + fn)
    return F1s(ratio(tp, tp + fp), ratio(tp, tp + fn), f1, negative, (f1 + negative) / 2)


def prmbench_score(tp: float, fp: float, tn: float, fn: float) -> float:
    """PRMBench's score: the mean of the F1s of right and of wrong steps.

    Args:
        tp: Right steps called right.
        fp: Wrong steps called right.
        tn: Wrong steps called wrong.
        fn: Right steps called wrong.

    Source:
        PRMBench (Song et al., 2025): .5 F1 + .5 F1_neg, pooled over steps.

    Examples:
        >>> round(prmbench_score(8, 1, 2, 3), 6)
        0.65
    """
    return (ratio(2 * tp, 2 * tp + fp + fn) + ratio(2 * tn, 2 * tn + fp + fn)) / 2


def balanced(true_positive_rate: float, true_negative_rate: float) -> tuple[float, float]:
    """Balanced accuracy and balanced F1 of two rates.

    Source:
        Hard2Verify (Pandit et al., 2025): arithmetic and harmonic mean.

    Examples:
        >>> [round(float(x), 6) for x in balanced(0.8, 0.6)]
        [0.7, 0.685714]
    """
    rates = (true_positive_rate, true_negative_rate)
    return sum(rates) / 2, float(harmonic(*rates))


def mr_score(mcc: float, step_accuracy: float, reason_accuracy: float) -> float:
    """MR-Score: .2 max(0, MCC) + .3 step accuracy + .5 reason accuracy.

    Source:
        MR-GSM8K (Zeng et al., 2024).

    Examples:
        >>> round(mr_score(0.4, 0.5, 0.3), 6)
        0.38
    """
    return 0.2 * max(0.0, mcc) + 0.3 * step_accuracy + 0.5 * reason_accuracy


def matthews(tp: float, fp: float, tn: float, fn: float) -> float:
    """Matthews' correlation of a two-by-two table, 0 where a margin is empty.

    Source:
        Matthews (1975).

    Examples:
        >>> matthews(2, 0, 2, 0)
        1.0
    """
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / math.sqrt(margins) if margins else 0.0


def section_f1(gold: Collection[int], predicted: Collection[int]) -> tuple[float, float, float]:
    """Precision, recall and F1 of wrong sections; predictions after the last gold error are ignored.

    Source:
        DeltaBench (He et al., 2025).

    Examples:
        >>> [round(x, 4) for x in section_f1({2, 4}, {2, 5, 9})]
        [1.0, 0.5, 0.6667]
    """
    last = max(gold, default=-1)
    kept = {section for section in predicted if section <= last}
    hits = len(kept & set(gold))
    precision, recall = ratio(hits, len(kept)), ratio(hits, len(set(gold)))
    return precision, recall, ratio(2 * precision * recall, precision + recall)
