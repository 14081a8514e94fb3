"""Step-level metrics of scorers: ranking, first errors, calibration.

Source: AUROC and average precision over steps up to the first error; ProcessBench (Zheng et
al., 2025) for the first-error F1, in three columns: threshold fixed beforehand, chosen on
other data, and chosen on these very rows (oracle, an upper bound); PRMBench (Song et al., 2025).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from prmkit.judging.figures import Mask, Metric, Resampling
from prmkit.judging.rows import Scores, Table, build
from prmkit.stats import (
    Resampled,
    best_threshold,
    first_below,
    harmonic,
    prmbench_score,
    resample_auroc,
    resample_average_precision,
    resample_ece,
    resample_mean,
    resample_sums,
    wilson,
    within_auroc,
)
from prmkit.stats.arrays import Floats
from prmkit.types import Json, Sample, StepScores, Threshold

BASELINE = "baseline/"
"""Beginning of ``StepScores.model`` for scorers without weights: their values are no probabilities."""
BINS = 10
LEAST_COVERAGE = 0.5
"""Share of the judged steps that a scorer must score to have step figures."""
EXACT = "first_error_accuracy"
FIRST_ERROR = ("first_error_f1", "processbench_f1", EXACT)
"""Names under which figures of first errors are asked for."""


def is_probability(records: Sequence[StepScores]) -> bool:
    """Whether a scorer's values are meant as probabilities that steps are right."""
    return all(
        r.kind == "correct" and r.range[0] >= 0 and r.range[1] <= 1 and not r.model.startswith(BASELINE)
        for r in records
    )


def fixed_threshold(records: Sequence[StepScores]) -> float:
    """The threshold that stood before data was seen: the checkpoint's own, else the middle of its range."""
    own = next((r.threshold for r in records if r.threshold and r.threshold.chosen_on == "fixed"), None)
    if own is not None:
        return own.value
    low, high = records[0].range
    return (low + high) / 2 if math.isfinite(low) and math.isfinite(high) else 0.0


def choose_thresholds(samples: Sequence[Sample], scores: Scores, *, name: str) -> dict[str, Threshold]:
    """Per scorer the threshold with the best first-error F1 on ``samples``, to be used on other data.

    Args:
        samples: Labelled samples that are not judged with the result.
        scores: Scorer → records.
        name: What the samples are called in the report.

    Raises:
        AlignmentError: Scores that do not belong to the samples.
    """
    table = build(samples, scores)
    rows = [i for i, first in enumerate(table.first) if first is not None]
    gold = [first for first in table.first if first is not None]
    found = {s: best_threshold([r[i].values for i in rows], gold)[0] for s, r in table.scores.items()}
    return {s: Threshold(value, name) for s, value in found.items() if math.isfinite(value)}


def ranking_metrics(table: Table, rows: Mask, how: Resampling) -> list[Metric]:
    """``step_auroc``, ``step_ap`` (of wrong steps) and ``within_auroc`` on some steps.

    A scorer that leaves most of these steps without a score, as an outcome model does, has no step figure.
    """
    values = {name: v for name in table.scores if _speaks(v := table.values(name), rows)}
    covered = {name: rows & np.isfinite(v) for name, v in values.items()}

    def area(scorer: str, mine: Mask) -> Resampled:
        return resample_auroc(
            values[scorer][mine], table.good[mine], table.clusters(mine), draws=how.draws, seed=how.seed
        )

    def precision(scorer: str, mine: Mask) -> Resampled:
        return resample_average_precision(
            -values[scorer][mine], 1 - table.good[mine], table.clusters(mine), draws=how.draws, seed=how.seed
        )

    return [
        Metric("step_auroc", covered, area),
        Metric("step_ap", covered, precision),
        _within(table, rows, values, how),
    ]


def _speaks(values: Floats, rows: Mask) -> bool:
    return bool(np.isfinite(values[rows]).mean() >= LEAST_COVERAGE) if rows.any() else True


def _within(table: Table, rows: Mask, values: Mapping[str, Floats], how: Resampling) -> Metric:
    """AUROC inside each solution with both kinds of step; rows of the metric are solutions."""
    areas = {name: np.full(len(table.samples), np.nan) for name in values}
    for name, column in values.items():
        kept = rows & np.isfinite(column)
        found = within_auroc(column[kept], table.good[kept], table.sample[kept].tolist())
        areas[name][[int(str(i)) for i in found]] = list(found.values())

    def mean(scorer: str, mine: Mask) -> Resampled:
        clusters = [one.problem.cluster for one, taken in zip(table.samples, mine, strict=True) if taken]
        return resample_mean(areas[scorer][mine], clusters, draws=how.draws, seed=how.seed)

    return Metric("within_auroc", {name: np.isfinite(v) for name, v in areas.items()}, mean)


def first_error_metrics(
    table: Table, chosen: Mapping[str, Threshold], how: Resampling, *, names: Sequence[str]
) -> list[Metric]:
    """Figures of first errors at a fixed, an elsewhere chosen and an oracle threshold.

    Args:
        table: Solutions and scores.
        chosen: Thresholds chosen on other data.
        how: Resampling.
        names: ``first_error_f1`` or ``processbench_f1`` (the same sum under the benchmark's name)
            and ``first_error_accuracy`` (exact hits; no oracle column, whose threshold serves F1).
    """
    known = np.array([first is not None for first in table.first], dtype=np.bool_)
    gold = [first for first in table.first if first is not None]
    values = {
        s: [r.values for r, has in zip(records, known, strict=True) if has]
        for s, records in table.scores.items()
    }
    covered = {s: _scored(table.scores[s], known) for s in values}
    columns: dict[str, dict[str, float]] = {
        "fixed": {s: fixed_threshold(table.scores[s]) for s in values},
        "chosen": {s: chosen[s].value for s in values if s in chosen},
        "oracle": {s: best_threshold(values[s], gold)[0] for s in values},
    }
    metrics = []
    for column, thresholds in columns.items():
        usable = {s: t for s, t in thresholds.items() if math.isfinite(t)}
        for name in names if usable else ():
            exact = name == EXACT
            if exact and column == "oracle":
                continue
            figure = (_exact_figure if exact else _f1_figure)(table, usable, how)
            metrics.append(Metric(f"{name}_{column}", {s: covered[s] for s in usable}, figure))
    return metrics


def _scored(records: Sequence[StepScores], known: Mask) -> Mask:
    some = [any(v is not None for v in r.values) for r in records]
    return np.array(some, dtype=np.bool_) & known


def _f1_figure(
    table: Table, thresholds: Mapping[str, float], how: Resampling
) -> Callable[[str, Mask], Resampled]:
    def figure(scorer: str, mine: Mask) -> Resampled:
        gold, said, clusters = _predicted(table, scorer, thresholds[scorer], mine)
        wrong, hit = gold >= 0, gold == said
        columns = {"wrong": wrong, "right": ~wrong, "found": wrong & hit, "clean": ~wrong & hit}
        return resample_sums(
            lambda s: harmonic(s["found"] / s["wrong"], s["clean"] / s["right"]),
            {k: v.astype(np.float64) for k, v in columns.items()},
            clusters,
            draws=how.draws,
            seed=how.seed,
        )

    return figure


def _exact_figure(
    table: Table, thresholds: Mapping[str, float], how: Resampling
) -> Callable[[str, Mask], Resampled]:
    def figure(scorer: str, mine: Mask) -> Resampled:
        gold, said, clusters = _predicted(table, scorer, thresholds[scorer], mine)
        return resample_mean((gold == said).astype(np.float64), clusters, draws=how.draws, seed=how.seed)

    return figure


def _predicted(
    table: Table, scorer: str, threshold: float, mine: Mask
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    rows = np.flatnonzero(mine).tolist()
    gold = np.array([table.first[i] for i in rows], dtype=np.int64)
    said = [first_below(table.scores[scorer][i].values, threshold) for i in rows]
    return gold, np.array(said, dtype=np.int64), [table.samples[i].problem.cluster for i in rows]


def calibration_metrics(table: Table, rows: Mask, how: Resampling) -> list[Metric]:
    """``ece`` (ten equal-width bins) and ``brier`` of scorers whose values are probabilities."""
    values = {name: table.values(name) for name, r in table.scores.items() if r and is_probability(r)}
    covered = {name: rows & np.isfinite(v) for name, v in values.items()}

    def gap(scorer: str, mine: Mask) -> Resampled:
        return resample_ece(
            values[scorer][mine],
            table.good[mine],
            table.clusters(mine),
            bins=BINS,
            draws=how.draws,
            seed=how.seed,
        )

    def squared(scorer: str, mine: Mask) -> Resampled:
        errors = (values[scorer][mine] - table.good[mine]) ** 2
        return resample_mean(errors, table.clusters(mine), draws=how.draws, seed=how.seed)

    return [Metric("ece", covered, gap), Metric("brier", covered, squared)] if values else []


def _prmbench(sums: Mapping[str, Floats]) -> Floats:
    rows = zip(*(sums[name].tolist() for name in ("tp", "fp", "tn", "fn")), strict=True)
    return np.array([prmbench_score(*row) for row in rows])


def prmbench_metrics(table: Table, chosen: Mapping[str, Threshold], how: Resampling) -> list[Metric]:
    """PRMBench's score over all labelled steps, at a fixed and at an elsewhere chosen threshold."""
    values = {name: table.values(name) for name in table.scores}
    metrics = []
    for column, thresholds in (
        ("fixed", {s: fixed_threshold(r) for s, r in table.scores.items() if r}),
        ("chosen", {s: t.value for s, t in chosen.items() if s in values}),
    ):

        def figure(scorer: str, mine: Mask, at: Mapping[str, float] = thresholds) -> Resampled:
            said, good = values[scorer][mine] >= at[scorer], table.good[mine] > 0.5
            columns = {"tp": said & good, "fp": said & ~good, "tn": ~said & ~good, "fn": ~said & good}
            return resample_sums(
                _prmbench,
                {k: v.astype(np.float64) for k, v in columns.items()},
                table.clusters(mine),
                draws=how.draws,
                seed=how.seed,
            )

        if thresholds:
            covered = {s: np.isfinite(values[s]) for s in thresholds}
            metrics.append(Metric(f"prmbench_score_{column}", covered, figure))
    return metrics


def reliability(table: Table, rows: Mask) -> dict[str, Json]:
    """Ten bins of equal numbers of steps per probability scorer: mean score and share of right steps.

    The ends are Wilson's; steps of one problem depend on each other, so they are too narrow.
    """
    found: dict[str, Json] = {}
    for name, records in table.scores.items():
        if not records or not is_probability(records):
            continue
        column = table.values(name)
        mine = rows & np.isfinite(column)
        p, y = column[mine], table.good[mine]
        bins = []
        for chunk in np.array_split(np.argsort(p, kind="stable"), min(BINS, len(p)) or 1):
            if len(chunk):
                low, high = wilson(float(y[chunk].sum()), len(chunk))
                bins.append(
                    {
                        "mean": float(p[chunk].mean()),
                        "share": float(y[chunk].mean()),
                        "n": len(chunk),
                        "low": low,
                        "high": high,
                    }
                )
        found[name] = bins
    return found
