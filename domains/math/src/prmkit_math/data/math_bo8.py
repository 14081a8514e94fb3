r"""MATH, eight samples a problem: verdicts and the scores of a reward model.

An invented row of the same shape (lists have eight entries)::

    {"idx": 900, "question": "What is $3 \\cdot 4$?", "gt": "12", "level": "Level 1", "solution": "...",
     "answer": "12", "pred": ["12", "7"], "score": [true, false],
     "response": ["We multiply.\n\nIt is $\\boxed{12}$.", "We add.\n\nIt is $\\boxed{7}$."],
     "pred_score": [[5.5], [-1.25]]}

All samples come from one model, so they are exchangeable. The reward score stands in
``trajectory.provenance.detail["reward"]``.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_blank_line
from prmkit.types import Json, Sample, Trajectory
from prmkit_math.data.rows import Origin, fault, text, value

SAMPLES = 8

CARD = DatasetCard(
    name="math_bo8_rm_scored",
    path="math/math_bo8_rm_scored",
    files=(
        FileCard("math_bo8.jsonl.gz", 94, "f4b088b7537fd645b5413caedcb7b42684f1269f6c0799a4aaec4106258178b8"),
    ),
    summary="Eight samples a MATH problem with verdicts and reward scores",
    licence="MIT",
    gold="outcome",
    cluster="problem",
    hub="github:CJReinforce/PURE",
    use=("evaluate",),
)


def _eight(row: Row, name: str) -> list[Json]:
    found = value(row, name)
    if not isinstance(found, list) or len(found) != SAMPLES:
        raise fault(row, f"expected {SAMPLES} entries", f"give {SAMPLES} entries", name)
    return found


def parse(row: Row) -> Iterator[Sample]:
    """Eight samples of one problem.

    Raises:
        RecordError: A field is missing, or a list has not eight entries.
    """
    origin = Origin(CARD, row)
    problem = origin.problem(text(row, "question"), reference=text(row, "gt"), level=value(row, "level"))
    columns = [_eight(row, name) for name in ("response", "pred", "score", "pred_score")]
    for number, (response, answer, right, (reward,)) in enumerate(zip(*columns, strict=True)):
        trajectory = Trajectory(
            id=origin.name(row.number, number),
            problem_id=problem.id,
            text=response,
            steps=by_blank_line(response),
            final_answer=answer or None,
            outcome=float(right),
            provenance=origin.provenance("Qwen2.5-Math", reward=float(reward)),
        )
        yield Sample(problem, trajectory)


SOURCE = Source(card=CARD, parse=parse)
