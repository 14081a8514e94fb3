"""Fields of raw rows, labels up to the first error, and steps rewritten in place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit.mutators import TextMutator, rewritten
from prmkit.rows import part_of, step_number, text, text_key, texts, truth, value
from prmkit.types import StepLabels, Trajectory

ROW = Row(
    "a.jsonl", 7, {"t": "x", "blank": " ", "l": ["a"], "none": [], "mixed": ["a", 1], "yes": 1, "n": "2"}
)


def test_fields_are_read():
    assert (value(ROW, "t"), text(ROW, "t"), texts(ROW, "l"), truth(ROW, "yes")) == ("x", "x", ["a"], True)
    assert (step_number(ROW, "n", 2, base=1), step_number(ROW, "n", 3, base=0)) == (1, 2)
    assert part_of(ROW, {"a.jsonl": "first"}) == "first"


@pytest.mark.parametrize(
    "read",
    [
        lambda: value(ROW, "no"),
        lambda: text(ROW, "blank"),
        lambda: text(ROW, "l"),
        lambda: texts(ROW, "none"),
        lambda: texts(ROW, "mixed"),
        lambda: truth(ROW, "t"),
        lambda: step_number(ROW, "n", 2, base=0),
        lambda: step_number(ROW, "t", 2, base=0),
        lambda: part_of(ROW, {"b.jsonl": "second"}),
    ],
)
def test_faults_name_file_and_row(read):
    with pytest.raises(RecordError) as caught:
        read()
    assert (caught.value.file, caught.value.row) == ("a.jsonl", 7)


def test_one_key_for_one_text():
    assert text_key("Find $x$:  2+2") == text_key("find X 22") != text_key("Find y: 22")
    assert text_key("()(") == text_key("( ) (") != text_key("(()")


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.none() | st.integers(0, n - 1))))
def test_labels_until_the_first_error(case):
    count, first = case
    trajectory = Trajectory.of_steps("t", "p", [f"step {i}" for i in range(count)])
    labels = StepLabels.until_first_error(trajectory, first, "x@1").check(trajectory)
    for index, said in enumerate(labels.values):
        assert said == (1.0 if first is None or index < first else 0.0 if index == first else None)


@given(
    st.lists(st.text("ab \n", min_size=1), min_size=1, max_size=5), st.text("cd", min_size=1), st.randoms()
)
def test_a_rewritten_step_moves_the_later_ones(steps, new, rng):
    trajectory = Trajectory.of_steps("t", "p", steps, outcome=1.0)
    at = rng.randrange(len(steps))
    made = rewritten(trajectory, at, new, id="t~1")
    assert made == Trajectory.of_steps(
        "t~1", "p", [*steps[:at], new, *steps[at + 1 :]], provenance=made.provenance
    )
    assert made.provenance.detail == {"mutated_from": "t"}


def test_a_mutator_spoils_one_spoken_step():
    trajectory = Trajectory.of_steps("t", "p", [{"text": "1", "role": "observe"}, "1", "2"])
    shout = TextMutator("shout", False, lambda problem, step, draw: [step.replace("1", "one"), step])
    made = shout(None, trajectory, 3)
    assert ([s.text for s in made.trajectory.steps], made.step, made.kind) == (["1", "one", "2"], 1, "shout")
    assert made.trajectory.id == "t~shout-3"
    silent = TextMutator("silent", False, lambda problem, step, draw: [])
    assert silent(None, trajectory, 0) is None
    drawn = TextMutator("drawn", True, lambda problem, step, draw: [f"{step}{draw.randint(0, 99)}"])
    assert drawn(None, trajectory, 1) == drawn(None, trajectory, 1)
