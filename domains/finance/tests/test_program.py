"""The program language: both spellings, both readings, equivalence, and the interpreted part of Python."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prmkit
from prmkit_finance.program import ProgramError, equivalent, execute, parse, run_official, run_strict
from prmkit_finance.program.script import read_script
from prmkit_finance.tables import parse_table

TABLE = parse_table(
    "item | 2019 | 2018\nrent | $ 60 | ( 20 )\nfees | 5% | 7%\nlost | \u2014 | 3\ntax | 1 | 2\ntax | 3 | 4"
)


@pytest.mark.parametrize(
    ("text", "official", "strict"),
    [
        ("subtract(5829, 5735), divide(#0, 5735)", 0.01639, 0.01639),
        ("x0 = 93 - 103; ans = x0 / 103", -0.09709, -0.09709),
        ("ans = 5%", 0.05, 0.05),
        ("ans = 62", 62.0, 62.0),
        ("multiply(const_m1, const_100)", -100.0, -100.0),
        ("exp(2, const_3)", 8.0, 8.0),
        ("greater(3, 2)", "yes", "yes"),
        ("x0 = 4 - 3; x1 = 9 - 2; ans = x0 > x1", "no", "no"),
        ("add(1,234, 1)", None, None),
        ("add(const_1, (5.2))", None, -4.2),
        ("add($ 12, 1)", None, 13.0),
        ("table_average(fees, none)", 0.06, 0.06),
        ("table_sum(rent, none)", None, 40.0),
        ("table_max(lost, none)", None, 3.0),
        ("table_sum(tax, none)", 7.0, None),
        ("table_sum(Tax, none)", None, None),
        ("table_sum(FEES, none)", None, 0.12),
        ("table_min(none such, none)", None, None),
        ("divide(1, 0)", None, None),
        ("exp(9, const_1000)", None, None),
        ("exp(-8, 0.5)", None, None),
        ("greater(3, 2), add(#0, 1)", None, None),
    ],
)
def test_both_readings(text, official, strict):
    assert (run_official(text, TABLE).value, run_strict(text, TABLE).value) == (official, strict)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "open(1, 2)",
        "add(1)",
        "add(#0, 1)",
        "ans = x + 1",
        "ans = __import__('os')",
        "add(1, 2) drop",
        "x" * 5000,
        "import os",
    ],
)
def test_what_is_no_program(text):
    with pytest.raises(ProgramError):
        parse(text)
    assert execute(text).value is None
    assert execute(text).reason


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("subtract(9, 4), divide(#0, 4)", "divide(9, 4), subtract(#0, const_1)", True),
        ("add(9, 4)", "x = 4 + 9", True),
        ("add(9, 4)", "add(9, 5)", False),
        ("subtract(9, 4)", "subtract(4, 9)", False),
        ("multiply(9, const_100)", "multiply(9, 100)", False),
        ("exp(9, const_2)", "multiply(9, 9)", True),
        ("table_max(rent, none)", "table_max( rent , none)", True),
        ("table_max(rent, none)", "table_min(rent, none)", False),
        ("greater(1, 2)", "greater(1, 2)", True),
        ("add(1,000, 1)", "add(9", None),
    ],
)
def test_equivalence(one, other, same):
    assert equivalent(one, other) is same


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from("+-*/"))
def test_both_spellings_give_the_same(a, b, sign):
    name = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}[sign]
    assert parse(f"ans = {a} {sign} {b}") == parse(f"{name}({a}, {b})")
    assert run_official(f"{name}({a}, {b})") == run_strict(f"ans = {a} {sign} {b}")


def test_a_script_is_interpreted():
    script = read_script(
        "rent = {'2019': 60, '2018': -20}\nans = sum(rent.values()) / len(rent)\nunits = 'thousand'"
    )
    assert (script.names["ans"], script.names["units"]) == (Fraction(20), "thousand")
    assert [(lit.path, lit.value) for line in script.lines for lit in line.literals] == [
        (("rent", "2019"), 60),
        (("rent", "2018"), -20),
    ]
    first = script.lines[0].literals[1]
    assert "rent = {'2019': 60, '2018': -20}"[first.start : first.end] == "-20"


def test_what_certainly_fails_is_told_from_what_is_not_read():
    assert "not defined" in read_script("ans = rent + 1").refuted
    assert "zero" in read_script("a = 0\nans = 1 / a").refuted
    assert "not there" in read_script("a = {'x': 1}\nans = a['y']").refuted
    unread = read_script("a = [x for x in range(10**9)]\nans = a + 1\nb = 10 ** 10 ** 10\nc = open('f')")
    assert (unread.refuted, dict(unread.names)) == ("", {})


@pytest.mark.parametrize(
    "text", ["", "hello", "a ==== b", "while True: pass", "a, b = 1, 2", "(" * 5000 + "=", "a = 1\x00"]
)
def test_what_is_no_script(text):
    assert read_script(text) is None


def test_recorded_answers_come_out(data_root):
    """Every program of the visible part is read; the last turn gives the recorded answer in both readings."""
    del data_root
    agree = {"official": 0, "strict": 0}
    samples = list(prmkit.domain("finance").load("convfinqa_dev"))
    for problem, trajectory, _ in samples:
        table = parse_table(problem.context["table"])
        for step in trajectory.steps:
            assert execute(step.text, table).value is not None
        for reading in agree:
            found = execute(trajectory.steps[-1].text, table, reading)
            agree[reading] += found.value == problem.reference["answer"]
    assert agree == {"official": 281, "strict": 281}
