"""Do the scores mean what they say, early and late in a solution?

Source: ECE with bins of equal width (Naeini et al., 2015), by place of the step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prmkit.judging.audit.finding import FEW, Figure, Finding, inside, mean, said, small, unknown
from prmkit.judging.audit.read import Values
from prmkit.judging.figures import Resampling
from prmkit.stats import Interval, resample_sums
from prmkit.stats.arrays import Floats, Numbers
from prmkit.types import Sample

MARGIN = 0.05
BINS = 10
LAST = 6
"""Places of steps that stand by themselves; later ones are one."""
STATED = "mean score − share right"


def ece_interval(predicted: Numbers, observed: Numbers, clusters: Sequence[str], how: Resampling) -> Interval:
    """Expected calibration error with its interval; the bins are fixed, so only sums are resampled.

    Source:
        Naeini et al. (2015). Of few rows it is too large: an unbiased gap stands beside it.

    Examples:
        >>> ece_interval([0.25, 0.75], [0, 1], ["a", "b"], Resampling(draws=20)).value
        0.25
    """
    p, y = np.asarray(predicted, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    place = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    columns = {str(one): (p - y) * (place == one) for one in range(BINS)} | {"n": np.ones(len(p))}

    def error(sums: dict[str, Floats]) -> Floats:
        gaps = sum(np.abs(sums[str(one)]) for one in range(BINS))
        return np.asarray(gaps / sums["n"])

    made = resample_sums(error, columns, clusters, draws=how.draws, seed=how.seed)  # type: ignore[arg-type]
    return made.interval(how.confidence)


def calibration_finding(
    samples: Sequence[Sample],
    values: Sequence[Values],
    how: Resampling,
    *,
    probability: bool,
    planted: bool,
) -> Finding:
    """Scores of labelled steps against their labels, all together and by place.

    Args:
        samples: Solutions, some steps labelled.
        values: Their scores.
        how: Resampling.
        probability: Whether scores say how likely a step is right.
        planted: Whether mistakes were planted, so that the share of wrong steps is ours.
    """
    name = "calibration by step"
    if not probability:
        return unknown("calibration", name, "the scores are no probabilities that a step is right")
    rows = [
        (value, float(label >= 0.5), k, sample.problem.cluster)
        for sample, row in zip(samples, values, strict=True)
        if sample.labels is not None
        for k, (value, label) in enumerate(zip(row, sample.labels.values, strict=True))
        if value is not None and label is not None
    ]
    if len({cluster for *_, cluster in rows}) < FEW:
        return unknown("calibration", name, "too few problems have scored and labelled steps")
    p, y, places, clusters = (list(column) for column in zip(*rows, strict=True))
    gap = mean([a - b for a, b in zip(p, y, strict=True)], clusters, how)
    error = ece_interval(p, y, clusters, how)
    figures = [Figure("all steps", STATED, gap), Figure("all steps", "ECE", error)]
    verdicts = [small(gap, MARGIN)]
    for place in range(LAST):
        mine = [i for i, k in enumerate(places) if (k == place if place < LAST - 1 else k >= place)]
        if mine:
            parts = ([column[i] for i in mine] for column in (p, y, clusters))
            one, other, groups = parts
            row = f"step {place + 1}" if place < LAST - 1 else f"step {LAST} and later"
            here = mean([a - b for a, b in zip(one, other, strict=True)], groups, how)
            figures += [Figure(row, STATED, here), Figure(row, "ECE", ece_interval(one, other, groups, how))]
            if here.clusters >= FEW:
                verdicts.append(small(here, 2 * MARGIN))
    text = f"Scores lie {said(gap, signed=True)} from the share of steps that is right; ECE {said(error)}."
    if planted:
        why = (
            f"mistakes were planted, so their share is not that of solutions in use ({inside(text)});"
            " give labelled solutions of your policy with --in"
        )
        return unknown("calibration", name, why, figures)
    if "warning" in verdicts:
        return Finding(
            "calibration", name, "warning", f"{text} They do not mean what they say.", "", tuple(figures)
        )
    if set(verdicts) == {"fine"} and error.high <= 2 * MARGIN:
        return Finding("calibration", name, "fine", text, "", tuple(figures))
    return unknown("calibration", name, f"the intervals are wider than {MARGIN}: {inside(text)}", figures)
