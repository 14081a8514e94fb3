"""Do scores mean what they say, early and late in a solution? One sum for the audit and the suites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from prmkit.judging.figures import Mask, Resampling, estimate
from prmkit.judging.rows import Table
from prmkit.judging.steps import is_probability
from prmkit.stats import Interval, resample_ece, resample_mean
from prmkit.stats.arrays import Numbers
from prmkit.types import Json

LAST = 6
"""Places of steps that stand by themselves; later ones are one."""


class Calibration(NamedTuple):
    """How far scores lie from the share of right steps."""

    gap: Interval
    """Mean score less the share of right steps."""
    ece: Interval
    brier: Interval


def calibration(p: Numbers, y: Numbers, clusters: Sequence[str], how: Resampling) -> Calibration:
    """Gap, ECE and Brier score of probabilities ``p`` that steps are right, with their intervals.

    Raises:
        AlignmentError: Columns of unlike length, no rows, or an entry that is not finite.

    Source:
        ECE with ten bins of equal width (Naeini et al., 2015); Brier (1950).

    Examples:
        >>> found = calibration([0.25, 0.75], [0, 1], ["a", "b"], Resampling(draws=20))
        >>> found.gap.value, found.ece.value, found.brier.value
        (0.0, 0.25, 0.0625)
    """
    said, right = np.asarray(p, dtype=np.float64), np.asarray(y, dtype=np.float64)
    columns = (said - right, (said - right) ** 2)
    gap, brier = (resample_mean(one, clusters, draws=how.draws, seed=how.seed) for one in columns)
    error = resample_ece(said, right, clusters, draws=how.draws, seed=how.seed)
    return Calibration(*(one.interval(how.confidence) for one in (gap, error, brier)))


def by_place(
    p: Numbers, y: Numbers, places: Sequence[int], clusters: Sequence[str], how: Resampling
) -> dict[str, Calibration]:
    """Calibration of the first steps, the second ones and so on; places without a step are left out.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        As :func:`calibration`.

    Examples:
        >>> list(by_place([0.5] * 3, [1, 0, 1], [0, 7, 9], ["a", "a", "b"], Resampling(draws=20)))
        ['step 1', 'step 6 and later']
    """
    said, right = np.asarray(p, dtype=np.float64), np.asarray(y, dtype=np.float64)
    place, groups = np.minimum(np.asarray(places, dtype=np.int64), LAST - 1), np.asarray(clusters)
    found = {}
    for one in np.unique(place).tolist():
        mine = place == one
        name = f"step {LAST} and later" if one == LAST - 1 else f"step {one + 1}"
        found[name] = calibration(said[mine], right[mine], groups[mine].tolist(), how)
    return found


def place_figures(table: Table, rows: Mask, how: Resampling) -> dict[str, Json]:
    """Calibration by place of every scorer whose values are probabilities, over ``rows`` of a table."""
    found: dict[str, Json] = {}
    for name, records in table.scores.items():
        if records and is_probability(records):
            values = table.values(name)
            mine = rows & np.isfinite(values)
            figures = by_place(
                values[mine], table.good[mine], table.step[mine].tolist(), table.clusters(mine), how
            )
            found[name] = {
                place: {metric: estimate(one) for metric, one in figure._asdict().items()}
                for place, figure in figures.items()
            }
    return found
