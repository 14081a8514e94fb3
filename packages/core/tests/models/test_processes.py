"""Training on several processes gives what one process gives that accumulates their batches."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from prmkit import load_prm

SCRIPT = str(Path(__file__).with_name("two_processes.py"))


def run(start: list[str], *given: str) -> None:
    usual = {name: value for name, value in os.environ.items() if name != "WORLD_SIZE"}
    told = subprocess.run(
        [sys.executable, *start, SCRIPT, *given],
        capture_output=True,
        text=True,
        timeout=300,
        env={**usual, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
    )
    assert told.returncode == 0, told.stderr[-2000:]


def test_two_processes_train_what_one_does(causal_folder, tmp_path):
    layout = "auto"  # padded rows are shared out by the same code
    run([], str(causal_folder), str(tmp_path / "one"), layout)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    run(launch, str(causal_folder), str(tmp_path / "two"), layout)
    one, two = (load_prm(tmp_path / name / "prm").module for name in ("one", "two"))
    for (name, mine), other in zip(one.named_parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(
            mine, other, rtol=1e-3, atol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )
