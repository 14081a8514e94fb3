"""Calibration: published values, identities, limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from prmkit.errors import ConfigError
from prmkit.stats import brier, ece, mce, murphy, positive_bias, resample_ece

P = [0.95, 0.9, 0.85, 0.6, 0.55, 0.2, 0.1, 0.05]
Y = [1, 1, 0, 1, 0, 0, 0, 1]
rows = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


def test_goldens() -> None:
    assert brier(P, Y) == pytest.approx(0.26875)
    assert ece(P, Y, bins=5) == pytest.approx(0.3375)
    assert positive_bias(P, Y) == pytest.approx(0.025)
    assert mce([0.25, 0.75, 0.75], [0, 1, 0], bins=2) == pytest.approx(0.25)


def test_bins_of_equal_mass_keep_equal_forecasts_together() -> None:
    # three bins of two or more rows each: {.1, .2}, {.5, .5, .5}, {.9}
    p, y = [0.1, 0.2, 0.5, 0.5, 0.5, 0.9], [0, 1, 1, 1, 0, 1]
    gaps = [abs(0.3 - 1), abs(1.5 - 2), abs(0.9 - 1)]
    assert ece(p, y, bins=3, mass=True) == pytest.approx(sum(gaps) / 6)


@given(rows, st.integers(1, 15), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_gap_is_wider_than_the_widest(data: list[tuple[float, bool]], bins: int, mass: bool) -> None:
    p, y = [a for a, _ in data], [float(b) for _, b in data]
    low, high = abs(positive_bias(p, y)), mce(p, y, bins=bins, mass=mass)
    assert low - 1e-9 <= ece(p, y, bins=bins, mass=mass) <= high + 1e-9 <= 1 + 1e-8


@given(rows, st.none() | st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_the_parts_of_a_brier_score_add_up(data: list[tuple[float, bool]], bins: int | None) -> None:
    p, y = [a for a, _ in data], [float(b) for _, b in data]
    parts = murphy(p, y, bins=bins)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.residual
    assert total == pytest.approx(brier(p, y), abs=1e-9)
    assert brier(p, y) == pytest.approx(np.mean([(a - b) ** 2 for a, b in zip(p, y, strict=True)]))
    if bins is None:
        assert parts.residual == pytest.approx(0, abs=1e-12)


@given(rows.filter(lambda data: len({y for _, y in data}) == 2))
@settings(max_examples=40, deadline=None)
def test_brier_against_scikit_learn(data: list[tuple[float, bool]]) -> None:
    p, y = [a for a, _ in data], [int(b) for _, b in data]
    assert brier(p, y) == pytest.approx(oracle.brier_score_loss(y, p))


def test_the_resampled_ece_is_the_same_sum() -> None:
    p, y = [0.95, 0.9, 0.85, 0.6, 0.55, 0.2, 0.1, 0.05], [1, 1, 0, 1, 0, 0, 0, 1]
    assert resample_ece(p, y, range(8), draws=20).value == pytest.approx(ece(p, y))
    assert resample_ece(p, y, range(8), bins=4, draws=20).value == pytest.approx(ece(p, y, bins=4))


def test_perfect_and_soft_outcomes() -> None:
    assert ece([0.0, 1.0], [0, 1]) == 0
    assert murphy([0.5, 0.5], [0.25, 0.75]).reliability == 0


def test_scores_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(ConfigError, match="predicted"):
        ece([1.2], [1])
    with pytest.raises(ConfigError, match="bins"):
        ece([0.2], [1], bins=0)
    assert math.isnan(ece([], []))
    assert math.isnan(brier([], []))
    assert math.isnan(murphy([], []).reliability)
