r"""HumanEval, ten runs a problem by three models, with recorded verdicts.

An invented row of the same shape::

    {"task_id": "HumanEval/900", "model": "gpt-9", "run": 3, "passed": true,
     "completion": "def twice(n: int) -> int:\n    return n + n"}

Problems and tests come from ``humaneval``. The three models are three systems: runs are exchangeable
within one of them only. The text is taken as the model returned it, fences included, as the recorded
verdict took it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample
from prmkit_code.data import humaneval
from prmkit_code.data.mbpp import number
from prmkit_code.data.rows import Joined, Origin, text, truth

CARD = DatasetCard(
    name="humaneval_10_runs",
    path="code",
    files=(
        replace(humaneval.FILE, name="humaneval/humaneval.jsonl"),
        FileCard(
            "humaneval_10_runs/runs.jsonl.gz",
            2280,
            "cf82565e32ad26da9858461e12523230d654f47ed1e2d969c92b8d1f54fd2226",
        ),
    ),
    summary="Ten recorded runs a problem by GPT-4, GPT-3.5-turbo and CodeLlama-34b-instruct, with verdicts",
    licence="none stated (HumanEval is MIT)",
    gold="outcome",
    cluster="problem",
    hub="github:jamesmurdza/humaneval-results",
    use=("evaluate",),
)


def samples(asked: Row, row: Row) -> Iterator[Sample]:
    """One recorded run.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(CARD, row)
    problem = humaneval.asked(origin, asked)
    model, run = text(row, "model"), number(row, "run")
    outcome = float(truth(row, "passed"))
    yield Sample(
        problem,
        origin.solution(
            problem, f"{model}/{run}", text(row, "completion"), outcome=outcome, system=model, model=model
        ),
    )


def joined() -> Joined:
    """Parser of one iteration."""
    return Joined("humaneval.jsonl", "task_id", samples)


SOURCE = Source(card=CARD, parse=joined(), joined=joined)
