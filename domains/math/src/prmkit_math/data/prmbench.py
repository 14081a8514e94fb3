"""PRMBench: PRM800K solutions into which a model planted one kind of fault.

An invented row of the same shape::

    {"original_question": "What is 3 * 4?", "modified_question": "What is 3 * 4?",
     "original_process": ["1. 3 * 4 = 12."], "modified_process": ["1. 3 * 4 = 12.", "2. So 12 < 7."],
     "modified_steps": [2], "error_steps": [2], "reason": "...", "idx": "prm_test_p1_900",
     "question": "What is 3 * 4?", "classification": "step_contradiction",
     "source_file": "prm800k_test_p1_4o_step_contradiction"}

``error_steps`` is 1-based and lists *every* wrong step, so steps after the first error are
labelled too, each by itself. The class ``multi_solutions`` holds right solutions only. The
problem a solution answers is ``modified_question`` (``question`` is sometimes the original).
Rows whose ``source_file`` begins ``prm800k_train_p1`` share problems with the training part
of ``prm800k_phase1``; clusters go by the original question, so both sides show it.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, fault, own_merit, text, texts, value

CARD = DatasetCard(
    name="prmbench",
    path="math/prmbench",
    files=(
        FileCard(
            "prmbench.jsonl.gz",
            5862,
            "545189fa53f50f9d9c9170919f2f9fb0edc40e92d64d65a776deccaede7fd7af",
        ),
    ),
    summary="Planted step faults in nine classes, pool before the published selection",
    licence="Apache-2.0",
    gold="planted",
    cluster="original problem",
    index_base=1,
    after_error="own_merit",
    hub="hitsmy/PRMBench_Preview",
)


def _wrong(row: Row, steps: int) -> frozenset[int]:
    numbers = value(row, "error_steps")
    if not isinstance(numbers, list) or not all(
        isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= steps for n in numbers
    ):
        raise fault(
            row,
            f"{numbers!r:.60} are not steps of {steps}",
            f"write numbers from 1 to {steps}",
            "error_steps",
        )
    return frozenset(n - 1 for n in numbers)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the edited solution with a label for every step.

    Raises:
        RecordError: A field is missing, or an error step is none of the steps.
    """
    origin = Origin(CARD, row)
    kind, source = text(row, "classification"), text(row, "source_file")
    problem = origin.problem(text(row, "modified_question"), cluster=text(row, "original_question"))
    steps = texts(row, "modified_process")
    wrong = _wrong(row, len(steps))
    trajectory = Trajectory.of_steps(
        origin.name(row.number),
        problem.id,
        steps,
        provenance=origin.provenance(
            "",
            part=kind,
            idx=text(row, "idx"),
            source_file=source,
            shares_prm800k_train=str(source.startswith("prm800k_train_p1")).lower(),
        ),
    )
    values = [0.0 if index in wrong else 1.0 for index in range(len(steps))]
    yield Sample(problem, trajectory, own_merit(trajectory, values, "planted/prmbench@1"))


SOURCE = Source(card=CARD, parse=parse)
