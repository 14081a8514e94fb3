"""The grammar of factor expressions: what it reads, what it refuses, and how far it looks ahead."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.testkit.noise import HOSTILE, TEXTS
from prmkit_finance.market.expression import (
    MAX_DEPTH,
    MAX_TEXT,
    Call,
    ExpressionError,
    Field,
    Number,
    fields_of,
    parse,
    reach,
    work,
)
from prmkit_finance.market.operators import OPERATORS, SPELLINGS

CLOSE = Field("close")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("close", CLOSE),
        ("1 + 2 * 3", Call("add", (Number(1), Call("multiply", (Number(2), Number(3)))))),
        ("1 - 2 - 3", Call("subtract", (Call("subtract", (Number(1), Number(2))), Number(3)))),
        ("2 ^ 3 ^ 2", Call("power", (Number(2), Call("power", (Number(3), Number(2)))))),
        ("-close ^ 2", Call("negative", (Call("power", (CLOSE, Number(2))),))),
        ("-(close) * 2", Call("multiply", (Call("negative", (CLOSE,)), Number(2)))),
        ("1 > close && 2", Call("and", (Call("gt", (Number(1), CLOSE)), Number(2)))),
        ("close > 1 ? 2 : 3", Call("where", (Call("gt", (CLOSE, Number(1))), Number(2), Number(3)))),
        ("ts_mean(close, 5)", Call("ts_mean", (CLOSE,), 5)),
        ("delay(close, -5)", Call("delay", (CLOSE,), -5)),
        ("returns", Call("pct_change", (CLOSE,), 1)),
        ("adv20", Call("ts_mean", (Field("volume"),), 20)),
        ("rank(close)", Call("rank", (CLOSE,))),
        ("Rank($close, 5)", Call("ts_rank", (CLOSE,), 5)),
        ("Max($high, 10)", Call("ts_max", (Field("high"),), 10)),
        ("Corr($close, Ref($close, 1), 10)", Call("ts_corr", (CLOSE, Call("delay", (CLOSE,), 1)), 10)),
        ("Greater($open, $close)", Call("larger", (Field("open"), CLOSE))),
        ("signedpower(close, 2)", Call("signed_power", (CLOSE, Number(2)))),
    ],
)  # fmt: skip
def test_reads(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the end"),
        ("close +", "the end"),
        ("close close", "not expected"),
        ("ts_mean(close)", "takes 2 arguments"),
        ("ts_mean(close, 5", "expected ','"),
        ("ts_mean(close, 2.5)", "whole number"),
        ("ts_mean(close, volume)", "whole number"),
        ("ts_mean(close, 0)", "allowed are"),
        ("ts_mean(close, -5)", "allowed are"),
        ("ts_mean(close, 99999)", "allowed are"),
        ("delay(close, 99999)", "allowed are"),
        ("max(close, 5)", "two things"),
        ("WMA($close, 5)", "another figure in qlib"),
        ("price", "no field"),
        ("ts_men(close, 5)", "ts_mean"),
        ("close.__class__", "not part"),
        ("[close][0]", "not part"),
        ("print('x')", "not part"),
        ("print(close)", "no operator"),
        ("lambda: close", "no field"),
        ("close if close else 1", "not expected"),
        ("close = 5", "not part"),
        ("1e99 * close", "larger than"),
        ("9" * 400, "not part"),
        ("close; open", "not part"),
        ("(" * (MAX_DEPTH + 2) + "close" + ")" * (MAX_DEPTH + 2), "deeper"),
        ("-" * (MAX_DEPTH + 2) + "close", "deeper"),
        ("+".join(["1"] * 300), "parts"),
        ("+" * 10 + "x" * MAX_TEXT, "longer"),
        ("ｃlose", "not part"),
        ("٣ + close", "not part"),
    ],
)
def test_refuses(text, fault):
    with pytest.raises(ExpressionError, match="row") as caught:
        parse(text)
    assert fault in caught.value.message


@pytest.mark.parametrize("text", [*HOSTILE, *TEXTS])
def test_hostile_text_is_refused_and_never_run(text):
    with pytest.raises(ExpressionError):
        parse(text)


@given(st.text(max_size=60) | st.text("closevum()+-*/^,. 0123456789$?:<>=&|_tsrank", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text):
    try:
        node = parse(text)
    except ExpressionError:
        return
    assert reach(node) == 0 or fields_of(node) or "delay" in text
    assert work(node) >= 1


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("3", 0),
        ("delay(3, -1)", 1),
        ("close", 0),
        ("delay(close, 2)", -2),
        ("delay(close, -5) / close - 1", 5),
        ("delay(delay(close, -5), 5)", 0),
        ("delta(close, 5)", 0),
        ("delta(close, -5)", 5),
        ("pct_change(close, -1)", 1),
        ("ts_mean(delay(close, -3), 10)", 3),
        ("rank(ts_corr(close, volume, 10))", 0),
        ("full_zscore(close)", math.inf),
        ("bfill(close)", math.inf),
        ("where(close > 10, delay(close, -1), 0)", 1),
    ],
)
def test_reach(text, days):
    assert reach(parse(text)) == days


def test_every_spelling_leads_to_an_operator():
    assert set(SPELLINGS.values()) <= set(OPERATORS)
    assert not set(SPELLINGS) & set(OPERATORS)
