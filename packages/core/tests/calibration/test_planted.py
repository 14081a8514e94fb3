"""Planted worlds: records over seeds, checks, and the workflows that run them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from prmkit.errors import ConfigError, UnknownNameError
from prmkit.judging.planted import WORLDS, at_most, exceeds, mean_error, run_world
from prmkit.workflow import run_workflow


def test_checks_are_three_standard_errors_wide() -> None:
    values = np.array([0.1, 0.3, math.nan])  # mean .2, standard error .1
    assert mean_error(values) == (pytest.approx(0.2), pytest.approx(0.1))
    assert at_most("x", values, 0.0).holds
    assert not at_most("x", values, -0.2).holds
    assert exceeds("x", values, -0.2).holds
    assert not exceeds("x", values, 0.0).holds
    assert not exceeds("x", np.array([math.nan]), 0.0).holds
    assert not at_most("x", np.array([0.1]), 0.5).holds  # one seed shows nothing


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_a_record_is_whole_and_repeats(name: str) -> None:
    told: list[tuple[int, int]] = []
    record = run_world(name, seeds=3, seed=5, draws=50, on_progress=lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert record == run_world(name, seeds=3, seed=5, draws=50)
    assert record["scorers"] != run_world(name, seeds=3, seed=6, draws=50)["scorers"]
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert (record["n"], record["clusters"], record["gold"]) == (3, 3, "generator")
    assert any(check["kind"] == "positive control" for check in record["checks"])
    figures = [f for arm in record["scorers"].values() for f in arm["metrics"].values()]
    assert all(f["low"] <= f["value"] <= f["high"] for f in figures)


def test_options_are_checked() -> None:
    with pytest.raises(ConfigError, match="callibration"):
        run_world("optcs", seeds=2, options={"callibration": 10})
    with pytest.raises(ConfigError, match="1 seeds"):
        run_world("optcs", seeds=1)
    with pytest.raises(UnknownNameError, match="optcs"):
        run_world("optics", seeds=2)


@pytest.mark.parametrize(("name", "suites"), [("optcs", 4), ("quantile-aggregation", 1)])
def test_the_workflow_runs(name: str, suites: int, tmp_path: Path) -> None:
    run_workflow(f"systems/{name}", tmp_path / "run", preset="smoke")
    record = json.loads((tmp_path / "run" / "eval.json").read_text())
    assert len(record["suites"]) == suites
    assert (tmp_path / "run" / "report" / "index.html").is_file()
    for suite in record["suites"].values():
        # The positive controls show with few seeds already.
        assert suite["claims"]
        assert any(note.startswith("positive control passed") for note in suite["notes"])
