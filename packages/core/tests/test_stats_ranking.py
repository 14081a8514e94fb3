"""Ranking figures against scikit-learn, and their resampled forms against each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from prmkit.errors import AlignmentError
from prmkit.stats import (
    auroc,
    average_precision,
    resample_auroc,
    resample_average_precision,
    resample_weighted,
    weighted_auroc,
    weighted_average_precision,
    within_auroc,
)
from prmkit.stats import by_cluster as fast

labelled = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0]) | st.floats(-3, 3), st.booleans()), min_size=2
)
both = labelled.filter(lambda rows: len({y for _, y in rows}) == 2)


def columns(rows: list[tuple[float, bool]]) -> tuple[list[float], list[int]]:
    return [s for s, _ in rows], [int(y) for _, y in rows]


def test_by_hand() -> None:
    assert auroc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1]) == 0.875
    assert auroc([1, 1, 1], [0, 1, 1]) == 0.5
    assert average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == pytest.approx(5 / 6)


@given(both)
def test_against_scikit_learn(rows: list[tuple[float, bool]]) -> None:
    scores, labels = columns(rows)
    assert auroc(scores, labels) == pytest.approx(oracle.roc_auc_score(labels, scores))
    assert average_precision(scores, labels) == pytest.approx(oracle.average_precision_score(labels, scores))


@given(both)
def test_turning_scores_around_turns_the_area_around(rows: list[tuple[float, bool]]) -> None:
    scores, labels = columns(rows)
    assert auroc([-s for s in scores], labels) == pytest.approx(1 - auroc(scores, labels))
    assert auroc(scores, [1 - y for y in labels]) == pytest.approx(1 - auroc(scores, labels))
    assert auroc([math.atan(s) for s in scores], labels) == pytest.approx(auroc(scores, labels), abs=0.5)


@given(both, st.lists(st.integers(0, 3), min_size=1))
def test_weights_are_repetitions(rows: list[tuple[float, bool]], given_weights: list[int]) -> None:
    scores, labels = columns(rows)
    weights = [given_weights[i % len(given_weights)] for i in range(len(rows))]
    repeated = [(s, y) for s, y, w in zip(scores, labels, weights, strict=True) for _ in range(w)]
    if {y for _, y in repeated} != {0, 1}:
        return
    wide = np.array([weights], dtype=float)
    again = [s for s, _ in repeated], [y for _, y in repeated]
    assert weighted_auroc(scores, labels)(wide)[0] == pytest.approx(auroc(*again))
    assert weighted_average_precision(scores, labels)(wide)[0] == pytest.approx(average_precision(*again))


def test_a_missing_class_has_no_value() -> None:
    assert math.isnan(auroc([0.1, 0.2], [1, 1]))
    assert math.isnan(auroc([], []))
    assert math.isnan(average_precision([0.1], [0]))
    with pytest.raises(AlignmentError):
        auroc([0.1], [0, 1])
    with pytest.raises(AlignmentError, match="finite"):
        auroc([float("nan"), 0.1], [0, 1])


@given(both, st.integers(1, 6))
def test_tables_by_cluster_equal_sorting_each_resample(rows: list[tuple[float, bool]], many: int) -> None:
    scores, labels = columns(rows)
    clusters = [str(i % many) for i in range(len(rows))]
    for quick, slow in (
        (resample_auroc, weighted_auroc),
        (resample_average_precision, weighted_average_precision),
    ):
        found = quick(scores, labels, clusters, draws=30)
        expected = resample_weighted(slow(scores, labels), clusters, draws=30)
        assert found.value == pytest.approx(expected.value)
        np.testing.assert_allclose(found.draws, expected.draws, equal_nan=True)


def test_many_clusters_take_the_other_road(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, labels, clusters = [0.1, 0.9, 0.4, 0.3], [0, 1, 1, 0], "abcd"
    few = (
        resample_auroc(scores, labels, clusters, draws=20),
        resample_average_precision(scores, labels, clusters),
    )
    monkeypatch.setattr(fast, "_FEW", 1)
    many = (
        resample_auroc(scores, labels, clusters, draws=20),
        resample_average_precision(scores, labels, clusters),
    )
    for one, other in zip(few, many, strict=True):
        np.testing.assert_allclose(one.draws, other.draws, equal_nan=True)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.booleans()), min_size=1))
def test_within_groups_is_the_area_of_each_group(rows: list[tuple[int, int, bool]]) -> None:
    found = within_auroc([s for _, s, _ in rows], [float(y) for _, _, y in rows], [g for g, _, _ in rows])
    for group in {g for g, _, _ in rows}:
        mine = [(s, float(y)) for g, s, y in rows if g == group]
        if len({y for _, y in mine}) == 2:
            assert found[group] == pytest.approx(auroc([s for s, _ in mine], [y for _, y in mine]))
        else:
            assert group not in found


def test_telling_problems_apart_is_nothing_within_a_solution() -> None:
    """A scorer that knows which solution is easy ranks steps well overall and not at all within one."""
    scores = [0.9, 0.9, 0.9, 0.1, 0.1, 0.1]
    good, solution = [1, 1, 0, 1, 0, 0], [0, 0, 0, 1, 1, 1]
    assert auroc(scores, good) > 0.6
    assert set(within_auroc(scores, good, solution).values()) == {0.5}
