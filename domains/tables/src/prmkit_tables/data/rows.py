"""From a raw row to records: tables, and how a record is named."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from prmkit import rows
from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit.rows import fault, text, value
from prmkit.types import Json, Problem
from prmkit_tables.table import Table, as_markdown, read_table


def values(row: Row, name: str) -> list[Json]:
    """The field ``name``, a list with at least one text or number.

    Raises:
        RecordError: It is missing, not a list, empty, or holds something else.
    """
    found = value(row, name)
    plain = isinstance(found, list) and all(isinstance(one, (str, int, float)) for one in found)
    if not plain or not found:
        raise fault(row, f"expected a list of values, got {found!r:.60}", "write texts or numbers", name)
    return list(found)


def table(row: Row, columns: Json, cells: Json, *, name: str = "") -> Table:
    """A table of the row.

    Raises:
        RecordError: It is ragged, or holds something else than texts and numbers.
    """
    try:
        return read_table({"columns": columns, "rows": cells}, name=name)
    except RecordError as error:
        raise error.at(file=row.file, row=row.number) from error


def key(*parts: object) -> str:
    """16 hex digits that are equal for equal parts."""
    joined = "\x1f".join(map(str, parts))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def table_key(found: Table) -> str:
    """16 hex digits that are equal for tables with the same cells, in every set."""
    return key(*found.columns, *(cell for row in found.rows for cell in row))


def asked(question: str, shown: Table | None, *, title: str = "") -> str:
    """The problem as a model sees it: title, table as Markdown, question."""
    parts = [title, as_markdown(shown) if shown else "", question]
    return "\n\n".join(filter(None, parts))


def context_of(found: Table) -> dict[str, Json]:
    """The table as a problem's context holds it."""
    plain: dict[str, Json] = {"columns": list(found.columns), "rows": [list(row) for row in found.rows]}
    return {"table": {**plain, "name": found.name} if found.name else plain}


class Origin(rows.Origin):
    """Where a record comes from: what every record of one row shares."""

    __slots__ = ()

    def problem(
        self,
        id: str,
        asked: str,
        *,
        cluster: str,
        reference: Json = None,
        context: Mapping[str, Json] | None = None,
        **detail: Json,
    ) -> Problem:
        """A problem of the domain."""
        return Problem(
            id=self.name("problem", id),
            text=asked,
            cluster=cluster,
            domain="tables",
            reference=reference,
            context=context or {},
            provenance=self.provenance(**detail),
        )


def half(id: str) -> str:
    """``dev`` or ``test``, by a digest of the id: rules are made on one half and judged on the other.

    Examples:
        >>> sorted({half(str(n)) for n in range(20)})
        ['dev', 'test']
    """
    return "dev" if int(key("half", id), 16) % 2 else "test"


__all__ = [
    "Origin",
    "asked",
    "context_of",
    "fault",
    "half",
    "key",
    "table",
    "table_key",
    "text",
    "value",
    "values",
]
