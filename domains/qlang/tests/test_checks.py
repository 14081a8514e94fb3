"""Tests in Python are read into cases by a whitelist, and nothing of them is run."""

import json

import pytest

from prmkit_qlang.checks import Case, RefusedError, read_checks


def cases(*lines):
    return read_checks("def check(f):\n" + "\n".join("    " + line for line in lines))


@pytest.mark.parametrize(
    ("line", "case"),
    [
        ("assert f([1, -2], 'a') == [3 ** 2, (1, None)]", Case(([1, -2], "a"), [9, (1, None)])),
        ("assert 4 == f(2), 'told ' + str(f(2))", Case((2,), 4)),
        ("assert f('') is None", Case(("",), None)),
        ("assert f(1)", Case((1,), None, "true")),
        ("assert not f(1)", Case((1,), None, "false")),
        ("assert tuple(f([1])) == tuple([1])", Case(([1],), (1,))),
        ("assert abs(f(1.5) - 0.5) < 1e-6", Case((1.5,), 0.5, "close", 1e-6)),
        ("assert math.fabs(f(2) - 0.1) < 1e-6", Case((2,), 0.1, "close", 1e-6)),
        ("assert f({'a': 1}) == {'a': 2}", Case(({"a": 1},), {"a": 2})),
    ],
)
def test_an_assert_is_a_case(line, case):
    assert cases(line).cases == [case]


def test_loops_and_names_are_followed():
    found = cases("for x in range(2, 4):", "    y = x + 1", "    got = f(x, y)", "    assert got == str(x)")
    assert found.cases == [Case((2, 3), "2"), Case((3, 4), "3")]
    assert (found.asserts, found.covered) == (1, 1)


def test_draws_are_seeded():
    lines = ("import random", "rng = random.Random(7)", "for _ in range(3):", "    x = rng.randint(0, 99)")
    one, two = (cases(*lines, "    assert f(x) == x * 2").cases for _ in range(2))
    assert one == two
    assert all(case.expected == 2 * case.args[0] for case in one)


def test_asserts_without_the_candidate_are_counted_apart():
    found = cases("assert True, 'x'", "print", "assert f(1) == 1")
    assert (found.asserts, found.vacuous, found.covered, len(found.cases)) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("assert f(1) == g(1)", "unknown function g"),
        ("assert f(x) == 1", "unknown name x"),
        ("assert f(1) == f(2)", "both sides"),
        ("assert 0 < f(1) < 2", "chained"),
        ("assert f(1) != 2", "comparison NotEq"),
        ("assert 1 == 1", "something else than the candidate"),
        ("assert f(9 ** 9 ** 9) == 1", "large power"),
        ("assert f([0] * 10 ** 9) == 1", "long text"),
        ("assert f('%099999999d' % 1) == 1", "formatted text"),
        ("assert f(1 / 0) == 1", "division"),
        ("assert f(().__class__) == 1", "Attribute"),
        ("assert f(__import__('os').system('true')) == 1", "something else than a name"),
        ("assert f([x for x in (1,)]) == 1", "ListComp"),
        ("assert f(open('x')) == 1", "unknown function open"),
        ("with f(1) as x:", "With"),
        ("while True:", "While"),
        ("for x in range(10 ** 12):", "short list"),
    ],
)
def test_what_is_not_on_the_list_is_refused_and_named(line, why):
    found = cases(line, *(["    assert f(1) == 1"] if line.endswith(":") else []), "assert f(2) == 2")
    (reason,) = found.refused.values()
    assert why in reason
    assert found.cases == [Case((2,), 2)]


@pytest.mark.parametrize("text", ["", "def check(:", "check = 1", "def check(a, b): pass", "(" * 5000])
def test_texts_without_a_check_are_refused(text):
    with pytest.raises(RefusedError):
        read_checks(text)


def test_long_loops_end():
    inner = "        for c in range(999):"
    found = cases("for a in range(999):", "    for b in range(999):", inner, "            assert f(a) == 1")
    assert "too long" in next(iter(found.refused.values()))


def test_how_much_of_the_real_set_is_read(data_root):
    file = data_root / "qlang/q_humaneval/q_humaneval.jsonl"
    found = [read_checks(json.loads(line)["tests"]) for line in file.read_text().splitlines()]
    assert sum(one.asserts for one in found) == 554
    assert sum(one.vacuous for one in found) == 17
    assert sum(one.covered for one in found) == 533
    assert sum(len(one.cases) for one in found) == 637
    assert sum(not one.refused for one in found) == 74
