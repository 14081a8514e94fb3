"""Choosing among samples: exact expectations, pass@k, votes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

from prmkit.errors import ConfigError
from prmkit.stats.arrays import Floats, Numbers, floats, same_rows

TIE = 1e-9
"""Sums of votes, or scores, that differ by a smaller share than this are tied."""
Ties = Literal["random", "first"]
"""Equal scores: each equally likely (order of samples is irrelevant), or the earlier sample wins."""


def exact_best_of_n(scores: Numbers, correct: Numbers, n: int, *, ties: Ties = "random") -> float:
    """Expected correctness of the best-scored of ``n`` samples drawn without replacement.

    Args:
        scores: One number per sample; the highest is chosen.
        correct: 1 for right samples, 0 for wrong ones (or a share).
        n: Size of the subset, from 1 to the number of samples.
        ties: What equal scores mean.

    Raises:
        ConfigError: ``n`` outside its range.
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        With N samples sorted by falling score, rank i (from 0) is the best of the subset with
        chance C(N-1-i, n-1) / C(N, n). Exact only for exchangeable samples, so all from one system.

    Examples:
        >>> [round(exact_best_of_n([4, 3, 2, 1], [1, 0, 1, 0], n), 4) for n in (1, 2, 3, 4)]
        [0.5, 0.6667, 0.75, 1.0]
    """
    size = same_rows(scores=scores, correct=correct)
    if not 1 <= n <= size:
        raise ConfigError(f"best of {n} from {size} samples", do=f"use n from 1 to {size}", field="n")
    return float(best_of_n_curve(scores, correct, ties=ties)[n - 1])


def best_of_n_curve(scores: Numbers, correct: Numbers, *, ties: Ties = "random") -> Floats:
    """:func:`exact_best_of_n` for n = 1 .. N.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        As :func:`exact_best_of_n`; with random ties each sample of a run of equal scores stands
        for the mean of its run, which leaves the expectation unchanged.

    Examples:
        >>> best_of_n_curve([1, 1], [0, 1]).tolist()
        [0.5, 0.5]
    """
    size = same_rows(scores=scores, correct=correct)
    values, right = floats(scores, "scores"), floats(correct, "correct")
    if not size:
        return np.empty(0)
    order = np.argsort(-values, kind="stable")
    ranked, hits = values[order], right[order]
    if ties == "random":
        run = np.cumsum(np.concatenate([[0], ranked[1:] != ranked[:-1]])).astype(np.int64)
        hits = (np.bincount(run, weights=hits) / np.bincount(run))[run]
    return np.asarray(_rank_chances(size) @ hits)


@lru_cache(maxsize=64)
def _rank_chances(size: int) -> Floats:
    table = np.zeros((size, size))
    for n in range(1, size + 1):
        for rank in range(size - n + 1):
            table[n - 1, rank] = math.comb(size - 1 - rank, n - 1) / math.comb(size, n)
    table.setflags(write=False)
    return table


def length_controlled(scores: Sequence[Numbers], lengths: Sequence[Numbers]) -> list[Floats]:
    """Scores of each problem's samples with all that their length explains taken out.

    They are the residuals of a least-squares fit of the scores on the logarithm of the length, with a level
    of its own for every problem and one slope for all problems. Gold plays no part.

    Args:
        scores: Per problem, one number per sample.
        lengths: Per problem, the length of each sample, above zero.

    Returns:
        Per problem, residuals whose mean is zero; all exactly zero where the score is an affine function of
        the log length. What differs by less than the rounding of floats is made equal, so that it ties.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: A length of zero or less.

    Source:
        Regression on length as a control for a preference for long answers (Dubois et al., 2024,
        arXiv 2404.04475); here linear, within problems, and without a reference model.

    Examples:
        >>> [r.tolist() for r in length_controlled([[0.0, 1.0], [5.0, 5.5]], [[1, 10], [1, 10]])]
        [[-0.125, 0.125], [0.125, -0.125]]
    """
    same_rows(scores=scores, lengths=lengths)
    for one, size in zip(scores, lengths, strict=True):
        same_rows(scores=one, lengths=size)
    values = [_centred(floats(one, "scores")) for one in scores]
    sizes = [floats(size, "lengths") for size in lengths]
    if any((size <= 0).any() for size in sizes):
        raise ConfigError("a length of zero or less", do="give lengths above zero", field="lengths")
    logs = [_centred(np.log(size)) for size in sizes]
    spread = sum(float(x @ x) for x in logs)
    slope = sum(float(x @ v) for x, v in zip(logs, values, strict=True)) / spread if spread else 0.0
    scale = max((float(np.abs(v).max()) for v in values if len(v)), default=0.0) or 1.0
    grid = TIE * scale
    return [np.round((v - slope * x) / grid) * grid for v, x in zip(values, logs, strict=True)]


def _centred(column: Floats) -> Floats:
    return column - column.mean() if len(column) else column


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that at least one of ``k`` samples drawn from ``n``, ``c`` of them right, is right.

    Raises:
        ConfigError: Counts that are none, or k outside 1..n.

    Source:
        Chen et al. (2021): 1 - C(n-c, k) / C(n, k).

    Examples:
        >>> round(pass_at_k(16, 4, 3), 6)
        0.607143
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ConfigError(f"pass@{k} of {c} right in {n}", do="give 0 <= c <= n and 1 <= k <= n", field="k")
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def weighted_vote(answers: Sequence[str | None], weights: Numbers | None = None) -> str | None:
    """The answer with the largest sum of weights; the one that comes first wins a tie.

    Args:
        answers: One key per sample (see ``prmkit.answer.answer_key``); None does not vote.
        weights: One number per sample; None gives each the same (majority).

    Returns:
        The answer; None when nobody votes.

    Raises:
        AlignmentError: Columns of unlike length, or a weight that is not finite.

    Source:
        Self-consistency (Wang et al., 2023); weights after OmegaPRM (Luo et al., 2024).

    Examples:
        >>> weighted_vote(list("AABC")), weighted_vote(list("AABC"), [0.3, 0.35, 0.6, 0.5])
        ('A', 'A')
    """
    values = floats(np.ones(len(answers)) if weights is None else weights, "weights")
    same_rows(answers=answers, weights=values)
    totals: dict[str, list[float]] = {}
    for answer, weight in zip(answers, values, strict=True):
        if answer is not None:
            totals.setdefault(answer, []).append(float(weight))
    sums = {answer: math.fsum(parts) for answer, parts in totals.items()}
    top = max(sums.values(), default=0.0)
    # Sums of equal weights differ in the last bits; that must not decide a tie.
    return next((answer for answer, total in sums.items() if total >= top - TIE * abs(top)), None)


def best_of_n_kl(n: int) -> float:
    """Divergence of the best-of-n policy from the policy itself, in nats (an upper bound).

    Raises:
        ConfigError: ``n`` below 1.

    Source:
        Stiennon et al. (2020): ln n - (n-1)/n.

    Examples:
        >>> round(best_of_n_kl(16), 4)
        1.8351
    """
    if n < 1:
        raise ConfigError(f"best of {n}", do="use n of 1 or more", field="n")
    return math.log(n) - (n - 1) / n
