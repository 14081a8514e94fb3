"""PRM800K, phase 1: human ratings of candidate next steps on MATH problems.

Invented rows of the same shapes, the training part and one tree of the test part::

    {"instruction": "What is 3 * 4?", "responses": ["I multiply."], "next_response": "3 * 4 = 12.",
     "answer": null, "is_human_response": false, "is_solution": false, "is_preferred_response": true,
     "rating": 1, "error_reason": null}

    {"labeler": "0f..", "timestamp": "2022-07-01T00:00:00", "generation": null,
     "is_quality_control_question": false, "is_initial_screening_question": false,
     "question": {"problem": "What is 3 * 4?", "ground_truth_answer": "12"},
     "label": {"steps": [{"completions": [{"text": "I multiply.", "rating": 1, "flagged": false}],
                          "human_completion": null, "chosen_completion": 0}],
               "total_time": 1000, "finish_reason": "solution"}}

Each rated candidate is one sample: the accepted prefix, unlabelled, and the candidate with its
label. Ratings: 1 good, 0 neutral, -1 bad, null not rated (such as steps the labeler wrote).
Neutral counts as right, as in the paper's scoring; the raw rating stands in the channel
``rating``. Ratings are made on accepted prefixes, so no label follows an error.
``error_reason`` was added by the publisher of the training part, likely with a model: not read.
Of the 51,785 training rows (898 problem texts, 896 after normalising), 48,622 are rated, 10,229
of them neutral; 12 problems occur in unrated rows only.

Source: Lightman et al., "Let's Verify Step by Step", arXiv 2305.20050.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Json, Problem, Sample, StepLabels, Trajectory
from prmkit_math.data.rows import Origin, continued, fault, own_merit, text, truth, value

CARD = DatasetCard(
    name="prm800k_phase1",
    path="math/prm800k_phase1",
    files=(
        FileCard(
            "train_plus_stepwise.jsonl.gz",
            51785,
            "32686948919c913cd26e310e14d1dea6e49f5ec0142bdd0f07a72f045faf44ea",
        ),
    ),
    summary="Human ratings of single steps on MATH problems, training part",
    licence="MIT",
    gold="human",
    cluster="problem",
    index_base=0,
    neutral="as_correct",
    after_error="own_merit",
    hub="github:openai/prm800k",
    use=("train", "calibrate"),
)

TEST_CARD = DatasetCard(
    name="prm800k_phase1_test",
    path="math/prm800k_phase1",
    files=(
        FileCard(
            "phase1_test.jsonl.gz",
            97,
            "f7145979810912592c6312b55c289213aaf61f49efb3382661e3e6edb8f93bbb",
        ),
    ),
    summary="Human ratings of single steps on MATH problems, test trees",
    licence="MIT",
    gold="human",
    cluster="problem",
    index_base=0,
    neutral="as_correct",
    after_error="own_merit",
    hub="github:openai/prm800k",
    use=("evaluate",),
)

_VALUE = {1: 1.0, 0: 1.0, -1: 0.0}


def _labels(row: Row, rating: Json, trajectory: Trajectory) -> StepLabels | None:
    if rating is None:
        return None
    if isinstance(rating, bool) or rating not in _VALUE:
        raise fault(row, f"rating {rating!r:.40}", "write 1, 0, -1 or null", "rating")
    before = (None,) * (len(trajectory.steps) - 1)
    return own_merit(
        trajectory, (*before, _VALUE[rating]), "human/prm800k@1", {"rating": (*before, float(rating))}
    )


def parse(row: Row) -> Iterator[Sample]:
    """One sample: a prefix with one candidate step.

    Raises:
        RecordError: A field is missing or of another type, or the rating is unknown.
    """
    origin = Origin(CARD, row)
    prefix = value(row, "responses")
    if not isinstance(prefix, list) or not all(isinstance(one, str) for one in prefix):
        raise fault(row, f"expected a list of texts, got {prefix!r:.60}", "write a list", "responses")
    problem = origin.problem(text(row, "instruction"))
    trajectory = continued(
        origin.name(row.number),
        problem,
        prefix,
        text(row, "next_response"),
        final_answer=value(row, "answer"),
        provenance=origin.provenance(
            "labeler" if truth(row, "is_human_response") else "model",
            part="train",
            preferred=truth(row, "is_preferred_response"),
        ),
    )
    yield Sample(problem, trajectory, _labels(row, value(row, "rating"), trajectory))


def _accepted(step: Json) -> str | None:
    """Text that the labeler went on from, None at the end of the tree."""
    if step["chosen_completion"] is not None:
        return str(step["completions"][step["chosen_completion"]]["text"])
    return str(step["human_completion"]["text"]) if step["human_completion"] else None


def _candidates(
    row: Row, origin: Origin, problem: Problem, at: int, step: Json, prefix: Sequence[str]
) -> Iterator[Sample]:
    for number, candidate in enumerate(step["completions"] or ()):
        trajectory = continued(
            origin.name(row.number, at, number),
            problem,
            prefix,
            candidate["text"],
            final_answer=None,
            provenance=origin.provenance("model", part="test", preferred=step["chosen_completion"] == number),
        )
        yield Sample(problem, trajectory, _labels(row, candidate["rating"], trajectory))


def parse_test(row: Row) -> Iterator[Sample]:
    """One sample per candidate of the tree.

    Raises:
        RecordError: A field is missing or of another type, or a rating is unknown.
    """
    origin = Origin(TEST_CARD, row)
    question = value(row, "question")
    problem = origin.problem(question["problem"], reference=question["ground_truth_answer"])
    prefix: list[str] = []
    for at, step in enumerate(value(row, "label")["steps"]):
        yield from _candidates(row, origin, problem, at, step, prefix)
        accepted = _accepted(step)
        if accepted is None:
            return
        prefix.append(accepted)


SOURCE = Source(card=CARD, parse=parse)
TEST = Source(card=TEST_CARD, parse=parse_test)
