"""Labels and scores: one value per step, tied to one cut of one trajectory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from prmkit.errors import AlignmentError
from prmkit.types.checks import number, numbers, one_of, same_length
from prmkit.types.solution import Json, Problem, Trajectory

LabelKind = Literal["correct", "value", "progress"]
ScoreKind = Literal["correct", "value", "progress", "logratio"]
Convention = Literal["own_merit", "prefix", "until_first_error"]

LABEL_RANGE: Mapping[str, tuple[float, float]] = {
    "correct": (0.0, 1.0),
    "value": (-1.0, 1.0),
    "progress": (-math.inf, math.inf),
}
"""Closed range of each kind of label."""


@dataclass(frozen=True, slots=True)
class StepLabels:
    """Training targets for the steps of one trajectory."""

    trajectory_id: str
    steps_digest: str
    values: tuple[float | None, ...]
    """One per step, in the range of ``kind``; None = not labelled, gives no gradient."""
    kind: LabelKind = "correct"
    """``correct`` in [0, 1], ``value`` in [-1, 1], ``progress`` unbounded."""
    convention: Convention = "own_merit"
    """What a label after the first error means: judged by itself, by its prefix, or absent."""
    labeler: str = ""
    """Name and version, such as ``rollout/soft@1``."""
    weight: tuple[float, ...] = ()
    """Loss weight per step, >= 0; empty means 1 for all."""
    n: tuple[int, ...] = ()
    """Observations behind each label (rollouts, votes, raters); empty means not counted."""
    channels: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """Further named values per step (redundancy, objectives, ...)."""
    trajectory_value: float | None = None
    """Target of the trajectory as a whole, in the range of ``kind``."""
    evidence_digest: str = ""
    """Digest of the evidence the labels were made from."""
    detail: Mapping[str, Json] = field(default_factory=dict)
    """Settings and measured constants of the labeler (such as the claim error rate)."""

    def __post_init__(self) -> None:
        one_of(self.kind, LabelKind, "kind")
        one_of(self.convention, Convention, "convention")
        low, high = LABEL_RANGE[self.kind]
        numbers(self.values, "values", low, high)
        for name, channel in self.channels.items():
            same_length(f"channels.{name}", len(channel), len(self.values))
            numbers(channel, f"channels.{name}", -math.inf, math.inf)
        if self.weight:
            same_length("weight", len(self.weight), len(self.values))
            numbers(self.weight, "weight", 0.0, math.inf)
        if self.n:
            same_length("n", len(self.n), len(self.values))
        if self.trajectory_value is not None:
            number(self.trajectory_value, "trajectory_value", low, high)

    @classmethod
    def until_first_error(
        cls,
        trajectory: Trajectory,
        first: int | None,
        labeler: str,
        channels: Mapping[str, tuple[float | None, ...]] | None = None,
        *,
        trajectory_value: float | None = None,
    ) -> StepLabels:
        """1 before the first wrong step, 0 on it, nothing after it; all 1 when ``first`` is None.

        Examples:
            >>> t = Trajectory.of_steps("t", "p", ["a", "b", "c"])
            >>> StepLabels.until_first_error(t, 1, "human/x@1").values
            (1.0, 0.0, None)
        """
        count = len(trajectory.steps)
        values: tuple[float | None, ...] = (1.0,) * count
        if first is not None:
            values = (1.0,) * first + (0.0,) + (None,) * (count - first - 1)
        return cls(
            trajectory.id,
            trajectory.digest,
            values,
            convention="until_first_error",
            labeler=labeler,
            channels=channels or {},
            trajectory_value=trajectory_value,
        )

    def check(self, trajectory: Trajectory) -> StepLabels:
        """Return self if these labels belong to ``trajectory``.

        Raises:
            AlignmentError: Another trajectory, another cut, another length, or a labelled observation.
        """
        _belongs(self.trajectory_id, self.steps_digest, self.values, trajectory, "labels")
        return self


@dataclass(frozen=True, slots=True)
class Threshold:
    """Score at or above which a step counts as right, and where that number was chosen."""

    value: float
    chosen_on: str
    """``fixed``, or the name of the data it was chosen on."""


@dataclass(frozen=True, slots=True)
class StepScores:
    """What a PRM says of the steps of one trajectory."""

    trajectory_id: str
    steps_digest: str
    values: tuple[float | None, ...]
    """One per step; None = unscored (observation) or cut off."""
    kind: ScoreKind = "correct"
    range: tuple[float, float] = (0.0, 1.0)
    """Closed range of the values."""
    cumulative: bool = False
    """True when value k already contains the steps before it (log-ratio sums)."""
    channels: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """Quantiles, objectives, verifier votes, ...: one value per step each."""
    trajectory_value: float | None = None
    threshold: Threshold | None = None
    calibrated_on: str | None = None
    model: str = ""
    """Digest of the weights, or the name of a scorer without weights."""
    renderer: str = ""
    """Name of the renderer that fed the model."""

    def __post_init__(self) -> None:
        one_of(self.kind, ScoreKind, "kind")
        low, high = self.range
        numbers(self.values, "values", low, high)
        for name, channel in self.channels.items():
            same_length(f"channels.{name}", len(channel), len(self.values))

    def check(self, trajectory: Trajectory) -> StepScores:
        """Return self if these scores belong to ``trajectory``.

        Raises:
            AlignmentError: Another trajectory, another cut, another length, or a scored observation.
        """
        _belongs(self.trajectory_id, self.steps_digest, self.values, trajectory, "scores")
        return self


def _belongs(
    trajectory_id: str,
    digest: str,
    values: Sequence[float | None],
    trajectory: Trajectory,
    what: str,
) -> None:
    if trajectory_id != trajectory.id:
        raise AlignmentError(
            f"{what} of trajectory {trajectory_id!r} laid on {trajectory.id!r}",
            do="join them by trajectory_id",
            field="trajectory_id",
        )
    same_length("values", len(values), len(trajectory.steps))
    if digest != trajectory.digest:
        raise AlignmentError(
            f"{what} were made for another cut of {trajectory.id!r}"
            f" (digest {digest}, steps now give {trajectory.digest})",
            do=f"make the {what} again for these steps",
            field="steps_digest",
        )
    for step, value in zip(trajectory.steps, values, strict=True):
        if step.role == "observe" and value is not None:
            raise AlignmentError(
                f"step {step.index} is an observation and carries {value!r}",
                do="write null for observations: a tool's reply is not the model's merit",
                field=f"values[{step.index}]",
            )


class Sample(NamedTuple):
    """One row of a data set: a problem, one solution, and its labels if there are any."""

    problem: Problem
    trajectory: Trajectory
    labels: StepLabels | None = None
