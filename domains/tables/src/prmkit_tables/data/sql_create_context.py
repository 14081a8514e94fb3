r"""Text-to-SQL with CREATE TABLE statements as context: questions, schemas and reference queries.

An invented row of the same shape::

    {"context": "CREATE TABLE pens (colour VARCHAR, price INTEGER)", "question": "What do red pens cost?",
     "answer": "SELECT price FROM pens WHERE colour = \"red\""}

The queries write text in double quotes, as MySQL does; the context says so (``quotes``), since standard SQL
reads such text as the name of a column. The schema stands in the context by table and column, with types
as written. The query is one step of kind ``schema``. There are no rows to run it on.

Source: b-mc2/sql-create-context, derived from WikiSQL (arXiv 1709.00103) and Spider (arXiv 1809.08887).
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, Trajectory
from prmkit_tables.data.rows import Origin, fault, key, text
from prmkit_tables.sql.schema import SchemaError, read_ddl

CARD = DatasetCard(
    name="sql_create_context_sample",
    path="tables/sql_create_context_sample",
    files=(FileCard("sql.jsonl", 1000, "78d58d9fea3adc0f303a0b7a3d069a0f42805702ea4c40ef2e57b696ccfc92bb"),),
    summary="Questions with a schema and a reference query, 1,000 rows",
    licence="CC-BY-4.0",
    gold="outcome",
    cluster="schema",
    hub="b-mc2/sql-create-context",
    use=("train",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the query.

    Raises:
        RecordError: A field is missing, or the context is no list of CREATE TABLE statements.
    """
    origin = Origin(CARD, row)
    statements, query = text(row, "context"), text(row, "answer")
    try:
        schema = read_ddl(statements)
    except SchemaError as error:
        raise fault(row, error.message, "write CREATE TABLE statements", "context") from error
    problem = origin.problem(
        str(row.number),
        f"{statements}\n\n{text(row, 'question')}",
        cluster=key(*sorted(statements.split())),
        reference={"sql": query},
        context={"schema": schema, "quotes": "text"},
    )
    trajectory = Trajectory.of_steps(
        origin.name(row.number),
        problem.id,
        [{"text": query, "kind": "schema"}],
        outcome=1.0,
        provenance=origin.provenance("reference"),
    )
    yield Sample(problem, trajectory)


SOURCE = Source(card=CARD, parse=parse)
