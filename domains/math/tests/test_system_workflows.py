"""The published-system workflows on the real data, at smoke size."""

import json
import os
import subprocess
import sys

import pytest


def run(name, out, **env):
    command = [
        sys.executable,
        "-m",
        "prmkit",
        "run",
        f"systems/{name}",
        "--preset",
        "smoke",
        "--out",
        str(out),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, **env})


@pytest.mark.parametrize(
    ("name", "suites"),
    [
        ("prmbench", {"prmbench-smoke-60": "prmbench_score_fixed", "prmbench-smoke-60-again": ""}),
        ("qwen-math-rm", {"math-best-of-8-smoke-80": "best_of_8"}),
    ],
)
def test_a_system_runs_to_its_report(name, suites, data_root, tmp_path):
    done = run(name, tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "eval.json").read_text())["suites"]
    assert set(found) == set(suites)
    for suite, metric in suites.items():
        assert not metric or metric in found[suite]["scorers"]["verifier"]["metrics"]
    assert (tmp_path / "report" / "index.html").stat().st_size > 10_000


def test_without_data_every_stage_says_what_it_lacks(tmp_path):
    done = run("prmbench", tmp_path, PRMKIT_DATA=str(tmp_path))
    assert "math/prmbench" in done.stdout + done.stderr
