"""Orders, swaps and bracket stacks: exact answers on small worlds."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prmkit
from prmkit.types import Problem, Trajectory
from prmkit_math.verifiers.brackets import Brackets
from prmkit_math.verifiers.ordering import Ordering
from prmkit_math.verifiers.swaps import Swaps


def verdicts(verifier, problem, *steps):
    trajectory = Trajectory.of_steps("t", "p", steps)
    return [f.verdict.value for f in verifier.check(Problem(id="p", text=problem), trajectory)]


SHELF = """The statements each describe a set of three objects in a fixed order.
- On a shelf, there are three books: a red book, a blue book, and a dark green book.
- The red book is to the left of the blue book.
- The dark green book is the rightmost.
Q: Which is correct?
Options:
(A) The red book is the leftmost.
(B) The blue book is the leftmost."""


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("The dark green book is the rightmost.", "HOLDS"),
        ("The blue book is the second from the left.", "HOLDS"),
        ("The blue book is to the left of the red book.", "FAILS"),
        (
            "So from left to right: first is the red book, second is the blue book,"
            " then third is the dark green book.",
            "HOLDS",
        ),
        ("So from right to left: first is the red book, then second is the blue book.", "FAILS"),
        ("So from left to right: first can be any book, then second is the blue book.", "UNKNOWN"),
        ("By process of elimination, the red book must be the leftmost.", "HOLDS"),
        ("The red book is to the left of the blue book, so the blue book cannot be the leftmost.", "HOLDS"),
        ("The red book cannot be the leftmost.", "FAILS"),
        ("According to this ordering, the leftmost book is the blue book.", "FAILS"),
        ("So the answer is (A)", "HOLDS"),
        ("So the answer is (B)", "FAILS"),
        ("Perhaps the blue book could be the leftmost.", "UNKNOWN"),
        ("Let us begin.", "UNKNOWN"),
    ],
)
def test_orders(step, verdict):
    assert verdicts(Ordering(), SHELF, step) == [verdict]


def test_orders_by_other_measures():
    race = "- In a race, there were three runners: Ann, Ben, and Cy."
    race += "\n- Ann finished above Ben.\n- Cy finished last."
    assert verdicts(Ordering(), race, "Ben finished second.", "Cy finished second-to-last.") == [
        "HOLDS",
        "FAILS",
    ]
    stand = "- A stand sells two fruits: figs and pears.\n- The figs are more expensive than the pears."
    assert verdicts(Ordering(), stand, "The pears are the most expensive.") == [
        "UNKNOWN"
    ]  # no comma: one name
    stand = "- A stand sells two fruits: figs, and pears.\n- The figs are more expensive than the pears."
    assert verdicts(Ordering(), stand, "The pears are the most expensive.") == ["FAILS"]


def test_problems_that_do_not_order_are_left_alone():
    for text in ("What is 2 + 2?", SHELF.replace("is the rightmost", "is heavy"), "- a: b.\n- c."):
        assert verdicts(Ordering(), text, "The red book is the leftmost.") == ["UNKNOWN"]


@given(st.permutations(["Ann", "Ben", "Cy", "Di"]))
def test_true_orders_hold_and_their_reverses_fail(order):
    facts = "\n".join(f"- {a} finished above {b}." for a, b in itertools.pairwise(order))
    problem = f"- In a race, there were four runners: Ann, Ben, Cy, and Di.\n{facts}"
    ranks = ("first", "second", "third", "fourth")
    right, wrong = (
        "So from first to last: " + ", ".join(f"{r} is {n}" for r, n in zip(ranks, names, strict=True)) + "."
        for names in (order, order[::-1])
    )
    assert verdicts(Ordering(), problem, right, wrong) == ["HOLDS", "FAILS"]


GAME = (
    "Ann, Ben, and Cy play. At the start, each has a ball: Ann has a red ball, Ben has a blue ball, and Cy "
    "has a green ball.\nAs the game progresses, pairs trade balls. First, Ann and Ben swap balls. Then, "
    "Ben and Cy swap balls. At the end of the game, Cy has the\n"
    "Options:\n(A) red ball.\n(B) blue ball.\n(C) green ball."
)


def test_swaps():
    right = [
        "At the start: Ann: red, Ben: blue, Cy: green.",
        "Ann and Ben swap balls: Ann: blue, Ben: red, Cy: green.",
        "Ben and Cy swap balls: Ann: blue, Ben: green, Cy: red.",
        "At the end of the game, Cy has the red ball. So the answer is (A)",
    ]
    assert verdicts(Swaps(), GAME, *right) == ["HOLDS"] * 4
    wrong = [right[0], right[1].replace("Ann: blue", "Ann: green"), *right[2:]]
    assert verdicts(Swaps(), GAME, *wrong)[:2] == ["HOLDS", "FAILS"]
    # The check is local: what follows from the wrong state holds.
    follows = right[2].replace("Ann: blue", "Ann: green")
    assert verdicts(Swaps(), GAME, *wrong[:2], follows)[2] == "HOLDS"
    assert verdicts(Swaps(), GAME, *right[:3], right[3].replace("(A)", "(B)"))[3] == "FAILS"
    assert verdicts(Swaps(), GAME, "A: red, B: blue, C: green", "A: blue, B: red, C: green") == [
        "HOLDS",
        "HOLDS",
    ]
    assert verdicts(Swaps(), GAME, right[0], "Ann: red, Ben: blue.", right[1])[1:] == ["UNKNOWN", "UNKNOWN"]
    assert verdicts(Swaps(), "What is 2 + 2?", right[1]) == ["UNKNOWN"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["( ; stack: (", "[ ; stack: ( [", "] ; stack: (", "{ ; stack: ( {"], ["HOLDS"] * 4),
        (["( ; stack: (", "[ ; stack: [", "] ; stack: empty"], ["HOLDS", "FAILS", "HOLDS"]),
        (["( ; stack: (", "{ ; stack: ( {"], ["HOLDS", "FAILS"]),  # skips a bracket of the input
        (["stack: empty", "We look."], ["UNKNOWN", "UNKNOWN"]),
        (
            [
                "( ; stack: (",
                'The final stack is "(".',
                'We need ")". So the answer is )',
                "So the answer is ]",
            ],
            ["HOLDS", "HOLDS", "HOLDS", "FAILS"],
        ),
        (['The final stack is "( {".'], ["FAILS"]),
    ],
)
def test_brackets(steps, expected):
    assert verdicts(Brackets(), "( [ ] {", *steps) == expected


@given(st.lists(st.sampled_from("([{<"), min_size=1, max_size=6))
def test_opening_and_closing_all_holds(openers):
    closers = [{"(": ")", "[": "]", "{": "}", "<": ">"}[o] for o in reversed(openers)]
    stacks = [openers[: n + 1] for n in range(len(openers))] + [
        openers[: -n - 1] for n in range(len(openers))
    ]
    steps = [
        f"{read} ; stack: {' '.join(stack) or 'empty'}"
        for read, stack in zip(openers + closers, stacks, strict=True)
    ]
    assert set(verdicts(Brackets(), " ".join(openers + closers), *steps)) == {"HOLDS"}


def test_no_step_before_the_first_mistake_is_refuted(data_root):
    """On BIG-Bench Mistake one label differs: its state gives one ball to two people."""
    del data_root
    alarms, found, wrong = [], 0, 0
    verifiers = (Ordering(), Swaps(), Brackets())
    for problem, trajectory, labels in prmkit.domain("math").load("big_bench_mistake"):
        for verifier in verifiers:
            for finding, gold in zip(verifier.check(problem, trajectory), labels.values, strict=True):
                failed = finding.verdict.value == "FAILS"
                alarms += [trajectory.id] if failed and gold == 1.0 else []
                found += failed and gold == 0.0
        wrong += 0.0 in labels.values
    assert alarms == ["big_bench_mistake/tracking_shuffled_objects/13"]
    assert found >= 0.58 * wrong
