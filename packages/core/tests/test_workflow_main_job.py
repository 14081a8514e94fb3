"""The main job, smallest preset: every stage runs, a kill changes nothing, the report stands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prmkit import plugins

KILLED_IN = ("train_evidence", "prm", "judge")
"""Stages in which the run is killed: one of tools, one of training, one of figures."""

COMMAND = (sys.executable, "-m", "prmkit", "run", "math", "--preset", "smoke", "--json")


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    pytest.importorskip("torch")
    if "math" not in plugins.domains():
        pytest.skip("prmkit-math is not installed")
    return {**os.environ, "PRMKIT_DATA": "", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def digests(out: Path) -> dict[str, dict[str, str]]:
    stages = json.loads((out / "manifest.json").read_text())["stages"]
    return {name: stage.get("outputs", {}) for name, stage in stages.items()}


def killed(out: Path, stage: str, environment: dict[str, str]) -> None:
    """Start the run and kill it as soon as it works on ``stage``."""
    process = subprocess.Popen([*COMMAND, "--out", out], env=environment, stdout=-3, stderr=-3)
    while process.poll() is None and not (out / ".work" / stage).exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "stages" / f"{stage}.done.json").exists()


def test_killed_run_goes_on_to_the_same_digests(tmp_path: Path, environment: dict[str, str]) -> None:
    whole, broken = tmp_path / "whole" / "run", tmp_path / "broken" / "run"
    first = subprocess.run(
        [*COMMAND, "--out", whole], env=environment, capture_output=True, text=True, check=False
    )
    assert first.returncode == 0, first.stderr[-3000:]
    for stage in KILLED_IN:
        killed(broken, stage, environment)
    last = subprocess.run(
        [*COMMAND, "--out", broken], env=environment, capture_output=True, text=True, check=False
    )
    assert last.returncode == 0, last.stderr[-3000:]
    assert digests(broken) == digests(whole)
    told = json.loads(last.stdout)["stages"]
    assert told["judge"]["status"] == "ran"
    assert told["train_samples"]["status"] == "reused"
    figures = json.loads((whole / "eval.json").read_text())["suites"]["generated-math"]["scorers"]
    assert {"prm", "orm", "surprisal", "verifier", "majority", "oracle", "random", "position"} <= set(figures)
    assert (whole / "report" / "index.html").stat().st_size > 10_000
    assert "Loading weights" not in first.stderr
    manifest = (whole / "manifest.json").read_text()
    assert str(tmp_path) not in manifest
