"""``finance/backtest``: figures of a strategy recomputed from what a problem records."""

import pickle

import numpy as np
import pandas as pd
import pytest

from prmkit.records import read_samples
from prmkit.testkit.noise import HOSTILE, TEXTS
from prmkit.types import Problem, Trajectory, Verdict
from prmkit_finance.market import mutators
from prmkit_finance.verifiers.backtest import BackTestFigures
from prmkit_finance.verifiers.factor import Factor, probe

HOLDS, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN
RETURNS = [round(float(r), 6) for r in np.random.default_rng(5).normal(0.0008, 0.01, 250)]


def findings(context, *steps):
    problem = Problem(id="p", text="Back-test it.", context=context)
    return BackTestFigures().check(problem, Trajectory.of_steps("t", "p", steps))


def verdicts(context, *steps):
    return [finding.verdict for finding in findings(context, *steps)]


def recorded(**more):
    return {"backtest": {"returns": RETURNS, "periods_per_year": 252, **more}}


@pytest.fixture(scope="module")
def truth():
    """Figures of the recorded returns by pandas."""
    r = pd.Series(RETURNS)
    worth = pd.concat([pd.Series([1.0]), (1 + r).cumprod()])
    return {
        "sharpe": r.mean() / r.std() * 252**0.5,
        "drawdown": (worth / worth.cummax() - 1).min(),
        "total": worth.iloc[-1] - 1,
        "annual": worth.iloc[-1] ** (252 / 250) - 1,
        "mean": r.mean() * 252,
        "vol": r.std() * 252**0.5,
        "hit": (r > 0).mean(),
        "sortino": r.mean() * 252 / ((r.clip(upper=0) ** 2).mean() ** 0.5 * 252**0.5),
    }


def test_right_and_wrong_figures(truth):
    t = truth
    says = [
        (f"The annualised Sharpe ratio is {t['sharpe']:.2f}.", HOLDS),
        (f"Sharpe: {t['sharpe']:.3f}", HOLDS),
        (f"**Sharpe ratio**: {t['sharpe']:.2f}", HOLDS),
        (f"| Sharpe (annualised) | {t['sharpe']:.2f} |", HOLDS),
        (f"The daily Sharpe ratio is {t['sharpe'] / 252**0.5:.4f}.", HOLDS),
        (f"Max drawdown: {t['drawdown']:.1%}", HOLDS),
        (f"Maximum drawdown of {-t['drawdown']:.1%}.", HOLDS),
        (f"The total return is {t['total']:.2%}, at a Sortino ratio of {t['sortino']:.2f}.", HOLDS),
        (f"The annualised return is {t['annual']:.1%}.", HOLDS),
        (f"The annualised return is {t['mean']:.1%}.", HOLDS),
        (f"The CAGR is {t['annual']:.2%}.", HOLDS),
        (f"Annualised volatility is {t['vol']:.1%}.", HOLDS),
        (f"The hit rate is {t['hit']:.0%}.", HOLDS),
        (f"Calmar ratio: {-t['annual'] / t['drawdown']:.2f}", HOLDS),
        (f"The annualised Sharpe ratio is {t['sharpe'] * 2:.2f}.", FAILS),
        (f"The annualised Sharpe ratio is {-t['sharpe']:.2f}.", FAILS),
        (f"The annualised Sharpe ratio is {t['sharpe'] * (365 / 252) ** 0.5:.2f}.", FAILS),
        (f"The annualised Sharpe ratio is {t['sharpe'] * 252**0.5:.1f}.", FAILS),
        (f"The annualised Sharpe ratio is {t['sharpe'] / 252**0.5:.4f}.", FAILS),
        (f"Max drawdown: {t['drawdown'] * 1.5:.1%}", FAILS),
        (f"Max drawdown: {t['drawdown'] / 2:.1%}", FAILS),
        (f"The total return is {t['total'] + 0.05:.2%}.", FAILS),
        (f"The annualised return is {t['annual'] + 0.1:.1%}.", FAILS),
        (f"The CAGR is {t['mean'] + 0.03:.2%}.", FAILS),
        (f"The hit rate is {t['hit'] + 0.1:.0%}.", FAILS),
        # Without the word annualised a daily ratio may be meant; without a unit, percents.
        (f"The Sharpe ratio is {t['sharpe'] / 252**0.5:.4f}.", UNKNOWN),
        (f"Max drawdown: {-t['drawdown'] * 100:.1f}", UNKNOWN),
    ]
    got = findings(recorded(), *(text for text, _ in says))
    assert [(text, f.verdict) for (text, _), f in zip(says, got, strict=True)] == says


def test_an_unsettled_year_leaves_the_usual_ones_open(truth):
    dates = [str(d.date()) for d in pd.bdate_range("2020-01-01", periods=250)]
    open_ = {"backtest": {"returns": RETURNS, "dates": dates}}
    other = f"The annualised Sharpe ratio is {truth['sharpe'] * (365 / 252) ** 0.5:.3f}."
    assert verdicts(open_, other) == [UNKNOWN]
    assert verdicts(recorded(), other) == [FAILS]
    assert verdicts(open_, f"The annualised Sharpe ratio is {truth['sharpe']:.3f}.") == [HOLDS]
    assert verdicts({"backtest": {"returns": RETURNS}}, "The annualised Sharpe ratio is 9.") == [UNKNOWN]


@pytest.mark.parametrize(
    "text",
    [
        "We aim at a Sharpe ratio of 9.",
        "The benchmark has a Sharpe ratio of 9.",
        "In 2012 the Sharpe ratio was 9.",
        "A Sharpe ratio of 9 would be needed.",
        "The Sharpe ratio is above 9.",
        "The Sharpe ratio rose from 3 to 9.",
        "Out-of-sample the Sharpe ratio is 9.",
        "Sharpe and Sortino are 9 and 8.",
        "Sharpe, Sortino: 9, 8",
        "9.1\nSharpe ratio\n-12.8%\nMax drawdown",
        "| Sharpe ratio | 9.1 | 2.2 |",
        "Sharpe Max Drawdown\n9.1 -80%",
        "The excess Sharpe ratio over the risk-free rate is 9.",
        "Each year the maximum drawdown is 90%.",
        "The worst drawdown of the market was 90%.",
        "The total return of buy-and-hold is 900%.",
        "Without the last month the total return is 900%.",
        "Is the Sharpe ratio 9?",
        "The Sharpe ratio is 9-12.",
        "The yearly turnover is 900%.",
        "The annualised daily volatility is 90%.",
    ],
)
def test_what_is_not_plainly_said_of_the_strategy_is_not_judged(text):
    assert verdicts(recorded(), text) == [UNKNOWN]


def test_weights_costs_and_turnover():
    prices = probe().until(60)
    spec = {
        "expression": "-(close / delay(close, 5) - 1)",
        "rule": "top 2",
        "every": 5,
        "cost_bps": 50,
        "lag": 1,
    }
    context = {"prices": prices.to_context("close", digits=12), "backtest": spec}
    close = prices.fields["close"]
    shares, cash, worth, gross, traded = np.zeros(6), 1.0, [], [], []
    free, free_cash = np.zeros(6), 1.0
    for t in range(60):
        value, free_value = cash + shares @ close[t], free_cash + free @ close[t]
        if t >= 6 and (t - 1) % 5 == 0:
            fall = -(close[t - 1] / close[t - 6] - 1)
            target = np.isin(np.arange(6), np.argsort(-fall)[:2]) / 2
            traded.append(np.abs(target - shares * close[t] / value).sum())
            value *= 1 - 0.005 * traded[-1]
            shares, cash = target * value / close[t], 0.0
            free, free_cash = target * free_value / close[t], 0.0
        worth.append(cash + shares @ close[t])
        gross.append(free_cash + free @ close[t])
    net, before = worth[-1] / worth[6] - 1, gross[-1] / gross[6] - 1
    says = [
        (f"The total return after costs is {net:.2%}.", HOLDS),
        (f"The total return is {net:.2%}.", HOLDS),
        (f"Before costs the total return is {before:.2%}.", HOLDS),
        (f"The total return before costs: {before:.2%}.", HOLDS),
        (f"The net total return is {before:.2%}.", FAILS),
        (f"Before costs the total return is {net:.2%}.", FAILS),
        (f"The total return is {before:.2%}.", UNKNOWN),
        (f"The average turnover is {np.mean(traded):.3f} per rebalance.", HOLDS),
        (f"The one-way turnover is {np.mean(traded) / 2:.3f} per rebalance.", HOLDS),
        (f"The one-way turnover is {np.mean(traded):.3f} per rebalance.", FAILS),
        (f"The average turnover is {np.mean(traded) * 3:.3f} per rebalance.", FAILS),
        (f"Total transaction costs are {0.005 * sum(traded):.2%}.", HOLDS),
        (f"Total transaction costs: {0.005 * sum(traded):.2%}.", HOLDS),
        (f"Total transaction costs: {0.02 * sum(traded):.2%}.", FAILS),
    ]
    got = findings(context, *(text for text, _ in says))
    assert [(text, f.verdict) for (text, _), f in zip(says, got, strict=True)] == says


def same_or_next(own):
    close = probe().until(80).fields["close"]
    weights = np.random.default_rng(0).dirichlet(np.ones(6), 80)
    moves = close[1:] / close[:-1] - 1
    series = ((weights[1:] if own else weights[:-1]) * moves).sum(axis=1)
    prices = probe().until(80).to_context("close", digits=12)
    return {"prices": prices, "backtest": {"weights": weights.tolist(), "returns": series.tolist()}}


def test_same_day_positions_are_found_out():
    """Trap: returns recorded with the weights of the same day use what was not known yet."""
    text = "Positions are lagged by one day."
    assert verdicts(same_or_next(True), text) == [FAILS]
    assert verdicts(same_or_next(False), text) == [HOLDS]
    assert verdicts(recorded(), text) == [UNKNOWN]
    assert verdicts(same_or_next(True), "Positions should be lagged by one day.") == [UNKNOWN]


@pytest.mark.parametrize(
    ("backtest", "fault"),
    [
        ({"returns": [0.1, None, 0.2]}, "row 2: field 'returns': an entry is null"),
        ({"returns": [0.1, "x"]}, "'x' is not a number"),
        ({"returns": []}, "a list of 2"),
        ({"returns": [0.1, -1.5]}, "a loss of everything"),
        ({"returns": [0.1, 0.2], "dates": ["2020-01-02"]}, "1 dates for 2 returns"),
        ({"returns": [0.1, 0.2], "dates": ["2020-01-02"] * 2}, "stands there twice"),
        ({"equity": [1.0, -1.0]}, "worth must be positive"),
        ({"returns": [0.1, 0.2], "periods_per_year": "252"}, "'252' is not a number from 1 to 400"),
        ({"weights": [[1.0]]}, "weights need the problem's prices"),
        ({}, "none of returns, equity"),
        ([], "a back-test is an object"),
    ],
)
def test_bad_records_are_unknown_and_say_why(backtest, fault):
    (finding,) = findings({"backtest": backtest}, "The Sharpe ratio is 9.")
    assert finding.verdict is UNKNOWN
    assert fault in finding.reason


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"rule": "bottom 3"}, "no rule 'bottom 3'"),
        ({"rule": "top 99"}, "no rule"),
        ({"expression": "__import__('os')"}, "not part of an expression"),
        ({"expression": 3}, "are texts"),
        ({"lag": -1}, "-1 is not a number from 0 to 30"),
        ({"every": 0}, "0 is not a number from 1"),
    ],
)
def test_bad_rules_are_unknown_and_say_why(change, fault):
    spec = {"expression": "rank(close)", "rule": "top 2", **change}
    (finding,) = findings(
        {"prices": probe().until(40).to_context("close"), "backtest": spec}, "Sharpe ratio: 9"
    )
    assert finding.verdict is UNKNOWN
    assert fault in finding.reason


@pytest.mark.parametrize("text", [*HOSTILE, *TEXTS, "Sharpe " * 2000, "Sharpe ratio is " + "9" * 5000])
def test_noise_and_attacks_never_fail(text):
    assert verdicts(recorded(), text) == [UNKNOWN]


def test_it_travels_to_a_worker():
    assert pickle.loads(pickle.dumps(BackTestFigures())).name == "finance/backtest"


# ---------------------------------------------------------------- examples and planted mistakes


@pytest.fixture(scope="module")
def examples():
    return list(read_samples(mutators.__file__.replace("mutators.py", "examples.jsonl")))


def judged(sample):
    found = [v.check(sample.problem, sample.trajectory) for v in (Factor(), BackTestFigures())]
    return [{a.verdict, b.verdict} for a, b in zip(*found, strict=True)]


def test_examples_show_every_verdict_and_none_is_wrong(examples):
    assert len(examples) >= 8
    seen = set()
    for sample in examples:
        for step, got in zip(sample.trajectory.scored, judged(sample), strict=True):
            label = sample.labels.values[step]
            seen |= got
            assert FAILS not in got or label == 0.0, (sample.trajectory.id, step)
            assert HOLDS not in got or label == 1.0, (sample.trajectory.id, step)
    assert seen == {HOLDS, FAILS, UNKNOWN}


@pytest.mark.parametrize("name", ["future_shift", "wrong_figure", "other_figure"])
def test_planted_mistakes_are_found(examples, name):
    mutate, found = getattr(mutators, name), 0
    for sample in (s for s in examples if s.trajectory.outcome == 1.0):
        for seed in range(8):
            made = mutate(sample.problem, sample.trajectory, seed)
            if made is None:
                continue
            assert made == mutate(sample.problem, sample.trajectory, seed)
            got = judged(sample._replace(trajectory=made.trajectory))[made.step]
            assert HOLDS not in got
            found += FAILS in got
    assert found
