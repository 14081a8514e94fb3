"""Q-HumanEval tasks run on q programs: by name or as a bare function, by value, in budget."""

import pytest

from prmkit.errors import RecordError
from prmkit.types import Problem
from prmkit_qlang.bridge import to_q
from prmkit_qlang.checks import Case
from prmkit_qlang.engine.functions import NIL
from prmkit_qlang.humaneval import agrees, judge, try_program
from prmkit_qlang.running import Ran


def task(*lines, name="f"):
    tests = "def check(candidate):\n" + "\n".join("    " + line for line in lines)
    return Problem(id="p", text="?", reference={"entry_point": name, "tests": tests})


ADD = task("assert candidate(1, 2) == 3", "assert candidate(2, 2) == 4", "assert candidate([1], 1) == [2]")


@pytest.mark.parametrize(
    ("program", "passed", "outcome"),
    [
        ("f:{x+y}", 3, 1.0),
        ("{x+y}", 3, 1.0),
        ("add:{x+y}\nf:{[a;b]\n  add[a;b]\n  }", 3, 1.0),
        ("f:{[x;y]3}", 1, 0.0),
        ("f:{x+`a}", 0, 0.0),
        ("f:{x+", 0, 0.0),
        ("", 0, 0.0),
        ("f:{[x;y]while[1b;]}", 0, None),
    ],
)
def test_programs_are_tried_case_by_case(program, passed, outcome):
    found = try_program(program, ADD)
    assert (found.passed, found.outcome) == (passed, outcome)
    assert found.share == passed / 3
    assert bool(found.first) is (outcome != 1.0)


def test_asserts_that_cannot_be_read_are_counted():
    found = try_program("f:{x}", task("assert candidate(1) == 1", "assert candidate(2) == other(2)"))
    assert (found.passed, found.left_out, found.outcome) == (1, 1, 1.0)


def test_texts_are_char_vectors_also_of_one_character():
    found = try_program("f:{count x}", task("assert candidate('') == 0", "assert candidate('a') == 1"))
    assert found.outcome == 1.0
    assert try_program("f:{first x}", task("assert candidate('ab') == 'a'")).outcome == 1.0


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        (to_q(1), True, True),
        (to_q(True), 1, True),
        (to_q(2), True, False),
        (to_q(0.1 + 0.2), 0.3, True),
        (to_q("ab"), "ab", True),
        (to_q("ab"), ["a", "b"], True),
        (to_q(["ab", "c"]), ("ab", "c"), True),
        (to_q([]), [], True),
        (to_q(""), [], True),
        (to_q([1]), 1, False),
        (to_q(1), [1], False),
        (NIL, None, True),
        (to_q(None), None, True),
        (to_q(0), None, False),
        (to_q([None, 1]), (None, 1), True),
        (to_q([[1, 2], [3, 4]]), [(1, 2), (3, 4)], True),
        (to_q([[1, 2], [3, 4]]), [(1, 2), (3, 5)], False),
    ],
)
def test_results_are_compared_by_value(found, expected, same):
    assert agrees(found, expected) is same


def test_truth_and_nearness():
    assert judge(Case((), None, "true"), Ran(to_q(1))) is True
    assert judge(Case((), None, "false"), Ran(to_q(False))) is True
    assert judge(Case((), None, "true"), Ran(to_q("yes"))) is False
    assert judge(Case((), 0.5, "close", 1e-3), Ran(to_q(0.5001))) is True
    assert judge(Case((), 0.5, "close", 1e-6), Ran(to_q(0.5001))) is False
    assert judge(Case((), 0.5), Ran(None, "nyi: wj1")) is None
    assert judge(Case((), 0.5), Ran(None, "type")) is False


@pytest.mark.parametrize("reference", [None, "x", {"tests": "x"}, {"entry_point": "f", "tests": "x ="}])
def test_other_problems_are_refused(reference):
    with pytest.raises(RecordError):
        try_program("f:{x}", Problem(id="p", text="?", reference=reference))
