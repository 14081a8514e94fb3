"""Labels from people: ratings per step, or the index of the first wrong step.

Source: ratings of +1, 0, -1 are PRM800K's (Lightman et al., 2023); first-error indices are
ProcessBench's (Zheng et al., 2024).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prmkit.cards import Neutral
from prmkit.errors import AlignmentError, RecordError
from prmkit.types import Convention, StepLabels, Trajectory
from prmkit.types.checks import one_of, same_length

LABELER = "human@1"

_NEUTRAL: Mapping[str, float | None] = {"as_correct": 1.0, "as_wrong": 0.0, "unlabelled": None}


def label(
    trajectory: Trajectory,
    ratings: Sequence[int | None],
    *,
    neutral: Neutral = "none",
    convention: Convention = "own_merit",
    labeler: str = LABELER,
) -> StepLabels:
    """Labels from ratings of +1 (right), 0 (neutral), -1 (wrong), None (not rated).

    Args:
        trajectory: The solution.
        ratings: One per step of the trajectory; None for observations.
        neutral: What 0 becomes; ``none`` says that there are no neutral ratings.
        convention: What a rating after the first error means. With ``until_first_error`` later
            ratings are dropped.
        labeler: Who rated.

    Raises:
        AlignmentError: Another number of ratings than steps, or a rated observation.
        RecordError: A rating that is none of these, or a neutral one where there are none.

    Source:
        PRM800K counts neutral steps as right (Lightman et al., 2023, appendix B).

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["a", "b", "c"])
        >>> label(t, [1, 0, -1], neutral="unlabelled").values
        (1.0, None, 0.0)
    """
    one_of(neutral, Neutral, "neutral")
    same_length("ratings", len(ratings), len(trajectory.steps))
    values = [_value(rating, neutral, position) for position, rating in enumerate(ratings)]
    if convention == "until_first_error" and 0.0 in values:
        after = values.index(0.0) + 1
        values[after:] = [None] * (len(values) - after)
    return StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=tuple(values),
        convention=convention,
        labeler=labeler,
        detail={"neutral": neutral},
    ).check(trajectory)


def _value(rating: int | None, neutral: Neutral, position: int) -> float | None:
    if rating is None:
        return None
    if isinstance(rating, bool) or rating not in (-1, 0, 1):
        raise RecordError(
            f"{rating!r} is no rating",
            do="use 1 (right), 0 (neutral), -1 (wrong) or null",
            field=f"ratings[{position}]",
        )
    if rating:
        return 1.0 if rating > 0 else 0.0
    if neutral == "none":
        raise RecordError(
            "a neutral rating in a set that is said to have none",
            do="set neutral to as_correct, as_wrong or unlabelled",
            field=f"ratings[{position}]",
        )
    return _NEUTRAL[neutral]


def first_error(
    trajectory: Trajectory,
    index: int | None,
    *,
    convention: Convention = "until_first_error",
    labeler: str = LABELER,
) -> StepLabels:
    """Labels from the index of the first wrong step.

    Steps before it are 1, it is 0. Later ones are None under ``until_first_error`` and
    ``own_merit`` (nobody judged them) and 0 under ``prefix`` (a prefix with an error is wrong).

    Args:
        trajectory: The solution.
        index: 0-based index into the trajectory's steps; None or -1 when every step is right.
        convention: See above.
        labeler: Who found it.

    Raises:
        AlignmentError: The index points at no scored step.

    Source:
        ProcessBench (Zheng et al., 2024): -1 stands for no error.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["a", "b", "c"])
        >>> first_error(t, 1).values, first_error(t, -1).values
        ((1.0, 0.0, None), (1.0, 1.0, 1.0))
    """
    wrong = None if index is None or index == -1 else index
    if wrong is not None and wrong not in trajectory.scored:
        raise AlignmentError(
            f"first error {wrong}, but the scored steps are {list(trajectory.scored)}",
            do="check whether the source counts from 0 or 1, and how it cuts steps",
            field="first_error",
        )
    later = 0.0 if convention == "prefix" else None
    values: list[float | None] = [
        None
        if step.role == "observe"
        else 1.0
        if wrong is None or step.index < wrong
        else 0.0
        if step.index == wrong
        else later
        for step in trajectory.steps
    ]
    return StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=tuple(values),
        convention=convention,
        labeler=labeler,
    )
