"""Calibrating a PRM: every method, splits by cluster, what is stored and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import numpy as np
import pytest

from prmkit.errors import ConfigError, DataError
from prmkit.model.calibration import Calibration
from prmkit.score.calibrate import METHODS, calibrate, calibrated, refuse_shared, split
from prmkit.stats import brier
from prmkit.types import Problem, Sample, StepLabels, StepScores, Threshold, Trajectory


@dataclass
class Stated:
    """A scorer that says what stands in the step's text, as a PRM would: raw, then calibrated."""

    calibration: Calibration = field(default_factory=Calibration)
    kind: str = "correct"

    def score_many(self, samples) -> Iterator[StepScores]:
        for _, trajectory, _ in samples:
            raw = [float(step.text) for step in trajectory.steps]
            values = tuple(self.calibration.apply(raw))
            yield StepScores(trajectory.id, trajectory.digest, values, kind=self.kind)


def drawn(n: int, seed: int, mark: str) -> list[Sample]:
    """Solutions of three steps that are right with the cube root of what is stated."""
    random = np.random.default_rng(seed)
    found = []
    for i in range(n):
        truth = random.random(3)
        trajectory = Trajectory.of_steps(f"{mark}{i}", f"{mark}{i}", [f"{t**3:.6f}" for t in truth])
        labels = StepLabels(
            trajectory.id, trajectory.digest, tuple((random.random(3) < truth).astype(float).tolist())
        )
        found.append(Sample(Problem(f"{mark}{i}", "?", cluster=f"{mark}{i // 2}"), trajectory, labels))
    return found


FIT, JUDGED = drawn(300, 1, "f"), drawn(300, 2, "j")


def loss(prm: Stated, samples: list[Sample]) -> float:
    p = [v for one in prm.score_many(samples) for v in one.values]
    return brier(p, [y for one in samples for y in one.labels.values])


@pytest.mark.parametrize("method", METHODS)
def test_every_method(method: str) -> None:
    prm = Stated()
    found = calibrate(prm, FIT, on="held-out-300", method=method, judged=JUDGED)
    assert prm.calibration == Calibration()  # nothing is changed
    assert found.threshold is not None
    assert found.threshold.chosen_on == "held-out-300"
    # The card is plain numbers.
    assert Calibration.of(json.loads(json.dumps(asdict(found)))) == found
    if method == "none":
        assert (found.map, found.temperature, found.fitted_on) == (None, 1.0, None)
        return
    assert found.fitted_on == "held-out-300"
    if method == "temperature":
        assert found.map is None  # the temperature divides logits, before the link
        return
    again = calibrate(Stated(found), FIT, on="held-out-300", method=method)
    assert again == found  # a second calibration is fitted to what the PRM says by itself
    assert loss(Stated(found), JUDGED) < loss(prm, JUDGED) - 0.01


def test_a_calibration_of_an_older_card_is_read() -> None:
    card = {"temperature": 2.0, "threshold": {"value": 0.4, "chosen_on": "x"}, "fitted_on": "x"}
    assert Calibration.of(card) == Calibration(2.0, Threshold(0.4, "x"), "x")
    with pytest.raises(TypeError):
        Calibration.of({"sharpness": 2.0})


def test_shared_problems_are_refused() -> None:
    with pytest.raises(DataError, match="fitted on and judged, the first 'f0'"):
        calibrate(Stated(), FIT, on="x", judged=FIT[:1])
    refuse_shared(["a"], ["b"])


def test_a_split_never_cuts_a_cluster() -> None:
    clusters = [s.problem.cluster for s in FIT]
    mine = split(clusters, 0.3, seed=3)
    inside = {c for c, taken in zip(clusters, mine, strict=True) if taken}
    assert len(inside) == 45
    assert all(taken == (c in inside) for c, taken in zip(clusters, mine, strict=True))
    assert split(clusters[::-1], 0.3, seed=3) == mine[::-1]  # the order of rows means nothing
    assert split(clusters, 0.3, seed=4) != mine
    refuse_shared(inside, set(clusters) - inside)
    for bad in (["a", "a"], []):
        with pytest.raises(ConfigError, match="clusters"):
            split(bad)
    with pytest.raises(ConfigError, match="split at 1"):
        split(["a", "b"], 1.0)


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="temperature, platt"):
        calibrate(Stated(), FIT, on="x", method="plat")
    with pytest.raises(ConfigError, match="probabilities"):
        calibrate(Stated(kind="value"), FIT, on="x")
    with pytest.raises(ConfigError, match="one class"):
        calibrate(Stated(), [], on="x", method="beta")
    prm = Stated(Calibration(temperature=3.0))
    with pytest.raises(ConfigError):
        calibrate(prm, [], on="x")
    assert prm.calibration.temperature == 3.0
    assert calibrated([None, None], calibrate(Stated(), FIT, on="x", method="platt").map) == [None, None]
