"""Information coefficients against scipy and by hand, and the axis they are taken over."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prmkit.errors import ConfigError
from prmkit_finance.market.ic import coefficients, forward_returns, summary

VALUES = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0, np.nan])


def test_by_hand():
    close = np.array([[10.0, 20.0, 40.0], [11.0, 18.0, 44.0], [12.1, 18.0, 44.0]])
    target = forward_returns(close, 1)
    np.testing.assert_allclose(target, [[0.1, -0.1, 0.1], [0.1, 0.0, 0.0], [np.nan] * 3], atol=1e-12)
    factor = np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    # Day 1: centred factor (0, -1, 1), centred target (1, -2, 1)/15: 3 / sqrt(2 * 6).
    # Day 2: centred factor (1, -1, 0), centred target (2, -1, -1)/30: 3 / sqrt(2 * 6).
    daily = coefficients(factor, target)
    np.testing.assert_allclose(daily, [3 / 12**0.5, 3 / 12**0.5, np.nan])
    ranked = coefficients(factor, target, method="rank")
    # Ranks of the target are (2.5, 1, 2.5) and (3, 1.5, 1.5): the same sums again.
    np.testing.assert_allclose(ranked, [1.5 / 3**0.5, 1.5 / 3**0.5, np.nan])
    assert summary(np.array([0.1, 0.3])).ratio == pytest.approx(2**0.5)


@given(arrays(np.float64, (3, 7), elements=VALUES), arrays(np.float64, (3, 7), elements=VALUES))
@settings(max_examples=80, deadline=None)
def test_agrees_with_scipy(factor, target):
    for method, figure in (("pearson", scipy.stats.pearsonr), ("rank", scipy.stats.spearmanr)):
        got = coefficients(factor, target, method=method)
        for row in range(3):
            both = np.isfinite(factor[row]) & np.isfinite(target[row])
            x, y = factor[row][both], target[row][both]
            if len(x) < 3 or len(set(x)) < 2 or len(set(y)) < 2:
                assert np.isnan(got[row])
            else:
                assert got[row] == pytest.approx(figure(x, y)[0], abs=1e-9)


@given(
    arrays(np.float64, (2, 6), elements=st.floats(-5, 5)),
    arrays(np.float64, (2, 6), elements=st.floats(-5, 5)),
)
@settings(max_examples=50, deadline=None)
def test_scale_and_order_of_tickers_do_not_matter(factor, target):
    order = [3, 1, 0, 5, 2, 4]
    for method in ("pearson", "rank"):
        one = coefficients(factor, target, method=method)
        np.testing.assert_allclose(
            coefficients(factor[:, order], target[:, order], method=method), one, atol=1e-9
        )
        np.testing.assert_allclose(coefficients(-factor, target, method=method), -one, atol=1e-9)


def test_over_tickers_not_over_time():
    """Trap: every ticker's factor follows its own later return perfectly over time, while the ranking
    of the tickers of each day says nothing; a correlation along the dates would report 1."""
    random = np.random.default_rng(0)
    target = random.normal(0, 0.001, (200, 4))
    level = np.array([4.0, 1.0, 3.0, 2.0]) * 10
    factor = target * 0.001 + level
    along_time = [np.corrcoef(factor[:, n], target[:, n])[0, 1] for n in range(4)]
    np.testing.assert_allclose(along_time, 1.0)
    assert abs(summary(coefficients(factor, target)).mean) < 0.1


def test_the_mean_of_daily_ics_not_one_pooled_correlation():
    """Trap: days of unlike level make a pooled correlation near 1 though no day has any."""
    factor = np.array([[1.0, 2.0, 1.0, 2.0], [101.0, 102.0, 101.0, 102.0]])
    target = np.array([[1.0, 1.0, 2.0, 2.0], [101.0, 101.0, 102.0, 102.0]])
    assert np.corrcoef(factor.ravel(), target.ravel())[0, 1] > 0.99
    np.testing.assert_allclose(coefficients(factor, target), 0, atol=1e-12)


def test_ranks_are_taken_among_the_shared_tickers():
    """Trap: ranking each side before dropping unknown pairs gives another figure."""
    factor = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    target = np.array([[np.nan, 2.0, np.nan, 1.0, 3.0]])
    want = scipy.stats.spearmanr([2, 4, 5], [2, 1, 3])[0]
    assert coefficients(factor, target, method="rank")[0] == pytest.approx(want)


def test_forward_returns_refuse_the_past():
    close = np.array([[1.0], [2.0], [4.0], [4.0]])
    np.testing.assert_allclose(forward_returns(close, 1, delay=1).ravel(), [1, 0, np.nan, np.nan])
    for horizon, delay in ((0, 0), (1, -1)):
        with pytest.raises(ConfigError):
            forward_returns(close, horizon, delay=delay)


def test_too_few_days_have_no_ratio():
    assert np.isnan(summary(np.array([0.1])).ratio)
    assert np.isnan(summary(np.array([0.1, 0.1])).ratio)
    assert summary(np.array([np.nan])).days == 0
