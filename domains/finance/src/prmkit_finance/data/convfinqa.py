r"""ConvFinQA, visible part of the development split: conversations on filings with a program per turn.

An invented row of the same shape::

    {"questions": ["what were rents in 2011?", "and in 2010?", "what was the change?"],
     "answer": 12.0, "text": "we lease offices .", "table": "item | 2011 | 2010\nrents | $ 62 | $ 50\n",
     "golden_text": "", "golden_table": "item | 2011 | 2010\nrents | $ 62 | $ 50\n",
     "id": "Single_ABC/2011/page_9.pdf-1", "programs": ["ans = 62", "ans = 50", "ans = 62 - 50"]}

``answer`` belongs to the last turn; a share is written as a fraction there (0.24 for 24 %), and the
answers of comparisons are ``yes`` or ``no``. Turns are the steps. Clusters are filings (company and year).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_finance.data.rows import Origin, fault, gold, grid, text, texts, value

_ID = re.compile(r"(?:Single|Double)_(?P<filing>[^/]+/\d{4})/(?P<page>[^/]+?\.pdf)(?:-\d+)?")

CARD = DatasetCard(
    name="convfinqa_dev",
    path="finance/convfinqa_dev",
    files=(
        FileCard(
            "convfinqa_dev.jsonl.gz", 281, "c4b437efe76b7b38a6ec51a4ca66c46ec2cf724b9a0bb6267bffa9e5e589334b"
        ),
    ),
    summary="Conversations on filings, a gold program per turn",
    licence="MIT",
    gold="human",
    cluster="filing",
    index_base=0,
    hub="github:czyssrs/ConvFinQA",
    use=("evaluate",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the programs of all turns, each labelled right.

    Raises:
        RecordError: A field is missing or of another type, or questions and programs differ in number.
    """
    origin = Origin(CARD, row)
    questions, programs = texts(row, "questions"), texts(row, "programs")
    if len(questions) != len(programs):
        raise fault(row, f"{len(programs)} programs for {len(questions)} turns", "give one each", "programs")
    name = text(row, "id")
    found = _ID.fullmatch(name)
    if found is None:
        raise fault(row, f"{name!r} names no page of a filing", "write KIND_COMPANY/YEAR/page_N.pdf", "id")
    answer = value(row, "answer")
    if not isinstance(answer, (int, float, str)):
        raise fault(row, f"expected a number or text, got {answer!r:.60}", "write the last answer", "answer")
    asked = "\n".join(f"{number}. {question}" for number, question in enumerate(questions, 1))
    problem = origin.problem(
        name,
        asked,
        cluster=found["filing"],
        reference={"answer": answer, "fraction": True},
        table=grid(row, text(row, "table"), "table"),
        passage=str(value(row, "text") or ""),
    )
    trajectory = Trajectory.of_steps(
        origin.name(name, "gold"),
        problem.id,
        [{"text": program, "kind": "program"} for program in programs],
        final_answer=str(answer),
        outcome=1.0,
        provenance=origin.provenance("annotators"),
    )
    yield Sample(problem, trajectory, gold(trajectory, "human/convfinqa@1"))


SOURCE = Source(card=CARD, parse=parse)
