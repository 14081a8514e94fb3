"""Return, risk, drawdown and Sharpe: by hand, their laws, and the traps of released code."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit_finance.market import metrics
from prmkit_finance.market.metrics import Moments
from prmkit_finance.market.schedule import WEIGHTS, Arm, choose, reward

RETURNS = st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=30)


def test_by_hand():
    r = [0.10, -0.20, 0.25, -0.10]  # worth 1, 1.1, .88, 1.1, .99
    assert metrics.total_return(r) == pytest.approx(-0.01)
    assert metrics.annual_return(r, 4) == pytest.approx(-0.01)
    assert metrics.annual_return(r, 8) == pytest.approx(0.99**2 - 1)
    assert metrics.mean_return(r, 4) == pytest.approx(0.05)
    np.testing.assert_allclose(metrics.drawdowns(r), [0, -0.2, 0, -0.1], atol=1e-12)
    assert metrics.max_drawdown(r) == pytest.approx(-0.2)
    # Mean .0125; squares of the distances .00765625 + .04515625 + .05640625 + .01265625 = .121875.
    assert metrics.volatility(r, 1) == pytest.approx(math.sqrt(0.121875 / 3))
    assert metrics.sharpe(r, 4) == pytest.approx(0.0125 / math.sqrt(0.121875 / 3) * 2)
    assert metrics.sharpe(r, 4, risk_free=0.05) == pytest.approx(0, abs=1e-12)
    assert metrics.sortino(r, 4) == pytest.approx(0.0125 / math.sqrt((0.04 + 0.01) / 4) * 2)
    assert metrics.calmar(r, 4) == pytest.approx(-0.05)
    assert metrics.hit_rate(r) == 0.5


@given(RETURNS)
@settings(max_examples=80, deadline=None)
def test_drawdowns_are_never_positive_and_bound_the_loss(returns):
    fall = metrics.drawdowns(returns)
    assert (fall <= 0).all()
    assert metrics.max_drawdown(returns) <= min(0.0, metrics.total_return(returns)) + 1e-12
    worth = metrics.wealth(returns)
    pairs = [worth[j] / worth[i] - 1 for i in range(len(worth)) for j in range(i, len(worth))]
    assert metrics.max_drawdown(returns) == pytest.approx(min(pairs), abs=1e-12)


@given(RETURNS, st.floats(0.1, 5))
@settings(max_examples=80, deadline=None)
def test_sharpe_does_not_change_with_leverage_and_scales_with_the_root(returns, leverage):
    one = metrics.sharpe(returns, 252)
    if math.isnan(one):
        return
    assert metrics.sharpe([leverage * r for r in returns], 252) == pytest.approx(one, rel=1e-6, abs=1e-9)
    assert metrics.sharpe([-r for r in returns], 252) == pytest.approx(-one, rel=1e-6, abs=1e-9)
    assert metrics.sharpe(returns, 252) == pytest.approx(metrics.sharpe(returns, 1) * math.sqrt(252))


def test_annualisation_is_by_the_square_root():
    """Trap: multiplying by the number of periods, or taking sqrt(365) for trading days."""
    r = [0.01, -0.005] * 126
    assert metrics.sharpe(r, 252) / metrics.sharpe(r, 1) == pytest.approx(252**0.5)
    assert metrics.volatility(r, 252) / metrics.volatility(r, 1) == pytest.approx(252**0.5)


@pytest.mark.parametrize(
    ("dates", "periods"),
    [
        (["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"], 252),
        (["2020-01-03", "2020-01-10", "2020-01-17"], 52),
        (["2020-01-31", "2020-02-29", "2020-03-31", "2020-04-30"], 12),
        (["2020-03-31", "2020-06-30", "2020-09-30"], 4),
        (["2020-01-01", "2020-01-14", "2020-01-28"], None),
        (["2020-01-01"], None),
    ],
)
def test_periods_are_read_from_dates(dates, periods):
    assert metrics.periods_per_year(dates) == periods


def test_a_first_loss_is_a_drawdown():
    """Trap: a running high that begins after the first return misses the first fall."""
    assert metrics.max_drawdown([-0.3, 0.1]) == pytest.approx(-0.3)


def test_nothing_to_divide_by():
    assert math.isnan(metrics.sharpe([0.01, 0.01, 0.01], 252))
    assert math.isnan(metrics.sharpe([0.01], 252))
    assert math.isnan(metrics.sortino([0.01, 0.02], 252))
    assert math.isnan(metrics.calmar([0.01, 0.02], 252))
    assert math.isnan(metrics.max_drawdown([]))
    assert metrics.annual_return([0.5, -1.0], 1) == -1.0


def test_differential_sharpe_golden():
    value, after = metrics.differential_sharpe(Moments(0.01, 0.0005), 0.02, 0.1)
    assert value == pytest.approx(0.6875)
    assert after == pytest.approx((0.011, 0.00049))
    assert math.isnan(metrics.differential_sharpe(Moments(), 0.02, 0.1)[0])


@given(st.floats(-0.02, 0.02), st.floats(1e-5, 1e-3), st.floats(-0.05, 0.05))
@settings(max_examples=80, deadline=None)
def test_differential_sharpe_is_the_derivative_of_the_exponential_one(first, variance, reward_):
    before = Moments(first, first**2 + variance)

    def ratio(moments):
        return moments.first / math.sqrt(moments.second - moments.first**2)

    value, _ = metrics.differential_sharpe(before, reward_, 0.01)
    tiny = 1e-7
    _, after = metrics.differential_sharpe(before, reward_, tiny)
    assert value == pytest.approx((ratio(after) - ratio(before)) / tiny, rel=1e-3, abs=1e-3)


def test_deflated_sharpe_falls_with_trials():
    """The example of the paper, .9004, is the doctest; more trials make the same figure less."""
    values = [metrics.deflated_sharpe(0.1, n, 0.002, 1250) for n in (1, 2, 10, 100, 1000)]
    assert values == sorted(values, reverse=True)
    assert values[0] == metrics.probabilistic_sharpe(0.1, 0.0, 1250)


FIGURES = dict(zip(WEIGHTS, (0.05, 0.4, 0.06, 0.5, 0.15, 1.2, -0.1, 1.5), strict=True))


def test_a_deeper_drawdown_earns_less():
    """Trap: the release negates a drawdown that is negative already, so that a deeper one earned more."""
    assert reward(FIGURES) == pytest.approx(0.5805)
    assert reward({**FIGURES, "max_drawdown": 0.1}) == pytest.approx(0.6005)  # what the release gives
    assert reward({**FIGURES, "max_drawdown": -0.4}) < reward(FIGURES)


def test_posterior_golden():
    """Trap: the release multiplies the new precision with the old mean and gets 1.679501."""
    one = Arm.prior(1).seen(np.array([2.0]), 3.0)
    assert one.precision[0, 0] == pytest.approx(8.1)
    assert one.mean[0] == pytest.approx(1.481481, abs=1e-6)
    assert one.seen(np.array([1.0]), 1.0).mean[0] == pytest.approx(1.386139, abs=1e-6)


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(-3, 3)), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_posterior_is_ridge_regression_and_forgets_the_order(rows):
    x = np.array([[a, b] for a, b, _ in rows])
    y = np.array([r for _, _, r in rows])
    want = np.linalg.solve(x.T @ x / 0.5 + np.eye(2) / 10, x.T @ y / 0.5)
    for order in (range(len(rows)), reversed(range(len(rows)))):
        arm = Arm.prior(2)
        for at in order:
            arm = arm.seen(x[at], y[at])
        np.testing.assert_allclose(arm.mean, want, atol=1e-8)


def test_thompson_draws_have_the_posterior():
    arm = Arm.prior(2).seen(np.array([1.0, 0.5]), 1.0)
    random = np.random.default_rng(0)
    draws = np.array([arm.draw(random) for _ in range(20_000)])
    np.testing.assert_allclose(draws.mean(axis=0), arm.mean, atol=0.1)
    np.testing.assert_allclose(np.cov(draws.T), np.linalg.inv(arm.precision), atol=0.35)


def test_the_better_arm_is_learned():
    random = np.random.default_rng(1)
    arms = {"factor": Arm.prior(1), "model": Arm.prior(1)}
    context, chosen = np.array([1.0]), []
    for _ in range(200):
        name = choose(arms, context, random)
        chosen.append(name)
        gain = {"factor": 0.2, "model": 1.0}[name] + random.normal(0, 0.5)
        arms[name] = arms[name].seen(context, gain)
    assert chosen[-100:].count("model") > 90
