"""Reading and writing records: nothing is lost, nothing wrong gets in, errors say where and what to do."""

from __future__ import annotations

import contextlib
import errno
import gzip
import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prmkit.errors import AlignmentError, DataError, RecordError, StorageError
from prmkit.records import (
    Quarantined,
    ShardWriter,
    atomic,
    digest_of,
    from_dict,
    read_jsonl,
    read_parquet,
    read_samples,
    sample_from_dict,
    sample_to_dict,
    to_dict,
    write_jsonl,
    write_parquet,
    write_quarantine,
)
from prmkit.types import (
    Claim,
    Code,
    Critique,
    Evidence,
    Node,
    Preference,
    Problem,
    Provenance,
    Sample,
    SearchResult,
    Step,
    StepLabels,
    StepScores,
    Threshold,
    Trajectory,
    Tree,
    Verdict,
)

# ------------------------------------------------------------------ any record of any type

TEXT = st.text(max_size=12)
NAME = st.text(min_size=1, max_size=8)
UNIT = st.floats(0, 1)
REAL = st.floats(-1e9, 1e9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | REAL | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=3)
PROVENANCE = st.builds(
    Provenance, TEXT, st.none() | st.integers(1, 99), TEXT, TEXT, st.none() | st.integers(0, 99), OBJECT
)
PROBLEM = st.builds(Problem, NAME, TEXT, TEXT, TEXT, JSON, OBJECT, PROVENANCE)


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    """Think, tool and vision steps, with separators of every kind between them."""
    text = draw(TEXT)
    steps = []
    for index in range(draw(st.integers(0, 4))):
        piece = draw(TEXT)
        role = draw(st.sampled_from(["think", "act", "observe"]))
        call = draw(st.none() | st.fixed_dictionaries({"name": TEXT, "arguments": OBJECT}))
        images = tuple(draw(st.lists(TEXT, max_size=2)))
        status = draw(st.sampled_from(["active", "retracted"]))
        start, end = len(text), len(text) + len(piece)
        steps.append(Step(index, piece, start, end, role, draw(TEXT), call, images, status))
        text += piece + draw(st.sampled_from(["\n", "", "\n\n", " "]))
    final, parent, outcome = draw(st.none() | TEXT), draw(st.none() | NAME), draw(st.none() | UNIT)
    return Trajectory(draw(NAME), draw(NAME), text, tuple(steps), final, outcome, parent, draw(PROVENANCE))


def per_step(values: st.SearchStrategy[float], n: int) -> st.SearchStrategy[tuple[float | None, ...]]:
    return st.lists(st.none() | values, min_size=n, max_size=n).map(tuple)


@st.composite
def labels(draw: st.DrawFn, trajectory: Trajectory | None = None) -> StepLabels:
    trajectory = trajectory or draw(trajectories())
    n = len(trajectory.steps)
    values = tuple(None if step.role == "observe" else draw(st.none() | UNIT) for step in trajectory.steps)
    return StepLabels(
        trajectory.id,
        trajectory.digest,
        values,
        kind=draw(st.sampled_from(["correct", "value", "progress"])),
        convention=draw(st.sampled_from(["own_merit", "prefix", "until_first_error"])),
        labeler=draw(TEXT),
        weight=draw(st.just(()) | st.lists(st.floats(0, 9), min_size=n, max_size=n).map(tuple)),
        n=draw(st.just(()) | st.lists(st.integers(0, 9), min_size=n, max_size=n).map(tuple)),
        channels=draw(st.dictionaries(TEXT, per_step(REAL, n), max_size=2)),
        trajectory_value=draw(st.none() | UNIT),
        evidence_digest=draw(TEXT),
        detail=draw(OBJECT),
    )


@st.composite
def scores(draw: st.DrawFn) -> StepScores:
    n = draw(st.integers(0, 4))
    bounds = draw(st.sampled_from([(0.0, 1.0), (-math.inf, math.inf), (-1.0, math.inf)]))
    return StepScores(
        draw(NAME),
        draw(TEXT),
        draw(per_step(UNIT, n)),
        kind=draw(st.sampled_from(["correct", "value", "progress", "logratio"])),
        range=bounds,
        cumulative=draw(st.booleans()),
        channels=draw(st.dictionaries(TEXT, per_step(REAL, n), max_size=2)),
        trajectory_value=draw(st.none() | REAL),
        threshold=draw(st.none() | st.builds(Threshold, REAL, TEXT)),
        calibrated_on=draw(st.none() | TEXT),
    )


VERDICT = st.sampled_from(Verdict)
CLAIM = st.builds(Claim, st.integers(0, 9), st.integers(0, 9), VERDICT, TEXT)
WHY = st.sampled_from([c for c in Code if c is not Code.NONE])
EVIDENCE = st.builds(
    lambda verdict, why, **rest: Evidence(
        verdict=verdict, code=why if verdict is Verdict.UNKNOWN else Code.NONE, **rest
    ),
    VERDICT,
    WHY,
    trajectory_id=NAME,
    steps_digest=TEXT,
    step=st.integers(0, 9),
    verifier=NAME,
    scope=st.sampled_from(["claim", "step"]),
    claims=st.lists(CLAIM, max_size=2).map(tuple),
    needs_reference=st.booleans(),
    reason=TEXT,
    detail=OBJECT,
    confidence=UNIT,
    seconds=st.floats(0, 9),
)
CRITIQUE = st.builds(
    Critique, NAME, TEXT, TEXT, st.lists(VERDICT, max_size=3).map(tuple), VERDICT, st.integers(0, 9), TEXT
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    nodes = [Node(-1, "")]
    for position in range(1, draw(st.integers(1, 5))):
        nodes.append(
            Node(
                draw(st.integers(0, position - 1)),
                draw(TEXT),
                draw(st.integers(0, 9)),
                draw(st.none() | REAL),
                draw(st.booleans()),
                draw(st.none() | UNIT),
                draw(st.dictionaries(TEXT, REAL, max_size=2)),
            )
        )
    return Tree(draw(NAME), tuple(nodes), draw(PROVENANCE))


PREFERENCE = st.builds(Preference, NAME, NAME, NAME, st.integers(0, 9), st.none() | REAL, TEXT, UNIT)


@st.composite
def search_results(draw: st.DrawFn) -> SearchResult:
    n = draw(st.integers(0, 3))
    return SearchResult(
        draw(NAME),
        tuple(draw(NAME) for _ in range(n)),
        tuple(draw(REAL) for _ in range(n)),
        draw(st.none() | TEXT),
        draw(TEXT),
        draw(st.dictionaries(TEXT, REAL, max_size=2)),
        draw(st.none() | trees()),
    )


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    trajectory = draw(trajectories())
    problem = replace(draw(PROBLEM), id=trajectory.problem_id)
    return Sample(problem, trajectory, draw(st.none() | labels(trajectory)))


RECORDS = {
    Problem: PROBLEM,
    Trajectory: trajectories(),
    Evidence: EVIDENCE,
    StepLabels: labels(),
    StepScores: scores(),
    Tree: trees(),
    Preference: PREFERENCE,
    Critique: CRITIQUE,
    SearchResult: search_results(),
    Sample: samples(),
}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("cls", RECORDS, ids=lambda c: c.__name__)
def test_every_type_survives_json_and_parquet(cls: type, tmp_path: Path) -> None:
    @FEW
    @given(st.lists(RECORDS[cls], min_size=1, max_size=3))
    def check(records: list) -> None:
        write_jsonl(tmp_path / "r.jsonl.gz", records)
        back = list(read_jsonl(cls, tmp_path / "r.jsonl.gz"))
        assert back == records
        assert digest_of(back) == digest_of(records)
        write_parquet(tmp_path / "r", records)
        assert list(read_parquet(cls, tmp_path / "r")) == records
        assert [from_dict(cls, to_dict(r)) for r in records] == records

    check()


@FEW
@given(samples())
def test_the_trajectory_format_gives_the_same_sample_back(sample: Sample) -> None:
    if not any(step.text.strip() for step in sample.trajectory.steps):
        return
    row = json.loads(json.dumps(sample_to_dict(sample)))
    assert sample_from_dict(row) == sample


# ------------------------------------------------------------------ the trajectory format

GOOD = {
    "id": "a1",
    "domain": "math",
    "problem": {"id": "p1", "cluster": "c1", "text": "What is 2 + 3 * 4?", "reference": "14"},
    "steps": ["3 * 4 = 12", {"text": "calc(2 + 12)", "role": "act"}, {"text": "14", "role": "observe"}],
    "final_answer": "14",
    "labels": [1.0, 0, None],
    "outcome": True,
}


def test_a_row_becomes_a_sample() -> None:
    problem, trajectory, given_labels = sample_from_dict(GOOD)
    assert (problem.id, problem.cluster, problem.domain, problem.reference) == ("p1", "c1", "math", "14")
    assert trajectory.text == "3 * 4 = 12\ncalc(2 + 12)\n14"
    assert trajectory.scored == (0, 1)
    assert trajectory.outcome == 1.0
    assert given_labels is not None
    assert given_labels.values == (1.0, 0.0, None)


def test_equal_questions_about_unlike_tables_get_unlike_ids() -> None:
    rows = [
        {**GOOD, "problem": {"text": "How many?", "context": {"table": {"columns": ["a"], "rows": [[n]]}}}}
        for n in (1, 2)
    ]
    first, second = (sample_from_dict(row).problem.id for row in rows)
    assert first != second
    assert sample_from_dict(rows[0]).problem.id == first


def test_unknown_fields_are_kept_and_slips_are_refused() -> None:
    kept = sample_from_dict({**GOOD, "model_name": "m"})
    assert kept.trajectory.provenance.detail == {"model_name": "m"}
    with pytest.raises(RecordError, match="did you mean 'labels'"):
        sample_from_dict({**GOOD, "lables": [1, 0, None]})


def test_steps_are_found_in_the_whole_text() -> None:
    row = {**GOOD, "steps": ["a b", "a b"], "text": "Start: a b; then a b.", "labels": None}
    steps = sample_from_dict(row).trajectory.steps
    assert [(s.start, s.end) for s in steps] == [(7, 10), (17, 20)]
    with pytest.raises(AlignmentError, match="does not stand in 'text'"):
        sample_from_dict({**row, "steps": ["a b", "c"]})


BAD = {
    "wrong json": ('{"id": "x",', "not JSON", None),
    "not an object": ("[1, 2]", "must be an object", None),
    "missing id": ({**GOOD, "id": None}, "no 'id'", "id"),
    "missing steps": ({k: v for k, v in GOOD.items() if k != "steps"}, "no 'steps'", "steps"),
    "missing problem": ({k: v for k, v in GOOD.items() if k != "problem"}, "no 'problem'", "problem"),
    "problem is a string": ({**GOOD, "problem": "2+2?"}, "object with a string 'text'", "problem"),
    "problem typo": ({**GOOD, "problem": {"text": "q", "refrence": 1}}, "no field", "problem.refrence"),
    "id is a number": ({**GOOD, "id": 7}, "not a non-empty string", "id"),
    "step is a number": ({**GOOD, "steps": ["a", 3], "labels": None}, "a step must be", "steps[1]"),
    "step of unknown role": (
        {**GOOD, "steps": [{"text": "a", "role": "say"}], "labels": None},
        "not one of",
        "steps[0].role",
    ),
    "empty solution": ({**GOOD, "steps": [], "labels": None}, "no steps", "steps"),
    "blank solution": ({**GOOD, "steps": ["", " "], "labels": None}, "every step is empty", "steps"),
    "labels of another length": ({**GOOD, "labels": [1.0, 0.0]}, "2 entries for 3 steps", "labels"),
    "NaN label": (json.dumps({**GOOD, "labels": [float("nan"), 0, None]}), "NaN is not JSON", None),
    "infinite label": (json.dumps({**GOOD, "labels": [math.inf, 0, None]}), "Infinity is not JSON", None),
    "huge label": (
        json.dumps({**GOOD, "labels": [7, 0, None]}).replace("7", "1e999"),
        "not a finite number",
        "labels[0]",
    ),
    "bool label": ({**GOOD, "labels": [True, 0, None]}, "true/false", "labels[0]"),
    "string label": ({**GOOD, "labels": ["1", 0, None]}, "not a number", "labels[0]"),
    "label out of range": ({**GOOD, "labels": [-100, 0, None]}, "outside [0, 1]", "labels[0]"),
    "labelled observation": ({**GOOD, "labels": [1, 0, 1]}, "is an observation", "labels[2]"),
    "labels are an object of a typo": (
        {**GOOD, "labels": {"value": [1, 0, None]}},
        "no field 'value'",
        "labels.value",
    ),
    "labels of another cut": (
        {**GOOD, "labels": {"values": [1, 0, None], "steps_digest": "0" * 16}},
        "another cut",
        "labels.steps_digest",
    ),
    "outcome is a word": ({**GOOD, "outcome": "yes"}, "not a number", "outcome"),
    "answer is a number": ({**GOOD, "final_answer": 14}, "not a string", "final_answer"),
    "unknown domain": ({**GOOD, "domain": "alchemy"}, "unknown domain 'alchemy'", "domain"),
    "deep nesting": ("[" * 100_000, "nested too deep", None),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_rows_say_file_row_field_and_remedy(case: str, tmp_path: Path) -> None:
    row, message, field = BAD[case]
    text = row if isinstance(row, str) else json.dumps(row)
    path = tmp_path / "in.jsonl"
    first = json.dumps({**GOOD, "id": "first"})
    path.write_text(f"{first}\n\n{text}\n{json.dumps(GOOD)}\n")
    with pytest.raises(RecordError) as caught:
        list(read_samples(path, domains=["math"]))
    assert message in str(caught.value)
    assert "what to do:" in str(caught.value)
    assert (caught.value.file, caught.value.row, caught.value.field) == (str(path), 3, field)

    quarantine: list[Quarantined] = []
    kept = list(read_samples(path, quarantine=quarantine, domains=["math"]))
    assert [s.trajectory.id for s in kept] == ["first", "a1"]  # the rows around it are not lost
    assert [(q.file, q.row) for q in quarantine] == [(str(path), 3)]
    assert message in quarantine[0].reason


def test_duplicate_ids_name_both_rows(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}\n")
    with pytest.raises(RecordError, match=r"in\.jsonl:2: field 'id': id 'a1' stands in row 1 already"):
        list(read_samples(path))


def test_broken_utf8_and_lone_surrogates(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    raw = json.dumps({**GOOD, "steps": ["bad \ud83d end"], "labels": None}).encode()
    path.write_bytes(b"\xef\xbb\xbf" + raw + b"\n\xff\xfe\n")
    quarantine: list[Quarantined] = []
    (sample,) = read_samples(path, quarantine=quarantine)
    assert sample.trajectory.text == "bad \ufffd end"
    assert "not UTF-8" in quarantine[0].reason


def test_quarantine_is_written(tmp_path: Path) -> None:
    write_quarantine(tmp_path / "q.jsonl", [Quarantined("a.jsonl", 3, "why")])
    assert json.loads((tmp_path / "q.jsonl").read_text()) == {"file": "a.jsonl", "row": 3, "reason": "why"}


@pytest.mark.parametrize(
    ("cls", "data", "field"),
    [
        (Evidence, {"trajectory_id": "t", "steps_digest": "d", "step": 0, "verdict": "HOLDS"}, "verifier"),
        (Tree, {"problem_id": "p", "nodes": [{"parent": -1, "step": 3}]}, "nodes[0].step"),
        (Tree, {"problem_id": "p", "nodes": [{"parent": 0, "step": ""}]}, "nodes[0].parent"),
        (StepScores, {"trajectory_id": "t", "steps_digest": "d", "values": [float("nan")]}, "values[0]"),
        (StepLabels, {"trajectory_id": "t", "steps_digest": "d", "values": [1], "n": [1.5]}, "n[0]"),
        (StepLabels, {"trajectory_id": "t", "steps_digest": "d", "values": [1], "n": [True]}, "n[0]"),
        (
            StepScores,
            {"trajectory_id": "t", "steps_digest": "d", "values": [1], "channels": {"q": ["x"]}},
            "channels.q[0]",
        ),
        (Preference, {"problem_id": "p", "chosen": "a", "rejected": "b", "weigth": 2}, "weigth"),
    ],
)
def test_wrong_types_name_the_field(cls: type, data: dict, field: str) -> None:
    with pytest.raises(RecordError) as caught:
        from_dict(cls, data)
    assert caught.value.field == field


# ------------------------------------------------------------------ files that are whole or absent


def test_timings_stay_outside_digests() -> None:
    one = Evidence("t", "d", 0, Verdict.HOLDS, "v@1", seconds=0.5)
    assert digest_of([one]) == digest_of([replace(one, seconds=7.0)])
    assert digest_of([one]) != digest_of([replace(one, step=1)])
    assert digest_of([one, one]) != digest_of([one])


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, shards = tmp_path / "labels.jsonl", tmp_path / "shards"
    old = [Preference("p", "a", "b")]
    write_jsonl(path, old)
    write_parquet(shards, old)
    monkeypatch.setattr(os, "fsync", full_disk)
    for write in (lambda r: write_jsonl(path, r), lambda r: write_parquet(shards, r)):
        with pytest.raises(StorageError, match="the disk is full") as caught:
            write([Preference("p", "c", "d")] * 3)
        assert "free some space" in caught.value.do
    monkeypatch.undo()
    assert list(read_jsonl(Preference, path)) == old
    assert list(read_parquet(Preference, shards)) == old
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels.jsonl", "shards"]  # no debris


def test_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    (tmp_path / "old.jsonl").write_text("{}\n")
    monkeypatch.setattr(Path, "open", refuse)  # the superuser is never refused, so the refusal is played
    with pytest.raises(StorageError, match="no permission to write") as caught:
        write_jsonl(tmp_path / "old.jsonl", [])
    assert caught.value.file == str(tmp_path / "old.jsonl")
    monkeypatch.undo()
    assert (tmp_path / "old.jsonl").read_text() == "{}\n"


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(StorageError):
        write_jsonl(tmp_path / "run" / "x.jsonl", [])


def test_an_error_while_writing_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_jsonl(path, [Preference("p", "a", "b")])

    def broken():
        yield Preference("p", "c", "d")
        yield Problem("p", "q", reference=math.nan)

    with pytest.raises(RecordError) as caught:
        write_jsonl(path, broken())
    assert caught.value.row == 2
    assert [p.chosen for p in read_jsonl(Preference, path)] == ["a"]
    with contextlib.suppress(RuntimeError), atomic(path) as out:
        out.write(b"half")
        raise RuntimeError
    assert [p.chosen for p in read_jsonl(Preference, path)] == ["a"]


def test_gzip_bytes_do_not_depend_on_the_clock(tmp_path: Path) -> None:
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_jsonl(tmp_path / name, [Preference("p", "a", "b")])
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        list(read_samples(tmp_path / "absent.jsonl"))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(json.dumps(GOOD).encode() * 50)[:-20])
    with pytest.raises(DataError, match="damaged archive"):
        list(read_samples(cut))
    with pytest.raises(DataError, match="no Parquet shards"):
        list(read_parquet(Sample, tmp_path / "nowhere"))
    (tmp_path / "x.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match="damaged shard"):
        list(read_parquet(Sample, tmp_path / "x.parquet"))


# ------------------------------------------------------------------ shards


def pairs(n: int) -> list[Preference]:
    return [Preference("p", f"a{i}", f"b{i}", margin=i / 7) for i in range(n)]


def test_a_killed_writer_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    records = pairs(23)
    with ShardWriter(tmp_path / "whole", Preference, rows=5) as writer:
        for record in records:
            writer.write(record)
    for stop in range(23):
        broken = tmp_path / f"broken{stop}"
        with contextlib.suppress(KeyboardInterrupt), ShardWriter(broken, Preference, rows=5) as writer:
            for record in records[:stop]:
                writer.write(record)
            raise KeyboardInterrupt
        (broken / ".00000.parquet.1.tmp").write_bytes(b"half a shard")
        with ShardWriter(broken, Preference, rows=5, resume=True) as writer:
            assert writer.written == stop // 5 * 5
            for record in records[writer.written :]:
                writer.write(record)
        assert list(read_parquet(Preference, broken)) == records
        assert [p.name for p in sorted(broken.iterdir())] == [f"{i:05d}.parquet" for i in range(5)]
        for shard in broken.iterdir():
            assert shard.read_bytes() == (tmp_path / "whole" / shard.name).read_bytes()


def test_an_empty_result_is_not_a_missing_one(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "none", Evidence):
        pass
    assert list(read_parquet(Evidence, tmp_path / "none")) == []
    assert write_parquet(tmp_path / "none", [], cls=Evidence) == 0


def test_shards_hold_one_type(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="one type per folder"):
        write_parquet(tmp_path / "x", [*pairs(1), Problem("p", "q")])
    assert not (tmp_path / "x").exists()


def test_plain_fields_are_plain_columns(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(tmp_path / "x", [StepScores("t", "d", (0.5, None), channels={"q": (1.0, 2.0)})])
    table = parquet.read_table(tmp_path / "x").to_pylist()[0]
    assert table["values"] == [0.5, None]
    assert json.loads(table["channels"]) == {"q": [1.0, 2.0]}
