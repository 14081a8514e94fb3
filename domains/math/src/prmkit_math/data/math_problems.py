r"""MATH-500 and AIME: competition problems with reference solutions.

Invented rows of the same shapes::

    {"problem": "What is $3 \\cdot 4$?", "level": "Level 1", "solution": "It is $\\boxed{12}$.",
     "subject": "Prealgebra", "unique_id": "test/prealgebra/9001.json", "answer": "12"}

    {"problem": "What is $3 \\cdot 4$?", "solution": "It is $12$.", "extracted_groundtruth": "012",
     "url": "https://example.org/problem_1"}

Reference solutions are prose, cut by sentence; nobody rated the steps. Some AIME solutions are
discussions of several ways.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_sentence
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, part_of, text, value

PARTS = {"math500.jsonl.gz": "math500", "aime2024.jsonl": "aime2024"}

CARD = DatasetCard(
    name="math500_aime",
    path="math/math500_aime",
    files=(
        FileCard("math500.jsonl.gz", 446, "22b7c87a14a0f3c5ddd216a0af7c3695981d6227863aca12000de136a9d82ebc"),
        FileCard("aime2024.jsonl", 30, "05e3fec6cf168bdbadba7f737a47efff8fafef9a11bf2d8c93e4eb334c54251f"),
    ),
    summary="Competition problems with reference answers and solutions",
    licence="MIT (MATH); AIME problem texts are by the MAA",
    gold="outcome",
    cluster="problem",
    hub="HuggingFaceH4/MATH-500",
    use=("evaluate",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the reference solution.

    Raises:
        RecordError: A field is missing.
    """
    origin = Origin(CARD, row)
    part = part_of(row, PARTS)
    answer = text(row, "answer" if part == "math500" else "extracted_groundtruth")
    detail = {name: value(row, name) for name in ("level", "subject") if name in row.data}
    problem = origin.problem(text(row, "problem"), reference=answer, part=part, **detail)
    solution = text(row, "solution")
    trajectory = Trajectory(
        id=origin.name(part, row.number),
        problem_id=problem.id,
        text=solution,
        steps=by_sentence(solution),
        final_answer=answer,
        outcome=1.0,
        provenance=origin.provenance("person", part=part, **detail),
    )
    yield Sample(problem, trajectory)


SOURCE = Source(card=CARD, parse=parse)
