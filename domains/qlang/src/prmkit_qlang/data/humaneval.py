r"""Q-HumanEval: HumanEval restated for q, with tests in Python about the q function.

An invented row::

    {"task_id": 900, "entry_point": "twice", "q_tests": [], "test_setup_code": "", "canonical_solution": "",
     "prompt": "// @overview\n// Twice x\n//\n// @param x {int}\n//\n// @return {int}\ntwice:{[x]\n    }\n",
     "tests": "def check(candidate):\n    assert candidate(3) == 6\n"}

The set has no programs: the trajectory of a task is blank and has no outcome. What the tests say is read by
``prmkit_qlang.checks``. A task is not ``sound`` where they call a function that nothing defines: no program
passes them.

Source: Chen et al., arXiv 2107.03374; Kx Systems, *q evaluation harness* (MIT).
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Problem, Sample, Step, Trajectory
from prmkit_qlang.checks import RefusedError, read_checks
from prmkit_qlang.data.rows import Origin, fault, text, value, whole

TASKS = FileCard("q_humaneval.jsonl", 76, "3e1d09ed7d768accb4626f49142df7823bba5cc9d85c250e0b817eb61b04a742")
CARD = DatasetCard(
    name="q_humaneval",
    path="qlang/q_humaneval",
    files=(TASKS,),
    summary="HumanEval restated for q, 76 tasks with tests and no programs",
    licence="MIT",
    gold="none",
    cluster="problem",
    hub="github:KxSystems/q-evaluation-harness",
    use=("evaluate",),
)


def task_of(origin: Origin) -> Problem:
    """The problem of a row; its tests are the reference.

    Raises:
        RecordError: A field is missing or of another type, or the tests cannot be read at all.
    """
    row = origin.row
    number, tests, setup = whole(row, "task_id"), text(row, "tests"), value(row, "test_setup_code")
    if not isinstance(setup, str):
        raise fault(row, f"expected text, got {setup!r:.60}", "write a string", "test_setup_code")
    try:
        checks = read_checks(tests)
    except RefusedError as error:
        raise fault(row, str(error), "write a Python function check(candidate)", "tests") from None
    return origin.problem(
        str(number),
        text(row, "prompt"),
        cluster=f"humaneval/{number}",
        reference={"entry_point": text(row, "entry_point"), "tests": tests},
        sound="yes" if setup.strip() or not checks.undefined else "no",
    )


def blank(
    problem: Problem, id: str, origin: Origin, *, system: str = "", outcome: float | None = None
) -> Sample:
    """A sample whose program is not known: one step without text."""
    return Sample(
        problem,
        Trajectory(
            id=id,
            problem_id=problem.id,
            text="",
            steps=(Step(0, "", 0, 0, role="act", kind="q"),),
            outcome=outcome,
            provenance=origin.provenance(system, model=system) if system else origin.provenance(),
        ),
    )


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the task.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(CARD, row)
    problem = task_of(origin)
    yield blank(problem, origin.name(whole(row, "task_id")), origin)


SOURCE = Source(card=CARD, parse=parse)
