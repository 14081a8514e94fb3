"""From a raw row to records: how a record of the domain is named."""

from __future__ import annotations

from collections.abc import Mapping

from prmkit import rows
from prmkit.dataset import Row
from prmkit.rows import fault, text, texts, value
from prmkit.types import Json, Problem


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
            domain="qlang",
            reference=reference,
            context=context or {},
            provenance=self.provenance(**detail),
        )


def whole(row: Row, name: str) -> int:
    """The field ``name``, a whole number from 0 on.

    Raises:
        RecordError: It is missing or something else.
    """
    found = value(row, name)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise fault(row, f"expected a whole number, got {found!r:.60}", "write a number from 0 on", name)
    return found


__all__ = ["Origin", "fault", "text", "texts", "value", "whole"]
