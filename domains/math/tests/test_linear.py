"""Linear systems: implied, contradicted, merely new, and what must not be refuted."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.types import Problem, Trajectory, Verdict
from prmkit_math.verifiers.linear import LinearSystems, judge, linear_equations


def verdicts(problem, *steps):
    trajectory = Trajectory.of_steps("t", "p", steps)
    return [f.verdict.value for f in LinearSystems().check(Problem(id="p", text=problem), trajectory)]


SYSTEM = r"The numbers satisfy $a + b = 10$ and $a - b = 2$. Find $a$."


def test_a_system_and_its_solution():
    assert verdicts(SYSTEM, "Adding gives $2a = 12$.", "So $a = 6$.") == ["HOLDS", "HOLDS"]
    assert verdicts(SYSTEM, "Adding gives $2a = 12$.", "So $a = 5$.") == ["HOLDS", "FAILS"]


def test_rewriting_an_equation():
    assert verdicts("Find x.", "We have 3x + 7 = 25.", "So 3x = 18.", "Thus x = 6.") == [
        "UNKNOWN",
        "HOLDS",
        "HOLDS",
    ]
    assert verdicts("Find x.", "We have 3x + 7 = 25.", "So 3x = 32.") == ["UNKNOWN", "FAILS"]


def test_the_mistake_is_found_once_where_it_was_made():
    steps = ["We have 3x + 7 = 25.", "So 3x = 32.", "Thus x = 32/3."]
    assert verdicts("Find x.", *steps) == ["UNKNOWN", "FAILS", "UNKNOWN"]


@pytest.mark.parametrize(
    "steps",
    [
        ["$x = 2$", "$x = 10$"],  # two solutions
        ["$3x = 12$", "Let us try $x = 5$."],
        ["$3x = 12$", "If $x = 5$ then it is larger."],
        ["$3x = 10$", "So $x = 3.33$."],  # rounded
        ["$3x = 12$", "We rest.", "We rest.", "$x = 5$"],  # too far away to be the same thing
        ["$V = 12$", "$V = 0.2 V$"],  # a unit
        ["$xy = 6$", "$x = 5$"],
    ],
)
def test_what_may_be_meant_otherwise_is_not_refuted(steps):
    assert "FAILS" not in verdicts("Find it.", *steps)


def test_letters_with_several_meanings_are_left_alone():
    lines = "Two lines are given by $y = 2x + 1$ and $y = 2x + 5$."
    assert verdicts(lines, "$y = 2x + 1$", "$y = 2x + 3$") == ["UNKNOWN", "UNKNOWN"]


def test_contradictory_premises_prove_nothing():
    one, other = ((("x", Fraction(1)),), Fraction(1)), ((("x", Fraction(1)),), Fraction(2))
    assert judge([one, other], ((("x", Fraction(1)),), Fraction(3))) is Verdict.UNKNOWN


def test_hostile_text_is_answered():
    for text in ("x=1=" * 20_000, "$" + "x + " * 5_000 + "1 = 2$", "9^9^9^9 x = 1", "a=b=c=" * 10_000):
        assert len(verdicts("Find x.", text)) == 1


numbers = st.integers(-9, 9)


@given(numbers, numbers, st.integers(1, 5), st.integers(1, 5), st.integers(-5, 5))
@settings(max_examples=50, deadline=None)
def test_verdicts_agree_with_the_solution(x, y, p, q, off):
    """Two equations with the solution (x, y) decide every claim about it."""
    premises = [
        ((("x", Fraction(p)), ("y", Fraction(q))), Fraction(p * x + q * y)),
        ((("x", Fraction(p)), ("y", Fraction(-q))), Fraction(p * x - q * y)),
    ]
    claim = ((("x", Fraction(1)), ("y", Fraction(2))), Fraction(x + 2 * y + off))
    assert judge(premises, claim) is (Verdict.HOLDS if off == 0 else Verdict.FAILS)
    assert judge(premises[:1], ((("z", Fraction(1)),), Fraction(off))) is Verdict.UNKNOWN


def test_reading():
    (_, _, equation), *rest = linear_equations(r"So $\frac{x}{2} - 3 = 2(y + 1)$.")
    assert (equation, rest) == (((("x", Fraction(1, 2)), ("y", Fraction(-2))), Fraction(5)), [])
    assert linear_equations("$x^2 = 4$, $xy = 3$, $\\sqrt{x} = 2$, $2 = 2$") == []
