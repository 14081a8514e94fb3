"""Votes over answers: majority and weighted, and what they are worth for each number of samples.

Source: self-consistency (Wang et al., 2023); weights by process scores (Li et al., 2023;
OmegaPRM, Luo et al., 2024).

Tie rules: a single vote goes to the answer that comes first; expectations give each tied
answer the same chance, so that they do not depend on the order of samples. A sample without
an answer does not vote. Weights are floored at ``FLOOR``, so that a pool in which every
weight is 0 falls back to the majority.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from prmkit.answer import answer_key
from prmkit.budget import Budget
from prmkit.contracts import Policy, Scorer
from prmkit.errors import AlignmentError
from prmkit.search.best_of_n import check_pool, sample_pool, value_of
from prmkit.stats import weighted_vote
from prmkit.stats.arrays import Floats, Ints, Numbers, same_rows
from prmkit.stats.choice import TIE
from prmkit.types import Problem, SearchResult, Trajectory

FLOOR = 1e-6
"""Smallest weight of a vote."""
EXACT_SUBSETS = 256
"""Subset sizes with no more subsets than this are counted out; C(8, n) <= 70 always is."""
SUBSAMPLES = 256
"""Seeded subsets drawn where there are too many to count."""
_PROBLEMS_AT_ONCE = 512


class CurvePoint(NamedTuple):
    """Expected share of problems answered right with ``n`` samples."""

    n: int
    value: float
    exact: bool
    """True when every subset was counted."""
    error: float
    """Standard error from drawing subsets; 0 when exact. Says nothing about the problems drawn."""


def vote(
    trajectories: Sequence[Trajectory], weights: Numbers | None = None, *, strategy: str = ""
) -> SearchResult:
    """The answer with the largest sum of weights over the samples that state it.

    Candidates are ordered by the weight of their answer, then by their own weight; those
    without an answer come last. Answers are grouped by ``prmkit.answer.answer_key``.

    Raises:
        AlignmentError: No trajectory, another number of weights, or trajectories of several problems.

    Source:
        Wang et al. (2023); with weights, Luo et al. (2024): argmax over answers of summed scores.

    Examples:
        >>> pool = [Trajectory.of_steps(str(i), "p", [], final_answer=a) for i, a in enumerate("AABC")]
        >>> vote(pool, [0.3, 0.35, 0.6, 0.5]).answer
        'A'
    """
    given = [1.0] * len(trajectories) if weights is None else [max(float(w), FLOOR) for w in weights]
    check_pool(trajectories, given)
    keys = [None if t.final_answer is None else answer_key(t.final_answer) for t in trajectories]
    won = weighted_vote(keys, given)
    total = {k: math.fsum(w for w, other in zip(given, keys, strict=True) if other == k) for k in set(keys)}
    total[None] = 0.0

    def place(i: int) -> tuple[bool, float, int, float]:
        first = keys.index(keys[i])
        return keys[i] != won, -total[keys[i]], first, -given[i]

    order = sorted(range(len(trajectories)), key=place)
    return SearchResult(
        problem_id=trajectories[0].problem_id,
        candidates=tuple(trajectories[i].id for i in order),
        scores=tuple(total[keys[i]] for i in order),
        answer=trajectories[order[0]].final_answer,
        strategy=strategy or ("majority" if weights is None else "weighted_vote"),
    )


def vote_table(
    answers: Sequence[Sequence[str | None]],
    correct: Sequence[Numbers],
    weights: Sequence[Numbers] | None = None,
    *,
    sizes: Sequence[int],
    seed: int = 0,
) -> Floats:
    """Expected correctness of a vote among ``n`` of the samples, per problem and ``n``.

    Args:
        answers: Answer keys of each problem's samples; the same number for all problems.
        correct: 1 for right samples, 0 for wrong ones; an answer counts as the mean of its samples.
        weights: One per sample; None for the majority.
        sizes: Values of n.
        seed: Seed of the subsets drawn where they cannot be counted out.

    Returns:
        Shape (problems, sizes).

    Raises:
        AlignmentError: Problems with unlike numbers of samples, or a size outside 1..N.

    Source:
        Mean over all C(N, n) subsets, each tied answer with the same chance; seeded subsets where
        C(N, n) > EXACT_SUBSETS. Meaningful for exchangeable samples only.

    Examples:
        >>> vote_table([["A", "A", "B"]], [[1, 1, 0]], sizes=[1, 2, 3]).round(4).tolist()
        [[0.6667, 0.6667, 1.0]]
    """
    pool = _pool(answers, correct, weights)
    if not all(1 <= n <= pool.size for n in sizes):
        raise AlignmentError(
            f"vote sizes {list(sizes)} of {pool.size} samples", do=f"use sizes from 1 to {pool.size}"
        )
    columns = [_outcomes(subsets(pool.size, n, seed), pool).mean(axis=1) for n in sizes]
    return np.stack(columns, axis=1)


@lru_cache(maxsize=256)
def subsets(size: int, n: int, seed: int = 0) -> Floats:
    """Subsets of ``n`` out of ``size`` as rows of zeros and ones: all of them, or a seeded draw.

    Source:
        Enumeration up to EXACT_SUBSETS, uniform draws without replacement inside each beyond.

    Examples:
        >>> subsets(3, 2).tolist()
        [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
    """
    if math.comb(size, n) <= EXACT_SUBSETS:
        rows = np.array(list(combinations(range(size), n)), dtype=np.int64)
    else:
        random = np.random.default_rng((seed, size, n))
        rows = np.argsort(random.random((SUBSAMPLES, size)), axis=1)[:, :n]
    masks = np.zeros((len(rows), size))
    np.put_along_axis(masks, rows, 1.0, axis=1)
    masks.setflags(write=False)
    return masks


def vote_curve(
    answers: Sequence[Sequence[str | None]],
    correct: Sequence[Numbers],
    weights: Sequence[Numbers] | None = None,
    *,
    seed: int = 0,
) -> list[CurvePoint]:
    """Expected accuracy of a vote for n = 1 .. N, averaged over problems.

    Raises:
        AlignmentError: No problems, or problems with unlike numbers of samples.

    Source:
        As :func:`vote_table`; the error comes from the spread over the drawn subsets.

    Examples:
        >>> [round(point.value, 4) for point in vote_curve([["A", "A", "B"]], [[1, 1, 0]])]
        [0.6667, 0.6667, 1.0]
    """
    if not answers:
        raise AlignmentError("no problems to vote on", do="leave out suites without samples")
    pool = _pool(answers, correct, weights)
    points = []
    for n in range(1, pool.size + 1):
        exact = math.comb(pool.size, n) <= EXACT_SUBSETS
        per_subset = _outcomes(subsets(pool.size, n, seed), pool).mean(axis=0)
        error = 0.0 if exact else float(per_subset.std(ddof=1)) / math.sqrt(len(per_subset))
        points.append(CurvePoint(n, float(per_subset.mean()), exact, error))
    return points


class _Pool(NamedTuple):
    """Samples as arrays: answer numbers, correctness and votes, each of shape (problems, samples)."""

    groups: Ints
    right: Floats
    votes: Floats

    @property
    def size(self) -> int:
        return int(self.groups.shape[1])


def _pool(
    answers: Sequence[Sequence[str | None]], correct: Sequence[Numbers], weights: Sequence[Numbers] | None
) -> _Pool:
    same_rows(answers=answers, correct=correct, weights=correct if weights is None else weights)
    size = len(answers[0]) if answers else 0
    if any(len(row) != size for row in (*answers, *correct, *(() if weights is None else weights))):
        raise AlignmentError("problems with unlike numbers of samples", do="cut all to the smallest number")
    shape = (len(answers), size)
    votes = np.ones(shape) if weights is None else np.maximum(np.asarray(weights, dtype=np.float64), FLOOR)
    groups = np.array([_numbered(row) for row in answers], dtype=np.int64).reshape(shape)
    return _Pool(groups, np.asarray(correct, dtype=np.float64).reshape(shape), votes.reshape(shape))


def _numbered(answers: Sequence[str | None]) -> list[int]:
    """Answers as small numbers in order of first appearance; -1 where there is none."""
    number: dict[str, int] = {}
    return [-1 if a is None else number.setdefault(a, len(number)) for a in answers]


def _outcomes(masks: Floats, pool: _Pool) -> Floats:
    """Correctness of the winner of each subset (ties shared out), shape (problems, subsets)."""
    parts = []
    for begin in range(0, len(pool.groups), _PROBLEMS_AT_ONCE):
        groups, right, votes = (column[begin : begin + _PROBLEMS_AT_ONCE] for column in pool)
        belongs = (groups[:, :, None] == np.arange(pool.size)).astype(np.float64)
        worth = np.einsum("pn,png->pg", right, belongs) / np.maximum(belongs.sum(axis=1), 1)
        totals = np.matmul(masks, belongs * votes[:, :, None])
        top = totals.max(axis=2, keepdims=True)
        winners = ((totals >= top * (1 - TIE)) & (totals > 0)).astype(np.float64)
        parts.append(np.matmul(winners, worth[:, :, None])[:, :, 0] / np.maximum(winners.sum(axis=2), 1))
    return np.concatenate(parts) if parts else np.empty((0, len(masks)))


@dataclass(frozen=True, slots=True)
class Vote:
    """Samples ``n`` solutions and lets their answers vote, weighted by scores or not.

    Source:
        Wang et al. (2023); Luo et al. (2024).
    """

    n: int = 8
    weighted: bool = True
    aggregate: str = "min"
    temperature: float = 1.0
    segmenter: str = "auto"

    def __call__(
        self, problem: Problem, policy: Policy, scorer: Scorer, *, budget: Budget | None = None, seed: int = 0
    ) -> SearchResult:
        """Candidates by their answer's weight; ``budget.spend(calls=, tokens=)`` learns the cost."""
        pool, tokens = sample_pool(
            problem, policy, n=self.n, seed=seed, temperature=self.temperature, how=self.segmenter
        )
        if budget is not None:
            budget.spend(calls=self.n, tokens=tokens)
        weights = None
        if self.weighted:
            weights = [value_of(s, self.aggregate) for s in scorer.score(problem, pool)]
        name = f"weighted_vote_{self.n}/{self.aggregate}" if self.weighted else f"majority_{self.n}"
        found = vote(pool, weights, strategy=name)
        return SearchResult(
            found.problem_id,
            found.candidates,
            found.scores,
            found.answer,
            found.strategy,
            cost={"calls": float(self.n), "tokens": float(tokens)},
        )
