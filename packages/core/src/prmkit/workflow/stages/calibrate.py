"""Scores to calibrated scores: a map fitted on other problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from prmkit.errors import AlignmentError, ConfigError
from prmkit.records import read_parquet, write_parquet
from prmkit.score.calibrate import METHODS, calibrated, refuse_shared
from prmkit.stats import ScoreMap, fit_map
from prmkit.stats.maps import BINS
from prmkit.types import Sample, StepScores, Threshold
from prmkit.workflow.parts import Context, Part, Place


@dataclass(frozen=True, slots=True)
class CalibrateConfig:
    """How scores become probabilities."""

    method: str = "temperature"
    """temperature, platt, beta, isotonic, histogram or none."""
    scorer: str = ""
    """Name of the calibrated scorer in tables; the stage's own when empty."""
    bins: int = BINS
    """Bins of a histogram, at most."""
    on: str = "held-out problems"
    """What the data fitted on is called in the scores."""


def calibrate(context: Context) -> None:
    """Write the calibrated scores of ``samples``; ``fit_samples`` must be of other clusters.

    Raises:
        ConfigError: An unknown method, scores that are no probabilities of steps, or labels of one class.
        DataError: A cluster is fitted on and judged.
        AlignmentError: Scores that belong to other samples.
    """
    config: CalibrateConfig = context.config
    if config.method not in METHODS:
        raise ConfigError(
            f"no calibration is called {config.method!r}",
            do=f"use one of {', '.join(METHODS)}",
            field="method",
        )
    fitted = list(read_parquet(Sample, context.input("fit_samples")))
    judged = (sample.problem.cluster for sample in read_parquet(Sample, context.input("samples")))
    refuse_shared((sample.problem.cluster for sample in fitted), judged)
    found = None
    if config.method != "none":
        said, right = _pairs(fitted, context.input("fit_scores"))
        found = fit_map(config.method, said, right, bins=config.bins)
        context.metric(method=config.method, rows=len(said), map=asdict(found))
    stream = _mapped(read_parquet(StepScores, context.input("scores")), found, config.on)
    write_parquet(context.output(), stream, cls=StepScores)


def _pairs(samples: Iterable[Sample], scores: Path) -> tuple[list[float], list[float]]:
    """Scores and labels of the steps that have both."""
    table = {one.trajectory_id: one for one in read_parquet(StepScores, scores)}
    said, right = [], []
    for _, trajectory, labels in samples:
        if trajectory.id not in table:
            raise AlignmentError(
                f"{trajectory.id!r} has no scores", do="score the samples that are fitted on", file=scores
            )
        own = _probability(table[trajectory.id].check(trajectory))
        for value, label in zip(own.values, labels.values if labels else (), strict=bool(labels)):
            if value is not None and label is not None:
                said.append(value)
                right.append(label)
    return said, right


def _mapped(scores: Iterable[StepScores], found: ScoreMap | None, on: str) -> Iterator[StepScores]:
    for one in scores:
        if found is None:
            yield one
            continue
        _probability(one)
        limit = one.threshold
        if limit is not None:
            limit = Threshold(float(found.apply([limit.value])[0]), limit.chosen_on)
        yield replace(one, values=tuple(calibrated(one.values, found)), threshold=limit, calibrated_on=on)


def _probability(one: StepScores) -> StepScores:
    if one.kind != "correct" or one.range != (0.0, 1.0) or one.trajectory_value is not None:
        raise ConfigError(
            f"scores of {one.trajectory_id!r} are no probabilities that its steps are right",
            do="calibrate scores of steps, of kind 'correct' in [0, 1]",
            field="scores",
        )
    return one


def place(place: Place) -> Mapping[str, str]:
    """Scores stand beside the samples, under the scorer's name."""
    return {"scores": f"records/{place.split}/scores-{place.config.scorer or place.stage}"}


CALIBRATE = Part(CalibrateConfig, place, calibrate, needs=("samples", "scores", "fit_samples", "fit_scores"))
