"""Generated problems: right solutions pass, changed lines are flagged where they stand, splits are apart."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.types import Problem, Verdict
from prmkit_code import interpreter
from prmkit_code.grade import grade as graded
from prmkit_code.outcome import judge
from prmkit_code.task_families import FAMILIES, LADDER
from prmkit_code.tasks import (
    RUNGS,
    answer_of,
    canonical,
    error_kinds,
    generate,
    grade,
    read_solution,
    truth,
)

seeds = st.integers(0, 10**6)
cells = st.tuples(st.sampled_from([*FAMILIES]), st.sampled_from(RUNGS[:4]))


def one(seed, cell):
    (sample,) = generate(seed, 1, families=(cell[0],), rungs=(cell[1],))
    return sample


@settings(max_examples=80, deadline=None)
@given(seeds, cells)
def test_every_generated_solution_is_right(seed, cell):
    problem, trajectory, labels = one(seed, cell)
    assert set(labels.values) == {1.0}
    assert trajectory.outcome == grade(problem, trajectory.final_answer) == 1.0
    stored = json.loads(json.dumps(problem.reference))  # records go through JSON
    again = Problem(id="p", text=problem.text, domain="code", reference=stored, context=dict(problem.context))
    assert error_kinds(again, trajectory) == [None] * len(trajectory.steps)
    reread = read_solution(problem, trajectory.text + "\n", id="again")
    assert answer_of(trajectory.text) == reread.final_answer
    assert [s.text for s in reread.steps] == [s.text for s in trajectory.steps]
    assert graded(problem, reread.final_answer) == 1.0


@settings(max_examples=80, deadline=None)
@given(seeds, cells, st.randoms(use_true_random=False))
def test_a_line_with_one_word_changed_is_flagged_there(seed, cell, rng):
    problem, trajectory, _ = one(seed, cell)
    lines = [step.text for step in trajectory.steps]
    at = rng.randrange(1, len(lines))
    words = lines[at].split(" ")
    places = [i for i, w in enumerate(words) if w.isdigit() or (len(w) == 1 and w.isalpha())]
    if not places:
        return
    place = rng.choice(places)
    words[place] = ("78" if words[place] == "77" else "77") if words[place].isdigit() else "q"
    lines[at] = " ".join(words)
    if cell[0] == "trace" and at < len(lines) - 1 and "line 77" in lines[at]:
        return
    mutated = read_solution(problem, "\n".join(lines), id="m")
    values = truth(problem, mutated).values
    if mutated.outcome == 1.0 and cell[0] != "trace":
        assert set(values) == {1.0}  # a case that never arises
    else:
        assert values == (1.0,) * at + (0.0,) + (None,) * (len(lines) - at - 1)


@pytest.mark.parametrize("family", [f for f in FAMILIES if f != "trace"])
def test_the_hidden_tests_say_the_same_in_the_sandbox(family):
    for problem, trajectory, _ in generate(5, 3, families=(family,), rungs=(2,)):
        assert judge(problem, trajectory.text).verdict is Verdict.HOLDS
        wrong = trajectory.text.replace(" + ", " - ") if " + " in trajectory.text else trajectory.text + "+"
        answer = read_solution(problem, wrong, id="w")
        assert (judge(problem, wrong).verdict is Verdict.HOLDS) is (answer.outcome == 1.0)


def test_hidden_tests_try_the_borders():
    caught = []
    for problem, trajectory, _ in generate(9, 60, families=("branch", "loop"), rungs=(0,)):
        for old, new in ((" > ", " >= "), (" < ", " <= ")):
            changed = trajectory.text.replace(old, new)
            if changed != trajectory.text:
                caught.append(read_solution(problem, changed, id="m").outcome == 0.0)
    # At a few borders both ways give the same value.
    assert len(caught) > 50
    assert sum(caught) >= 0.95 * len(caught)


def test_other_spellings_of_a_right_line_are_right():
    problem = next(
        p for p, t, _ in generate(0, 200, families=("loop",), rungs=(0,)) if " s = s + x\n" in t.text
    )
    text = problem.reference["solution"].replace("s = s + x\n", "s += x\n")
    for spelled in (text, text.replace("s += x", "s = x + s")):
        assert truth(problem, read_solution(problem, spelled, id="t")).values[-1] == 1.0
    assert canonical("  if 3 < a :") == canonical("  if a > 3:")
    assert canonical(" x = = 3") == " x = = 3"


def test_kinds_of_errors():
    problem, trajectory, _ = next(generate(1, 1, families=("order",), rungs=(2,)))
    lines = [s.text for s in trajectory.steps]

    def kinds(*changed):
        return [k for k in error_kinds(problem, read_solution(problem, "\n".join(changed), id="t")) if k]

    assert kinds(lines[0], lines[-1]) == ["place"]
    assert kinds(lines[0], "  " + lines[1]) == ["layout"]
    assert kinds(lines[0], " c = = 1") == ["syntax"]
    assert kinds(lines[0], " c = 77 + 1") == ["content"]
    problem, trajectory, _ = next(generate(1, 1, families=("trace",), rungs=(2,)))
    lines = [s.text for s in trajectory.steps]
    assert kinds("after line 1 , x == 77 .") == ["value"]
    assert kinds(lines[-1]) == ["answer"]
    assert kinds("no") == ["form"]


def test_the_ladder_is_frozen_and_every_cell_has_problems():
    assert dict(LADDER) == {
        "chain": (2, 3, 4, 5, 6, 7),
        "order": (2, 3, 4, 5, 6, 7),
        "branch": (1, 2, 3, 4, 5, 6),
        "loop": (1, 2, 3, 4, 5, 6),
        "trace": (2, 3, 4, 5, 6, 7),
    }
    found = list(generate(1, 60, split="test"))
    assert len({(s.problem.context["family"], s.problem.context["rung"]) for s in found}) == 30


# ---------------------------------------------------------------- interpreter


@settings(max_examples=150, deadline=None)
@given(st.integers(-9, 9), st.integers(-9, 9), st.randoms(use_true_random=False))
def test_the_interpreter_counts_as_python_does(a, b, rng):
    signs = [rng.choice(["+", "-", "*", "//", "%"]) for _ in range(3)]
    text = f"a {signs[0]} (b {signs[1]} 3) {signs[2]} 2"
    source = (
        f"def f(a, b):\n    if not a < b and a != 4 or b == 2:\n        return {text}\n    return -({text})\n"
    )
    names = {"a": a, "b": b}
    try:
        value = eval(text, {}, names)
    except ZeroDivisionError:
        with pytest.raises(interpreter.FaultError):
            interpreter.call(source, "f", [a, b])
        return
    expected = value if ((not a < b and a != 4) or b == 2) else -value
    assert interpreter.call(source, "f", [a, b]) == expected


@pytest.mark.parametrize(
    "body",
    ["    return a.real\n", "    return open('x')\n", "    while a:\n        pass\n", "    return [a]\n"],
)
def test_other_syntax_is_refused(body):
    with pytest.raises(interpreter.UnknownSyntaxError):
        interpreter.call(f"def f(a):\n{body}", "f", [1])


@pytest.mark.parametrize(
    "source",
    [
        "def f(a)\n",
        "def g(a):\n    return a\n",
        "def f(a, b):\n    return a\n",
        "def f(a):\n    return q\n",
        "def f(a):\n    s = 2\n    for x in a:\n        for y in a:\n            for z in a:\n"
        "                for w in a:\n                    s = s * s\n    return s\n",
        "def f(a):\n    for x in 3:\n        return 1\n",
    ],
)
def test_faults_are_told(source):
    with pytest.raises(interpreter.FaultError):
        interpreter.call(source, "f", [list(range(20))])


def test_random_text_is_graded_as_wrong():
    rng = random.Random(0)
    for problem, trajectory, _ in generate(2, 20):
        letters = list(trajectory.text)
        rng.shuffle(letters)
        assert read_solution(problem, "".join(letters), id="t").outcome == 0.0
