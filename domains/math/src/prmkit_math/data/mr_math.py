r"""MR-MATH and perturbed MATH solutions (ReasonEval): three files, three meanings.

Invented rows of the same shapes::

    {"id": 900, "question": "What is $3 \\cdot 4$?", "ground_truth_answer": "12", "generator": "Model-001",
     "model_output": "1. $3+4=7$ ...", "model_output_step_format": [["1. $3+4=7$"], ["2. So 7."]],
     "model_output_answer_correctness": "correct", "model_output_solution_correctness": "wrong",
     "model_output_solution_first_error_step": 1}

    {"id": 900, "question": "...", "ground_truth_answer": "12", "generator": "Model-001",
     "model_output_step_format": [["Fours are even."], ["$3 \\cdot 4=12$"]], "rating": [0, 1]}

    {"id": 900, "rid": 7, "question": "...", "ground_truth_answer": "12",
     "reference_steps": ["$3 \\cdot 4=12$"], "hypothesis_steps": ["$3 \\cdot 9=12$"],
     "error_type": "random number", "tags": 0}

A step is a list of its lines. ``mr_math``: 1-based number of the first wrong step, or N/A; every
final answer is right, so wrong steps here are wrong reasoning. ``mr_math_redundant``: rating 1
good, 0 redundant; no step is wrong, so every label is 1 and redundancy is a channel.
``mr_math_perturbed``: ``tags`` is 0-based and names the changed step of the one-step edits
("random number", "random operation"), the only rows with a wrong step labelled; a repeated step
is right and redundant; removed and swapped steps say nothing of single steps.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, StepLabels, Trajectory
from prmkit_math.data.rows import Origin, fault, own_merit, step_number, text, texts, until_first_error, value

_LICENCE = "none stated (research release; MATH and PRM800K are MIT)"
_HUB = "github:GAIR-NLP/ReasonEval"

CARD = DatasetCard(
    name="mr_math",
    path="math/mr_math",
    files=(
        FileCard(
            "mr-math_invalid_errors.jsonl",
            140,
            "44548c23489056d78f729c77190ba490f6c048ec75b63edba375b72fc461e432",
        ),
    ),
    summary="First invalid step of MATH solutions with a right final answer",
    licence=_LICENCE,
    gold="human",
    cluster="problem",
    index_base=1,
    after_error="until_first_error",
    hub=_HUB,
    use=("evaluate",),
)

REDUNDANT_CARD = DatasetCard(
    name="mr_math_redundant",
    path="math/mr_math",
    files=(
        FileCard(
            "mr-math_redundant_errors.jsonl",
            262,
            "bb1801208c66be842d237c1bb2163adf0eddacc92d83bc4799be017b38d10413",
        ),
    ),
    summary="Redundant steps of right MATH solutions",
    licence=_LICENCE,
    gold="human",
    cluster="problem",
    index_base=0,
    neutral="as_correct",
    hub=_HUB,
    use=("evaluate",),
)

PERTURBED_CARD = DatasetCard(
    name="mr_math_perturbed",
    path="math/mr_math",
    files=(
        FileCard(
            "perturbation.jsonl.gz",
            951,
            "174f611e6a72043b9e7dacce0ef34d82f94bb85d0e994b2a5770a3cec864abc7",
        ),
    ),
    summary="Right MATH solutions with one edit of six known kinds",
    licence=_LICENCE,
    gold="planted",
    cluster="problem",
    index_base=0,
    after_error="until_first_error",
    hub=_HUB,
    use=("evaluate",),
)

_ONE_STEP = ("random number", "random operation")


def _joined(row: Row) -> list[str]:
    steps = value(row, "model_output_step_format")
    if not isinstance(steps, list) or not all(isinstance(one, list) and one for one in steps):
        raise fault(
            row, "expected a list of lists of lines", "wrap each step's lines", "model_output_step_format"
        )
    return ["\n".join(lines) for lines in steps]


def parse(row: Row) -> Iterator[Sample]:
    """One sample: a solution with its first-error labels.

    Raises:
        RecordError: A field is missing, or the label names no step.
    """
    origin = Origin(CARD, row)
    problem = origin.problem(text(row, "question"), reference=text(row, "ground_truth_answer"))
    steps = _joined(row)
    number = "model_output_solution_first_error_step"
    first = None if value(row, number) == "N/A" else step_number(row, number, len(steps), base=1)
    trajectory = Trajectory.of_steps(
        origin.name(row.number),
        problem.id,
        steps,
        outcome=float(text(row, "model_output_answer_correctness") == "correct"),
        provenance=origin.provenance(text(row, "generator"), part="invalid"),
    )
    yield Sample(problem, trajectory, until_first_error(trajectory, first, "human/mr_math@1"))


def parse_redundant(row: Row) -> Iterator[Sample]:
    """One sample: a right solution whose redundant steps stand in the channel ``redundant``.

    Raises:
        RecordError: A field is missing, or the ratings do not fit the steps.
    """
    origin = Origin(REDUNDANT_CARD, row)
    problem = origin.problem(text(row, "question"), reference=text(row, "ground_truth_answer"))
    steps = _joined(row)
    ratings = value(row, "rating")
    if not isinstance(ratings, list) or len(ratings) != len(steps) or not set(ratings) <= {0, 1}:
        raise fault(row, f"ratings {ratings!r:.60}", "give one 0 or 1 per step", "rating")
    trajectory = Trajectory.of_steps(
        origin.name(row.number),
        problem.id,
        steps,
        outcome=1.0,
        provenance=origin.provenance(text(row, "generator"), part="redundant"),
    )
    channel = tuple(1.0 - rating for rating in ratings)
    labels = own_merit(trajectory, [1.0] * len(steps), "human/mr_math@1", {"redundant": channel})
    yield Sample(problem, trajectory, labels)


def _perturbed_labels(row: Row, kind: str, trajectory: Trajectory) -> StepLabels | None:
    if kind in _ONE_STEP:
        first = step_number(row, "tags", len(trajectory.steps), base=0)
        return until_first_error(trajectory, first, "planted/mr_math@1")
    if kind == "repeat step":
        repeated = [0.0] + [
            float(step.text == before.text)
            for before, step in zip(trajectory.steps, trajectory.steps[1:], strict=False)
        ]
        channels = {"redundant": tuple(repeated)}
        return until_first_error(trajectory, None, "planted/mr_math@1", channels)
    return None


def parse_perturbed(row: Row) -> Iterator[Sample]:
    """One sample: the edited solution, with step labels where the edit is one step.

    Raises:
        RecordError: A field is missing, the kind of edit is unknown, or ``tags`` names no step.
    """
    origin = Origin(PERTURBED_CARD, row)
    problem = origin.problem(text(row, "question"), reference=text(row, "ground_truth_answer"))
    kind = text(row, "error_type")
    trajectory = Trajectory.of_steps(
        origin.name(row.number),
        problem.id,
        texts(row, "hypothesis_steps"),
        provenance=origin.provenance("", part=kind, edit=value(row, "tags")),
    )
    yield Sample(problem, trajectory, _perturbed_labels(row, kind, trajectory))


SOURCE = Source(card=CARD, parse=parse)
REDUNDANT = Source(card=REDUNDANT_CARD, parse=parse_redundant)
PERTURBED = Source(card=PERTURBED_CARD, parse=parse_perturbed)

__all__ = ["PERTURBED", "REDUNDANT", "SOURCE"]
