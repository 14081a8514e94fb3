"""Scores that were once the same as those of the authors' code, on checkpoints that are built again here."""

import json
from pathlib import Path

import pytest

from prmkit import load_prm
from prmkit.model.spec import families
from prmkit.testkit.checkpoints import checkpoint
from prmkit.types import Problem, Trajectory

FIGURES = json.loads(
    (Path(__file__).parents[4] / "bench/results/public_parity.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", FIGURES["goldens"])
def test_scores_are_still_those_that_were_compared(name, tmp_path):
    kept = FIGURES["goldens"][name]
    checkpoint(name, tmp_path / "model", seed=kept["seed"])
    behind = {}
    if "reference_seed" in kept:
        checkpoint(name, tmp_path / "reference", seed=kept["reference_seed"])
        behind = {"reference": tmp_path / "reference"}
    prm = load_prm(tmp_path / "model", spec=name, **behind)
    rows = [Trajectory.of_steps(str(i), "p", steps) for i, steps in enumerate(kept["solutions"])]
    told = prm.score(Problem("p", kept["problem"]), rows)
    for one, wanted in zip(told, kept["scores"], strict=True):
        assert [value for value in one.values if value is not None] == pytest.approx(wanted, abs=1e-4)


def test_families_say_what_was_found():
    found = {}
    for one in FIGURES["peers"].values():
        theirs = one["written_by"] != "others"
        found.setdefault(one["family"], set()).add((theirs, one["same"]))
    for name, family in families().items():
        rows = found.get(name, set())
        theirs = any(authors for authors, _ in rows)
        same = (theirs, True) in rows
        wanted = f"{'equal' if same else 'differs'}: {'authors' if theirs else 'others'}' code"
        assert family.compared == (wanted if rows else "none"), name


def test_every_difference_is_accounted_for():
    for name, one in FIGURES["peers"].items():
        assert one["largest_difference"] <= 1e-5 or one["largest_difference_then"] <= 1e-5, name
        assert one["same"] or one["because"], name
