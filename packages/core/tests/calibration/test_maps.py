"""Calibration maps: hand-worked values, other implementations, laws."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats import ScoreMap, brier, fit_map, pava
from prmkit.stats.maps import BINS, EDGE, KINDS, STRONGEST

S = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]
Y = [0, 1, 0, 0, 1, 0, 1, 1]
GRID = np.linspace(0, 1, 201)
labelled = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.25, 1.0]), st.integers(1, 4)), min_size=2, max_size=30
).filter(lambda rows: len({y for _, y, _ in rows}) > 1)


def test_pava_by_hand() -> None:
    assert pava([0.4, 0.3, 0.8]).tolist() == pytest.approx([0.35, 0.35, 0.8])
    # 3, 1 pool to 1.5 (weights 1, 3), then 1.2 below it joins: (3 + 3 + 1.2 * 6) / 10
    assert pava([3, 1, 1.2, 5], [1, 3, 6, 1]).tolist() == pytest.approx([1.32, 1.32, 1.32, 5])
    assert pava([]).tolist() == []
    assert pava([9, 2, 1, 9], [0, 1, 1, 0]).tolist() == [1.5] * 4


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(1, 5)), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_pava_against_scikit_learn(rows: list[tuple[float, int]]) -> None:
    values, weights = [v for v, _ in rows], [w for _, w in rows]
    order = np.arange(len(rows))
    expected = IsotonicRegression().fit_transform(order, values, sample_weight=weights)
    found = pava(values, weights)
    assert found == pytest.approx(expected, abs=1e-9)
    assert (np.diff(found) >= 0).all()
    assert found.min() >= min(values)
    assert found.max() <= max(values)


def test_isotonic_by_hand() -> None:
    # levels 0 | .333 .333 .333 | .5 .5 | 1 1; the corners of each step are kept, lines between them
    found = fit_map("isotonic", S, Y)
    assert found.knots == (0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9)
    assert found.levels == pytest.approx((0, 1 / 3, 1 / 3, 0.5, 0.5, 1, 1))
    assert found.apply([0, 0.15, 0.3, 0.5, 1]).tolist() == pytest.approx([0, 1 / 6, 1 / 3, 5 / 12, 1])


def test_histogram_by_hand() -> None:
    # four bins of two: .5, 0, .5, 1; a score between two bins belongs to the lower one
    found = fit_map("histogram", S, Y, bins=4)
    assert found.knots == (0.3, 0.6, 0.8)
    assert found.levels == (0.5, 0.0, 0.5, 1.0)
    assert found.apply([0, 0.29, 0.3, 0.5, 0.6, 1]).tolist() == [0.5, 0.5, 0, 0, 0.5, 1]


def test_platt_by_hand() -> None:
    # Symmetric data keep the shift at 0. Targets are (4 + 1) / (4 + 2) and 1 / (4 + 2); with three in four
    # right at odds 3 their mean there, 2/3, is the probability wanted: sigmoid(slope * ln 3) = 2/3.
    s, y = [0.75] * 4 + [0.25] * 4, [1, 1, 1, 0, 0, 0, 0, 1]
    slope, same, shift = fit_map("platt", s, y).curve
    assert slope == same == pytest.approx(math.log(2) / math.log(3), abs=1e-9)
    assert shift == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_curves_against_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    s = random.beta(2, 2, 300)
    y = (random.random(300) < s**2).astype(float)
    right = y.sum()
    soft = np.where(y > 0, (right + 1) / (right + 2), 1 / (300 - right + 2))
    z = np.log(s / (1 - s))
    rows = {"platt": z[:, None], "beta": np.stack([np.log(s), -np.log1p(-s)], axis=1)}
    for kind, x in rows.items():
        # A soft target is two weighted rows.
        model = LogisticRegression(C=1e10, tol=1e-10, max_iter=2000).fit(
            np.concatenate([x, x]), [1] * 300 + [0] * 300, sample_weight=np.concatenate([soft, 1 - soft])
        )
        assert (model.coef_ >= 0).all()
        found = fit_map(kind, s, y).apply(s)
        assert found == pytest.approx(model.predict_proba(x)[:, 1], abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_every_map_repairs_what_it_can(kind: str) -> None:
    """Scores sharpened by a known factor: each map comes near the best Brier score on fresh rows."""
    random = np.random.default_rng(5)

    def rows(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        truth = random.beta(1.5, 1.5, n)
        stated = 1 / (1 + ((1 - truth) / truth) ** 3)
        return stated, (random.random(n) < truth).astype(float), truth

    s, y, _ = rows(4000)
    fresh, outcome, truth = rows(4000)
    mapped = fit_map(kind, s, y).apply(fresh)
    assert brier(mapped, outcome) < brier(fresh, outcome) - 0.01
    assert brier(mapped, outcome) < brier(truth, outcome) + 0.004


@given(labelled, st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_laws(rows: list[tuple[float, float, int]], kind: str) -> None:
    s, y, w = (list(column) for column in zip(*rows, strict=True))
    found = fit_map(kind, s, y, w, bins=4)
    on_grid = found.apply(GRID)
    assert ((on_grid >= 0) & (on_grid <= 1)).all()
    if kind != "histogram":
        assert (np.diff(on_grid) >= 0).all()
    # A whole weight is worth that many equal rows, and the order of rows means nothing.
    repeated = [(a, b) for a, b, n in rows for _ in range(n)][::-1]
    again = fit_map(kind, [a for a, _ in repeated], [b for _, b in repeated], bins=4)
    assert again.apply(GRID) == pytest.approx(on_grid, abs=1e-6)
    # Plain numbers, and back.
    assert ScoreMap.of(json.loads(json.dumps(asdict(found)))) == found


@given(labelled)
@settings(max_examples=60, deadline=None)
def test_a_table_keeps_the_mean(rows: list[tuple[float, float, int]]) -> None:
    s, y, w = (list(column) for column in zip(*rows, strict=True))
    for kind in ("isotonic", "histogram"):
        mapped = fit_map(kind, s, y, w).apply(s)
        assert np.average(mapped, weights=w) == pytest.approx(np.average(y, weights=w), abs=1e-9)


def test_ends_and_extrapolation() -> None:
    curve = fit_map("beta", S, Y)
    assert curve.apply([0.0]) == pytest.approx(curve.apply([EDGE]))
    assert curve.apply([0.01])[0] < curve.apply([0.1])[0]
    table = fit_map("isotonic", S, Y)
    assert table.apply([0.01])[0] == table.apply([0.1])[0]
    flat = fit_map("platt", S, [1 - y for y in Y])
    assert flat.curve[:2] == (0.0, 0.0)  # higher scores mean worse: a map never turns the order
    assert flat.apply([0.1, 0.9]).tolist() == pytest.approx([0.5, 0.5])
    apart = fit_map("beta", [0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    assert all(math.isfinite(one) for one in apart.curve)
    sure = fit_map("temperature", [0.4, 0.6], [0, 1]).curve[0]
    assert sure == pytest.approx(STRONGEST)
    assert len(fit_map("histogram", S, Y).levels) == len(S) < BINS


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="temperature, platt"):
        fit_map("plat", S, Y)
    with pytest.raises(ConfigError, match="one class"):
        fit_map("platt", S, [1] * 8)
    with pytest.raises(ConfigError, match="one class"):
        fit_map("platt", S, Y, [0, 1, 0, 0, 1, 0, 1, 1])
    with pytest.raises(ConfigError, match="outside"):
        fit_map("platt", [1.5, 0.2], [0, 1])
    with pytest.raises(ConfigError, match="0 bins"):
        fit_map("histogram", S, Y, bins=0)
    with pytest.raises(ConfigError, match="weights"):
        fit_map("platt", S, Y, [-1] * 8)
    with pytest.raises(AlignmentError):
        fit_map("platt", S, Y[1:])
    with pytest.raises(AlignmentError):
        fit_map("platt", [math.nan, 0.2], [0, 1])


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"kind": "spline", "curve": [], "knots": [], "levels": []},
        {"kind": "platt", "curve": [1, 2], "knots": [], "levels": []},
        {"kind": "platt", "curve": [-1, 1, 0], "knots": [], "levels": []},
        {"kind": "platt", "curve": [1, 1, math.nan], "knots": [], "levels": []},
        {"kind": "isotonic", "curve": [], "knots": [0.5, 0.2], "levels": [0, 1]},
        {"kind": "isotonic", "curve": [], "knots": [0.2, 0.5], "levels": [1, 0]},
        {"kind": "isotonic", "curve": [], "knots": [0.2], "levels": [2]},
        {"kind": "histogram", "curve": [], "knots": [0.2], "levels": [0.5]},
        {"kind": "histogram", "curve": "x", "knots": [], "levels": [0.5]},
        {"kind": ["platt"], "curve": [1, 1, 0], "knots": [], "levels": []},
    ],
)
def test_a_broken_card_is_refused(card: dict) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        ScoreMap.of(card)
