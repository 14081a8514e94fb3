"""Records to training examples, with the count of every label that goes in and every one that is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any, Literal

from prmkit.encode.collate import Example
from prmkit.encode.tokenise import Encoded, Encoder
from prmkit.errors import PrmkitError, RecordError
from prmkit.train.targets import Cells, Target, Told, targets
from prmkit.types import Problem, Sample, StepLabels, Trajectory

log = logging.getLogger(__name__)
LOPSIDED = 0.98
"""Share of one class above which the labels are called suspicious."""


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What a training set holds."""

    trajectories: int = 0
    """Trajectories with at least one label that reaches the model."""
    right: int = 0
    """Labels equal to 1 (for other kinds than ``correct``: above 0)."""
    wrong: int = 0
    """Labels equal to 0 (for other kinds: at or below 0)."""
    soft: int = 0
    """Labels strictly between 0 and 1."""
    none: int = 0
    """Scored steps without a label."""
    cut: int = 0
    """Labels lost because the step did not fit into the longest text."""
    refused: int = 0
    """Trajectories left out because every label of theirs was cut off."""
    unlabelled: int = 0
    """Trajectories left out because they never had a label."""
    whole: int = 0
    """Trajectories whose steps have no label, and that have one as a whole."""

    def __add__(self, other: LabelCounts) -> LabelCounts:
        return LabelCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def labels(self) -> int:
        """Labels that reach the model."""
        return self.right + self.wrong + self.soft + self.whole

    def suspicious(self) -> str | None:
        """What is odd about the labels, in one sentence; None when nothing is."""
        if not self.labels:
            return None
        share = max(self.right, self.wrong) / self.labels
        if share == 1:
            return "every label is the same; a cast to bool or integer can do that"
        if share > LOPSIDED:
            return f"{share:.1%} of the labels are the same; check how they were made"
        if self.refused + self.cut > self.labels / 10:
            return "more than a tenth of the labels were cut off; raise max_tokens"
        return None


def as_sample(row: Any, number: int) -> Sample:
    """A sample as it is, or a row ``{"prompt", "completions", "labels"}`` made into one.

    Args:
        row: A ``Sample`` or a mapping.
        number: 1-based row, for messages.

    Raises:
        RecordError: Neither, a field is missing, or a label is a bool, NaN or outside [0, 1].

    Examples:
        >>> as_sample({"prompt": "1+1?", "completions": ["2"], "labels": [1.0]}, 1).labels.values
        (1.0,)
    """
    if isinstance(row, Sample):
        return row
    if not isinstance(row, Mapping):
        raise RecordError(
            f"a training row is a {type(row).__name__}",
            do="give Samples, or objects with prompt, completions, labels",
            row=number,
        )
    for name, kind in (("prompt", str), ("completions", Sequence), ("labels", Sequence)):
        if not isinstance(row.get(name), kind) or (kind is Sequence and isinstance(row[name], str)):
            raise RecordError(
                f"{row.get(name)!r:.60} is not a {'string' if kind is str else 'list'}",
                do="write prompt as a string, completions and labels as lists of equal length",
                row=number,
                field=name,
            )
    try:
        problem = Problem(id=f"row-{number}", text=row["prompt"])
        trajectory = Trajectory.of_steps(f"row-{number}", problem.id, row["completions"])
        labels = StepLabels(
            trajectory.id, trajectory.digest, tuple(row["labels"]), labeler="row", convention="own_merit"
        )
        return Sample(problem, trajectory, labels.check(trajectory))
    except RecordError as error:
        raise error.at(row=number) from error


def prepare(
    rows: Iterable[Any],
    encoder: Encoder,
    *,
    target: Target = "steps",
    teach: Callable[[Sample], Told] | None = None,
    causal: bool = False,
    view: Literal["solution", "prefix"] = "solution",
    block: int = 2048,
) -> tuple[list[Example], LabelCounts, list[Sample]]:
    """Encode rows and lay their labels on the marks.

    Args:
        rows: Samples, or rows with prompt, completions, labels; read ``block`` at a time.
        encoder: The PRM's encoder.
        target: ``outcome`` labels the last scored step alone, with the trajectory's outcome.
        teach: How a sample becomes targets, for heads that learn more than one; it decides in place of
            ``target``.
        causal: The model reads left to right, so tokens behind the last label teach nothing and are left out.
        view: ``prefix`` makes an example of every labelled step, which ends with it.
        block: Rows tokenised together.

    Returns:
        Examples, counts, and per example the sample it was made from (same order).

    Raises:
        RecordError: A row is malformed, or no label reaches the model.
    """
    examples: list[Example] = []
    kept: list[Sample] = []
    counts = LabelCounts()
    waiting: list[Sample] = []
    learn = teach or partial(targets, target=target)

    def flush(last: int) -> None:
        nonlocal counts
        pairs = [(sample.problem, sample.trajectory) for sample in waiting]
        first = last - len(waiting) + 1
        told = [_told(learn, sample, row) for row, sample in enumerate(waiting, first)]
        if view == "prefix":
            encoded = encoder.prefixes(pairs, [_wanted(one.labels, one.columns) for one in told])
        else:
            encoded = [[one] for one in encoder(pairs)]
        for sample, read, mine in zip(waiting, encoded, told, strict=True):
            made, count = lay(read, mine, sample.trajectory)
            counts += count
            examples.extend(up_to_last_label(example) if causal else example for example in made)
            kept.extend(sample for _ in made)
        waiting.clear()

    number = 0
    for number, row in enumerate(rows, 1):
        waiting.append(as_sample(row, number))
        if len(waiting) == block:
            flush(number)
    flush(number)
    if not counts.labels:
        raise RecordError(
            f"no label reaches the model: {counts.unlabelled} trajectories have none, "
            f"{counts.refused} lost theirs to the longest text",
            do="label the steps first, or raise max_tokens",
            field="labels",
        )
    return examples, counts, kept


def _told(learn: Callable[[Sample], Told], sample: Sample, row: int) -> Told:
    try:
        return learn(sample)
    except PrmkitError as error:
        raise error.at(row=row) from error


def _wanted(labels: Cells, columns: Sequence[Cells]) -> set[int]:
    """Steps with a target."""
    cells = zip(labels, *columns, strict=True)
    return {step for step, mine in enumerate(cells) if any(one is not None for one in mine)}


def lay(encoded: Sequence[Encoded], told: Told, trajectory: Trajectory) -> tuple[list[Example], LabelCounts]:
    """Examples of one solution (whole, or by prefix), and what became of each of its labels."""
    made: list[Example] = []
    left: list[float] = []
    whole = 0
    for one in encoded:
        labels, *columns = (_kept(cells, one.marks) for cells in (told.labels, *told.columns))
        found = [label for label in labels if label is not None]
        if _wanted(labels, columns):
            made.append(Example(one, labels, told.weights, columns=tuple(columns)))
            left += found
            whole += not found
    given = sum(label is not None for label in told.labels)
    lost = given - len(left)
    if not made:
        return [], LabelCounts(cut=lost, refused=int(given > 0), unlabelled=int(given == 0))
    return _averaged(made) if told.average else made, LabelCounts(
        trajectories=1,
        right=sum(label >= 1 for label in left),
        wrong=sum(label <= 0 for label in left),
        soft=sum(0 < label < 1 for label in left),
        none=len(trajectory.scored) - given,
        cut=lost,
        whole=int(whole > 0 and not left),
    )


def _kept(cells: Cells, marks: Sequence[int | None]) -> Cells:
    return tuple(None if place is None else cell for cell, place in zip(cells, marks, strict=True))


def _averaged(made: Sequence[Example]) -> list[Example]:
    """The examples of one solution with step weights that sum to 1 over them."""
    own = [one.weights or (1.0,) * len(one.labels) for one in made]
    total = sum(
        weight
        for one, weights in zip(made, own, strict=True)
        for weight, label in zip(weights, one.labels, strict=True)
        if label is not None
    )
    return [
        replace(one, weights=tuple(weight / (total or 1.0) for weight in weights))
        for one, weights in zip(made, own, strict=True)
    ]


def up_to_last_label(example: Example) -> Example:
    """The example without the tokens behind its last target's mark.

    Examples:
        >>> whole = Example(Encoded((5, 6, 7, 8), (1, 3), 0), (1.0, None))
        >>> up_to_last_label(whole).encoded
        Encoded(ids=(5, 6), marks=(1, None), solution=0, cut=0)
    """
    marks = example.encoded.marks
    taught = _wanted(example.labels, example.columns)
    last = max(place for step, place in enumerate(marks) if step in taught and place is not None)
    kept = tuple(place if place is not None and place <= last else None for place in marks)
    return replace(example, encoded=replace(example.encoded, ids=example.encoded.ids[: last + 1], marks=kept))


def report(counts: LabelCounts, what: str) -> None:
    """Log the counts, and warn of what is odd about them."""
    log.info("%s: %s", what, ", ".join(f"{name} {value}" for name, value in asdict(counts).items()))
    odd = counts.suspicious()
    if odd:
        log.warning("%s: %s", what, odd)
