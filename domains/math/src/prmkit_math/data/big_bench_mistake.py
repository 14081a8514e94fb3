"""BIG-Bench Mistake: reasoning traces on five tasks with the first logical mistake.

An invented row of the same shape::

    {"input": "((2 + 3) * (4 - 1)) =", "target": "15", "answer": "16",
     "steps": ["A = (2 + 3) = 5.", "B = (4 - 1) = 3.", "A * B = 5 * 3 = 16. So the answer is 16"],
     "mistake_index": 2}

``mistake_index`` is 0-based, null when there is no mistake. People labelled four tasks, a
program the fifth (dyck_languages). A mistake does not always spoil the answer.

Source: Tyen et al., arXiv 2311.08516.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, part_of, step_number, text, texts, until_first_error, value

PARTS = {
    "dyck_languages.jsonl.gz": "dyck_languages",
    "logical_deduction.jsonl.gz": "logical_deduction",
    "multistep_arithmetic.jsonl": "multistep_arithmetic",
    "tracking_shuffled_objects.jsonl": "tracking_shuffled_objects",
    "word_sorting.jsonl.gz": "word_sorting",
}

CARD = DatasetCard(
    name="big_bench_mistake",
    path="math/big_bench_mistake",
    files=(
        FileCard(
            "dyck_languages.jsonl.gz",
            986,
            "2c7a90214b2fe59e654acaed13e5e72e9d90bed1603bc41f30051211078395bf",
        ),
        FileCard(
            "logical_deduction.jsonl.gz",
            300,
            "971af3706fde4689aab3257a0337b2fcc8490a82ceb551b52b3eacc31f627685",
        ),
        FileCard(
            "multistep_arithmetic.jsonl",
            300,
            "fcb31ad95935fc4e103fe3fe970f28a6b0db3b59adc9fb8b26c8509cd5d4d418",
        ),
        FileCard(
            "tracking_shuffled_objects.jsonl",
            300,
            "1ba59e09c735de1b8a16ac6e665bf51a659530d312d5e305d982246f91470e90",
        ),
        FileCard(
            "word_sorting.jsonl.gz",
            300,
            "1bd2e55a19bafc7c9ed042451ba577853748182d66ebfe1b8398efbb077be838",
        ),
    ),
    summary="First mistake of reasoning traces on five symbolic tasks",
    licence="Apache-2.0",
    gold="human",
    cluster="task question",
    index_base=0,
    after_error="until_first_error",
    hub="github:WHGTyen/BIG-Bench-Mistake",
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the trace with its first-mistake labels.

    Raises:
        RecordError: A field is missing, or the label names no step.
    """
    origin = Origin(CARD, row)
    part = part_of(row, PARTS)
    target, answer = text(row, "target"), value(row, "answer")
    problem = origin.problem(text(row, "input"), reference=target, part=part)
    steps = texts(row, "steps")
    marked = value(row, "mistake_index") is not None
    first = step_number(row, "mistake_index", len(steps), base=0) if marked else None
    trajectory = Trajectory.of_steps(
        origin.name(part, row.number),
        problem.id,
        steps,
        final_answer=answer,
        outcome=None if answer is None else float(answer.strip() == target.strip()),
        provenance=origin.provenance("PaLM 2", part=part),
    )
    labeler = "program/dyck@1" if part == "dyck_languages" else "human/big_bench_mistake@1"
    yield Sample(problem, trajectory, until_first_error(trajectory, first, labeler))


SOURCE = Source(card=CARD, parse=parse)
