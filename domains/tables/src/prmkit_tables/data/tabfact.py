"""TabFact, sample of the validation part: claims about Wikipedia tables, judged by people.

An invented row of each file::

    {"table_id": "9-1.html.csv", "statement": "oslo be colder than rome", "label": 1, "level": "simple"}
    {"table_id": "9-1.html.csv", "caption": "weather", "header": ["city", "2001"],
     "rows": [["oslo", "4"], ["rome", "15"]]}

A claim is a trajectory of one step; its label is 1 where people found that the table entails it. Claims are
in small letters with words reduced to their stems.

Source: Chen et al., arXiv 1909.02164.
"""

from __future__ import annotations

from collections.abc import Iterable

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Sample, StepLabels, Trajectory
from prmkit_tables.data.rows import Origin, asked, context_of, fault, half, table, table_key, text, value
from prmkit_tables.table import Table

CARD = DatasetCard(
    name="tabfact_val",
    path="tables/tabfact_val",
    files=(
        FileCard("tables.jsonl.gz", 700, "888996608a015c10783d6921011b45054b894280270952cc77ab51d4a69db588"),
        FileCard("claims.jsonl.gz", 5172, "80c5a366b65da2ce17c4e578580a0ebe865146f72b518479186fb2254d2fc423"),
    ),
    summary="Claims about Wikipedia tables, entailed or refuted, 700 tables of the validation part",
    licence="MIT",
    gold="human",
    cluster="table",
    index_base=0,
    hub="github:wenhuchen/Table-Fact-Checking",
    use=("evaluate",),
)
QUESTION = "Is the statement true of the table?"


class Reader:
    """Remembers the tables of the first file, and joins each claim with its table."""

    def __init__(self) -> None:
        self._tables: dict[str, tuple[Table, str]] = {}

    def __call__(self, row: Row) -> Iterable[Sample]:
        """No sample for a table, one for a claim.

        Raises:
            RecordError: A field is missing, a table is ragged, or a claim names an unknown table.
        """
        name = text(row, "table_id")
        if row.file == CARD.files[0].name:
            caption = value(row, "caption")
            titled = caption if isinstance(caption, str) and caption != "none" else ""
            self._tables[name] = table(row, value(row, "header"), value(row, "rows")), titled
            return ()
        if name not in self._tables:
            raise fault(row, f"no table {name!r}", "read the file of tables before this one", "table_id")
        return (_sample(row, name, *self._tables[name]),)


def _sample(row: Row, name: str, found: Table, caption: str) -> Sample:
    origin = Origin(CARD, row)
    label, level = value(row, "label"), text(row, "level")
    if label not in (0, 1):
        raise fault(row, f"{label!r:.40} is no label", "write 1 (entailed) or 0 (refuted)", "label")
    problem = origin.problem(
        str(row.number),
        asked(QUESTION, found, title=caption),
        cluster=table_key(found),
        reference={"entailed": bool(label)},
        context=context_of(found),
        level=level,
        half=half(name),
    )
    trajectory = Trajectory.of_steps(
        origin.name(row.number),
        problem.id,
        [text(row, "statement")],
        outcome=float(label),
        provenance=origin.provenance("person", level=level, half=half(name)),
    )
    labels = StepLabels(trajectory.id, trajectory.digest, (float(label),), labeler="human/tabfact@1")
    return Sample(problem, trajectory, labels)


SOURCE = Source(card=CARD, parse=Reader(), joined=Reader)
