"""Does a threshold travel? Chosen on some suites, judged on another one against that one's own best.

Source: ProcessBench's F1 and its way to choose a threshold (arXiv 2412.06559).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from prmkit.judging.audit.finding import FEW, Figure, Finding, plain, said, shown, unknown
from prmkit.judging.audit.read import Values
from prmkit.judging.figures import Resampling
from prmkit.stats import Paired, Resampled, best_threshold, first_below, harmonic, resample_sums

MARGIN = 0.05
"""F1 that a threshold chosen elsewhere may cost."""
LEAST = 5
"""Wrong and right solutions that a suite needs."""


class Judged(NamedTuple):
    """Solutions of one suite whose first wrong step is known."""

    values: Sequence[Values]
    gold: Sequence[int]
    """First wrong step, -1 for none."""
    clusters: Sequence[str]

    @property
    def enough(self) -> bool:
        """Whether it has enough solutions of both kinds, and enough problems."""
        wrong = sum(first >= 0 for first in self.gold)
        return min(wrong, len(self.gold) - wrong) >= LEAST and len(set(self.clusters)) >= FEW


def f1_at(suite: Judged, threshold: float | Sequence[float], how: Resampling) -> Resampled:
    """ProcessBench's F1 of a suite at a threshold, or at one for each solution.

    Examples:
        >>> f1_at(Judged([(0.9, 0.2), (0.9, 0.8)], [1, -1], ["a", "b"]), 0.5, Resampling(draws=10)).value
        1.0
    """
    each = [threshold] * len(suite.gold) if isinstance(threshold, float) else threshold
    hit = [
        first_below(row, at) == first for row, first, at in zip(suite.values, suite.gold, each, strict=True)
    ]
    wrong = np.array([first >= 0 for first in suite.gold], dtype=np.float64)
    good = np.array(hit, dtype=np.float64)
    columns = {"found": good * wrong, "wrong": wrong, "clean": good * (1 - wrong), "right": 1 - wrong}
    return resample_sums(
        lambda s: harmonic(s["found"] / s["wrong"], s["clean"] / s["right"]),
        columns,
        suite.clusters,
        draws=how.draws,
        seed=how.seed,
    )


def held_out(suite: Judged) -> list[float]:
    """For each solution the best threshold of the other half of its suite: problems are dealt in turn.

    Examples:
        >>> held_out(Judged([(0.75, 0.25), (1.0, 0.5)] * 2, [1, -1] * 2, "aabb"))
        [0.375, 0.375, 0.375, 0.375]
    """
    half = {name: place % 2 for place, name in enumerate(sorted(set(suite.clusters)))}
    mine = [half[name] for name in suite.clusters]
    best = []
    for side in (0, 1):
        other = [i for i, one in enumerate(mine) if one != side]
        best.append(best_threshold([suite.values[i] for i in other], [suite.gold[i] for i in other])[0])
    return [best[side] for side in mine]


def portability_finding(suites: Mapping[str, Judged], fixed: float | None, how: Resampling) -> Finding:
    """Columns per suite: the PRM's own threshold, one chosen on all other suites, its own best one.

    Chosen and judged on the same solutions, the best threshold flatters itself; what is chosen elsewhere is
    therefore set against the best threshold of the suite's other half.
    """
    name = "threshold across suites"
    usable = {suite: rows for suite, rows in suites.items() if rows.enough}
    if len(usable) < 2:
        why = (
            f"two suites with {LEAST} right and {LEAST} wrong solutions of {FEW} problems are needed;"
            f" there are {len(usable)}"
        )
        return unknown("threshold", name, why)
    figures: list[Figure] = []
    losses: dict[str, Paired] = {}
    thresholds: dict[str, float] = {}
    for suite, rows in usable.items():
        others = [one for other, one in usable.items() if other != suite]
        there, _ = best_threshold([v for o in others for v in o.values], [g for o in others for g in o.gold])
        here, _ = best_threshold(rows.values, rows.gold)
        halves = held_out(rows)
        if any(math.isnan(one) for one in (there, here, *halves)):
            continue
        chosen, own, oracle = (f1_at(rows, at, how) for at in (there, halves, here))
        thresholds[suite] = here
        losses[suite] = chosen.minus(own, how.confidence)
        figures.append(Figure(suite, "elsewhere − other half", plain(losses[suite])))
        if fixed is not None:
            figures.append(Figure(suite, "F1, its own threshold", f1_at(rows, fixed, how).interval()))
        figures.append(Figure(suite, "F1, chosen elsewhere", chosen.interval()))
        figures.append(Figure(suite, "F1, chosen on its other half", own.interval()))
        figures.append(Figure(suite, "F1, best here (oracle)", oracle.interval()))
    return _judged(name, losses, thresholds, figures)


def _judged(
    name: str, losses: Mapping[str, Paired], thresholds: Mapping[str, float], figures: Sequence[Figure]
) -> Finding:
    if not losses:
        return unknown("threshold", name, "no suite has a best threshold", figures)
    certain = shown(list(losses.values()))
    bad = [
        suite
        for (suite, one), sure in zip(losses.items(), certain, strict=True)
        if sure and one.value < -MARGIN
    ]
    spread = f"best thresholds run from {min(thresholds.values()):.2f} to {max(thresholds.values()):.2f}"
    if bad:
        first = min(bad, key=lambda suite: losses[suite].value)
        text = (
            f"Against one chosen on a suite's other half, a threshold chosen elsewhere costs {len(bad)} of"
            f" {len(losses)} suites more than {MARGIN} F1, most {first}: {said(losses[first], signed=True)};"
            f" {spread}. Choose it on data like yours."
        )
        return Finding("threshold", name, "warning", text, "", tuple(figures))
    if all(one.low >= -MARGIN for one in losses.values()):
        text = f"A threshold chosen elsewhere costs none of {len(losses)} suites {MARGIN} F1; {spread}."
        return Finding("threshold", name, "fine", text, "", tuple(figures))
    widest = min(losses, key=lambda suite: losses[suite].low)
    why = (
        f"the loss by a threshold chosen elsewhere is not narrowed down to {MARGIN} F1, least on {widest}"
        f" ({said(losses[widest], signed=True)}); {spread}"
    )
    return unknown("threshold", name, why, figures)
