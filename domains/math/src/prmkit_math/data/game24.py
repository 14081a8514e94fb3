r"""Game of 24: model answers to the puzzle of reaching 24 with four numbers.

Invented rows of the same shapes::

    {"idx": 900, "puzzle": "1 2 3 4",
     "samples": ["Steps:\n1 + 2 = 3 (left: 3 3 4)\n...\nAnswer: (1 + 2 + 3) * 4 = 24"],
     "correct": [true]}

    {"idx": 900, "puzzle": "1 2 3 4", "samples": ["Answer: 1 * 2 * 3 * 4 = 24"], "correct": null}

The direct answers (``standard_100_samples``) come without verdicts: their outcome is absent. The
tree-of-thoughts file also holds the search tree; its finished answers are read. The three files
are three systems: samples of one file are exchangeable, except those of the tree search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_line
from prmkit.types import Sample, Trajectory
from prmkit_math.data.rows import Origin, fault, part_of, text, texts, value

PARTS = {
    "cot_100_samples.jsonl.gz": "cot",
    "standard_100_samples.jsonl": "standard",
    "tot_bfs.jsonl.gz": "tot",
}

CARD = DatasetCard(
    name="game24_gpt4",
    path="math/game24_gpt4",
    files=(
        FileCard(
            "cot_100_samples.jsonl.gz",
            52,
            "1ba11b623bb96b1104630dd564e03d55c29a57bbaa59b90d19e9ca89683ecc4f",
        ),
        FileCard(
            "standard_100_samples.jsonl",
            52,
            "8503b3e569dc4d4e97446dc92eae81f3e91017167b8ad95cbb72f5b26199dae6",
        ),
        FileCard("tot_bfs.jsonl.gz", 52, "05d9b696e0976f63a6b9ce0856a138869bfe7ea95df5bf5ca1c89c4a22e7aaab"),
    ),
    summary="GPT-4 answers to the Game of 24, a hundred a puzzle",
    licence="MIT",
    gold="outcome",
    cluster="puzzle",
    hub="github:princeton-nlp/tree-of-thought-llm",
    use=("evaluate",),
)

_PUZZLE = re.compile(r"\d{1,2}(?: \d{1,2}){3}")


def parse(row: Row) -> Iterator[Sample]:
    """One sample per answer.

    Raises:
        RecordError: A field is missing, or answers and verdicts differ in number.
    """
    origin = Origin(CARD, row)
    part = part_of(row, PARTS)
    puzzle, answers, verdicts = text(row, "puzzle"), texts(row, "samples"), value(row, "correct")
    if not _PUZZLE.fullmatch(puzzle):
        raise fault(row, f"{puzzle!r:.40} is no puzzle", "write four numbers", "puzzle")
    verdicts = [None] * len(answers) if verdicts is None else verdicts
    if len(verdicts) != len(answers):
        raise fault(row, f"{len(verdicts)} verdicts for {len(answers)} answers", "give one each", "correct")
    problem = origin.problem(
        f"Use the numbers {puzzle}, each exactly once, and the operations + - * / to obtain 24.",
        reference={"numbers": [int(n) for n in puzzle.split()], "target": 24},
        part=part,
    )
    for number, (answer, right) in enumerate(zip(answers, verdicts, strict=True)):
        _, mark, stated = answer.rpartition("Answer:")
        trajectory = Trajectory(
            id=origin.name(part, row.number, number),
            problem_id=problem.id,
            text=answer,
            steps=by_line(answer),
            final_answer=stated.strip() if mark else None,
            outcome=None if right is None else float(right),
            provenance=origin.provenance(f"gpt-4/{part}", part=part),
        )
        yield Sample(problem, trajectory)


SOURCE = Source(card=CARD, parse=parse)
