"""Bad input at the command line: what is said, where, what to do; and nothing is lost."""

from __future__ import annotations

import builtins
import errno
import importlib.metadata
import json
import os
import shutil
from pathlib import Path

import pytest

from prmkit import plugins
from prmkit.cli.main import main

VERIFY = ("verify", "--domain", "math", "--verifier", "arithmetic")
"""One tool is enough here, and the others take long to import."""
GOOD = {"id": "a", "domain": "math", "problem": {"text": "2 + 3?"}, "steps": ["2 + 3 = 5", "So 5."]}


def call(*args: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(arg) for arg in args])
    return int(left.value.code or 0)


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows))
    return path


def refused(capsys, *parts: str) -> None:
    """The last command said all of ``parts``, with advice and without a traceback."""
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "what to do: " in said
    for part in parts:
        assert part in said, said


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ("{'id': 1", "", "not JSON"),
        ("[1, 2]", "", "must be an object"),
        ({k: v for k, v in GOOD.items() if k != "steps"}, "steps", "no 'steps'"),
        ({**GOOD, "problem": "2 + 3?"}, "problem", "must be an object"),
        ({**GOOD, "id": 7}, "id", "not a non-empty string"),
        ({**GOOD, "steps": "2 + 3 = 5"}, "steps", "no steps"),
        ({**GOOD, "steps": ["fine", 5]}, "steps[1]", "must be a string or an object"),
        ({**GOOD, "labels": [1.0]}, "labels", "1 entries for 2 steps"),
        ({**GOOD, "labels": [1.0, True]}, "labels[1]", "true/false"),
        (json.dumps({**GOOD, "labels": [1.0, None]}).replace("null", "NaN"), "", "NaN is not JSON"),
        ({**GOOD, "labels": [1.0, 7]}, "labels[1]", "outside [0, 1]"),
        ({**GOOD, "steps": []}, "steps", "no steps"),
        ({**GOOD, "steps": ["  ", ""]}, "steps", "every step is empty"),
        (GOOD, "id", "stands in row 1 already"),
    ],
)
def test_bad_row_is_set_aside_with_its_place_and_the_rest_goes_on(
    tmp_path: Path, capsys, row: object, field: str, message: str
) -> None:
    file = write(tmp_path / "t.jsonl", GOOD, row, {**GOOD, "id": "c"})
    out = tmp_path / "evidence.jsonl"
    assert call(*VERIFY, "--in", file, "--out", out, "--json") == 0
    (bad,) = json.loads(capsys.readouterr().out)["quarantine"]
    assert (bad["file"], bad["row"]) == (str(file), 2)
    assert message in bad["reason"]
    assert not field or f"'{field}'" in bad["reason"]
    assert {json.loads(line)["trajectory_id"] for line in out.read_text().splitlines()} == {"a", "c"}


def test_bad_rows_of_a_run_stand_in_quarantine(tmp_path: Path, capsys) -> None:
    file = write(tmp_path / "t.jsonl", GOOD, "{oops", {**GOOD, "id": "c", "labels": [1]})
    workflow = tmp_path / "w.yaml"
    workflow.write_text(f"stages: {{read: {{uses: load, with: {{file: {file}}}}}}}")
    assert call("run", workflow, "--out", tmp_path / "run") == 0
    assert "2 bad rows were set aside" in capsys.readouterr().out
    rows = [json.loads(x) for x in (tmp_path / "run/quarantine/read.jsonl").read_text().splitlines()]
    assert [row["row"] for row in rows] == [2, 3]


def test_nothing_readable_is_a_failure(tmp_path: Path, capsys) -> None:
    file = write(tmp_path / "t.jsonl", "{oops")
    assert call(*VERIFY, "--in", file, "--out", tmp_path / "e.jsonl") == 1
    assert f"{file}:1: " in capsys.readouterr().err


def test_labels_of_other_solutions(tmp_path: Path, capsys) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    write(tmp_path / "other.jsonl", {**GOOD, "id": "z"})
    assert call(*VERIFY, "--in", tmp_path / "other.jsonl", "--out", tmp_path / "e.jsonl") == 0
    capsys.readouterr()
    out = tmp_path / "l.jsonl"
    assert call("label", "--in", file, "--evidence", tmp_path / "e.jsonl", "--out", out) == 1
    refused(capsys, "e.jsonl", "evidence of 'z'", "names no trajectory")
    assert not out.exists()


def test_evidence_of_another_cut(tmp_path: Path, capsys) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    assert call(*VERIFY, "--in", file, "--out", tmp_path / "e.jsonl") == 0
    write(tmp_path / "cut.jsonl", {**GOOD, "steps": ["2 + 3", "= 5", "So 5."]})
    capsys.readouterr()
    assert (
        call(
            "label",
            "--in",
            tmp_path / "cut.jsonl",
            "--evidence",
            tmp_path / "e.jsonl",
            "--out",
            tmp_path / "l",
        )
        == 1
    )
    refused(capsys, "steps_digest", "verify again after cutting steps anew")


# ---------------------------------------------------------------- names and settings


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (("check", "{file}", "--domain", "mth"), ("no domain 'mth'", "did you mean 'math'")),
        (("verify", "--domain", "mth", "--in", "{file}", "--out", "{dir}/e"), ("no domain 'mth'",)),
        (("domains", "test", "mth"), ("no domain 'mth'",)),
        (("run", "mth"), ("no workflow is called 'mth'", "did you mean 'math'")),
        (("run", "systems/none"), ("no system 'none' ships a workflow",)),
        (("run", "nowhere.yaml"), ("nowhere.yaml", "no such workflow file")),
        (("data", "gms8k"), ("no installed domain knows the data set 'gms8k'",)),
        (("systems", "procesbench"), ("did you mean 'processbench'",)),
        (("run", "math", "--preset", "smoek", "--plan"), ("'smoek'", "did you mean 'smoke'")),
        (("run", "math", "--set", "judge.drwas=3", "--plan"), ("judge.drwas", "did you mean 'draws'")),
        (("run", "math", "--set", "judge.draws=many", "--plan"), ("judge.draws", "'many'")),
        (("run", "math", "--set", "juge.draws=3", "--plan"), ("'juge'", "did you mean 'judge'")),
        (("train", "--in", "{file}", "--out", "{dir}/p", "--domain", "math", "--set", "epoch=1"),
         ("no field 'epoch'", "did you mean 'epochs'")),
        (("report", "{dir}/nothing", "--out", "{dir}/r"), ("nothing", "no such run folder")),
        (("view", "{dir}"), ("holds no trajectories",)),
        (("score", "--prm", "{dir}", "--in", "{file}"), ("{dir}",)),
    ],
)  # fmt: skip
def test_wrong_name_or_setting(tmp_path: Path, capsys, args: tuple[str, ...], parts: tuple[str, ...]) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    filled = [arg.format(file=file, dir=tmp_path) for arg in args]
    assert call(*filled) == 1
    refused(capsys, *(part.format(file=file, dir=tmp_path) for part in parts))


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "holds nothing to check"),
        (b"\xff\xfe\x00\x01 binary", "is not UTF-8 text"),
        (b'{"messages": [', "JSON"),
    ],
)
def test_check_of_a_file_that_is_none(tmp_path: Path, capsys, content: bytes, part: str) -> None:
    (tmp_path / "log.json").write_bytes(content)
    assert call("check", tmp_path / "log.json") == 1
    refused(capsys, "log.json", part)


# ---------------------------------------------------------------- data and plug-ins


def test_missing_data_folder(tmp_path: Path, capsys, monkeypatch) -> None:
    workflow = tmp_path / "w.yaml"
    workflow.write_text("stages: {read: {uses: load, with: {domain: math, dataset: gsm8k}}}")
    for value, part in (("", "PRMKIT_DATA is not set"), (str(tmp_path / "none"), str(tmp_path / "none"))):
        monkeypatch.setenv("PRMKIT_DATA", value)
        assert call("run", workflow, "--out", tmp_path / "run") == 1
        refused(capsys, "data set 'gsm8k' not found", part, "set PRMKIT_DATA to the folder that holds")


def test_data_folder_without_a_file(tmp_path: Path, capsys, monkeypatch) -> None:
    (tmp_path / "math" / "gsm8k").mkdir(parents=True)
    monkeypatch.setenv("PRMKIT_DATA", str(tmp_path))
    workflow = tmp_path / "w.yaml"
    workflow.write_text("stages: {read: {uses: load, with: {domain: math, dataset: gsm8k}}}")
    assert call("run", workflow, "--out", tmp_path / "run") == 1
    refused(capsys, str(tmp_path / "math" / "gsm8k"), "lacks", "copy the set again")


def test_broken_plugin_is_listed_and_disturbs_nobody(tmp_path: Path, capsys, monkeypatch) -> None:
    real = importlib.metadata.entry_points

    def with_broken(**given: str):
        found = real(**given)
        if given.get("group") != plugins.GROUP:
            return found
        return [*found, importlib.metadata.EntryPoint("broken", "no_such_package:plugin", plugins.GROUP)]

    monkeypatch.setattr(importlib.metadata, "entry_points", with_broken)
    plugins.refresh()
    try:
        assert call("domains", "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert "math" in [row["name"] for row in told["domains"]]
        assert "no_such_package" in told["broken"]["broken"]
        assert call("check", write(tmp_path / "t.jsonl", GOOD)) == 0
        capsys.readouterr()
        assert call("domains", "test", "broken") == 1
        refused(capsys, "installed but broken", "ModuleNotFoundError", "reinstall")
    finally:
        monkeypatch.undo()
        plugins.refresh()


# ---------------------------------------------------------------- disk


def test_file_changed_between_stages(tmp_path: Path, capsys) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    workflow = tmp_path / "w.yaml"
    workflow.write_text(
        f"stages:\n  read: {{uses: load, with: {{file: {file}}}}}\n"
        "  evidence: {uses: verify, inputs: {samples: read}, with: {domain: math, verifiers: [arithmetic]}}\n"
    )
    run = tmp_path / "run"
    assert call("run", workflow, "--out", run) == 0
    shard = run / "records/main/samples/00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    assert call("run", workflow, "--out", run, "--from", "evidence") == 1
    refused(capsys, "records/main/samples", "was changed after stage 'read' wrote it", "--from read")
    assert call("run", workflow, "--out", run, "--from", "read") == 0


def full(monkeypatch, below: Path) -> None:
    """From now on the disk is full for files below a folder."""
    real = Path.open

    def no_room(self: Path, mode: str = "r", *args, **given):
        if any(sign in mode for sign in "wax") and self.is_relative_to(below):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return real(self, mode, *args, **given)

    monkeypatch.setattr(Path, "open", no_room)


def test_disk_full_keeps_what_was_there(tmp_path: Path, capsys, monkeypatch) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    out = write(
        tmp_path / "out" / "e.jsonl" if (tmp_path / "out").mkdir() else tmp_path / "out/e.jsonl", {"old": 1}
    )
    full(monkeypatch, tmp_path / "out")
    assert call(*VERIFY, "--in", file, "--out", out) == 1
    refused(capsys, "e.jsonl", "the disk is full", "free some space")
    monkeypatch.undo()
    assert json.loads(out.read_text()) == {"old": 1}


def test_disk_full_in_a_run_goes_on_later(tmp_path: Path, capsys, monkeypatch) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    workflow = tmp_path / "w.yaml"
    workflow.write_text(
        f"stages:\n  read: {{uses: load, with: {{file: {file}}}}}\n"
        "  evidence: {uses: verify, inputs: {samples: read}, with: {domain: math, verifiers: [arithmetic]}}\n"
    )
    run = tmp_path / "run"
    full(monkeypatch, run / ".work/evidence")
    assert call("run", workflow, "--out", run) == 1
    refused(capsys, "the disk is full", "free some space and run the same command again")
    assert (run / "stages/read.done.json").exists()
    assert not (run / "stages/evidence.done.json").exists()
    monkeypatch.undo()
    assert call("run", workflow, "--out", run) == 0
    assert "1 stages ran, 1 were done already" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["run", "verify", "check", "report"])
def test_output_that_cannot_be_written(tmp_path: Path, capsys, command: str) -> None:
    # As root nothing is read-only; a file where a folder belongs refuses everybody.
    file = write(tmp_path / "t.jsonl", GOOD)
    (tmp_path / "file").write_text("")
    below = tmp_path / "file" / "out"
    workflow = tmp_path / "w.yaml"
    workflow.write_text(f"stages: {{read: {{uses: load, with: {{file: {file}}}}}}}")
    (tmp_path / "eval.json").write_text('{"suites": {}}')
    args = {
        "run": ("run", workflow, "--out", below),
        "verify": (*VERIFY, "--in", file, "--out", below / "e.jsonl"),
        "check": ("check", file, "--html", below / "page.html"),
        "report": ("report", tmp_path / "eval.json", "--out", below),
    }[command]
    assert call(*args) == 1
    refused(capsys, str(tmp_path / "file"), "choose")


def test_read_only_folder(tmp_path: Path, capsys, monkeypatch) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    real = builtins.open

    def read_only(*args, **given):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path / "e.jsonl"))

    monkeypatch.setattr(
        Path,
        "open",
        lambda self, mode="r", *a, **g: read_only() if "w" in mode else real(self, mode, *a, **g),
    )
    assert call(*VERIFY, "--in", file, "--out", tmp_path / "e.jsonl") == 1
    refused(capsys, "the folder is read-only", "choose an output folder")


# ---------------------------------------------------------------- PRM folders


@pytest.fixture(scope="module")
def prm_folder(tmp_path_factory) -> Path:
    """A PRM folder of the smallest kind, untrained."""
    pytest.importorskip("torch")
    try:
        policy = plugins.domain("math").resource(plugins.domain("math").policy)
    except plugins.PluginError as error:
        pytest.skip(str(error))
    from prmkit.model.prm import PRM

    return PRM.create(policy, init="random").save(tmp_path_factory.mktemp("prm") / "prm")


def test_prm_of_another_renderer(prm_folder: Path, tmp_path: Path, capsys) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    assert call("score", "--prm", prm_folder, "--in", file) == 0
    capsys.readouterr()
    other = tmp_path / "prm"
    shutil.copytree(prm_folder, other)
    card = json.loads((other / "prmkit.json").read_text())
    card["spec"]["after_problem"] = " -> "
    (other / "prmkit.json").write_text(json.dumps(card))
    assert call("score", "--prm", other, "--in", file) == 1
    refused(capsys, str(other), "'renderer'", "trained with renderer", "or train again")


def test_prm_folder_with_damaged_card(prm_folder: Path, tmp_path: Path, capsys) -> None:
    file = write(tmp_path / "t.jsonl", GOOD)
    other = tmp_path / "prm"
    shutil.copytree(prm_folder, other)
    (other / "prmkit.json").write_text("{")
    assert call("score", "--prm", other, "--in", file) == 1
    refused(capsys, "prmkit.json")
