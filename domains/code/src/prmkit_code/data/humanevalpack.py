r"""HumanEvalPack (Python): one planted bug in each HumanEval solution.

An invented row of the same shape (other fields are not read)::

    {"task_id": "Python/900", "entry_point": "twice", "bug_type": "operator misuse",
     "failure_symptoms": "incorrect output",
     "prompt": "def twice(n: int) -> int:\n    \"\"\" Twice n\n    \"\"\"\n",
     "canonical_solution": "    m = 2 * n\n    return m\n",
     "buggy_solution": "    m = 2 - n\n    return m\n",
     "test": "def check(twice):\n    assert twice(3) == 6\n\ncheck(twice)",
     "example_test": "def check(twice):\n    assert twice(1) == 2\ncheck(twice)\n"}

The first line that differs from the right program is wrong; where lines are missing, it is the line
before which they are missing. The right program is a sample of its own. It is **not** in the reference:
a verifier that could compare with it would only repeat how the gold was made.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample
from prmkit_code.data.rows import Origin, differing, fault, text, until_first_error

CARD = DatasetCard(
    name="humanevalpack_python",
    path="code/humanevalpack_python",
    files=(
        FileCard(
            "humanevalpack.jsonl", 76, "6b2811fce7587696002e7888c5d14321d1a703980e5228d13296d1fd31c209b1"
        ),
    ),
    summary="One planted bug in each HumanEval solution, beside the right program",
    licence="MIT",
    gold="planted",
    cluster="problem",
    index_base=0,
    after_error="until_first_error",
    hub="bigcode/humanevalpack",
    use=("evaluate",),
)


def parse(row: Row) -> Iterator[Sample]:
    """Two samples: the buggy program and the right one, one step a line.

    Raises:
        RecordError: A field is missing, or the two programs do not differ.
    """
    origin = Origin(CARD, row)
    name, prompt = text(row, "task_id"), text(row, "prompt")
    problem = origin.problem(
        name,
        prompt,
        cluster=name.replace("Python/", "HumanEval/"),
        entry_point=text(row, "entry_point"),
        prompt=prompt,
        reference={"tests": [text(row, "test")]},
        shown=[text(row, "example_test", empty=True)] if row.data.get("example_test") else (),
    )
    kind = text(row, "bug_type")
    right = origin.solution(
        problem, "right", text(row, "canonical_solution"), how="line", outcome=1.0, bug="none"
    )
    wrong = origin.solution(problem, "buggy", text(row, "buggy_solution"), how="line", outcome=0.0, bug=kind)
    first = differing(wrong.steps, right.steps)
    if first is None:
        raise fault(row, "the two programs are the same", "leave the row out", "buggy_solution")
    yield Sample(problem, wrong, until_first_error(wrong, first, "planted/humanevalpack@1"))
    yield Sample(problem, right, until_first_error(right, None, "planted/humanevalpack@1"))


SOURCE = Source(card=CARD, parse=parse)
