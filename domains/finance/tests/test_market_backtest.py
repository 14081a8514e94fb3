"""The back-test: by hand, its laws, against a plain loop and against bt; walk-forward without leaks."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import ConfigError, RecordError
from prmkit_finance.market import backtest, metrics
from prmkit_finance.market.backtest import every, folds, long_short, run, top, walk_forward
from prmkit_finance.market.panel import Panel

NAN = float("nan")


def market(days=120, names=5, seed=0):
    random = np.random.default_rng(seed)
    return 50 * np.exp(np.cumsum(random.normal(0.0003, 0.015, (days, names)), axis=0))


def slow(weights, prices, cost, lag):
    """The same engine as a loop over shares and cash."""
    shares, cash, worth = np.zeros(prices.shape[1]), 1.0, []
    for t, price in enumerate(prices):
        value = cash + shares @ price
        row = weights[t - lag] if t >= lag else np.full(len(price), NAN)
        if np.isfinite(row).any():
            target = np.nan_to_num(row)
            traded = np.abs(target - shares * price / value).sum()
            value *= 1 - cost * traded
            shares, cash = target * value / price, value * (1 - target.sum())
        worth.append(cash + shares @ price)
    return np.array(worth)


def test_by_hand():
    prices = np.array([[10.0, 10.0], [11.0, 10.0], [11.0, 12.0], [12.1, 12.0]])
    weights = np.array([[1.0, 0.0], [0.5, 0.5], [NAN, NAN], [NAN, NAN]])
    done = run(weights, prices, cost=0.01, lag=1)
    # Day 2: buy A, cost 1 %. Day 3: A unchanged; sell half, buy half of B: 100 % turned over, 1 % again.
    # Day 4: half of it earns 10 %.
    assert done.first == 1
    np.testing.assert_allclose(done.worth, [1, 0.99, 0.99 * 0.99, 0.99 * 0.99 * 1.05])
    np.testing.assert_allclose(done.turnover, [0, 1, 1, 0], atol=1e-12)
    np.testing.assert_allclose(done.returns, [-0.01, 0.05])


def test_weights_drift_until_the_next_trade():
    prices = np.array([[10.0, 10.0], [20.0, 10.0], [20.0, 10.0]])
    weights = np.array([[0.5, 0.5], [NAN, NAN], [0.5, 0.5]])
    done = run(weights, prices, lag=0)
    np.testing.assert_allclose(done.worth, [1, 1.5, 1.5])
    np.testing.assert_allclose(done.turnover, [1, 0, 1 / 3])  # from 2/3, 1/3 back to a half each


@given(st.integers(0, 10_000), st.floats(0, 0.01), st.integers(0, 3), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_agrees_with_a_plain_loop(seed, cost, lag, days):
    random = np.random.default_rng(seed)
    prices = market(40, 3, seed)
    weights = every(random.uniform(-0.6, 0.8, prices.shape), days)
    np.testing.assert_allclose(
        run(weights, prices, cost=cost, lag=lag).worth, slow(weights, prices, cost, lag)
    )


@given(st.integers(0, 10_000), st.floats(0.0001, 0.01))
@settings(max_examples=40, deadline=None)
def test_costs_only_cost_and_more_costs_more(seed, cost):
    prices = market(40, 3, seed)
    weights = top(np.random.default_rng(seed).normal(size=prices.shape), 1)
    free, some, more = (run(weights, prices, cost=c) for c in (0.0, cost, 2 * cost))
    assert (free.worth >= some.worth).all()
    assert (some.worth >= more.worth).all()
    np.testing.assert_allclose(free.turnover, some.turnover)


def test_buying_and_holding_one_ticker_is_its_return():
    prices = market()
    weights = np.full(prices.shape, NAN)
    weights[0] = [1, 0, 0, 0, 0]
    np.testing.assert_allclose(run(weights, prices, lag=0).worth, prices[:, 0] / prices[0, 0])


def test_a_lag_is_a_delay():
    prices, weights = market(), long_short(np.random.default_rng(1).normal(size=(120, 5)))
    moved = np.vstack([np.full((1, 5), NAN), weights[:-1]])
    np.testing.assert_allclose(run(weights, prices, lag=1).worth, run(moved, prices, lag=0).worth)


def test_the_day_of_the_decision_earns_nothing():
    """Trap: multiplying a day's weights with the same day's returns. Knowing the day's own move must
    not pay; here that mistake would earn on every day."""
    prices = market(300, 5, 3)
    own = np.vstack([np.zeros((1, 5)), np.diff(prices, axis=0)])
    weights = top(own, 1)
    moves = np.vstack([np.zeros((1, 5)), prices[1:] / prices[:-1] - 1])
    wrong = metrics.sharpe((weights * moves).sum(axis=1)[1:], 252)
    right = metrics.sharpe(run(weights, prices, lag=0).returns, 252)
    assert wrong > 10
    assert abs(right) < 3


def test_a_change_tomorrow_does_not_change_today():
    prices = market()
    weights = long_short(np.random.default_rng(1).normal(size=prices.shape))
    later = prices.copy()
    later[80:] *= 1.5
    np.testing.assert_allclose(run(weights, prices).worth[:80], run(weights, later).worth[:80])


def test_faults_are_said():
    prices = market(10, 2)
    with pytest.raises(RecordError, match="nothing is ever traded"):
        run(np.full((10, 2), NAN), prices)
    late = prices.copy()
    late[:5, 0] = NAN
    with pytest.raises(RecordError, match="before it has a price"):
        run(np.ones((10, 2)), late, lag=0)
    with pytest.raises(RecordError, match="falls to nothing"):
        run(np.array([[1.0], [NAN]]) * 3, np.array([[10.0], [5.0]]), lag=0)


def test_a_gap_in_the_prices_repeats_the_price_before():
    prices = np.array([[10.0], [NAN], [12.0]])
    np.testing.assert_allclose(run(np.array([[1.0], [NAN], [NAN]]), prices, lag=0).worth, [1, 1, 1.2])


def test_rules_by_hand():
    values = np.array([[3.0, 1.0, NAN, 2.0], [NAN, NAN, NAN, 1.0]])
    np.testing.assert_allclose(long_short(values), [[0.5, -0.5, NAN, 0.0], [NAN] * 4])
    np.testing.assert_allclose(top(values, 2), [[0.5, 0, 0, 0.5], [0, 0, 0, 1]])
    assert np.isnan(every(values, 2)[1]).all()


@pytest.fixture(scope="module")
def bt():
    if importlib.util.find_spec("bt") is None:
        pytest.skip("bt is not installed: pip install bt")
    return pytest.importorskip("bt")


def by_bt(bt, weights, prices, cost=0.0):
    """Worth by bt, an engine of shares and cash."""
    dates = pd.bdate_range("2020-01-01", periods=len(prices))
    names = [f"S{n}" for n in range(prices.shape[1])]
    frame = pd.DataFrame(prices, index=dates, columns=names)
    traded = np.isfinite(weights).any(axis=1)
    targets = pd.DataFrame(weights[traded], index=dates[traded], columns=names)
    strategy = bt.Strategy("s", [bt.algos.WeighTarget(targets), bt.algos.Rebalance()])
    test = bt.Backtest(strategy, frame, integer_positions=False, progress_bar=False,
                       commissions=lambda quantity, price: abs(quantity) * price * cost)  # fmt: skip
    worth = bt.run(test).prices["s"]
    return (worth / worth.iloc[0]).loc[dates].to_numpy()


@pytest.mark.parametrize("rule", ["long only", "long and short", "monthly"])
def test_agrees_with_bt(bt, rule):
    prices = market(260, 5, 7)
    signal = np.random.default_rng(2).normal(size=prices.shape)
    weights = {
        "long only": every(top(signal, 2), 5),
        "long and short": every(long_short(signal), 5),
        "monthly": every(np.full(prices.shape, 0.2), 21),
    }[rule]
    worth = run(weights, prices, lag=0).worth
    np.testing.assert_allclose(worth, by_bt(bt, weights, prices), rtol=1e-9)


def test_agrees_with_bt_on_costs_to_the_order_of_the_cost(bt):
    """bt takes the fee out of the amount allotted to each trade, so holdings differ by a share of it."""
    prices, cost = market(260, 5, 7), 0.001
    weights = every(top(np.random.default_rng(2).normal(size=prices.shape), 2), 5)
    ours, theirs = run(weights, prices, cost=cost, lag=0).worth, by_bt(bt, weights, prices, cost)
    free = run(weights, prices, lag=0).worth
    assert np.abs(ours / theirs - 1).max() < 0.02 * np.abs(free / theirs - 1).max()


def test_figures_agree_with_bt(bt):
    """Drawdown and return of the same worth; ffn's sign is ours: a drawdown is negative."""
    prices = market(260, 1, 9)
    dates = pd.bdate_range("2020-01-01", periods=260)
    stats = bt.ffn.PerformanceStats(pd.Series(prices[:, 0], index=dates))
    returns = prices[1:, 0] / prices[:-1, 0] - 1
    assert metrics.max_drawdown(returns) == pytest.approx(stats.max_drawdown)
    assert metrics.total_return(returns) == pytest.approx(stats.total_return)
    assert metrics.sharpe(returns, 252) == pytest.approx(stats.daily_sharpe)
    assert metrics.volatility(returns, 252) == pytest.approx(stats.daily_vol)
    assert metrics.mean_return(returns, 252) == pytest.approx(stats.daily_mean)


# ---------------------------------------------------------------- walk-forward


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 20), st.integers(0, 5))
@settings(max_examples=80, deadline=None)
def test_folds_learn_before_they_test(count, train, test, gap):
    seen = []
    for learn, use in folds(count, train, test, gap=gap):
        assert learn.stop - learn.start == train
        assert use.start - learn.stop == gap
        assert 0 <= learn.start < use.stop <= count
        seen.extend(range(use.start, use.stop))
    assert seen == list(range(train + gap, count))[: len(seen)]
    assert len(seen) == max(0, count - train - gap)


def test_folds_refuse_nonsense():
    with pytest.raises(ConfigError):
        list(folds(10, 0, 1))


def planted(days=400, names=8, seed=0):
    """A market in which yesterday's fall is followed by a rise; and two factors, of which one sees it."""
    random = np.random.default_rng(seed)
    moves = random.normal(0, 0.01, (days, names))
    moves[1:] -= 0.3 * moves[:-1]
    close = 50 * np.exp(np.cumsum(moves, axis=0))
    dates = tuple(str(d) for d in np.arange("2020-01-01", days, dtype="datetime64[D]"))
    panel = Panel(dates, tuple("ABCDEFGH"[:names]), {"close": close})
    return panel, [random.normal(size=close.shape), moves]


def test_walk_forward_finds_a_planted_factor_and_turns_it_round():
    panel, values = planted()
    weights = walk_forward(panel, values, train=100, test=50, horizon=1)
    assert np.isnan(weights[:100]).all()
    np.testing.assert_allclose(weights[100:], long_short(-values[1])[100:])
    assert metrics.sharpe(run(weights, panel.fields["close"], lag=0).returns, 252) > 3


def test_walk_forward_does_not_see_its_test_days():
    panel, values = planted()
    weights = walk_forward(panel, values, train=100, test=50, horizon=5)
    later = panel.fields["close"].copy()
    later[100:] = later[100:][:, ::-1]
    other = walk_forward(
        Panel(panel.dates, panel.tickers, {"close": later}), values, train=100, test=50, horizon=5
    )
    np.testing.assert_allclose(weights[:150], other[:150])


def test_a_shuffled_market_has_nothing_to_find():
    """The null of the planted market: the same returns in another order of days, ten times."""
    panel, values = planted()
    close = panel.fields["close"]
    moves = close[1:] / close[:-1]
    figures = []
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(len(moves))
        shuffled = np.vstack([close[:1], close[0] * np.cumprod(moves[order], axis=0)])
        one = Panel(panel.dates, panel.tickers, {"close": shuffled})
        weights = walk_forward(one, values, train=100, test=50, horizon=1)
        figures.append(metrics.sharpe(backtest.run(weights, shuffled, lag=0).returns, 252))
    assert abs(np.mean(figures)) < 1.5
