"""A workflow inside a workflow: its folder stands in the outer one, and only what changed runs again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from prmkit.errors import ConfigError
from prmkit.workflow import run_workflow


def write(path: Path, stages: dict, presets: dict | None = None) -> Path:
    script = {"name": path.stem, "stages": stages, "presets": presets or {}}
    path.write_text(yaml.safe_dump(script, sort_keys=False))
    return path


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    stages = {
        "first": {"uses": "generate", "split": "first", "with": {"domain": "math", "n": 3}},
        "second": {"uses": "generate", "split": "second", "with": {"domain": "math", "n": 4}},
        "collect": {"uses": "collect", "with": {"notes": ["from inside"]}},
        "report": {"uses": "report", "inputs": {"eval": "collect"}},
    }
    return write(tmp_path / "inner.yaml", stages, {"demo": {}, "smoke": {"first.n": 2}})


@pytest.fixture
def outer(tmp_path: Path, inner: Path) -> Path:
    stages = {
        "one": {"uses": "run", "with": {"workflow": str(inner)}},
        "gone": {"uses": "run", "when": {"domain": "nowhere"}, "with": {"workflow": "nowhere"}},
        "collect": {"uses": "collect"},
        "report": {"uses": "report", "inputs": {"eval": "collect", "runs": ["one", "gone if run"]}},
    }
    return write(tmp_path / "outer.yaml", stages, {"smoke": {"run.preset": "smoke"}})


def inner_done(out: Path, stage: str) -> int:
    return (out / f"runs/one/stages/{stage}.done.json").stat().st_mtime_ns


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_inner_run_is_a_run_folder_and_the_page_tells_of_both(outer, tmp_path, jobs):
    out = tmp_path / "run"
    summary = run_workflow(outer, out, jobs=jobs)
    assert [stage.status for stage in summary.stages] == ["ran", "skipped", "ran", "ran"]
    assert "domain 'nowhere' is not installed" in summary.stages[1].reason
    assert json.loads((out / "runs/one/eval.json").read_text())["notes"] == ["from inside"]
    assert (out / "runs/one/report/index.html").exists()
    assert not (out / "runs/one/.work").exists()
    page = (out / "report/report.md").read_text()
    assert "'nowhere' is not installed" in page
    assert "from inside" in page
    again = run_workflow(outer, out, jobs=jobs)
    assert [stage.status for stage in again.stages] == ["reused", "skipped", "reused", "reused"]


def test_only_what_changed_inside_runs_again(outer, inner, tmp_path):
    out = tmp_path / "run"
    run_workflow(outer, out)
    before = {stage: inner_done(out, stage) for stage in ("first", "second")}
    inner.write_text(inner.read_text().replace("n: 4", "n: 5"))
    summary = run_workflow(outer, out)
    assert summary.stages[0].status == "ran"
    after = {stage: inner_done(out, stage) for stage in ("first", "second")}
    assert after["first"] == before["first"]
    assert after["second"] != before["second"]


def test_preset_and_overrides_reach_the_inner_workflow(outer, tmp_path):
    out = tmp_path / "run"
    run_workflow(outer, out, preset="smoke", sets=["one.sets={second.n: 1}"])
    settings = yaml.safe_load((out / "runs/one/config.yaml").read_text())["stages"]
    assert settings["first"]["with"]["n"] == 2
    assert settings["second"]["with"]["n"] == 1


def test_a_wrong_override_names_the_key(outer, tmp_path):
    with pytest.raises(ConfigError, match="no stage is called 'frist'"):
        run_workflow(outer, tmp_path / "run", sets=["one.sets={frist.n: 1}"])
