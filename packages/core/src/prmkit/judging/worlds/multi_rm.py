"""Reward models of outcomes and of steps, trained and generative, on one protocol (system ``multi-rm``).

Solutions of 2 to 16 steps whose chances are known. The discriminative models are small networks that learn
from the same solutions; the generative ones are planted judges, whose mistakes are set, so that what they
gain or lose follows from their rates: a judge of steps calls a right solution of T steps wrong with chance
1 - (1 - e)^T. Written down beforehand: errors of a product of step scores grow with the length faster than
those of an outcome model, and outcomes choose better among the longest solutions. Positive controls: true
chances must choose better than one sample does, and outcomes must lose their worth when dealt out anew.
Smallest effect of interest: two points of accuracy.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prmkit.aggregators import CLAMP
from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds, within
from prmkit.judging.worlds.multi_rm_judges import earth_mover, false_flag_rate, flags, log_errors
from prmkit.registry import resolve
from prmkit.search.vote import vote_table
from prmkit.stats import best_of_n_curve, f1s, pass_at_k
from prmkit.train.worlds.multi_rm_sizes import MultiArm, MultiSizes

Array = NDArray[Any]
INTEREST = 0.02
"""Smallest effect of interest, in accuracy."""
SIZES = (2, 4, 8, 16)
PLANTED = 2000  # solutions of a length behind planted logarithmic errors
DORM, DPRM, GORM, GPRM = "dORM", "dPRM", "gORM", "gPRM"
PROD, WHOLE, SHUFFLED = "dPRM, prod", "dPRM, steps after an error too", "dORM, outcomes shuffled"
CHANCE, MAJORITY, PASS, ONE = "true chance", "majority", "pass", "one sample"
SHARED, SINGLE, MEAN = (
    "planted step errors",
    "planted step errors, one judgement",
    "planted, mean of judgements",
)
TRAINED = {
    DORM: MultiArm("outcome"),
    DPRM: MultiArm("first_error"),
    WHOLE: MultiArm("every"),
    SHUFFLED: MultiArm("outcome", shuffled=True),
}
RULES: Mapping[str, tuple[str, Any]] = {
    DORM: (DORM, lambda steps: steps[..., -1]),
    SHUFFLED: (SHUFFLED, lambda steps: steps[..., -1]),
    DPRM: (DPRM, lambda steps: steps.min(-1)),
    WHOLE: (WHOLE, lambda steps: steps.min(-1)),
    PROD: (DPRM, lambda steps: steps.prod(-1)),
    "dPRM, mean": (DPRM, lambda steps: steps.mean(-1)),
    "dPRM, last": (DPRM, lambda steps: steps[..., -1]),
}
"""Network behind each arm, and how its step scores become one number."""
GRID = [(accuracy, correlation) for accuracy in (0.6, 0.75, 0.9) for correlation in (0.0, 0.5)]


def draw(random: np.random.Generator, options: MultiSizes) -> Drawn:
    """The protocol and the diagnostics for every arm, on one draw of the world and of training."""
    # Floor 9 knows no torch: the experiment stands on floor 7 and is found by its name.
    judged = resolve("prmkit.train.worlds.multi_rm:fit")(random, options, tuple(TRAINED.values()))
    pools = [one.pool for one in judged]
    chance = [p + (1 - p) * options.repair for p in (pool.chance.prod(-1) for pool in pools)]
    majority = _voted(pools, None)
    found = {CHANCE: _chosen(chance, pools, majority)}
    for arm, (network, rule) in RULES.items():
        place = list(TRAINED).index(network)
        values = [rule(one.scores[place]) for one in judged]
        others = [rule(one.spliced[place]) for one in judged]
        found[arm] = _chosen(values, pools, majority) | _errors(values, chance, pools)
        found[arm] |= {"f1_spliced": _f1(others, pools)}
    for arm, judge in ((GORM, _outcome_judge), (GPRM, _step_judge)):
        wrong, aright = zip(*(judge(random, pool, options) for pool in pools), strict=True)
        found[arm] = _generative(wrong, aright, pools, majority)
    for accuracy, alike in GRID:
        sizes = dataclasses.replace(options, accuracy=accuracy, correlation=alike)
        values = [1 - _outcome_judge(random, pool, sizes)[0].mean(0) for pool in pools]
        found[f"gORM, {accuracy:g} right, {alike:g} alike"] = _by_size(_picked(values, pools), pools)
    found[MAJORITY] = _by_size(majority, pools)
    found[PASS] = _by_size([_passed(pool) for pool in pools], pools)
    found[ONE] = _by_size([pool.outcome.mean(1)[:, None].repeat(len(SIZES), 1) for pool in pools], pools)
    return found | _compounding(random, options)


def _by_size(tables: Sequence[Array], pools: Sequence[Any]) -> dict[str, float]:
    """Accuracy by the number of samples; tables (P, sizes) by length."""
    whole = np.concatenate(tables).mean(0)
    by_length = {
        f"best_of_{SIZES[-1]}_T{_length(pool)}": float(one[:, -1].mean())
        for one, pool in zip(tables, pools, strict=True)
    }
    return {f"best_of_{n}": float(value) for n, value in zip(SIZES, whole, strict=True)} | by_length


def _picked(values: Sequence[Array], pools: Sequence[Any]) -> list[Array]:
    """Chance (P, sizes) that the best scored sample is right."""
    at = np.array(SIZES) - 1
    return [
        np.stack([best_of_n_curve(*row)[at] for row in zip(one, pool.outcome.astype(float), strict=True)])
        for one, pool in zip(values, pools, strict=True)
    ]


def _voted(pools: Sequence[Any], weights: Sequence[Any] | None) -> list[Array]:
    """Chance (P, sizes) that the answer with most votes is right."""
    return [
        vote_table(
            pool.answers.astype(str).tolist(),
            pool.outcome.astype(float),
            None if weights is None else weights[i],
            sizes=SIZES,
        )
        for i, pool in enumerate(pools)
    ]


def _passed(pool: Any) -> Array:
    size = pool.outcome.shape[1]
    return np.array([[pass_at_k(size, int(c), n) for n in SIZES] for c in pool.outcome.sum(1)])


def _chosen(values: Sequence[Array], pools: Sequence[Any], majority: Sequence[Array]) -> dict[str, float]:
    """What best-of-N, a weighted vote and a threshold at 1/2 make of the values (P, S) of each length."""
    picked = _picked(values, pools)
    voted = np.concatenate(_voted(pools, values)).mean(0)
    gain = np.concatenate([one[:, -1] - other[:, -1] for one, other in zip(picked, majority, strict=True)])
    steps = np.concatenate([np.full(len(pool.outcome), _length(pool)) for pool in pools])
    found = _by_size(picked, pools) | {
        f"weighted_vote_{n}": float(v) for n, v in zip(SIZES, voted, strict=True)
    }
    found["gain_by_length"] = float(np.corrcoef(gain, steps)[0, 1]) if gain.std() else math.nan
    found |= {"f1": _f1(values, pools)}
    found |= {f"f1_T{_length(pool)}": _f1([one], [pool]) for one, pool in zip(values, pools, strict=True)}
    # Wrong on the way and right in the end.
    aha = np.concatenate(
        [one[pool.outcome & ~pool.right.all(-1)] >= 0.5 for one, pool in zip(values, pools, strict=True)]
    )
    return found | ({"aha": float(aha.mean())} if len(aha) else {})


def _f1(values: Sequence[Array], pools: Sequence[Any]) -> float:
    gold = np.concatenate([pool.outcome.ravel() for pool in pools])
    return f1s(gold.astype(float), np.concatenate([one.ravel() >= 0.5 for one in values]).astype(float)).f1


def _errors(values: Sequence[Array], chance: Sequence[Array], pools: Sequence[Any]) -> dict[str, float]:
    """Mean squared logarithmic error of the chance that the answer is right."""
    return {
        f"log_error_T{_length(pool)}": float(np.square(np.log(one.clip(CLAMP) / true.clip(CLAMP))).mean())
        for one, true, pool in zip(values, chance, pools, strict=True)
    }


def _outcome_judge(random: np.random.Generator, pool: Any, options: MultiSizes) -> tuple[Array, Array]:
    """Whether each judgement (M, P, S) calls a solution wrong, and which (P, S) the first reads aright."""
    rates = {"false_flag": 1 - options.accuracy, "missed": 1 - options.accuracy}
    rates |= {"correlation": options.correlation}
    wrong = flags(random, pool.outcome, **rates, judgements=options.judgements)
    return wrong, wrong[0] != pool.outcome


def _step_judge(random: np.random.Generator, pool: Any, options: MultiSizes) -> tuple[Array, Array]:
    """The same of a judge that calls single steps wrong; it must read all up to the first error aright."""
    rates = {"false_flag": options.false_flag, "missed": options.missed}
    rates |= {"correlation": options.correlation}
    found = flags(random, pool.right, **rates, judgements=options.judgements)
    begun = np.logical_and.accumulate(pool.right, axis=-1)
    counted = np.concatenate([np.ones_like(begun[..., :1]), begun[..., :-1]], axis=-1)
    aright = ~counted | (found[0] != pool.right)
    return np.asarray(found.any(-1)), np.asarray(aright.all(-1))


def _generative(
    wrong: Sequence[Array], aright: Sequence[Array], pools: Sequence[Any], majority: Sequence[Array]
) -> dict[str, float]:
    """As for others, with right solutions called wrong, and the lengths of critiques that a filter keeps."""
    found = _chosen([1 - one.mean(0) for one in wrong], pools, majority)
    steps = [np.full(pool.outcome.shape, _length(pool)) for pool in pools]
    kept = np.concatenate([one[good] for one, good in zip(steps, aright, strict=True)])
    found["length_shift"] = earth_mover(np.concatenate([one.ravel() for one in steps]), kept)
    for one, pool in zip(wrong, pools, strict=True):
        found[f"false_flag_T{_length(pool)}"] = float(one[:, pool.right.all(-1)].mean())
    return found


def _compounding(random: np.random.Generator, options: MultiSizes) -> dict[str, dict[str, float]]:
    """Planted errors of steps: squared errors of their product, and what the mean of judgements adds."""
    found: dict[str, dict[str, float]] = {SHARED: {}, SINGLE: {}, MEAN: {}}
    for length in options.lengths:
        shared, single, gap = log_errors(
            random,
            length,
            error=options.error,
            sampling=options.sampling,
            judgements=options.judgements,
            n=PLANTED,
        )
        found[SHARED][f"log_error_T{length}"] = float((shared**2).mean())
        found[SINGLE][f"log_error_T{length}"] = float((single**2).mean())
        found[MEAN][f"jensen_T{length}"] = float(gap.mean())
    return found


def _length(pool: Any) -> int:
    return int(pool.right.shape[-1])


def checks(figures: Figures, options: MultiSizes) -> list[Check]:
    """What was written down: products of step scores go astray with the length, outcome models do not."""
    short, long = options.lengths[0], options.lengths[-1]

    def lead(arm: str, other: str, metric: str) -> tuple[str, Array]:
        return f"{metric} of {arm} less that of {other}", figures[arm][metric] - figures[other][metric]

    def grown(arm: str) -> Array:
        found = figures[arm]
        return found[f"log_error_T{long}"] - found[f"log_error_T{short}"]

    last, longest = f"best_of_{SIZES[-1]}", f"best_of_{SIZES[-1]}_T{long}"
    spread, flagged = options.error**2, false_flag_rate(options.false_flag, long)
    gap = options.sampling**2 * long / 2 * (1 - 1 / options.judgements)
    return [
        exceeds(f"growth of log_error of {PROD}", grown(PROD), 0.0),
        exceeds(f"growth of log_error of {PROD} less that of {DORM}", grown(PROD) - grown(DORM), 0.0),
        exceeds(*lead(DORM, DPRM, longest), INTEREST),
        exceeds(*lead(DORM, DPRM, last), INTEREST),
        within(
            f"squared error of {SHARED} of {long} less {spread * long:g}",
            figures[SHARED][f"log_error_T{long}"] - spread * long,
            0.1,
        ),
        within(f"jensen_T{long} less {gap:g}", figures[MEAN][f"jensen_T{long}"] - gap, INTEREST),
        within(
            f"false_flag_T{long} of {GPRM} less {flagged:.4f}",
            figures[GPRM][f"false_flag_T{long}"] - flagged,
            INTEREST,
        ),
        exceeds(*lead(CHANCE, ONE, last), INTEREST, "positive control"),
        exceeds(*lead(DORM, SHUFFLED, last), INTEREST, "positive control"),
    ]


WORLD = World(
    summary="Reward models of outcomes and of steps, trained and planted, on solutions of unlike length.",
    options=MultiSizes,
    draw=draw,
    checks=checks,
    subjects=(DORM, DPRM),
    compared=(f"best_of_{SIZES[-1]}",),
    notes=(
        "best_of_N: share of problems answered right with the best scored of N samples (majority: with the"
        " most frequent answer; pass: with any); _T: problems of T steps",
        "dORM takes the last score, dPRM the lowest, gORM and gPRM the mean of judgements",
        "gORM and gPRM are planted judges with set rates of mistakes",
        "gain_by_length: correlation of the gain over the majority with the number of steps",
        "aha: solutions with a wrong step and a right answer that score 1/2 or more",
        "f1_spliced: all steps but the last are those of another solution; a model that reads them loses",
        "length_shift: how far steps per solution move when critiques that err are left out",
        "log_error: squared logarithmic error of the chance that the answer is right",
        "smallest effect of interest: 0.02 accuracy",
    ),
)
