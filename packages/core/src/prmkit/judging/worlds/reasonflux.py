"""Thinking traces chosen by fused marks of steps and a mark of the whole (system ``reasonflux-prm``).

A step is good if it has none of three faults. A judge says of each step whether it is good, and is right with
a set accuracy, in some traces about all steps or none; two more marks need no judge. A model learns them,
ranks a pool, and a student learns from the best traces. What the fusion gains over a model of the judge
alone is a matter of the judge's accuracy, so the world is run over a grid of it. Positive controls: knowing
the good steps must help the student, above chance and above the model of the judge alone, and marks of other
traces must do worse than marks of their own.
"""

from __future__ import annotations

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds
from prmkit.registry import resolve
from prmkit.train.worlds.sizes import TraceArm, TraceSizes

INTEREST = 0.01
"""Smallest effect of interest, in accuracy of the student and of the best of n."""
FUSED, GENERIC = "fused marks and the whole", "judge"
STEPS, WHOLE = "fused marks", "judge and the whole"
STRANGERS, RANDOM, NO_JUDGE, ORACLE = "marks of strangers", "random", "no judge", "oracle"
ARMS = {
    FUSED: TraceArm(fused=True, whole=True),
    GENERIC: TraceArm(),
    STEPS: TraceArm(fused=True),
    WHOLE: TraceArm(whole=True),
    STRANGERS: TraceArm(fused=True, whole=True, strangers=True),
}


def draw(random: np.random.Generator, options: TraceSizes) -> Drawn:
    """Accuracy of the student, share of good steps and best of n, for every way of choosing from one pool."""
    # Floor 9 knows no torch: the experiment stands on floor 7 and is found by its name.
    learned, others = resolve("prmkit.train.worlds.reasonflux:fit")(random, options, tuple(ARMS.values()))
    return {**dict(zip(ARMS, learned, strict=True)), **others}


def checks(figures: Figures, options: TraceSizes) -> list[Check]:
    """What was written down: a better student than by chance, by the judge alone and without a judge."""
    student = {arm: found["student"] for arm, found in figures.items()}
    best = {arm: found["best_of_n"] for arm, found in figures.items()}

    def ahead(metric: str, one: str, other: str) -> Check:
        values = student if metric == "student" else best
        return exceeds(f"{metric} by {one} less that by {other}", values[one] - values[other], INTEREST)

    return [
        *(ahead("student", FUSED, other) for other in (RANDOM, GENERIC, WHOLE, STEPS, NO_JUDGE)),
        *(ahead("best_of_n", FUSED, other) for other in (RANDOM, GENERIC, NO_JUDGE)),
        *(ahead("student", ORACLE, other)._replace(kind="positive control") for other in (RANDOM, GENERIC)),
        ahead("student", FUSED, STRANGERS)._replace(kind="positive control"),
    ]


WORLD = World(
    summary="Thinking traces chosen from a pool to teach a student: by fused marks of steps and the whole, by"
    " a judge of set accuracy alone, without a judge, and at random.",
    options=TraceSizes,
    draw=draw,
    checks=checks,
    subjects=(FUSED,),
    compared=("student", "best_of_n"),
    notes=(
        "student: accuracy of a rule learned from the hundred best traces, whose good steps alone show it",
        "good_steps: their share in those traces; best_of_n: chance of success of the best of eight",
        "judge: a model of the judge's marks; the whole: a mark of the trajectory, from rollouts under its"
        " template, known of half of the traces",
        "no judge: alignment and coherence, taken from the pool without learning",
        "oracle is no method: it knows the good steps",
        "smallest effect of interest: 0.01",
    ),
)
