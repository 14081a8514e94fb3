"""From a raw row to records: field access that names the fault, clusters by table, labels of gold steps."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from prmkit.cards import DatasetCard
from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit.types import Json, Problem, Provenance, Sample, StepLabels, Trajectory

_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def key_of(text: str) -> str:
    r"""16 hex digits equal for texts with the same letters and digits, such as two prints of a table.

    Examples:
        >>> key_of("Sales | $ 12\n— | 3") == key_of("sales,$12;3")
        True
    """
    plain = _NOT_LETTER_OR_DIGIT.sub("", text.lower())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fault(row: Row, message: str, do: str, field: str | None = None) -> RecordError:
    """A RecordError that names the row's file and number."""
    return RecordError(message, do=do, file=row.file, row=row.number, field=field)


def value(row: Row, name: str) -> Json:
    """The field ``name``.

    Raises:
        RecordError: The row lacks it.
    """
    if name not in row.data:
        raise fault(row, "the field is missing", "take the row from the published file", name)
    return row.data[name]


def text(row: Row, name: str) -> str:
    """The field ``name``, a string with something in it.

    Raises:
        RecordError: It is missing, not a string, or blank.
    """
    found = value(row, name)
    if not isinstance(found, str) or not found.strip():
        raise fault(row, f"expected text, got {found!r:.60}", "write a string that is not empty", name)
    return found


def texts(row: Row, name: str) -> list[str]:
    """The field ``name``, a list of strings with at least one entry.

    Raises:
        RecordError: It is missing, not a list, empty, or holds something else than strings.
    """
    found = value(row, name)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise fault(row, f"expected a list of texts, got {found!r:.60}", "write a list of strings", name)
    return found


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


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record comes from: what every record of one row shares."""

    card: DatasetCard
    row: Row

    def provenance(self, system: str = "", **detail: Json) -> Provenance:
        """The provenance of one record of the row."""
        return Provenance(
            source=self.card.name,
            row=self.row.number,
            system=system,
            licence=self.card.licence,
            detail=detail,
        )

    def name(self, *parts: object) -> str:
        """An id within the set: its name, then ``parts``."""
        return "/".join((self.card.name, *map(str, parts)))

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
    "key_of",
    "mapping",
    "shown",
    "text",
    "texts",
    "value",
]
