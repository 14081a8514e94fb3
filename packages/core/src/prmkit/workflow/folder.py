"""The run folder on disk: digests, moves, and one run at a time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from prmkit.errors import StorageError
from prmkit.records import storage_error, write_jsonl
from prmkit.types import Json

WORK = ".work"
"""Folder of unfinished stages inside a run folder."""

_REFUSALS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EEXIST,
}


@contextlib.contextmanager
def storage(where: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write into errors that say what to do.

    Raises:
        StorageError: Disk full, folder read-only, or a file where a folder should be.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise storage_error(error, Path(error.filename or where)) from error


def digest(path: Path) -> str:
    """16 hex digits over a file's bytes, or over the names and bytes of all files below a folder."""
    if path.is_file():
        return _file_digest(path).hex()[:16]
    total = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        total.update(f"{file.relative_to(path).as_posix()}\0".encode())
        total.update(_file_digest(file))
    return total.hexdigest()[:16]


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def json_digest(value: Json) -> str:
    """16 hex digits over a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def write_lines(path: Path, rows: list[dict[str, Json]]) -> None:
    """Write JSON lines, or remove the file when there are none."""
    if rows:
        write_jsonl(path, rows)
    else:
        path.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file or folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def publish(work: Path, target: Path) -> None:
    """Move what a stage wrote to its place, instead of what stood there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    remove(target)
    work.replace(target)


def sweep(out: Path) -> None:
    """Remove half-written files that a kill left in the run folder."""
    for place in (out, out / "stages", out / "quarantine"):
        for stale in place.glob(".*.tmp"):
            stale.unlink()


@contextlib.contextmanager
def opened(out: Path) -> Iterator[Path]:
    """Create the run folder and keep other runs out of it.

    The lock is the process' own (not inherited by workers) and vanishes with it, however it ends.

    Raises:
        StorageError: The folder cannot be written, or another run works in it.
    """
    with storage(out):
        (out / WORK).mkdir(parents=True, exist_ok=True)
        with (out / WORK / "lock").open("w") as lock:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                raise StorageError(
                    "another run works in this folder",
                    do="wait for it to end, or choose another folder with --out",
                    file=out,
                ) from None
            yield out
