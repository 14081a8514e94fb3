"""DeltaBench, published examples: sections of long reasoning, each judged by people.

An invented row of the same shape (fields of ``sections_labeled_info`` shortened)::

    {"id": "0f..", "origin": "...", "task_l1": "math", "task_l2": "Algebra", "level": 2.0,
     "question": "What is 3 * 4?", "solution": "...", "answer": "12", "long_cot": "...",
     "sections": [{"start": 1, "end": 1, "description": "...", "content": "3 * 4 = 7.",
                   "section_type": "Problem Analysis"}],
     "sections_content": "section1: 3 * 4 = 7.",
     "sections_labeled_info": [{"section_number": 1, "reasoning_usefulness": "1",
                                "reasoning_correctness": "1", "error_step": "1", "explanation": "..."}],
     "final_correct": 0, "stragegy_shift_section_numbers": [], "reason_unuseful_section_numbers": [],
     "reason_error_section_numbers": [1], "reflection_section_numbers": [], "error_type": "..."}

``reasoning_correctness`` "1" marks a *wrong* section. Section numbers are 1-based, each section
is judged by itself; one row leaves its last sections, and three surplus entries, unjudged.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, fault, own_merit, text, truth, value

CARD = DatasetCard(
    name="deltabench_examples",
    path="math/deltabench_examples",
    files=(
        FileCard("examples.jsonl.gz", 9, "40925a25118a9193bd6c2e1537245aeb5b483bfe48cc343ac3820ecfdf532684"),
    ),
    summary="Sections of long chains of thought, judged one by one",
    licence="none stated",
    gold="human",
    cluster="problem",
    index_base=1,
    after_error="own_merit",
    hub="OpenStellarTeam/DeltaBench",
    use=("evaluate",),
)

_VALUE = {"0": 1.0, "1": 0.0, "": None}


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the sections with a label for each one judged.

    Raises:
        RecordError: A field is missing, or the two lists of wrong sections disagree.
    """
    origin = Origin(CARD, row)
    problem = origin.problem(text(row, "question"), reference=text(row, "answer"))
    steps = [section["content"] for section in value(row, "sections")]
    judged = [_VALUE[info["reasoning_correctness"]] for info in value(row, "sections_labeled_info")]
    wrong = [index + 1 for index, label in enumerate(judged) if label == 0.0]
    if wrong != value(row, "reason_error_section_numbers") or any(
        label is not None for label in judged[len(steps) :]
    ):
        raise fault(
            row,
            f"sections {wrong} are marked wrong one by one",
            "leave the row out: its labels contradict each other",
            "reason_error_section_numbers",
        )
    trajectory = Trajectory.of_steps(
        origin.name(text(row, "id")),
        problem.id,
        steps,
        joiner="\n\n",
        outcome=float(truth(row, "final_correct")),
        provenance=origin.provenance("", part=text(row, "task_l2")),
    )
    labels = own_merit(trajectory, judged[: len(steps)], "human/deltabench@1")
    yield Sample(problem, trajectory, labels)


SOURCE = Source(card=CARD, parse=parse)
