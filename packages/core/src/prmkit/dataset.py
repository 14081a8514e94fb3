"""Data sets: files in the folders of ``PRMKIT_DATA``, read row by row into samples.

A domain provides a :class:`Source` (a card and a function from row to samples); the rest —
finding the folder, reading each format, quarantine — is here.
"""

from __future__ import annotations

import csv
import importlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from prmkit.cards import DatasetCard
from prmkit.errors import DataError, MissingToolError, PrmkitError, RecordError
from prmkit.records import Quarantined, quarantined
from prmkit.records.files import dumps, lines, loads, opened
from prmkit.registry import nearest
from prmkit.types import Sample

__all__ = ["Dataset", "Quarantined", "Row", "Source", "data_folders", "flat", "open_dataset", "read_rows"]

VARIABLE = "PRMKIT_DATA"
"""Environment variable that lists the data folders, separated as in PATH."""


class Row(NamedTuple):
    """One raw row of a data file."""

    file: str
    """Name of the file, as on the card."""
    number: int
    """1-based line of a JSONL file, 1-based record of a JSON, CSV or TSV file."""
    data: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """A data set that a domain can read."""

    card: DatasetCard
    parse: Callable[[Row], Iterable[Sample]]
    """Samples of one row; raises RecordError, KeyError, TypeError or ValueError on a bad one."""
    joined: Callable[[], Callable[[Row], Iterable[Sample]]] | None = None
    """For sets whose rows refer to rows of earlier files (a table, a page): makes the parser of one
    iteration, which remembers those rows; ``parse`` is not used then."""
    read: Callable[[Path, list[Quarantined]], Iterator[Row]] | None = None
    """For sets whose records span many raw lines (a price a line, a quarter a record): gathers the
    rows of a file and sets bad lines aside; :func:`read_rows` otherwise."""

    def parser(self) -> Callable[[Row], Iterable[Sample]]:
        """The function that one iteration calls on each row."""
        return self.joined() if self.joined else self.parse


@dataclass(frozen=True)
class Dataset:
    """A found data set; iterating it reads the files anew and yields samples."""

    source: Source
    folder: Path
    """Folder that holds the files."""
    files: tuple[str, ...]
    """Files to read, in order."""
    quarantine: list[Quarantined] = field(default_factory=list)
    """Bad rows of the latest iteration."""

    @property
    def card(self) -> DatasetCard:
        """What is known about the set."""
        return self.source.card

    def rows(self) -> Iterator[Row]:
        """Raw rows; those that cannot even be parsed go to quarantine.

        Raises:
            DataError: A file is missing, unreadable or of an unknown format.
        """
        read = self.source.read or read_rows
        for name in self.files:
            yield from read(self.folder / name, self.quarantine)

    def __iter__(self) -> Iterator[Sample]:
        self.quarantine.clear()
        seen: set[int] = set()
        parse = self.source.parser()
        for row in self.rows():
            try:
                samples = list(parse(row))
                for problem, trajectory, labels in samples:
                    if trajectory.problem_id != problem.id:
                        raise RecordError(
                            f"{trajectory.problem_id!r} is not its problem {problem.id!r}",
                            do="correct the reader",
                            field="problem_id",
                        )
                    if hash(trajectory.id) in seen:
                        raise RecordError(
                            f"duplicate id {trajectory.id!r}", do="correct the reader", field="id"
                        )
                    if labels is not None:
                        labels.check(trajectory)
                    seen.add(hash(trajectory.id))
            except PrmkitError as error:
                self.quarantine.append(quarantined(error, row.file, row.number))
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                reason = f"{type(error).__name__}: {error}"
                self.quarantine.append(Quarantined(row.file, row.number, reason))
            else:
                yield from samples

    def to_pandas(self) -> Any:
        """A pandas DataFrame with one row a sample (see :func:`flat`)."""
        return importlib.import_module("pandas").DataFrame([flat(sample) for sample in self])

    def to_hf(self) -> Any:
        """A Hugging Face ``datasets.Dataset`` with TRL's stepwise columns (see :func:`flat`).

        References and contexts are JSON texts, since a column there has one type.

        Raises:
            MissingToolError: The ``datasets`` library is not installed.
        """
        try:
            library = importlib.import_module("datasets")
        except ModuleNotFoundError as error:
            raise MissingToolError("datasets is not installed", do="pip install datasets") from error
        rows = [flat(sample) for sample in self]
        for row in rows:
            for name in ("reference", "context"):
                row[name] = dumps(row[name]).decode("utf-8")
        return library.Dataset.from_list(rows)


def flat(sample: Sample) -> dict[str, Any]:
    """One sample as a table row: ids, ``prompt``, ``completions``, ``labels`` and what decides them."""
    problem, trajectory, labels = sample
    return {
        "id": trajectory.id,
        "problem_id": problem.id,
        "cluster": problem.cluster,
        "domain": problem.domain,
        "prompt": problem.text,
        "completions": [step.text for step in trajectory.steps],
        "roles": [step.role for step in trajectory.steps],
        "labels": None if labels is None else list(labels.values),
        "final_answer": trajectory.final_answer,
        "outcome": trajectory.outcome,
        "system": trajectory.provenance.system,
        "reference": problem.reference,
        "context": dict(problem.context),
    }


def data_folders() -> list[Path]:
    """Folders of ``PRMKIT_DATA``, in order; empty when it is not set."""
    return [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]


def open_dataset(
    source: Source, *, folders: Sequence[str | Path] | None = None, files: Sequence[str] | None = None
) -> Dataset:
    """Find the data set of ``source``.

    Args:
        source: Card and reader.
        folders: Where to look, in order; by default the folders of ``PRMKIT_DATA``.
        files: Read these files only (a split, for instance).

    Raises:
        DataError: No folder holds the set, the folder lacks a file, or the card has no such file.
    """
    card = source.card
    known = [file.name for file in card.files]
    for name in files or ():
        if name not in known:
            raise DataError(f"data set {card.name!r} has no file {name!r}", do=nearest(name, known))
    wanted = tuple(files) if files is not None else tuple(known)
    searched = data_folders() if folders is None else [Path(folder) for folder in folders]
    for base in searched:
        folder = base / card.path
        if not folder.is_dir():
            continue
        absent = [name for name in wanted if not (folder / name).is_file()]
        if absent:
            raise DataError(
                f"data set {card.name!r} lacks {', '.join(absent)}", do="copy the set again", file=folder
            )
        return Dataset(source, folder, wanted)
    where = ", ".join(map(str, searched)) if searched else f"nowhere: {VARIABLE} is not set"
    hub = f"; the original is {card.hub!r} on the Hugging Face hub" if card.hub else ""
    raise DataError(
        f"data set {card.name!r} not found (looked for {card.path!r} in {where})",
        do=f"set {VARIABLE} to the folder that holds {card.path!r}{hub}",
    )


# ---------------------------------------------------------------- formats


def read_rows(path: Path, quarantine: list[Quarantined]) -> Iterator[Row]:
    """Raw rows of a ``.jsonl``, ``.json``, ``.csv`` or ``.tsv`` file, plain or gzipped.

    Args:
        path: The file; rows carry its name.
        quarantine: Takes in rows that cannot be parsed.

    Raises:
        DataError: The file is missing, unreadable or of an unknown format.
    """
    name = path.name
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    readers: dict[str, Callable[[Path], Iterator[tuple[int, Any]]]] = {
        ".jsonl": _json_lines,
        ".json": _json_list,
        ".csv": lambda p: _table(p, ","),
        ".tsv": lambda p: _table(p, "\t"),
    }
    if plain.suffix not in readers:
        raise DataError(
            f"cannot read {plain.suffix!r} files",
            do=f"use one of {', '.join(readers)}, plain or .gz",
            file=path,
        )
    for number, value in readers[plain.suffix](path):
        if isinstance(value, PrmkitError):
            quarantine.append(quarantined(value, name, number))
        elif not isinstance(value, dict):
            quarantine.append(Quarantined(name, number, f"a row must be an object, got {value!r:.60}"))
        else:
            yield Row(name, number, value)


def _json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in lines(path):
        try:
            yield number, loads(line)
        except RecordError as error:
            yield number, error


def _json_list(path: Path) -> Iterator[tuple[int, Any]]:
    with opened(path) as stream:
        raw = stream.read()
    try:
        value = loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except RecordError as error:
        raise DataError(error.message, do="copy the file again", file=path) from error
    yield from enumerate(value if isinstance(value, list) else [value], 1)


def _table(path: Path, delimiter: str) -> Iterator[tuple[int, Any]]:
    csv.field_size_limit(sys.maxsize)
    with opened(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        # Tab-separated files rarely quote; a stray quote must not swallow the lines after it.
        plain = delimiter == "\t"
        reader = csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL)
        header: list[str] | None = None
        number = 0
        while True:
            number += header is not None
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, RecordError(str(error), do="correct the row")
                continue
            if not cells:
                number -= header is not None
            elif header is None:
                header = cells
            elif len(cells) != len(header):
                message = f"{len(cells)} cells under {len(header)} column names"
                yield number, RecordError(message, do="give every row one cell per column")
            else:
                yield number, dict(zip(header, cells, strict=True))
