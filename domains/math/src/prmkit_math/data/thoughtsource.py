r"""ThoughtSource: common-sense and science questions with chains of several models and prompts.

An invented row of the same shape::

    {"dataset": "open_book_qa", "id": "900", "question": "What melts in the sun?",
     "choices": ["ice", "stone"], "context": "", "answer": ["ice"], "reference_cot": ["heat melts ice"],
     "samples": [{"model": "model-1", "cot_trigger": "kojima-01", "instruction": null,
                  "cot": "Ice melts when warm.\nSo the answer is A.", "answer": "A) ice",
                  "correct": true, "annotations": [{"key": "Incorrect reasoning", "value": true}]}]}

The verdict is about the answer only. Samples of a question come from different models and
prompts: not exchangeable. A few chains carry remarks of people, kept in the provenance.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_line
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, text, texts, value

CARD = DatasetCard(
    name="thoughtsource_general",
    path="general_reasoning/thoughtsource_general",
    files=(
        FileCard("chains.jsonl.gz", 601, "becc04c05270dd7edabb3c71353f29611c4dd7e7b7505e21798cb0d6ab7fae11"),
    ),
    summary="Common-sense and science questions with several chains each",
    licence="MIT (ThoughtSource, CommonsenseQA, StrategyQA), Apache-2.0 (OpenBookQA)",
    gold="outcome",
    cluster="question",
    hub="github:OpenBioLink/ThoughtSource",
)


def _asked(question: str, choices: list[str]) -> str:
    lines = [f"{chr(ord('A') + index)}) {choice}" for index, choice in enumerate(choices)]
    return "\n".join([question, *lines])


def parse(row: Row) -> Iterator[Sample]:
    """One sample per chain.

    Raises:
        RecordError: A field is missing.
    """
    origin = Origin(CARD, row)
    part, question = text(row, "dataset"), text(row, "question")
    problem = origin.problem(
        _asked(question, value(row, "choices")),
        cluster=question,
        reference=texts(row, "answer")[0],
        part=part,
    )
    for number, given in enumerate(value(row, "samples")):
        prompt = given["cot_trigger"] or "direct"
        remarks = sorted({one["key"] for one in given["annotations"] or ()})
        trajectory = Trajectory(
            id=origin.name(row.number, number),
            problem_id=problem.id,
            text=given["cot"],
            steps=by_line(given["cot"]),
            final_answer=given["answer"].strip(),
            outcome=float(given["correct"]),
            provenance=origin.provenance(f"{given['model']}/{prompt}", part=part, remarks=remarks),
        )
        yield Sample(problem, trajectory)


SOURCE = Source(card=CARD, parse=parse)
