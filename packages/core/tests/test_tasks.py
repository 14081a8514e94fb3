"""The scaffold of generated tasks: splits that share nothing, turns, errors, labels. The task is a sum."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import ConfigError
from prmkit.tasks import SPLITS, LineReader, Solved, TaskSet, content, first_wrong, grade, split_of
from prmkit.types import Problem, Trajectory

seeds = st.integers(0, 10**9)


def solve(rng, family, rung, numbers):
    numbers, steps = list(numbers), []
    while len(numbers) > 1:
        a, b = numbers.pop(0), numbers.pop(0)
        steps.append(f"{a} + {b} = {a + b} .")
        numbers.insert(0, a + b)
    return Solved([*steps, f"= {numbers[0]}"], {"answer": str(numbers[0])}, {"family": family, "rung": rung})


def error_kinds(problem, trajectory):
    due = tuple(solve(None, "", 0, map(int, problem.text.split()[1:])).steps)
    return first_wrong(
        trajectory, due, lambda due: {due[0]: due[1:]} if due else {}, lambda due, text: f"not {due[:1]}"
    )


READ = LineReader(lambda line: line[2:] if line.startswith("= ") else None)
TASKS = TaskSet(
    domain="sums",
    ladder={"small": (2, 3, 4), "large": (3, 4, 5)},
    draw=lambda rng, family, size: [rng.randint(1, 40) for _ in range(size)] if rng.random() < 0.9 else None,
    prompt=lambda family, numbers: f"{family} {' '.join(map(str, numbers))}",
    solve=solve,
    kinds=error_kinds,
    read=READ,
)


@settings(max_examples=60, deadline=None)
@given(st.permutations(sorted(SPLITS)), seeds, seeds)
def test_splits_share_no_problem_whatever_the_seeds(splits, one, other):
    first, second = (
        {content(s.problem.text) for s in TASKS.generate(seed, 30, split=split)}
        for seed, split in zip((one, other), splits, strict=False)
    )
    assert not first & second


def test_the_buckets_are_shared_out_and_order_of_words_decides_nothing():
    assert sorted(bucket for buckets in SPLITS.values() for bucket in buckets) == list(range(16))
    assert all(split_of(s.problem.text) == "test" for s in TASKS.generate(4, 20, split="test"))
    words = ["Add", "9", "4", "2", "."]
    random.Random(0).shuffle(words)
    assert content(" ".join(words)) == content("Add 9 4 2 .") != content("Add 9 4 3 .")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["small/1", "small/2", "large/0", "large/2"]), min_size=1, max_size=5),
    st.integers(0, 25),
    seeds,
)
def test_cells_take_turns(cells, n, seed):
    found = Counter(f"{s.problem.context['family']}/{s.problem.context['rung']}"
                    for s in TASKS.generate(seed, n, cells=cells))  # fmt: skip
    for cell, times in Counter(cells).items():
        assert times * (n // len(cells)) <= found[cell] <= times * -(-n // len(cells))
    assert found.total() == n


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from(sorted(SPLITS)))
def test_the_same_seed_gives_the_same_right_problems_and_none_twice(seed, split):
    first, again = (list(TASKS.generate(seed, 40, split=split, rungs=(1, 2))) for _ in range(2))
    assert first == again
    assert len({s.problem.text for s in first}) == len({s.problem.id for s in first}) == 40
    for problem, solution, labels in first:
        assert problem.cluster == problem.id.rsplit("-", 1)[0]
        assert problem.provenance.source == error_kinds.__module__
        assert (solution.outcome, set(labels.check(solution).values)) == (1.0, {1.0})
        assert labels.labeler == "sums/truth@1"


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        ({"families": ("smal",)}, "no family 'smal'", "did you mean 'small'"),
        ({"rungs": (3,)}, r"no rungs \(3,\)", r"rungs out of \(0, 1, 2\)"),
        ({"rungs": ()}, "no rungs", "rungs out of"),
        ({"split": "tests"}, "no split 'tests'", "did you mean 'test'"),
        ({"cells": ("small/9",)}, "no cell 'small/9'", "did you mean 'small/"),
        ({"cells": ("small/1",), "rungs": (1,)}, "already", "leave rungs and families out"),
        ({"cells": ("small/1",), "families": ("small",)}, "already", "leave rungs and families out"),
    ],
)
def test_unknown_names_say_what_exists(options, said, hint):
    with pytest.raises(ConfigError, match=rf"{said}(.|\n)*{hint}"):
        next(TASKS.generate(0, 1, **options))


def test_another_salt_makes_other_problems():
    salted = replace(TASKS, salt="x/")
    assert [s.problem for s in salted.generate(0, 5)] != [s.problem for s in TASKS.generate(0, 5)]


def test_asking_for_more_problems_than_exist_says_so():
    few = replace(TASKS, draw=lambda rng, family, size: [rng.randint(1, 3) for _ in range(size)], tries=50)
    with pytest.raises(ConfigError, match=r"no further train problem of family 'small', rung 0(.|\n)*fewer"):
        list(few.generate(0, 10, cells=("small/0",)))


def test_reading_grading_and_truth_stop_at_the_first_wrong_step():
    problem = Problem("p", "small 2 3 4", reference={"answer": "9"})
    right = READ(problem, " 2 + 3 = 5 .\n\n5 + 4 = 9 . \n= 9\n", id="r")
    assert ([s.text for s in right.steps], right.final_answer, right.outcome) == (
        ["2 + 3 = 5 .", "5 + 4 = 9 .", "= 9"], "9", 1.0,
    )  # fmt: skip
    assert TASKS.truth(problem, right).values == (1.0, 1.0, 1.0)
    wrong = READ(problem, "2 + 3 = 5 .\n5 + 4 = 8 .\n= 8", id="w")
    labels = TASKS.truth(problem, wrong)
    assert (labels.values, labels.convention) == ((1.0, 0.0, None), "until_first_error")
    assert (labels.trajectory_value, wrong.outcome) == (0.0, 0.0)
    assert error_kinds(problem, wrong) == [None, "not ('5 + 4 = 9 .',)", None]
    longer = Trajectory.of_steps("l", "p", ["2 + 3 = 5 .", "5 + 4 = 9 .", "= 9", "= 9"])
    assert TASKS.truth(problem, longer).values == (1.0, 1.0, 1.0, 0.0)
    empty = READ(problem, "", id="e")
    assert (empty.steps, empty.final_answer, empty.outcome) == ((), None, 0.0)
    assert [grade(problem, said) for said in (None, "", " 9 ", "8")] == [0.0, 0.0, 1.0, 0.0]
