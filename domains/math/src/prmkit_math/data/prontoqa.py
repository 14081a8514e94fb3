"""PrOntoQA, three to five hops: deduction problems with gold proofs.

An invented row of the same shape::

    {"id": "example900", "question": "Every cat is a feline. Felines are not loud. Tom is a cat.",
     "query": "True or false: Tom is loud.",
     "chain_of_thought": ["Tom is a cat.", "Every cat is a feline.", "Tom is a feline.",
                          "Felines are not loud.", "Tom is not loud."],
     "answer": "False"}

Every gold step is right by construction, so every label is 1. Half of the steps repeat a rule
or fact, the others follow from it and the step before. The answer compares the last step with
the query.

Source: Saparov and He, "Language Models Are Greedy Reasoners", arXiv 2210.01240.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, own_merit, text, texts

CARD = DatasetCard(
    name="prontoqa",
    path="general_reasoning/prontoqa",
    files=(
        FileCard("prontoqa.jsonl", 500, "63a45c8c768d729019c33f0ad681e8776675a0ac47f8137f1433c5af92d14a73"),
    ),
    summary="Deduction problems in controlled English with gold proofs",
    licence="Apache-2.0",
    gold="program",
    cluster="problem",
    index_base=0,
    hub="github:asaparov/prontoqa",
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the gold proof.

    Raises:
        RecordError: A field is missing.
    """
    origin = Origin(CARD, row)
    premises, query, answer = text(row, "question"), text(row, "query"), text(row, "answer")
    problem = origin.problem(
        f"{premises}\n{query}", reference=answer, context={"premises": premises, "query": query}
    )
    steps = texts(row, "chain_of_thought")
    trajectory = Trajectory.of_steps(
        origin.name(text(row, "id")),
        problem.id,
        steps,
        joiner=" ",
        final_answer=answer,
        outcome=1.0,
        provenance=origin.provenance("gold"),
    )
    yield Sample(problem, trajectory, own_merit(trajectory, [1.0] * len(steps), "gold/prontoqa@1"))


SOURCE = Source(card=CARD, parse=parse)
