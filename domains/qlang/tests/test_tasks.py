"""Generated problems: right solutions pass, changed lines are flagged where they stand, splits are apart."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.types import Problem
from prmkit_qlang import outcome
from prmkit_qlang.families.ladder import LADDER, RUNG_FAMILIES
from prmkit_qlang.grade import grade as graded
from prmkit_qlang.normal import canonical
from prmkit_qlang.tasks import (
    LEAST_TESTS,
    RUNGS,
    answer_of,
    error_kinds,
    generate,
    grade,
    read_solution,
    truth,
)

seeds = st.integers(0, 10**6)
cells = st.tuples(st.sampled_from([*RUNG_FAMILIES]), st.sampled_from(RUNGS[:5]))


def one(seed, cell):
    (sample,) = generate(seed, 1, families=(cell[0],), rungs=(cell[1],))
    return sample


@settings(max_examples=80, deadline=None)
@given(seeds, cells)
def test_every_generated_solution_is_right(seed, cell):
    problem, trajectory, labels = one(seed, cell)
    assert set(labels.values) == {1.0}
    assert trajectory.outcome == grade(problem, trajectory.final_answer) == 1.0
    stored = json.loads(json.dumps([problem.reference, dict(problem.context)]))  # records go through JSON
    again = Problem(id="p", text=problem.text, domain="qlang", reference=stored[0], context=stored[1])
    assert error_kinds(again, trajectory) == [None] * len(trajectory.steps)
    reread = read_solution(problem, trajectory.text + "\n", id="again")
    assert answer_of(trajectory.text) == reread.final_answer
    assert [s.text for s in reread.steps] == [s.text for s in trajectory.steps]
    assert graded(problem, reread.final_answer) == 1.0
    tight = "\n".join(line.replace(" : ", ":").replace(" + ", "+") for line in trajectory.text.split("\n"))
    assert cell[0] == "trace" or read_solution(problem, tight, id="tight").final_answer == reread.final_answer


@settings(max_examples=80, deadline=None)
@given(seeds, cells, st.randoms(use_true_random=False))
def test_a_line_with_one_word_changed_is_flagged_there(seed, cell, rng):
    problem, trajectory, _ = one(seed, cell)
    lines = [step.text for step in trajectory.steps]
    at = rng.randrange(len(lines))
    words = lines[at].split(" ")
    places = [i for i, w in enumerate(words) if w.isdigit() or (len(w) == 1 and w.isalpha())]
    if not places:
        return
    place = rng.choice(places)
    words[place] = ("78" if words[place] == "77" else "77") if words[place].isdigit() else "q"
    lines[at] = " ".join(words)
    mutated = read_solution(problem, "\n".join(lines), id="m")
    values = truth(problem, mutated).values
    if mutated.outcome == 1.0 and cell[0] != "trace":
        assert set(values) == {1.0}  # a case that never arises
    else:
        assert values == (1.0,) * at + (0.0,) + (None,) * (len(lines) - at - 1)


def test_hidden_tests_tell_and_the_shown_input_is_none_of_them():
    for problem, _, _ in generate(3, 60, families=[f for f in LADDER if f != "trace"]):
        cases = problem.reference["cases"]
        assert len(cases) >= LEAST_TESTS - 1
        assert problem.context["given"] not in [given for given, _ in cases]
        assert len({json.dumps(value) for _, value in cases}) > 1


def test_hidden_tests_try_the_borders():
    caught = []
    for problem, trajectory, _ in generate(9, 120, families=("choose", "chain", "select"), rungs=(0, 1)):
        for old, new in ((" > ", " >= "), (" < ", " <= ")):
            changed = trajectory.text.replace(old, new)
            if changed != trajectory.text:
                caught.append(read_solution(problem, changed, id="m").outcome == 0.0)
    # At a few borders both ways give the same value.
    assert len(caught) > 50
    assert sum(caught) >= 0.8 * len(caught)


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("x : x where x > 3", "x:x where 3<x"),
        ("c : a - b * 2", "c : a - ( b * 2 )"),
        ("c + d", "d+c"),
        ("x : $[ a > b ; a ; b ]", "x:$[b<a;a;b]"),
        ('x : x except "a"', 'x:x except"a"'),
        ("t : `a xasc t", "t:`a xasc t"),
    ],
)
def test_other_spellings_of_a_line_are_the_same(line, same):
    assert canonical(line) == canonical(same)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("c : ( a - b ) * 2", "c : a - b * 2"),
        ("c - d", "d - c"),
        ("x : 2 _ x", "x : x _ 2"),
        ("a * b + c", "a * c + d"),
        ("x -1", "x - 1"),
    ],
)
def test_other_lines_stay_apart(line, other):
    assert canonical(line) != canonical(other)


@settings(max_examples=150, deadline=None)
@given(seeds, cells)
def test_the_normal_form_of_a_program_does_the_same(seed, cell):
    problem, trajectory, _ = one(seed, cell)
    if cell[0] != "trace":
        assert canonical(canonical(trajectory.steps[0].text)) == canonical(trajectory.steps[0].text)
        assert outcome.judge(problem, trajectory.final_answer).share == 1.0


def test_kinds_of_errors():
    problem, trajectory, _ = next(generate(1, 1, families=("order",), rungs=(2,)))
    lines = [s.text for s in trajectory.steps]

    def kinds(*changed):
        return [k for k in error_kinds(problem, read_solution(problem, "\n".join(changed), id="t")) if k]

    assert kinds(lines[0], lines[-1]) == ["place"]
    assert kinds(lines[0], " c : … 1") == ["syntax"]
    assert kinds(lines[0], " c : 77 + 1") == ["content"]
    problem, trajectory, _ = next(generate(1, 1, families=("trace",), rungs=(2,)))
    lines = [s.text for s in trajectory.steps]
    assert kinds(lines[0].rsplit(" ", 2)[0] + " 77 .") == ["value"]
    assert kinds(lines[-1]) == ["answer"]
    assert kinds("no") == ["form"]


def test_hostile_programs_are_wrong_and_quick():
    problem, _, _ = next(generate(1, 1, families=("chain",), rungs=(1,)))
    for text in (
        "while[1b;]",
        "til 1000000000000",
        "{.z.s x}1",
        "(" * 5000,
        "x" * 70_000,
        "\0",
        'system "ls"',
    ):
        assert read_solution(problem, text, id="h").outcome == 0.0


def test_the_ladder_is_frozen_and_every_cell_has_problems():
    assert dict(LADDER) == {
        "chain": (1, 2, 3, 4, 5, 6),
        "text": (2, 3, 4, 5, 6, 7),
        "select": (1, 2, 3, 4, 5, 6),
        "order": (2, 3, 4, 5, 6, 7),
        "choose": (1, 2, 3, 4, 5, 6),
        "trace": (2, 3, 4, 5, 6, 7),
    }
    found = list(generate(1, 72, split="test"))
    assert len({(s.problem.context["family"], s.problem.context["rung"]) for s in found}) == 36


@pytest.mark.parametrize("family", RUNG_FAMILIES)
def test_states_survive_json(family):
    kin = RUNG_FAMILIES[family]
    state = kin.draw(random.Random(4), 4)
    again = json.loads(json.dumps(state))
    assert again == state
    assert kin.lines(again) == kin.lines(state)
    assert kin.prompt(again) == kin.prompt(state)
