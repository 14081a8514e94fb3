"""Runs killed by SIGKILL, at the command and at the workflow stage: no row is repeated, none is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from prmkit.contracts import Finding
from prmkit.errors import StorageError
from prmkit.plugins import DomainPlugin
from prmkit.records import read_parquet
from prmkit.types import Code, Evidence, Problem, Sample, Trajectory, Verdict
from prmkit.verify.journal import Journal
from prmkit.verify.judge import Outcome
from prmkit.verify.run import verify

ROWS = 300


@dataclass(frozen=True)
class Slow:
    """Takes a few milliseconds, fails now and then in every way, and writes down what it was asked."""

    name: str = "toy/slow"
    version: int = 1
    scope: str = "claim"
    needs_reference: bool = False
    tools: tuple[str, ...] = ()

    def check(self, problem, trajectory):
        with Path(os.environ["TOY_CALLS"]).open("ab") as out:
            out.write(f"{trajectory.id}\n".encode())
        number = int(trajectory.id)
        # Some take far longer than any limit, in slices that can be stopped.
        for _ in range(2000 if number % 100 == 57 else 1):
            time.sleep(0.005)
        if number % 50 == 3:
            raise RuntimeError("broke")
        verdict = Verdict.FAILS if number % 3 else Verdict.HOLDS
        return [Finding(verdict, trajectory.text) for _ in trajectory.scored]


def generate(seed: int, n: int, rung: int | None = None) -> Iterator[Sample]:
    for number in range(n):
        problem = Problem(f"p{number}", f"question {number}?", domain="toy")
        yield Sample(problem, Trajectory.of_steps(str(number), problem.id, ["a", f"b {number}"]))


PLUGIN = DomainPlugin(
    name="toy", summary="", package="prmkit", verifiers={"slow": "toys:Slow"}, tasks="toys:generate"
)
SCRIPT = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("toys", {__file__!r})
toys = sys.modules["toys"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(toys)
from prmkit import plugins
from prmkit.cli.main import main
plugins._scan = lambda: ({{"toy": toys.PLUGIN}}, {{}})
main(sys.argv[1:])
"""


class Run:
    """A command of the toy domain that is killed again and again."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        self.calls = folder / "calls"
        self.calls.touch()
        self.command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
        self.environment = {**os.environ, "TOY_CALLS": str(self.calls)}

    def asked(self) -> list[str]:
        return self.calls.read_text().split("\n")[:-1]

    def kill_after(self, calls: int) -> None:
        """Start it and kill it, with its workers, once it has asked for so many more rows."""
        enough = len(self.asked()) + calls
        process = subprocess.Popen(
            self.command, env=self.environment, stdout=-3, stderr=-1, start_new_session=True
        )
        while len(self.asked()) < enough:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for _ in range(300):  # workers see that their parent is gone
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.01)
        pytest.fail("workers outlive the run")

    def finish(self) -> None:
        done = subprocess.run(self.command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("workers", [0, 2])
def test_a_killed_command_repeats_and_loses_nothing(tmp_path: Path, workers: int) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    journal = tmp_path / ".out.jsonl.journal"
    rows = [
        {
            "id": s.trajectory.id,
            "problem": {"text": s.problem.text},
            "steps": [x.text for x in s.trajectory.steps],
        }
        for s in generate(0, ROWS)
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ("verify", "--domain", "toy", "--in", source, "--out", out, "--seconds", 0.1)
    run = Run(tmp_path, *arguments, "--workers", workers)
    random.seed(workers)
    for _ in range(2):
        run.kill_after(random.randint(20, 80))
        assert not out.exists()
        finished, before = journal.read_bytes().count(b"\n") - 1, len(run.asked())
        run.kill_after(10)
        again = {name for name in run.asked()[before:] if int(name) < finished}
        assert not again, "finished rows were judged again"
    run.finish()
    assert not journal.exists()
    assert not list(tmp_path.glob(".out.jsonl.*")), "a killed run's half-written file stays"
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(e["trajectory_id"], e["step"]) for e in found] == [
        (str(i), step) for i in range(ROWS) for step in (0, 1)
    ]
    codes = Counter(e["code"] for e in found)
    assert codes == {"none": 2 * (ROWS - 6 - 3), "crash": 2 * 6, "timeout": 2 * 3}
    if workers == 0:
        assert len(run.asked()) <= ROWS + 4  # at most the row that was at work when the kill came


def test_a_killed_stage_repeats_and_loses_nothing(tmp_path: Path) -> None:
    workflow = tmp_path / "w.yaml"
    workflow.write_text(
        "name: toy\nstages:\n"
        f"  tasks: {{uses: generate, with: {{domain: toy, n: {ROWS}}}}}\n"
        "  evidence: {uses: verify, inputs: {samples: tasks}, with: {domain: toy, seconds: 0.1}}\n"
    )
    whole = Run(tmp_path, "run", workflow, "--out", tmp_path / "whole")
    whole.finish()
    (tmp_path / "calls").unlink()
    run = Run(tmp_path, "run", workflow, "--out", tmp_path / "broken")
    for calls in (60, 90):
        run.kill_after(calls)
    run.finish()
    assert len(run.asked()) <= ROWS + 2
    first, second = (
        list(read_parquet(Evidence, next((tmp_path / name).glob("records/*/evidence"))))
        for name in ("whole", "broken")
    )
    assert first == second
    assert len(first) == 2 * ROWS
    stages = [json.loads((tmp_path / n / "manifest.json").read_text())["stages"] for n in ("whole", "broken")]
    assert stages[0]["evidence"]["outputs"] == stages[1]["evidence"]["outputs"]


# ------------------------------------------------------------------ the journal itself


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOY_CALLS", str(tmp_path / "calls"))
    (tmp_path / "calls").touch()
    return tmp_path / "calls"


def judged(path: Path, samples: list[Sample], **options) -> list[list[Evidence]]:
    return [es for _, es in verify([Slow()], samples, journal=path, **options)]


def test_a_journal_of_other_rows_or_settings_is_begun_anew(tmp_path: Path, asked: Path) -> None:
    path, rows = tmp_path / "journal", list(generate(0, 20))
    first = judged(path, rows)
    assert judged(path, rows) == first
    assert len(asked.read_text().split()) == 20
    # Another limit may give another verdict.
    assert judged(path, rows, seconds=4.0) == first
    assert len(asked.read_text().split()) == 40
    # The first ten rows are the same; the journal serves them and is cut there.
    changed = rows[10]._replace(problem=Problem("p10", "another question?"))
    judged(path, [*rows[:10], changed, *rows[11:]], seconds=4.0)
    assert len(asked.read_text().split()) == 50
    # Only the row, not its name, matters.
    renamed = rows[0]._replace(trajectory=Trajectory.of_steps("100", "p0", ["a", "b 0"]))
    assert judged(path, [renamed], seconds=4.0)[0][0].trajectory_id == "100"
    assert len(asked.read_text().split()) == 50


@pytest.mark.parametrize("tail", [b'["', b"no json at all\n", b"[]", b'["other", []]\n'])
def test_a_torn_end_is_cut_off(tmp_path: Path, asked: Path, tail: bytes) -> None:
    path, rows = tmp_path / "journal", list(generate(0, 6))
    judged(path, rows[:3])
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    judged(path, rows)
    assert len(asked.read_text().split()) == 6
    assert path.read_bytes().startswith(whole)
    judged(path, rows)
    assert len(asked.read_text().split()) == 6


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="what to do"):
        Journal(tmp_path / "file" / "journal", "head")
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with Journal(tmp_path / "journal", "head") as full:
        full._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
        with pytest.raises(StorageError, match="disk is full"):
            full.add("row", {0: Outcome((Finding(Verdict.UNKNOWN, "", Code.CRASH),))})
