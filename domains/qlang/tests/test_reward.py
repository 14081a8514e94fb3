"""The reward: its goldens, its bounds, and its guards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.errors import ConfigError
from prmkit_qlang.bridge import literal
from prmkit_qlang.problems import generate
from prmkit_qlang.reward import apart, literal_check, reward, rewarded


@pytest.mark.parametrize(
    ("passed", "total", "bonus", "value"),
    [
        (7, 10, 1.0, 0.7),
        (10, 10, 1.0, 2.0),
        (3, 5, 2.0, 0.6),
        (5, 5, 2.0, 3.0),
        (0, 0, 1.0, 0.0),
        (0, 5, 2.0, 0.0),
    ],
)
def test_goldens(passed, total, bonus, value):
    assert reward(passed, total, bonus=bonus) == pytest.approx(value)


def test_without_code_there_is_none():
    assert reward(5, 5, code=False) == 0.0


def test_all_or_nothing():
    assert reward(4, 5, base=0.0) == 0.0
    assert reward(5, 5, base=0.0) == 1.0


def test_more_passed_than_run_is_refused():
    with pytest.raises(ConfigError):
        reward(6, 5)


@given(st.integers(1, 50), st.floats(0, 5), st.floats(0, 5), st.floats(0, 5))
def test_it_rises_with_tests_and_stays_in_its_bounds(total, base, perfect, bonus):
    found = [reward(k, total, base=base, perfect=perfect, bonus=bonus) for k in range(total + 1)]
    assert found == sorted(found)
    assert 0 <= found[0] <= found[-1] <= base + perfect * bonus + 1e-9


@given(st.lists(st.integers(0, 6), min_size=3), st.integers(0, 99))
def test_shown_and_hidden_cases_share_no_input(inputs, seed):
    cases = [([n], n * n) for n in inputs]
    if len(set(inputs)) < 2:
        return
    shown, hidden = apart(cases, 1, seed)
    assert hidden
    assert {c[0][0] for c in shown}.isdisjoint(c[0][0] for c in hidden)
    assert {c[0][0] for c in shown + hidden} == set(inputs)


def test_something_stays_hidden():
    with pytest.raises(ConfigError):
        apart([([1], 1), ([1], 1)], 1, 0)


CASES = [([[3, 1, 2]], 6), ([[40, 2]], 42), ([[5]], 5), ([[]], 0), ([[9, 30]], 39)]


@pytest.mark.parametrize(
    ("program", "suspect"),
    [
        ("f:{sum x}", False),
        ("f:{$[x~3 1 2;6;x~40 2;42;0]}", True),
        ("f:{d:((3 1 2);(40 2))!6 42;d x}", False),
        ("f:{(6 42 5 0 39)(n:3 1 2) ? x}", True),
        ("f:{0+/x}", False),
        ("f:{$[0=count x;0;sum x]}", False),
        ("no q at all …", False),
    ],
)
def test_programs_that_list_the_tests_are_suspect(program, suspect):
    assert literal_check(program, CASES).suspect is suspect


def test_what_the_problem_names_is_no_sign():
    cases = [(["aeiou"], 5), (["xyz"], 0), (["abc"], 1)]
    text = 'Count the characters of s that are in "aeiou" .'
    assert not literal_check('f:{$[x~"aeiou";5;sum x in "aeiou"]}', cases, text=text).cases


def test_right_programs_get_all_and_tables_of_answers_nothing():
    for problem, solution, labels in generate(1, 60):
        labels.check(solution)
        found = rewarded(problem, solution.text)
        assert found.value == 2.0, (problem.text, found)
        assert not found.listed.suspect
        assert rewarded(problem, "").value == 0.0
        assert rewarded(problem, "f:{x").value == 0.0


def test_a_table_of_the_hidden_tests_gets_nothing():
    problem, _, _ = next(generate(0, 1, families=["merge_sorted"]))
    lines = [f"$[(x;y)~({literal(a)};{literal(b)});{literal(v)};" for (a, b), v in problem.reference["cases"]]
    program = "f:{" + "".join(lines) + "0" + "]" * len(lines) + "}"
    found = rewarded(problem, program)
    assert found.listed.suspect
    assert found.value == 0.0
    assert rewarded(problem, program, strict=False).outcome.passed > 0


def test_the_text_tells_examples_that_are_no_hidden_tests():
    for problem, _, _ in generate(3, 40, shown=3, hidden=9):
        text, cases = problem.text, problem.reference["cases"]
        assert text.count("\nf[") == 3
        assert 1 <= len(cases) <= 9
        kinds = problem.context["variables"].values()
        for args, _ in cases:
            written = ";".join(literal(value, kind) for value, kind in zip(args, kinds, strict=True))
            assert f"\nf[{written}] is" not in text
    with pytest.raises(ConfigError, match="no family"):
        next(generate(0, 1, families=["sums"]))
