"""Step reward models that see more or less of a solution (system ``srm-inputs``).

Steps have a thought and an expression. An expression is right by itself; what makes a step right is that it
takes up the number that the one before gave. The margin of the equivalence is two points of pair accuracy,
which is also the smallest effect of interest. Positive control: where thoughts carry the label instead, a
model that sees them must win, and one that sees expressions alone must know nothing.
"""

from __future__ import annotations

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds, within
from prmkit.registry import resolve
from prmkit.train.worlds.sizes import ViewSizes

INTEREST = 0.02
"""Margin of equivalence and smallest effect of interest, in shares of pairs and of chains."""
FULL, WRITTEN, LAST, NEXT = "full context", "expressions only", "last expression only", "next thought"
ORACLE, NONE = "oracle", "no score"
ARMS = {
    FULL: "full",
    WRITTEN: "written",
    LAST: "last_written",
    NEXT: "next_thought",
    ORACLE: "oracle",
    NONE: "none",
}
THOUGHTS = ", label in thoughts"


def draw(random: np.random.Generator, options: ViewSizes) -> Drawn:
    """Pair accuracy and chains written for every view, with the label in expressions and in thoughts."""
    # Floor 9 knows no torch: the experiment stands on floor 7 and is found by its name.
    fit = resolve("prmkit.train.worlds.srm_inputs:fit")
    written, thoughts = (fit(random, options, carrier) for carrier in ("written", "thoughts"))
    found = {arm: written[name] for arm, name in ARMS.items()}
    return found | {arm + THOUGHTS: thoughts[ARMS[arm]] for arm in (FULL, WRITTEN, NEXT)}


def checks(figures: Figures, options: ViewSizes) -> list[Check]:
    """What was written down: expressions do as well as all; the last one, or a thought, knows nothing."""
    pairs = {arm: found["pair_accuracy"] for arm, found in figures.items() if "pair_accuracy" in found}
    chains = {arm: found["greedy"] for arm, found in figures.items()}
    return [
        within(f"pair accuracy of {WRITTEN} less that of {FULL}", pairs[WRITTEN] - pairs[FULL], INTEREST),
        exceeds(f"pair accuracy of {WRITTEN} less that of {LAST}", pairs[WRITTEN] - pairs[LAST], INTEREST),
        within(f"pair accuracy of {LAST} less 0.5", pairs[LAST] - 0.5, INTEREST),
        within(f"pair accuracy of {NEXT} less 0.5", pairs[NEXT] - 0.5, INTEREST),
        within(f"chains with {WRITTEN} less those with {FULL}", chains[WRITTEN] - chains[FULL], INTEREST),
        exceeds(f"chains with {WRITTEN} less those with {LAST}", chains[WRITTEN] - chains[LAST], INTEREST),
        exceeds(
            f"pair accuracy of {FULL}{THOUGHTS} less that of {WRITTEN}{THOUGHTS}",
            pairs[FULL + THOUGHTS] - pairs[WRITTEN + THOUGHTS],
            INTEREST,
            "positive control",
        ),
        exceeds(
            f"pair accuracy of {NEXT}{THOUGHTS} less 0.5",
            pairs[NEXT + THOUGHTS] - 0.5,
            INTEREST,
            "positive control",
        ),
        within(f"pair accuracy of {WRITTEN}{THOUGHTS} less 0.5", pairs[WRITTEN + THOUGHTS] - 0.5, INTEREST),
    ]


WORLD = World(
    summary="Models of steps that see all of a solution, its expressions, the last expression, or the next"
    " thought, where a step is right if it takes up what was written before.",
    options=ViewSizes,
    draw=draw,
    checks=checks,
    subjects=(WRITTEN,),
    compared=("pair_accuracy", "greedy"),
    notes=(
        "pair_accuracy: a right and a wrong continuation of one right beginning, put in order",
        "greedy: chains written without a wrong step, the best of five continuations taken each time;"
        " 'no score' takes any, 'oracle' is no method",
        "pairs learned from: siblings whose values from rollouts lie more than 0.7 apart",
        "margin of equivalence and smallest effect of interest: 0.02",
    ),
)
