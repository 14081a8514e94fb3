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
    run([], str(causal_folder), str(tmp_path / "one"), layout, "")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    run(launch, str(causal_folder), str(tmp_path / "two"), layout, "")
    same(tmp_path / "one", tmp_path / "two", rtol=1e-3, atol=1e-4)
    run(launch, str(causal_folder), str(tmp_path / "shards"), layout, "sharded")
    same(tmp_path / "two", tmp_path / "shards", rtol=1e-3, atol=1e-4)
    same(tmp_path / "shards", tmp_path / "shards", "resumed", rtol=0, atol=0)


def same(one, two, name="prm", **near):
    mine, others = load_prm(one / "prm").module, load_prm(two / name).module
    for (name, own), other in zip(mine.named_parameters(), others.parameters(), strict=True):
        torch.testing.assert_close(own, other, msg=lambda text, name=name: f"{name}: {text}", **near)
