"""The workflows of all domains, smallest preset, through the comparison: one run folder each, one page.

One of them is run again and killed in between: what it gives must not differ.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from prmkit import plugins

TOLD = [name for name in plugins.domains() if plugins.domain(name).workflow]
SCORERS = {"prm", "prm-plain", "orm", "surprisal", "verifier", "majority", "oracle", "random", "position"}
KILLED_IN = ("train_evidence", "prm", "judge")
"""Stages in which the run is killed: one of tools, one of training, one of figures."""


def started(*given: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "prmkit", "run", *map(str, given)],
        env={**os.environ, "PRMKIT_DATA": "", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate()
    assert process.returncode == 0, err[-3000:]
    assert "Loading weights" not in err
    return out, err


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("compared") / "run"
    ended(started("compare", "--preset", "smoke", "--out", out))
    return out


@pytest.mark.parametrize("name", TOLD)
def test_every_domain_judges_all_rivals_on_its_own_tasks(compared: Path, name: str) -> None:
    suites = json.loads((compared / f"runs/{name}/eval.json").read_text())["suites"]
    record = suites[f"generated-{name}"]
    assert set(record["scorers"]) >= SCORERS
    assert record["domain"] == name
    assert f"generated-{name}-ladder" in suites
    assert (compared / f"runs/{name}/report/index.html").stat().st_size > 10_000


def test_one_page_tells_of_all(compared: Path) -> None:
    page = (compared / "report/report.md").read_text()
    for name in TOLD:
        assert f"generated-{name}" in page


def digests(out: Path) -> dict[str, dict[str, str]]:
    manifest = (out / "manifest.json").read_text()
    assert str(out.parent) not in manifest
    return {name: stage.get("outputs", {}) for name, stage in json.loads(manifest)["stages"].items()}


def killed(out: Path, stage: str, command: Sequence[object]) -> None:
    """Start the run and kill it as soon as it works on ``stage``."""
    process = started(*command)
    while process.poll() is None and not (out / ".work" / stage).exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (out / "stages" / f"{stage}.done.json").exists()


def test_killed_run_goes_on_to_the_same_digests(compared: Path, tmp_path: Path) -> None:
    if "math" not in TOLD:
        pytest.skip("prmkit-math is not installed")
    broken = tmp_path / "run"
    command = ("math", "--preset", "smoke", "--json", "--out", broken)
    for stage in KILLED_IN:
        killed(broken, stage, command)
    told = json.loads(ended(started(*command))[0])["stages"]
    assert digests(broken) == digests(compared / "runs/math")
    assert told["judge"]["status"] == "ran"
    assert told["train_samples"]["status"] == "reused"
