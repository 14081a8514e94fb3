"""The stated answer against the reference."""

import pytest

from prmkit.types import Code, Problem, Trajectory
from prmkit_math.verifiers.final_answer import FinalAnswer


def findings(reference, *steps, answer=None):
    trajectory = Trajectory.of_steps("t", "p", steps, final_answer=answer)
    return FinalAnswer().check(Problem(id="p", text="?", reference=reference), trajectory)


@pytest.mark.parametrize(
    ("reference", "steps", "answer", "verdict"),
    [
        ("12", ["3 * 4 = 12", "The answer is 12."], None, "HOLDS"),
        ("12", ["So \\boxed{13}."], None, "FAILS"),
        ("1/2", ["done"], "0.5", "HOLDS"),
        ("12", ["We are done."], None, "UNKNOWN"),
    ],
)
def test_only_the_last_step_is_judged(reference, steps, answer, verdict):
    *before, last = findings(reference, *steps, answer=answer)
    assert all(f.verdict == "UNKNOWN" for f in before)
    assert last.verdict == verdict


def test_no_reference_no_verdict():
    assert findings(None, "The answer is 3.")[0].code is Code.NO_REFERENCE
    assert FinalAnswer.needs_reference
    assert findings("3") == []
