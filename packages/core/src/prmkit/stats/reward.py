"""Sums of reward-model benchmarks: one chosen among many, and ties that should tie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from prmkit.errors import AlignmentError
from prmkit.stats.arrays import Numbers, floats

Group = tuple[Numbers, Numbers]
"""Scores of the right and of the wrong completions of one prompt."""


def reward_rank(chosen: float, rejected: Numbers, *, strict: bool = True) -> int:
    """Rank (from 1) of the chosen solution among the rejected ones; ties count against it.

    Args:
        chosen: Score of the chosen solution.
        rejected: Scores of the others.
        strict: False lets a tie count for the chosen one.

    Raises:
        AlignmentError: An entry is not finite.

    Source:
        RewardMATH (Kim et al., 2024): accuracy = share of rank 1, MRR = mean of 1 / rank.

    Examples:
        >>> reward_rank(0.5, [0.5, 0.1]), reward_rank(0.5, [0.5, 0.1], strict=False)
        (2, 1)
    """
    others = floats(rejected, "rejected")
    mine = float(floats([chosen], "chosen")[0])
    return 1 + int((others >= mine).sum() if strict else (others > mine).sum())


def best_credit(scores: Numbers, correct: int = 0) -> float:
    """1 / (number of completions that share the highest score) if the right one does, else 0.

    Raises:
        AlignmentError: No scores, or an entry that is not finite.

    Source:
        RewardBench 2 (Malik et al., 2025), all subsets but Ties.

    Examples:
        >>> best_credit([2.0, 2.0, 1.0, 0.0]), best_credit([1.0, 2.0])
        (0.5, 0.0)
    """
    values = floats(scores, "scores")
    if not len(values):
        raise AlignmentError("a prompt without completions", do="leave such rows out", field="scores")
    top = values == values.max()
    return 1 / int(top.sum()) if top[correct] else 0.0


def ties_score(reference: Mapping[str, Group], tied: Mapping[str, Group]) -> dict[str, float]:
    """RewardBench 2's score of the Ties subset, with its parts.

    Args:
        reference: Prompts with one right completion, by prompt key.
        tied: Prompts with several right completions, by the same keys.

    Returns:
        ``accuracy_reference``, ``accuracy_tied`` (every right completion above every wrong one),
        ``gap`` and ``hard_gap`` (the gap to the wrong ones exceeds the spread of the right ones),
        ``margin`` and ``score`` (at most 1.01).

    Raises:
        AlignmentError: No prompts, a prompt without completions of a kind, or no common prompt.

    Source:
        RewardBench 2 (Malik et al., 2025): .30 acc_tied + .30 acc_ref + .20 p + .20 p_hard + .01 m,
        m = mean of tanh(min gap / spread - 1), 0 where the quotient has no value.

    Examples:
        >>> ref = {"a": ([2], [1, 0.5]), "b": ([1], [1.2, 0.1])}
        >>> tied = {"a": ([2, 1.8, 1.7], [1, 0.5]), "b": ([1.5, 0.5, 1], [0.4, 0.2])}
        >>> round(ties_score(ref, tied)["score"], 6)
        0.650182
    """
    gaps_ref = {key: _gap(group) for key, group in reference.items()}
    gaps_tied = {key: _gap(group) for key, group in tied.items()}
    both = [key for key in gaps_tied if key in gaps_ref]
    if not both:
        raise AlignmentError(
            "no prompt stands in both the reference and the tied part",
            do="key both parts by the prompt: 'ref:7' and 'tied:7' share the key '7'",
        )
    spread = {key: _spread(tied[key][0]) for key in both}
    least = {key: min(gaps_ref[key], gaps_tied[key]) for key in both}
    parts = {
        "accuracy_reference": _mean([gap > 0 for gap in gaps_ref.values()]),
        "accuracy_tied": _mean([gap > 0 for gap in gaps_tied.values()]),
        "gap": _mean([gaps_tied[key] > spread[key] for key in both]),
        "hard_gap": _mean([least[key] > spread[key] for key in both]),
        "margin": _mean([_margin(least[key], spread[key]) for key in both]),
    }
    score = (
        0.30 * (parts["accuracy_tied"] + parts["accuracy_reference"])
        + 0.20 * (parts["gap"] + parts["hard_gap"])
        + 0.01 * parts["margin"]
    )
    return {**parts, "score": score}


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _gap(group: Group) -> float:
    right, wrong = floats(group[0], "right"), floats(group[1], "wrong")
    if not len(right) or not len(wrong):
        raise AlignmentError(
            "a prompt lacks right or wrong completions", do="give both kinds for each prompt"
        )
    return float(right.min() - wrong.max())


def _spread(right: Numbers) -> float:
    values = floats(right, "right")
    return float(values.max() - values.min())


def _margin(gap: float, spread: float) -> float:
    if spread == 0:
        # The quotient is infinite with the gap's sign; 0/0 has no value and counts 0.
        return 0.0 if gap == 0 else math.copysign(1.0, gap)
    return math.tanh(gap / spread - 1)
