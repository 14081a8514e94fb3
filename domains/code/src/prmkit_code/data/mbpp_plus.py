r"""MBPP+: further inputs for MBPP problems; a right program agrees with the reference on all of them.

An invented row of the same shape::

    {"task_id": 2000, "prompt": "'''\nWrite a function to double a number.\n'''", "entry_point": "twice",
     "canonical_solution": "\ndef twice(n):\n    return 2 * n\n", "atol": 0,
     "base_input": [[1], [2]], "plus_input": [[0], [-3]], "plus_input_total": 2,
     "contract": "\n    assert isinstance(n, int), \"invalid inputs\"\n"}
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample
from prmkit_code.data.mbpp import TEST, number
from prmkit_code.data.rows import Origin, fault, listed, text, value

CARD = DatasetCard(
    name="mbpp_plus",
    path="code/mbpp_plus",
    files=(
        FileCard(
            "mbpp_plus.jsonl.gz", 420, "b8c579026c982232d488ec9e877fbd5152ed00a1a40a1eeccf452c09a786a55f"
        ),
    ),
    summary="Further inputs for MBPP problems, judged by agreement with the reference",
    licence="Apache-2.0",
    gold="outcome",
    cluster="problem",
    hub="evalplus/mbppplus",
    use=("evaluate",),
)


def tolerance(row: Row) -> float:
    """How far numbers may differ from those of the reference.

    Raises:
        RecordError: The field is missing or no number.
    """
    found = value(row, "atol")
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise fault(row, f"expected a number, got {found!r:.60}", "write 0 where none is allowed", "atol")
    return float(found)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the reference solution.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(CARD, row)
    name, code = number(row), text(row, "canonical_solution")
    problem = origin.problem(
        f"mbpp/{name}",
        text(row, "prompt").strip("'\n "),
        entry_point=text(row, "entry_point"),
        reference={
            "solution": code,
            "inputs": [*listed(row, "base_input", list), *listed(row, "plus_input", list)],
            "atol": tolerance(row),
            "contract": text(row, "contract", empty=True),
        },
        split="test" if name in TEST else "other",
    )
    yield Sample(problem, origin.solution(problem, "reference", code, outcome=1.0, system="reference"))


SOURCE = Source(card=CARD, parse=parse)
