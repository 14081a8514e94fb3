"""Scores into a file: in order, resumable, and what is shown before."""

import json

import pytest

from prmkit import PRM
from prmkit.cli.main import main
from prmkit.errors import StorageError
from prmkit.records import read_jsonl
from prmkit.score.stream import score_file
from prmkit.types import StepScores


@pytest.fixture
def prm(causal_folder):
    return PRM.create(causal_folder, seed=2)


@pytest.fixture
def rows(sample):
    return [sample(f"s{i}", [f"{i} + 3", f"= {i * 2}"]) for i in range(9)]


def test_a_killed_run_goes_on_where_it_stopped(prm, rows, tmp_path):
    whole, out = tmp_path / "whole.jsonl", tmp_path / "scores.jsonl"
    assert score_file(prm, rows, whole) == (9, 0)
    part = tmp_path / "scores.jsonl.part"
    lines = whole.read_bytes().splitlines(keepends=True)
    part.write_bytes(b"".join(lines[:4]) + lines[4][:20])  # killed in the middle of a line
    before = prm.spent.spent.tokens
    assert score_file(prm, rows, out, window=2) == (9, 4)
    assert prm.spent.spent.tokens - before < before
    assert not part.exists()
    again, first = list(read_jsonl(StepScores, out)), list(read_jsonl(StepScores, whole))
    assert [one.trajectory_id for one in again] == [row.trajectory.id for row in rows]
    for one, other in zip(again, first, strict=True):
        assert one.values == pytest.approx(other.values, abs=1e-5)


@pytest.mark.parametrize("change", ["samples", "weights", "noise", "fewer"])
def test_what_does_not_belong_is_scored_anew(prm, rows, tmp_path, change, causal_folder):
    out, part = tmp_path / "s.jsonl", tmp_path / "s.jsonl.part"
    score_file(prm, rows, out)
    out.rename(part)
    if change == "samples":
        rows = rows[::-1]
    if change == "weights":
        prm.digest = "other"
    if change == "noise":
        part.write_bytes(b"{not json}\n" + part.read_bytes())
    if change == "fewer":
        rows = rows[:3]
    count, kept = score_file(prm, rows, out)
    assert (count, kept) == ((3, 3) if change == "fewer" else (9, 0))
    assert [one.trajectory_id for one in read_jsonl(StepScores, out)] == [row.trajectory.id for row in rows]


def test_a_file_that_cannot_be_written(prm, rows, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        score_file(prm, rows, tmp_path / "file" / "s.jsonl")


def ran(*given: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(given))
    assert ended.value.code == 0


def test_the_command_resumes_and_explains(prm, tmp_path, capsys):
    folder, source, out = tmp_path / "prm", tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    prm.save(folder)
    problem = {"id": "p", "text": "3 + 4 = ? " * 20}
    lines = [{"id": f"t{i}", "problem": problem, "steps": ["3 + 4 = 7", f"so {i}"]} for i in range(6)]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    given = ["score", "--prm", str(folder), "--in", str(source)]
    ran(*given, "--explain", "--json")
    told = json.loads(capsys.readouterr().out)
    assert sum(row["solutions"] for row in told) == 6
    ran(*given, "--explain")
    assert "computed" in capsys.readouterr().out
    ran(*given, "--out", str(out))
    kept = out.read_bytes().splitlines(keepends=True)[:2]
    (tmp_path / "out.jsonl.part").write_bytes(b"".join(kept))
    capsys.readouterr()
    ran(*given, "--out", str(out), "--json")
    assert json.loads(capsys.readouterr().out)["resumed"] == 2
