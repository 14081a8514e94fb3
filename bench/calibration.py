"""Calibration maps on human step labels: ``PRMKIT_DATA=~/data python -m bench calibration``.

The PRM that the math wheel ships scores recorded solutions whose first wrong step people named; steps beyond
its 512 tokens have no score. One half of the problems is fitted on, the other is judged; intervals resample
problems. The PRM was trained on generated problems of its own domain and is weak here: the figures say what
the maps repair, not what the PRM is worth.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from prmkit import load_prm
from prmkit.plugins import domain
from prmkit.score.calibrate import METHODS, refuse_shared, split
from prmkit.stats import Interval, auroc, by_index, ece, excess_aurc, fit_map, resample, resample_mean

SET = "processbench_half"
SOLUTIONS = 669
DRAWS = 500


def rows() -> dict[str, np.ndarray]:
    """Probability, label, place and cluster of every labelled step that is scored."""
    math = domain("math")
    samples = list(itertools.islice((s for s in math.load(SET) if s.labels is not None), SOLUTIONS))
    scores = load_prm(math.resource(math.prm)).score_many(samples)
    found = [
        (value, label, step, sample.problem.cluster)
        for sample, one in zip(samples, scores, strict=True)
        for step, (value, label) in enumerate(zip(one.values, sample.labels.values, strict=True))
        if value is not None and label is not None
    ]
    names = ("p", "y", "step", "cluster")
    return dict(zip(names, map(np.array, zip(*found, strict=True)), strict=True))


def short(found: Interval) -> list[float]:
    """Value and the two ends of its interval."""
    return [round(one, 4) for one in found[:3]]


def judged(p: np.ndarray, mine: dict[str, np.ndarray], before: np.ndarray) -> dict[str, Any]:
    """Figures of probabilities on the judged steps."""
    y, clusters = mine["y"], mine["cluster"].tolist()
    columns = {"p": p, "y": y}
    figures = {
        "ece_mass": resample(lambda c: ece(c["p"], c["y"], mass=True), columns, clusters, draws=DRAWS),
        "brier": resample_mean((p - y) ** 2, clusters, draws=DRAWS),
        "excess_aurc": resample(lambda c: excess_aurc(c["p"], c["y"]), columns, clusters, draws=DRAWS),
    }
    gain = figures["brier"].minus(resample_mean((before - y) ** 2, clusters, draws=DRAWS))
    return {
        **{name: short(found.interval()) for name, found in figures.items()},
        "brier_less_that_before": [round(one, 4) for one in gain[:3]],
        "auroc": round(float(auroc(p, y)), 4),
    }


def main() -> dict[str, Any]:
    """All figures."""
    every = rows()
    fitted = np.array(split(every["cluster"].tolist(), seed=0))
    held, mine = ({k: v[taken] for k, v in every.items()} for taken in (fitted, ~fitted))
    refuse_shared(held["cluster"].tolist(), mine["cluster"].tolist())
    told: dict[str, Any] = {
        "set": SET,
        "solutions": SOLUTIONS,
        "fitted_on": {"steps": len(held["y"]), "problems": len(set(held["cluster"].tolist()))},
        "judged_on": {"steps": len(mine["y"]), "problems": len(set(mine["cluster"].tolist()))},
        "share_right": round(float(mine["y"].mean()), 4),
    }
    mapped = {"none": mine["p"]}
    for method in METHODS:
        if method != "none":
            mapped[method] = fit_map(method, held["p"], held["y"]).apply(mine["p"])
    mapped["base rate"] = np.full(len(mine["y"]), held["y"].mean())
    told["maps"] = {name: judged(p, mine, mine["p"]) for name, p in mapped.items()}
    told["by_step"] = {
        name: [
            [row.step, row.n, *(round(v, 3) for v in row[2:])]
            for row in by_index(mapped[name], mine["y"], mine["step"].astype(int).tolist(), last=5)
        ]
        for name in ("none", "isotonic")
    }
    told["by_step_columns"] = "step (5: and later), steps, stated, observed, ece of equal mass, brier"
    return told
