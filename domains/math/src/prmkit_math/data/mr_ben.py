r"""MR-Ben, mathematics, physics and chemistry: first wrong step of exam solutions, by annotators.

An invented row of the same shape::

    {"Question_UUID": "0f..", "Subject": "college_math", "Question": "What is 3 * 4?",
     "Options": "A: 7\nB: 12", "Ground_Truth_Analysis": "", "Ground_Truth_Answer": "B",
     "Ground_Truth_Answer_Modified": "B", "Sampled_Model": "model",
     "Model_Solution_Steps": ["Step 1: Three fours are asked for.", "", "Step 2: 3 + 4 = 7.", "Solution: A"],
     "Model_Solution_Correctness": "incorrect", "Model_Solution_First_Error_Step": "2",
     "Model_Solution_Error_Reason": ["..."], "Model_Solution_Rectified_First_Error_Step": ["..."]}

``Model_Solution_Steps`` is a list of *lines*, not of steps: empty lines, sub-steps and a last
``Solution:`` line have entries of their own. The number is 1-based and means the line that
begins ``Step N:``, so lines are first joined into the steps their headings count. Rows whose
headings do not count 1, 2, 3, ... have no step the number could mean and are quarantined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, fault, part_of, step_number, text, texts, until_first_error, value

PARTS = {"math.jsonl.gz": "math", "physics.jsonl.gz": "physics", "chemistry.jsonl.gz": "chemistry"}

CARD = DatasetCard(
    name="mr_ben",
    path="math/mr_ben",
    files=(
        FileCard("math.jsonl.gz", 426, "f76bf4825df423be4178c1836aead3ec5830936b7b1ea416c0ce156d3675de36"),
        FileCard("physics.jsonl.gz", 667, "b23a7185f799203d89279f206242d7a5de72eba0fceae7c9bf32e7d69a382280"),
        FileCard(
            "chemistry.jsonl.gz", 848, "783b3d0df7244fe2b60eba6d887da8167679284c68f1f7dcd099a28c47ff5ab2"
        ),
    ),
    summary="First wrong step of solutions to multiple-choice exam questions",
    licence="MIT",
    gold="human",
    cluster="question",
    index_base=1,
    after_error="until_first_error",
    hub="Randolphzeng/Mr-Ben",
)

# A letter is missing from the first heading of some rows.
_HEADING = re.compile(r"\W*S?tep (\d{1,2}) ?:")


def join_lines(row: Row, lines: list[str]) -> list[str]:
    """Lines joined into the steps that their ``Step N:`` headings count.

    Raises:
        RecordError: The headings do not count 1, 2, 3, ...
    """
    steps: list[list[str]] = [[]]
    reached = 0
    for line in lines:
        heading = _HEADING.match(line)
        if heading:
            reached += 1
            if int(heading.group(1)) != reached:
                raise fault(
                    row,
                    f"heading {heading.group(0)!r} where step {reached} is due",
                    "leave the row out: its step numbers are ambiguous",
                    "Model_Solution_Steps",
                )
            if reached > 1:
                steps.append([])
        if line.strip():
            steps[-1].append(line)
    if not reached:
        raise fault(row, "no line begins 'Step 1:'", "leave the row out", "Model_Solution_Steps")
    return ["\n".join(step) for step in steps]


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the solution with its first-error labels.

    Raises:
        RecordError: A field is missing, or step headings and label do not fit.
    """
    origin = Origin(CARD, row)
    part = part_of(row, PARTS)
    asked, options = text(row, "Question"), value(row, "Options")
    problem = origin.problem(
        f"{asked}\n{options}" if options else asked,
        cluster=asked,
        reference=text(row, "Ground_Truth_Answer_Modified"),
        part=part,
    )
    steps = join_lines(row, texts(row, "Model_Solution_Steps"))
    verdict = text(row, "Model_Solution_Correctness").lower()
    if verdict not in ("correct", "incorrect"):
        raise fault(
            row, f"verdict {verdict!r:.40}", "write correct or incorrect", "Model_Solution_Correctness"
        )
    right = verdict == "correct"
    number = "Model_Solution_First_Error_Step"
    first = None if right else step_number(row, number, len(steps), base=1)
    trajectory = Trajectory.of_steps(
        origin.name(part, row.number),
        problem.id,
        steps,
        provenance=origin.provenance(text(row, "Sampled_Model"), part=part, subject=text(row, "Subject")),
    )
    yield Sample(problem, trajectory, until_first_error(trajectory, first, "human/mr_ben@1"))


SOURCE = Source(card=CARD, parse=parse)
