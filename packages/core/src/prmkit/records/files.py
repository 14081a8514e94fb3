"""Files that are whole or absent: written beside, flushed, then renamed over the old one."""

from __future__ import annotations

import contextlib
import errno
import glob
import gzip
import json
import math
import os
import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from prmkit.errors import DataError, RecordError, StorageError

_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be used, and why."""

    file: str
    row: int
    """1-based line of a JSONL file, 1-based record of a JSON, CSV or TSV file."""
    reason: str


def storage_error(error: OSError, path: Path) -> StorageError:
    """``error`` as a StorageError that says what to do about it."""
    remedies = {
        errno.ENOSPC: ("the disk is full", "free some space and run the same command again"),
        errno.EDQUOT: ("the disk quota is used up", "free some space and run the same command again"),
        errno.EROFS: ("the folder is read-only", "choose an output folder that you can write to"),
        errno.EACCES: ("no permission to write", "choose an output folder that you can write to"),
        errno.EPERM: ("no permission to write", "choose an output folder that you can write to"),
        errno.ENOTDIR: ("a file stands where a folder is needed", "choose another output folder"),
    }
    message, do = remedies.get(
        error.errno or 0, (error.strerror or str(error), "check the path and the disk")
    )
    return StorageError(f"cannot write: {message}", do=do, file=path)


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[IO[bytes]]:
    """Open ``path`` for writing; it appears, complete, when the block ends without an error.

    The old file, if any, stays as it was until then. A ``.gz`` path is compressed, with no
    timestamp inside, so that equal contents give equal bytes.

    Raises:
        StorageError: The file cannot be written (disk full, folder read-only); nothing changed.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def sweep(path: str | Path) -> None:
    """Remove what killed processes left of an unfinished :func:`atomic` write of ``path``."""
    path = Path(path)
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        process = stale.name.split(".")[-2]
        if process.isdecimal() and not _alive(int(process)):
            stale.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's process
    return True


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, atomically.

    Raises:
        StorageError: The file cannot be written.
    """
    with atomic(path) as out:
        out.write(text.encode("utf-8"))


def dumps(value: Any) -> bytes:
    """One line of JSON in UTF-8, without NaN or Infinity.

    Raises:
        RecordError: The value holds NaN, Infinity or something JSON cannot say.
    """
    try:
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
        except UnicodeEncodeError:
            return json.dumps(value, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordError(
            f"cannot be written as JSON: {error}",
            do="keep strings, finite numbers, true/false, null, lists and objects with string keys",
        ) from error


def finite(value: Any) -> Any:
    """The value with None for NaN and infinities, which JSON cannot say.

    Examples:
        >>> finite({"a": [1.0, float("nan")]})
        {'a': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def loads(raw: bytes | str) -> Any:
    """Parse JSON strictly. Lone surrogates become U+FFFD, so that the text can be written again.

    Raises:
        RecordError: Not UTF-8, not JSON, nested too deep, or NaN/Infinity as a number.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise RecordError(f"not UTF-8 ({error.reason} at byte {error.start})", do="save as UTF-8") from error
    except RecursionError as error:
        raise RecordError("JSON is nested too deep", do="flatten the value") from error
    except ValueError as error:
        raise RecordError(f"not JSON: {error}", do="write one JSON value a line") from error
    return _clean(value) if "\\ud" in text or "\\uD" in text else value


def _no_constant(name: str) -> NoReturn:
    raise RecordError(f"{name} is not JSON", do="write a finite number, or null where there is none")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


@contextlib.contextmanager
def opened(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a plain or ``.gz`` file, or standard input for ``-``, for reading bytes.

    Raises:
        DataError: The file is absent, unreadable, or a damaged archive.
    """
    try:
        if str(path) == "-":
            yield sys.stdin.buffer
        elif Path(path).suffix == ".gz":
            with gzip.open(path, "rb") as packed:
                yield cast("IO[bytes]", packed)
        else:
            with Path(path).open("rb") as plain:
                yield plain
    except FileNotFoundError as error:
        raise DataError("no such file", do="check the path", file=path) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"damaged archive: {error}", do="copy or download the file again", file=path
        ) from error
    except OSError as error:
        raise DataError(
            f"cannot be read: {error.strerror or error}", do="check path and permissions", file=path
        ) from error


def lines(path: str | Path) -> Iterator[tuple[int, bytes]]:
    """Lines of a file with their 1-based number; blank ones and a byte-order mark left out.

    Raises:
        DataError: The file is absent, unreadable, or a damaged archive.
    """
    with opened(path) as stream:
        for number, line in enumerate(stream, 1):
            content = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip()
            if content:
                yield number, content


def name_of(path: str | Path) -> str:
    """How a file is called in messages."""
    return "<stdin>" if str(path) == "-" else str(path)
