"""``finance/factor``: expressions, look-ahead and information coefficients that steps state."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.testkit.noise import HOSTILE, TEXTS
from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_finance.market.panel import Panel
from prmkit_finance.market.stated import Reading as R
from prmkit_finance.market.stated import figures, judge
from prmkit_finance.verifiers.factor import VOCABULARY, Factor, probe

HOLDS, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN
REVERSAL = "-(close / delay(close, 3) - 1)"


@pytest.fixture(scope="module")
def panel():
    p = probe().until(120)
    return Panel(p.dates, p.tickers, {"close": np.round(p.fields["close"], 2), "volume": p.fields["volume"]})


@pytest.fixture(scope="module")
def truth(panel):
    """Figures of the reversal factor on five-day forward returns, by pandas."""
    close = pd.DataFrame(panel.fields["close"])
    factor, target = -(close / close.shift(3) - 1), close.shift(-5) / close - 1
    found = {}
    for name, method in (("ic", "pearson"), ("rank_ic", "spearman")):
        daily = factor.apply(lambda row: row.corr(target.loc[row.name], method=method), axis=1).dropna()  # noqa: B023
        found[name], found[f"{name}ir"] = daily.mean(), daily.mean() / daily.std()
    return found


def check(panel, *steps, setting=None, **extra):
    context = {"factor": {"horizon": 5, "delay": 0, **(setting or {})}, **extra}
    if panel is not None:
        context["prices"] = panel.to_context()
    problem = Problem(id="p", text="Design a factor.", context=context)
    return Factor().check(problem, Trajectory.of_steps("t", "p", steps))


def verdicts(*given_, **named):
    return [finding.verdict for finding in check(*given_, **named)]


def test_right_and_wrong_figures(panel, truth):
    says = [
        (f"The mean IC is {truth['ic']:.4f}.", HOLDS),
        (f"Its RankIC is {truth['rank_ic']:.3f}, its ICIR {truth['icir']:.2f}.", HOLDS),
        (f"Rank ICIR = {truth['rank_icir']:.3f}", HOLDS),
        (f"| Rank IC | {truth['rank_ic']:.4f} |", HOLDS),
        (f"The ICIR is {truth['icir'] * 252**0.5:.2f}, annualised.", HOLDS),
        (f"The mean IC is {truth['ic'] * 100:.2f}%.", HOLDS),
        (f"The mean IC is about {truth['ic'] * 1.03:.4f}.", HOLDS),
        (f"The mean IC is {truth['ic'] + 0.01:.4f}.", FAILS),
        (f"The mean IC is {-truth['ic']:.4f}.", FAILS),
        (f"RankIC: {truth['rank_ic'] * 2:.3f}", FAILS),
        (f"The mean IC is about {truth['ic'] * 1.8:.4f}.", FAILS),
        (f"Rank ICIR = {truth['rank_icir'] * 1.5:.3f}", FAILS),
        # Another usual reading, or a last digit that rounding might explain: no verdict.
        (f"The mean IC is {truth['rank_ic']:.4f}.", UNKNOWN),
        (f"The ICIR is {truth['icir'] * 252**0.5:.2f}.", UNKNOWN),
        (f"The mean IC is {truth['ic'] * 100:.2f}.", UNKNOWN),
        (f"The mean IC is {truth['ic'] + 0.0001:.4f}.", UNKNOWN),
    ]
    got = check(panel, f"Factor: `{REVERSAL}`", *(text for text, _ in says))
    assert [(text, f.verdict) for (text, _), f in zip(says, got[1:], strict=True)] == says
    assert (
        check(panel, f"Factor: `{REVERSAL}`", f"IC = {truth['rank_ic']:.4f}", setting={"ic": "pearson"})[
            1
        ].verdict
        is FAILS
    )


DOUBTFUL = [
    "We target a mean IC of 0.9.",
    "A mean IC of 0.9 would be needed.",
    "If the mean IC is 0.9, we keep it.",
    "The paper reports a mean IC of 0.9.",
    "In 2012 the mean IC was 0.9.",
    "On the training part the mean IC is 0.9.",
    "The first version had a mean IC of 0.9.",
    "The mean IC is above 0.9.",
    "The mean IC is at least 0.9.",
    "The mean IC lies between 0.8 and 0.9.",
    "The mean IC rose from 0.8 to 0.9.",
    "The mean IC is 0.8 to 0.9.",
    "The mean IC is not 0.9.",
    "Is the mean IC 0.9?",
    "The benchmark's mean IC is 0.9.",
    "IC > 0.9 is what we want.",
    "|IC| is 0.9.",
    "The IC of another factor is 0.9.",
    "Rank IC and IC are 0.9 and 0.8, respectively.",
    "| IC | 0.9 | 0.8 |",
    "| IC | Rank IC |\n| --- | --- |\n| 0.9 | 0.8 |",
    "IC\n0.9",
    "IC decay is 0.9 per day.",
    "The IC std is 0.9.",
    "We use IC 5-day and 20-day.",
    "The monthly IC is 0.9 each month.",
    "The information coefficient t-stat is 2.9.",
]


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_is_not_plainly_said_of_the_factor_is_not_judged(panel, text):
    assert verdicts(panel, f"Factor: `{REVERSAL}`", text)[1] is UNKNOWN


def test_which_factor_is_meant_must_be_clear(panel, truth):
    wrong = "The mean IC is 0.9."
    assert verdicts(panel, wrong) == [UNKNOWN]
    assert verdicts(panel, "Compare `rank(close)` with `rank(volume)`.", wrong)[1] is UNKNOWN
    assert verdicts(panel, "Factor: `rank(close`.", wrong)[1] is UNKNOWN
    assert verdicts(panel, wrong, setting={"expression": REVERSAL}) == [FAILS]
    right = f"The mean IC is {truth['ic']:.4f}."
    assert verdicts(panel, right, setting={"expression": REVERSAL}) == [HOLDS]
    assert verdicts(panel, "Factor: `rank(close)`", f"Factor: `{REVERSAL}`", right)[2] is HOLDS


def test_the_horizon_must_be_known_and_is_read(panel, truth):
    says = f"The mean IC is {truth['ic']:.4f}."
    steps = (f"Factor: `{REVERSAL}`", says)
    assert verdicts(panel, *steps, setting={"horizon": None})[1] is UNKNOWN
    assert (
        verdicts(panel, f"Factor: `{REVERSAL}` on 5-day forward returns", says, setting={"horizon": 1})[1]
        is HOLDS
    )
    assert verdicts(panel, f"Factor: `{REVERSAL}` on 1-day forward returns", says)[1] is FAILS
    assert verdicts(panel, f"Factor: `{REVERSAL}`; 1-day forward or 5-day forward", says)[1] is UNKNOWN


LEAK = "delay(close, -1) / close - 1"


@pytest.mark.parametrize(
    ("steps", "want"),
    [
        ([f"Factor: `{LEAK}`"], [FAILS]),
        ([f"Factor: {LEAK}."], [FAILS]),
        ([f"alpha = {LEAK}"], [FAILS]),
        (["Signal: `Ref($close, -1) / $close - 1`"], [FAILS]),
        (["Factor: `full_zscore(close)`"], [FAILS]),
        ([f"Factor: `{REVERSAL}`", "It does not look ahead."], [HOLDS, HOLDS]),
        ([f"Factor: `{LEAK}`", "It does not look ahead."], [FAILS, FAILS]),
        ([f"Factor: `{LEAK}`, without look-ahead."], [FAILS]),
        ([f"Factor: `{LEAK}`", "This factor looks ahead."], [FAILS, HOLDS]),
        # A label may look ahead; a leak that the step itself rejects is quoted, not used.
        ([f"Label: `{LEAK}`"], [UNKNOWN]),
        ([f"The target is the forward return `{LEAK}`."], [UNKNOWN]),
        ([f"label = {LEAK}"], [UNKNOWN]),
        ([f"fwd_ret = {LEAK}"], [UNKNOWN]),
        ([f"Using the factor `{LEAK}` would be a look-ahead bias."], [UNKNOWN]),
        ([f"The old factor `{LEAK}` leaks; it is rejected."], [UNKNOWN]),
        ([f"Factor: `{REVERSAL}`", "Make sure that it does not look ahead."], [HOLDS, UNKNOWN]),
        (["Nothing here looks ahead."], [UNKNOWN]),
        (["It does not look ahead."], [UNKNOWN]),
        # Shifted back again: the tree clears it, and so does truncation.
        (["Factor: `delay(delay(close, -5), 5) / close`"], [HOLDS]),
    ],
)
def test_look_ahead(panel, steps, want):
    for prices in (panel, None):
        assert verdicts(prices, *steps) == want


def test_a_tool_call_is_read_and_its_reply_is_not(panel):
    call = {"text": "evaluate", "role": "act", "call": {"name": "f", "arguments": {"expression": LEAK}}}
    found = check(panel, call, {"text": "IC = 0.9", "role": "observe"}, "We stop.")
    assert [f.verdict for f in found] == [FAILS, UNKNOWN]


def test_what_cannot_be_read_is_unknown_unless_the_grammar_is_given(panel):
    for text in ("ts_mean(close", "rank(turn_rate / close)", "np.log(close)"):
        assert verdicts(panel, f"Factor: `{text}`") == [UNKNOWN]
        assert verdicts(panel, f"Factor: `{text}`", setting={"grammar": "prmkit/alpha"}) == [FAILS]
    assert verdicts(panel, "Factor: `rank(open)`") == [UNKNOWN]  # the prices have no open
    assert verdicts(panel, "We like the factor momentum: it works (see below).") == [UNKNOWN]
    assert verdicts(panel, "Use `pandas` and `df.rolling(5)`.", setting={"grammar": "prmkit/alpha"}) == [
        UNKNOWN
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"close": [[1.0, 2.0], [3.0]]},
        {"dates": ["2020-01-02", "2020-01-02"]},
        {"close": [[1.0, 2.0], [-3.0, 4.0]]},
        {"close": None},
    ],
)
def test_bad_prices_are_unknown_and_say_why(change):
    prices = {
        "dates": ["2020-01-02", "2020-01-03"],
        "tickers": ["A", "B"],
        "close": [[1, 2], [3, 4]],
        **change,
    }
    problem = Problem(id="p", text="x", context={"prices": prices})
    (finding,) = Factor().check(problem, Trajectory.of_steps("t", "p", [f"Factor: `{LEAK}`"]))
    assert (finding.verdict, finding.code) == (UNKNOWN, Code.UNSUPPORTED)
    assert "what to do" in finding.reason


@pytest.mark.parametrize(
    "text", [*HOSTILE, *TEXTS, "Factor: `" + "(" * 1500 + "`", "IC = " * 3000, "`rank(" * 3000, "\n" * 20_000]
)
def test_noise_and_attacks_never_fail(panel, text):
    assert verdicts(panel, text, f"Factor: `{text[:1500]}`", f"The mean IC is {text[:500]}")[0] is UNKNOWN


@given(st.text(max_size=80), st.sampled_from(["Factor: `{}`", "IC = {}", "alpha = {}", "{}"]))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_one_finding_a_step(text, frame):
    found = check(None, frame.format(text), text)
    assert len(found) == 2
    for finding, step in zip(found, (frame.format(text), text), strict=True):
        assert all(0 <= c.start <= c.end <= len(step) for c in finding.claims)
        json.dumps(dict(finding.detail))


@given(st.floats(-3, 3), st.integers(0, 4), st.floats(-0.49, 0.49), st.floats(2, 1000))
@settings(max_examples=200, deadline=None)
def test_what_rounds_holds_and_what_is_far_fails(value, places, within, far):
    stated = next(figures(f"IC = {value:.{places}f}", VOCABULARY))
    assert judge(stated, [R(stated.value + within * stated.step, "w")])[0] is HOLDS
    away = stated.value + far * stated.step
    got = judge(stated, [R(away, "w")])[0]
    percent = abs(stated.value - 100 * away) <= 1.5 * stated.step
    assert got is (UNKNOWN if percent else FAILS)


def test_a_figure_is_not_taken_for_a_year():
    assert not next(figures("The mean IC is 0.2012.", VOCABULARY)).doubtful
    assert next(figures("The mean IC of 2012 is 0.2012.", VOCABULARY)).doubtful
    assert next(figures("The mean IC is 0.2012 in 2012.", VOCABULARY)).doubtful


def test_it_travels_to_a_worker():
    assert pickle.loads(pickle.dumps(Factor())).name == "finance/factor"
