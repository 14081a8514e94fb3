"""Verdicts: right claims hold, wrong ones fail, and what cannot be known is left open."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.testkit.noise import HOSTILE, TEXTS
from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_qlang.claims import read_claims
from prmkit_qlang.examples import load
from prmkit_qlang.tasks import generate
from prmkit_qlang.verifiers.equivalent import Equivalent
from prmkit_qlang.verifiers.error import Error
from prmkit_qlang.verifiers.evaluates import Evaluates
from prmkit_qlang.verifiers.tests import Tests
from prmkit_qlang.verifiers.unused import Unused
from prmkit_qlang.verifiers.value import Value

ALL = (Evaluates, Value, Error, Equivalent, Tests, Unused)
HOLDS, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN
NOWHERE = Problem(id="p", text="?", domain="qlang")


def verdicts(verifier, steps, problem=NOWHERE):
    return [f.verdict for f in verifier().check(problem, Trajectory.of_steps("t", "p", steps))]


def verdict(verifier, step, problem=NOWHERE):
    return verdicts(verifier, [step], problem)[0]


@pytest.mark.parametrize("verifier", ALL)
def test_they_travel_and_answer_every_step(verifier):
    assert pickle.dumps(verifier())
    for problem, trajectory, _ in load():
        found = verifier().check(problem, trajectory)
        assert len(found) == len(trajectory.scored)
        assert found == verifier().check(problem, trajectory)
        for finding, step in zip(found, trajectory.scored, strict=True):
            text = trajectory.steps[step].text
            assert all(0 <= c.start <= c.end <= len(text) for c in finding.claims)
            assert (finding.verdict is UNKNOWN) == (finding.code is not Code.NONE)
            assert finding.verdict is not FAILS or finding.reason


def test_no_right_step_fails_and_every_wrong_one_is_found():
    for problem, trajectory, labels in load():
        found = [verifier().check(problem, trajectory) for verifier in ALL]
        for at, step in enumerate(trajectory.scored):
            failed = any(findings[at].verdict is FAILS for findings in found)
            if labels.values[step] is not None:
                assert failed is (labels.values[step] == 0.0), trajectory.steps[step].text


@pytest.mark.parametrize("verifier", ALL)
@pytest.mark.parametrize("text", [*TEXTS, *HOSTILE])
def test_noise_and_hostile_texts_never_fail(verifier, text):
    for kind in ("", "code"):
        step = {"text": text, "kind": kind}
        if kind and verifier is Evaluates:
            continue
        assert verdict(verifier, step) is not FAILS


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="`'\"{}[]();:/\\+-*#_!?@.0123456789abxyz \n", max_size=60))
def test_nothing_crashes(text):
    for verifier in ALL:
        for kind in ("", "code", "console"):
            verdict(verifier, {"text": text, "kind": kind})


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        ("`sum 1 2 3` gives 6.", HOLDS),
        ("`sum 1 2 3` gives 7.", FAILS),
        ("`sum 1 2 3` should give 7.", UNKNOWN),
        ("`2001.01.01T10:00:00.000` is 2001.01.01T10:00:00.000", HOLDS),
        ("`2001.01.01T10:00:00.000` is 2001.01.01T10:00:01.000", FAILS),
        ("`(2;2021.03.04T10:00:00.000)` is (2;2021.03.04T10:00:00.002)", FAILS),
        ("`2021.03.04T10:00 2021.03.04T11:00` is `2021.03.04T10:00 2021.03.04T11:01`", FAILS),
        ("`0.03` is 1.5e-07", FAILS),
        ("`1.52e-7` is 1.5e-07", HOLDS),
        ("`1%3 3` is 0.333 0.333", HOLDS),
        ("`1%3 400` is 0.3 0.0025", UNKNOWN),
        ("`1%3 400` is 0.4 0.0025", FAILS),
        ("If `sum 1 2 3` gives 7, we stop.", UNKNOWN),
        ("`til 4` returns `0 1 2 3`", HOLDS),
        ("`til 4` returns 0 1 2 4, as wanted", FAILS),
        ("``asc `b`a`` is ``  `s#`a`b  ``", HOLDS),
        ("`3%2` is 1.5", HOLDS),
        ("`10%3` is 3.33", HOLDS),
        ("`10%3` is 3.34", FAILS),
        ("`4%2` is 2", UNKNOWN),
        ("`4%2` is 2f", HOLDS),
        ('`reverse "abc"` = "cba".', HOLDS),
        ('`reverse "abc"` = "cab".', FAILS),
        ("`1=1` is 1b", HOLDS),
        ("`1=1` is 1", UNKNOWN),
        ("`enlist 5` is 5", UNKNOWN),
        ("`1 2 3` has type 7h.", HOLDS),
        ("`1 2 3` has type 6h.", FAILS),
        ('`"a"` is of type -10h', HOLDS),
        ("`foo 3` gives 4", UNKNOWN),
        ("`1+`a` gives 4", UNKNOWN),
        ("``1+`a`` gives 4", FAILS),
        ('`system "ls"` gives 4', UNKNOWN),
        ("`til 1000000000000` gives 4", UNKNOWN),
        ("`{while[1b;x]}1` gives 4", UNKNOWN),
        ("`x` is a list", UNKNOWN),
        ("sum 1 2 3 gives 7", UNKNOWN),
        ("x:sum 1 2 3 / -> 6", HOLDS),
        ("x:sum 1 2 3 / -> 7", FAILS),
        ("x:sum 1 2 3 / 7 times", UNKNOWN),
    ],
)
def test_values(step, wanted):
    assert verdict(Value, step) is wanted


def test_values_in_the_session_of_the_solution():
    steps = ["`f 2` gives 4.", {"text": "f:{2*x}", "kind": "code"}, "`f 3` is 6, and `f 4` is 9."]
    assert verdicts(Value, steps) == [HOLDS, UNKNOWN, FAILS]
    steps = ["x:1", "`x+1` is 2.", "x:5", "`x+1` is 2.", "`x:9` is 9.", "`x+1` is 6."]
    assert verdicts(Value, steps) == [UNKNOWN, HOLDS, UNKNOWN, FAILS, HOLDS, HOLDS]
    broken = [{"text": "x:1+`a", "kind": "code"}, "`x+1` is 2."]
    assert verdicts(Value, broken) == [UNKNOWN, UNKNOWN]


def test_values_after_a_line():
    problem = Problem(id="p", text="?", context={"program": "a : 2 * 3 + 4\nb : a - 1 2"})
    steps = [
        "after line 1 , a is 14 .",
        "after line 2 , b is 13 12 .",
        "after line 2 , b is 13 .",
        "after line 9 , b is 3 .",
    ]
    assert verdicts(Value, steps, problem) == [HOLDS, HOLDS, FAILS, UNKNOWN]


@pytest.mark.parametrize(
    ("steps", "values", "errors"),
    [
        (["q)1+1\n2"], [HOLDS], [UNKNOWN]),
        (["q)1+1\n3"], [FAILS], [UNKNOWN]),
        (["q)x:3", "q)x*2\n6"], [UNKNOWN, HOLDS], [UNKNOWN] * 2),
        (["q)1+`a\n'type"], [UNKNOWN], [HOLDS]),
        (["q)1+`a\n'length"], [UNKNOWN], [FAILS]),
        (["q)1+2\n'type"], [UNKNOWN], [FAILS]),
        (["q)y*2\n6"], [UNKNOWN], [UNKNOWN]),
        (["q)z:read0 `:f", "q)1+1\n3"], [UNKNOWN, UNKNOWN], [UNKNOWN] * 2),
        (["q)([]a:1 2)\na\n-\n1\n2"], [HOLDS], [UNKNOWN]),
        (["q)([]a:1 2)\na\n-\n1\n3"], [FAILS], [UNKNOWN]),
        (["q)([]a:1 2)\na \n--\n1 \n2 "], [HOLDS], [UNKNOWN]),
        (['q)-4$("ab";"c")\n"  ab"\n"   c"'], [HOLDS], [UNKNOWN]),
        (['q)-4$("ab";"c")\n" ab"\n"   c"'], [UNKNOWN], [UNKNOWN]),
        (['q)([]a:("x y";"z w");b:1 2)\na      b\n--------\n"x y" 1\n"z w" 2'], [HOLDS], [UNKNOWN]),
        (['q)([]a:("x y";"z w");b:1 2)\na      b\n--------\n"x y" 1\n"z w" 3'], [FAILS], [UNKNOWN]),
        (["q)([]a:1e-12 2e-12)\na\n-----\n1e-12\n2e-12"], [HOLDS], [UNKNOWN]),
        (["q)([]a:1e-12 2e-12)\na\n-----\n1e-12\n3e-12"], [UNKNOWN], [UNKNOWN]),
        (["q)([]a:1e-6 2e-6)\na\n-----\n1e-06\n3e-06"], [FAILS], [UNKNOWN]),
        (["q)([]a:1 2)\nb\n-\n1\n2"], [UNKNOWN], [UNKNOWN]),
        (["q)2?100", "q)1+1\n3"], [UNKNOWN, UNKNOWN], [UNKNOWN] * 2),
    ],
)
def test_sessions(steps, values, errors):
    assert verdicts(Value, steps) == values
    assert verdicts(Error, steps) == errors


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        ("`1 2+1 2 3` signals a length error.", HOLDS),
        ("``1+`a`` raises 'type.", HOLDS),
        ("`1+1` raises 'type.", FAILS),
        ("`1 2+1 2 3` raises a type error.", FAILS),
        ("`1 2+1 2 3` should raise a type error.", UNKNOWN),
        ("`foo` raises a type error.", UNKNOWN),
        ("`hopen 5` raises a type error.", UNKNOWN),
        ("`x` is of no type", UNKNOWN),
    ],
)
def test_errors(step, wanted):
    assert verdict(Error, step) is wanted


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        ("`reverse reverse x` is equivalent to `x`.", HOLDS),
        ("`x where x>0` is the same as `x where x>=0`.", FAILS),
        ("`{x+y}` and `{y+x}` are equivalent.", HOLDS),
        ("`{x-y}` and `{y-x}` are equivalent.", FAILS),
        ("`sum` is equivalent to `(+/)`.", HOLDS),
        ("`2*3` is the same as `3*2`.", HOLDS),
        ("`2*3` is the same as `3*3`.", FAILS),
        ("`{x}` is equivalent to `{x+y}`.", UNKNOWN),
        ('`{system "ls"}` is equivalent to `{x}`.', UNKNOWN),
        ("`x foo y` is the same as `y foo x`.", UNKNOWN),
        ("`a` is not the same as `b`.", UNKNOWN),
    ],
)
def test_equivalence(step, wanted):
    assert verdict(Equivalent, step) is wanted


def test_a_rewritten_program_beside_its_original():
    context = {"original": "f:{sum x where x>2}", "entry_point": "f", "arguments": ["longs"]}
    problem = Problem(id="p", text="?", context=context)
    assert verdict(Equivalent, {"text": "f:{sum x*x>2}", "kind": "code"}, problem) is HOLDS
    found = Equivalent().check(
        problem, Trajectory.of_steps("t", "p", [{"text": "f:{sum x where x>=2}", "kind": "code"}])
    )
    assert found[0].verdict is FAILS
    assert " for " in found[0].reason


GIVEN = {"variables": {"n": "longs"}, "given": {"n": [3, 1]}}


@pytest.mark.parametrize(
    ("lines", "context", "wanted"),
    [
        (["x : n", "sum x"], GIVEN, [HOLDS, HOLDS]),
        (["x : n + `a", "sum x"], GIVEN, [FAILS, UNKNOWN]),
        (["x : m", "sum x"], GIVEN, [FAILS, UNKNOWN]),
        (["x : m", "sum x"], {}, [UNKNOWN, UNKNOWN]),
        (["x : read0 n"], GIVEN, [UNKNOWN]),
        (["x : til 10000000000"], GIVEN, [UNKNOWN]),
        (['\'"my own"'], GIVEN, [UNKNOWN]),
        (["f:{", "  x+1", " }", "f 2"], {}, [UNKNOWN, UNKNOWN, HOLDS, HOLDS]),
    ],
)
def test_running(lines, context, wanted):
    problem = Problem(id="p", text="?", context={"language": "q", **context})
    assert verdicts(Evaluates, [{"text": line, "kind": "code"} for line in lines], problem) == wanted


def test_hidden_tests():
    for problem, trajectory, _ in generate(3, 12, families=("chain", "select", "choose"), rungs=(1, 2)):
        found = Tests().check(problem, trajectory)
        assert {f.verdict for f in found} == {HOLDS}
        assert found[0].detail["share"] == 1.0
        cut = Trajectory.of_steps(
            "c", problem.id, [{"text": s.text, "kind": "code"} for s in trajectory.steps[:1]]
        )
        last = Tests().check(problem, cut)[-1]
        assert last.verdict is FAILS
        assert last.detail["passed"] < last.detail["total"]


def test_idle_statements():
    lines = ["a : 1", "b : 2", "3 + 4", "a + 1"]
    steps = [{"text": line, "kind": "code"} for line in lines]
    found = Unused().check(NOWHERE, Trajectory.of_steps("t", "p", steps))
    assert [f.verdict for f in found] == [HOLDS, UNKNOWN, UNKNOWN, HOLDS]
    assert found[1].reason == "b is not read after it"
    assert found[2].reason == "its value is not kept"
    steps[2]["text"] = 'value "b"'
    assert "as far as can be seen" in Unused().check(NOWHERE, Trajectory.of_steps("t", "p", steps))[1].reason


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("`f 1` gives 2, so `g 1` is 3.", [("value", "f 1", "2"), ("value", "g 1", "3")]),
        ("`f 1` is not 2.", []),
        ("`f 1` is 2 items long.", []),
        ("`f` and `g` are not the same", []),
        ("``x`a`` is 5", [("value", "x`a", "5")]),
        ("`f 1` => `1 2`", [("value", "f 1", "1 2")]),
    ],
)
def test_claims(text, wanted):
    assert [(c.kind, c.show, c.wanted) for c in read_claims(text)] == wanted
