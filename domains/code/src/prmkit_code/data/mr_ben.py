r"""MR-Ben, coding: the first wrong line of model programs, by annotators.

An invented row of the same shape::

    {"Question_UUID": "0f..", "Subject": "coding", "Question": "Write a function.\n\ndef twice(n):\n    ...",
     "Ground_Truth_Answer": "", "Sampled_Model": "model",
     "Model_Solution_Steps": "def twice(n):\n    m = n * n\n    return m\n",
     "Model_Solution_Correctness": "incorrect", "Model_Solution_First_Error_Step": "    m = n * n",
     "Model_Solution_Error_Reason": "...", "Model_Solution_Rectified_First_Error_Step": "    m = 2 * n"}

The first wrong line is given as text. Where it stands several times, the first place counts. Where
it has no letter or digit (blank, a fence), it names no line: the row keeps its verdict and goes without
labels. There are no tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_line
from prmkit.types import Sample, Step, Trajectory
from prmkit_code.data.rows import Origin, fault, text, text_key, until_first_error
from prmkit_code.segmenters import by_code_line, cut_program, fenced, parses

CARD = DatasetCard(
    name="mr_ben_coding",
    path="code/mr_ben_coding",
    files=(
        FileCard("coding.jsonl", 116, "3287701bd0625d67732eafe2094aee4243ec9c0c775b5818cbfcd4f8ef64e1f1"),
    ),
    summary="First wrong line of model programs, by annotators",
    licence="MIT",
    gold="human",
    cluster="question",
    index_base=0,
    after_error="until_first_error",
    hub="Randolphzeng/Mr-Ben",
    use=("evaluate",),
)
_DEFINED = re.compile(r"^\s*def (\w+)\(", re.M)
_REMARKS = re.compile(r"^(?=[A-Z][\w']* [a-z]+ [a-z]+)(?!.*[=(:]$)", re.M)
"""Where a sentence begins at the edge of a program."""
_SAYS_SOMETHING = re.compile(r"[A-Za-z0-9]")


def _steps(written: str) -> tuple[Step, ...]:
    """One step a line; what is said after a program without fences is no part of it."""
    if fenced(written):
        return by_code_line(written)
    remarks = _REMARKS.search(written)
    if remarks is None or parses(written) or not parses(written[: remarks.start()]):
        return tuple(cut_program(written, "line"))
    code = cut_program(written[: remarks.start()], "line")
    said = by_line(written[remarks.start() :])
    shift, base = remarks.start(), len(code)
    return (*code, *(Step(base + s.index, s.text, shift + s.start, shift + s.end) for s in said))


def _first_wrong(row: Row, trajectory: Trajectory) -> int | None:
    """The step that holds the line the annotator named; None when the line says nothing."""
    name = "Model_Solution_First_Error_Step"
    named = text(row, name, empty=True).strip().split("\n")[0].strip()
    if not _SAYS_SOMETHING.search(named):
        return None
    for step in trajectory.steps:
        if named in (line.strip() for line in step.text.split("\n")):
            return step.index
    raise fault(row, f"{named!r:.60} is no line of the program", "leave the row out", name)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the program, one step a line, with its first-error labels.

    Raises:
        RecordError: A field is missing, or the wrong line is not in the program.
    """
    origin = Origin(CARD, row)
    question, written = text(row, "Question"), text(row, "Model_Solution_Steps")
    verdict = text(row, "Model_Solution_Correctness").lower()
    if verdict not in ("correct", "incorrect"):
        raise fault(
            row, f"verdict {verdict!r:.40}", "write correct or incorrect", "Model_Solution_Correctness"
        )
    right = verdict == "correct"
    found = _DEFINED.search(question)
    key = text_key(question)
    problem = origin.problem(key, question, entry_point=found.group(1) if found else "")
    trajectory = Trajectory(
        id=f"{problem.id}/{row.number}",
        problem_id=problem.id,
        text=written,
        steps=_steps(written),
        outcome=float(right),
        provenance=origin.provenance(text(row, "Sampled_Model")),
    )
    first = None if right else _first_wrong(row, trajectory)
    located = right or first is not None
    detail = {"located": str(located).lower()}
    trajectory = replace(trajectory, provenance=replace(trajectory.provenance, detail=detail))
    labels = until_first_error(trajectory, first, "human/mr_ben@1") if located else None
    yield Sample(problem, trajectory, labels)


SOURCE = Source(card=CARD, parse=parse)
