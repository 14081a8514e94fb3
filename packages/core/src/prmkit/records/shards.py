"""Records in sharded Parquet: a folder of ``00000.parquet, 00001.parquet, …``.

Plain fields are plain columns (lists of numbers stay lists), everything nested is a column of
JSON text. Shards appear whole or not at all, and have a fixed number of rows: a run that was
killed goes on after its last whole shard and ends with the same files as an unbroken one.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar, get_args, get_origin

from prmkit.errors import DataError, RecordError
from prmkit.records.codec import encoder, fields_of, from_dict, without_none
from prmkit.records.files import atomic, dumps, loads, storage_error
from prmkit.types import Sample

T = TypeVar("T")
ROWS = 5000
"""Rows of a shard unless asked otherwise."""
_KEYS = ("id", "problem_id", "cluster")
"""Columns beside a sample's own, so that tables can be joined without reading JSON."""


class ShardWriter:
    """Writes records of one type into a folder of shards, with flat memory.

    Use it as a context manager: the last, partial shard is written only when the block ends
    without an error.

    Args:
        folder: Where the shards go.
        cls: Type of the records.
        rows: Rows of a whole shard.
        resume: Keep the whole shards that are there and go on after them; :attr:`written` tells how
            many records they hold. Otherwise shards of an earlier run are removed.

    Raises:
        StorageError: The folder cannot be written.
    """

    def __init__(self, folder: str | Path, cls: type[Any], *, rows: int = ROWS, resume: bool = False) -> None:
        self.folder = Path(folder)
        self._cls, self._rows, self._columns = cls, rows, _writers(cls)
        self._buffer: list[Any] = []
        self.written = 0
        """Records in whole shards on disk."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for stale in self.folder.glob(".*.tmp"):
                stale.unlink()
            kept = _whole_shards(self.folder, rows) if resume else 0
            for shard in sorted(self.folder.glob("*.parquet"))[kept:]:
                shard.unlink()
        except OSError as error:
            raise storage_error(error, self.folder) from error
        self._shards = kept
        self.written = kept * rows

    def write(self, record: Any) -> None:
        """Add one record.

        Raises:
            RecordError: The record cannot be written; the error names folder and row.
            StorageError: A shard cannot be written.
        """
        try:
            if not isinstance(record, self._cls):
                raise RecordError(
                    f"a {type(record).__name__} among records of type {self._cls.__name__}",
                    do="write one type per folder",
                )
            self._buffer.append([cell(record) for cell in self._columns])
        except RecordError as error:
            row = self.written + len(self._buffer) + 1
            raise error.at(file=self.folder, row=row) from error
        if len(self._buffer) == self._rows:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa  # heavy, and light imports must stay light
        import pyarrow.parquet as pq

        names, types = zip(*_schema(self._cls), strict=True)
        try:
            columns = [
                pa.array(column, type=_arrow(kind))
                for column, kind in zip(zip(*self._buffer, strict=True), types, strict=True)
            ]
        except (UnicodeEncodeError, pa.ArrowInvalid, OverflowError) as error:
            raise RecordError(
                f"cannot be stored: {error}",
                do="replace lone surrogates and numbers beyond 64 bits",
                file=self.folder,
            ) from error
        with atomic(self.folder / f"{self._shards:05d}.parquet") as out:
            pq.write_table(pa.table(columns, names=list(names)), out, compression="zstd")
        self.written += len(self._buffer)
        self._shards += 1
        self._buffer.clear()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An empty result still gets one shard, so that a reader can tell it from a missing one.
        if kind is None and (self._buffer or not self._shards):
            if self._buffer:
                self._flush()
            else:
                self._empty()

    def _empty(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([(name, _arrow(kind)) for name, kind in _schema(self._cls)])
        with atomic(self.folder / "00000.parquet") as out:
            pq.write_table(schema.empty_table(), out, compression="zstd")


def _whole_shards(folder: Path, rows: int) -> int:
    """Shards 00000, 00001, … that are readable and full, up to the first that is not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = 0
    with contextlib.suppress(pa.ArrowInvalid, FileNotFoundError):
        while pq.read_metadata(folder / f"{count:05d}.parquet").num_rows == rows:
            count += 1
    return count


def write_parquet(folder: str | Path, records: Iterable[T], *, cls: type[T] | None = None) -> int:
    """Write records into ``folder`` and return how many; an older folder is replaced at the end.

    Args:
        folder: Folder of shards.
        records: Records of one type.
        cls: Their type; by default that of the first one (needed when there may be none).

    Raises:
        RecordError: A record cannot be written, or there is none and ``cls`` is not given.
        StorageError: The folder cannot be written; the old one is unchanged.
    """
    folder = Path(folder)
    stream = iter(records)
    first = next(stream, None)
    kind = cls or (type(first) if first is not None else None)
    if kind is None:
        raise RecordError("no record, so no type", do="pass cls", file=folder)
    beside = folder.with_name(f".{folder.name}.new")
    try:
        with ShardWriter(beside, kind) as writer:
            count = 0
            for record in stream if first is None else _chain(first, stream):
                writer.write(record)
                count += 1
        if folder.exists():
            old = folder.with_name(f".{folder.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
            beside.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            beside.rename(folder)
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return count


def _chain(first: T, rest: Iterator[T]) -> Iterator[T]:
    yield first
    yield from rest


def read_parquet(cls: type[T], folder: str | Path) -> Iterator[T]:
    """Records of type ``cls`` from a folder of shards (or one file), in order, one at a time.

    Raises:
        DataError: No shards there, or a shard is damaged.
        RecordError: A row is not a valid record; the error names shard, row and field.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(folder)
    shards = [folder] if folder.is_file() else sorted(folder.glob("*.parquet"))
    if not shards:
        raise DataError("no Parquet shards here", do="run the stage that writes them", file=folder)
    packed = {name for name, kind in _schema(cls) if kind == "json"}
    wanted = list(fields_of(cls))
    for shard in shards:
        try:
            with pq.ParquetFile(shard) as file:
                row = 0
                present = [name for name in wanted if name in file.schema_arrow.names]
                for batch in file.iter_batches(batch_size=512, columns=present):
                    for cells in batch.to_pylist():
                        row += 1
                        yield _record(cls, cells, packed, shard, row)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(f"damaged shard: {error}", do="run its stage again", file=shard) from error


def _record(cls: type[T], cells: dict[str, Any], packed: set[str], shard: Path, row: int) -> T:
    try:
        for name in packed & cells.keys():
            if cells[name] is not None:
                cells[name] = loads(cells[name])
        return from_dict(cls, cells)
    except RecordError as error:
        raise error.at(file=shard, row=row) from error


def _schema(cls: type[Any]) -> tuple[tuple[str, str], ...]:
    """Columns of a type: name and one of our words for its Arrow type."""
    keys = tuple((name, "string") for name in _KEYS) if cls is Sample else ()
    return keys + tuple((name, _column(hint)) for name, (hint, _) in fields_of(cls).items())


def _column(hint: Any) -> str:
    plain = {str: "string", int: "int64", float: "float64", bool: "bool"}
    hint, _ = without_none(hint)
    if hint in plain:
        return plain[hint]
    if get_origin(hint) is Literal or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        return "string"
    if get_origin(hint) is tuple:
        inner, _ = without_none(get_args(hint)[0])
        return f"list {plain[inner]}" if inner in plain else "json"
    return "json"


def _arrow(kind: str) -> Any:
    import pyarrow as pa

    if kind.startswith("list "):
        return pa.list_(_arrow(kind.removeprefix("list ")))
    return {"string": pa.string(), "json": pa.string(), "int64": pa.int64(), "float64": pa.float64(),
            "bool": pa.bool_()}[kind]  # fmt: skip


def _writers(cls: type[Any]) -> tuple[Any, ...]:
    keys = (
        (lambda s: s.trajectory.id, lambda s: s.problem.id, lambda s: s.problem.cluster)
        if cls is Sample
        else ()
    )
    kinds = dict(_schema(cls))
    return keys + tuple(_writer(name, hint, kinds[name]) for name, (hint, _) in fields_of(cls).items())


def _writer(name: str, hint: Any, kind: str) -> Any:
    if kind != "json":
        return lambda record: getattr(record, name)
    encode = encoder(hint)

    def write(record: Any) -> str | None:
        value = encode(getattr(record, name))
        return None if value is None else dumps(value).decode("utf-8")

    return write
