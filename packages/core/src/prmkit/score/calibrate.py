"""Calibration after training: a map and a threshold, both tied to the data they were chosen on."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from prmkit.errors import ConfigError, DataError
from prmkit.model.calibration import Calibration
from prmkit.stats import best_threshold
from prmkit.stats.maps import BINS, EDGE, KINDS, ScoreMap, fit_map, fit_temperature
from prmkit.types import Sample, StepScores, Threshold

__all__ = [
    "METHODS",
    "calibrate",
    "calibrated",
    "first_wrong",
    "fit_temperature",
    "logit",
    "refuse_shared",
    "split",
]

METHODS = (*KINDS, "none")
"""Ways to calibrate; ``none`` chooses a threshold only."""


def calibrate(
    prm: Any,
    samples: Sequence[Sample],
    *,
    on: str,
    method: str = "temperature",
    judged: Iterable[Sample] = (),
    bins: int = BINS,
) -> Calibration:
    """Fit a map to labelled samples and choose the threshold with the best ProcessBench F1 on them.

    Nothing is changed: set ``prm.calibration`` to the result, then save.

    Args:
        prm: A PRM whose scores are probabilities.
        samples: Labelled solutions that are neither trained on nor judged.
        on: Name of that data; scores carry it from then on.
        method: One of :data:`METHODS`. A temperature divides the logits; all others map probabilities.
        judged: What will be judged with the result: samples of its clusters are refused.
        bins: Bins of a histogram, at most.

    Raises:
        ConfigError: No labelled sample, labels of one class only, scores that are no probabilities, or an
            unknown method.
        DataError: ``samples`` share a cluster with ``judged``.

    Source:
        Maps: see ``prmkit.stats.maps``. Threshold: ProcessBench.
    """
    if method not in METHODS:
        raise ConfigError(
            f"no calibration is called {method!r}", do=f"use one of {', '.join(METHODS)}", field="method"
        )
    refuse_shared((s.problem.cluster for s in samples), (s.problem.cluster for s in judged))
    labelled = [sample for sample in samples if sample.labels is not None]
    rows = [one.values for one in _bare(prm, labelled)]
    truth = [sample.labels.values for sample in labelled if sample.labels is not None]
    pairs = [
        (v, y)
        for row, labels in zip(rows, truth, strict=True)
        for v, y in zip(row, labels, strict=True)
        if v is not None and y is not None
    ]
    found = None
    if method != "none":
        found = fit_map(method, [v for v, _ in pairs], [y for _, y in pairs], bins=bins)
    values = rows if found is None else [calibrated(row, found) for row in rows]
    threshold, best = best_threshold(values, [first_wrong(labels) for labels in truth])
    chosen = None if math.isnan(best) else Threshold(threshold, on)
    if found is not None and found.kind == "temperature":
        return Calibration(temperature=1 / found.curve[0], threshold=chosen, fitted_on=on)
    return Calibration(threshold=chosen, fitted_on=None if found is None else on, map=found)


def split(clusters: Sequence[Hashable], share: float = 0.5, *, seed: int = 0) -> list[bool]:
    """Which rows to fit on; the others are judged. A cluster is never cut.

    Args:
        clusters: Cluster of each row.
        share: Share of the clusters that is fitted on; each side gets one or more.
        seed: Seed of the draw, which depends on the names of the clusters and on nothing else.

    Raises:
        ConfigError: Fewer than two clusters, or a share that is not between 0 and 1.

    Examples:
        >>> mine = split("aabbcc", 0.34)
        >>> mine[0] == mine[1], mine[2] == mine[3], sum(mine)
        (True, True, 2)
    """
    names = sorted(set(clusters), key=str)
    if len(names) < 2 or not 0 < share < 1:
        raise ConfigError(
            f"{len(names)} clusters cannot be split at {share}",
            do="give two clusters or more, and a share between 0 and 1",
            field="clusters",
        )
    many = min(max(round(share * len(names)), 1), len(names) - 1)
    order = np.random.default_rng(seed).permutation(len(names))
    mine = {names[i] for i in order[:many]}
    return [cluster in mine for cluster in clusters]


def refuse_shared(fitted: Iterable[Hashable], judged: Iterable[Hashable]) -> None:
    """Refuse to judge with what was fitted on the same problems.

    Raises:
        DataError: A cluster stands on both sides.

    Examples:
        >>> refuse_shared(["p1", "p2"], ["p3"])
    """
    both = sorted(set(fitted) & set(judged), key=str)
    if both:
        raise DataError(
            f"{len(both)} clusters are fitted on and judged, the first {both[0]!r}",
            do="calibrate on other problems; prmkit.score.calibrate.split cuts by cluster",
            field="cluster",
        )


def calibrated(values: Sequence[float | None], found: ScoreMap) -> list[float | None]:
    """Values through a map; None stays None.

    Raises:
        ConfigError: A value outside [0, 1].

    Examples:
        >>> calibrated([0.5, None], ScoreMap("temperature", (2.0, 2.0, 0.0)))
        [0.5, None]
    """
    mapped = iter(found.apply([v for v in values if v is not None]).tolist())
    return [None if v is None else next(mapped) for v in values]


def first_wrong(labels: Sequence[float | None]) -> int:
    """Index of the first step labelled below 0.5; -1 when there is none.

    Examples:
        >>> first_wrong([1.0, None, 0.0, 0.0]), first_wrong([1.0, None])
        (2, -1)
    """
    return next((i for i, label in enumerate(labels) if label is not None and label < 0.5), -1)


def logit(probability: float) -> float:
    """Log-odds, finite also for 0 and 1."""
    kept = min(max(probability, EDGE), 1 - EDGE)
    return math.log(kept / (1 - kept))


def _bare(prm: Any, samples: Sequence[Sample]) -> list[StepScores]:
    """Scores without any calibration, so that calibrating again changes nothing."""
    before = prm.calibration
    prm.calibration = Calibration()
    try:
        scores: list[StepScores] = list(prm.score_many(samples))
    finally:
        prm.calibration = before
    if any(one.kind != "correct" for one in scores):
        raise ConfigError(
            "only probabilities of 'correct' can be calibrated", do="leave this PRM as it is", field="kind"
        )
    return scores
