"""Errata of the code sets: each proof is a verifier that refutes the step, run again here."""

from pathlib import Path

import prmkit
from prmkit.types import Verdict
from prmkit.verify.errata import digest_of, read
from prmkit.verify.run import verify_one

CODE = prmkit.domain("code")
FOLDER = Path(__file__).parents[3] / "shared" / "errata"


def test_every_proof_runs(data_root):
    del data_root
    entries = read(FOLDER)["mr_ben_coding"]
    samples = {s.trajectory.id: s for s in CODE.load("mr_ben_coding")}
    assert entries
    for entry in entries:
        problem, trajectory, labels = samples[entry.row]
        step = trajectory.steps[entry.step]
        assert digest_of(step.text) == entry.digest
        assert labels.values[entry.step] == entry.label == 1.0 != entry.corrected
        (verifier,) = CODE.verifier_objects([entry.proof["verifier"].removeprefix("code/")])
        assert not verifier.needs_reference
        found = verify_one([verifier], problem, trajectory)
        assert [e.verdict for e in found if e.step == entry.step] == [Verdict.FAILS]
