"""Quantile forecasts of a problem's chance of success, from several models (system ``quantile-aggregation``).

The log-odds of a problem's chance are normal around what could be known of it. A model sees that centre with
a bias and noise of its own, states a spread that is too narrow or too wide, and its quantiles jitter, so that
they cross. The label is the share of successes in a few rollouts, as in recorded data. Ensembles are fitted
on one set of problems, margins on a second, figures are of a third.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds
from prmkit.score.adaptive import equal_budget, samples_needed
from prmkit.score.quantiles import conformalised, fit_ensemble
from prmkit.stats import covered, crossing, repair, weighted_interval_score
from prmkit.stats.arrays import Floats

RAW, SINGLE, MEAN = "best single model, crossing", "best single model", "mean of models"
WAYS = ("coarse", "medium", "fine")
DQA = {way: f"weighted, {way}" for way in WAYS}
TRUTH, SHUFFLED = "true chance", "shuffled forecasts"


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes of the world."""

    fit: int = 200
    """Problems that weights are fitted on."""
    calibrate: int = 99
    """Problems that the margin is taken from."""
    test: int = 200
    rollouts: int = 8
    levels: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9)
    spread: float = 0.8
    """Standard deviation of a problem's log-odds around what could be known."""
    biases: tuple[float, ...] = (0.8, -0.5, 0.0, 1.5)
    noises: tuple[float, ...] = (0.6, 0.6, 1.2, 0.3)
    spreads: tuple[float, ...] = (0.4, 0.6, 1.5, 0.3)
    """What each model takes for the spread."""
    jitter: float = 0.15
    confidence: float = 0.99
    cap: int = 64
    """Most samples of a problem."""


@dataclass(frozen=True)
class _Part:
    base: Floats
    """Forecasts (n, models, levels)."""
    chance: Floats
    observed: Floats


def draw(random: np.random.Generator, options: Options) -> Drawn:
    """Losses, coverage and budgets of every arm on one draw of all problems."""
    fit, held, test = (_part(random, options, n) for n in (options.fit, options.calibrate, options.test))
    losses = [
        weighted_interval_score(fit.base[:, j], fit.observed, options.levels).mean()
        for j in range(fit.base.shape[1])
    ]
    best = int(np.argmin(losses))
    ensembles = {
        DQA[way]: fit_ensemble(fit.base, fit.observed, options.levels, way)  # type: ignore[arg-type]
        for way in WAYS
    }
    forecasts = {
        RAW: (held.base[:, best], test.base[:, best]),
        SINGLE: tuple(repair(one.base[:, best], options.levels) for one in (held, test)),
        MEAN: tuple(repair(one.base.mean(axis=1), options.levels) for one in (held, test)),
        **{name: (one.apply(held.base), one.apply(test.base)) for name, one in ensembles.items()},
    }
    figures = {
        name: _figures(before, after, held, test, options) for name, (before, after) in forecasts.items()
    }
    figures[TRUTH] = _budget(test.chance, test, options)
    chosen = forecasts[DQA["medium"]][1][:, 0]
    figures[SHUFFLED] = _budget(random.permutation(chosen), test, options)
    return figures


def checks(figures: Figures, options: Options) -> list[Check]:
    """What was written down: less loss, coverage, budget; true chances save and shuffled ones do not."""
    own = figures[DQA["medium"]]
    nominal = options.levels[-1] - options.levels[0]
    short = nominal - own["conformal_coverage"]
    missed = nominal - figures[SINGLE]["interval_coverage"]
    return [
        exceeds("WIS of the mean of models less that of weights", figures[MEAN]["wis"] - own["wis"], 0.0),
        exceeds(
            "WIS of the best single model less that of weights", figures[SINGLE]["wis"] - own["wis"], 0.0
        ),
        exceeds(
            "WIS of crossing forecasts less that of repaired ones",
            figures[RAW]["wis"] - figures[SINGLE]["wis"],
            0.0,
        ),
        Check(
            f"coverage of conformal intervals at least {nominal:g}",
            "claim",
            float(own["conformal_coverage"].mean()),
            nominal,
            not exceeds("", short, 0.0).holds,
        ),
        exceeds("share of samples saved at equal accuracy", 1 - own["budget"], 0.0),
        exceeds("coverage that the best single model lacks", missed, 0.0, "positive control"),
        exceeds(
            "share of samples saved by true chances", 1 - figures[TRUTH]["budget"], 0.0, "positive control"
        ),
        exceeds(
            "share of samples lost by shuffled forecasts",
            figures[SHUFFLED]["budget"] - 1,
            0.0,
            "positive control",
        ),
    ]


def _part(random: np.random.Generator, options: Options, problems: int) -> _Part:
    known = random.normal(0.3, 1.2, size=problems)
    chance = _chance(known + options.spread * random.normal(size=problems))
    z = np.array([NormalDist().inv_cdf(level) for level in options.levels])
    models = len(options.biases)
    centre = known[:, None] + np.array(options.biases)
    centre = centre + np.array(options.noises) * random.normal(size=(problems, models))
    quantiles = centre[:, :, None] + np.array(options.spreads)[:, None] * z
    quantiles = quantiles + options.jitter * random.normal(size=quantiles.shape)
    observed = random.binomial(options.rollouts, chance) / options.rollouts
    return _Part(_chance(quantiles), chance, observed)


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _figures(before: Floats, after: Floats, held: _Part, test: _Part, options: Options) -> dict[str, float]:
    low, high = conformalised(after, options.levels, before, held.observed)
    return {
        "wis": float(weighted_interval_score(after, test.observed, options.levels).mean()),
        "crossing": float(crossing(after, options.levels).mean()),
        "interval_coverage": float(covered(after[:, 0], after[:, -1], test.observed).mean()),
        "conformal_coverage": float(covered(low, high, test.observed).mean()),
        "interval_width": float((np.minimum(high, 1) - np.maximum(low, 0)).mean()),
        **_budget(after[:, 0], test, options),
    }


def _budget(lower: Floats, test: _Part, options: Options) -> dict[str, float]:
    """Samples drawn, and drawn over those that a fixed budget needs for the same share of solved problems."""
    drawn = samples_needed(lower, confidence=options.confidence, cap=options.cap)
    return {
        "samples": float(drawn.mean()),
        "solved": float((1 - (1 - test.chance) ** drawn).mean()),
        "budget": float(drawn.mean()) / equal_budget(test.chance, drawn, cap=options.cap),
    }


WORLD = World(
    summary="Quantile forecasts of the chance of success from several models, weighted into one, and the"
    " samples that they save.",
    options=Options,
    draw=draw,
    checks=checks,
    subjects=tuple(DQA.values()),
    compared=("wis", "budget"),
    notes=(
        "a problem counts as solved when one sample succeeds, which is what a perfect verifier would choose",
        "budget: samples drawn per problem over the fixed number that solves as large a share",
    ),
)
