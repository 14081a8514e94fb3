r"""Reflexion: GPT-4 programs after test feedback, with the remarks between attempts.

An invented row of the HumanEval run (MBPP rows have ``name`` in place of ``task_id``)::

    {"task_id": "HumanEval/900", "entry_point": "twice",
     "prompt": "def twice(n: int) -> int:\n    \"\"\" Twice n\n    \"\"\"\n",
     "canonical_solution": "    return 2 * n\n",
     "test": "def check(candidate):\n    assert candidate(3) == 6\n",
     "solution": "def twice(n):\n    return 2 * n", "is_solved": true,
     "reflections": ["The function squares its argument."]}

    {"name": "mbpp_2000_twice", "entry_point": "twice", "prompt": "def twice(n: int) -> int:\n    ...\n",
     "test": "def check(candidate):\n    assert candidate(3) == 6\n\ncheck(twice)",
     "solution": "def twice(n):\n    return 2 * n", "is_solved": true, "reflections": []}

A trajectory is the remarks, a paragraph each, then the last program by statement. Earlier attempts are
not in the file. The two MBPP runs are two systems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Problem, Sample, Step, Trajectory
from prmkit_code.data import humaneval
from prmkit_code.data.mbpp import TEST
from prmkit_code.data.rows import Origin, fault, listed, text, truth
from prmkit_code.segmenters import CODE, cut_program

SYSTEMS = {
    "humaneval_py_reflexion_gpt4.jsonl": "gpt4-reflexion",
    "mbpp_py_reflexion_gpt4.jsonl.gz": "gpt4-reflexion",
    "mbpp_py_simple_gpt4.jsonl.gz": "gpt4-simple",
}
"""File → system."""


def _card(name: str, summary: str, *files: FileCard) -> DatasetCard:
    return DatasetCard(
        name=name,
        path="code/reflexion_runs",
        files=files,
        summary=summary,
        licence="MIT",
        gold="outcome",
        cluster="problem",
        hub="github:noahshinn/reflexion",
        use=("evaluate",),
    )


HUMANEVAL_CARD = _card(
    "reflexion_humaneval",
    "GPT-4 programs for HumanEval after test feedback, with remarks and verdicts",
    FileCard(
        "humaneval_py_reflexion_gpt4.jsonl",
        74,
        "782de78f328a15d68f8928309579dbcaa7daa243707dba199875d99f6fd21ba4",
    ),
)
MBPP_CARD = _card(
    "reflexion_mbpp",
    "GPT-4 programs for MBPP, with and without test feedback, with verdicts",
    FileCard(
        "mbpp_py_reflexion_gpt4.jsonl.gz",
        397,
        "e5e44ebd183003ed409a48e734ba8a2fb7238377df3313437ed10df012a1311c",
    ),
    FileCard(
        "mbpp_py_simple_gpt4.jsonl.gz",
        397,
        "2007c5ec940d7f501c0fe90b863315a82d607874cee5f4e0138f4dfc168b3adf",
    ),
)
_NAME = re.compile(r"mbpp_(\d+)_")


def number(row: Row) -> int:
    """The number of the MBPP problem of a row.

    Raises:
        RecordError: Its name holds none.
    """
    name = _NAME.match(text(row, "name"))
    if name is None:
        raise fault(row, "no number in the name", "write mbpp_NUMBER_function", "name")
    return int(name.group(1))


def repaired(origin: Origin, problem: Problem, row: Row) -> Sample:
    """The remarks and the program of a row, for a problem, with the recorded verdict.

    Raises:
        RecordError: A field is missing or of another type.
    """
    system = SYSTEMS.get(row.file, row.file)
    code = text(row, "solution", empty=True)
    remarks = [one.strip() for one in listed(row, "reflections", str)] if "reflections" in row.data else []
    written, steps = "", list[Step]()
    for remark in filter(None, remarks):
        steps.append(Step(len(steps), remark, len(written), len(written) + len(remark), kind="reflection"))
        written += f"{remark}\n\n"
    # A reply without program is a wrong answer too.
    body = cut_program(code, offset=len(written), index=len(steps)) or [
        Step(len(steps), code, len(written), len(written) + len(code), kind=CODE)
    ]
    trajectory = Trajectory(
        id=f"{problem.id}/{system}",
        problem_id=problem.id,
        text=written + code,
        steps=(*steps, *body),
        outcome=float(truth(row, "is_solved")),
        provenance=origin.provenance(system),
    )
    return Sample(problem, trajectory)


def parse_humaneval(row: Row) -> Iterator[Sample]:
    """One sample of the HumanEval run.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(HUMANEVAL_CARD, row)
    yield repaired(origin, humaneval.asked(origin, row), row)


def parse_mbpp(row: Row) -> Iterator[Sample]:
    """One sample of an MBPP run.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(MBPP_CARD, row)
    name, prompt = number(row), text(row, "prompt")
    problem = origin.problem(
        f"mbpp/{name}",
        prompt,
        entry_point=text(row, "entry_point"),
        prompt=prompt,
        reference={"tests": [text(row, "test")]},
        split="test" if name in TEST else "other",
    )
    yield repaired(origin, problem, row)


HUMANEVAL = Source(card=HUMANEVAL_CARD, parse=parse_humaneval)
MBPP = Source(card=MBPP_CARD, parse=parse_mbpp)
