"""From a raw row to records: tables shown and kept apart, labels of gold steps."""

from __future__ import annotations

from collections.abc import Mapping

from prmkit import rows
from prmkit.dataset import Row
from prmkit.rows import fault, text, text_key, texts, value
from prmkit.types import Json, Problem, Sample, StepLabels, Trajectory


def grid(row: Row, given: Json, field: str) -> list[list[str]]:
    """A table as rows of one length; short rows are filled with empty cells.

    Raises:
        RecordError: It is no list of lists of cell texts, or has no row.
    """
    if isinstance(given, str):
        given = [[cell.strip() for cell in line.split("|")] for line in given.splitlines() if line.strip()]
    right = isinstance(given, list) and given and all(isinstance(line, list) and line for line in given)
    if not right or not all(isinstance(cell, str) for line in given for cell in line):
        raise fault(row, f"expected a table, got {given!r:.60}", "write rows of cell texts", field)
    width = max(map(len, given))
    return [line + [""] * (width - len(line)) for line in given]


def shown(table: list[list[str]]) -> str:
    """A table as text, cells parted by bars."""
    return "\n".join(" | ".join(line) for line in table)


class Origin(rows.Origin):
    """Where a record comes from: what every record of one row shares."""

    __slots__ = ()

    def problem(
        self,
        id: str,
        asked: str,
        *,
        cluster: str,
        reference: Json,
        table: list[list[str]] | None = None,
        passage: str = "",
        **detail: Json,
    ) -> Problem:
        """A question with its table and passage, shown in its text and kept apart for the tools."""
        context: dict[str, Json] = {"question": asked}
        if table:
            context["table"] = {"columns": table[0], "rows": table[1:]}
        if passage.strip():
            context["text"] = passage
        pieces = [shown(table) if table else "", passage.strip(), asked]
        return Problem(
            id=self.name(id),
            text="\n\n".join(filter(None, pieces)),
            cluster=cluster,
            domain="finance",
            reference=reference,
            context=context,
            provenance=self.provenance(**detail),
        )


def gold(trajectory: Trajectory, labeler: str) -> StepLabels:
    """Every step right, as those who wrote the derivation say."""
    return StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=(1.0,) * len(trajectory.steps),
        convention="own_merit",
        labeler=labeler,
    )


def mapping(row: Row, given: Json, field: str) -> Mapping[str, Json]:
    """An object.

    Raises:
        RecordError: It is something else.
    """
    if not isinstance(given, Mapping):
        raise fault(row, f"expected an object, got {given!r:.60}", "write an object", field)
    return given


__all__ = [
    "Origin",
    "Row",
    "Sample",
    "fault",
    "gold",
    "grid",
    "mapping",
    "shown",
    "text",
    "text_key",
    "texts",
    "value",
]
