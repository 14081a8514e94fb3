"""Claims in planted worlds: one figure per seed, means over seeds with intervals, checks against bounds.

A world's truth is known, so its gold is the generator. The unit that is resampled is the seed. Every world
brings a positive control: something that must go wrong (or right) if the experiment can see anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from prmkit.config import fill, from_mapping
from prmkit.errors import ConfigError
from prmkit.judging.figures import Metric, Resampling, difference, number, scorer_table
from prmkit.registry import Registry
from prmkit.stats import holm, resample_mean, tost
from prmkit.stats.arrays import Floats
from prmkit.types import Json

Drawn = Mapping[str, Mapping[str, float]]
"""Arm → metric → figure of one seed; NaN where a seed has none."""
Figures = Mapping[str, Mapping[str, Floats]]
"""Arm → metric → figures of all seeds."""
Kind = Literal["claim", "equivalence", "positive control"]


class Check(NamedTuple):
    """One thing that was written down beforehand, and whether it came out."""

    what: str
    kind: Kind
    value: float
    bound: float
    holds: bool


@dataclass(frozen=True)
class World:
    """A planted world."""

    summary: str
    options: type
    """Frozen dataclass of its sizes."""
    draw: Callable[[np.random.Generator, Any], Drawn]
    """One seed."""
    checks: Callable[[Figures, Any], Sequence[Check]]
    subjects: tuple[str, ...]
    """Arms compared with all others on the same seeds."""
    compared: tuple[str, ...]
    """Metrics on which they are compared."""
    notes: tuple[str, ...] = ()


WORLDS = Registry(
    "planted world",
    {
        "beer": "prmkit.judging.worlds.beer:WORLD",
        "dreamprm": "prmkit.judging.worlds.dreamprm:WORLD",
        "implicit-prm": "prmkit.judging.worlds.implicit:WORLD",
        "multi-rm": "prmkit.judging.worlds.multi_rm:WORLD",
        "mah-dpo": "prmkit.judging.worlds.mah_dpo:WORLD",
        "optcs": "prmkit.judging.worlds.optcs:WORLD",
        "palbert": "prmkit.judging.worlds.palbert:WORLD",
        "quantiles": "prmkit.judging.worlds.quantiles:WORLD",
        "reasonflux-prm": "prmkit.judging.worlds.reasonflux:WORLD",
        "srm-inputs": "prmkit.judging.worlds.srm_inputs:WORLD",
    },
    provider="prmkit",
)
"""Every world that a ``planted`` stage may name."""


def run_world(
    name: str,
    *,
    seeds: int,
    seed: int = 0,
    options: Mapping[str, Json] | None = None,
    draws: int = 2000,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Json]:
    """The record of a world over ``seeds`` seeds, in the shape of a suite of ``eval.json``.

    Args:
        name: A key of :data:`WORLDS`.
        seeds: How many seeds; seed i draws from the pair (``seed``, i).
        seed: First part of every seed.
        options: Sizes of the world that differ from its own.
        draws: Resamples of the seeds behind each interval.
        on_progress: Told how many seeds are done.

    Raises:
        UnknownNameError: No such world.
        ConfigError: Fewer than two seeds, or an unknown option.
    """
    world: World = WORLDS[name]
    if seeds < 2:
        raise ConfigError(f"{seeds} seeds", do="use two seeds or more", field="seeds")
    sizes: Any = from_mapping(world.options, dict(options or {}))
    rows: list[Drawn] = []
    for i in range(seeds):
        rows.append(world.draw(np.random.default_rng([seed, i]), sizes))
        on_progress(i + 1, seeds)
    figures = {
        arm: {metric: np.array([row[arm][metric] for row in rows]) for metric in rows[0][arm]}
        for arm in rows[0]
    }
    checks = world.checks(figures, sizes)
    metrics = _metrics(figures, Resampling(draws=draws, seed=seed))
    return {
        "name": f"{name}-{seeds}",
        "n": seeds,
        "clusters": seeds,
        "seeds": seeds,
        "summary": world.summary,
        "gold": "generator",
        "claims": all(one.holds for one in checks if one.kind == "positive control"),
        "notes": [*world.notes, *map(_sentence, checks)],
        "scorers": scorer_table(metrics, 0.95),
        "paired": _paired(metrics, world),
        "checks": [
            {**one._asdict(), "value": number(one.value), "bound": number(one.bound)} for one in checks
        ],
        "options": fill(sizes),
    }


def at_most(what: str, values: Floats, bound: float) -> Check:
    """The claim that a mean is at most ``bound``: no more than three standard errors above it.

    Examples:
        >>> at_most("share", np.array([0.1, 0.3]), 0.1).holds
        True
    """
    mean, error = mean_error(values)
    return Check(f"{what} at most {bound:g}", "claim", mean, bound, bool(mean <= bound + 3 * error))


def exceeds(what: str, values: Floats, bound: float, kind: Kind = "claim") -> Check:
    """The claim that a mean lies more than three standard errors above ``bound``.

    Examples:
        >>> exceeds("gain", np.array([0.1, 0.3]), 0.0).holds
        False
    """
    mean, error = mean_error(values)
    return Check(f"{what} above {bound:g}", kind, mean, bound, bool(mean > bound + 3 * error))


def within(what: str, values: Floats, margin: float) -> Check:
    """The claim that a mean differs from 0 by less than ``margin``: two one-sided tests at 5 %.

    Examples:
        >>> within("gain", np.array([-0.01, 0.0, 0.01]), 0.05).holds
        True
    """
    good = values[np.isfinite(values)]
    small = len(good) > 1 and tost(good, margin).equivalent
    return Check(f"{what} within {margin:g} of 0", "equivalence", mean_error(values)[0], margin, bool(small))


def mean_error(values: Floats) -> tuple[float, float]:
    """Mean over seeds that have a figure, and its standard error.

    Examples:
        >>> mean_error(np.array([0.0, 2.0, float("nan")]))
        (1.0, 1.0)
    """
    good = values[np.isfinite(values)]
    if len(good) < 2:
        return math.nan, math.nan
    return float(good.mean()), float(good.std(ddof=1) / math.sqrt(len(good)))


def _metrics(figures: Figures, how: Resampling) -> list[Metric]:
    names = list(dict.fromkeys(metric for arm in figures.values() for metric in arm))
    made = []
    for name in names:
        values = {arm: found[name] for arm, found in figures.items() if name in found}
        covered = {arm: np.isfinite(column) for arm, column in values.items()}

        def figure(arm: str, rows: Any, mine: Mapping[str, Floats] = values) -> Any:
            clusters = [f"{i:06d}" for i in np.flatnonzero(rows)]
            return resample_mean(mine[arm][rows], clusters, draws=how.draws, seed=how.seed)

        made.append(Metric(name, covered, figure))
    return made


def _paired(metrics: Sequence[Metric], world: World) -> list[dict[str, Json]]:
    rows = []
    for metric in metrics:
        pairs = [
            (a, b)
            for a in world.subjects
            for b in metric.scorers
            if metric.name in world.compared and a in metric.scorers and b not in world.subjects
        ]
        family = [
            {"a": a, "b": b, "metric": metric.name, **difference(found)}
            for a, b in pairs
            if (found := metric.compare(a, b)) is not None
        ]
        adjusted = holm({str(i): row["p"] for i, row in enumerate(family) if row["p"] is not None})
        rows += [{**row, "p_holm": adjusted.get(str(i))} for i, row in enumerate(family)]
    return rows


def _sentence(check: Check) -> str:
    passed = "passed" if check.holds else "FAILED"
    return f"{check.kind} {passed}: {check.what} (mean {check.value:.4f})"
