"""Conformal selection: the hand-worked case, exact comparisons, ties, and the bound over 500 seeds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import AlignmentError, ConfigError, DataError
from prmkit.judging.planted import mean_error
from prmkit.judging.worlds import optcs as world
from prmkit.score.conformal import (
    Candidates,
    Ridge,
    beaten,
    one_each,
    optcs,
    optcs_full,
    rejections,
    select,
)

SCORES = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
GOOD = [1, 1, 0, 1, 0, 0, 0, 1, 0]
HELD = Candidates.of(list("abcdefghi"), SCORES)
NEW = Candidates.of(list("xyz"), [0.95, 0.65, 0.35])
counts_of = st.lists(st.integers(1, 40), min_size=1, max_size=25)


def names(mark: str, n: int) -> list[str]:
    return [f"{mark}{i}" for i in range(n)]


def test_optcs_golden() -> None:
    found = select(HELD, GOOD, NEW, 0.4)
    assert (found.counts, found.total, found.pvalues) == ((1, 2, 4), 10, [0.1, 0.2, 0.4])
    assert found.chosen == (0, 1, 2)
    reused = optcs(HELD, GOOD, NEW, 0.4)
    assert reused.evalues == (2.5, 2.5, 2.5)  # m / (q R) with R = 3 for each
    assert reused.chosen == (0, 1, 2)


def test_comparisons_are_exact() -> None:
    """At q = .3 the threshold of the smallest p-value is .3 * 1 / 3, which floats put below .1."""
    assert 0.3 * 1 / 3 < 0.1
    assert select(HELD, GOOD, NEW, 0.3).chosen == (0, 1)
    assert optcs(HELD, GOOD, NEW, 0.3).chosen == (0, 1)


@given(counts_of, st.integers(1, 99))
@settings(max_examples=60, deadline=None)
def test_rejections_against_fractions(counts: list[int], percent: int) -> None:
    q, many = Fraction(percent, 100), len(counts)
    expected = max((k for k, c in enumerate(sorted(counts), 1) if Fraction(c, 41) <= q * k / many), default=0)
    assert rejections(np.array(counts), 41, percent / 100) == expected


def by_definition(held, good, new, q: float) -> set[int]:
    """OptCS with deterministic pruning, written out from the rule with fractions."""
    level, many, total = Fraction(repr(q)), len(new), len(held) + 1
    models = range(len(held[0]))
    e_values = []
    for j in range(many):
        best = (0, 0, 0)
        for k in models:
            wrong = [held[i][k] for i in range(len(held)) if not good[i]]
            p = [
                Fraction(sum(v >= new[other][k] for v in wrong) + (new[j][k] >= new[other][k]), total)
                for other in range(many)
            ]
            p[j] = Fraction(0)
            rejected = max(n for n, one in enumerate(sorted(p), 1) if one <= level * n / many)
            own = Fraction(sum(v >= new[j][k] for v in wrong) + 1, total)
            if rejected > best[0]:
                best = (rejected, k, own)
        size, _, own = best
        e_values.append(many / (level * size) if own <= level * size / many else Fraction(0))
    taken = max(
        (k for k in range(1, many + 1) if sum(e >= many / (level * k) for e in e_values) >= k), default=0
    )
    return {j for j in range(many) if taken and e_values[j] >= many / (level * taken)}


@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.2, 0.3, 0.5]))
@settings(max_examples=40, deadline=None)
def test_optcs_is_its_definition(seed: int, q: float) -> None:
    random = np.random.default_rng(seed)
    n, m, models = (int(random.integers(a, b)) for a, b in ((5, 25), (1, 9), (1, 4)))
    held = random.integers(0, 8, (n, models)) / 8  # many ties
    new = random.integers(0, 8, (m, models)) / 8
    good = random.integers(0, 2, n)
    found = optcs(Candidates.of(names("c", n), held), good, Candidates.of(names("t", m), new), q)
    assert set(found.chosen) == by_definition(held.tolist(), good.tolist(), new.tolist(), q)
    # The order of calibration candidates means nothing; any rising change of a model's scores neither.
    order = random.permutation(n)
    again = optcs(
        Candidates.of(names("c", n), np.exp(held[order])),
        good[order],
        Candidates.of(names("t", m), np.exp(new)),
        q,
    )
    assert again == found


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_pruning_and_levels_only_add(seed: int) -> None:
    random = np.random.default_rng(seed)
    held = Candidates.of(names("c", 30), random.normal(size=(30, 3)))
    good = (held.scores[:, 0] + random.normal(size=30) > 0).astype(int)
    new = Candidates.of(names("t", 12), random.normal(size=(12, 3)))
    least = set(optcs(held, good, new, 0.2).chosen)
    for prune in ("same", "each"):
        assert least <= set(optcs(held, good, new, 0.2, prune=prune, seed=seed).chosen)
    one = Candidates.of(held.problems, held.scores[:, 0])
    mine = Candidates.of(new.problems, new.scores[:, 0])
    assert set(select(one, good, mine, 0.1).chosen) <= set(select(one, good, mine, 0.3).chosen)


def test_scores_that_all_tie_select_nothing() -> None:
    """The strict count of the paper would give every p-value 1 / (n + 1) here, and ship everything."""
    held = Candidates.of(names("c", 99), np.zeros((99, 2)))
    new = Candidates.of(names("t", 5), np.zeros((5, 2)))
    good = [1, 0, 0] * 33
    assert optcs(held, good, new, 0.1).chosen == ()
    assert optcs(held, good, new, 0.1).pvalues == [0.67] * 5
    assert beaten([1, 1, 0], [0, 1, 0], [1, 0.5, 0]).tolist() == [1, 1, 2]


def turned(rows, good, at):
    """Scores are the first column, turned so that right rows lie above wrong ones in the mean."""

    def sign(keep):
        x, y = rows[keep, 0], good[keep]
        return 1.0 if not y.any() or y.all() or x[y > 0].mean() >= x[y < 1].mean() else -1.0

    every = np.arange(len(rows))
    apart = np.array([sign(every != i) * rows[i, 0] for i in every])
    return apart, sign(every >= 0) * at[:, 0]


def test_optcs_full_golden() -> None:
    """Right .9 .8, wrong .2 .1; of the others .95: p = (1 + 0) / 5, .15: p = (1 + 1) / 5; R = 2 for both.

    For .95 the other's count is one wrong calibration candidate and .95 itself, and 2 / 5 <= .4 * 2 / 2.
    """
    held = Candidates.of(list("abcd"), [0.9, 0.8, 0.2, 0.1])
    new = Candidates.of(list("xy"), [0.95, 0.15])
    found = optcs_full(held, [1, 1, 0, 0], new, 0.4, learn=turned)
    assert (found.counts, found.evalues, found.chosen) == ((1, 2), (2.5, 2.5), (0, 1))
    # At .3 the first is promised itself alone, and 1 / 5 > .3 / 2; the second promises both, and 2 / 5 > .3.
    assert optcs_full(held, [1, 1, 0, 0], new, 0.3, learn=turned).evalues == (0.0, 0.0)


def test_the_candidate_is_treated_like_a_calibration_candidate() -> None:
    """Wrong .9 turns the fit without .5: it is scored -.5 there, and .9 by the fit without itself."""
    held, new = Candidates.of(["a", "b"], [0.6, 0.5]), Candidates.of(["x"], [0.9])
    assert optcs_full(held, [1, 0], new, 0.4, learn=turned).counts == (1,)
    apart, _ = turned(np.array([[0.6], [0.5], [0.9]]), np.array([1.0, 0, 0]), new.scores)
    assert apart.tolist() == [0.6, -0.5, 0.9]


def test_a_fit_that_learns_nothing_is_one_model() -> None:
    def given(rows, good, at):
        return rows[:, 0], at[:, 0]

    assert optcs_full(HELD, GOOD, NEW, 0.4, learn=given) == optcs(HELD, GOOD, NEW, 0.4)
    none = Candidates.of([], np.zeros((0, 1)))
    assert optcs_full(HELD, GOOD, none, 0.4).chosen == ()


@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.3, 0.5]))
@settings(max_examples=20, deadline=None)
def test_optcs_full_is_its_definition(seed: int, q: float) -> None:
    """Every fit done again without its row, and the p-values written out with fractions."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(5, 20)), int(random.integers(1, 8))
    held, new = random.normal(size=(n, 2)), random.normal(size=(m, 2))
    good = (held[:, 0] + random.normal(size=n) > 0).astype(float)
    level, promised, own = Fraction(repr(q)), [], []
    for j in range(m):
        rows, labels = np.vstack([held, new[j]]), np.append(good, 0.0)
        fitted = refitted(rows, labels, new)
        apart = [refitted(np.delete(rows, i, 0), np.delete(labels, i), rows[[i]])[0] for i in range(n + 1)]
        wrong = [apart[i] for i in range(n + 1) if not labels[i]]
        p = [Fraction(sum(v >= fitted[one] for v in wrong), n + 1) for one in range(m)]
        p[j] = Fraction(0)
        promised.append(max(k for k, one in enumerate(sorted(p), 1) if one <= level * k / m))
        own.append(Fraction(sum(v >= apart[n] for v in wrong), n + 1))
    finalist = [one <= level * size / m for one, size in zip(own, promised, strict=True)]
    best = max(
        k for k in range(m + 1) if sum(f and r <= k for f, r in zip(finalist, promised, strict=True)) >= k
    )
    expected = {j for j in range(m) if finalist[j] and promised[j] <= best}
    found = optcs_full(Candidates.of(names("c", n), held), good, Candidates.of(names("t", m), new), q)
    assert set(found.chosen) == expected
    assert [Fraction(one, n + 1) for one in found.counts] == own


def refitted(rows, good, at):
    """Ridge by its normal equations."""
    x = np.column_stack([np.ones(len(rows)), rows])
    weights = np.linalg.solve(x.T @ x + np.diag([0.0] + [1.0] * rows.shape[1]), x.T @ good)
    return np.column_stack([np.ones(len(at)), at]) @ weights


def test_equal_rows_tie_and_a_fit_without_an_answer_is_refused() -> None:
    rows = np.repeat([[0.3, 0.7]], 4, axis=0) + np.array([[0, 0], [0, 0], [1, 0], [0, 2]])
    apart, _ = Ridge()(rows, np.array([0.0, 0.0, 1.0, 1.0]), rows)
    assert apart[0] == apart[1]
    lone = Candidates.of(["a"], [0.5])
    with pytest.raises(AlignmentError, match="finite"), np.errstate(all="ignore"):
        optcs_full(lone, [1], NEW, 0.4, learn=lambda rows, good, at: (rows[:, 0] * np.nan, at[:, 0]))


def test_mean_false_discovery_over_500_seeds() -> None:
    options = world.Options(calibration=40, test=30, strengths=(0.0, 0.8, 1.6), q=0.2, blind=8)
    rows = [world.draw(np.random.default_rng([1, i]), options) for i in range(500)]
    figures = {
        arm: {metric: np.array([row[arm][metric] for row in rows]) for metric in rows[0][arm]}
        for arm in rows[0]
    }
    bounded = (world.OPTCS, world.SAME, world.FULL, world.SPLIT, world.HALF, world.FIXED)
    for arm in (*bounded, world.OPTCS + world.BLIND):
        mean, error = mean_error(figures[arm]["fdp"])
        assert mean <= 0.2 + 3 * error, arm
    broken, error = mean_error(figures[world.NAIVE + world.BLIND]["fdp"])
    assert broken > 0.2 + 3 * error  # the experiment can see a broken bound
    assert figures[world.SAME]["power"].mean() > 0.3


def test_one_candidate_a_problem() -> None:
    assert one_each(["p", "q", "p"], [0.2, 0.1, 0.2]) == [0, 1]
    with pytest.raises(DataError, match="3 candidates of 2 problems"):
        Candidates.of(["p", "q", "p"], [0.1, 0.2, 0.3])
    with pytest.raises(DataError, match="fitted on and judged"):
        select(HELD, GOOD, Candidates.of(["a"], [0.5]), 0.1)


def test_refusals() -> None:
    with pytest.raises(AlignmentError, match="labels"):
        select(HELD, GOOD[1:], NEW, 0.1)
    with pytest.raises(AlignmentError, match="models"):
        optcs(HELD, GOOD, Candidates.of(["x"], [[0.1, 0.2]]), 0.1)
    with pytest.raises(AlignmentError, match="finite"):
        Candidates.of(["x"], [float("nan")])
    with pytest.raises(AlignmentError, match="shape"):
        Candidates.of([], np.zeros((0, 0)))
    with pytest.raises(ConfigError, match="2 models"):
        select(Candidates.of(["x"], [[0.1, 0.2]]), [1], Candidates.of(["y"], [[0.1, 0.2]]), 0.1)
    with pytest.raises(ConfigError, match="q"):
        select(HELD, GOOD, NEW, 1.0)
    with pytest.raises(ConfigError, match="pruning"):
        optcs(HELD, GOOD, NEW, 0.1, prune="hard")  # type: ignore[arg-type]
    with pytest.raises(AlignmentError, match="labels"):
        optcs_full(HELD, GOOD[1:], NEW, 0.1)
    assert optcs(HELD, GOOD, Candidates.of([], np.zeros((0, 1))), 0.1).chosen == ()
