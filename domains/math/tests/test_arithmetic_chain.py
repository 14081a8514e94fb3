"""Rewriting of one expression with named parts, and names that run over two statements. Invented texts."""

import pytest

from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_math.verifiers.arithmetic import examine, judge
from prmkit_math.verifiers.comparison import Match
from prmkit_math.verifiers.expression_chain import ExpressionChain
from prmkit_math.verifiers.restated import restated

ASKED = "((3 - -2 * 4) - (5 + -1)) ="
STEPS = [
    'This equation can be written as "(A - B)", where A = (3 - -2 * 4) and B = (5 + -1).',
    "Let's calculate A = (3 - -2 * 4) = (3 - (-8)) = 11.",
    "Let's calculate B = (5 + -1) = 4.",
    "Then, the final equation is A - B = 11 - 4 = 7. So the answer is 7",
]


def verdicts(steps, asked=ASKED):
    problem = Problem("p", asked)
    findings = ExpressionChain().check(problem, Trajectory.of_steps("t", "p", steps))
    return [str(finding.verdict) for finding in findings]


def with_step(index, text):
    return [*STEPS[:index], text, *STEPS[index + 1 :]]


def test_a_right_chain_holds():
    assert verdicts(STEPS) == ["HOLDS"] * 4


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (0, 'This equation can be written as "(A + B)", where A = (3 - -2 * 4) and B = (5 + -1).'),
        (0, 'This equation can be written as "(A - B)", where A = (3 - -2 * 4) and B = (5 + 1).'),
        (1, "Let's calculate A = (3 - 2 * 4) = 3 - 8 = -5."),
        (2, "Let's calculate B = (5 + 1) = 6."),
        (3, "Then, the final equation is A - B = 11 + 4 = 15. So the answer is 15"),
    ],
)
def test_a_change_fails_where_it_is_made(index, text):
    found = verdicts(with_step(index, text))
    assert found[index] == "FAILS"
    assert found[:index] == ["HOLDS"] * index


def test_a_part_has_the_value_that_the_solution_found():
    steps = with_step(1, "Let's calculate A = (3 - -2 * 4) = (3 - (-8)) = 12.")
    steps[3] = "Then, the final equation is A - B = 12 - 4 = 8. So the answer is 8"
    assert verdicts(steps) == ["HOLDS"] * 4  # the false equation is for the arithmetic verifier


@pytest.mark.parametrize(
    "asked", ["Ann has 3 pens.", "x + 2 = 5", "2 + 2 apples", "", "__import__('os')", "7 ="]
)
def test_other_problems_are_not_applicable(asked):
    findings = ExpressionChain().check(Problem("p", asked), Trajectory.of_steps("t", "p", STEPS))
    assert {finding.code for finding in findings} == {Code.NOT_APPLICABLE}


@pytest.mark.parametrize(
    "asked", ["(" * 100_000 + "1 + 1" + ")" * 100_000, "9^9^9^9 =", "1 + 1 =" + "=" * 9_000], ids=range(3)
)
def test_hostile_problems_end(asked):
    assert set(verdicts(STEPS, asked)) == {"UNKNOWN"}


def test_undefined_names_are_left_alone():
    steps = ['This can be written as "(A - B) * C", where A = 3 and B = 4.', "A - C = 4"]
    assert verdicts(steps) == ["UNKNOWN", "UNKNOWN"]


def test_statements_of_one_name_are_one_equation():
    text = "Total pens = 52 + 24\nTotal pens = 76"
    (found,) = restated(text)
    assert (found.text, found.link.match) == ("52 + 24 = 76", Match.EQUAL)
    assert text[found.start : found.end] == "Total pens = 76"
    (claim,) = examine("Pens left = (2/3) * 240. Pens left = 150.")
    assert claim.verdict is Verdict.FAILS
    assert claim.reason == "(2/3) * 240 = 150 is wrong: (2/3) * 240 = 160"


@pytest.mark.parametrize(
    "text",
    [
        "x = 5 + 3\nx = 5 - 3",
        "x = (5 + 3)/2 or x = (5 - 3)/2. So x = 1.",
        "n = 2 * 3\nNow try n = 7",
        "total = 2 + 3\nOther line\ntotal = 6",
        "cost = 2 * 3\nprice = 7",
        "x = 4 \\pm 2\nx = 6",
        "total += 2 + 3\ntotal = 9",
        "Speed = 5 + y\nSpeed = 6",
    ],
)
def test_other_neighbours_are_no_claim(text):
    assert judge(text).verdict is not Verdict.FAILS


@pytest.mark.parametrize(
    "text", ["a = 1 + 1\n" * 4_000, "=" * 20_000 + "\n" * 20_000, "a\n=" * 10_000], ids=range(3)
)
def test_hostile_statements_end(text):
    assert all(found.link.match in Match for found in restated(text))
