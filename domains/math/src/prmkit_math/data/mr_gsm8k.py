"""MR-GSM8K, the part recoverable from graded outputs: first wrong step and why, by annotators.

An invented row of the same shape::

    {"uuid": "0f..", "question": "Ann has 3 boxes of 4 pens ...", "ground_truth_solution": "...",
     "ground_truth_answer": 12, "model_output_steps": ["Step 1: 3 + 4 = 7.", "Step 2: #### 7"],
     "model_output_answer_correctness": "wrong", "model_output_solution_correctness": "wrong",
     "model_output_solution_first_error_step": 1, "model_output_solution_first_error_reason": "...",
     "question_type": "original", "error_reason_correctness": "correct"}

Step numbers are 1-based. Not a random sample: only rows on which a graded judge had found an
error, so every solution is wrong and no figure of it speaks of false alarms on right solutions.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, fault, step_number, text, texts, until_first_error, value

CARD = DatasetCard(
    name="mr_gsm8k_subset",
    path="math/mr_gsm8k_subset",
    files=(
        FileCard(
            "mr_gsm8k_subset.jsonl.gz",
            384,
            "4ef72cb61c293eb4aa42c8aeb4f9c71558a523a97b1a9f16dbaaee0c6f20275e",
        ),
    ),
    summary="First wrong step of GSM8K solutions, with rewritten and reversed questions",
    licence="MIT",
    gold="human",
    cluster="problem",
    index_base=1,
    after_error="until_first_error",
    hub="Randolphzeng/Mr-GSM8K",
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the solution with its first-error labels.

    Raises:
        RecordError: A field is missing, or verdict and first error step contradict each other.
    """
    origin = Origin(CARD, row)
    kind = text(row, "question_type")
    problem = origin.problem(
        text(row, "question"), reference=str(value(row, "ground_truth_answer")), part=kind
    )
    steps = texts(row, "model_output_steps")
    verdict = text(row, "model_output_solution_correctness")
    if verdict not in ("correct", "wrong"):
        raise fault(
            row, f"verdict {verdict!r:.40}", "write correct or wrong", "model_output_solution_correctness"
        )
    first = (
        step_number(row, "model_output_solution_first_error_step", len(steps), base=1)
        if verdict == "wrong"
        else None
    )
    trajectory = Trajectory.of_steps(
        origin.name(text(row, "uuid")),
        problem.id,
        steps,
        outcome=float(text(row, "model_output_answer_correctness") == "correct"),
        provenance=origin.provenance("", part=kind),
    )
    yield Sample(problem, trajectory, until_first_error(trajectory, first, "human/mr_gsm8k@1"))


SOURCE = Source(card=CARD, parse=parse)
