"""Which steps are right, learned from outcomes by log-ratios or from labels of rollouts (``implicit-prm``).

Chains of table look-ups, written by a policy that is sure of some wrong results. All arms are one network
that begins as the policy's likeness; a log-ratio arm's step score is its change of the written result's
log-probability, any other's the logit of the result. Arms are matched by what labelling costs: rollouts are
written by the policy, so that their labels reach fewer solutions than outcomes do. Positive controls: true
labels of steps must rank steps at an AUROC above .9, outcomes must lose their worth when dealt out anew, and
rollouts' labels on all solutions, many times as dear, must beat those on few. Smallest effect of interest:
two points of the AUROC of steps, and of the F1 of first errors.
"""

from __future__ import annotations

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds
from prmkit.registry import resolve
from prmkit.stats.arrays import Floats
from prmkit.train.worlds.implicit_sizes import ImplicitArm, ImplicitSizes

INTEREST = 0.02
"""Smallest effect of interest, in AUROC of steps and in F1 of first errors."""
COMPARED = ("step_auroc", "first_error_f1")
CE, LAST, EVERY = "log-ratio, CE", "ORM", "outcome at every step"
MC, CHEAP, DEAR = "MC labels, 8 rollouts", "MC labels, 1 rollout", "MC labels, 8 rollouts, unmatched"
TRUE, SHUFFLED = "true labels", "log-ratio, CE, outcomes shuffled"
SURPRISAL, POSITION = "surprisal", "position"
ARMS = {
    CE: ImplicitArm("ce"),
    "log-ratio, DPO": ImplicitArm("dpo"),
    "log-ratio, KTO": ImplicitArm("kto"),
    "log-ratio, NCA": ImplicitArm("nca"),
    MC: ImplicitArm("rollouts", 8),
    CHEAP: ImplicitArm("rollouts", 1),
    DEAR: ImplicitArm("rollouts", 8, matched=False),
    LAST: ImplicitArm("last"),
    EVERY: ImplicitArm("every"),
    TRUE: ImplicitArm("steps"),
    SHUFFLED: ImplicitArm("ce", shuffled=True),
}


def draw(random: np.random.Generator, options: ImplicitSizes) -> Drawn:
    """AUROC of steps, F1 of first errors and the cost of labels for every arm, on one draw of the world."""
    # Floor 9 knows no torch: the experiment stands on floor 7 and is found by its name.
    found = resolve("prmkit.train.worlds.implicit:fit")(random, options, tuple(ARMS.values()))
    return dict(zip((*ARMS, SURPRISAL, POSITION), found, strict=True))


def checks(figures: Figures, options: ImplicitSizes) -> list[Check]:
    """What was written down: outcomes alone find wrong steps, and better than rollouts' labels as dear."""

    def lead(arm: str, other: str, metric: str) -> tuple[str, Floats]:
        rival = figures[other][metric]
        if f"other_{metric}" in figures[other]:
            rival = np.maximum(rival, figures[other][f"other_{metric}"])
        return f"{metric} of {arm} less that of {other}", figures[arm][metric] - rival

    area = figures[TRUE]["step_auroc"]
    rivals = (MC, CHEAP, SURPRISAL, LAST, EVERY)
    return [
        *(exceeds(*lead(CE, other, metric), INTEREST) for metric in COMPARED for other in rivals),
        exceeds(f"step_auroc of {TRUE}", area, 0.9, "positive control"),
        *(exceeds(*lead(CE, SHUFFLED, metric), INTEREST, "positive control") for metric in COMPARED),
        exceeds(*lead(DEAR, MC, "step_auroc"), INTEREST, "positive control"),
    ]


WORLD = World(
    summary="Which steps are right, learned from outcomes by log-ratios and from rollouts' labels as dear.",
    options=ImplicitSizes,
    draw=draw,
    checks=checks,
    subjects=(CE,),
    compared=COMPARED,
    notes=(
        "step_auroc: steps up to the first wrong one of new solutions",
        "first_error_f1: the threshold was chosen on other solutions; f1_fixed: log-ratio 0, probability 1/2;"
        " f1_oracle: chosen on the rows it is read on",
        "other_: log-ratios summed up to the step, or the rise of a chance over the step before; whatever the"
        " log-ratio is held against may be read either way in a check",
        "cost: steps that the policy writes for the labels, over those of all outcomes",
        "smallest effect of interest: 0.02",
    ),
)
