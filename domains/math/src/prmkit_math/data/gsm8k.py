r"""GSM8K: word problems with worked solutions.

An invented row of the same shape::

    {"question": "Ann has 3 boxes of 4 pens. How many pens?",
     "answer": "She has 3 * 4 = <<3*4=12>>12 pens.\n#### 12"}

A solution is one step a line; the last line, ``#### answer``, is left out of the steps and
becomes the final answer. Nobody rated the steps: the outcome is 1, labels are absent.

Source: Cobbe et al., "Training Verifiers to Solve Math Word Problems", arXiv 2110.14168.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_line
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, fault, text

CARD = DatasetCard(
    name="gsm8k",
    path="math/gsm8k",
    files=(
        FileCard("train.jsonl.gz", 7473, "d7741145657f4e52b75f63b9fb9469cb4ad3febd01d62a1068c75e33e04245c5"),
    ),
    summary="Word problems with worked solutions, training part",
    licence="MIT",
    gold="outcome",
    cluster="problem",
    hub="openai/gsm8k",
    use=("train", "calibrate"),
)

TEST_CARD = DatasetCard(
    name="gsm8k_test",
    path="math/gsm8k",
    files=(
        FileCard("test_half.jsonl", 661, "6f257c89f85226de20f5cf6e035a1556f8a510cede33c079438057133f579efb"),
    ),
    summary="Word problems with worked solutions, visible half of the test part",
    licence="MIT",
    gold="outcome",
    cluster="problem",
    hub="openai/gsm8k",
    use=("evaluate",),
)


def _sample(row: Row, card: DatasetCard, part: str) -> Sample:
    origin = Origin(card, row)
    worked, mark, answer = text(row, "answer").rpartition("\n####")
    if not mark:
        raise fault(row, "no last line '#### answer'", "end the solution with '#### answer'", "answer")
    problem = origin.problem(text(row, "question"), reference=answer.strip(), part=part)
    trajectory = Trajectory(
        id=origin.name(row.number),
        problem_id=problem.id,
        text=worked,
        steps=by_line(worked),
        final_answer=answer.strip(),
        outcome=1.0,
        provenance=origin.provenance("person", part=part),
    )
    return Sample(problem, trajectory)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the worked solution of a training problem.

    Raises:
        RecordError: A field is missing, or the solution states no answer.
    """
    yield _sample(row, CARD, "train")


def parse_test(row: Row) -> Iterator[Sample]:
    """One sample: the worked solution of a test problem.

    Raises:
        RecordError: A field is missing, or the solution states no answer.
    """
    yield _sample(row, TEST_CARD, "test")


SOURCE = Source(card=CARD, parse=parse)
TEST = Source(card=TEST_CARD, parse=parse_test)
