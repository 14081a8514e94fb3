"""Finished rows of one run on disk, in order: a killed run goes on where it stopped.

Unlike the cache, a journal belongs to one run over one stream and keeps time-outs and crashes too, so
that no finished row is done twice. It is worth nothing once the run's result is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

from prmkit.records import storage_error
from prmkit.verify.judge import Outcome, pack, unpack


class Journal:
    """Rows of a run, first replayed, then added to. Use it as a context manager.

    Args:
        path: The file; made when absent.
        head: What all rows depend on (verifiers, limits, absent tools). A journal of another head is
            begun anew.

    Raises:
        StorageError: The file cannot be written.
    """

    def __init__(self, path: str | Path, head: str) -> None:
        self.path = Path(path)
        self._replaying = True
        first = json.dumps(_digest(head)).encode("ascii") + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
            self._file = self.path.open("r+b")
            if self._file.readline() != first:
                self._file.seek(0)
                self._file.truncate()
                self._file.write(first)
                self._file.flush()
                self._replaying = False
        except OSError as error:
            raise storage_error(error, self.path) from error
        self._at = len(first)

    def replay(self, subject: str) -> dict[int, Outcome] | None:
        """Outcomes by verifier index of the next row, if the journal has it and it is about ``subject``.

        From the first row on that it has not, the journal only takes rows in.

        Raises:
            StorageError: The file cannot be cut after its last good row.
        """
        if not self._replaying:
            return None
        line = self._file.readline()
        row = _parse(line)
        if row is not None and row[0] == _digest(subject):
            self._at += len(line)
            return {index: unpack(packed, seconds) for index, (packed, seconds) in enumerate(row[1])}
        self._replaying = False
        try:
            self._file.seek(self._at)
            self._file.truncate()
        except OSError as error:
            raise storage_error(error, self.path) from error
        return None

    def add(self, subject: str, outcomes: Mapping[int, Outcome]) -> None:
        """Keep a finished row; once this returns, a kill does not lose it.

        Raises:
            StorageError: The file cannot be written.
        """
        packed = [[pack(outcomes[index]), outcomes[index].seconds] for index in range(len(outcomes))]
        line = json.dumps([_digest(subject), packed], separators=(",", ":")).encode("ascii") + b"\n"
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise storage_error(error, self.path) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _parse(line: bytes) -> list[Any] | None:
    """A row; None for the end of the file and for the half-written last line of a killed run."""
    if not line.endswith(b"\n"):
        return None
    try:
        row: list[Any] = json.loads(line)
    except ValueError:
        return None
    return row
