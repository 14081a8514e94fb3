"""Factors and back-tests on the real daily prices: speed, agreement with bt, ICs, and the verifiers' quality.

* Speed: processor time of one evaluation on the whole panel, of its look-ahead test, of a back-test.
* Agreement: worth by the own engine and by bt, at no cost and at ten basis points.
* ICs of three textbook factors, with intervals that resample quarters, beside a null in which the
  later returns of each quarter are dealt to other tickers. Price returns of survivors: they say
  nothing about what could have been earned.
* Quality: sentences of several make state figures of factors and strategies, year by year. Right ones
  are computed by pandas and bt, wrong ones by a mistake of a named kind. The sentences are ours: this
  measures the sums and the reading of these sentences, not of any model's. Years are the clusters.

Without ``PRMKIT_DATA`` the bench has nothing to measure.
"""

from __future__ import annotations

import importlib.util
import logging
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from prmkit.dataset import open_dataset
from prmkit.errors import DataError
from prmkit.stats import bootstrap_mean, clopper_pearson_upper
from prmkit.types import Problem, Trajectory, Verdict
from prmkit_finance.data.daily_prices import SOURCE, panel_of
from prmkit_finance.market import metrics
from prmkit_finance.market.backtest import every, run, top, walk_forward
from prmkit_finance.market.expression import parse
from prmkit_finance.market.factor import evaluate, look_ahead
from prmkit_finance.market.ic import coefficients, forward_returns, summary
from prmkit_finance.market.panel import Panel, blocks_of
from prmkit_finance.verifiers.backtest import BackTestFigures
from prmkit_finance.verifiers.factor import Factor

TEXTBOOK = {
    "momentum 12-1": "delay(close, 21) / delay(close, 252) - 1",
    "reversal 5": "-(close / delay(close, 5) - 1)",
    "low volatility 60": "-ts_std(returns, 60)",
}
TIMED = {
    **TEXTBOOK,
    "correlation of ranks": "-ts_corr(rank(open), rank(volume), 10)",
    "decayed rank": "decay_linear(rank(delta(close, 2)), 8)",
    "place in a year": "ts_rank(close, 250)",
    "exponential means": "ema(close, 12) / ema(close, 26) - 1",
}
HORIZON, REPEATS, NULLS = 5, 5, 200


def main() -> dict[str, Any]:
    try:
        dataset = open_dataset(SOURCE)
    except DataError as error:
        return {"skipped": error.message}
    began = time.perf_counter()
    panel = panel_of(dataset)
    figures: dict[str, Any] = {
        "panel": {"days": panel.shape[0], "tickers": panel.shape[1], "set_aside": len(dataset.quarantine),
                  "read_seconds": round(time.perf_counter() - began, 2)},
        "speed_ms_processor_time": {name: speed(text, panel) for name, text in TIMED.items()},
        "ic_5_days": {name: ic(text, panel) for name, text in TEXTBOOK.items()},
        "walk_forward": forward(panel),
        "bt": agreement(panel),
        "quality": quality(panel),
    }  # fmt: skip
    return figures


def timed(work: Callable[[], object]) -> float:
    """Median milliseconds of processor time."""
    spans = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        spans.append(1000 * (time.process_time() - began))
    return round(statistics.median(spans), 1)


def speed(text: str, panel: Panel) -> dict[str, float]:
    node = parse(text)
    return {
        "evaluate": timed(lambda: evaluate(node, panel)),
        "look_ahead_8_cuts": timed(lambda: look_ahead(node, panel)),
    }


def ic(text: str, panel: Panel) -> dict[str, Any]:
    """Mean daily rank IC and IC with intervals by quarter, ICIR, and where the mean lies in the null."""
    values, target = evaluate(text, panel), forward_returns(panel.fields["close"], HORIZON)
    found: dict[str, Any] = {}
    blocks = np.array(blocks_of(panel.dates))
    for name, method in (("rank_ic", "rank"), ("ic", "pearson")):
        daily = coefficients(values, target, method=method)
        known = np.isfinite(daily)
        got = bootstrap_mean(daily[known].tolist(), blocks[known].tolist())
        found[name] = {
            "mean": round(got.value, 4),
            "low": round(got.low, 4),
            "high": round(got.high, 4),
            "days": got.n,
            "quarters": got.clusters,
            "icir": round(summary(daily).ratio, 3),
        }
    null = [
        summary(coefficients(values, dealt(target, blocks, seed), method="rank")).mean
        for seed in range(NULLS)
    ]
    beyond = sum(abs(one) >= abs(found["rank_ic"]["mean"]) for one in null)
    found["rank_ic"]["p_null"] = round((beyond + 1) / (NULLS + 1), 3)
    return found


def dealt(target: np.ndarray, blocks: np.ndarray, seed: int) -> np.ndarray:
    """Each quarter's returns dealt to other tickers: the order of days and their common moves stay."""
    random = np.random.default_rng(seed)
    out = np.empty_like(target)
    for block in np.unique(blocks):
        rows = blocks == block
        out[rows] = target[rows][:, random.permutation(target.shape[1])]
    return out


def forward(panel: Panel) -> dict[str, Any]:
    """Walk-forward choice among the three, traded every five days at ten basis points."""
    values = [evaluate(text, panel) for text in TEXTBOOK.values()]
    weights = walk_forward(panel, values, train=504, test=63, horizon=HORIZON)
    done = run(every(weights, 5), panel.fields["close"], cost=0.001, lag=1)
    returns = done.returns
    got = metrics.sharpe(returns, 252)
    shape = {"skew": float(pd.Series(returns).skew()), "kurtosis": float(pd.Series(returns).kurt()) + 3}
    lucky = metrics.deflated_sharpe(got / 252**0.5, 3, 1 / len(returns), len(returns), **shape)
    return {
        "days": len(returns),
        "sharpe": round(got, 3),
        "total_return": round(metrics.total_return(returns), 3),
        "max_drawdown": round(metrics.max_drawdown(returns), 3),
        "deflated_sharpe_3_trials": round(lucky, 3),
        "run_ms": timed(lambda: run(every(weights, 5), panel.fields["close"], cost=0.001, lag=1)),
    }  # fmt: skip


# ---------------------------------------------------------------- bt


def by_bt(weights: np.ndarray, panel: Panel, cost: float) -> pd.Series:
    """Worth by bt from the day of the first trade; weights are traded at the close of their day."""
    import bt

    dates = pd.to_datetime(list(panel.dates))
    frame = pd.DataFrame(panel.fields["close"], index=dates, columns=list(panel.tickers)).ffill()
    traded = np.isfinite(weights).any(axis=1)
    targets = pd.DataFrame(weights[traded], index=dates[traded], columns=frame.columns)
    strategy = bt.Strategy("s", [bt.algos.WeighTarget(targets), bt.algos.Rebalance()])
    test = bt.Backtest(strategy, frame, integer_positions=False, progress_bar=False,
                       commissions=lambda quantity, price: abs(quantity) * price * cost)  # fmt: skip
    return bt.run(test).prices["s"].reindex(dates).fillna(100.0) / 100


def agreement(panel: Panel) -> dict[str, Any]:
    if importlib.util.find_spec("bt") is None:
        return {"skipped": "bt is not installed: pip install bt"}
    weights = every(top(evaluate(TEXTBOOK["reversal 5"], panel), 5), 5)
    found: dict[str, Any] = {"strategy": "top 5 of reversal 5, every 5 days, traded at the close"}
    for name, cost in (("free", 0.0), ("ten_basis_points", 0.001)):
        began = time.process_time()
        theirs = by_bt(weights, panel, cost)
        spent = time.process_time() - began
        ours = run(weights, panel.fields["close"], cost=cost, lag=0)
        their_returns = theirs.pct_change().to_numpy()[ours.first + 1 :]
        found[name] = {
            "largest_relative_difference_of_worth": float(
                f"{np.abs(ours.worth / theirs.to_numpy() - 1).max():.3g}"
            ),
            "sharpe_ours": round(metrics.sharpe(ours.returns, 252), 5),
            "sharpe_bt": round(metrics.sharpe(their_returns, 252), 5),
            "max_drawdown_ours": round(metrics.max_drawdown(ours.returns), 5),
            "max_drawdown_bt": round(metrics.max_drawdown(their_returns), 5),
            "seconds_bt": round(spent, 2),
            "ms_ours": timed(lambda cost=cost: run(weights, panel.fields["close"], cost=cost, lag=0)),
        }
    return found


# ---------------------------------------------------------------- quality of the verifiers

SAYINGS = (
    "The {name} is {value}.",
    "{name}: {value}",
    "| {name} | {value} |",
    "Evaluation shows that the {name} equals {value}, which we note.",
    "- **{name}** = {value}",
    "With this we have a {name} of {value}.",
)
EXPRESSIONS = {
    "reversal 5": ("-(close / delay(close, 5) - 1)", lambda c, v: -(c / c.shift(5) - 1)),
    "momentum 20": ("close / delay(close, 20) - 1", lambda c, v: c / c.shift(20) - 1),
    "distance": ("close / ts_mean(close, 10) - 1", lambda c, v: c / c.rolling(10).mean() - 1),
    "volatility": ("-ts_std(returns, 20)", lambda c, v: -c.pct_change(fill_method=None).rolling(20).std()),
    "price and volume": ("-ts_corr(close, volume, 10)", lambda c, v: -c.rolling(10).corr(v)),
    "volume shock": (
        "rank(volume / ts_mean(volume, 20))",
        lambda c, v: (v / v.rolling(20).mean()).rank(axis=1, pct=True),
    ),
}  # fmt: skip
LEAKS = (
    "delay(close, -1) / close - 1",
    "close / full_mean(close)",
    "ts_mean(delay(returns, -3), 5)",
    "Ref($close, -5) / $close - 1",
    "rank(delta(close, -2))",
    "bfill(delay(close, -1)) - close",
)

Case = tuple[str, str, str, bool, str]
"""Year, kind of figure, sentence, whether it is right, kind of mistake."""


def years(panel: Panel) -> Iterator[tuple[str, Panel]]:
    names = [date[:4] for date in panel.dates]
    for year in sorted(set(names)):
        rows = np.array([name == year for name in names])
        dates = tuple(date for date in panel.dates if date[:4] == year)
        yield year, Panel(dates, panel.tickers, {name: f[rows] for name, f in panel.fields.items()})


def frame(panel: Panel, name: str) -> pd.DataFrame:
    return pd.DataFrame(
        panel.fields[name], index=pd.to_datetime(list(panel.dates)), columns=list(panel.tickers)
    )


def say(random: np.random.Generator, name: str, value: str) -> str:
    saying = SAYINGS[int(random.integers(len(SAYINGS)))]
    return saying.format(name=name, value=value)


def factor_cases(year: str, panel: Panel, random: np.random.Generator) -> Iterator[tuple[str, list[Case]]]:
    """For each factor: its expression and sentences on its ICs, by pandas."""
    close, volume = frame(panel, "close"), frame(panel, "volume")
    target = close.shift(-HORIZON) / close - 1
    for text, compute in EXPRESSIONS.values():
        values = compute(close, volume)
        truth: dict[str, float] = {}
        for name, method in (("IC", "pearson"), ("rank IC", "spearman")):
            daily = values.corrwith(target, axis=1, method=method).dropna()
            truth[f"mean {name}"], truth[f"{name.removesuffix('IC')}ICIR"] = (
                daily.mean(),
                daily.mean() / daily.std(),
            )
        along = float(np.nanmean([values[n].corr(target[n]) for n in close]))
        pooled = float(values.stack().corr(target.stack()))
        cases = []
        for name, value in truth.items():
            cases.append((year, name, say(random, name, f"{value:.4f}"), True, ""))
            wrong = {"sign": -value, "half": value / 2, "twice": value * 2}
            if name.startswith("mean"):
                wrong |= {"over time": along, "pooled": pooled}
            cases += mistakes(random, year, name, value, wrong, 4)
        yield text, cases


def mistakes(
    random: np.random.Generator,
    year: str,
    name: str,
    value: float,
    wrong: dict[str, float],
    places: int,
    percent: bool = False,
) -> Iterator[Case]:
    """Sentences with a wrong figure; one that would round to the right one is left out."""
    for kind, figure in wrong.items():
        gap = abs(figure) - abs(value) if name.endswith("drawdown") else figure - value
        if np.isfinite(figure) and abs(gap) > 3 * 10**-places:
            written = f"{figure:.{places - 2}%}" if percent else f"{figure:.{places}f}"
            yield (year, name, say(random, name, written), False, kind)


def strategy_cases(
    year: str, panel: Panel, random: np.random.Generator
) -> Iterator[tuple[dict[str, Any], list[Case]]]:
    """For each factor: a back-test's rules and sentences on its figures, by bt at no cost."""
    for text in ("-(close / delay(close, 5) - 1)", "close / delay(close, 20) - 1"):
        rules = {
            "expression": text,
            "rule": "top 5",
            "every": 5,
            "lag": 0,
            "cost_bps": 0,
            "periods_per_year": 252,
        }
        close = frame(panel, "close")
        chosen = -(close / close.shift(5) - 1) if text.startswith("-") else close / close.shift(20) - 1
        weights = np.full(panel.shape, np.nan)
        for row in range(0, len(close), 5):
            best = chosen.iloc[row].dropna().nlargest(5).index
            if len(best) == 5:
                weights[row] = close.columns.isin(best) / 5
        worth = by_bt(weights, panel, 0.0)
        worth = worth.iloc[int(np.flatnonzero(np.isfinite(weights).any(axis=1))[0]) :]
        r = worth.pct_change().dropna()
        total, sharpe = worth.iloc[-1] / worth.iloc[0] - 1, r.mean() / r.std() * 252**0.5
        fall = float((worth / worth.cummax() - 1).min())
        cases: list[Case] = []
        for name, value, percent, wrong in (
            ("annualised Sharpe ratio", sharpe, False,
             {"sqrt(365)": sharpe * (365 / 252) ** 0.5, "not annualised": sharpe / 252**0.5, "sign": -sharpe,
              "by 252": sharpe * 252**0.5}),
            ("maximum drawdown", fall, True,
             {"half": fall / 2, "twice": 2 * fall, "worst day": float(r.min())}),
            ("total return", total, True, {"sign": -total, "half": total / 2, "twice": total * 2}),
            ("annualised volatility", r.std() * 252**0.5, True,
             {"sqrt(365)": r.std() * 365**0.5, "not annualised": r.std(), "variance": r.var() * 252}),
            ("hit rate", float((r > 0).mean()), True,
             {"losses": float((r < 0).mean()), "half": float((r > 0).mean()) / 2}),
        ):  # fmt: skip
            written = f"{value:.2%}" if percent else f"{value:.3f}"
            cases.append((year, name, say(random, name, written), True, ""))
            cases += mistakes(random, year, name, value, wrong, 4 if percent else 3, percent)
        yield rules, cases


def leak_cases(year: str) -> Iterator[tuple[str, Case]]:
    for text in LEAKS:
        yield text, (year, "look-ahead", f"Factor: `{text}`", False, "leak")
    for text, _ in EXPRESSIONS.values():
        yield text, (year, "look-ahead", f"Factor: `{text}`", True, "")


def quality(panel: Panel) -> dict[str, Any]:
    """Verdicts on right and wrong sentences, by kind of figure."""
    logging.getLogger("bt").setLevel(logging.ERROR)
    judged: list[tuple[Case, Verdict, str]] = []
    random = np.random.default_rng(0)
    for year, part in years(panel):
        prices = part.to_context("open", "close", "volume", digits=6)
        for text, cases in factor_cases(year, part, random):
            context = {
                "prices": prices,
                "factor": {"horizon": HORIZON, "delay": 0, "window": "full", "ic": "pearson"},
            }
            judged += judge(Factor(), context, cases, f"Factor: `{text}`")
        judged += judge(Factor(), {"prices": prices}, [case for _, case in leak_cases(year)])
        if importlib.util.find_spec("bt") is not None:
            for rules, cases in strategy_cases(year, part, random):
                judged += judge(BackTestFigures(), {"prices": prices, "backtest": rules}, cases)
    kinds = sorted({case[1] for case, _, _ in judged})
    return {
        "all": table(judged),
        "by_figure": {kind: table([j for j in judged if j[0][1] == kind]) for kind in kinds},
        "caught_by_mistake": {
            kind: share([j for j in judged if j[0][4] == kind], Verdict.FAILS)
            for kind in sorted({case[4] for case, _, _ in judged if case[4]})
        },
        "right_but_FAILS": [f"{case[0]}: {case[2]} ({reason})" for case, verdict, reason in judged
                            if case[3] and verdict is Verdict.FAILS][:5],
        "wrong_but_HOLDS": [f"{case[0]}: {case[2]} ({reason})" for case, verdict, reason in judged
                            if not case[3] and verdict is Verdict.HOLDS][:5],
    }  # fmt: skip


def judge(
    verifier: Any, context: dict[str, Any], cases: list[Case], *before: str
) -> list[tuple[Case, Verdict, str]]:
    problem = Problem(id="p", text="Evaluate it.", context=context)
    found = verifier.check(problem, Trajectory.of_steps("t", "p", [*before, *(case[2] for case in cases)]))
    return [(case, f.verdict, f.reason) for case, f in zip(cases, found[len(before) :], strict=True)]


def share(judged: list[tuple[Case, Verdict, str]], verdict: Verdict) -> dict[str, Any]:
    if not judged:
        return {"n": 0}
    got = bootstrap_mean([float(v is verdict) for _, v, _ in judged], [case[0] for case, _, _ in judged])
    return {
        "value": round(got.value, 3),
        "low": round(got.low, 3),
        "high": round(got.high, 3),
        "n": got.n,
        "years": got.clusters,
    }


def table(judged: list[tuple[Case, Verdict, str]]) -> dict[str, Any]:
    right, wrong = [j for j in judged if j[0][3]], [j for j in judged if not j[0][3]]
    alarms = sum(v is Verdict.FAILS for _, v, _ in right)
    return {
        "right_HOLDS": share(right, Verdict.HOLDS),
        "right_FAILS": alarms,
        "right_FAILS_95_bound_if_independent": round(clopper_pearson_upper(alarms, len(right)), 4)
        if right
        else None,
        "wrong_FAILS": share(wrong, Verdict.FAILS),
        "wrong_HOLDS": sum(v is Verdict.HOLDS for _, v, _ in wrong),
        "wrong_UNKNOWN": sum(v is Verdict.UNKNOWN for _, v, _ in wrong),
    }
