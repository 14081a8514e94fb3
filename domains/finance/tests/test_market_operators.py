"""Operators against pandas, and look-ahead by truncation."""

import functools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prmkit.errors import RecordError
from prmkit_finance.market import factor, sections
from prmkit_finance.market.expression import parse, reach
from prmkit_finance.market.factor import evaluate, look_ahead
from prmkit_finance.market.operators import OPERATORS
from prmkit_finance.market.panel import Panel


def panel(days=60, names=4, seed=0, holes=0.0):
    random = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(random.normal(0, 0.02, (days, names)), axis=0))
    volume = random.lognormal(10, 1, (days, names))
    if holes:
        close[random.random(close.shape) < holes] = np.nan
    dates = tuple(str(d) for d in np.arange("2020-01-01", days, dtype="datetime64[D]"))
    fields = {
        "open": close * 0.99,
        "high": close * 1.02,
        "low": close * 0.98,
        "close": close,
        "volume": volume,
    }
    return Panel(dates, tuple("ABCDEFGH"[:names]), fields)


def frame(values):
    return pd.DataFrame(values)


ROLLING = {
    "ts_sum(close, {d})": lambda c, v, d, m: c.rolling(d, min_periods=m).sum(),
    "ts_mean(close, {d})": lambda c, v, d, m: c.rolling(d, min_periods=m).mean(),
    "ts_std(close, {d})": lambda c, v, d, m: c.rolling(d, min_periods=max(m, 2)).std(),
    "ts_var(close, {d})": lambda c, v, d, m: c.rolling(d, min_periods=max(m, 2)).var(),
    "ts_max(close, {d})": lambda c, v, d, m: c.rolling(d, min_periods=m).max(),
    "ts_min(close, {d})": lambda c, v, d, m: c.rolling(d, min_periods=m).min(),
    "ts_median(close, {d})": lambda c, v, d, m: c.rolling(d, min_periods=m).median(),
    "ts_rank(close, {d})": lambda c, v, d, m: c.rolling(d, min_periods=m).rank(pct=True),
    "ts_corr(close, volume, {d})": lambda c, v, d, m: c.rolling(d, min_periods=max(m, 2)).corr(v),
    "ts_cov(close, volume, {d})": lambda c, v, d, m: c.rolling(d, min_periods=max(m, 2)).cov(v),
}


@pytest.mark.parametrize("holes", [0.0, 0.15])
@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("text", ROLLING)
def test_rolling_operators_agree_with_pandas(text, full, holes):
    p = panel(holes=holes)
    close, volume = frame(p.fields["close"]), frame(p.fields["volume"])
    for d in (2, 5, 13):
        want = ROLLING[text](close, volume, d, d if full else 1).to_numpy()
        np.testing.assert_allclose(evaluate(text.format(d=d), p, full=full), want, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("holes", [0.0, 0.15])
def test_the_exponential_mean_agrees_with_pandas(holes):
    p = panel(holes=holes)
    want = frame(p.fields["close"]).ewm(span=7, min_periods=7).mean().to_numpy()
    np.testing.assert_allclose(evaluate("ema(close, 7)", p), want, rtol=1e-10)


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("rank(close)", lambda c: c.rank(axis=1, pct=True)),
        ("demean(close)", lambda c: c.sub(c.mean(axis=1), axis=0)),
        ("zscore(close)", lambda c: c.sub(c.mean(axis=1), axis=0).div(c.std(axis=1), axis=0)),
        ("scale(close)", lambda c: c.div(c.abs().sum(axis=1), axis=0)),
        ("delay(close, 3)", lambda c: c.shift(3)),
        ("delay(close, -3)", lambda c: c.shift(-3)),
        ("delta(close, 3)", lambda c: c.diff(3)),
        ("pct_change(close, 3)", lambda c: c.pct_change(3, fill_method=None)),
        ("ffill(close)", lambda c: c.ffill()),
        ("bfill(close)", lambda c: c.bfill()),
        ("full_zscore(close)", lambda c: (c - c.mean()) / c.std()),
        ("log(close) ^ 2 - sqrt(close)", lambda c: np.log(c) ** 2 - np.sqrt(c)),
        ("close > 50 ? close : -close", lambda c: c.where(c > 50, -c)),
    ],
)
def test_other_operators_agree_with_pandas(text, figure):
    p = panel(holes=0.1)
    np.testing.assert_allclose(evaluate(text, p), figure(frame(p.fields["close"])).to_numpy(), rtol=1e-9)


def test_by_hand():
    one = Panel(("a", "b", "c", "d"), ("X",), {"close": np.array([[1.0], [2.0], [4.0], [3.0]])})
    values = {
        "decay_linear(close, 3)": [np.nan, np.nan, (1 + 4 + 12) / 6, (2 + 8 + 9) / 6],
        "ts_slope(close, 3)": [np.nan, np.nan, 1.5, 0.5],
        "ts_idxmax(close, 3)": [np.nan, np.nan, 3, 2],
        "ts_idxmin(close, 3)": [np.nan, np.nan, 1, 1],
        "ts_zscore(close, 2)": [np.nan, 0.5**0.5, 0.5**0.5, -(0.5**0.5)],
        "ts_rank(close, 3)": [np.nan, np.nan, 1, 2 / 3],
        "signed_power(-close, 2)": [-1, -4, -16, -9],
        "close / (close - 2)": [-1, np.nan, 2, 3],
        "larger(close, 2) - smaller(close, 2)": [1, 0, 2, 1],
    }
    for text, want in values.items():
        np.testing.assert_allclose(evaluate(text, one).ravel(), want, err_msg=text)


def test_a_window_that_does_not_vary_has_no_correlation_and_no_score():
    flat = Panel(tuple("abcde"), ("X",), {"close": np.full((5, 1), 0.1), "volume": np.arange(5.0)[:, None]})
    assert np.isnan(evaluate("ts_corr(close, volume, 3)", flat)).all()
    assert np.isnan(evaluate("ts_zscore(close, 3)", flat)).all()
    assert evaluate("ts_std(close, 3)", flat).ravel()[2:].tolist() == [0, 0, 0]


CAUSAL = [
    "close / delay(close, 5) - 1",
    "-rank(ts_corr(rank(open), rank(volume), 10))",
    "ts_zscore(returns, 20)",
    "ema(close, 5) - ema(close, 20)",
    "decay_linear(delta(close, 2), 8)",
    "where(close > ts_mean(close, 10), 1, -1)",
    "ffill(close)",
    "delay(delay(close, -5), 5) - ts_mean(close, 3)",
]
LEAKING = [
    "delay(close, -1) / close - 1",
    "delta(close, -5)",
    "ts_mean(delay(close, -2), 5)",
    "full_zscore(close)",
    "close / full_mean(close)",
    "rank(ts_corr(close, delay(close, -1), 10))",
    "ts_max(high, 5) - bfill(delay(close, -1))",
]


@pytest.mark.parametrize("text", CAUSAL)
def test_a_causal_factor_does_not_change(text):
    assert reach(parse(text)) <= 0
    assert look_ahead(text, panel(holes=0.05)) is None
    for full in (True, False):
        assert look_ahead(functools.partial(evaluate, text, full=full), panel()) is None


@pytest.mark.parametrize("text", LEAKING)
def test_a_leak_is_found_and_shown(text):
    assert reach(parse(text)) > 0
    p = panel()
    leak = look_ahead(text, p)
    assert leak is not None
    row, column = p.dates.index(leak.date), p.tickers.index(leak.ticker)
    assert leak.date <= leak.known_until
    cut = p.dates.index(leak.known_until) + 1
    np.testing.assert_equal(evaluate(text, p)[row, column], leak.later)
    np.testing.assert_equal(evaluate(text, p.until(cut))[row, column], leak.then)


def test_any_function_can_be_tried():
    assert look_ahead(lambda p: p.fields["close"] / p.fields["close"].max(axis=0), panel()) is not None
    assert look_ahead(lambda p: np.maximum.accumulate(p.fields["close"]), panel()) is None


TREES = st.recursive(
    st.sampled_from(["close", "volume", "open", "2", "returns"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["ts_mean", "ts_std", "delta", "ts_rank", "ts_max", "delay", "ema"]), inner,
                  st.integers(1, 9)).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        st.tuples(inner, st.integers(-4, -1)).map(lambda t: f"delay({t[0]}, {t[1]})"),
        inner.map("rank({})".format),
        inner.map("log({})".format),
        inner.map("full_zscore({})".format),
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner, st.integers(3, 8)).map(lambda t: f"ts_corr({t[0]}, {t[1]}, {t[2]})"),
    ),
    max_leaves=6,
)  # fmt: skip


@given(TREES)
@settings(max_examples=80, deadline=None)
def test_the_tree_bounds_what_truncation_finds(text):
    """Whatever looks ahead by truncation, the tree said it may; what the tree clears never does."""
    node = parse(text)
    if reach(node) <= 0:
        assert look_ahead(node, panel(days=30, holes=0.1), cuts=5) is None


@given(arrays(np.float64, (6, 5), elements=st.sampled_from([1.0, 2.0, 3.0, 4.5, np.nan])))
@settings(max_examples=60, deadline=None)
def test_ranks_are_pandas_ranks(values):
    np.testing.assert_allclose(sections.ranks(values), frame(values).rank(axis=1).to_numpy())


@given(
    arrays(np.float64, (12, 2), elements=st.floats(-1e3, 1e3) | st.just(np.nan)),
    st.integers(2, 6),
)
@settings(max_examples=60, deadline=None)
def test_rolling_sums_are_sums_of_their_windows(values, d):
    p = Panel(tuple("abcdefghijkl"), ("X", "Y"), {"close": values})
    for full in (True, False):
        got = evaluate(f"ts_mean(close, {d})", p, full=full)
        for t in range(12):
            window = values[max(0, t - d + 1) : t + 1]
            for n in range(2):
                known = window[:, n][~np.isnan(window[:, n])]
                if len(known) < (d if full else 1):
                    assert np.isnan(got[t, n])
                else:
                    assert got[t, n] == pytest.approx(known.mean(), abs=1e-9)


def test_equal_parts_are_computed_once(monkeypatch):
    calls = []
    mean = OPERATORS["ts_mean"]
    spied = {
        **OPERATORS,
        "ts_mean": type(mean)(mean.name, mean.kinds, lambda *a, **k: calls.append(1) or mean.run(*a, **k)),
    }
    monkeypatch.setattr(factor, "OPERATORS", spied)
    evaluate("ts_mean(close, 5) / ts_mean(close, 5) - ts_mean(close, 5)", panel())
    assert len(calls) == 1


def test_limits_are_said():
    with pytest.raises(RecordError, match="vwap"):
        evaluate("vwap", panel())
    wide = Panel(tuple(map(str, range(4000))), tuple(map(str, range(200))), {"close": np.ones((4000, 200))})
    with pytest.raises(RecordError, match="numbers to read"):
        evaluate("ts_mean(close, 1000)", wide)


def test_the_panel_is_not_changed():
    p = panel()
    before = p.fields["close"].copy()
    evaluate("close", p)[:] = 0
    evaluate("ffill(close) * 2", p)
    np.testing.assert_array_equal(p.fields["close"], before)
