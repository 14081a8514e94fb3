"""Do the scores mean what they say, early and late in a solution?

Source: ECE with bins of equal width (Naeini et al., 2015), by place of the step.
"""

from __future__ import annotations

from collections.abc import Sequence

from prmkit.judging.audit.finding import FEW, Figure, Finding, inside, said, small, unknown
from prmkit.judging.audit.read import Values
from prmkit.judging.figures import Resampling
from prmkit.judging.places import by_place, calibration
from prmkit.types import Sample

MARGIN = 0.05
STATED = "mean score − share right"


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
    gap, error, _ = calibration(p, y, clusters, how)
    figures = [Figure("all steps", STATED, gap), Figure("all steps", "ECE", error)]
    verdicts = [small(gap, MARGIN)]
    for place, here in by_place(p, y, places, clusters, how).items():
        figures += [Figure(place, STATED, here.gap), Figure(place, "ECE", here.ece)]
        if here.gap.clusters >= FEW:
            verdicts.append(small(here.gap, 2 * MARGIN))
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
