"""One policy with a head for each objective, steered by its user's weights (system ``mah-dpo``).

Three objectives want different answers. Gains are counted over the first policy in units of what the exact
optimum of each objective alone gains. Positive controls: with all weight on one objective a head must reach
nine tenths of that, and so must a model of its own; and heads that learn the preferences of any objective
must reach less.
"""

from __future__ import annotations

import numpy as np

from prmkit.judging.planted import Check, Drawn, Figures, World, exceeds, within
from prmkit.registry import resolve
from prmkit.train.worlds.sizes import ObjectiveSizes

INTEREST = 0.02
"""Smallest effect of interest, as a share of the cube of gains from -1 to 1."""
FOLLOWS, RISES, OWN = 0.8, 0.95, 0.9
"""What counts as following the weights: rank correlation and share of moves; what counts as an optimum."""
HEADS, MODELS, ONE, STRANGERS = "heads", "a model each", "one head", "heads, any preferences"
GUIDED, WORST, BOTH, ORACLE = "guided", "guided, worst first", "heads, guided", "oracle"
ARMS = {
    HEADS: "heads",
    MODELS: "models",
    ONE: "one head",
    STRANGERS: "strangers",
    GUIDED: "guided",
    WORST: "guided, worst first",
    BOTH: "heads, guided",
    ORACLE: "oracle",
}


def draw(random: np.random.Generator, options: ObjectiveSizes) -> Drawn:
    """How far rewards follow the weights and what volume they cover, for every policy on one task."""
    # Floor 9 knows no torch: the experiment stands on floor 7 and is found by its name.
    found = resolve("prmkit.train.worlds.mah_dpo:fit")(random, options)
    return {arm: found[name] for arm, name in ARMS.items()}


def checks(figures: Figures, options: ObjectiveSizes) -> list[Check]:
    """What was written down: objectives follow their weights, and heads cover more than one head does."""
    volume = {arm: found["hypervolume"] for arm, found in figures.items()}
    own = {arm: found["own"] for arm, found in figures.items()}

    def more(one: str, other: str) -> Check:
        what = f"hypervolume of {one} less that of {other}"
        return exceeds(what, volume[one] - volume[other], INTEREST)

    return [
        *(
            exceeds(f"rank correlation of the objective that follows worst, {arm}", worst, FOLLOWS)
            for arm in (HEADS, GUIDED)
            for worst in [figures[arm]["spearman_worst"]]
        ),
        exceeds(f"share of moves that raise their objective, {HEADS}", figures[HEADS]["rises"], RISES),
        more(HEADS, ONE),
        more(BOTH, HEADS),
        within(f"hypervolume of {HEADS} less that of {MODELS}", volume[HEADS] - volume[MODELS], INTEREST),
        *(
            exceeds(f"own optimum reached, {arm}", own[arm], OWN, "positive control")
            for arm in (HEADS, MODELS)
        ),
        more(HEADS, STRANGERS)._replace(kind="positive control"),
    ]


WORLD = World(
    summary="Answers steered by weights at use between three objectives that want different ones: a head each"
    " on one trunk, a model each, one head for all, and choosing by rewards.",
    options=ObjectiveSizes,
    draw=draw,
    checks=checks,
    subjects=(HEADS,),
    compared=("hypervolume", "own", "spearman_worst"),
    notes=(
        "gains count over the first policy; 1 is what each objective's exact optimum alone gains",
        "hypervolume: above a loss of 1 in every objective, as a share of the cube up to a gain of 1",
        "own: gain in an objective that has all of the weight; one head has no weights",
        "spearman: of an objective's gain with its weight over all ways to divide four quarters; rises: of"
        " moves of one quarter to an objective, those that raise it",
        "guided: the best of five answers by learned rewards, by their weighted sum, or by the worst of them",
        "one answer is one token here; oracle is no method: it knows the rewards",
        "smallest effect of interest: 0.02 of the volume",
    ),
)
