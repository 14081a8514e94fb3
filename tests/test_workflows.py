"""The workflows of all domains, smallest preset, through the comparison: one run folder each, one page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from prmkit import plugins

TOLD = [name for name in plugins.domains() if plugins.domain(name).workflow]
SCORERS = {"prm", "prm-plain", "orm", "surprisal", "verifier", "majority", "oracle", "random", "position"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("compared") / "run"
    done = subprocess.run(
        [sys.executable, "-m", "prmkit", "run", "compare", "--preset", "smoke", "--out", out],
        env={**os.environ, "PRMKIT_DATA": "", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out


@pytest.mark.parametrize("name", TOLD)
def test_every_domain_judges_all_rivals_on_its_own_tasks(compared: Path, name: str) -> None:
    suites = json.loads((compared / f"runs/{name}/eval.json").read_text())["suites"]
    record = suites[f"generated-{name}"]
    assert set(record["scorers"]) >= SCORERS
    assert record["domain"] == name
    assert f"generated-{name}-ladder" in suites


def test_one_page_tells_of_all(compared: Path) -> None:
    page = (compared / "report/report.md").read_text()
    for name in TOLD:
        assert f"generated-{name}" in page
