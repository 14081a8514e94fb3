"""Amounts, expressions and their comparison."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit_finance.amounts import amounts, read_amount, written
from prmkit_finance.expressions import Quantity, UnreadableError, evaluate
from prmkit_finance.matching import Match, compare


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("$ 1,452.4", "1452.4", ""),
        ("$  (1.5)", "-1.5", ""),
        ("(13.2)%", "-13.2", "%"),
        ("-$12.6 million", "-12600000", ""),
        ("$-21.7 million", "-21700000", ""),
        ("S$467 million", "467000000", ""),
        ("3.4x", "3.4", ""),
        ("25 bps", "0.25", "bp"),
        ("12 percentage points", "12", "pp"),
        ("3.5亿", "350000000", ""),
        ("- $ 12.3", "-12.3", ""),
        ("$43.9B", "43900000000", ""),
        ("12 percent", "12", "%"),
    ],
)
def test_amounts_as_reports_write_them(text, value, unit):
    found = read_amount(text)
    assert (found.value, found.unit) == (Fraction(value), unit)


@pytest.mark.parametrize(
    "text", ["", "—", "1,2345", "1.2.3", "12 of 15", "Q4", "3M2", "1" * 40, "x" * 10_000]
)
def test_what_is_no_amount(text):
    assert read_amount(text) is None


def test_in_running_text_a_dash_between_numbers_is_no_minus():
    assert [str(a.value) for a in amounts("2017-2019, 3.8% - 4.0%, a change of -0.2%")] == [
        "2017",
        "2019",
        "19/5",
        "4",
        "-1/5",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(44.1-56.7)/56.7", "-2/9"),
        ("[(2+4)/2] - [(1+1)/2]", "2"),
        ("$10 - $4.5 ", "11/2"),
        ("-9.9 - 0", "-99/10"),
        ("1.5 million + 250 thousand", "1750000"),
        ("5 \u00d7 4 \u00f7 2", "10"),
    ],
)
def test_expressions(text, value):
    assert evaluate(text) == Quantity(Fraction(value))


def test_percent_keeps_its_unit():
    assert evaluate("3.8% - 4.0%") == Quantity(Fraction(-1, 5), percent=True)
    assert evaluate("(2% + 4%) / 2") == Quantity(Fraction(3), percent=True)
    assert evaluate("6% / 3%") == Quantity(Fraction(2))
    assert evaluate("100 * 6%") == Quantity(Fraction(6))


@pytest.mark.parametrize(
    "text", ["", "2 +", "a + 1", "1 / 0", "(" * 50 + "1" + ")" * 50, "1" * 40, "2 ** 3 ** 9", "__import__"]
)
def test_what_is_no_expression(text):
    with pytest.raises(UnreadableError):
        evaluate(text)


@pytest.mark.parametrize(
    ("said", "value", "scale", "match"),
    [
        ("-22.22%", "-200/9", 1, Match.SAME),
        ("-22.21%", "-200/9", 1, Match.VALUE),
        ("-22.23%", "-200/9", 1, Match.LAST_DIGIT),
        ("22.2%", "-200/9", 1, Match.SIGN),
        ("-0.222", "-200/9", 1, Match.PERCENT),
        ("569 thousand", "569", 1000, Match.SAME),
        ("569", "569", 1000, Match.SAME),
        ("569,000", "569", 1000, Match.SAME),
        ("569 million", "569", 1000, Match.THOUSAND),
        ("570", "569", 1000, Match.VALUE),
        ("9,000", "8995", 1, Match.LAST_DIGIT),
        ("0", "3/100", 1, Match.VALUE),
        ("0.00", "3/1000", 1, Match.SAME),
    ],
)
def test_slips_are_named(said, value, scale, match):
    assert compare(read_amount(said), Fraction(value), scale=scale) is match


@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_a_value_written_at_any_precision_is_itself(number, places):
    value = Fraction(number, 7)
    said = read_amount(f"{float(round(value, places)):.{places}f}")
    if said.value or not value:
        assert compare(said, value) is Match.SAME
    assert read_amount(written(Fraction(number))).value == number
