r"""TabMWP test questions with programs that a model wrote and the values these returned.

An invented row of the same shape::

    {"question": "Ann counted her pens. What is the range of the numbers?", "answer": 4.0, "executed": 4,
     "generated": "pens = [3, 7]\nans = max(pens) - min(pens)",
     "table": "Day | Pens\nMonday | 3\nTuesday | 7", "choices": null, "id": "x1", "match": true}

A program is one step a statement; the value it returned is the final answer (none where it raised), and
the outcome is whether that equals the reference. Nobody rated the statements. A price list has no
header: its columns are then called ``item`` and ``price``.

Source: Chen et al., arXiv 2211.12588 (programs); Lu et al., arXiv 2209.14610 (questions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_tables.cells import written
from prmkit_tables.data.rows import Origin, context_of, fault, half, key, table, text, value
from prmkit_tables.segment import by_statement
from prmkit_tables.table import Table

CARD = DatasetCard(
    name="tabmwp_pot_outputs",
    path="tables/tabmwp_pot_outputs",
    files=(
        FileCard(
            "outputs.jsonl.gz", 5812, "3b78e4883a0b156398e2810d12b3ce2abd34442cbcee7260e80c2174305441c6"
        ),
    ),
    summary="Programs by Codex for word problems on small tables, with the values they returned",
    licence="MIT (outputs); TabMWP is CC-BY-NC-SA-4.0, non-commercial",
    gold="outcome",
    cluster="table",
    hub="github:wenhuchen/Program-of-Thoughts",
    use=("evaluate",),
)
SYSTEM = "code-davinci-002"


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the program.

    Raises:
        RecordError: A field is missing, the table is ragged, or the verdict is no truth value.
    """
    origin = Origin(CARD, row)
    id, program, match = text(row, "id"), text(row, "generated"), value(row, "match")
    if not isinstance(match, bool):
        raise fault(row, f"{match!r:.40} is no verdict", "write true or false", "match")
    found = read_text(row, text(row, "table"))
    choices = value(row, "choices")
    question = text(row, "question")
    if isinstance(choices, list):
        question += f" Choose from: {', '.join(map(str, choices))}."
    problem = origin.problem(
        id,
        f"{row.data['table']}\n\n{question}",
        cluster=key(*row.data["table"].split()),
        reference=value(row, "answer"),
        context={**context_of(found), "question": text(row, "question"), "choices": choices},
        half=half(id),
    )
    executed = value(row, "executed")
    plain = isinstance(executed, (str, int, float))
    yield Sample(
        problem,
        Trajectory(
            id=origin.name(id),
            problem_id=problem.id,
            text=program,
            steps=by_statement(program),
            final_answer=written(executed) if plain else None if executed is None else str(executed),
            outcome=float(match),
            provenance=origin.provenance(SYSTEM, half=half(id)),
        ),
    )


def read_text(row: Row, written: str) -> Table:
    """The table behind lines with bars; a first line with a price in it is no header.

    Raises:
        RecordError: The lines have unlike numbers of cells.
    """
    lines = [[cell.strip() for cell in line.split("|")] for line in written.split("\n") if line.strip()]
    if len(lines[0]) == 2 and re.search(r"\$\d", lines[0][1]):
        lines.insert(0, ["item", "price"])
    return table(row, lines[0], lines[1:])


SOURCE = Source(card=CARD, parse=parse)
