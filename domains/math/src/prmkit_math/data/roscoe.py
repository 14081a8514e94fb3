r"""Human verdicts on whole reasoning chains: the ROSCOE part of AutoRace.

Invented rows of the same shapes::

    {"question": "Ann has 3 boxes of 4 pens. How many pens?",
     "reasoning_chain": "\nStep 1 - She has 3 + 4 = <<3+4=7>>7 pens\nStep 2 - The answer is 7",
     "answer": "12", "human_label": false}

    {"question": "Q:  Is ice warmer than steam?",
     "reasoning_chain": "Ice is frozen water. So the answer is no.", "answer": "no", "human_label": true}

``human_label`` judges the chain, not its steps and not its answer alone: it becomes the
outcome, and there are no step labels. GSM8K and CosmosQA chains have one step a line,
StrategyQA chains one step a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_line, by_sentence
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, part_of, text, truth

PARTS = {"gsm8k.jsonl": "gsm8k", "strategyqa.jsonl": "strategyqa", "cosmos.jsonl": "cosmos"}

CARD = DatasetCard(
    name="roscoe_chain_labels",
    path="math/roscoe_chain_labels",
    files=(
        FileCard("gsm8k.jsonl", 104, "e4c846addb8d8fdbdca4b00b50378388ab89d033cf00c64148e13723bc93dc00"),
        FileCard("strategyqa.jsonl", 200, "7335575f9279a9c0a7d21af6904eb78e08092c905c2c1b2b3a0cb8d2f2f3e020"),
        FileCard("cosmos.jsonl", 179, "6335ea9b0f41fb2bc7463dfdff48cf54736ff45bd6777cca9df65cfeac4b6260"),
    ),
    summary="Human verdicts on whole chains of three question sets",
    licence="Apache-2.0 (collection); ROSCOE annotations were released for research",
    gold="human",
    cluster="question",
    hub="github:maitrix-org/llm-reasoners",
    use=("evaluate",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the chain with its verdict as outcome.

    Raises:
        RecordError: A field is missing or the verdict is none.
    """
    origin = Origin(CARD, row)
    part = part_of(row, PARTS)
    problem = origin.problem(text(row, "question"), reference=text(row, "answer"), part=part)
    chain = text(row, "reasoning_chain")
    trajectory = Trajectory(
        id=origin.name(part, row.number),
        problem_id=problem.id,
        text=chain,
        steps=by_sentence(chain) if part == "strategyqa" else by_line(chain),
        outcome=float(truth(row, "human_label")),
        provenance=origin.provenance("", part=part),
    )
    yield Sample(problem, trajectory)


SOURCE = Source(card=CARD, parse=parse)
