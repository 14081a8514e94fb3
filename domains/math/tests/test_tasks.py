"""Generated tasks: the truth accepts every derivation and no mutation; splits share nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.contracts import StepVerifier
from prmkit.types import Problem, Trajectory, Verdict
from prmkit_math.task_families import FAMILIES, LADDER, TOP
from prmkit_math.tasks import (
    RUNGS,
    error_kinds,
    generate,
    grade,
    read_solution,
    states_equation,
    successors,
    truth,
)
from prmkit_math.verifiers.structure import Statements, Structure

seeds = st.integers(0, 10**6)
cells = st.tuples(st.sampled_from(sorted(FAMILIES)), st.sampled_from(RUNGS))


def one(seed, cell):
    family, rung = cell
    return next(generate(seed, 1, families=(family,), rungs=(rung,)))


def problem_of(family, text):
    state = FAMILIES[family].parse(text)
    return Problem(id="p", text=text, domain="math", reference={"state": state}, context={"family": family})


def kinds_of(family, text, steps):
    return error_kinds(problem_of(family, text), Trajectory.of_steps("t", "p", steps))


# One problem of each family, worked by hand in two different orders.
DERIVATIONS = [
    (
        "sum",
        "Add 7 3 12 .",
        ["7 + 12 = 19 .", "19 + 3 = 22 .", "The answer is 22 ."],
        ["12 + 3 = 15 .", "7 + 15 = 22 .", "The answer is 22 ."],
    ),
    (
        "expr",
        "Work out ( 3 + 4 ) * ( 9 - 2 ) .",
        ["3 + 4 = 7 so 7 * ( 9 - 2 ) .", "9 - 2 = 7 so 7 * 7 .", "7 * 7 = 49 so 49 .", "The answer is 49 ."],
        ["9 - 2 = 7 so ( 3 + 4 ) * 7 .", "3 + 4 = 7 so 7 * 7 .", "7 * 7 = 49 so 49 .", "The answer is 49 ."],
    ),
    (
        "shop",
        "Buy 3 pens at 4 , 2 cups at 7 . Total ?",
        ["pens : 3 * 4 = 12 .", "cups : 2 * 7 = 14 .", "12 + 14 = 26 .", "The answer is 26 ."],
        ["cups : 2 * 7 = 14 .", "pens : 3 * 4 = 12 .", "12 + 14 = 26 .", "The answer is 26 ."],
    ),
    (
        "let",
        "Let a = 5 , c = a + 3 , d = a * 2 , e = c + d . Find e .",
        ["c = 5 + 3 = 8 .", "d = 5 * 2 = 10 .", "e = 8 + 10 = 18 .", "The answer is 18 ."],
        ["d = 5 * 2 = 10 .", "c = 5 + 3 = 8 .", "e = 8 + 10 = 18 .", "The answer is 18 ."],
    ),
    (
        "cancel",
        "Simplify a - b + c + b - a .",
        ["cancel b : a + c - a .", "cancel a : c .", "The answer is c ."],
        ["cancel a : - b + c + b .", "cancel b : c .", "The answer is c ."],
    ),
]


@pytest.mark.parametrize(("family", "text", "first", "second"), DERIVATIONS)
def test_both_orders_are_right(family, text, first, second):
    assert kinds_of(family, text, first) == [None] * len(first)
    assert kinds_of(family, text, second) == [None] * len(second)


@pytest.mark.parametrize(
    ("family", "text", "steps", "at", "kind"),
    [
        ("sum", "Add 7 3 12 .", ["7 + 12 = 18 ."], 0, "result"),
        ("sum", "Add 7 3 12 .", ["7 + 11 = 18 ."], 0, "choice"),
        ("sum", "Add 7 3 12 .", ["7 + 3 = 10 .", "7 + 12 = 19 ."], 1, "choice"),
        ("sum", "Add 7 3 12 .", ["7 + 7 = 14 ."], 0, "choice"),
        ("sum", "Add 7 3 12 .", ["7 + 3 = 10 .", "The answer is 10 ."], 1, "answer"),
        ("sum", "Add 7 3 12 .", ["seven and three make ten"], 0, "form"),
        ("expr", "Work out ( 3 + 4 ) * 9 .", ["4 * 9 = 36 so 3 + 36 ."], 0, "choice"),
        ("expr", "Work out ( 3 + 4 ) * 9 .", ["3 + 4 = 7 so 7 + 9 ."], 0, "rewrite"),
        ("shop", "Buy 3 pens at 4 , 2 cups at 7 . Total ?", ["pens : 3 * 7 = 21 ."], 0, "choice"),
        ("let", "Let a = 5 , c = a + 3 , d = c * 2 . Find d .", ["d = 5 * 2 = 10 ."], 0, "choice"),
        ("let", "Let a = 5 , c = a + 3 , d = c * 2 . Find d .", ["c = 5 + 3 = 9 ."], 0, "result"),
        ("cancel", "Simplify a - b + c + b - a .", ["cancel c : a - b + b - a ."], 0, "strike"),
        ("cancel", "Simplify a - b + c + b - a .", ["cancel b : a - c - a ."], 0, "strike"),
    ],
)
def test_each_kind_of_error_is_named(family, text, steps, at, kind):
    found = kinds_of(family, text, steps)
    assert found[at] == kind
    assert found[:at] == [None] * at


def test_a_restatement_is_legal_and_equal_brackets_may_go_in_any_order():
    shop = ["pens : 3 * 4 = 12 .", "pens : 3 * 4 = 12 .", "cups : 2 * 7 = 14 .", "12 + 14 = 26 ."]
    assert kinds_of("shop", "Buy 3 pens at 4 , 2 cups at 7 . Total ?", shop) == [None] * 4
    for step in ("1 + 2 = 3 so 3 * ( 1 + 2 ) .", "1 + 2 = 3 so ( 1 + 2 ) * 3 ."):
        assert kinds_of("expr", "Work out ( 1 + 2 ) * ( 1 + 2 ) .", [step]) == [None]


def test_labels_stop_at_the_first_error():
    problem = problem_of("sum", "Add 7 3 12 .")
    wrong = Trajectory.of_steps("t", "p", ["7 + 3 = 10 .", "7 + 12 = 19 .", "The answer is 19 ."])
    labels = truth(problem, wrong).check(wrong)
    assert labels.values == (1.0, 0.0, None)
    assert labels.convention == "until_first_error"


@settings(max_examples=150, deadline=None)
@given(seeds, cells)
def test_every_generated_derivation_is_right_and_solves(seed, cell):
    problem, trajectory, labels = one(seed, cell)
    assert set(labels.values) == {1.0}
    assert trajectory.outcome == grade(problem, trajectory.final_answer) == 1.0
    assert problem.id not in problem.text
    reread = read_solution(problem, trajectory.text + "\n", id="again")
    assert [s.text for s in reread.steps] == [s.text for s in trajectory.steps]
    assert reread.final_answer == trajectory.final_answer
    stored = json.loads(json.dumps(problem.reference))  # records go through JSON
    again = Problem(id="p", text=problem.text, domain="math", reference=stored, context=dict(problem.context))
    assert error_kinds(again, trajectory) == [None] * len(trajectory.steps)


@settings(max_examples=150, deadline=None)
@given(seeds, cells, st.randoms(use_true_random=False))
def test_another_right_order_is_right_and_gives_the_same_answer(seed, cell, rng):
    problem, trajectory, _ = one(seed, cell)
    family, state = cell[0], FAMILIES[cell[0]].parse(problem.text)
    steps = []
    while following := successors(family, state, new=True):
        text = rng.choice(sorted(following))
        steps.append(text)
        state = following[text]
    other = Trajectory.of_steps("other", problem.id, steps)
    assert set(truth(problem, other).values) == {1.0}
    assert steps[-1] == trajectory.steps[-1].text


@settings(max_examples=150, deadline=None)
@given(seeds, cells, st.randoms(use_true_random=False))
def test_a_step_with_one_word_changed_is_flagged_there(seed, cell, rng):
    problem, trajectory, _ = one(seed, cell)
    steps = [step.text for step in trajectory.steps]
    at = rng.randrange(len(steps))
    words = steps[at].split()
    place = rng.choice(
        [i for i, word in enumerate(words) if word.isdigit() or (len(word) == 1 and word.isalpha())]
    )
    words[place] = str(TOP + 1 + rng.randrange(50)) if words[place].isdigit() else "z"
    steps[at] = " ".join(words)
    mutated = Trajectory.of_steps("m", problem.id, steps)
    assert truth(problem, mutated).values == (1.0,) * at + (0.0,) + (None,) * (len(steps) - at - 1)


@settings(max_examples=100, deadline=None)
@given(seeds, cells)
def test_structure_reads_the_problem_text_alone(seed, cell):
    problem, trajectory, _ = one(seed, cell)
    blind = Problem(id="p", text=problem.text, domain="math")
    for judge, equations in ((Structure(), True), (Statements(), False)):
        for step, finding in zip(trajectory.steps, judge.check(blind, trajectory), strict=True):
            judged = states_equation(step.text) is equations
            assert finding.verdict is (Verdict.HOLDS if judged else Verdict.UNKNOWN)


@settings(max_examples=150, deadline=None)
@given(seeds, cells, st.randoms(use_true_random=False))
def test_structure_and_truth_agree_but_for_false_sums(seed, cell, rng):
    problem, trajectory, _ = one(seed, cell)
    steps = [step.text for step in trajectory.steps]
    at = rng.randrange(len(steps))
    other = rng.choice(list(generate(seed + 1, 5, families=(cell[0],), rungs=(cell[1],)))).trajectory
    steps[at] = rng.choice(other.steps).text
    mixed = Trajectory.of_steps("m", problem.id, steps)
    kinds = error_kinds(problem, mixed)
    for judge, mine in ((Structure(), ("choice", "rewrite")), (Statements(), ("answer", "strike"))):
        for kind, finding in zip(kinds, judge.check(problem, mixed), strict=True):
            assert (finding.verdict is Verdict.FAILS) is (kind in mine)
            if kind:
                break


def test_verifiers_keep_the_contract_and_say_nothing_elsewhere():
    problem = Problem(id="p", text="What is 2 + 2?")
    trajectory = Trajectory.of_steps("t", "p", ["2 + 2 = 5", {"text": "5", "role": "observe"}])
    for judge in (Structure(), Statements()):
        assert isinstance(judge, StepVerifier)
        assert [f.verdict for f in judge.check(problem, trajectory)] == [Verdict.UNKNOWN]


@pytest.mark.parametrize(
    "text",
    [
        "Add 7 3 5 .",
        "Work out ( 3 + 4 ) * 9 .",
        "Buy 3 pens at 4 , 2 cups at 7 . Total ?",
        "Simplify a - a + c .",
    ],
)
def test_hostile_steps_end_in_a_finding(text):
    nasty = [
        "7 + 3 = " + "9" * 10**5 + " .",
        "( " * 10**4 + " = 1 .",
        "__import__('os') = 1 .",
        "٣ + 4 = 7 .",
    ]
    problem = Problem(id="p", text=text)
    for step in nasty:
        for judge in (Structure(), Statements()):
            (finding,) = judge.check(problem, Trajectory.of_steps("t", "p", [step]))
            assert finding.verdict is not Verdict.HOLDS


def test_every_cell_of_the_ladder_has_problems_and_most_have_several_derivations():
    for family, sizes in LADDER.items():
        assert len(sizes) == len(RUNGS)
        for rung in RUNGS:
            found = list(generate(1, 20, families=(family,), rungs=(rung,), split="test"))
            assert {s.problem.context["rung"] for s in found} == {rung}
            if rung >= 2:
                assert sum(s.problem.context["several"] for s in found) >= 10


def test_the_ladder_is_frozen():
    assert dict(LADDER) == {
        "sum": (3, 4, 5, 6, 7, 8),
        "expr": (3, 4, 5, 6, 7, 8),
        "shop": (2, 3, 4, 5, 6, 7),
        "let": (2, 3, 4, 5, 6, 7),
        "cancel": (2, 3, 4, 5, 6, 7),
    }
