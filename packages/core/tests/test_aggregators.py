"""Aggregators: published values, bounds, and what they refuse."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prmkit
from prmkit.aggregators import AGGREGATORS, ALIASES, CLAMP, aggregate
from prmkit.errors import AlignmentError, ConfigError
from prmkit.types import StepScores

probabilities = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("how", "value"),
    [
        ("min", 0.5),
        ("max", 0.9),
        ("last", 0.5),
        ("sum", 2.2),
        ("prod", 0.36),
        ("gmean", 0.711379),
        ("mean", 0.733333),
        ("mean_logit", 0.767546),
        ("mean_odds", 4.666667),
    ],
)
def test_goldens_of_the_shared_example(how: str, value: float) -> None:
    assert aggregate([0.9, 0.8, 0.5], how) == pytest.approx(value, abs=5e-7)


def test_soft_min_by_hand() -> None:
    # weights 1, e^-3, e^-4 for .5, .8, .9 at temperature .1
    weights = [math.exp(-4), math.exp(-3), 1.0]
    expected = sum(w * v for w, v in zip(weights, [0.9, 0.8, 0.5], strict=True)) / sum(weights)
    assert aggregate([0.9, 0.8, 0.5], "soft_min") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("how", "before", "after"),
    [
        ("sum", 2.65, 7.40),
        ("mean", 0.8833, 0.925),
        ("min", 0.8, 0.8),
        ("prod", 0.684, 0.5293),
        ("last", 0.95, 0.95),
    ],
)
def test_five_repeated_right_steps(how: str, before: float, after: float) -> None:
    """Sums are hacked by repetition, means mildly, minima not; products punish length."""
    scores = [0.9, 0.8, 0.95]
    assert aggregate(scores, how) == pytest.approx(before, abs=5e-5)
    assert aggregate([*scores, *[0.95] * 5], how) == pytest.approx(after, abs=5e-5)


@pytest.mark.parametrize("how", list(AGGREGATORS))
@given(scores=probabilities)
def test_bounds_hold_and_none_is_passed_over(how: str, scores: list[float]) -> None:
    rule = AGGREGATORS[how]
    value = aggregate(scores, how)
    assert rule.low - 1e-9 <= value <= rule.high + 1e-9
    assert aggregate([None, *scores, None], how) == value


@pytest.mark.parametrize("how", ["min", "soft_min", "max", "mean", "gmean", "mean_logit", "last"])
@given(scores=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=12))
def test_averages_lie_between_the_extremes_and_rise(how: str, scores: list[float]) -> None:
    value = aggregate(scores, how)
    assert min(scores) - 1e-9 <= value <= max(scores) + 1e-9
    if how != "soft_min":  # the soft minimum's weights move with its values
        assert aggregate([s / 2 + 0.5 for s in scores], how) >= value - 1e-9


@given(value=st.floats(CLAMP, 1 - CLAMP), many=st.integers(1, 6))
def test_equal_steps_aggregate_to_themselves(value: float, many: int) -> None:
    for how in ("min", "soft_min", "max", "mean", "gmean", "mean_logit", "last"):
        assert aggregate([value] * many, how) == pytest.approx(value)


def test_certainties_do_not_overflow() -> None:
    assert aggregate([0.0, 1.0], "mean_logit") == pytest.approx(0.5)
    assert aggregate([1.0], "mean_odds") == pytest.approx((1 - CLAMP) / CLAMP)
    assert aggregate([1.0] * 3, "mean_logit") <= 1


@pytest.mark.parametrize("how", list(AGGREGATORS))
def test_nothing_scored_gives_the_stated_value(how: str) -> None:
    assert aggregate([], how) == 0.5
    assert aggregate([None], how, empty=0.0) == 0.0


def test_other_spellings() -> None:
    assert all(
        aggregate([0.5, 0.25], alias) == aggregate([0.5, 0.25], name) for alias, name in ALIASES.items()
    )
    assert prmkit.aggregate([0.9, 0.2]) == 0.2


def test_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="gmean"):
        aggregate([0.5], "gmaen")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), True])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(AlignmentError, match=r"scores\[1\]"):
        aggregate([0.5, bad])


@pytest.mark.parametrize("how", ["prod", "gmean", "mean_logit", "mean_odds", "sum"])
def test_values_are_no_probabilities(how: str) -> None:
    scores = StepScores("t", "d", (0.5, -0.5), kind="value", range=(-1.0, 1.0))
    with pytest.raises(ConfigError, match="value scores"):
        aggregate(scores, how)
    assert aggregate(scores, "min") == -0.5


@pytest.mark.parametrize("how", ["mean", "sum"])
def test_cumulative_scores_are_not_added_up_again(how: str) -> None:
    scores = StepScores("t", "d", (0.5, 1.5), kind="logratio", range=(-math.inf, math.inf), cumulative=True)
    with pytest.raises(ConfigError, match="cumulative"):
        aggregate(scores, how)
    assert aggregate(scores, "last") == 1.5
