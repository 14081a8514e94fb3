"""What a head learns of a sample: the target of each step, and further targets beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from prmkit.cards import PRMSpec
from prmkit.errors import ConfigError, RecordError
from prmkit.model.heads import HeadOptions
from prmkit.types import Sample, StepLabels

Target = Literal["steps", "outcome"]
Cells = tuple[float | None, ...]
WRONG = 0.5
"""Labels below this one are of wrong steps."""
OFF = 1e-3
"""How far the sum of a step's class shares may lie from 1."""


class Told(NamedTuple):
    """Targets of one sample, one entry per step."""

    labels: Cells
    weights: tuple[float, ...]
    """Empty means 1."""
    columns: tuple[Cells, ...] = ()
    """Further targets; a step may have some and no label."""
    average: bool = False
    """The weights of each solution's steps are made to sum to 1, so that long ones count no more."""


def targets(sample: Sample, target: Target) -> Told:
    """Labels and weights per step of one sample.

    Raises:
        AlignmentError: The labels belong to another cut of the trajectory.
    """
    trajectory = sample.trajectory
    if target == "outcome":
        return Told(at_last(sample, trajectory.outcome), ())
    if sample.labels is None:
        return Told((None,) * len(trajectory.steps), ())
    labels = sample.labels.check(trajectory)
    return Told(labels.values, labels.weight)


def at_last(sample: Sample, value: float | None) -> Cells:
    """``value`` at the last scored step, None elsewhere."""
    scored = sample.trajectory.scored
    last = scored[-1] if scored else -1
    return tuple(value if step.index == last else None for step in sample.trajectory.steps)


def lesson(
    head: str, spec: PRMSpec, options: HeadOptions, target: Target, *, until_first_error: bool = False
) -> Callable[[Sample], Told]:
    """How a sample becomes targets for this head.

    Args:
        head: Name of the head.
        spec: How it is read.
        options: Of the head.
        target: Labels of the steps, or the outcome.
        until_first_error: Nothing is learned of steps behind the first one whose label is below one half.

    Raises:
        ConfigError: The head does not learn outcomes, or its classes have no names; or an outcome, which
            has no first error.
    """
    if until_first_error and target == "outcome":
        raise ConfigError("an outcome has no first error", do="learn steps", field="until_first_error")
    own = _lesson(head, spec, options, target)
    return partial(_stopped, teach=own) if until_first_error else own


def _lesson(head: str, spec: PRMSpec, options: HeadOptions, target: Target) -> Callable[[Sample], Told]:
    special = head in ("classes", "objectives", "joint")
    if special and target == "outcome":
        raise ConfigError(
            f"head {head!r} learns steps",
            do="train an outcome model with head 'binary' or 'scalar', or head 'joint' on both",
            field="target",
        )
    if head == "classes":
        if not options.names:
            raise ConfigError(
                "the classes have no names",
                do="name them (names) as the label channels that hold their shares",
                field="names",
            )
        return partial(_classes, names=options.names, right=(spec.positive, *spec.also))
    if head == "objectives":
        return partial(_objectives, names=options.names)
    return _joint if head == "joint" else partial(targets, target=target)


def _stopped(sample: Sample, *, teach: Callable[[Sample], Told]) -> Told:
    """Targets up to and including the first wrong step; those of the whole solution stay."""
    if sample.labels is not None and sample.labels.kind != "correct":
        raise ConfigError(
            f"labels of kind {sample.labels.kind} have no first error",
            do="give labels of kind correct, or learn them all",
            field="kind",
        )
    told = teach(sample)
    end = next((i for i, label in enumerate(told.labels) if label is not None and label < WRONG), None)
    if end is None:
        return told
    labels, *columns = (
        cells[: end + 1] + (None,) * len(cells[end + 1 :]) for cells in (told.labels, *told.columns)
    )
    return told._replace(labels=labels, columns=told.columns if told.average else tuple(columns))


def _classes(sample: Sample, *, names: tuple[str, ...], right: tuple[int, ...]) -> Told:
    steps = len(sample.trajectory.steps)
    if sample.labels is None:
        return Told((None,) * steps, ())
    columns = _channels(sample, sample.labels, names)
    absent = [name for name, column in zip(names, columns, strict=True) if column is None]
    if absent:
        raise RecordError(
            f"the labels of {sample.trajectory.id!r} have no channel {absent[0]!r}",
            do=f"give each step its share of every class: {', '.join(names)}",
            field=f"channels.{absent[0]}",
        )
    told = tuple(column for column in columns if column is not None)
    labels: list[float | None] = []
    for step, shares in enumerate(zip(*told, strict=True)):
        known = [share for share in shares if share is not None]
        if known and (len(known) < len(shares) or abs(sum(known) - 1) > OFF):
            raise RecordError(
                f"the shares of step {step} of {sample.trajectory.id!r}, {list(shares)}, are no distribution",
                do="give each labelled step shares of all classes that sum to 1, and other steps null",
                field="channels",
            )
        labels.append(min(1.0, sum(known[i] for i in right)) if known else None)
    return Told(tuple(labels), sample.labels.weight, told)


def _objectives(sample: Sample, *, names: tuple[str, ...]) -> Told:
    steps = len(sample.trajectory.steps)
    if sample.labels is None:
        return Told((None,) * steps, ())
    columns = _channels(sample, sample.labels, names)
    if not any(columns):
        has = ", ".join(sample.labels.channels) or "none"
        raise RecordError(
            f"the labels of {sample.trajectory.id!r} have channels {has}, and no objective's",
            do=f"give at least one of the channels {', '.join(names)}",
            field="channels",
        )
    told = tuple(column or (None,) * steps for column in columns)
    cells = [[one for one in cell if one is not None] for cell in zip(*told, strict=True)]
    means = tuple(sum(cell) / len(cell) if cell else None for cell in cells)
    return Told(means, sample.labels.weight, told)


def _channels(sample: Sample, labels: StepLabels, names: tuple[str, ...]) -> list[Cells | None]:
    """The channels of these names, values in [0, 1]."""
    labels.check(sample.trajectory)
    found = [labels.channels.get(name) for name in names]
    for name, column in zip(names, found, strict=True):
        for step, value in enumerate(column or ()):
            if value is not None and not 0 <= value <= 1:
                raise RecordError(
                    f"{value!r} at step {step} of {sample.trajectory.id!r} lies outside [0, 1]",
                    do="give shares and objectives in [0, 1], or null",
                    field=f"channels.{name}",
                )
    return found


def _joint(sample: Sample) -> Told:
    labels = sample.labels
    whole = sample.trajectory.outcome if labels is None or labels.kind == "correct" else None
    if labels is not None and labels.trajectory_value is not None:
        whole = labels.trajectory_value
    told = targets(sample, "steps")
    return Told(told.labels, told.weights, (at_last(sample, whole),), average=True)
