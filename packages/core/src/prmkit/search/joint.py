"""Trajectories ranked by their steps and by the trajectory as a whole."""

from __future__ import annotations

from prmkit.aggregators import aggregate
from prmkit.errors import ConfigError
from prmkit.types import StepScores


def joint_value(scores: StepScores, *, how: str = "mean", whole: float = 1.0) -> float:
    """Aggregate of all scored steps plus ``whole`` times the value of the trajectory.

    For choosing data and the best of n; :func:`prmkit.search.best_of_n.value_of` takes one or the other.

    Raises:
        ConfigError: The scorer gives no value of the trajectory, or the aggregator does not fit.

    Source:
        ReasonFlux-PRM (arXiv 2506.18896): the mean over steps, ``whole`` 1. Its released worker reads the
        whole answer as one step and keeps the first mark alone; here every step counts.

    Examples:
        >>> scores = StepScores("t", "", (0.5, None, 0.7), trajectory_value=0.4)
        >>> round(joint_value(scores), 6), round(joint_value(scores, whole=0.5), 6)
        (1.0, 0.8)
    """
    if scores.trajectory_value is None:
        raise ConfigError(
            f"{scores.trajectory_id!r} has no value as a whole",
            do="score with a joint head, or rank by value_of",
            field="trajectory_value",
        )
    return aggregate(scores, how) + whole * scores.trajectory_value
