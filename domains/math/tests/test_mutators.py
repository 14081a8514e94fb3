"""Planted mistakes: where, what kind, and that nothing else changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prmkit
from prmkit.registry import resolve
from prmkit.types import Problem, Trajectory
from prmkit_math.tasks import generate

MUTATORS = {name: resolve(spec) for name, spec in prmkit.domain("math").mutators.items()}
PROBLEM = Problem(id="p", text="?")


def spoilt(name, *steps, seed=0):
    made = MUTATORS[name](PROBLEM, Trajectory.of_steps("t", "p", steps, outcome=1.0), seed)
    return None if made is None else made.trajectory.steps[made.step].text


@pytest.mark.parametrize(
    ("name", "step", "becomes"),
    [
        ("wrong_operator", "7 + 3 = 10 left", "7 - 3 = 10 left"),
        ("wrong_operator", "6 * 4 = $24", "6 + 4 = $24"),
        ("wrong_operator", "2 * 2 = 4", None),  # 2 + 2 is 4 as well
        ("wrong_operator", "7 + 3 = 11", None),  # wrong already
        ("swapped_operands", "9 - 4 = 5", "4 - 9 = 5"),
        ("swapped_operands", "9 + 4 = 13", None),
        ("swapped_operands", "1 + 9 - 4 = 6", None),
        ("flipped_negation", "Rex is not a cat.", "Rex is a cat."),
        ("flipped_negation", "Cats are loud.", "Cats are not loud."),
        ("wrong_result", "no equation here", None),
    ],
)
def test_each_kind(name, step, becomes):
    assert spoilt(name, step) == becomes


def test_a_wrong_result_is_another_positive_number():
    for seed in range(20):
        left, _, right = spoilt("wrong_result", "1.5 * 2 = 3.00", seed=seed).partition(" = ")
        assert left == "1.5 * 2"
        assert float(right) not in (3.0, 0.0)
        assert re.fullmatch(r"\d+\.\d\d", right)


def test_numbers_change_only_where_the_kind_says_so():
    for name, mutate in MUTATORS.items():
        made = mutate(PROBLEM, Trajectory.of_steps("t", "p", ["9 - 4 = 5 and it is late"]), 3)
        digits = re.findall(r"\d+", made.trajectory.text)
        assert (sorted(digits) != ["4", "5", "9"]) == mutate.changes_number, name


@given(st.integers(0, 500), st.sampled_from(sorted(MUTATORS)))
def test_one_step_changes_and_spans_stay_true(seed, name):
    problem, trajectory, _ = next(generate(seed, 1))
    made = MUTATORS[name](problem, trajectory, seed)
    if made is None:
        return
    assert made == MUTATORS[name](problem, trajectory, seed)
    changed = [
        before.index
        for before, after in zip(trajectory.steps, made.trajectory.steps, strict=True)
        if before.text != after.text
    ]
    assert changed == [made.step]
    assert made.kind == name
    assert made.trajectory.id != trajectory.id
    assert made.trajectory.outcome is None
