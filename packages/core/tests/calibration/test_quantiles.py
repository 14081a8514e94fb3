"""Quantile forecasts and risk: hand-worked values, identities, coverage."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats import (
    aurc,
    by_index,
    conformal_rank,
    covered,
    cqr_margin,
    crossing,
    ece,
    excess_aurc,
    interval_score,
    pinball,
    repair,
    risk_coverage,
    weighted_interval_score,
)

LEVELS = [0.1, 0.5, 0.9]
CROSSED = [[0.4, 0.3, 0.8]]
WIDE = [0.05, 0.25, 0.5, 0.75, 0.95]
rows = st.lists(
    st.tuples(st.lists(st.floats(-2, 2), min_size=5, max_size=5), st.floats(-3, 3)), min_size=1, max_size=8
)
answers = st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.5, 0.9]), st.booleans()), min_size=1, max_size=12)


def test_goldens() -> None:
    y = [0.35]
    assert pinball(CROSSED, y, LEVELS)[0].tolist() == pytest.approx([0.045, 0.025, 0.045])
    assert pinball(repair(CROSSED, LEVELS, "sort"), y, LEVELS).sum() == pytest.approx(0.075)
    assert pinball(repair(CROSSED, LEVELS), y, LEVELS).sum() == pytest.approx(0.045)
    assert interval_score([0.3], [0.8], [0.25], 0.2)[0] == pytest.approx(1.0)
    assert crossing(CROSSED, LEVELS).tolist() == [1.0]


def test_conformal_golden() -> None:
    y = [0.25, 0.5, 0.85, 0.4]
    margin = cqr_margin([0.3] * 4, [0.8] * 4, y, 0.2)
    assert margin == pytest.approx(0.05)
    assert [0.3 - margin, 0.8 + margin] == pytest.approx([0.25, 0.85])
    assert cqr_margin([0.3] * 3, [0.8] * 3, y[:3], 0.3) == pytest.approx(0.05)
    assert cqr_margin([0.3], [0.8], [0.5], 0.2) == math.inf
    assert covered([0.25] * 4, [0.85] * 4, y).tolist() == [1.0] * 4


def test_the_rank_is_exact() -> None:
    # In floats (n + 1) * (1 - miss) is 3.0000000000000004 for n = 9, miss = 0.7: its ceiling would be 4.
    assert conformal_rank(9, 0.7) == 3
    assert [conformal_rank(n, 0.1) for n in (8, 9, 18, 19, 99)] == [9, 9, 18, 18, 90]


@given(rows)
@settings(max_examples=60, deadline=None)
def test_wis_is_twice_the_mean_pinball(data: list[tuple[list[float], float]]) -> None:
    z, y = [a for a, _ in data], [b for _, b in data]
    assert weighted_interval_score(z, y, WIDE) == pytest.approx(
        2 * pinball(z, y, WIDE).mean(axis=1), abs=1e-9
    )


@given(rows, st.sampled_from(["sort", "isotonic"]))
@settings(max_examples=60, deadline=None)
def test_repair_never_costs(data: list[tuple[list[float], float]], how: str) -> None:
    z, y = np.array([a for a, _ in data]), [b for _, b in data]
    fixed = repair(z, WIDE, how)
    assert crossing(fixed, WIDE).sum() == 0
    assert (pinball(fixed, y, WIDE).sum(axis=1) <= pinball(z, y, WIDE).sum(axis=1) + 1e-9).all()
    ordered = crossing(z, WIDE) == 0
    assert (fixed[ordered] == z[ordered]).all()
    assert (repair(z, WIDE, "none") == z).all()


def test_the_pinball_loss_is_least_at_the_quantile() -> None:
    y = np.arange(1, 100) / 100
    for level in (0.1, 0.5, 0.9):
        losses = [pinball(np.full((99, 1), z), y, [level]).mean() for z in y]
        assert y[int(np.argmin(losses))] == pytest.approx(level, abs=0.011)


def test_coverage_holds_on_average() -> None:
    """Mean coverage of fresh rows is at least 1 - miss less three standard errors, and not far above."""
    random = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        y = random.normal(size=80)
        margin = cqr_margin(np.full(30, -0.5), np.full(30, 0.2), y[:30], 0.2)
        shares.append(covered(np.full(50, -0.5 - margin), np.full(50, 0.2 + margin), y[30:]).mean())
    error = np.std(shares) / math.sqrt(len(shares))
    assert 0.8 - 3 * error <= np.mean(shares) <= 0.8 + 1 / 31 + 3 * error


def test_refusals() -> None:
    for levels in ([0.5, 0.1], [0.0, 0.5], []):
        with pytest.raises(ConfigError, match="levels"):
            pinball([[0.1, 0.2]], [0.1], levels)
    with pytest.raises(ConfigError, match="symmetric"):
        weighted_interval_score([[0.1, 0.2]], [0.1], [0.1, 0.9])
    with pytest.raises(ConfigError, match="symmetric"):
        weighted_interval_score([[0.1, 0.2, 0.3]], [0.1], [0.1, 0.5, 0.8])
    with pytest.raises(AlignmentError, match="shape"):
        pinball([[0.1, 0.2]], [0.1], LEVELS)
    with pytest.raises(AlignmentError):
        pinball(CROSSED, [0.1, 0.2], LEVELS)
    with pytest.raises(ConfigError, match="repair"):
        repair(CROSSED, LEVELS, "smooth")
    with pytest.raises(ConfigError, match="miss"):
        cqr_margin([0.1], [0.2], [0.1], 1.0)


def test_risk_by_hand() -> None:
    sure, right = [0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]
    assert risk_coverage(sure, right).tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert aurc(sure, right) == pytest.approx(1 / 3)
    # the best order is 1 1 0 0: risks 0, 0, 1/3, 1/2
    assert excess_aurc(sure, right) == pytest.approx(1 / 3 - 5 / 24)
    # equal confidence: the mean over both orders of (1, 0) and (0, 1) first, then the rest
    assert risk_coverage([0.9, 0.9, 0.1], [1, 0, 1]).tolist() == pytest.approx([0.5, 0.5, 1 / 3])
    assert math.isnan(aurc([], []))


@given(answers, st.randoms())
@settings(max_examples=25, deadline=None)
def test_laws_of_risk(data: list[tuple[float, bool]], random) -> None:
    sure, right = [a for a, _ in data], [float(b) for _, b in data]
    base = aurc(sure, right)
    mixed = random.sample(data, len(data))
    assert aurc([a for a, _ in mixed], [float(b) for _, b in mixed]) == pytest.approx(base)
    assert aurc([a**3 for a in sure], right) == pytest.approx(base)  # only the order of confidence counts
    assert excess_aurc(sure, right) >= -1e-12
    assert excess_aurc(right, right) == 0
    assert risk_coverage(sure, right)[-1] == pytest.approx(1 - np.mean(right))


def test_tied_confidence_stands_for_the_mean_over_its_orders() -> None:
    right = [1.0, 0.0, 0.0, 1.0, 1.0]
    sure = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    orders = [
        risk_coverage(sure - 1e-6 * np.array([0, *order, 0]), right) for order in permutations((1, 2, 3))
    ]
    assert np.mean(orders, axis=0) == pytest.approx(risk_coverage(sure, right))


def test_calibration_by_step() -> None:
    p, y, step = [0.9, 0.7, 0.6, 0.2, 0.4], [1, 0, 1, 0, 1], [0, 0, 1, 2, 5]
    first, second, late = by_index(p, y, step, last=2)
    assert (first.step, first.n, first.stated, first.observed) == (0, 2, pytest.approx(0.8), 0.5)
    assert second.brier == pytest.approx(0.16)
    assert (late.step, late.n) == (2, 2)
    assert late.ece == pytest.approx(ece([0.2, 0.4], [0, 1], mass=True))
    assert by_index([], [], []) == []
    with pytest.raises(ConfigError, match="negative"):
        by_index([0.5], [1], [-1])
