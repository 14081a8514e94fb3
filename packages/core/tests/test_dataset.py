"""Data sets: found, read in every format, bad rows set aside."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Dataset, Row, Source, data_folders, open_dataset
from prmkit.errors import DataError, RecordError
from prmkit.types import Problem, Sample, StepLabels, Trajectory


def card(*files: str, path: str = "math/toy") -> DatasetCard:
    return DatasetCard(
        "toy", path, tuple(FileCard(f, 2) for f in files), "Toy.", "MIT", "human", "problem", hub="me/toy"
    )


def parse(row: Row) -> Iterator[Sample]:
    """``{"q": "2 + 2?", "steps": "4;5", "good": 1}``: steps apart by ';', one label for all."""
    name = f"{row.file}:{row.number}"
    problem = Problem(name, row.data["q"])
    trajectory = Trajectory.of_steps(name, name, row.data["steps"].split(";"))
    value = float(row.data["good"])
    yield Sample(problem, trajectory, StepLabels(name, trajectory.digest, (value,) * len(trajectory.steps)))


ROWS = [{"q": "2 + 2?", "steps": "4;5", "good": 1}, {"q": "3 + 3?", "steps": "6", "good": 0}]
TABLE = "q{s}steps{s}good\n2 + 2?{s}4;5{s}1\n3 + 3?{s}6{s}0\n"
FORMATS = {
    "a.jsonl": "\n".join(map(json.dumps, ROWS)),
    "a.json": json.dumps(ROWS),
    "a.csv": TABLE.replace("{s}", ","),
    "a.tsv": TABLE.replace("{s}", "\t"),
}


def build(root: Path, files: dict[str, str]) -> Dataset:
    folder = root / "math" / "toy"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        raw = text.encode()
        (folder / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return open_dataset(Source(card(*files), parse), folders=[root])


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_rows(name: str, packed: str, tmp_path: Path) -> None:
    data = build(tmp_path, {name + packed: FORMATS[name]})
    assert [[s.text for s in x.trajectory.steps] for x in data] == [["4", "5"], ["6"]]
    assert [x.labels.values for x in data] == [(1.0, 1.0), (0.0,)]
    assert data.quarantine == []
    assert data.card.name == "toy"


def test_bad_rows_are_set_aside_and_counted_once(tmp_path: Path) -> None:
    bad = [
        "{not json",
        '{"q": "no steps"}',
        '{"q": "q", "steps": 5, "good": 1}',
        '{"q": "q", "steps": "a", "good": "x"}',
        '{"q": "q", "steps": "a", "good": 7}',
        "[1]",
        '{"q": "q", "steps": "a", "good": NaN}',
    ]
    data = build(tmp_path, {"a.jsonl": "\n".join([json.dumps(ROWS[0]), *bad, json.dumps(ROWS[1])])})
    for _ in range(2):
        assert [x.problem.text for x in data] == ["2 + 2?", "3 + 3?"]
        assert [(q.file, q.row) for q in data.quarantine] == [("a.jsonl", n) for n in range(2, 9)]
    reasons = [q.reason for q in data.quarantine]
    for words, reason in zip(
        ["not JSON", "KeyError", "AttributeError", "ValueError", "outside [0, 1]", "an object", "NaN"],
        reasons,
        strict=True,
    ):
        assert words in reason


def test_a_ragged_table_row_is_set_aside(tmp_path: Path) -> None:
    data = build(tmp_path, {"a.csv": 'q,steps,good\n"2, or 3?",4,1\nshort,1\n3?,"6\n7",0\n'})
    assert [x.problem.text for x in data] == ["2, or 3?", "3?"]
    assert [(q.row, q.reason[:7]) for q in data.quarantine] == [(2, "2 cells")]


def test_a_stray_quote_in_a_tsv_swallows_nothing(tmp_path: Path) -> None:
    data = build(tmp_path, {"a.tsv": 'q\tsteps\tgood\n"open\t1\t1\nnext\t2\t0\n'})
    assert [x.problem.text for x in data] == ['"open', "next"]


def test_readers_are_held_to_their_word(tmp_path: Path) -> None:
    def twice(row: Row) -> list[Sample]:
        return [*parse(row), *parse(row)]

    def astray(row: Row) -> list[Sample]:
        return [s._replace(problem=Problem("other", "q")) for s in parse(row)]

    def half(row: Row) -> Iterator[Sample]:
        yield from parse(row)
        raise RecordError("second half is bad", do="mend it")

    found = build(tmp_path, {"a.jsonl": FORMATS["a.jsonl"]})
    for reader, words, kept in (
        (twice, "duplicate id", 0),
        (astray, "is not its problem", 0),
        (half, "second half", 0),
    ):
        data = Dataset(Source(found.card, reader), found.folder, found.files)
        assert len(list(data)) == kept
        assert all(words in q.reason for q in data.quarantine)
        assert len(data.quarantine) == 2


def test_missing_sets_say_where_was_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(card("a.jsonl"), parse)
    monkeypatch.delenv("PRMKIT_DATA", raising=False)
    with pytest.raises(DataError, match="PRMKIT_DATA is not set") as caught:
        open_dataset(source)
    assert "me/toy" in caught.value.do
    monkeypatch.setenv("PRMKIT_DATA", os.pathsep.join([str(tmp_path / "x"), "", str(tmp_path)]))
    assert data_folders() == [tmp_path / "x", tmp_path]
    with pytest.raises(DataError, match=str(tmp_path)):
        open_dataset(source)
    (tmp_path / "math" / "toy").mkdir(parents=True)
    with pytest.raises(DataError, match=r"lacks a\.jsonl"):
        open_dataset(source)
    (tmp_path / "math" / "toy" / "a.jsonl").write_text(FORMATS["a.jsonl"])
    assert len(list(open_dataset(source))) == 2
    with pytest.raises(DataError, match=r"did you mean 'a\.jsonl'"):
        open_dataset(source, files=["b.jsonl"])


def test_the_first_folder_wins(tmp_path: Path) -> None:
    build(tmp_path / "one", {"a.jsonl": json.dumps(ROWS[0])})
    build(tmp_path / "two", {"a.jsonl": FORMATS["a.jsonl"]})
    source = Source(card("a.jsonl"), parse)
    assert len(list(open_dataset(source, folders=[tmp_path / "one", tmp_path / "two"]))) == 1


def test_unknown_formats_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read '\.xls'"):
        list(build(tmp_path, {"a.xls": ""}))


def test_frames(tmp_path: Path) -> None:
    data = build(tmp_path, {"a.jsonl": FORMATS["a.jsonl"]})
    frame = data.to_pandas()
    assert list(frame["completions"]) == [["4", "5"], ["6"]]
    assert list(frame["labels"]) == [[1.0, 1.0], [0.0]]


def test_hub_frames_have_stepwise_columns(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    table = build(tmp_path, {"a.jsonl": FORMATS["a.jsonl"]}).to_hf()
    assert table[0]["prompt"] == "2 + 2?"
    assert table[0]["completions"] == ["4", "5"]
    assert table[0]["reference"] == "null"


def test_a_real_file_streams(data_root: Path) -> None:
    real = DatasetCard(
        "gsm8k", "math/gsm8k", (FileCard("train.jsonl.gz", 0),), "", "MIT", "outcome", "problem"
    )
    data = open_dataset(Source(real, lambda row: []), folders=[data_root])
    rows = list(data.rows())
    assert len(rows) > 5000
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert data.quarantine == []


def test_rows_may_refer_to_rows_of_earlier_files(tmp_path: Path) -> None:
    class Joined:
        def __init__(self) -> None:
            self.questions: dict[str, str] = {}

        def __call__(self, row: Row) -> list[Sample]:
            if row.file == "questions.jsonl":
                self.questions[row.data["id"]] = row.data["q"]
                return []
            return list(parse(row._replace(data={**row.data, "q": self.questions[row.data["id"]]})))

    files = {
        "questions.jsonl": '{"id": "a", "q": "2 + 2?"}',
        "a.jsonl": '{"id": "a", "steps": "4", "good": 1}\n{"id": "b", "steps": "5", "good": 1}',
    }
    found = build(tmp_path, files)
    data = Dataset(Source(found.card, parse, joined=Joined), found.folder, found.files)
    for _ in range(2):
        assert [sample.problem.text for sample in data] == ["2 + 2?"]
        assert [(q.row, q.reason) for q in data.quarantine] == [(2, "KeyError: 'b'")]
    alone = Dataset(data.source, data.folder, ("a.jsonl",))
    assert not list(alone)
    assert len(alone.quarantine) == 2, "an iteration remembers nothing of the ones before"
