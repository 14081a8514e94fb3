"""Records in JSON lines: one object a line, plain or gzipped, read and written as a stream."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from prmkit.errors import PrmkitError, RecordError
from prmkit.records.codec import from_dict, to_dict
from prmkit.records.files import Quarantined, atomic, dumps, lines, loads, name_of

T = TypeVar("T")


def read_rows(
    path: str | Path, parse: Callable[[int, Any], T], *, quarantine: list[Quarantined] | None = None
) -> Iterator[T]:
    """Parse every line of a JSON-lines file.

    Args:
        path: File, or ``-`` for standard input.
        parse: Takes the line number and the parsed value.
        quarantine: Takes bad rows in; without it the first bad row raises.

    Raises:
        RecordError: A row is bad and there is no quarantine; the error names file and row.
        DataError: The file cannot be read.
    """
    for number, line in lines(path):
        try:
            record = parse(number, loads(line))
        except RecordError as error:
            placed = error.at(file=name_of(path), row=number)
            if quarantine is None:
                raise placed from error
            quarantine.append(quarantined(placed, name_of(path), number))
        else:
            yield record


def quarantined(error: PrmkitError, file: str, row: int) -> Quarantined:
    """What is kept of a bad row: the fault, its field and what to do."""
    place = f"field {error.field!r}: " if error.field else ""
    return Quarantined(file, row, f"{place}{error.message} ({error.do})")


def read_jsonl(cls: type[T], path: str | Path, *, quarantine: list[Quarantined] | None = None) -> Iterator[T]:
    """Records of type ``cls`` from a JSON-lines file, one at a time.

    Raises:
        RecordError: A row is bad and there is no quarantine; the error names file, row and field.
        DataError: The file cannot be read.
    """
    return read_rows(path, lambda _, value: from_dict(cls, value), quarantine=quarantine)


def write_jsonl(path: str | Path, records: Iterable[Any]) -> int:
    """Write records as JSON lines, atomically, and return how many.

    Plain mappings are written as they are, everything else through :func:`to_dict`.

    Raises:
        RecordError: A record cannot be written; the error names file and row.
        StorageError: The file cannot be written; the old one is unchanged.
    """
    count = 0
    with atomic(path) as out:
        for record in records:
            try:
                out.write(dumps(record if isinstance(record, dict) else to_dict(record)) + b"\n")
            except RecordError as error:
                raise error.at(file=path, row=count + 1) from error
            count += 1
    return count


def write_quarantine(path: str | Path, rows: Iterable[Quarantined]) -> int:
    """Write quarantined rows as ``{"file", "row", "reason"}`` lines.

    Raises:
        StorageError: The file cannot be written.
    """
    return write_jsonl(path, ({"file": q.file, "row": q.row, "reason": q.reason} for q in rows))


def digest_of(records: Iterable[Any]) -> str:
    """sha256 over the records in order; fields outside equality (timings) stay outside.

    Examples:
        >>> from prmkit.types import Evidence
        >>> a, b = (Evidence("t", "d", 0, "HOLDS", "v@1", seconds=s) for s in (0.1, 0.2))
        >>> digest_of([a]) == digest_of([b])
        True
    """
    total = hashlib.sha256()
    for record in records:
        data = dict(record) if isinstance(record, dict) else to_dict(record)
        if is_dataclass(record):
            for field in fields(record):
                if not field.compare:
                    del data[field.name]
        total.update(json.dumps(data, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n")
    return total.hexdigest()
