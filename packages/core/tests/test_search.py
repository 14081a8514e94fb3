"""Choosing an answer: best of n and votes, single and in expectation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.budget import Budget
from prmkit.contracts import Completion
from prmkit.errors import AlignmentError, BudgetExceededError, ConfigError
from prmkit.search import vote as votes
from prmkit.search.best_of_n import BestOfN, exchangeable, pick_best, value_of
from prmkit.search.vote import FLOOR, Vote, subsets, vote, vote_curve, vote_table
from prmkit.types import Problem, Provenance, StepScores, Trajectory


def pool(answers: Sequence[str | None], system: str = "m") -> list[Trajectory]:
    return [
        Trajectory.of_steps(f"t{i}", "p", ["..."], final_answer=a, provenance=Provenance(system=system))
        for i, a in enumerate(answers)
    ]


def test_golden_of_three_choices() -> None:
    """Answers A A B C at .3 .35 .6 .5: majority A, best of n B, weighted vote A."""
    tries, scores = pool("AABC"), [0.3, 0.35, 0.6, 0.5]
    assert vote(tries).answer == "A"
    best = pick_best(tries, scores)
    assert (best.answer, best.candidates, best.strategy) == ("B", ("t2", "t3", "t1", "t0"), "best_of_4")
    weighted = vote(tries, scores)
    assert weighted.answer == "A"
    assert weighted.candidates == ("t1", "t0", "t2", "t3")
    assert weighted.scores == pytest.approx((0.65, 0.65, 0.6, 0.5))


def test_ties_go_to_the_earlier_sample() -> None:
    assert pick_best(pool("AB"), [0.5, 0.5]).answer == "A"
    assert vote(pool("BA")).answer == "B"


def test_answers_are_grouped_by_what_they_mean() -> None:
    assert vote(pool(["2", "1/2", "0.5", r"\frac{1}{2}"])).answer == "1/2"


def test_a_sample_without_an_answer_does_not_vote_and_comes_last() -> None:
    found = vote(pool([None, None, "A"]))
    assert found.answer == "A"
    assert found.candidates == ("t2", "t0", "t1")
    assert vote(pool([None, None])).answer is None


def test_weights_of_nothing_fall_back_to_the_majority() -> None:
    assert vote(pool("ABB"), [0.0, 0.0, 0.0]).answer == "B"
    assert vote(pool("ABB"), [0.1, 0.0, 0.0]).answer == "A"


@pytest.mark.parametrize("values", [[0.1], [0.1, float("nan")]])
def test_values_that_do_not_fit_are_refused(values: list[float]) -> None:
    with pytest.raises(AlignmentError):
        pick_best(pool("AB"), values)
    with pytest.raises(AlignmentError):
        pick_best([], [])
    strangers = [*pool("A"), Trajectory.of_steps("x", "q", [])]
    with pytest.raises(AlignmentError, match="2 problems"):
        vote(strangers)


def test_exchangeable_means_one_named_system() -> None:
    assert exchangeable(pool("AB"))
    assert not exchangeable([*pool("A", "m"), *pool("B", "n")])
    assert not exchangeable(pool("AB", ""))


def test_a_scorers_own_value_goes_before_its_steps() -> None:
    steps = StepScores("t", "d", (0.9, 0.4))
    assert value_of(steps) == 0.4
    assert value_of(steps, "last") == 0.4
    assert value_of(StepScores("t", "d", (0.9, 0.4), trajectory_value=0.7)) == 0.7


pools = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C", None]), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    min_size=1,
    max_size=6,
)


def brute_force(rows: list[tuple[str | None, float]], truth: str, n: int) -> float:
    values = []
    for subset in combinations(rows, n):
        totals: Counter[str] = Counter()
        for answer, weight in subset:
            if answer is not None:
                totals[answer] += max(weight, FLOOR)
        top = max(totals.values(), default=0.0)
        winners = [a for a, total in totals.items() if total >= top * (1 - 1e-9)]
        values.append(sum(a == truth for a in winners) / len(winners) if winners else 0.0)
    return sum(values) / len(values)


@given(pools)
def test_vote_tables_are_the_mean_over_all_subsets(rows: list[tuple[str | None, float]]) -> None:
    answers, weights = [a for a, _ in rows], [w for _, w in rows]
    correct = [float(a == "A") for a in answers]
    sizes = range(1, len(rows) + 1)
    found = vote_table([answers], [correct], [weights], sizes=sizes)[0]
    assert found == pytest.approx([brute_force(rows, "A", n) for n in sizes])
    plain = vote_table([answers], [correct], sizes=sizes)[0]
    assert plain == pytest.approx([brute_force([(a, 1.0) for a in answers], "A", n) for n in sizes])


@given(pools, st.floats(0.1, 3), st.randoms())
def test_equal_weights_and_other_orders_change_nothing(rows: list, weight: float, random: object) -> None:
    answers = [a for a, _ in rows]
    correct = [float(a == "A") for a in answers]
    sizes = range(1, len(rows) + 1)
    plain = vote_table([answers], [correct], sizes=sizes)
    assert vote_table([answers], [correct], [[weight] * len(rows)], sizes=sizes) == pytest.approx(plain)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = vote_table([[answers[i] for i in order]], [[correct[i] for i in order]], sizes=sizes)
    assert moved == pytest.approx(plain)


def test_a_majority_of_one_is_a_single_sample() -> None:
    points = vote_curve([list("AAB"), list("BBA")], [[1, 1, 0], [0, 0, 1]])
    assert [round(p.value, 6) for p in points] == [0.5, 0.5, 0.5]
    assert all(p.exact and p.error == 0 for p in points)


def test_many_samples_are_drawn_with_a_seed_and_a_stated_error() -> None:
    random = np.random.default_rng(0)
    correct = (random.random((40, 16)) < 0.6).astype(float)
    answers = [["A" if c else str(random.integers(3)) for c in row] for row in correct]
    points = vote_curve(answers, correct, seed=1)
    assert points == vote_curve(answers, correct, seed=1)
    assert [p.exact for p in points[:2]] == [True, True]
    assert not points[7].exact
    assert 0 < points[7].error < 0.01
    votes.subsets.cache_clear()
    full = vote_table([a[:8] for a in answers], [c[:8] for c in correct], sizes=[4]).mean()
    assert abs(full - points[3].value) < 0.1


@given(size=st.integers(1, 9), n=st.integers(1, 9))
def test_subsets_have_their_size_and_no_double(size: int, n: int) -> None:
    if n <= size:
        rows = subsets(size, n)
        assert (rows.sum(axis=1) == n).all()
        assert len({tuple(row) for row in rows}) == len(rows)


def test_ragged_pools_and_wrong_sizes_are_refused() -> None:
    with pytest.raises(AlignmentError, match="unlike numbers"):
        vote_table([["A"], ["A", "B"]], [[1], [1, 0]], sizes=[1])
    with pytest.raises(AlignmentError, match="sizes"):
        vote_table([["A"]], [[1]], sizes=[2])
    with pytest.raises(AlignmentError, match="no problems"):
        vote_curve([], [])


class Policy:
    """Writes A twice and B once, whatever it is asked."""

    def complete(self, requests: list, *, n: int, seed: int, temperature: float = 1.0) -> list:
        texts = [f"Because.\nThe answer is {'AAB'[i % 3]}." for i in range(n)]
        return [[Completion(text, tokens=5) for text in texts] for _ in requests]


class Scorer:
    """Likes the last sample best."""

    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        many = len(trajectories)
        return [
            StepScores(t.id, t.digest, tuple((i + 1) / many for _ in t.steps))
            for i, t in enumerate(trajectories)
        ]


def test_strategies_sample_score_and_count_what_they_cost() -> None:
    problem, budget = Problem("p", "?"), Budget(tokens=40)
    best = BestOfN(n=3)(problem, Policy(), Scorer(), budget=budget)
    assert (best.answer, best.cost) == ("B", {"calls": 3, "tokens": 15})
    assert Vote(n=3, weighted=False)(problem, Policy(), Scorer(), budget=budget).answer == "A"
    assert budget.spent.tokens == 30
    assert Vote(n=3)(problem, Policy(), Scorer()).answer in "AB"
    with pytest.raises(BudgetExceededError):
        BestOfN(n=3)(problem, Policy(), Scorer(), budget=budget)
    with pytest.raises(ConfigError):
        BestOfN(n=0)(problem, Policy(), Scorer())


@given(pools)
def test_the_single_vote_agrees_with_the_table_where_there_is_no_tie(rows: list) -> None:
    answers, weights = [a for a, _ in rows], [w for _, w in rows]
    found = vote(pool(answers), weights)
    for truth in {a for a in answers if a}:
        value = vote_table([answers], [[float(a == truth) for a in answers]], [weights], sizes=[len(rows)])[
            0, 0
        ]
        if value in (0.0, 1.0):
            assert (found.answer == truth) == bool(value)
