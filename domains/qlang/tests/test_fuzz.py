"""Differential fuzzing finds wrong functions and says on which input."""

import pytest

from prmkit_qlang.families import FAMILIES
from prmkit_qlang.fuzz import check, made_tests
from prmkit_qlang.outcome import against


@pytest.mark.parametrize(
    ("family", "params", "program"),
    [
        ("running", {"what": "sums"}, "f:{maxs x}"),
        ("integer_root", {"what": "ceiling"}, "f:{1+floor sqrt x}"),
        ("two_sum", {}, "f:{[n;t] first n where t=n}"),
        ("palindrome", {"how": "letters"}, "f:{x~reverse x}"),
        ("rotate_list", {"to": "left"}, "f:{neg[y] rotate x}"),
        ("near_duplicate", {"k": 2}, "f:{(count x)>count distinct x}"),
        ("weekday", {"first": 0}, 'f:{("D"$x) mod 7}'),
    ],
)
def test_wrong_functions_are_found(family, params, program):
    found = check(family, params, program, n=80)
    assert not found.agrees
    assert found.passed < found.total
    assert found.counterexample.startswith("f[")


@pytest.mark.parametrize(
    "program", ["", "f:", "f:{x+`a}", "g:{x}\nf 1", "f:{while[1b;x]}", "f:{til 1000000000000}"]
)
def test_programs_that_do_not_run_pass_nothing(program):
    assert check("running", {"what": "sums"}, program, n=10).passed == 0


def test_a_bare_function_and_a_named_one_are_the_same():
    one = check("running", {"what": "sums"}, "{sums x}", n=20)
    two = check("running", {"what": "sums"}, "h:{x}\nf:{h sums x}", n=20)
    assert one.agrees
    assert two.agrees


def test_a_function_that_the_interpreter_refuses_is_undecided():
    tests = made_tests(FAMILIES["running"], {"what": "sums"}, 10, 0)
    found = against('f:{system "ls"}', tests, "f", {})
    assert found.passed == 0
    assert found.undecided == len(tests)
    assert found.code == "unsupported"
