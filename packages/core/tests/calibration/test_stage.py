"""The stage that calibrates recorded scores."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from prmkit.errors import AlignmentError, ConfigError, DataError
from prmkit.records import read_parquet, write_parquet
from prmkit.score.calibrate import METHODS
from prmkit.stats import brier
from prmkit.types import Problem, Sample, StepLabels, StepScores, Threshold, Trajectory
from prmkit.workflow.parts import Context, Place
from prmkit.workflow.stages.calibrate import CalibrateConfig, calibrate, place


def made(mark: str, n: int = 60) -> tuple[list[Sample], list[StepScores]]:
    """Solutions of four steps, told with .9 or .1 and right seven and three times in ten."""
    samples, scores = [], []
    for i in range(n):
        trajectory = Trajectory.of_steps(f"{mark}{i}", f"{mark}{i}", ["a", "b", "c", "d"])
        right = (i % 10 < 7, i % 10 < 3, i % 10 < 7, None)
        values = (0.9, 0.1, 0.9, None)
        labels = StepLabels(
            trajectory.id, trajectory.digest, tuple(None if r is None else float(r) for r in right)
        )
        samples.append(Sample(Problem(f"{mark}{i}", "?", cluster=f"{mark}{i}"), trajectory, labels))
        scores.append(StepScores(trajectory.id, trajectory.digest, values, threshold=Threshold(0.5, "fixed")))
    return samples, scores


def run(tmp_path: Path, config: CalibrateConfig, fit, judged) -> list[StepScores]:
    sources = {}
    for role, rows, cls in (
        ("fit_samples", fit[0], Sample),
        ("fit_scores", fit[1], StepScores),
        ("samples", judged[0], Sample),
        ("scores", judged[1], StepScores),
    ):
        write_parquet(tmp_path / role, rows, cls=cls)
        sources[role] = (("before", tmp_path / role),)
    outputs = place(Place("calm", "test", config))
    assert outputs == {"scores": f"records/test/scores-{config.scorer or 'calm'}"}
    context = Context(
        "calm", 0, config, tmp_path, tmp_path / "work", tmp_path, outputs, MappingProxyType(sources)
    )
    calibrate(context)
    return list(read_parquet(StepScores, context.output()))


@pytest.mark.parametrize("method", METHODS)
def test_every_method(method: str, tmp_path: Path) -> None:
    judged = made("j")
    found = run(tmp_path, CalibrateConfig(method, scorer="prm-calm"), made("f"), judged)
    labels = [v for one in judged[0] for v in one.labels.values[:3]]
    before, after = ([v for one in rows for v in one.values[:3]] for rows in (judged[1], found))
    if method == "none":
        assert found == judged[1]
        return
    assert brier(after, labels) < brier(before, labels) - 0.03
    assert {one.calibrated_on for one in found} == {"held-out problems"}
    assert found[0].values[0] == pytest.approx(0.7, abs=0.01)
    assert found[0].values[1] == pytest.approx(0.3, abs=0.02)
    assert found[0].values[3] is None
    assert 0.2 < found[0].threshold.value < 0.8


def test_refusals(tmp_path: Path) -> None:
    fit, judged = made("f"), made("j")
    with pytest.raises(DataError, match="fitted on and judged"):
        run(tmp_path, CalibrateConfig(), fit, fit)
    with pytest.raises(ConfigError, match="temperature, platt"):
        run(tmp_path, CalibrateConfig("plat"), fit, judged)
    with pytest.raises(AlignmentError, match="'f1' has no scores"):
        run(tmp_path, CalibrateConfig(), (fit[0], fit[1][:1]), judged)
    whole = [
        StepScores(one.trajectory_id, one.steps_digest, one.values, trajectory_value=0.5) for one in fit[1]
    ]
    with pytest.raises(ConfigError, match="no probabilities"):
        run(tmp_path, CalibrateConfig(), (fit[0], whole), judged)
