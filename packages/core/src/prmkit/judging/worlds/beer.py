"""Values learned by bootstrapping, with a penalty on features that are too much alike (system ``beer``).

A deterministic process whose values are known: states follow a smooth rule, rewards are given, and a value is
the discounted sum along the path. A small network learns it from transitions. The positive control is a
network whose features start all alike and are moved by nothing but the penalty: unless that helps there, by
the smallest effect of interest, the world says nothing of the penalty elsewhere.
"""

from __future__ import annotations

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds, within
from prmkit.registry import resolve
from prmkit.train.worlds.sizes import ValueArm, ValueSizes

INTEREST = 0.05
"""Smallest effect of interest: this share of the error of the values."""
PLAIN, PUBLISHED, STRONG = "no penalty", "penalty, 0.001", "penalty, 0.1"
SHUFFLED, TRUTH = "penalty, 0.1, strangers", "true values"
COLLAPSED, MENDED, MIXED = "collapsed", "collapsed, penalty, 0.1", "collapsed, penalty, 0.1, strangers"
ARMS = {
    PLAIN: ValueArm(),
    PUBLISHED: ValueArm(penalty=0.001),
    STRONG: ValueArm(penalty=0.1),
    SHUFFLED: ValueArm(penalty=0.1, shuffled=True),
    TRUTH: ValueArm(truth=True),
    COLLAPSED: ValueArm(collapsed=True, untaught=True),
    MENDED: ValueArm(penalty=0.1, collapsed=True, untaught=True),
    MIXED: ValueArm(penalty=0.1, collapsed=True, untaught=True, shuffled=True),
}


def draw(random: np.random.Generator, options: ValueSizes) -> Drawn:
    """Error, rank and likeness of every arm on one process, from the same start and the same batches."""
    # Floor 9 knows no torch: the experiment stands on floor 7 and is found by its name.
    found = resolve("prmkit.train.worlds.beer:fit")(random, options, tuple(ARMS.values()))
    return dict(zip(ARMS, found, strict=True))


def checks(figures: Figures, options: ValueSizes) -> list[Check]:
    """What was written down: less error with the penalty, by 5 % or more; else a difference below 5 %."""
    error = {arm: np.log(found["value_error"]) for arm, found in figures.items()}
    rank = {arm: found["rank"] for arm, found in figures.items()}
    claims = []
    for arm in (PUBLISHED, STRONG):
        less = error[PLAIN] - error[arm]
        claims += [
            exceeds(f"log error of {PLAIN} less that of {arm}", less, 0.0),
            exceeds(f"log error of {PLAIN} less that of {arm}", less, INTEREST),
            within(f"log error of {PLAIN} less that of {arm}", less, INTEREST),
        ]
    return [
        *claims,
        exceeds(f"rank with {STRONG} less that with {PLAIN}", rank[STRONG] - rank[PLAIN], 0.0),
        exceeds(
            f"log error of {COLLAPSED} less that of {MENDED}",
            error[COLLAPSED] - error[MENDED],
            INTEREST,
            "positive control",
        ),
        exceeds(
            f"log error of {COLLAPSED} less that of {PLAIN}",
            error[COLLAPSED] - error[PLAIN],
            INTEREST,
            "positive control",
        ),
        exceeds(f"rank of {MENDED} less that of {COLLAPSED}", rank[MENDED] - rank[COLLAPSED], 0.0),
    ]


WORLD = World(
    summary="Values of a deterministic process, learned by bootstrapping with and without a penalty on"
    " features that are more alike than the Bellman equation allows.",
    options=ValueSizes,
    draw=draw,
    checks=checks,
    subjects=(PUBLISHED, STRONG),
    compared=("value_error", "rank"),
    notes=(
        "value_error: root mean square error on states of new episodes, over the spread of the true values",
        "rank: singular values of the features that hold 99 % of their sum",
        "excess: what the penalty comes to after training, over all transitions learned from",
        "strangers: the penalty holds a state against another's successor and reward",
        "collapsed: features start all alike, and Bellman errors move the last layer only",
        "smallest effect of interest: 5 % of the error; differences are of logarithms in the checks",
    ),
)
