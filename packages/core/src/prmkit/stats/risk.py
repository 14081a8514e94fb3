"""Risk and coverage: what is still wrong when only the surest answers are given."""

from __future__ import annotations

import numpy as np

from prmkit.stats.arrays import Floats, Numbers, floats, same_rows


def risk_coverage(confidence: Numbers, correct: Numbers) -> Floats:
    """Share of wrong answers among the k surest, for k = 1 .. n.

    Args:
        confidence: One number per answer, higher is surer; only their order matters.
        correct: 1 for right, 0 for wrong, or a share.

    Returns:
        Shape (n,). Answers of equal confidence come in any order: the mean over all orders is given.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        El-Yaniv & Wiener (2010); Geifman & El-Yaniv (2017).

    Examples:
        >>> risk_coverage([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]).round(3).tolist()
        [0.0, 0.5, 0.333, 0.5]
    """
    rows = same_rows(confidence=confidence, correct=correct)
    sure, wrong = floats(confidence, "confidence"), 1 - floats(correct, "correct")
    order = np.argsort(-sure, kind="stable")
    ranked, faults = sure[order], wrong[order]
    if rows:
        run = np.cumsum(np.concatenate([[0], ranked[1:] != ranked[:-1]])).astype(np.int64)
        faults = (np.bincount(run, weights=faults) / np.bincount(run))[run]
    return np.asarray(np.cumsum(faults) / np.arange(1, rows + 1))


def aurc(confidence: Numbers, correct: Numbers) -> float:
    """Area under risk and coverage: the mean risk over all coverages; 0 is best, NaN without rows.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        Geifman et al. (2019), Bias-reduced uncertainty estimation.

    Examples:
        >>> round(aurc([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]), 4)
        0.3333
    """
    risks = risk_coverage(confidence, correct)
    return float(risks.mean()) if len(risks) else float("nan")


def excess_aurc(confidence: Numbers, correct: Numbers) -> float:
    """:func:`aurc` above that of the best order of the same answers: 0 where every right answer is surer.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        Geifman et al. (2019). The best order is taken as it is, not by their formula for many rows.

    Examples:
        >>> round(excess_aurc([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]), 4)
        0.125
    """
    return aurc(confidence, correct) - aurc(correct, correct)
