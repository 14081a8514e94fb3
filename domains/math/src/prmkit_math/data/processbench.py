"""ProcessBench, visible half: the earliest wrong step of model solutions, by expert consensus.

An invented row of the same shape::

    {"id": "gsm8k-9001", "generator": "Model-7B", "problem": "Ann has 3 boxes of 4 pens ...",
     "steps": ["There are 3 * 4 = 12 pens.", "She gives 2 away, so 12 - 2 = 9 are left."],
     "final_answer_correct": false, "label": 1}

``label`` is 0-based; -1 means that every step is right. Steps after the first error
carry no label. A right final answer can stand on a wrong step.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, part_of, step_number, text, texts, truth, until_first_error, value

PARTS = {"gsm8k.jsonl": "gsm8k", "math.jsonl.gz": "math"}

CARD = DatasetCard(
    name="processbench_half",
    path="math/processbench_half",
    files=(
        FileCard("gsm8k.jsonl", 195, "15e14dcd869f518a5823bdab1b44bae0612996826ec2405af37a0e5569715e3b"),
        FileCard("math.jsonl.gz", 474, "09399363b604bb9de47aa6e5da3aa54ca47875f3ea4711831409c1cd08a24c56"),
    ),
    summary="Earliest wrong step of model solutions to GSM8K and MATH problems",
    licence="Apache-2.0 (data card; the code repository states none)",
    gold="human",
    cluster="problem",
    index_base=0,
    after_error="until_first_error",
    hub="Qwen/ProcessBench",
    use=("evaluate",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the solution with its first-error labels.

    Raises:
        RecordError: A field is missing or the label names no step.
    """
    origin = Origin(CARD, row)
    part = part_of(row, PARTS)
    problem = origin.problem(text(row, "problem"), part=part)
    steps = texts(row, "steps")
    first = None if value(row, "label") == -1 else step_number(row, "label", len(steps), base=0)
    trajectory = Trajectory.of_steps(
        origin.name(text(row, "id")),
        problem.id,
        steps,
        joiner="\n\n",
        outcome=float(truth(row, "final_answer_correct")),
        provenance=origin.provenance(text(row, "generator"), part=part),
    )
    yield Sample(problem, trajectory, until_first_error(trajectory, first, "human/processbench@1"))


SOURCE = Source(card=CARD, parse=parse)
