"""Choosing among samples: published values, and expectations against brute force."""

from __future__ import annotations

import math
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.aggregators import aggregate
from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats import (
    best_credit,
    best_of_n_curve,
    best_of_n_kl,
    exact_best_of_n,
    length_controlled,
    pass_at_k,
    reward_rank,
    ties_score,
    weighted_vote,
)

samples = st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), min_size=1, max_size=6)


def test_best_of_n_golden() -> None:
    found = [exact_best_of_n([4, 3, 2, 1], [1, 0, 1, 0], n) for n in (1, 2, 3, 4)]
    assert found == pytest.approx([0.5, 2 / 3, 0.75, 1.0])


@given(samples)
def test_best_of_n_is_the_mean_over_all_subsets(rows: list[tuple[float, bool]]) -> None:
    """Ties: each of the equals has the same chance, or the earlier one wins."""
    for n in range(1, len(rows) + 1):
        chances, first = [], []
        for subset in combinations(rows, n):
            top = max(s for s, _ in subset)
            best = [float(y) for s, y in subset if s == top]
            chances.append(sum(best) / len(best))
            first.append(best[0])
        scores, correct = [s for s, _ in rows], [float(y) for _, y in rows]
        assert exact_best_of_n(scores, correct, n) == pytest.approx(sum(chances) / len(chances))
        assert exact_best_of_n(scores, correct, n, ties="first") == pytest.approx(sum(first) / len(first))


@given(samples)
def test_best_of_n_begins_at_the_mean_and_ends_at_the_best(rows: list[tuple[float, bool]]) -> None:
    scores, correct = [s for s, _ in rows], [float(y) for _, y in rows]
    curve = best_of_n_curve(scores, correct)
    assert curve[0] == pytest.approx(sum(correct) / len(correct))
    best = [y for s, y in zip(scores, correct, strict=True) if s == max(scores)]
    assert curve[-1] == pytest.approx(sum(best) / len(best))


@given(st.lists(st.booleans(), min_size=1, max_size=9))
def test_choosing_by_truth_is_pass_at_n(correct: list[bool]) -> None:
    right = [float(c) for c in correct]
    for n, value in enumerate(best_of_n_curve(right, right), start=1):
        assert value == pytest.approx(pass_at_k(len(right), sum(correct), n))


def test_pass_at_k_golden_and_limits() -> None:
    assert pass_at_k(16, 4, 3) == pytest.approx(0.607143, abs=5e-7)
    assert pass_at_k(4, 3, 2) == 1  # fewer wrong ones than samples drawn
    assert pass_at_k(4, 0, 4) == 0
    for call in (
        lambda: pass_at_k(4, 5, 1),
        lambda: pass_at_k(4, 1, 5),
        lambda: exact_best_of_n([1], [1], 2),
    ):
        with pytest.raises(ConfigError):
            call()


def test_vote_golden() -> None:
    """Majority says A, best of n says B, the weighted vote says A (.65 to .60 and .50)."""
    answers, scores = list("AABC"), [0.3, 0.35, 0.6, 0.5]
    assert weighted_vote(answers) == "A"
    assert weighted_vote(answers, scores) == "A"
    assert answers[scores.index(max(scores))] == "B"
    assert weighted_vote(answers, [0.3, 0.25, 0.6, 0.5]) == "B"


def test_votes_of_nobody_and_ties() -> None:
    assert weighted_vote([None, None]) is None
    assert weighted_vote([]) is None
    assert weighted_vote(["B", "A", None, "A", "B"]) == "B"
    assert weighted_vote(["x", "y"] * 3, [0.1, 0.3] * 3) == "y"
    assert weighted_vote(["x", "y", "y", "y"], [0.3, 0.1, 0.1, 0.1]) == "x"  # .1 + .1 + .1 is not above .3
    with pytest.raises(AlignmentError):
        weighted_vote(["a"], [1.0, 2.0])


@given(st.lists(st.sampled_from("ABC"), min_size=1, max_size=8), st.floats(0.1, 5))
def test_equal_weights_are_a_majority(answers: list[str], weight: float) -> None:
    assert weighted_vote(answers, [weight] * len(answers)) == weighted_vote(answers)


@pytest.mark.parametrize(("n", "nats"), [(4, 0.6363), (16, 1.8351), (64, 3.1745), (1, 0.0)])
def test_divergence_of_best_of_n(n: int, nats: float) -> None:
    assert best_of_n_kl(n) == pytest.approx(nats, abs=5e-5)


def test_rewardmath_goldens() -> None:
    """Ranks with ties against the chosen one; chance level accuracy 10 %, MRR H_10 / 10 = .2929."""
    assert reward_rank(0.5, [0.5, 0.1]) == 2
    assert reward_rank(0.5, [0.5, 0.1], strict=False) == 1
    ranks = [reward_rank(place, [k for k in range(10) if k != place]) for place in range(10)]
    assert sum(r == 1 for r in ranks) / 10 == pytest.approx(0.10)
    assert sum(1 / r for r in ranks) / 10 == pytest.approx(0.2929, abs=5e-5)
    assert [
        round(aggregate([0.9, 0.8, 0.5], how), 6) for how in ("min", "prod", "gmean", "mean", "last")
    ] == [
        0.5,
        0.36,
        0.711379,
        0.733333,
        0.5,
    ]


@given(st.lists(st.integers(0, 5), min_size=2, max_size=6), st.integers(0, 5))
def test_the_aggregator_decides_who_ranks_first(rejected: list[int], chosen: int) -> None:
    strict, lenient = reward_rank(chosen, rejected), reward_rank(chosen, rejected, strict=False)
    assert 1 <= lenient <= strict <= len(rejected) + 1
    assert strict - lenient == rejected.count(chosen)


REFERENCE = {"a": ([2], [1, 0.5]), "b": ([1], [1.2, 0.1])}
TIED = {"a": ([2, 1.8, 1.7], [1, 0.5]), "b": ([1.5, 0.5, 1], [0.4, 0.2])}


def test_rewardbench2_golden() -> None:
    found = ties_score(REFERENCE, TIED)
    expected = {
        "accuracy_reference": 0.5,
        "accuracy_tied": 1,
        "gap": 0.5,
        "hard_gap": 0.5,
        "margin": 0.018204,
    }
    assert {k: found[k] for k in expected} == pytest.approx(expected, abs=5e-7)
    assert found["score"] == pytest.approx(0.650182, abs=5e-7)
    assert best_credit([2.0, 2.0, 1.0, 2.0]) == pytest.approx(1 / 3)
    assert best_credit([1.0, 2.0, 0.0, 0.0]) == 0
    # chance of a random scorer among four completions is 25 %
    assert sum(best_credit(list(p)) for p in permutations(range(4))) / 24 == pytest.approx(0.25)


def test_rewardbench2_limits() -> None:
    best = ties_score({"a": ([9], [0])}, {"a": ([9, 8.999], [0])})
    assert best["score"] == pytest.approx(1.01, abs=1e-6)
    same = ties_score({"a": ([1], [0])}, {"a": ([1, 1], [0])})  # no spread: the quotient is infinite
    assert same["margin"] == 1
    nothing = ties_score({"a": ([0], [0])}, {"a": ([0, 0], [0])})  # 0/0 counts 0
    assert nothing["score"] == 0
    with pytest.raises(AlignmentError, match="no prompt"):
        ties_score({"a": ([1], [0])}, {"b": ([1], [0])})
    with pytest.raises(AlignmentError, match="lacks"):
        ties_score({"a": ([1], [])}, {"a": ([1], [0])})
    with pytest.raises(AlignmentError):
        best_credit([])


@given(st.floats(0.1, 10), st.floats(-5, 5))
def test_ties_do_not_see_scale_or_origin(scale: float, move: float) -> None:
    def moved(part: dict) -> dict:
        return {k: tuple([scale * v + move for v in side] for side in group) for k, group in part.items()}

    one, other = ties_score(REFERENCE, TIED), ties_score(moved(REFERENCE), moved(TIED))
    assert math.isclose(one["margin"], other["margin"], abs_tol=1e-6)
    assert one["accuracy_tied"] == other["accuracy_tied"]


POOLS = st.lists(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 400), st.booleans()), min_size=2, max_size=6),
    min_size=1,
    max_size=6,
)


def test_length_is_taken_out_by_hand() -> None:
    # Scores rise by 1 and by 0.5 while the length grows tenfold: the common slope explains 0.75 of each.
    left = length_controlled([[0.0, 1.0], [5.0, 5.5]], [[1, 10], [1, 10]])
    assert [part.tolist() for part in left] == [[-0.125, 0.125], [0.125, -0.125]]
    # Equal lengths explain nothing.
    assert length_controlled([[0.0, 1.0]], [[7, 7]])[0].tolist() == [-0.5, 0.5]
    assert length_controlled([], []) == []


@given(POOLS, st.floats(-1, 1), st.floats(-5, 5).filter(lambda slope: abs(slope) > 0.01))
def test_an_affine_function_of_log_length_leaves_ties(pools, level, slope) -> None:
    lengths = [[length for _, length, _ in pool] for pool in pools]
    scores = [[level * i + slope * math.log(n) for n in row] for i, row in enumerate(lengths)]
    left = length_controlled(scores, lengths)
    assert all(value == 0 for part in left for value in part)


@given(POOLS, st.floats(-20, 20))
def test_what_is_added_in_proportion_to_log_length_changes_no_choice(pools, slope) -> None:
    lengths = [[length for _, length, _ in pool] for pool in pools]
    scores = [[value / 10 for value, _, _ in pool] for pool in pools]
    bent = [
        [v + slope * math.log(n) for v, n in zip(*rows, strict=True)]
        for rows in zip(scores, lengths, strict=True)
    ]
    for pool, one, other in zip(
        pools, length_controlled(scores, lengths), length_controlled(bent, lengths), strict=True
    ):
        right = [float(ok) for _, _, ok in pool]
        assert best_of_n_curve(one, right) == pytest.approx(best_of_n_curve(other, right))


def test_lengths_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigError, match="length of zero"):
        length_controlled([[1.0]], [[0]])
    with pytest.raises(AlignmentError):
        length_controlled([[1.0]], [[1, 2]])
