"""Conformal selection with a choice among models (system ``optcs``), where every candidate's truth is drawn.

Problems differ in difficulty; a policy writes eight candidates of each. Models score candidates with unlike
strength: some know nothing. A chooser that is none of them takes one candidate a problem (best-of-n before
selection). Beside the choice among models stands a ridge regression of the truth on all their scores, fitted
on all of the calibration data, and its rival that is fitted on half of them. The same problems with models
that all know nothing are the positive control: taking the model that selects most, and its plain p-values,
must break the bound there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, at_most, exceeds
from prmkit.score.conformal import Candidates, Ridge, Selection, optcs, optcs_full, select
from prmkit.stats import auroc
from prmkit.stats.arrays import Floats

OPTCS, SAME, INSIDE = "optcs", "optcs, one draw", "optcs, own candidates"
FULL, HALF = "optcs, fitted on all", "fitted on half"
SPLIT, NAIVE, FIXED, ORACLE = "split", "naive", "fixed model", "oracle model"
BLIND = ", blind models"


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes of the world."""

    calibration: int = 60
    """Labelled problems."""
    test: int = 100
    samples: int = 8
    """Candidates a problem."""
    q: float = 0.1
    strengths: tuple[float, ...] = (0.0, 0.0, 0.4, 0.8, 1.2, 1.6)
    """Per model, how far right candidates score above wrong ones, in standard deviations."""
    chooser: float = 0.5
    """Strength of the rule that takes one candidate a problem."""
    blind: int = 10
    """Models of the positive control, none of which knows anything."""
    control_q: float = 0.2
    """Bound in the positive control: blind models select next to nothing at a strict one."""


@dataclass(frozen=True)
class _Side:
    """One candidate a problem: scores (n, K), truth (n), and the candidates that each model would take."""

    problems: list[str]
    scores: Floats
    good: Floats
    own_scores: Floats
    own_good: Floats

    @property
    def candidates(self) -> Candidates:
        return Candidates.of(self.problems, self.scores)


def draw(random: np.random.Generator, options: Options) -> Drawn:
    """False discovery proportion and power of every arm on one draw of all problems."""
    held = _side(random, options, options.strengths, options.calibration, "c")
    new = _side(random, options, options.strengths, options.test, "t")
    seed = int(random.integers(2**31))
    best = int(np.argmax(options.strengths))
    fixed = int(random.integers(len(options.strengths)))
    arms = {
        OPTCS: optcs(held.candidates, held.good, new.candidates, options.q),
        SAME: optcs(held.candidates, held.good, new.candidates, options.q, prune="same", seed=seed),
        SPLIT: split(held, new, options.q, random),
        FIXED: _alone(held, new, fixed, options.q),
        ORACLE: _alone(held, new, best, options.q),
        NAIVE: naive(held, new, options.q),
        FULL: optcs_full(held.candidates, held.good, new.candidates, options.q, prune="same", seed=seed),
        HALF: half(held, new, options.q, np.random.default_rng(seed)),
    }
    figures = {name: _figures(found, new.good) for name, found in arms.items()}
    own = optcs(
        Candidates.of(held.problems, held.own_scores),
        held.own_good,
        Candidates.of(new.problems, new.own_scores),
        options.q,
    )
    shipped = new.own_good[np.arange(len(own.model)), np.array(own.model)]
    # Other candidates are shipped here, so that its power would be a share of something else.
    figures[INSIDE] = {"fdp": _figures(own, shipped)["fdp"]}
    return figures | _control(random, options, seed)


def split(held: _Side, new: _Side, q: float, random: np.random.Generator) -> Selection:
    """The rival: half of the calibration problems choose the model by AUROC, the other half calibrate it."""
    order = random.permutation(len(held.good))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    areas = [auroc(column[first], held.good[first]) for column in held.scores.T]
    model = int(np.argmax([0.0 if math.isnan(one) else one for one in areas]))
    kept = Candidates.of([held.problems[i] for i in second], held.scores[second, model])
    return select(kept, held.good[second], Candidates.of(new.problems, new.scores[:, model]), q)


def half(held: _Side, new: _Side, q: float, random: np.random.Generator) -> Selection:
    """The rival of the fit on all: half of the calibration problems are fitted on, half calibrate."""
    order = random.permutation(len(held.good))
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    _, fitted = Ridge()(held.scores[first], held.good[first], np.vstack([held.scores[second], new.scores]))
    kept = Candidates.of([held.problems[i] for i in second], fitted[: len(second)])
    return select(kept, held.good[second], Candidates.of(new.problems, fitted[len(second) :]), q)


def naive(held: _Side, new: _Side, q: float) -> Selection:
    """What must not be done: the model that selects most, with its own p-values as if it had been fixed."""
    found = [_alone(held, new, k, q) for k in range(held.scores.shape[1])]
    return max(found, key=lambda one: len(one.chosen))


def checks(figures: Figures, options: Options) -> list[Check]:
    """What was written down: the bound holds for every valid arm, power beats the split, naive breaks it."""
    bounded = [*((arm, options.q) for arm in (OPTCS, SAME, FULL)), (OPTCS + BLIND, options.control_q)]
    power = figures[OPTCS]["power"] - figures[SPLIT]["power"]
    drawn = figures[SAME]["power"] - figures[SPLIT]["power"]
    fitted = figures[FULL]["power"] - figures[HALF]["power"]
    return [
        *(at_most(f"mean false discovery proportion of {a}", figures[a]["fdp"], q) for a, q in bounded),
        exceeds(f"power of {OPTCS} less that of {SPLIT}", power, 0.0),
        exceeds(f"power of {SAME} less that of {SPLIT}", drawn, 0.0),
        exceeds(f"power of {FULL} less that of {HALF}", fitted, 0.0),
        exceeds(
            f"mean false discovery proportion of {NAIVE + BLIND}",
            figures[NAIVE + BLIND]["fdp"],
            options.control_q,
            "positive control",
        ),
    ]


def _control(random: np.random.Generator, options: Options, seed: int) -> dict[str, dict[str, float]]:
    blind = (0.0,) * options.blind
    held = _side(random, options, blind, options.calibration, "c")
    new = _side(random, options, blind, options.test, "t")
    found = {
        OPTCS: optcs(held.candidates, held.good, new.candidates, options.control_q, prune="same", seed=seed),
        NAIVE: naive(held, new, options.control_q),
    }
    return {name + BLIND: {"fdp": _figures(one, new.good)["fdp"]} for name, one in found.items()}


def _side(
    random: np.random.Generator, options: Options, strengths: tuple[float, ...], problems: int, mark: str
) -> _Side:
    shape = (problems, options.samples)
    easy = random.normal(size=(problems, 1))
    right = (random.random(shape) < 1 / (1 + np.exp(-easy))).astype(np.float64)
    rows = np.arange(problems)
    taken = np.argmax(options.chooser * right + random.normal(size=shape), axis=1)
    every = np.stack([s * right + random.normal(size=shape) for s in strengths], axis=2)
    own = every.argmax(axis=1)
    return _Side(
        [f"{mark}{i}" for i in rows],
        every[rows, taken],
        right[rows, taken],
        every.max(axis=1),
        right[rows[:, None], own],
    )


def _alone(held: _Side, new: _Side, model: int, q: float) -> Selection:
    one = Candidates.of(held.problems, held.scores[:, model])
    return select(one, held.good, Candidates.of(new.problems, new.scores[:, model]), q)


def _figures(found: Selection, good: Floats) -> dict[str, float]:
    chosen = list(found.chosen)
    right = float(good[chosen].sum())
    return {
        "fdp": 1 - right / len(chosen) if chosen else 0.0,
        "power": right / float(good.sum()) if good.sum() else math.nan,
    }


WORLD = World(
    summary="Which answers to ship unreviewed, with a bound on the share of wrong ones, when the model that"
    " judges is chosen on the same calibration data.",
    options=Options,
    draw=draw,
    checks=checks,
    subjects=(OPTCS, SAME, FULL),
    compared=("power",),
    notes=(
        "one candidate a problem, taken before selection by a rule that sees no label; in the arm 'optcs, own"
        " candidates' every model brings its own, and no bound is proved there",
        "naive and oracle model are no methods: the first is not valid, the second knows the strengths",
    ),
)
