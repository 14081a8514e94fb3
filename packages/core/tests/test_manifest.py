"""Files against their cards and their marks; leakage between sets."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.cards import DatasetCard, FileCard
from prmkit.errors import DataError, StorageError
from prmkit.manifest import GRAM, FileMark, find_leaks, inspect, require, words
from prmkit.types import Problem, Sample, Trajectory

# ------------------------------------------------------------------ files


def test_a_changed_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    path.write_bytes(b"one")
    mark = FileMark.of(path)
    assert mark.sha256 == hashlib.sha256(b"one").hexdigest()
    mark.check(path)
    facts = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # same size, same time, other contents
    with pytest.raises(StorageError, match="changed since it was written") as caught:
        mark.check(path)
    assert "run the stage" in caught.value.do
    path.write_bytes(b"one")
    mark.check(path)  # a new time alone is no change
    path.unlink()
    with pytest.raises(StorageError, match="the file is gone"):
        mark.check(path)


def test_files_are_held_against_their_card(tmp_path: Path) -> None:
    rows = [json.dumps({"a": i}) for i in range(3)]
    (tmp_path / "good.jsonl").write_text("\n".join(rows))
    packed = gzip.compress("\n".join([*rows, "{broken"]).encode())
    (tmp_path / "four.jsonl.gz").write_bytes(packed)
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    digest = hashlib.sha256(packed).hexdigest()
    card = DatasetCard(
        "toy",
        "math/toy",
        (
            FileCard("good.jsonl", 3),
            FileCard("four.jsonl.gz", 4, digest),
            FileCard("table.csv", 2, "0" * 64),
            FileCard("absent.jsonl", 1),
        ),
        "",
        "MIT",
        "human",
        "problem",
    )
    good, four, table, absent = inspect(card, tmp_path)
    assert (good.found, good.rows, good.faults) == (True, 3, ())
    assert (four.rows, four.unreadable, four.faults) == (4, 1, ())
    assert table.faults[0] == "1 rows, the card says 2"
    assert table.faults[1].startswith("sha256")
    assert (absent.found, absent.faults) == (False, ("the file is missing",))
    with pytest.raises(DataError, match=r"table\.csv: data set 'toy' is not what its card says: 1 rows"):
        require(card, tmp_path)


# ------------------------------------------------------------------ leakage

LONG = "First we add the three apples of Ann to the four pears of Bob and find that there are {} fruits."
PASSAGE = "a train leaves the old station at noon and travels due north at sixty miles per hour"


def sample(name: str, problem: str, *steps: str, context: dict | None = None, cluster: str = "") -> Sample:
    return Sample(
        Problem(f"p-{name}", problem, context=context or {}, cluster=cluster),
        Trajectory.of_steps(name, f"p-{name}", steps or ("ok",)),
    )


def test_the_same_problem_in_other_typography() -> None:
    training = [sample("t", r"What is $\frac{3}{4} - x$, exactly?")]
    (leak,) = find_leaks([sample("e", "What is  \\frac{3}{4}−X exactly")], training)
    assert (leak.trajectory_id, leak.problem_id, leak.why, leak.training_id) == ("e", "p-e", "problem", "t")
    for other in (r"What is $\frac{3}{4} + x$, exactly?", r"What is $\frac{3}{5} - x$, exactly?"):
        assert find_leaks([sample("e", other)], training) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\frac34", r"\dfrac{3}{4}"),
        (r"\left( 2 \cdot x \right)", r"(2 \times x)"),
        (r"\Bigl[ a \leq b,\ \text{or}\; c \ge d \Bigr]", "[a ≤ b, or c ≥ d]"),
        (r"12 \div 4", "12 ÷ 4"),
        (r"\begin{align*} x = 1 \end{align*}", "x = 1"),
    ],
)
def test_layout_is_no_difference(one: str, other: str) -> None:
    assert words(one) == words(other)
    assert len(find_leaks([sample("e", f"What is {one}?")], [sample("t", f"What is {other}?")])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("turn left", "turn right"), (r"\frac{1}{23}", r"\frac{12}{3}"), (r"a \le b", r"a \ge b")],
)
def test_what_is_said_is_a_difference(one: str, other: str) -> None:
    assert words(one) != words(other)


def test_problems_of_one_cluster_are_one_problem() -> None:
    training = [sample("t", "How many pairs of shirts and pants?", cluster="outfits")]
    (leak,) = find_leaks(
        [sample("e", "How many outfits, if each fits one shirt?", cluster="outfits")], training
    )
    assert (leak.why, leak.training_id) == ("cluster", "t")
    assert find_leaks([sample("e", "How many outfits?", cluster="hats")], training) == []
    # A variant may name its original by the original's id, on either side.
    assert find_leaks([sample("e", "one", cluster="p-t")], [sample("t", "two")])[0].why == "cluster"
    assert find_leaks([sample("t", "one")], [sample("e", "two", cluster="p-t")])[0].why == "cluster"
    # Equal ids alone say nothing: two files may both count from 1.
    assert find_leaks([sample("1", "one")], [sample("1", "two")]) == []


def test_the_same_question_about_another_table_is_another_problem() -> None:
    tables = [{"table": [n]} for n in (1, 2)]
    training = [sample("t", "How many goals?", context=tables[0])]
    assert find_leaks([sample("e", "How many goals?", context=tables[1])], training) == []
    assert len(find_leaks([sample("e", "How many goals?", context=dict(tables[0]))], training)) == 1


def test_thirteen_words_in_a_row() -> None:
    training = [sample("t", f"One day {PASSAGE}. How far does it get?")]
    (leak,) = find_leaks([sample("e", f"Suppose {PASSAGE}; where is it at three?")], training)
    assert leak.why == "passage"
    twelve = " ".join(PASSAGE.split()[: GRAM - 1])
    assert find_leaks([sample("e", f"Suppose {twelve} too slowly")], training) == []


def test_a_long_step_and_not_a_short_one() -> None:
    training = [sample("t", "one", "So x = 4.", LONG.format(7))]
    (leak,) = find_leaks([sample("e", "two", "So x = 4.", LONG.format(7).upper())], training)
    assert (leak.why, leak.step) == ("step", 1)
    assert find_leaks([sample("e", "two", "So x = 4.", LONG.format(8))], training) == []


def test_boilerplate_is_no_leak() -> None:
    def training(n: int) -> list[Sample]:
        return [sample(f"t{i}", f"problem number {i}", LONG) for i in range(n)]

    assert len(find_leaks([sample("e", "another", LONG)], training(9))) == 1
    assert find_leaks([sample("e", "another", LONG)], training(10)) == []
    # Many solutions of one problem are one problem.
    same = [sample(f"t{i}", "one problem", LONG) for i in range(50)]
    assert len(find_leaks([sample("e", "another", LONG)], same)) == 1


def test_observations_are_no_steps() -> None:
    seen = Sample(
        Problem("p", "one"), Trajectory.of_steps("t", "p", [{"text": LONG, "role": "observe"}, "ok"])
    )
    assert find_leaks([sample("e", "two", LONG)], [seen]) == []


def test_every_leaking_row_is_told_once_and_in_order() -> None:
    training = [sample("t", "one", LONG)]
    evaluation = [sample(f"e{i}", "one" if i % 2 else "two", LONG, LONG) for i in range(6)]
    leaks = find_leaks(evaluation, training)
    assert [(x.trajectory_id, x.why) for x in leaks] == [
        (f"e{i}", "problem" if i % 2 else "step") for i in range(6)
    ]


@given(st.lists(st.text(max_size=30), max_size=6), st.lists(st.text(max_size=30), max_size=6))
def test_problems_leak_exactly_when_their_words_are_shared(mine: list[str], theirs: list[str]) -> None:
    evaluation = [sample(f"e{i}", text) for i, text in enumerate(mine)]
    training = [sample(f"t{i}", text) for i, text in enumerate(theirs)]
    shared = {tuple(words(text)) for text in theirs}
    want = [f"e{i}" for i, text in enumerate(mine) if tuple(words(text)) in shared]
    leaks = find_leaks(evaluation, training)
    assert [x.trajectory_id for x in leaks if x.why == "problem"] == want
    assert find_leaks([], training) == []
