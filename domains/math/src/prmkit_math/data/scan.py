r"""SCAN-Base sample: the share of successful completions from the end of each step.

An invented row of the same shape::

    {"question": "What is $3 \\cdot 4$?", "steps": ["Multiply.", "$3 \\cdot 4=7$."], "scores": [0.75, 0]}

Automatic labels: a step's value is that of the prefix it closes. Rows stop at the first step
from which no completion succeeds, so the last step of a row with a 0 is not the end of a solution.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, StepLabels, Trajectory
from prmkit_math.data.rows import Origin, text, texts, value

CARD = DatasetCard(
    name="scan_base_sample",
    path="math/scan_base_sample",
    files=(
        FileCard("train_100.jsonl", 100, "387be11f4d6841a92521bef6b81ec7ae7674f5a1fa3ef2dee686a637a1bf2d89"),
    ),
    summary="Monte-Carlo success estimates per step",
    licence="Apache-2.0",
    gold="automatic",
    cluster="problem",
    after_error="prefix",
    hub="github:yyDing1/SCAN-PRM",
    use=("train",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the steps with the value of each prefix.

    Raises:
        RecordError: A field is missing, or a score lies outside [0, 1].
    """
    origin = Origin(CARD, row)
    problem = origin.problem(text(row, "question"))
    trajectory = Trajectory.of_steps(
        origin.name(row.number),
        problem.id,
        texts(row, "steps"),
        joiner="\n\n",
        provenance=origin.provenance(),
    )
    labels = StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=tuple(value(row, "scores")),
        convention="prefix",
        labeler="rollout/scan@1",
    ).check(trajectory)
    yield Sample(problem, trajectory, labels)


SOURCE = Source(card=CARD, parse=parse)
