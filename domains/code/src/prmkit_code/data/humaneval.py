r"""HumanEval: hand-written problems with reference solutions and hidden tests.

An invented row of the same shape::

    {"task_id": "HumanEval/900", "entry_point": "twice",
     "prompt": "def twice(n: int) -> int:\n    \"\"\" Twice n\n    >>> twice(2)\n    4\n    \"\"\"\n",
     "canonical_solution": "    return 2 * n\n",
     "test": "def check(candidate):\n    assert candidate(3) == 6\n"}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Json, Problem, Sample
from prmkit_code.data.rows import Origin, text

FILE = FileCard("humaneval.jsonl", 76, "56e92847453824f9140ae549621ba2267ec23af5a76efd9be29a97336c516aed")

CARD = DatasetCard(
    name="humaneval",
    path="code/humaneval",
    files=(FILE,),
    summary="Hand-written problems with reference solutions and hidden tests",
    licence="MIT",
    gold="outcome",
    cluster="problem",
    hub="openai/openai_humaneval",
    use=("evaluate",),
)


def tests(row: Row) -> Mapping[str, Json]:
    """The hidden tests of a HumanEval row."""
    return {"tests": [f"{text(row, 'test')}\ncheck({text(row, 'entry_point')})"]}


def asked(origin: Origin, row: Row, *, prompt: str = "", solution: str = "") -> Problem:
    """The problem of a HumanEval row.

    Args:
        origin: Card and row of the records.
        row: Row of HumanEval itself.
        prompt: Another wording of the prompt.
        solution: Reference program; kept out where it would give the gold away.
    """
    name, shown = text(row, "task_id"), prompt or text(row, "prompt")
    reference = {**tests(row), **({"solution": solution} if solution else {})}
    return origin.problem(
        name, shown, entry_point=text(row, "entry_point"), prompt=shown, reference=reference
    )


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the reference solution.

    Raises:
        RecordError: A field is missing or blank.
    """
    origin = Origin(CARD, row)
    body = text(row, "canonical_solution")
    problem = asked(origin, row, solution=text(row, "prompt") + body)
    yield Sample(problem, origin.solution(problem, "reference", body, outcome=1.0, system="reference"))


SOURCE = Source(card=CARD, parse=parse)
