"""Proof steps: the labelling rule by its golden case, controlled English, and the naming trap."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import prmkit
from prmkit.types import Problem, Trajectory
from prmkit_math.mutators import flipped_negation
from prmkit_math.verifiers import english
from prmkit_math.verifiers.formula import Formula, FormulaError, atom, consistent, entails, every, parse
from prmkit_math.verifiers.logic import Logic, labels_from_fover


def verdicts(problem, *steps):
    trajectory = Trajectory.of_steps("t", "p", steps)
    return [f.verdict.value for f in Logic().check(Problem(id="p", text=problem), trajectory)]


def test_golden_of_the_labelling_rule():
    """Facts C → (B ∧ ¬A) and C; the four steps are right, right, wrong, right."""
    assert verdicts(
        "fact1: C -> (B & ¬A)\nfact2: C",
        "fact1 & fact2 -> int1: B & ¬A",
        "int1 -> int2: ¬A",
        "fact1 & fact2 -> int3: A ∨ ¬B",
        "-> int4: A ∨ ¬A",
    ) == ["HOLDS", "HOLDS", "FAILS", "HOLDS"]


def test_the_check_is_local():
    """A step that follows from a wrong one holds; facts that are not cited do not help."""
    problem = "fact1: A -> B\nfact2: A"
    assert verdicts(problem, "fact1 -> int1: B", "int1 -> int2: B v C") == ["FAILS", "HOLDS"]
    assert verdicts(problem, "fact7 -> int1: B", "So it is.") == ["UNKNOWN", "UNKNOWN"]


def test_predicates_and_quantifiers():
    facts = "fact1: (x): {A}x -> {B}x\nfact2: {A}{a}"
    assert verdicts(facts, "fact1 & fact2 -> int1: {B}{a}", "fact2 -> int2: {B}{a}") == ["HOLDS", "FAILS"]
    facts = "fact1: (x): A x -> B x\nfact2: A(c)"
    assert verdicts(facts, "fact1 & fact2 -> int1: B(c)", "fact1 -> int2: B(c)") == ["HOLDS", "FAILS"]


def test_true_means_right_in_fover_files():
    assert labels_from_fover([True, False, None]) == [1.0, 0.0, None]


RULES = "Every wolf is a mammal. Mammals are not loud. Rex is a wolf.\nTrue or false: Rex is loud."


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("Rex is a wolf.", "HOLDS"),
        ("Every wolf is a mammal.", "HOLDS"),
        ("Wolves are not loud.", "UNKNOWN"),  # "wolve" is another word
        ("Rex is not loud.", "HOLDS"),
        ("Rex is loud.", "FAILS"),
        ("Mammals are wolves.", "UNKNOWN"),
        ("Each mammal is a wolf.", "FAILS"),
        ("Every mammal is loud.", "FAILS"),
        ("Perhaps Rex sings.", "UNKNOWN"),
        ("Rex is blue.", "UNKNOWN"),
        ("Therefore the answer is False.", "UNKNOWN"),
    ],
)
def test_controlled_english(step, verdict):
    assert verdicts(RULES, step) == [verdict]


def test_problems_of_another_kind_are_left_alone():
    assert verdicts("Ann has 3 pens. How many pens?", "Ann is a wolf.") == ["UNKNOWN"]
    assert verdicts("Rex is a cat. Rex is not a cat.", "Rex is a dog.") == ["UNKNOWN"]


def test_reading():
    assert english.read("Every prime number is a natural number.") == every(
        atom("prime number", "x"), atom("natural number", "x")
    )
    assert english.read("127 is not an integer.") == ~atom("integer", "127")
    for text in (
        "It is late.",
        "They are cats.",
        "Every is.",
        "x" * 10_000,
        "Rex is a very very big old cat.",
    ):
        assert english.read(text) is None


@pytest.mark.parametrize(
    "text", ["", "A ->", "(A", "A B C", "A & (x): B x", "A" * 3000, "¬" * 500 + "A", "A + B"]
)
def test_malformed_formulas_are_refused(text):
    with pytest.raises(FormulaError):
        parse(text)


formulas = st.recursive(
    st.sampled_from("ABC").map(atom),
    lambda inner: (
        inner.map(lambda f: ~f)
        | st.tuples(st.sampled_from(["&", "|", "->"]), inner, inner).map(
            lambda t: Formula(t[0], parts=(t[1], t[2]))
        )
    ),
    max_leaves=6,
)


def true_in(formula, world):
    if formula.operator == "atom":
        return world[formula.name]
    parts = [true_in(part, world) for part in formula.parts]
    if formula.operator == "¬":
        return not parts[0]
    return {"&": all(parts), "|": any(parts), "->": parts[-1] or not parts[0]}[formula.operator]


@given(st.lists(formulas, max_size=3), formulas)
@settings(max_examples=60, deadline=None)
def test_entailment_agrees_with_truth_tables(assumptions, goal):
    worlds = [dict(zip("ABC", values, strict=True)) for values in itertools.product((True, False), repeat=3)]
    models = [world for world in worlds if all(true_in(one, world) for one in assumptions)]
    assert entails(assumptions, goal) == all(true_in(goal, world) for world in models)
    assert consistent(assumptions) == bool(models)


@given(formulas)
def test_spelling_and_reading_agree(formula):
    def spelled(one):
        if one.operator == "atom":
            return one.name
        if one.operator == "¬":
            return f"¬({spelled(one.parts[0])})"
        return f"(({spelled(one.parts[0])}) {one.operator} ({spelled(one.parts[1])}))"

    assert parse(spelled(formula)) == formula


def test_gold_proofs_hold_and_their_negations_fail(data_root):
    del data_root
    verifier, gold, flipped = Logic(), [], []
    for problem, trajectory, _ in itertools.islice(prmkit.domain("math").load("prontoqa"), 40):
        gold += [f.verdict.value for f in verifier.check(problem, trajectory)]
        mutation = flipped_negation(problem, trajectory, seed=1)
        flipped.append(verifier.check(problem, mutation.trajectory)[mutation.step].verdict.value)
    assert gold.count("HOLDS") >= 0.99 * len(gold)
    assert flipped.count("FAILS") >= 0.99 * len(flipped)
