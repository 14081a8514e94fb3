"""The command: the PRM that a domain ships, at a small size; files, exit codes, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prmkit import plugins
from prmkit.cli.main import main
from prmkit.judging.audit.run import CHECKS

pytest.importorskip("prmkit_math")
FAST = ("--size", "8", "--draws", "200")


def call(*args: object) -> int:
    with pytest.raises(SystemExit) as left:
        main(["audit", *map(str, args)])
    return int(left.value.code or 0)


def test_the_shipped_prm(tmp_path: Path, capsys) -> None:
    assert call(*FAST, "--cell", "sum/2", "--cell", "expr/1", "--out", tmp_path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "audit.json").read_text()) | {"quarantine": []} == told
    assert {one["check"] for one in told["findings"]} == set(CHECKS)
    exact = [
        one for one in told["findings"] if one["check"] == "invariance" and "precision" not in one["name"]
    ]
    assert len(exact) == 5
    assert {one["verdict"] for one in exact} == {"fine"}
    precise = next(one for one in told["findings"] if one["name"].startswith("precision"))
    assert precise["n"] > 0
    assert next(one for one in told["findings"] if one["check"] == "convention")["figures"][0]["value"] > 0.8
    page = (tmp_path / "index.html").read_text()
    for title in CHECKS.values():
        assert title in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "| n | problems |" in (tmp_path / "audit.md").read_text()


def test_labelled_rows_training_data_and_the_exit_code(tmp_path: Path, capsys) -> None:
    rows = [
        {
            "id": f"{i}-{sum_}",
            "domain": "math",
            "problem": {"id": f"p{i}", "text": f"Add {i} 5 ."},
            "steps": [f"{i} + 5 = {sum_} .", f"The answer is {sum_} ."],
            "labels": [1.0, 1.0] if sum_ == i + 5 else [0.0, None],
        }
        for i in range(10, 18)
        for sum_ in (i + 5, i + 6)
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows) + "not a row\n")
    given = ("--in", file, "--training", file, "--check", "contamination", "--check", "calibration")
    assert call(*FAST, *given, "--fail-on", "warning", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["data"]["suites"]["rows"] == {"n": 16, "clusters": 8}
    assert [one["check"] for one in told["findings"]] == ["calibration", "contamination"]
    assert told["findings"][1]["verdict"] == "warning"
    assert told["quarantine"]


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("--prm", "no-such-folder"), 1, "no-such-folder"),
        (("--domain", "maths"), 1, "math"),
        (("--suite", "processbench"), 1, "processbench-"),
        (("--cell", "sums/2"), 1, "sum/"),
        (("--in", "no-such-file"), 1, "no-such-file"),
        (("--size", "0"), 2, "--size"),
        (("--check", "luck"), 2, "--check"),
    ],
)
def test_bad_input(given, code, said, capsys) -> None:
    assert call(*given) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_a_wrong_folder_is_told_before_tasks_are_made(monkeypatch, capsys) -> None:
    monkeypatch.setattr("prmkit.cli.audit._probes", lambda *given: pytest.fail("tasks were made"))
    assert call("--prm", "no-such-folder") == 1
    assert "no-such-folder" in capsys.readouterr().err


def test_a_folder_that_is_no_prm_and_rows_without_labels(tmp_path: Path, capsys) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert call("--prm", tmp_path) == 1
    bare = tmp_path / "bare.jsonl"
    bare.write_text('{"id": "a", "problem": {"text": "Add 1 2 ."}, "steps": ["1 + 2 = 3 ."]}\n')
    assert call("--in", bare) == 1
    assert "no labelled solution" in capsys.readouterr().err


def test_room_for_no_step_is_refused(capsys) -> None:
    folder = plugins.domain("math").resource("weights/prm")
    assert call("--prm", folder, "--max-tokens", "2", *FAST) == 1
    assert "scores no step" in capsys.readouterr().err
