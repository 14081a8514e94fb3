"""Training on several processes gives what one process gives that accumulates their batches."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from prmkit import PRM, load_prm
from prmkit.model.heads import HeadOptions
from prmkit.train.next_token import NextToken
from prmkit.train.shards import whole

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


@pytest.mark.parametrize("head", ["next_token", "exit"])
def test_every_part_is_filled_and_given_back(head, causal_folder):
    """Parameters of the module itself, and parts of a head, as well as the network."""
    if head == "exit":
        module = PRM.create(causal_folder, head=head, options=HeadOptions(halt_prior=0.2), seed=3).module
    else:
        module = NextToken.create(causal_folder).module
    before = dict(module.named_parameters())
    state = {name: one + 1 for name, one in module.state_dict().items()}
    with whole(module, state):
        inside = module.state_dict()
        assert set(inside) == set(state)
        assert all(torch.equal(inside[name], one) for name, one in state.items())
    after = dict(module.named_parameters())
    assert all(after[name] is one for name, one in before.items())
