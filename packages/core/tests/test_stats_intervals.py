"""Intervals and tests: published values, oracles, and what resampling clusters must do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from scipy import stats as oracle

from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats import (
    auroc,
    bootstrap,
    bootstrap_mean,
    clopper_pearson_lower,
    clopper_pearson_upper,
    clustered_wilson,
    design_effect,
    holm,
    mcnemar_exact,
    paired,
    resample_mean,
    resample_sums,
    resample_weighted,
    tost,
    weighted_auroc,
    wilson,
)
from prmkit.stats.special import betainc, binomial_tail, student_quantile, student_tail

counts = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(a=st.floats(0.1, 3000), b=st.floats(0.1, 3000), x=st.floats(0, 1))
def test_incomplete_beta(a: float, b: float, x: float) -> None:
    assert betainc(a, b, x) == pytest.approx(special.betainc(a, b, x), abs=1e-9)


@given(counts, st.floats(0.001, 0.999))
def test_binomial_tail(kn: tuple[int, int], p: float) -> None:
    k, n = kn
    assert binomial_tail(k, n, p) == pytest.approx(oracle.binom.sf(k - 1, n, p), abs=1e-9)


@given(t=st.floats(-50, 50), degrees=st.integers(1, 500), p=st.floats(0.001, 0.999))
def test_student(t: float, degrees: int, p: float) -> None:
    assert student_tail(t, degrees) == pytest.approx(oracle.t.sf(t, degrees), abs=1e-9)
    assert student_quantile(p, degrees) == pytest.approx(oracle.t.ppf(p, degrees), rel=1e-6, abs=1e-6)


def test_wilson_golden() -> None:
    assert wilson(60, 100) == pytest.approx((0.50200, 0.69060), abs=5e-6)
    assert wilson(0, 0) == (0.0, 1.0)


@given(counts.filter(lambda kn: kn[1] > 0))
def test_wilson_and_clopper_pearson_against_scipy(kn: tuple[int, int]) -> None:
    k, n = kn
    expected = oracle.binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx(tuple(expected), abs=1e-9)
    upper = oracle.binomtest(k, n, alternative="less").proportion_ci(0.95, method="exact").high
    lower = oracle.binomtest(k, n, alternative="greater").proportion_ci(0.95, method="exact").low
    assert clopper_pearson_upper(k, n) == pytest.approx(upper, abs=1e-9)
    assert clopper_pearson_lower(k, n) == pytest.approx(lower, abs=1e-9)


def test_bounds_that_a_verifier_must_meet() -> None:
    """72 of 72 right puts the precision above 0.959; no alarm in 598 steps keeps the rate below 0.5 %."""
    assert clopper_pearson_lower(72, 72) == pytest.approx(0.05 ** (1 / 72))
    assert clopper_pearson_upper(0, 598) < 0.005 < clopper_pearson_upper(0, 597)


@pytest.mark.parametrize("call", [wilson, clopper_pearson_lower, clopper_pearson_upper])
def test_counts_that_are_none_are_refused(call: object) -> None:
    with pytest.raises(ConfigError):
        call(3, 2)  # type: ignore[operator]
    with pytest.raises(ConfigError):
        call(1, 2, 95)  # type: ignore[operator]


def test_mcnemar_golden() -> None:
    assert mcnemar_exact(18, 8) == pytest.approx(0.0755, abs=5e-5)
    assert mcnemar_exact(0, 0) == 1.0


@given(b=st.integers(0, 200), c=st.integers(0, 200))
def test_mcnemar_is_a_binomial_test(b: int, c: int) -> None:
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)
    if b + c:
        assert mcnemar_exact(b, c) == pytest.approx(oracle.binomtest(b, b + c).pvalue, abs=1e-9)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx({"0": 0.03, "1": 0.06, "2": 0.06, "3": 0.02})
    assert holm({}) == {}
    with pytest.raises(ConfigError):
        holm([1.2])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_never_lowers(p: list[float]) -> None:
    adjusted = list(holm(p).values())
    assert all(raw <= new <= 1 for raw, new in zip(p, adjusted, strict=True))
    assert all(
        x <= y for a, x in zip(p, adjusted, strict=True) for b, y in zip(p, adjusted, strict=True) if a < b
    )


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=30), st.floats(0.01, 0.5))
def test_tost_against_scipy(differences: list[float], margin: float) -> None:
    found = tost(differences, margin)
    if np.std(differences) < 1e-6:
        return
    low = oracle.ttest_1samp(differences, -margin, alternative="greater").pvalue
    high = oracle.ttest_1samp(differences, margin, alternative="less").pvalue
    assert found.p == pytest.approx(max(low, high), abs=1e-8)
    assert found.p_not_worse == pytest.approx(low, abs=1e-8)
    assert found.equivalent == (-margin < found.low and found.high < margin) or abs(found.p - 0.05) < 1e-6


def test_tost_of_no_difference_at_all() -> None:
    assert tost([0.0, 0.0, 0.0], 0.01).equivalent
    assert not tost([0.1, 0.1], 0.01).equivalent
    with pytest.raises(ConfigError, match="margin"):
        tost([0.1, 0.2], 0.0)


def test_design_effect_of_prefixes_of_one_question() -> None:
    clustered = design_effect([0, 0, 0, 1, 1, 1, 0, 0, 0], "aaabbbccc")
    assert clustered == pytest.approx((1.0, 3.0))
    rows = np.random.default_rng(0).random(4000)
    icc, effect = design_effect(rows, [i // 20 for i in range(4000)])
    assert icc < 0.02
    assert effect < 1.3
    assert design_effect([1, 2], "ab") == (0.0, 1.0)


def test_the_bootstrap_agrees_with_the_normal_interval() -> None:
    values = np.random.default_rng(1).normal(size=900)
    found = bootstrap_mean(values, range(900))
    half = 1.96 * values.std() / 30
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.012)
    assert found.high == pytest.approx(values.mean() + half, abs=0.012)
    assert (found.n, found.clusters) == (900, 900)


def test_repeated_rows_of_a_cluster_add_no_certainty() -> None:
    values = np.random.default_rng(2).random(60)
    once = bootstrap_mean(values, range(60))
    tenfold = bootstrap_mean(np.repeat(values, 10), [i // 10 for i in range(600)])
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))
    naive = bootstrap_mean(np.repeat(values, 10), range(600))
    assert naive.high - naive.low < 0.5 * (tenfold.high - tenfold.low)


def test_coverage_of_the_cluster_bootstrap() -> None:
    """About 95 in 100 intervals hold the truth, though rows of a cluster are alike."""
    random = np.random.default_rng(3)
    held = 0
    for seed in range(200):
        means = random.normal(size=40).repeat(5) + 0.3 * random.normal(size=200)
        found = bootstrap_mean(means, np.arange(40).repeat(5).tolist(), draws=400, seed=seed)
        held += found.low <= 0 <= found.high
    assert 178 <= held <= 199


def test_general_sums_and_weights_agree_draw_by_draw() -> None:
    random = np.random.default_rng(4)
    good = (random.random(120) < 0.6).astype(float)
    scores = np.round(random.random(120), 1)
    clusters = [str(i % 30) for i in range(120)]
    rows = {"s": scores, "y": good}
    slow = bootstrap(lambda r: auroc(r["s"], r["y"]), rows, clusters, draws=200)
    fast = resample_weighted(weighted_auroc(scores, good), clusters, draws=200).interval()
    assert slow == pytest.approx(fast)
    listed = bootstrap(lambda r: sum(r) / len(r), good.tolist(), clusters, draws=200)
    summed = bootstrap_mean(good, clusters, draws=200)
    assert listed == pytest.approx(summed)


@given(order=st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    values = np.arange(12) ** 2
    clusters = [f"c{i % 4}" for i in range(12)]
    shuffled = bootstrap_mean(values[order], [clusters[i] for i in order], draws=50)
    assert shuffled == pytest.approx(bootstrap_mean(values, clusters, draws=50))


def test_pairs_are_compared_on_the_same_resamples() -> None:
    values = np.random.default_rng(5).random(80)
    clusters = [i // 2 for i in range(80)]
    found = paired(lambda r: sum(r) / len(r), (values + 0.01).tolist(), values.tolist(), clusters, draws=300)
    assert found.value == pytest.approx(0.01)
    assert (found.low, found.high) == pytest.approx((0.01, 0.01))
    assert found.p == pytest.approx(2 / 301)
    same = resample_mean(values, clusters).minus(resample_mean(values, clusters))
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_figures_of_other_rows_are_not_compared() -> None:
    one = resample_mean([1.0, 2.0], "ab", draws=10)
    with pytest.raises(AlignmentError, match="pairwise"):
        one.minus(resample_mean([1.0, 2.0, 3.0], "abc", draws=10))
    with pytest.raises(AlignmentError):
        one.minus(resample_mean([1.0, 2.0], "ab", draws=10, seed=1))


def test_no_interval_where_none_can_be_given() -> None:
    single = bootstrap_mean([0.0, 1.0, 1.0], "aaa")
    assert single.clusters == 1
    assert math.isnan(single.low)
    assert math.isnan(single.high)
    rare = resample_sums(lambda s: s["hit"] / s["n"], {"hit": [1, 0, 0], "n": [1, 0, 0]}, "abc")
    assert rare.value == 1
    assert rare.interval().low == 1  # a third of the resamples lack the row; the rest has a value
    none = resample_sums(lambda s: s["hit"] / s["n"], {"hit": [0, 0], "n": [0, 0]}, "ab").interval()
    assert math.isnan(none.value)
    assert math.isnan(none.low)
    with pytest.raises(AlignmentError, match="no rows"):
        bootstrap_mean([], [])


@pytest.mark.parametrize("rows", [[1.0], [1.0, float("nan")]])
def test_columns_that_do_not_fit_are_refused(rows: list[float]) -> None:
    with pytest.raises(AlignmentError):
        bootstrap_mean(rows, "ab")
    with pytest.raises(AlignmentError):
        bootstrap(len, rows[:1], "ab")


@pytest.mark.parametrize(
    ("hits", "clusters", "expected"),
    [
        # 3 of 4 in two clusters of two: 1.5 in 2 trials. By hand, z = 1.95996: middle
        # (0.75 + z^2/4) / (1 + z^2/2) = 0.58560, half 0.67105 * sqrt(0.09375 + 0.24009) = 0.38773.
        ([1, 1, 1, 0], "aabb", (0.75, 0.19787, 0.97333)),
        # One cluster of three is one trial of rate 2/3: middle 0.53442, half 0.40483 * 1.08746 = 0.44024.
        ([1, 1, 0], "aaa", (2 / 3, 0.09418, 0.97466)),
        # Sizes 8, 1, 1: 100 / 66 = 1.51515 trials, all hit: 1.51515 / (1.51515 + z^2).
        ([1] * 10, "aaaaaaaabc", (1.0, 0.28286, 1.0)),
        ([0] * 5, "abcde", (0.0, 0.0, 0.43448)),
    ],
)
def test_few_clusters_by_hand(hits: list[int], clusters: str, expected: tuple[float, float, float]) -> None:
    found = clustered_wilson(list(map(bool, hits)), clusters)
    assert found[:3] == pytest.approx(expected, abs=2e-5)
    assert (found.n, found.clusters) == (len(hits), len(set(clusters)))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcdefgh")), min_size=1, max_size=60))
def test_clustered_wilson_is_never_narrower_than_wilson_over_rows(rows: list[tuple[bool, str]]) -> None:
    hits, clusters = [hit for hit, _ in rows], [cluster for _, cluster in rows]
    found = clustered_wilson(hits, clusters)
    low, high = wilson(sum(hits), len(hits))
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    assert found.high - found.low >= high - low - 1e-12
    assert clustered_wilson(hits[::-1], clusters[::-1]) == pytest.approx(found)
    own = clustered_wilson(hits, range(len(hits)))
    assert own[1:3] == pytest.approx((low, high))


def test_clustered_wilson_covers_where_a_bootstrap_of_few_clusters_does_not() -> None:
    """Six clusters of ten rows that agree with each other: how often the interval holds the true share."""
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(6), 10)
    held = {"wilson": 0, "bootstrap": 0}
    trials = 300
    for _ in range(trials):
        hits = rng.random(60) < rng.beta(1.4, 0.6, size=6)[clusters]
        found = clustered_wilson(hits.tolist(), clusters.tolist())
        drawn = bootstrap_mean(hits.astype(float), clusters.tolist(), draws=200)
        held["wilson"] += found.low <= 0.7 <= found.high
        held["bootstrap"] += drawn.low <= 0.7 <= drawn.high
    assert held["wilson"] / trials >= 0.95
    assert held["bootstrap"] / trials < 0.92


def test_clustered_wilson_of_nothing_and_of_unlike_columns() -> None:
    assert math.isnan(clustered_wilson([], []).value)
    with pytest.raises(AlignmentError):
        clustered_wilson([True], ["a", "b"])
