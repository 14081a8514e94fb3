"""Final answers: where they stand in text, and when two are the same."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.answer import answer_key, as_number, boxed, extract_answer, normalise, same_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so \boxed{42}", "42"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{1} then \boxed{2}", "2"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{a_{1}} and \boxed{3", "a_{1}"),
        (r"\boxed {7}", "7"),
        (r"\boxed 5.", "5"),
        (r"\fbox{9}", "9"),
        (r"\boxed{}", None),
        (r"\boxed{8} The answer is 9.", "8"),
        ("3 + 4 = 7\n#### 7", "7"),
        ("#### 1,234 \nbye", "1,234"),
        ("## Heading ####", None),
        ("The answer is 42.", "42"),
        ("The answer is 3.5.", "3.5"),
        ("The answer is: $3.50", "$3.50"),
        ("the final answer is **12**.", "12"),
        ("**Answer:** 12", "12"),
        ("ANSWER: (B)", "(B)"),
        ("Answer = 5", "5"),
        ("\u2020 Answer: x = 3", "x = 3"),
        ("\u2020Answer: 5", "5"),
        ("So the answer to the question is 10, because 5 + 5 = 10", "10"),
        ("The answer is 18. It follows from above.", "18"),
        ("My answer is 1. No: the correct answer is 2.", "2"),
        (r"The answer is \(x^2\).", "x^2"),
        (r"The answer is $\frac{3}{4}$.", r"\frac{3}{4}"),
        ("The answer is not known", None),
        ("We answer questions", None),
        ("", None),
        ("The answer is", None),
    ],
)
def test_extraction(text: str, answer: str | None) -> None:
    assert extract_answer(text) == answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1/2", "0.5"),
        (r"\frac{1}{2}", ".5"),
        (r"\dfrac12", r"\tfrac{1}{2}"),
        ("1,234", "1234.0"),
        ("$18", "18"),
        (r"\$18.00", "18"),
        ("+5", "5"),
        ("-0", "0"),
        ("1 1/2", "3/2"),
        ("1e3", "1000"),
        (r"\text{Yes}", "yes."),
        ("１２", "12"),
        ("\u22125", "-5"),
        (r"50\%", "50 %".replace(" ", "")),
        (r"90^\circ", "90\u00b0"),
        (r"\left( 1, 2 \right)", "( 1, 2 )"),
        ("2/4", "1/2"),
        (r"-\frac{3}{4}", "-.75"),
        ("007", "7"),
    ],
)
def test_same(one: str, other: str) -> None:
    assert same_answer(one, other)
    assert same_answer(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("50%", "0.5"),
        ("50%", "50"),
        ("5", "-5"),
        ("1/0", "0"),
        ("x", "y"),
        ("1,23", "123"),
        ("12", "1 2"),
        ("0.1", "0.10000000000000001"),
        ("A", "B"),
        ("10", "10 km"),
    ],
)
def test_not_same(one: str, other: str) -> None:
    assert not same_answer(one, other)


def test_no_answer_agrees_with_nobody() -> None:
    assert not same_answer(None, None)
    assert not same_answer(None, "1")


@pytest.mark.parametrize(
    "hostile",
    [
        "9" * 100_000,
        "9^9^9^9",
        "1e999999999",
        "1e-999",
        "{" * 50_000,
        "\\boxed{" * 50_000,
        "__import__('os')",
        "\u0661\u0662",
        "1/" * 5_000,
        "\\frac" * 20_000,
        "answer is " * 20_000,
        "1" * 5_000 + "/3",
        "#### " * 9_000,
    ],
)
def test_hostile_answers_are_text(hostile: str) -> None:
    assert isinstance(normalise(hostile), str)
    assert isinstance(answer_key(hostile), str)
    extract_answer(hostile)
    boxed(hostile)


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more_for_keys(text: str) -> None:
    assert same_answer(text, text)
    assert isinstance(answer_key(text), str)


@given(st.fractions(max_denominator=10**6))
def test_fractions_are_read_exactly(value: Fraction) -> None:
    assert as_number(f"{value.numerator}/{value.denominator}") == value
    assert as_number(str(value)) == value
    assert answer_key(str(value)) == str(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**8), max_value=10**8))
def test_decimals_are_read_exactly(value: object) -> None:
    assert as_number(f"{value:f}") == Fraction(f"{value:f}")
    assert same_answer(f"{value:f}", f"{value:f}00")


@given(st.text(alphabet=st.characters(exclude_characters="{}\\"), min_size=1).map(str.strip).filter(bool))
def test_boxed_gives_back_what_was_boxed(inner: str) -> None:
    assert boxed(f"so \\boxed{{{inner}}} is it") == inner
