"""Labels by mutation: the worked example of the source, and what survivors and time-outs become."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.contracts import Finding
from prmkit.label.mutate import Labelled, Variant, label_by_mutation
from prmkit.types import Code, Problem, Sample, Trajectory, Verdict

PROBLEM = Problem("p", "f(1, 2) == 3", reference={"tests": ["f(1, 2) == 3"]})
LINES = ["def f(a, b):", "    s = a + b", "    return s"]


def written(id: str, line: str, at: int = 1) -> Trajectory:
    return Trajectory.of_steps(id, "p", [*LINES[:at], line, *LINES[at + 1 :]])


RIGHT = Trajectory.of_steps("t", "p", LINES)
SUMS = {"a + b": 3, "a - b": -1, "b + a": 3, "a * b + 1": 3}


def attempt(pairs):
    """Compile the program and look its sum up: no text is run here."""
    for _, trajectory in pairs:
        try:
            tree = ast.parse(trajectory.text)
        except SyntaxError as error:
            yield Finding(Verdict.FAILS, f"does not compile: {error.msg}")
            continue
        assigned = ast.unparse(tree.body[0].body[0].value)
        if assigned == "loop()":
            yield Finding(Verdict.UNKNOWN, "out of time", Code.TIMEOUT)
        else:
            right = SUMS[assigned] == 3
            yield Finding(Verdict.HOLDS if right else Verdict.FAILS, "ran")


def labelled(*variants: Variant, **options: str) -> Labelled:
    (found,) = label_by_mutation([Sample(PROBLEM, RIGHT)], lambda p, t: variants, attempt, **options)
    return found


@pytest.mark.parametrize(
    ("line", "equivalent", "values"),
    [
        ("    s = a - b", False, (1.0, 0.0, None)),
        ("    s = b + a", True, (1.0, 1.0, 1.0)),
        ("    s = a +", False, (1.0, 0.0, None)),
    ],
)
def test_the_worked_example(line, equivalent, values):
    found = labelled(Variant(written("m", line), 1, "kind", equivalent))
    assert [s.labels.values for s in found.variants] == [values]
    assert found.variants[0].labels.detail["from"] == "t"
    assert found.original.labels.values == (1.0, 1.0, 1.0)


def test_a_mistake_that_passes_says_nothing_unless_asked_for():
    variant = Variant(written("m", "    s = a * b + 1"), 1, "operator")
    assert labelled(variant).variants == ()
    assert labelled(variant).counts == {"survived": 1}
    (kept,) = labelled(variant, survivors="right").variants
    assert kept.labels.values == (1.0, 1.0, 1.0)


def test_a_refactoring_that_fails_is_wrong_and_a_timeout_is_nothing():
    found = labelled(
        Variant(written("m1", "    s = a - b"), 1, "swap", True),
        Variant(written("m2", "    s = loop()"), 1, "loop"),
    )
    assert found.counts == {"unequal": 1, "undecided": 1}
    assert [s.labels.values for s in found.variants] == [(1.0, 0.0, None)]


def test_the_variants_stay_as_evidence_on_the_step_they_changed():
    found = labelled(
        Variant(written("m1", "    s = a - b"), 1, "operator"),
        Variant(written("m2", "    s = a * b + 1"), 1, "operator"),
    )
    assert [e.verdict for e in found.evidence] == [Verdict.UNKNOWN, Verdict.HOLDS, Verdict.UNKNOWN]
    assert found.evidence[1].reason == "1 of 2 mistakes planted here are caught"
    assert found.evidence[1].detail["variants"][0] == {
        "kind": "operator",
        "text": "    s = a - b",
        "verdict": "FAILS",
    }
    assert all(e.needs_reference for e in found.evidence)


def test_a_solution_that_does_not_pass_gives_no_label():
    wrong = Sample(PROBLEM, written("w", "    s = a - b"))
    (found,) = label_by_mutation([wrong], lambda p, t: [], attempt)
    assert (found.original, found.variants, found.evidence) == (None, (), ())


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=6))
def test_no_label_stands_after_the_change_and_every_variant_is_counted(drawn):
    variants = [
        Variant(Trajectory.of_steps(f"m{i}", "p", LINES), step, "k", equal)
        for i, (step, equal, _) in enumerate(drawn)
    ]

    def said(pairs):
        for position, _ in enumerate(pairs):
            passes = position == 0 or drawn[position - 1][2]
            yield Finding(Verdict.HOLDS if passes else Verdict.FAILS, "said")

    (found,) = label_by_mutation([Sample(PROBLEM, RIGHT)], lambda p, t: variants, said)
    assert sum(found.counts.values()) == len(variants)
    for sample in found.variants:
        values = sample.labels.values
        if 0.0 in values:
            at = values.index(0.0)
            assert set(values[:at]) <= {1.0}
            assert set(values[at + 1 :]) <= {None}
        else:
            assert set(values) == {1.0}
