"""Conversions between units. All texts are invented."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_math.verifiers._quantities import SPELLINGS, amounts, canonical, scales
from prmkit_math.verifiers.units import Units, compare, judge


@pytest.mark.parametrize(
    "text",
    [
        "60 mph = 26.8 m/s.",
        "3 feet = 36 inches",
        "2 hours = 120 minutes",
        "2 hours = 2 × 60 minutes = 120 minutes",
        "1 hour and 20 minutes = 80 minutes",
        "1 hour 20 minutes = 80 minutes",
        "4 feet - 40 inches = 8 inches",
        "$2.50 = 250 cents",
        "8 ounces = 1 cup",
        "16 ounces = 1 pound",
        "1 year = 52 weeks, 1 year = 12 months and 1 year = 365 days",
        "4 weeks = 1 month",
        "1 mile is 5280 feet.",
        "10 square feet = 1440 square inches",
        "2 cubic feet = 3456 cubic inches",
        "1 inch = 2.5 cm",
        "5 kg ≈ 11 pounds",
        "72 km/h = 20 m/s",
        r"\( 6 \text{ inches} = 0.5 \text{ feet} \)",
    ],
)
def test_right_conversions_hold(text):
    assert judge(text).verdict is Verdict.HOLDS, judge(text)


@pytest.mark.parametrize(
    "text",
    [
        "3 feet = 30 inches",
        "2 hours = 2 × 60 minutes = 130 minutes",
        "1 hour and 20 minutes = 90 minutes",
        "To reach 4 feet, he grows 4 feet - 40 inches = 12 inches.",
        "5 nickels = 1 dollar",
        "3 years = 35 months",
        "60 mph = 29 m/s",
        "2 kg = 200 grams",
        "10 square feet = 120 square inches",
    ],
)
def test_wrong_conversions_fail(text):
    assert judge(text).verdict is Verdict.FAILS, judge(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1 inch = 20 miles", "A map has a scale."),
        ("1 day = 8 hours", "He works 8 hours a day."),
        ("30 miles = 2 hours", ""),
        ("2 hours is 30 minutes longer than that.", ""),
        ("If 3 feet = 30 inches, then", ""),
        ("3 hours = 3 hours", ""),
        ("50 kg = 108 pounds", ""),
        ("There are 3 feet and 12 inches.", ""),
        ("He has 5 cups = 9 dollars", ""),
        ("Convert 5 hours, 20 minutes equals 320 minutes.", ""),
    ],
)
def test_what_is_no_conversion_never_fails(text, problem):
    assert judge(text, problem).verdict is not Verdict.FAILS, judge(text, problem)


def test_text_without_units_is_not_applicable():
    assert judge("12 * 4 = 48").code is Code.NOT_APPLICABLE


def test_only_listed_words_reach_the_registry():
    for word in SPELLINGS:
        assert canonical(word) == SPELLINGS[word]
    for unit in {canonical(word) for word in SPELLINGS} - {
        "cent",
        "penny",
        "nickel",
        "dime",
        "dollar",
        "decade",
    }:
        assert scales(unit)
    assert amounts("__import__('os').system('true') 3 parsecs") == []


@pytest.mark.parametrize(
    "text",
    [
        "3 feet = " * 20_000,
        "1 hour and " * 20_000 + "= 3 minutes",
        "9" * 30_000 + " feet = 1 inch",
        "٣ feet = 36 inches",
    ],
    ids=range(4),
)
def test_hostile_input_ends_without_a_false_verdict(text):
    assert judge(text).verdict is not Verdict.FAILS


@given(
    st.integers(1, 5000),
    st.sampled_from(
        [("hours", "minutes", 60), ("feet", "inches", 12), ("kg", "grams", 1000), ("weeks", "days", 7)]
    ),
)
@settings(max_examples=60, deadline=None)
def test_conversions_hold_both_ways_and_fail_when_changed(n, pair):
    large, small, factor = pair
    assert judge(f"{n} {large} = {n * factor} {small}").verdict is Verdict.HOLDS
    assert judge(f"{n * factor} {small} = {n} {large}").verdict is Verdict.HOLDS
    assert judge(f"{n} {large} = {n * factor + 1} {small}").verdict is Verdict.FAILS


def test_compare_is_silent_on_other_dimensions():
    assert compare(amounts("3 hours"), amounts("3 feet")) is None
    assert compare(amounts("3 dollars"), amounts("3 feet")) is None


def test_check_gives_one_finding_per_scored_step():
    trajectory = Trajectory.of_steps(
        "t", "p", ["3 feet = 36 inches", {"text": "x", "role": "observe"}, "end"]
    )
    assert [str(f.verdict) for f in Units().check(Problem("p", "?"), trajectory)] == ["HOLDS", "UNKNOWN"]
