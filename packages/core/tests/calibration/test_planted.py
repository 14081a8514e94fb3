"""Planted worlds: records over seeds, checks, and the workflows that run them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from prmkit.errors import ConfigError, UnknownNameError
from prmkit.judging.planted import WORLDS, at_most, exceeds, mean_error, run_world, within
from prmkit.types import Json
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


def test_two_one_sided_tests() -> None:
    """Mean .02, standard error .01, 2 degrees of freedom: (.06 - .02) / .01 = 4 passes 2.92, 2 does not."""
    values = np.array([0.0, 0.02, 0.04, math.nan]) * math.sqrt(0.75) + 0.02 * (1 - math.sqrt(0.75))
    assert mean_error(values) == (pytest.approx(0.02), pytest.approx(0.01))
    assert within("x", values, 0.06).holds
    assert not within("x", values, 0.04).holds
    assert within("x", values, 0.06).kind == "equivalence"
    assert not within("x", np.array([0.0]), 1.0).holds  # one seed shows nothing


# Training is cut short: here only the shape of a record is at stake.
SHORT: dict[str, dict[str, Json]] = {
    "beer": {"updates": 3, "train": 4, "test": 4, "length": 8},
    "dreamprm": {"updates": 2, "steps": 40, "test": 40},
    "implicit-prm": {"read": 2, "updates": 2, "look": 1, "problems": 30, "test": 30},
    "multi-rm": {"lengths": [2, 3], "updates": 2, "train": 20, "test": 4},
    "mah-dpo": {"updates": 2, "pairs": 40, "test": 30, "parts": 2},
    "palbert": {"updates": 3, "train": 200, "held": 200, "test": 200},
    "reasonflux-prm": {"updates": 2, "learned": 40, "problems": 20, "taken": 10},
    "srm-inputs": {"updates": 2, "nodes": 40, "test": 30},
}


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_a_record_is_whole_and_repeats(name: str) -> None:
    if name in SHORT:
        pytest.importorskip("torch")
    short = SHORT.get(name, {})
    told: list[tuple[int, int]] = []
    record = run_world(
        name, seeds=3, seed=5, draws=50, options=short, on_progress=lambda *done: told.append(done)
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert record == run_world(name, seeds=3, seed=5, draws=50, options=short)
    assert record["scorers"] != run_world(name, seeds=3, seed=6, draws=50, options=short)["scorers"]
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
