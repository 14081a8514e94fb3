"""The command line: help, exit codes, JSON, and that listing commands costs nothing."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from prmkit import plugins
from prmkit.cli.main import COMMANDS, app, main

TRACE = {
    "id": "t1",
    "problem": {"text": "What is 3 times 15?"},
    "steps": ["3 * 15 = 46", "The answer is 46."],
}


def call(*args: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(arg) for arg in args])
    return int(left.value.code or 0)


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    path = tmp_path / "traces.jsonl"
    path.write_text(json.dumps(TRACE) + "\n")
    return path


def commands() -> list[tuple[str, click.Command]]:
    found = []
    for name in COMMANDS:
        command = importlib.import_module(f"prmkit.cli.{name}").command
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", inner) for sub, inner in command.commands.items()]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_shows_an_example_and_speaks_json(name: str, command: click.Command, capsys) -> None:
    assert call(*name.split(), "--help") == 0
    shown = capsys.readouterr().out
    assert "Example:" in shown
    assert "prmkit " in shown.split("Example:")[1]
    assert any("--json" in option.opts for option in command.params), "no --json"


def test_the_table_of_commands_tells_the_truth() -> None:
    for name, line in COMMANDS.items():
        command = app.get_command(click.Context(app), name)
        assert command.name == name
        assert command.help.partition("\n")[0] == line


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom prmkit.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'pandas', 'pyarrow', 'transformers',"
        " 'rich', 'jinja2', 'numpy', 'yaml')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.rstrip().endswith("[]")
    for name in COMMANDS:
        assert f"\n  {name} " in shown


def test_module_form_works() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prmkit", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "prmkit,")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["chek"], "Did you mean 'check'?"),
        (["zzz"], "Commands: check"),
        (["check"], "Missing argument"),
        (["check", "x", "--fail-no", "FAILS"], "--fail-on"),
        (["check", "x", "--fail-on", "MAYBE"], "FAILS"),
        (["score", "--in", "x"], "give either --prm PATH or --domain NAME"),
        (["domains", "tset", "math"], "No such command"),
    ],
)
def test_wrong_usage_is_two_and_suggests(args: list[str], message: str, capsys) -> None:
    assert call(*args) == 2
    assert message in capsys.readouterr().err


def test_errors_are_one_with_advice_and_without_traceback(capsys, tmp_path: Path) -> None:
    assert call("check", tmp_path / "nothing.jsonl") == 1
    shown = capsys.readouterr().err
    assert shown.startswith("prmkit: ")
    assert "what to do:" in shown
    assert "Traceback" not in shown


def test_a_domain_without_models_says_so(traces: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    bare = plugins.DomainPlugin(name="bare", summary="", package="prmkit", prm="", policy="")
    monkeypatch.setattr(plugins, "_scan", lambda: ({"bare": bare}, {}))
    assert call("score", "--domain", "bare", "--in", traces, "--out", tmp_path / "s.jsonl") == 1
    told = capsys.readouterr().err
    assert "'bare' ships no model of this kind" in told
    assert "--prm" in told


def test_debug_shows_where(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prmkit", "--debug", "check", str(tmp_path / "nothing.jsonl")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_check_finds_the_wrong_step(traces: Path, tmp_path: Path, capsys) -> None:
    assert call("check", traces, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["traces"] == 1
    assert found["steps"]["FAILS"] >= 1
    assert {f["step"] for f in found["findings"] if f["verdict"] == "FAILS"} >= {0}
    page = tmp_path / "page.html"
    assert call("check", traces, "--fail-on", "FAILS", "--html", page) == 1
    assert "46" in capsys.readouterr().out
    assert "<html" in page.read_text()[:500]


def test_check_reads_standard_input(capsys) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prmkit", "check", "-", "--json"],
        input="First 2 + 2 = 5. Then we stop.", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"]["FAILS"] == 1


def test_verify_writes_one_line_per_step_and_verifier(traces: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "evidence.jsonl"
    assert call("verify", "--domain", "math", "--in", traces, "--out", out, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == told["evidence"]
    assert len({(row["step"], row["verifier"]) for row in rows}) == len(rows)
    assert any(row["verdict"] == "FAILS" for row in rows)


def test_evaluate_measures_tools_where_gold_and_evidence_are_given(tmp_path: Path, capsys) -> None:
    gold, evidence = tmp_path / "gold.jsonl", tmp_path / "evidence.jsonl"
    rows = [{**TRACE, "id": f"t{i}", "labels": [0.0, None]} for i in range(3)]
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert (
        call("verify", "--domain", "math", "--verifier", "arithmetic", "--in", gold, "--out", evidence) == 0
    )
    capsys.readouterr()
    asked = ("evaluate", "--in", gold, "--evidence", evidence, "--draws", 20)
    assert call(*asked, "--json") == 0
    (record,) = json.loads(capsys.readouterr().out)["suites"].values()
    ((name, tool),) = record["verifiers"].items()
    assert name.startswith("math/arithmetic@")
    assert tool["metrics"]["fails_recall"]["value"] == 1.0
    assert tool["metrics"]["fails_recall"]["low"] < 1.0, "three rows of one problem prove little"
    assert tool["places"][0]["wrong"] == 3
    assert call(*asked) == 0
    assert "tools against gold" in capsys.readouterr().out


def test_domains_and_data_list_what_is_there(capsys, monkeypatch) -> None:
    assert call("domains", "--json") == 0
    names = [row["name"] for row in json.loads(capsys.readouterr().out)["domains"]]
    assert "math" in names
    monkeypatch.setenv("PRMKIT_DATA", "")
    assert call("data", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["found"] for row in rows} == {None}
    assert call("data", "gsm8k", "--json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "math/gsm8k"
    assert call("data") == 0
    assert "PRMKIT_DATA is not set" in capsys.readouterr().err


def test_domain_test_and_new(tmp_path: Path, capsys) -> None:
    assert call("domains", "new", "chess", "--out", tmp_path, "--json") == 0
    files = json.loads(capsys.readouterr().out)
    assert files[0].endswith("chess/pyproject.toml")
    assert all(Path(file).exists() for file in files)


def test_run_plans_runs_and_goes_on(tmp_path: Path, capsys, traces: Path) -> None:
    workflow = tmp_path / "small.yaml"
    workflow.write_text(
        f"name: small\nstages:\n  read: {{uses: load, with: {{file: {traces}}}}}\n"
        "  evidence: {uses: verify, inputs: {samples: read}, with: {domain: math, verifiers: [arithmetic]}}\n"
    )
    out = tmp_path / "run"
    assert call("run", workflow, "--plan", "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert [stage["stage"] for stage in plan["stages"]] == ["read", "evidence"]
    assert not out.exists()
    assert call("run", workflow, "--out", out) == 0
    assert "2 stages ran" in capsys.readouterr().out
    assert call("run", workflow, "--out", out, "--json") == 0
    assert {s["status"] for s in json.loads(capsys.readouterr().out)["stages"].values()} == {"reused"}
    assert call("view", out, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["s"][0]["v"] == "FAILS"
    page = tmp_path / "view.html"
    assert call("view", out, "--html", page) == 0
    assert page.exists()


def test_view_reads_files_and_filters(traces: Path, capsys) -> None:
    assert call("view", traces) == 0
    assert "3 * 15 = 46" in capsys.readouterr().out
    assert call("view", traces, "--id", "other") == 0
    assert "nothing passes" in capsys.readouterr().out
