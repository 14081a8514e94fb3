"""Evidence kept on disk, so that equal work is done once.

The key covers everything a verdict may depend on: the problem with its context and reference, the
text and its cut, the verifier with its version and settings, and the versions of its tools and of
Python. Ids and provenance are left out, timings too. Time-outs, crashes and missing tools are never kept.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import logging
import pickle
import platform
import re
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from prmkit.contracts import StepVerifier
from prmkit.errors import StorageError
from prmkit.records import storage_error
from prmkit.types import Problem, Trajectory
from prmkit.verify.judge import Outcome, lasting, pack, title, unpack

log = logging.getLogger(__name__)

_FILE = "evidence.sqlite"


def settings_of(verifier: StepVerifier) -> dict[str, Any]:
    """What the verifier was set to: its fields if it is a dataclass, else its public attributes."""
    if dataclasses.is_dataclass(verifier) and not isinstance(verifier, type):
        return {f.name: getattr(verifier, f.name) for f in dataclasses.fields(verifier)}
    own = getattr(verifier, "__dict__", {})
    return {name: value for name, value in own.items() if not name.startswith("_")}


@functools.cache
def tool_version(name: str) -> str:
    """Version of a tool: of the distribution or module called so, or the program's size and time."""
    found = [name, *importlib.metadata.packages_distributions().get(name.replace("-", "_"), [])]
    for distribution in found:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    program = shutil.which(name)
    if program is None:
        return ""
    facts = Path(program).stat()
    return f"{facts.st_size}/{facts.st_mtime_ns}"


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_told)


def _told(value: Any) -> Any:
    """A value that JSON cannot say, as one it can. Whole: a repr may be cut short or hold an address."""
    told: Any
    if isinstance(value, Mapping):
        told = dict(value)
    elif isinstance(value, set | frozenset):
        told = sorted(map(_dump, value))
    elif isinstance(value, re.Pattern):
        told = [value.pattern, value.flags]
    elif isinstance(value, Path):
        told = str(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    else:
        try:
            # Written, never read back: only the digest of the bytes is used.
            told = hashlib.sha256(pickle.dumps(value, protocol=5)).hexdigest()
        except Exception:  # what cannot be pickled may raise anything; it is then never found again
            told = repr(value)
    return [f"{type(value).__module__}.{type(value).__qualname__}", told]


def subject(problem: Problem, trajectory: Trajectory) -> str:
    """The part of the key that all verifiers of a trajectory share."""
    steps = [[s.start, s.end, s.role, s.kind, s.status, s.call, list(s.images)] for s in trajectory.steps]
    question = [problem.domain, problem.text, problem.reference, dict(problem.context)]
    return _dump([question, trajectory.text, steps, trajectory.final_answer])


def judge_key(verifier: StepVerifier) -> str:
    """The part of the key that all trajectories of a verifier share."""
    tools = {name: tool_version(name) for name in verifier.tools}
    return _dump([title(verifier), verifier.scope, settings_of(verifier), tools, platform.python_version()])


class EvidenceCache:
    """A table of outcomes in ``folder``. Use it as a context manager.

    Args:
        folder: Where the table lives; made when absent. A damaged table is set aside and begun anew.

    Raises:
        StorageError: The folder cannot be written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder) / _FILE
        self.hits = 0
        """Outcomes found."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, self.path.parent) from error
        try:
            self._table = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._fault(error) from error
            aside = self.path.with_suffix(".damaged")
            log.warning("%s is damaged (%s): moved to %s and begun anew", self.path, error, aside)
            self.path.replace(aside)
            self._table = self._open()

    def _open(self) -> sqlite3.Connection:
        # Every row is its own transaction, so a kill loses none; the write-ahead log keeps that cheap.
        table = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        table.execute("PRAGMA journal_mode=WAL")
        table.execute("PRAGMA synchronous=NORMAL")
        table.execute("CREATE TABLE IF NOT EXISTS outcome (key BLOB PRIMARY KEY, packed TEXT) WITHOUT ROWID")
        return table

    def _fault(self, error: sqlite3.Error) -> StorageError:
        return StorageError(
            f"the evidence cache cannot be used: {error}",
            do="free some space, or choose a cache folder that you can write to",
            file=self.path,
        )

    @staticmethod
    def key(judge: str, subject: str) -> bytes:
        """Digest of both parts of a key."""
        return hashlib.sha256(f"{judge}\n{subject}".encode("utf-8", "surrogatepass")).digest()

    def get(self, key: bytes) -> Outcome | None:
        """The outcome kept under ``key``.

        Raises:
            StorageError: The table cannot be read.
        """
        try:
            row = self._table.execute("SELECT packed FROM outcome WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise self._fault(error) from error
        if row is None:
            return None
        self.hits += 1
        return unpack(json.loads(row[0]))

    def put(self, key: bytes, outcome: Outcome) -> None:
        """Keep an outcome, unless it is a time-out, a crash or a missing tool.

        Raises:
            StorageError: The table cannot be written.
        """
        if not lasting(outcome):
            return
        try:
            self._table.execute("INSERT OR REPLACE INTO outcome VALUES (?, ?)", (key, _dump(pack(outcome))))
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def __enter__(self) -> EvidenceCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._table.close()
