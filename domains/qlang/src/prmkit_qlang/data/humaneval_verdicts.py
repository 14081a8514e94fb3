r"""Q-HumanEval, fifty samples a task by six qqWen models: verdicts without the programs.

An invented row of the verdicts (lists have fifty entries); tasks are rows of ``q_humaneval``::

    {"task_id": 900, "entry_point": "twice", "q_tests": [], "test_setup_code": "", "canonical_solution": "",
     "prompt": "// @overview\n// Twice x\n//\n// @param x {int}\n//\n// @return {int}\ntwice:{[x]\n    }\n",
     "tests": "def check(candidate):\n    assert candidate(3) == 6\n"}
    {"model": "qqWen-2B", "task_id": 900, "n_samples": 2, "n_passed": 1, "passed": [true, false],
     "info": ["passed", "failed: Test assertion failed: "]}

The programs were not published, so each sample is blank and carries only its outcome: good for the difficulty
of tasks, estimators of pass@k and bounds of best-of-n, for nothing that reads programs. The samples of a
model are exchangeable. ``sound`` is as in ``q_humaneval``: in tasks that are not, every sample fails.

Source: Kx Systems, *q evaluation harness* (MIT); arXiv 2508.06813 for the models.
"""

from __future__ import annotations

from collections.abc import Iterable

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.rows import texts
from prmkit.types import Problem, Sample
from prmkit_qlang.data.humaneval import TASKS, blank, task_of
from prmkit_qlang.data.rows import Origin, fault, text, value, whole

CARD = DatasetCard(
    name="q_humaneval_verdicts",
    path="qlang/q_humaneval",
    files=(
        TASKS,
        FileCard(
            "verdicts.jsonl.gz", 456, "92b0296bbfa73acaf328d36c765a350324e4ac0c8a8bd623981dea30da130bac"
        ),
    ),
    summary="Verdicts on fifty samples a Q-HumanEval task by six qqWen models, without the programs",
    licence="MIT",
    gold="outcome",
    cluster="problem",
    hub="github:KxSystems/q-evaluation-harness",
    use=("calibrate", "evaluate"),
)


class Reader:
    """Remembers the tasks of the first file, and joins each model's verdicts with its task."""

    def __init__(self) -> None:
        self._tasks: dict[int, Problem] = {}

    def __call__(self, row: Row) -> Iterable[Sample]:
        """No sample for a task; one for each verdict.

        Raises:
            RecordError: A field is missing, lists differ in length, or a verdict names an unknown task.
        """
        origin = Origin(CARD, row)
        number = whole(row, "task_id")
        if row.file == TASKS.name:
            self._tasks[number] = task_of(origin)
            return ()
        if number not in self._tasks:
            raise fault(row, f"no task {number}", "read the file of tasks before this one", "task_id")
        problem, model = self._tasks[number], text(row, "model")
        return [
            blank(problem, origin.name(model, number, at), origin, system=model, outcome=float(passed))
            for at, passed in enumerate(_verdicts(row))
        ]


def _verdicts(row: Row) -> list[bool]:
    passed, told = value(row, "passed"), texts(row, "info")
    samples, right = whole(row, "n_samples"), whole(row, "n_passed")
    if not isinstance(passed, list) or not all(isinstance(one, bool) for one in passed):
        raise fault(row, "expected a list of verdicts", "write true or false", "passed")
    if not len(passed) == len(told) == samples or sum(passed) != right:
        raise fault(
            row,
            f"{len(passed)} verdicts ({sum(passed)} passed) for {samples} samples ({right} passed)",
            "give each sample a verdict and a text",
            "passed",
        )
    return [bool(one) for one in passed]


SOURCE = Source(card=CARD, parse=Reader(), joined=Reader)
