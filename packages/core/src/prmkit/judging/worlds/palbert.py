"""Scores that may come from any layer, each item stopping where the model thinks best (system ``palbert``).

An item's label is the product of some of its signs, and how many there are is its difficulty. Positive
controls: knowing the difficulty must save operations at equal AUROC, and exits dealt out to other items
must lose against exits of their own.
"""

from __future__ import annotations

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds
from prmkit.registry import resolve
from prmkit.train.worlds.sizes import ExitSizes

INTEREST = 0.1
"""Smallest effect of interest: this share of all floating-point operations."""
FULL, EXIT, FIXED = "full depth", "q-exit", "fixed depth, no cheaper"
CHOSEN, SHALLOW = "q-exit, share chosen", "fixed depth, chosen"
ENTROPY, SHUFFLED = "entropy exit, as costly", "q-exit, shuffled items"
KNOWN, CHANCE = "difficulty known", "true chance"
ARMS = {
    FULL: "full",
    EXIT: "q-exit",
    FIXED: "fixed",
    CHOSEN: "q-exit chosen",
    SHALLOW: "fixed chosen",
    ENTROPY: "entropy",
    SHUFFLED: "shuffled",
    KNOWN: "known",
    CHANCE: "chance",
}


def draw(random: np.random.Generator, options: ExitSizes) -> Drawn:
    """AUROC and the share of operations saved for every rule, on one draw of items and of training."""
    # Floor 9 knows no torch: the experiment stands on floor 7 and is found by its name.
    found = resolve("prmkit.train.worlds.palbert:fit")(random, options)
    return {arm: found[name] for arm, name in ARMS.items()}


def checks(figures: Figures, options: ExitSizes) -> list[Check]:
    """What was written down: at most the margin lost, a tenth saved, better than equally costly rules."""
    area = {arm: found["auroc"] for arm, found in figures.items()}
    saved = {arm: found["flops_saved"] for arm, found in figures.items() if arm != CHANCE}
    return [
        exceeds(f"AUROC of {EXIT} less that of {FULL}", area[EXIT] - area[FULL], -options.margin),
        exceeds(f"share of operations that {EXIT} saves", saved[EXIT], INTEREST),
        exceeds(f"AUROC of {CHOSEN} less that of {FULL}", area[CHOSEN] - area[FULL], -options.margin),
        exceeds(f"AUROC of {SHALLOW} less that of {FULL}", area[SHALLOW] - area[FULL], -options.margin),
        exceeds(
            f"share of operations that {CHOSEN} saves less that of {SHALLOW}",
            saved[CHOSEN] - saved[SHALLOW],
            0.0,
        ),
        exceeds(f"AUROC of {EXIT} less that of {FIXED}", area[EXIT] - area[FIXED], 0.0),
        exceeds(f"AUROC of {EXIT} less that of {ENTROPY}", area[EXIT] - area[ENTROPY], 0.0),
        exceeds(
            f"AUROC of {KNOWN} less that of {FULL}",
            area[KNOWN] - area[FULL],
            -options.margin,
            "positive control",
        ),
        exceeds(f"share of operations that {KNOWN} saves", saved[KNOWN], INTEREST, "positive control"),
        exceeds(
            f"AUROC of {EXIT} less that of {SHUFFLED}", area[EXIT] - area[SHUFFLED], 0.0, "positive control"
        ),
    ]


WORLD = World(
    summary="Items of unlike difficulty, scored at the layer where half of the exit's probability is passed.",
    options=ExitSizes,
    draw=draw,
    checks=checks,
    subjects=(EXIT, CHOSEN),
    compared=("auroc", "flops_saved"),
    notes=(
        "flops_saved: of the operations of a network of full depth with one head; what asks when to stop is"
        " counted",
        "fixed depth, no cheaper: the shallowest network trained for its own depth that costs as much as"
        " q-exit or more; entropy exit: a network with a loss at every layer, at the same cost",
        "difficulty known is no method: it routes items by their true difficulty",
        "chosen: what costs least within half of the margin on held-out items",
        "margin: 0.003 AUROC may be lost; smallest saving of interest: a tenth",
    ),
)
