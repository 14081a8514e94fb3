"""``prmkit calibrate``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from prmkit.cli import calibrate as command
from prmkit.cli.main import main
from prmkit.model.calibration import Calibration
from prmkit.types import StepScores


@dataclass
class Stated:
    """A PRM that says .9 of steps with an even number and .1 of others."""

    calibration: Calibration = field(default_factory=Calibration)

    def score_many(self, samples):
        for sample in samples:
            trajectory = sample[1]
            raw = [0.9 if int(step.text) % 2 == 0 else 0.1 for step in trajectory.steps]
            yield StepScores(trajectory.id, trajectory.digest, tuple(raw))

    def save(self, folder: Path) -> Path:
        return folder


def call(*args: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(arg) for arg in args])
    return int(left.value.code or 0)


@pytest.fixture
def rows(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(command, "resolve", lambda spec: lambda folder, device: Stated())
    path = tmp_path / "held.jsonl"
    lines = [
        {
            "id": f"t{i}",
            "problem": {"id": f"p{i}", "text": "?"},
            "steps": [str(i), str(i + 1)],
            "labels": [float(i % 2 == 0 or i % 5 == 0), float(i % 2 == 1)],
        }
        for i in range(30)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize("method", ["temperature", "platt", "none"])
def test_a_calibrated_folder_is_written(method: str, rows: Path, tmp_path: Path, capsys) -> None:
    given = ("--prm", "x", "--in", rows, "--out", tmp_path / "out", "--method", method)
    assert call("calibrate", *given, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["threshold"]["chosen_on"] == "held"
    assert (told["map"] is not None) == (method == "platt")
    assert call("calibrate", *given) == 0
    assert "30 trajectories, threshold" in capsys.readouterr().out


def test_shared_problems_and_bare_rows_are_refused(rows: Path, tmp_path: Path, capsys) -> None:
    given = ("calibrate", "--prm", "x", "--out", tmp_path / "out", "--in")
    assert call(*given, rows, "--judged", rows) == 1
    assert "fitted on and judged" in capsys.readouterr().err
    bare = tmp_path / "bare.jsonl"
    bare.write_text(json.dumps({"id": "t", "problem": {"text": "?"}, "steps": ["1"]}) + "\n")
    assert call(*given, bare) == 1
    assert "no labelled trajectory" in capsys.readouterr().err
