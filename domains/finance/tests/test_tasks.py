"""Generated tasks: the truth accepts every derivation and no mutation; splits share nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import ConfigError
from prmkit.types import Problem, Trajectory, Verdict
from prmkit_finance.grade import grade as grade_by_value
from prmkit_finance.task_families import LADDER, moves, parse, text_of
from prmkit_finance.tasks import RUNGS, error_kinds, generate, grade, read_solution, truth
from prmkit_finance.verifiers.books import Books, Closing
from prmkit_finance.verifiers.calculation import Calculation

seeds = st.integers(0, 10**6)
cells = st.tuples(st.sampled_from(sorted(LADDER)), st.sampled_from(RUNGS))
GROWTH = "item 2018 2019 ; rent 20 25 ; tax 7 9 . Growth of rent from 2018 to 2019 ?"
MARGIN = "item 2018 2019 ; sales 50 80 ; wages 7 40 ; rent 9 20 . Margin in 2019 ?"
RATIO = "item 2019 ; cash 12 ; stock 18 ; debts 10 ; bills 5 . Assets over debts in 2019 ?"


def one(seed, cell):
    family, rung = cell
    return next(generate(seed, 1, families=(family,), rungs=(rung,)))


def kinds_of(text, steps):
    return error_kinds(Problem(id="p", text=text, domain="finance"), Trajectory.of_steps("t", "p", steps))


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (GROWTH, ["25 - 20 = 5 .", "5 / 20 = 25 % .", "The answer is 25 % ."]),
        (MARGIN, ["40 + 20 = 60 .", "80 - 60 = 20 .", "20 / 80 = 25 % .", "The answer is 25 % ."]),
        (RATIO, ["10 + 5 = 15 .", "18 + 12 = 30 .", "30 / 15 = 2 .", "The answer is 2 ."]),
        (RATIO, ["12 + 18 = 30 .", "5 + 10 = 15 .", "30 / 15 = 2 .", "The answer is 2 ."]),
    ],
)
def test_right_derivations(text, steps):
    assert kinds_of(text, steps) == [None] * len(steps)


@pytest.mark.parametrize(
    ("text", "steps", "at", "kind"),
    [
        (GROWTH, ["25 - 20 = 6 ."], 0, "result"),
        (GROWTH, ["20 - 25 = -5 ."], 0, "choice"),
        (GROWTH, ["9 - 7 = 2 ."], 0, "choice"),
        (GROWTH, ["25 - 20 = 5 .", "5 / 25 = 20 % ."], 1, "choice"),
        (GROWTH, ["25 - 20 = 5 .", "5 / 20 = 25 ."], 1, "result"),
        (GROWTH, ["25 - 20 = 5 .", "The answer is 5 ."], 1, "answer"),
        (GROWTH, ["it grew"], 0, "form"),
        (MARGIN, ["80 - 40 = 40 ."], 0, "choice"),
        (MARGIN, ["7 + 9 = 16 ."], 0, "choice"),
    ],
)
def test_each_kind_of_error_is_named(text, steps, at, kind):
    found = kinds_of(text, steps)
    assert (found[at], found[:at]) == (kind, [None] * at)


@settings(max_examples=150, deadline=None)
@given(seeds, cells, st.randoms(use_true_random=False))
def test_every_derivation_is_right_and_gives_the_same_answer(seed, cell, rng):
    problem, trajectory, labels = one(seed, cell)
    assert set(labels.values) == {1.0}
    assert grade(problem, trajectory.final_answer) == grade_by_value(problem, trajectory.final_answer) == 1.0
    state, steps = parse(problem.text), []
    while legal := moves(state):
        move = rng.choice(legal)
        steps.append(text_of(move))
        state = move.state
    again = read_solution(problem, "\n".join(steps) + "\n", id="again")
    assert set(truth(problem, again).values) == {1.0}
    assert again.outcome == 1.0


@settings(max_examples=150, deadline=None)
@given(seeds, cells, st.randoms(use_true_random=False))
def test_a_changed_number_is_flagged_where_it_stands(seed, cell, rng):
    problem, trajectory, _ = one(seed, cell)
    steps = [step.text for step in trajectory.steps]
    at = rng.randrange(len(steps))
    words = steps[at].split()
    place = rng.choice([i for i, word in enumerate(words) if word.lstrip("-").isdigit()])
    words[place] = str(1000 + rng.randrange(50))
    steps[at] = " ".join(words)
    mutated = Trajectory.of_steps("m", problem.id, steps)
    assert truth(problem, mutated).values == (1.0,) * at + (0.0,) + (None,) * (len(steps) - at - 1)


@settings(max_examples=150, deadline=None)
@given(seeds, cells, st.randoms(use_true_random=False))
def test_books_and_truth_agree_but_for_false_sums(seed, cell, rng):
    problem, trajectory, _ = one(seed, cell)
    steps = [step.text for step in trajectory.steps]
    at = rng.randrange(len(steps))
    other = rng.choice(list(generate(seed + 1, 5, families=(cell[0],), rungs=(cell[1],)))).trajectory
    steps[at] = rng.choice(other.steps).text
    mixed = Trajectory.of_steps("m", problem.id, steps)
    kinds = error_kinds(problem, mixed)
    for judge, mine in ((Books(), ("choice",)), (Closing(), ("answer",))):
        for kind, finding in zip(kinds, judge.check(problem, mixed), strict=True):
            assert (finding.verdict is Verdict.FAILS) is (kind in mine)
            if kind:
                break


def test_a_false_sum_is_for_the_calculator():
    problem = Problem("p", GROWTH)
    wrong = Trajectory.of_steps("t", "p", ["25 - 20 = 6 .", "6 / 20 = 30 % .", "The answer is 30 % ."])
    assert [f.verdict.value for f in Calculation().check(problem, wrong)] == ["FAILS", "HOLDS", "UNKNOWN"]
    assert [f.verdict.value for f in Books().check(problem, wrong)] == ["HOLDS", "HOLDS", "UNKNOWN"]


def test_other_text_is_no_task():
    assert parse("Add 1 2 3 .") is None
    assert parse(GROWTH.replace("rent 20 25", "rent 20")) is None
    assert parse(GROWTH.replace("2018 to 2019", "2010 to 2019")) is None
    with pytest.raises(ConfigError):
        error_kinds(Problem("p", "Why?"), Trajectory.of_steps("t", "p", ["1 + 1 = 2 ."]))
