"""WikiTableQuestions, training part: questions on one Wikipedia table each, with answer lists.

An invented row of each file::

    {"id": "nt-x1", "utterance": "which year had more rain, 2001 or 2002?", "context": "csv/x-csv/1.csv",
     "targetValue": ["2002"]}
    {"context": "csv/x-csv/1.csv", "header": ["Year", "Rain"], "rows": [["2001", "30"], ["2002", "41"]]}

The set holds no solutions: the trajectory is one sentence, written by this reader, that states the answer.

Source: Pasupat and Liang, arXiv 1508.00305.
"""

from __future__ import annotations

from collections.abc import Iterable

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_tables.data.rows import Origin, asked, context_of, fault, table, table_key, text, value, values
from prmkit_tables.table import Table

CARD = DatasetCard(
    name="wtq_train",
    path="tables/wtq_train",
    files=(
        FileCard("tables.jsonl.gz", 1679, "9b688ab5678697b446bfcae2eff85d2c632062c409ca469f2fa7f26b198ded6a"),
        FileCard(
            "questions.jsonl.gz", 14152, "a890ac8be095eb41e225a1eaae4226aa8d6e81344306e476098255b0439b4bf0"
        ),
    ),
    summary="Questions on Wikipedia tables with their answers, training part",
    licence="CC-BY-SA-4.0",
    gold="outcome",
    cluster="table",
    hub="github:ppasupat/WikiTableQuestions",
    use=("train", "calibrate"),
)


class Reader:
    """Remembers the tables of the first file, and joins each question with its table."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}

    def __call__(self, row: Row) -> Iterable[Sample]:
        """No sample for a table, one for a question.

        Raises:
            RecordError: A field is missing, a table is ragged, or a question names an unknown table.
        """
        name = text(row, "context")
        if row.file == CARD.files[0].name:
            self._tables[name] = table(row, value(row, "header"), value(row, "rows"))
            return ()
        if name not in self._tables:
            raise fault(row, f"no table {name!r}", "read the file of tables before this one", "context")
        return (_sample(row, self._tables[name]),)


def _sample(row: Row, found: Table) -> Sample:
    origin = Origin(CARD, row)
    answers = [str(answer) for answer in values(row, "targetValue")]
    problem = origin.problem(
        text(row, "id"),
        asked(text(row, "utterance"), found),
        cluster=table_key(found),
        reference=answers,
        context=context_of(found),
    )
    said = " | ".join(answers)
    trajectory = Trajectory.of_steps(
        origin.name(text(row, "id")),
        problem.id,
        [{"text": f"The answer is {said}.", "kind": "conclusion"}],
        final_answer=said,
        outcome=1.0,
        provenance=origin.provenance("reference"),
    )
    return Sample(problem, trajectory)


SOURCE = Source(card=CARD, parse=Reader(), joined=Reader)
