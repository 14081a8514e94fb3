"""From a raw row to records: access to fields that names the fault, and what all records of a row share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from prmkit.cards import DatasetCard
from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit.types import Json, Provenance

_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def text_key(text: str) -> str:
    """16 hex digits, equal for texts of the same letters and digits (of the same signs, without any).

    The same problem therefore has the same cluster in every data set, and so have two prints of a table.

    Examples:
        >>> text_key("What is $2+2$?") == text_key("what is  2 + 2")
        True
    """
    plain = _NOT_LETTER_OR_DIGIT.sub("", text.lower()) or "".join(text.split())
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


def truth(row: Row, name: str) -> bool:
    """The field ``name``, a verdict written as a bool or as 0/1.

    Raises:
        RecordError: It is missing or something else.
    """
    found = value(row, name)
    if found not in (0, 1):
        raise fault(row, f"expected true or false, got {found!r:.60}", "write true or false", name)
    return bool(found)


def step_number(row: Row, name: str, steps: int, *, base: int) -> int:
    """The 0-based index behind the step number in field ``name``, which counts from ``base``.

    Raises:
        RecordError: It is missing, not a whole number, or names no step.
    """
    found = value(row, name)
    if isinstance(found, str) and found.strip().isascii() and found.strip().isdigit():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not base <= found < base + steps:
        raise fault(
            row,
            f"{found!r:.60} names none of the {steps} steps",
            f"write a step number from {base} to {base + steps - 1}",
            name,
        )
    return found - base


def part_of(row: Row, parts: Mapping[str, str]) -> str:
    """The part of a set that the row's file holds.

    Raises:
        RecordError: The file is none of the set's.
    """
    name = PurePath(row.file).name
    if name not in parts:
        raise fault(row, f"{name!r} is no file of this set", f"keep the names {', '.join(parts)}")
    return parts[name]


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
