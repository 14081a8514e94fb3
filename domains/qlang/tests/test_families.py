"""Families: every reference in q gives what the reference in Python gives, borders included."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import ConfigError
from prmkit_qlang import bridge, fuzz
from prmkit_qlang.families import FAMILIES
from prmkit_qlang.running import Room

LEAST = 50
"""Inputs on which each is tried at least."""

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text('abc "\\\n'),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)


def test_there_are_enough_families():
    assert len(FAMILIES) >= 40
    assert sum(len(list(family.variants())) for family in FAMILIES.values()) >= 150


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_both_references_agree(family):
    tried = 0
    for params in family.variants():
        found = fuzz.check(family, params, family.answer(params), n=60, seed=7)
        assert found.counterexample == ""
        assert found.agrees
        tried += found.total
    assert tried >= LEAST


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_texts_and_inputs(family):
    params = next(family.variants())
    text, answer = family.question(params), family.answer(params)
    assert "f" in text.split()
    assert all(name in text for name in family.arguments)
    assert not any(mark in text for mark in ("{", "}"))
    assert not any(f"<{name}>" in answer for name in family.parameters)
    made = family.inputs(params, 40, 3)
    assert made == family.inputs(params, 40, 3)
    assert len({json.dumps(one) for one in made}) == len(made)
    assert made != family.inputs(params, 40, 4) or len(made) < 40


def test_another_setting_is_refused():
    with pytest.raises(ConfigError, match="has no k 7"):
        FAMILIES["climbing_stairs"].answer({"k": 7})


@settings(max_examples=200, deadline=None)
@given(values)
def test_values_go_into_q_and_back(value):
    there = bridge.to_q(value)
    assert bridge.equal(there, value)
    back = bridge.to_python(there)
    assert bridge.equal(bridge.to_q(back), value) or back != value


@settings(max_examples=100, deadline=None)
@given(values)
def test_literals_are_read_as_the_value(value):
    ran = Room().run(bridge.literal(value))
    assert ran.error == ""
    assert bridge.equal(ran.value, value) or "\n" in str(value)


@pytest.mark.parametrize(
    ("text", "wanted", "equal"),
    [
        ("2i", 2, True),
        ("2f", 2, True),
        ("1b", True, True),
        ("1b", 1, False),
        ("1", True, False),
        ("0.1+0.2", 0.3, True),
        ("0.1+0.2", 0.3001, False),
        ('"a"', "a", True),
        ("`a", "a", False),
        ("()", [], True),
        ('""', [], True),
        ("`long$()", [], True),
        ("0N", None, True),
        ("1 0N", [1, None], True),
        ("enlist 1", 1, False),
        ("(1 2;3 4)", [[1, 2], [3, 4]], True),
        ('("ab";"c")', ["ab", "c"], True),
        ('"abc"', ["a", "b", "c"], True),
        ("`a`b!1 2", {"a": 1, "b": 2}, True),
        ("`a`b!1 2", {"b": 2, "a": 1}, False),
    ],
)
def test_equality_across(text, wanted, equal):
    assert bridge.equal(Room().run(text).value, wanted) is equal
