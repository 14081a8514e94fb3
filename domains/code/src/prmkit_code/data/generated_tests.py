r"""HumanEval: asserts that CodeGen-16B wrote, unverified.

An invented row of the same shape::

    {"task_id": "HumanEval/900", "entry_point": "twice",
     "asserts": ["assert twice(1) == 2", "assert twice(2) == 5"], "n_unique": 2}

One sample a problem, one step an assert; many are wrong and none is labelled. The reference program
stands in the problem's reference, so that ``code/asserts`` can say which hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample
from prmkit_code.data import humaneval
from prmkit_code.data.rows import Joined, Origin, listed, text

CARD = DatasetCard(
    name="humaneval_generated_tests",
    path="code",
    files=(
        replace(humaneval.FILE, name="humaneval/humaneval.jsonl"),
        FileCard(
            "humaneval_generated_tests/tests.jsonl",
            76,
            "52a76acc4093bc378f98800bf2c1547a75c5d0a2e0209eeb2ac1a0be63336fd6",
        ),
    ),
    summary="Asserts that CodeGen-16B wrote for HumanEval problems, unverified",
    licence="MIT",
    gold="none",
    cluster="problem",
    hub="github:microsoft/CodeT",
)


def samples(asked: Row, row: Row) -> Iterator[Sample]:
    """One sample: the asserts of one problem; none for a problem without any.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(CARD, row)
    solution = text(asked, "prompt") + text(asked, "canonical_solution")
    problem = humaneval.asked(origin, asked, solution=solution)
    asserts = [one.strip() for one in listed(row, "asserts", str)]
    if not asserts:
        return
    # The prompt is code that stands before a program; tests are not one.
    context = {**problem.context, "unit_tests": True}
    context.pop("prompt")
    yield Sample(
        replace(problem, context=context),
        origin.solution(problem, "tests", "\n".join(asserts), how="line", system="CodeGen-16B"),
    )


def joined() -> Joined:
    """Parser of one iteration."""
    return Joined("humaneval.jsonl", "task_id", samples)


SOURCE = Source(card=CARD, parse=joined(), joined=joined)
