r"""GSM8K example model solutions: one solution of each of four systems, with its verdict.

An invented row of the same shape (two of the four systems shown)::

    {"question": "Ann has 3 boxes of 4 pens. How many pens?",
     "ground_truth": "She has 3 * 4 = <<3*4=12>>12 pens.\nA: 12",
     "6b_finetuning": {"is_correct": false, "solution": "3 + 4 = <<3+4=7>>7\nA: 7"},
     "175b_verification": {"is_correct": true, "solution": "3 * 4 = <<3*4=12>>12\nA: 12"}}

The four solutions of a problem come from four systems, two of which chose theirs with a
verifier: they are not exchangeable, so only system selection can be measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_line
from prmkit.types import Problem, Sample, Trajectory
from prmkit_math.data.rows import Origin, fault, text, value

SYSTEMS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")

CARD = DatasetCard(
    name="gsm8k_model_solutions",
    path="math/gsm8k_model_solutions",
    files=(
        FileCard(
            "solutions.jsonl.gz", 661, "57347ded51352d7622e78dfaaf4c959ffa296535cab0c3881bd166fc481c9627"
        ),
    ),
    summary="Four systems' solutions to GSM8K test problems, with verdicts",
    licence="MIT",
    gold="outcome",
    cluster="problem",
    hub="github:openai/grade-school-math",
    use=("evaluate",),
)


def _answer(solution: str) -> str | None:
    """What stands after the last ``A:`` at the beginning of a line."""
    for line in reversed(solution.splitlines()):
        if line.startswith("A:"):
            return line[2:].strip()
    return None


def _sample(row: Row, origin: Origin, problem: Problem, system: str) -> Sample:
    given = value(row, system)
    solution, right = given["solution"], given["is_correct"]
    if not isinstance(solution, str) or not isinstance(right, bool):
        raise fault(row, "expected a text and a verdict", "write is_correct and solution", system)
    trajectory = Trajectory(
        id=origin.name(row.number, system),
        problem_id=problem.id,
        text=solution,
        steps=by_line(solution),
        final_answer=_answer(solution),
        outcome=float(right),
        provenance=origin.provenance(system),
    )
    return Sample(problem, trajectory)


def parse(row: Row) -> Iterator[Sample]:
    """Four samples: one solution of each system.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(CARD, row)
    reference = _answer(text(row, "ground_truth"))
    if reference is None:
        raise fault(row, "the reference states no answer", "end it with 'A: answer'", "ground_truth")
    problem = origin.problem(text(row, "question"), reference=reference)
    for system in SYSTEMS:
        yield _sample(row, origin, problem, system)


SOURCE = Source(card=CARD, parse=parse)
