"""Errata: each committed proof runs, and belongs to the step it names."""

from pathlib import Path

import prmkit
from prmkit.verify.errata import Erratum, digest_of, read
from prmkit_finance.errata import proven

FOLDER = Path(__file__).parents[3] / "shared" / "errata"


def test_every_committed_proof_runs():
    errata = read(FOLDER)["tatqa_dev"]
    assert len(errata) == 4
    assert all(proven(erratum) for erratum in errata)


def test_a_proof_must_contradict_the_label():
    wrong = {"expression": "10 - 14", "stated": "-4"}
    assert not proven(Erratum("r", 0, "", 1.0, 0.0, wrong, ""))
    assert proven(Erratum("r", 0, "", 0.0, 1.0, wrong, ""))
    assert not proven(Erratum("r", 0, "", 1.0, 0.0, {"expression": "__import__('os')", "stated": "1"}, ""))
    assert not proven(Erratum("r", 0, "", 1.0, 0.0, {"expression": "1 + 1", "stated": "two"}, ""))


def test_each_names_a_step_of_the_set(data_root):
    del data_root
    steps = {
        (s.trajectory.id, step.index): digest_of(step.text)
        for s in prmkit.domain("finance").load("tatqa_dev")
        for step in s.trajectory.steps
    }
    assert all(steps[e.row, e.step] == e.digest for e in read(FOLDER)["tatqa_dev"])
