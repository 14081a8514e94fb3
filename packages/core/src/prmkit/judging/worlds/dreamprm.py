"""Domains of step labels, one of them poisoned, weighted by what a clean set says (system ``dreamprm``).

Most labels of the poisoned domain are turned round; a small clean set holds whole solutions with their
outcomes. Positive control: leaving the poisoned domain out must help. Null controls: without poison the
weights have nothing to gain, and with outcomes dealt out anew they must not find it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds, within
from prmkit.registry import resolve
from prmkit.train.worlds.sizes import DomainArm, DomainSizes

INTEREST = 0.01
"""Smallest effect of interest, in AUROC of steps."""
UNIFORM, TAUGHT, ORACLE = "uniform", "taught weights", "oracle weights"
BESIDE, SHUFFLED = "uniform, clean set learned from", "taught weights, outcomes shuffled"
HEALTHY = ", no poison"
ARMS = {
    UNIFORM: DomainArm(),
    TAUGHT: DomainArm("taught"),
    ORACLE: DomainArm("oracle"),
    BESIDE: DomainArm(clean=True),
    SHUFFLED: DomainArm("taught", shuffled=True),
}
NULL = {arm + HEALTHY: ARMS[arm] for arm in (UNIFORM, TAUGHT)}


def draw(random: np.random.Generator, options: DomainSizes) -> Drawn:
    """AUROC of steps and the poisoned domain's weight for every arm, with poison and without."""
    # Floor 9 knows no torch: the experiment stands on floor 7 and is found by its name.
    fit = resolve("prmkit.train.worlds.dreamprm:fit")
    poisoned = fit(random, options, tuple(ARMS.values()))
    healthy = fit(random, dataclasses.replace(options, poison=0.0), tuple(NULL.values()))
    return dict(zip((*ARMS, *NULL), (*poisoned, *healthy), strict=True))


def checks(figures: Figures, options: DomainSizes) -> list[Check]:
    """What was written down: the poisoned domain loses weight, and steps are ranked better for it."""
    area = {arm: found["step_auroc"] for arm, found in figures.items()}
    weight = {arm: found["weight"] for arm, found in figures.items()}
    return [
        exceeds(f"1 less the poisoned domain's weight, {TAUGHT}", 1 - weight[TAUGHT], 0.0),
        exceeds(f"AUROC of {TAUGHT} less that of {UNIFORM}", area[TAUGHT] - area[UNIFORM], INTEREST),
        exceeds(f"AUROC of {TAUGHT} less that of {BESIDE}", area[TAUGHT] - area[BESIDE], 0.0),
        exceeds(
            f"AUROC of {ORACLE} less that of {UNIFORM}",
            area[ORACLE] - area[UNIFORM],
            INTEREST,
            "positive control",
        ),
        exceeds(
            f"weight of the poisoned domain, {SHUFFLED}, less that of {TAUGHT}",
            weight[SHUFFLED] - weight[TAUGHT],
            0.0,
            "positive control",
        ),
        within(
            f"AUROC of {TAUGHT}{HEALTHY} less that of {UNIFORM}{HEALTHY}",
            area[TAUGHT + HEALTHY] - area[UNIFORM + HEALTHY],
            INTEREST,
        ),
    ]


WORLD = World(
    summary="Step labels from several domains, one of them poisoned, with weights taught by a clean set"
    " through one step of training.",
    options=DomainSizes,
    draw=draw,
    checks=checks,
    subjects=(TAUGHT,),
    compared=("step_auroc",),
    notes=(
        "step_auroc: clean held-out steps of all domains, the poisoned one's included",
        "weight: of the poisoned domain, where the mean over domains is 1",
        "oracle weights are no method: they know which domain is poisoned",
        "smallest effect of interest: 0.01 AUROC",
    ),
)
