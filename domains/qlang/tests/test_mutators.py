"""Planted mistakes change one step, can be read, and are mostly found; steps give back their text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.testkit.noise import HOSTILE, TEXTS
from prmkit.types import Problem, Trajectory, Verdict
from prmkit_qlang import edits, mutators
from prmkit_qlang.examples import load
from prmkit_qlang.families import FAMILIES
from prmkit_qlang.fuzz import check
from prmkit_qlang.segmenters import by_claim, by_code_line, by_statement
from prmkit_qlang.source import is_program, read
from prmkit_qlang.tasks import generate
from prmkit_qlang.verifiers.tests import Tests
from prmkit_qlang.verifiers.value import Value

KINDS = ("operator", "constant", "keyword", "dropped", "turned", "iterator", "claim")
OPERATORS = {
    "operator": edits.operators,
    "constant": edits.constants,
    "keyword": edits.keywords,
    "dropped": edits.dropped,
    "turned": edits.turned,
    "iterator": edits.iterators,
}


@pytest.mark.parametrize("name", KINDS)
def test_one_step_is_changed_and_the_same_seed_plants_the_same(name):
    mutate = getattr(mutators, name)
    assert mutate.name == name
    planted = 0
    for problem, trajectory, _ in load():
        for seed in range(4):
            made = mutate(problem, trajectory, seed)
            assert made == mutate(problem, trajectory, seed)
            if made is None:
                continue
            planted += 1
            before, after = trajectory.steps, made.trajectory.steps
            assert [s.text != t.text for s, t in zip(before, after, strict=True)].count(True) == 1
            assert before[made.step].text != after[made.step].text
            assert before[made.step].text.count("```") == after[made.step].text.count("```")
    assert planted >= 4


def test_some_kinds_change_no_number():
    assert sum(not getattr(mutators, name).changes_number for name in KINDS) >= 3


@pytest.mark.parametrize(("name", "operator"), OPERATORS.items(), ids=list(OPERATORS))
def test_variants_can_be_read_and_most_do_something_else(name, operator):
    seen = other = 0
    for family in FAMILIES.values():
        params = next(family.variants())
        text = family.answer(params)
        for changed in edits.variants(text, operator):
            assert changed != text
            assert read(changed) is not None
            if seen < 120:
                seen += 1
                other += not check(family, params, changed, n=25).agrees
    assert seen >= 4
    assert other >= 0.7 * seen


@pytest.mark.parametrize(
    ("operator", "text", "wanted"),
    [
        ("operator", "x+neg y", ["x-neg y"]),
        ("operator", "+/x", []),
        ("operator", "x<=3", ["x<3", "x>=3"]),
        ("operator", '"a+b"', []),
        ("constant", "2_x", ["3_x", "1_x"]),
        ("constant", '`a1`b2,"12"', []),
        ("constant", "0<x", ["1<x"]),
        ("keyword", "first desc x", ["last desc x", "first asc x"]),
        ("dropped", "sum reverse x", ["sum x"]),
        ("turned", "x-y", ["y-x"]),
        ("turned", "(x-1)%2", ["(1-x)%2"]),
        ("iterator", "x+/:y", ["x+\\:y"]),
        ("operator", "1 +2 / a+b", ["1 -2 / a+b"]),
        ("operator", "… a+b", []),
    ],
)
def test_variants(operator, text, wanted):
    assert edits.variants(text, OPERATORS[operator]) == wanted


def test_planted_mistakes_in_generated_programs_fail_their_tests():
    found = []
    for problem, trajectory, _ in generate(4, 60, families=("chain", "order", "choose"), rungs=(1, 2)):
        made = mutators.operator(problem, trajectory, 0) or mutators.constant(problem, trajectory, 0)
        if made:
            verdicts = [f.verdict for f in Tests().check(problem, made.trajectory)]
            found.append(verdicts[-1] is Verdict.FAILS)
    assert len(found) >= 40
    assert sum(found) >= 0.8 * len(found)


def test_planted_values_are_found():
    problem = Problem(id="p", text="?")
    trajectory = Trajectory.of_steps("t", "p", ["`sum 4 5` gives 9.", "Fine."])
    for seed in range(4):
        made = mutators.claim(problem, trajectory, seed)
        assert made.step == 0
        assert Value().check(problem, made.trajectory)[0].verdict is Verdict.FAILS


SEGMENTERS = (by_statement, by_code_line, by_claim)


def _hold(text):
    for cut in SEGMENTERS:
        reached = 0
        for position, step in enumerate(cut(text)):
            assert step.index == position
            assert reached <= step.start <= step.end <= len(text)
            assert text[step.start : step.end] == step.text
            assert not text[reached : step.start].strip()
            reached = step.end
        assert not text[reached:].strip()


@pytest.mark.parametrize("text", [*TEXTS, *HOSTILE, "", *(s.trajectory.text for s in load())])
def test_spans_give_back_the_text(text):
    _hold(text)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(["x:1", " y", "}", "```q\n", "```\n", "\n", "We add.", "q)x\n", "/ a", "~~~", "`a`b"])
    )
)
def test_spans_give_back_any_text(parts):
    _hold("\n".join(parts))
    _hold("".join(parts))


def test_steps_of_a_text_with_a_program():
    text = "We add. Then we sum.\n\n```q\n/ both\nf:{\n  x+y\n }\nsum f[1;2]\n```\n\nq)f[1;2]\n3\nq)g:1\n"
    assert [s.kind for s in by_statement(text)] == ["", "code", "code", "console", "console"]
    assert [s.text for s in by_claim(text)][:2] == ["We add.", "Then we sum."]
    assert len(by_code_line(text)) == 1 + 5 + 2


@pytest.mark.parametrize(
    "text", ["x:til 5", "f:{x+y}\nf[1;2]", "select from t where a>1", "`a`b!1 2", "t:`a xasc t"]
)
def test_programs_are_seen(text):
    assert is_program(text)


@pytest.mark.parametrize(
    "text", [*TEXTS, "Note: all is well, is it not?", "The sum is 6.", "`sum x` gives 6", "Answer: 3"]
)
def test_prose_is_left_alone(text):
    assert not is_program(text)
