"""Quantile ensembles, conformal intervals and adaptive budgets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from prmkit.errors import AlignmentError, ConfigError
from prmkit.score.adaptive import beams_kept, equal_budget, samples_needed, width_needed
from prmkit.score.quantiles import conformalised, fit_ensemble
from prmkit.stats import crossing, pinball

LEVELS = (0.1, 0.5, 0.9)


def rows(seed: int, n: int = 60, models: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    y = random.normal(size=n)
    base = y[:, None, None] * random.random((1, models, 1)) + random.normal(size=(n, models, 3))
    return base, y


def least(x: np.ndarray, y: np.ndarray, level: float) -> float:
    """Smallest mean pinball loss over convex weights of the columns, by linear programming."""
    n, many = x.shape
    cost = np.concatenate([np.zeros(many), np.full(n, level / n), np.full(n, (1 - level) / n)])
    gaps = np.hstack([x, np.eye(n), -np.eye(n)])
    one = np.concatenate([np.ones(many), np.zeros(2 * n)])
    found = linprog(cost, A_eq=np.vstack([gaps, one]), b_eq=np.append(y, 1.0))
    return float(found.fun)


@pytest.mark.parametrize(("resolution", "columns"), [("medium", 3), ("fine", 9)])
def test_weights_against_linear_programming(resolution: str, columns: int) -> None:
    base, y = rows(1)
    found = fit_ensemble(base, y, LEVELS, resolution, how="none")
    losses = pinball(found.apply(base), y, LEVELS).mean(axis=0)
    for k, level in enumerate(LEVELS):
        x = base[:, :, k] if resolution == "medium" else base.reshape(len(base), -1)
        assert x.shape[1] == columns
        best = least(x, y, level)
        assert best - 1e-9 <= losses[k] <= best * 1.02


def test_a_coarse_ensemble_shares_its_weights() -> None:
    base, y = rows(2)
    coarse = fit_ensemble(base, y, LEVELS, "coarse", how="none")
    assert len(set(coarse.weights)) == 1
    medium = fit_ensemble(base, y, LEVELS, "medium", how="none")
    fine = fit_ensemble(base, y, LEVELS, "fine", how="none")
    loss = [pinball(one.apply(base), y, LEVELS).mean() for one in (coarse, medium, fine)]
    assert loss[1] <= loss[0] * 1.01
    assert loss[2] <= loss[1] * 1.01
    assert loss[0] < min(pinball(base[:, j], y, LEVELS).mean() for j in range(3)) * 1.01


@given(st.integers(0, 10**6), st.sampled_from(["coarse", "medium", "fine"]))
@settings(max_examples=10, deadline=None)
def test_laws(seed: int, resolution: str) -> None:
    base, y = rows(seed, 12)
    count = np.random.default_rng(seed).integers(0, 3, 12)
    count[0] = 1
    found = fit_ensemble(base, y, LEVELS, resolution, weights=count, rounds=100)
    table = np.array(found.weights)
    assert (table >= 0).all()
    assert table.sum(axis=1) == pytest.approx(np.ones(3))
    assert crossing(found.apply(base), LEVELS).sum() == 0
    # A whole weight is worth that many equal rows.
    kept = np.repeat(np.arange(12), count)
    again = fit_ensemble(base[kept], y[kept], LEVELS, resolution, rounds=100)
    assert np.array(again.weights) == pytest.approx(table, abs=1e-6)


def test_refusals() -> None:
    base, y = rows(3)
    with pytest.raises(ConfigError, match="coarse, medium or fine"):
        fit_ensemble(base, y, LEVELS, "finest")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no rows"):
        fit_ensemble(base[:0], [], LEVELS)
    with pytest.raises(AlignmentError, match="shape"):
        fit_ensemble(base[:, :, :2], y, LEVELS)
    with pytest.raises(AlignmentError, match="weights"):
        fit_ensemble(base, y, LEVELS).apply(base[:, :2])
    with pytest.raises(ConfigError, match="pair"):
        conformalised(base[:, 0], (0.1, 0.5, 0.8), base[:, 0], y)


def test_conformal_intervals() -> None:
    y = [0.25, 0.5, 0.85, 0.4]
    low, high = conformalised([[0.3, 0.8]], (0.1, 0.9), [[0.3, 0.8]] * 4, y)
    assert (low[0], high[0]) == (pytest.approx(0.25), pytest.approx(0.85))
    # Far too wide intervals shrink, and never turn round.
    low, high = conformalised([[0.0, 1.0], [0.4, 0.41]], (0.1, 0.9), [[0.0, 1.0]] * 9, [0.5] * 9)
    assert (low <= high).all()
    assert (low[0], high[0]) == (0.5, 0.5)
    low, high = conformalised([[0.3, 0.8]], (0.1, 0.9), [[0.3, 0.8]], [0.5])
    assert np.isinf(high[0])


def test_samples_golden() -> None:
    assert samples_needed([0.9, 0.5, 0.1, 0.02]).tolist() == [2, 7, 44, 228]
    assert samples_needed([0.0, 1.0], cap=64).tolist() == [64, 1]
    assert beams_kept([0.3, 0.1, 0.05, 0.02], width=8, most=8) == 4  # they need 13, 44, 90, 228
    assert beams_kept([0.5, 0.5], width=4, most=8) == 2  # 2 * 4 reaches 7
    assert width_needed([0.3, 0.1], beams=8, most=8) == 6


@given(st.floats(1e-3, 0.999), st.floats(0.5, 0.999))
@settings(max_examples=60, deadline=None)
def test_samples_are_the_fewest(chance: float, confidence: float) -> None:
    need = int(samples_needed([chance], confidence=confidence)[0])
    assert (1 - chance) ** need <= (1 - confidence) * (1 + 1e-6)
    assert need == 1 or (1 - chance) ** (need - 1) > (1 - confidence) * (1 - 1e-6)
    assert samples_needed([min(chance * 1.1, 1.0)], confidence=confidence)[0] <= need


@given(st.lists(st.floats(0.01, 0.6), min_size=1, max_size=10), st.integers(1, 20))
@settings(max_examples=30, deadline=None)
def test_a_fixed_budget_equals_itself(chances: list[float], n: int) -> None:
    # Of larger chances ever more samples give 1 to the last digit, and any of them would do.
    assert equal_budget(chances, [n] * len(chances), cap=40) == pytest.approx(n, rel=1e-3)


def test_adaptive_refusals() -> None:
    for bad in ({"confidence": 1.0}, {"cap": 0}):
        with pytest.raises(ConfigError, match="confidence"):
            samples_needed([0.5], **bad)
    with pytest.raises(ConfigError, match="outside"):
        samples_needed([1.5])
    with pytest.raises(ConfigError, match="beams"):
        beams_kept([], width=1, most=1)
    with pytest.raises(ConfigError, match="beams"):
        width_needed([], beams=1, most=1)
