r"""HumanEval, a hundred samples a problem by CodeGen-16B, with verdicts.

An invented row of the same shape (lists have a hundred entries)::

    {"task_id": "HumanEval/900", "entry_point": "twice",
     "prompt": "def twice(n: int) -> int:\n    \"\"\" Twice n\n    \"\"\"\n",
     "samples": ["    return 2 * n\n", "    return n * n\n"], "passed": [true, false],
     "outcome": ["passed", "AssertionError"]}

All samples come from one model at one temperature, so they are exchangeable. The prompt is the one the
model saw, without the examples of the docstring; hidden tests come from ``humaneval``. Blank samples
are kept as a step of their own, since they are wrong answers too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Step, Trajectory
from prmkit_code.data import humaneval
from prmkit_code.data.rows import Joined, Origin, fault, listed, text
from prmkit_code.segmenters import CODE

CARD = DatasetCard(
    name="humaneval_codegen16b_100",
    path="code",
    files=(
        replace(humaneval.FILE, name="humaneval/humaneval.jsonl"),
        FileCard(
            "humaneval_codegen16b_100/samples.jsonl.gz",
            76,
            "04ab645b03631bb303e5829d66afacfcdd2dc84eb0c86d3ebfc299c343175989",
        ),
    ),
    summary="A hundred samples a problem by CodeGen-16B at temperature 0.8, with verdicts",
    licence="MIT",
    gold="outcome",
    cluster="problem",
    hub="github:microsoft/CodeT",
    use=("evaluate",),
)


def samples(asked: Row, row: Row) -> Iterator[Sample]:
    """All samples of one problem.

    Raises:
        RecordError: A field is missing, or the lists differ in length.
    """
    origin = Origin(CARD, row)
    problem = humaneval.asked(origin, asked, prompt=text(row, "prompt"))
    written, passed, why = (
        listed(row, "samples", str),
        listed(row, "passed", bool),
        listed(row, "outcome", str),
    )
    if not len(written) == len(passed) == len(why):
        raise fault(
            row, f"{len(written)} samples, {len(passed)} verdicts", "give each sample a verdict", "passed"
        )
    for number, (body, right, outcome) in enumerate(zip(written, passed, why, strict=True)):
        if body.strip():
            yield Sample(
                problem,
                origin.solution(
                    problem, str(number), body, outcome=float(right), system="CodeGen-16B", recorded=outcome
                ),
            )
        else:
            blank = Trajectory(
                id=f"{problem.id}/{number}",
                problem_id=problem.id,
                text=body,
                steps=(Step(0, body, 0, len(body), kind=CODE),),
                outcome=float(right),
                provenance=origin.provenance("CodeGen-16B", recorded=outcome),
            )
            yield Sample(problem, blank)


def joined() -> Joined:
    """Parser of one iteration."""
    return Joined("humaneval.jsonl", "task_id", samples)


SOURCE = Source(card=CARD, parse=joined(), joined=joined)
