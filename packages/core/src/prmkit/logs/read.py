"""Open a log of unknown shape and read it as samples; bad rows are set aside, never lost."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from prmkit.errors import DataError, PrmkitError, RecordError
from prmkit.logs.shapes import MODEL, SILENT, TOOL, USER, Exchange, Part, parse_messages, parse_object
from prmkit.logs.transcript import parse_text
from prmkit.records.files import Quarantined
from prmkit.records.samples import sample_from_dict
from prmkit.segment import by_block
from prmkit.types import Json, Problem, Provenance, Sample, Step, Trajectory

Cut = Callable[[str], tuple[Step, ...]]


class _Item(NamedTuple):
    """One logged object with its 1-based place in the file."""

    number: int
    value: Json


def read_log(
    path: str | Path,
    *,
    cut: Cut = by_block,
    domain: str = "",
    quarantine: list[Quarantined] | None = None,
) -> Iterator[Sample]:
    """Samples of a log: chat JSON or JSONL, harness log, trajectory JSONL, CSV, or plain text.

    Args:
        path: A file (``.gz`` is opened), or ``-`` for standard input.
        cut: How replies become steps, where the log has not cut them.
        domain: Domain of rows that name none.
        quarantine: Receives rows that cannot be read; without it the first one raises.

    Raises:
        DataError: The file is missing, empty, binary, or broken as a whole.
        RecordError: A row cannot be read and no quarantine is given.
    """
    name, text = _open(path)
    taken: set[str] = set()
    for item in _items(name, text, quarantine):
        try:
            samples = list(_samples(item, name, cut, domain))
        except (PrmkitError, KeyError, TypeError, ValueError, AttributeError) as error:
            _set_aside(name, item.number, error, quarantine)
            continue
        for sample in samples:
            yield _unique(sample, taken)


def exchanges_to_samples(
    exchanges: Iterable[Exchange], *, stem: str, row: int | None = None, cut: Cut = by_block, domain: str = ""
) -> Iterator[Sample]:
    """Samples of exchanges: replies cut into steps, calls as ``act``, tool replies as ``observe``.

    Raises:
        RecordError: A reply holds no text.
    """
    found = list(exchanges)
    place = stem if row is None else f"{stem}:{row}"
    for position, exchange in enumerate(found):
        many = f"/{position + 1}" if len(found) > 1 else ""
        id = exchange.id or f"{place}{many}"
        question = _writable(exchange.question)
        origin = Provenance(source=stem, row=row)
        problem = Problem(
            # Replies to one question belong to one problem; an unknown question is nobody else's.
            id=f"p-{hashlib.sha256((question or id).encode()).hexdigest()[:12]}",
            text=question,
            cluster=exchange.conversation or id,
            domain=exchange.domain or domain,
            provenance=origin,
        )
        yield Sample(problem, _trajectory(id, problem.id, exchange.parts, cut, origin))


def _trajectory(id: str, problem_id: str, parts: Iterable[Part], cut: Cut, origin: Provenance) -> Trajectory:
    text = ""
    steps: list[Step] = []
    for part in parts:
        said = _writable(part.text)
        if not said.strip():
            continue
        text += "\n\n" if text else ""
        at = len(text)
        for start, end in [(0, len(said))] if part.whole else [(s.start, s.end) for s in cut(said)]:
            steps.append(
                Step(len(steps), said[start:end], at + start, at + end, role=part.role, call=part.call)
            )
        text += said
    if not steps:
        raise RecordError("the reply is empty", do="log the text of the reply", field="response")
    return Trajectory(id, problem_id, text, tuple(steps), provenance=origin)


def _writable(text: str) -> str:
    """The text with lone surrogates, which no file can hold, replaced one for one."""
    return text.encode("utf-8", "replace").decode()


def _samples(item: _Item, name: str, cut: Cut, domain: str) -> Iterator[Sample]:
    value = item.value
    stem = Path(name).name.split(".")[0] if name != "-" else "stdin"
    if isinstance(value, Mapping) and isinstance(value.get("problem"), Mapping) and "steps" in value:
        filled = {"id": f"{stem}:{item.number}", **value, "domain": value.get("domain") or domain}
        yield sample_from_dict(filled, file=name, row=item.number or None)
        return
    if isinstance(value, str):
        exchanges = parse_text(value)
    elif isinstance(value, list):
        exchanges = parse_messages(value)
    elif isinstance(value, Mapping):
        exchanges = parse_object(value)
    else:
        raise RecordError(
            f"a row is a {type(value).__name__}, not an object",
            do="write one JSON object a line",
        )
    row = item.number if item.number else None
    yield from exchanges_to_samples(exchanges, stem=stem, row=row, cut=cut, domain=domain)


def _unique(sample: Sample, taken: set[str]) -> Sample:
    """The sample, renamed when its id was met before: two rows of a log may share an id."""
    first = sample.trajectory.id
    id, again = first, 2
    while id in taken:
        id, again = f"{first}~{again}", again + 1
    taken.add(id)
    if id == first:
        return sample
    labels = sample.labels and replace(sample.labels, trajectory_id=id)
    return Sample(sample.problem, replace(sample.trajectory, id=id), labels)


def _set_aside(name: str, row: int, error: Exception, quarantine: list[Quarantined] | None) -> None:
    known = error if isinstance(error, PrmkitError) else None
    reason = known.message if known else f"{type(error).__name__}: {error}"
    if quarantine is not None:
        quarantine.append(Quarantined(name, row, reason))
        return
    raise RecordError(
        reason,
        do=known.do if known else "compare the row with the shapes listed by 'prmkit check --help'",
        file=name,
        row=row or None,
        field=known.field if known else None,
    ) from error


def _open(path: str | Path) -> tuple[str, str]:
    """Name and text of the input."""
    if str(path) == "-":
        name, text = "-", sys.stdin.read()
    else:
        name = str(path)
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", do="check the path", file=name) from error
        try:
            text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
        except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
            raise DataError(
                "is not UTF-8 text",
                do="give a chat log (JSON, JSONL), a CSV with prompt and response, or plain text",
                file=name,
            ) from error
    if not text.strip():
        raise DataError("holds nothing to check", do="give a file with at least one reply", file=name)
    return name, text


def _items(name: str, text: str, quarantine: list[Quarantined] | None) -> Iterator[_Item]:
    """Logged objects: rows of JSONL or CSV, members of a JSON list, or the text as a whole."""
    suffixes = Path(name).suffixes
    lines = ".jsonl" in suffixes or ".ndjson" in suffixes
    head = text.lstrip()[:1]
    if not lines and head in ("{", "["):
        try:
            yield from _members(json.loads(text))
            return
        except ValueError as error:
            if ".json" in suffixes and not _is_object(text.lstrip().split("\n", 1)[0]):
                raise DataError(f"is not valid JSON: {error}", do="repair the file", file=name) from error
            lines = _is_object(text.lstrip().split("\n", 1)[0])
    if lines:
        yield from _conversations(_lines(name, text, quarantine))
    elif ".csv" in suffixes or ".tsv" in suffixes:
        table = csv.DictReader(io.StringIO(text), delimiter="\t" if ".tsv" in suffixes else ",")
        yield from (_Item(number, row) for number, row in enumerate(table, start=2))
    else:
        yield _Item(0, text)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _members(value: Json) -> Iterator[_Item]:
    """Items of one JSON document: a row, a list of rows, or a list of messages."""
    if isinstance(value, list) and not any(_message(v) for v in value):
        yield from (_Item(number, row) for number, row in enumerate(value, start=1))
    else:
        yield _Item(0, value)


def _lines(name: str, text: str, quarantine: list[Quarantined] | None) -> Iterator[_Item]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield _Item(number, json.loads(line))
            except (ValueError, RecursionError) as error:
                _set_aside(name, number, ValueError(f"not valid JSON: {error}"), quarantine)


def _message(row: Json) -> Mapping[str, Json] | None:
    """The message that a row is, if it is one: with a role of its own, or wrapped in ``message``."""
    if not isinstance(row, Mapping) or "messages" in row or "choices" in row or "steps" in row:
        return None
    inner = row.get("message", row)
    if not isinstance(inner, Mapping) or not ("content" in inner or "value" in inner):
        return None
    speaker = str(inner.get("role") or inner.get("from") or "").lower()
    return inner if speaker in USER | MODEL | TOOL | SILENT else None


def _conversations(items: Iterable[_Item]) -> Iterator[_Item]:
    """Rows as they are, but runs of rows that are single messages put together into one list."""
    held: list[Json] = []
    start, session = 0, None
    for item in items:
        message = _message(item.value)
        now = _session(item.value) if message else None
        if held and (message is None or now != session):
            yield _Item(start, held)
            held = []
        if message is None:
            if not _bookkeeping(item.value):
                yield item
            continue
        if not held:
            start, session = item.number, now
        held.append(message)
    if held:
        yield _Item(start, held)


def _session(row: Mapping[str, Json]) -> str:
    return str(row.get("sessionId") or row.get("session_id") or row.get("conversation_id") or "")


def _bookkeeping(row: Json) -> bool:
    """Whether a row of a session log carries no turn: summaries, snapshots, progress marks."""
    return isinstance(row, Mapping) and "sessionId" in row and "message" not in row
