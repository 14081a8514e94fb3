"""Verifiers on invented programs: what each says, where, and that doubt is UNKNOWN."""

import pickle

import pytest

import prmkit
from prmkit.contracts import StepVerifier
from prmkit.errors import SandboxRefusedError
from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_code import runner
from prmkit_code.grade import grade
from prmkit_code.outcome import judge
from prmkit_code.segmenters import by_statement, cut_program
from prmkit_code.verifiers.claims import cover_claims, line_claims, literal, value_claims
from prmkit_code.verifiers.compiles import Compiles
from prmkit_code.verifiers.equivalent import Equivalent
from prmkit_code.verifiers.first_wrong import FirstWrong
from prmkit_code.verifiers.necessary import Necessary
from prmkit_code.verifiers.quality import Asserts, TestQuality
from prmkit_code.verifiers.tests import Examples, Tests, examples
from prmkit_code.verifiers.values import Covers, Values

H, F, U = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN
RIGHT = "def total(xs):\n    s = 0\n    for x in xs:\n        if x > 0:\n            s += x\n    return s\n"
TESTS = ["assert total([1]) == 1", "assert total([5, -1, 7]) == 12"]
CONTEXT = {"language": "python", "entry_point": "total"}


def problem(reference=None, text="Add up the positive numbers.", **more):
    return Problem("p", text, domain="code", reference=reference, context={**CONTEXT, **more})


def program(text):
    return Trajectory("t", "p", text, tuple(cut_program(text)))


def reply(text):
    return Trajectory("t", "p", text, by_statement(text))


def verdicts(verifier, asked, trajectory):
    found = verifier.check(asked, trajectory)
    assert len(found) == len(trajectory.scored)
    return [finding.verdict for finding in found]


def test_all_are_verifiers_that_travel():
    for verifier in prmkit.domain("code").verifier_objects():
        assert isinstance(verifier, StepVerifier)
        assert pickle.loads(pickle.dumps(verifier)).name == verifier.name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RIGHT, [H] * 6),
        ("def f(a):\n    b = a +\n    return b\n", [U, F, U]),
        ("def f(a)\n    return a\n", [F, U]),
        ("print 'older'\n", [U]),
        (">>> f(2)\n4\n", [U, U]),
        ("return 3\n", [U]),
        ("def f(a):\n    ...\n    if a\n", [U, U, U]),
    ],
)
def test_compiles(text, said):
    assert verdicts(Compiles(), problem(), program(text)) == said


def test_untagged_blocks_and_prose_are_not_refuted():
    free = Problem("p", "?")
    assert verdicts(Compiles(), free, reply("So:\n\n```\nx = = 3\n```\n")) == [U, U]
    assert verdicts(Compiles(), free, reply("So:\n\n```python\nx = = 3\n```\n")) == [U, F]
    assert verdicts(Compiles(), free, reply("x = = 3 is no statement.")) == [U]


def test_tests_hold_for_all_steps_and_fail_at_the_last():
    asked = problem({"tests": TESTS})
    assert verdicts(Tests(), asked, program(RIGHT)) == [H] * 6
    wrong = Tests().check(asked, program(RIGHT.replace("x > 0", "x > 1")))
    assert [f.verdict for f in wrong] == [U] * 5 + [F]
    assert "assert total([1]) == 1" in wrong[-1].reason


@pytest.mark.parametrize(
    ("body", "code"),
    [("    while True:\n        xs = 1\n", Code.TIMEOUT), ("    import nosuchmodule\n", Code.UNSUPPORTED)],
)
def test_what_cannot_be_decided_is_unknown(body, code):
    found = Tests().check(problem({"tests": TESTS}), program(f"def total(xs):\n{body}"))
    assert {f.verdict for f in found} == {U}
    assert found[-1].code is code


def test_a_program_that_ends_the_process_does_not_pass():
    for body in ("    import os\n    os._exit(0)\n", "    raise SystemExit(0)\n"):
        assert judge(problem({"tests": TESTS}), f"def total(xs):\n{body}").verdict is not H


def test_agreement_with_the_reference_on_inputs():
    reference = {"solution": RIGHT, "inputs": [[[1, 2]], [[-1]], [["a"]]]}
    assert grade(problem(reference), RIGHT.replace("s += x", "s = s + x")) == 1.0
    assert grade(problem(reference), RIGHT.replace("x > 0", "x > 1")) == 0.0
    assert grade(problem(reference), None) == 0.0
    assert grade(problem(), RIGHT) is None


def test_results_too_large_to_compare_in_time_are_no_difference():
    slow = "class Slow(int):\n    def __eq__(self, other):\n        while True: pass\n    __hash__ = None\n"
    reference = {"solution": RIGHT, "inputs": [[[1]]]}
    wrapped = slow + RIGHT.replace("return s", "return Slow(s)")
    found = judge(problem(reference), wrapped)
    assert (found.verdict, found.reason) == (U, "no input could be compared")


def test_shown_examples_are_free_of_the_reference():
    text = "Add up.\n\n>>> total([5, -1, 7])  # three\n12\n>>> print(total([3]))\n3\n>>> x = 1\n"
    assert examples(text) == ["assert (total([5, -1, 7])) == (12)"]
    assert verdicts(Examples(), problem(text=text), program(RIGHT)) == [H] * 6
    assert verdicts(Examples(), problem(text=text), program(RIGHT.replace("+= x", "+= 1")))[-1] is F
    renamed = program(RIGHT.replace("total", "totals"))
    assert set(verdicts(Examples(), problem(text=text), renamed)) == {U}


def test_values_of_calls_and_after_lines():
    claims = [
        "For `total([5, -1, 7])`, after line 5, `s == 12`.",
        "For `total([5, -1, 7])`, after line 5, s == 13.",
        "For `total([5, -1, 7])`, after line 5, s == 5.",
        "So total([1]) returns 1.",
        "So total([2, 3]) gives 6.",
        "It total([2]) should return 9.",
        "So totals([2]) gives 2.",
    ]
    text = (
        "\n\n".join(["```python", RIGHT.rstrip(), "```"]).replace("\n\n", "\n") + "\n\n" + "\n\n".join(claims)
    )
    found = Values().check(Problem("p", "?"), reply(text))[6:]
    assert [f.verdict for f in found] == [H, F, U, H, F, U, U]
    assert found[4].reason == "total([2, 3]) is 5, not 6"


def test_values_beside_print():
    text = (
        "```python\n"
        + RIGHT
        + "print(total([1, 2]))  # Output: 3\nprint(total([4]))  # Output should be 5\n```"
    )
    assert verdicts(Values(), Problem("p", "?"), reply(text)) == [U] * 6 + [H, F]


def test_values_about_a_program_of_the_problem():
    asked = Problem("p", "Run it.", context={"program": "x = 7\ny = x + 4\nx = y * 2"})
    told = Trajectory.of_steps("t", "p", ["after line 2 , y == 11 .", "after line 3 , x == 21 ."])
    assert verdicts(Values(), asked, told) == [H, F]


def test_covers():
    claims = [
        "`total([-1])` covers line 5.",
        "`total([-1])` never reaches line 5.",
        "`assert total([3]) == 3` executes line 5.",
        "`total([3])` covers line 99.",
    ]
    text = f"```python\n{RIGHT}```\n\n" + "\n\n".join(claims)
    assert verdicts(Covers(), Problem("p", "?"), reply(text))[6:] == [F, H, H, U]


def test_claims_are_read_with_care():
    names = frozenset({"f"})
    assert value_claims("If f(2) returns 5, we stop.", names)[0].doubtful
    assert value_claims("f(x) returns 5", names) == []
    assert value_claims("f(2) returns 3 items", names) == []
    assert value_claims("y = f(2)  # Output: 3", names) == []
    assert [c.wanted for c in value_claims("f('a (b') returns \"c, d\".", names)] == ['"c, d"']
    assert line_claims("After line 3, os.system('x') == 0") == []
    assert cover_claims("`f(1)` covers everything") == []
    assert literal("true.") == ("True", 4)
    assert literal("__import__('os')") is None


def test_equivalent():
    asked = problem(
        original="def total(xs):\n    return sum(x for x in xs if x > 0)", inputs=[[[1, 2]], [[1, -3]]]
    )
    assert verdicts(Equivalent(), asked, program(RIGHT)) == [H] * 6
    assert verdicts(Equivalent(), asked, program(RIGHT.replace("x > 0", "x > 1")))[-1] is F
    shown = problem(original=RIGHT, tests=["assert total([3, -1]) == 3"])
    assert verdicts(Equivalent(), shown, program(RIGHT)) == [H] * 6
    assert verdicts(Equivalent(), problem(original=RIGHT), program(RIGHT)) == [U] * 6


def test_necessary():
    asked = problem({"tests": TESTS})
    assert verdicts(Necessary(), asked, program(RIGHT)) == [U, H, H, H, H, H]
    idle = RIGHT.replace("    s = 0\n", "    s = 0\n    y = 1\n")
    assert verdicts(Necessary(), asked, program(idle))[2] is U
    assert set(verdicts(Necessary(), asked, program(RIGHT.replace("x > 0", "x > 1")))) == {U}


def test_necessary_in_words():
    text = f"```python\n{RIGHT}```\n\nLine 2 is redundant.\n\nLine 5 is needed.\n\nLine 1 is needed."
    found = verdicts(Necessary(), problem({"tests": TESTS}), reply(text))
    assert found[6:] == [F, H, U]


def test_first_wrong_by_repair():
    asked = problem({"tests": TESTS})
    assert verdicts(FirstWrong(), asked, program(RIGHT.replace("x > 0", "x > 1"))) == [U, U, U, F, U, U]
    assert verdicts(FirstWrong(), asked, program(RIGHT)) == [U] * 6
    rows = ["s = 0", "while xs:", "    s += max(xs[0], 0)", "    xs = xs[0:]", "return s"]
    endless = "\n    ".join(["def total(xs):", *rows])
    assert verdicts(FirstWrong(), asked, program(endless)) == [U, U, U, U, F, U]


def test_first_wrong_by_comparison_takes_the_first_of_several():
    asked = problem({"tests": TESTS, "solution": RIGHT})
    twice = RIGHT.replace("s = 0", "s = 1").replace("s += x", "s += x * 2")
    found = FirstWrong().check(asked, program(twice))
    assert [f.verdict for f in found] == [U, F, U, U, U, U]
    assert "s = 0" in found[1].reason
    harmless = RIGHT.replace("s = 0", "s = 1 - 1").replace("s += x", "s += x * 2")
    assert verdicts(FirstWrong(), asked, program(harmless)) == [U, U, U, U, F, U]


def test_first_wrong_within_a_place_by_trace():
    last = "    return sum(x for x in xs if x > 0) + b - a - 1\n"
    head = "def total(xs):\n    n = len(xs)\n    m = n\n"
    right = f"{head}    a = 1\n    b = 2\n{last}"
    wrong = f"{head}    a = 2 - 1\n    c = 4\n    b = 5 + c - c\n{last}"
    asked = problem({"tests": TESTS, "solution": right})
    assert verdicts(FirstWrong(), asked, program(wrong)) == [U, U, U, U, U, F, U]


def test_a_negated_choice_points_at_no_line():
    text = "def total(xs):\n    if xs == []:\n        return 1\n    return 0\n"
    asked = problem({"tests": ["assert total([]) == 0", "assert total([1]) == 1"]})
    assert set(verdicts(FirstWrong(), asked, program(text))) == {U}


def test_no_line_is_named_where_another_might_be_mended():
    text = "def last(xs):\n    n = len(xs)\n    i = n - 2\n    return xs[i]\n"
    asked = problem({"tests": ["assert last([4]) == 4", "assert last([4, 7]) == 7"]}, entry_point="last")
    found = FirstWrong().check(asked, program(text))
    assert {f.verdict for f in found} == {U}
    assert found[0].detail["suspects"] == [1, 2]


def test_the_line_of_a_statement_that_is_wrong():
    right = "def f(a, b):\n    return max(\n        a,\n        b,\n    )\n"
    wrong = right.replace("        b", "        b + 1")
    asked = problem({"tests": ["assert f(1, 2) == 2"], "solution": right}, entry_point="f")
    lines = Trajectory("t", "p", wrong, tuple(cut_program(wrong, "line")))
    assert verdicts(FirstWrong(), asked, lines) == [U, U, U, F, U]


def test_quality_of_tests():
    asked = problem(unit_tests=True)
    text = "def test_total_adds():\n    assert total([1]) == 1\n\ndef test_b():\n    total([2])\n"
    found = TestQuality().check(asked, program(text))
    assert [f.verdict for f in found] == [H, U, F, U]
    assert found[0].detail["vector"] == [1, 1, 1, 0, 1, 1, 1]


def test_asserts_against_the_reference():
    asked = problem({"solution": RIGHT}, unit_tests=True)
    text = "assert total([1]) == 1\nassert total([2]) == 1\nassert total(3) == 1"
    assert verdicts(Asserts(), asked, program(text)) == [H, F, U]
    assert verdicts(Asserts(), problem({"solution": RIGHT}), program(text)) == [U] * 3


def test_without_a_sandbox_nothing_is_judged(monkeypatch):
    def refuse():
        raise SandboxRefusedError("no back end works here", do="install bubblewrap")

    monkeypatch.setattr(runner, "place", refuse)
    for verifier in (Tests(), Examples(), Values(), Necessary(), FirstWrong(), Asserts()):
        for finding in verifier.check(problem({"tests": TESTS}), program(RIGHT)):
            assert finding.verdict is U
    assert Tests().check(problem({"tests": TESTS}), program(RIGHT))[0].code is Code.MISSING_TOOL


def test_examples_in_sentences_are_tried_and_other_types_are_no_contradiction():
    text = "Add up. For example: total([5, -1, 7]) = 12, and total([2]) returns 2."
    assert verdicts(Examples(), problem(text=text), program(RIGHT)) == [H] * 6
    assert verdicts(Examples(), problem(text=text), program(RIGHT.replace("x > 0", "x > 5")))[-1] is F
    listed = program(RIGHT.replace("return s", "return [s]"))
    assert F not in verdicts(Examples(), problem(text=text), listed)
