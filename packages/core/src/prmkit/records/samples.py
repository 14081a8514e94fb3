"""The trajectory format that people write: one object a line with problem, steps and labels.

``{"id", "domain"?, "problem": {"id"?, "cluster"?, "text", "reference"?, "context"?}, "steps": [...],
"final_answer"?, "labels"?, "outcome"?}``. A step is a string or an object with ``text`` and any of
``role, kind, call, images, status``. ``labels`` is a list with one entry per step, or an object of
StepLabels fields. Where the solution's text is not its steps put together with newlines, ``text``
holds it and the steps are found in it in order.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from prmkit.errors import AlignmentError, RecordError
from prmkit.records.codec import encoder, from_dict, to_dict
from prmkit.records.files import Quarantined, name_of
from prmkit.records.jsonl import read_rows
from prmkit.types import Problem, Provenance, Sample, Step, StepLabels, Trajectory

FIELDS = (
    "id", "domain", "problem", "steps", "text", "final_answer", "labels", "outcome", "parent", "provenance",
)  # fmt: skip
_STEP = ("role", "kind", "call", "images", "status")


def read_samples(
    path: str | Path,
    *,
    quarantine: list[Quarantined] | None = None,
    domains: Collection[str] | None = None,
) -> Iterator[Sample]:
    """Samples of a trajectory file, one at a time.

    Args:
        path: ``.jsonl``, ``.jsonl.gz``, or ``-`` for standard input.
        quarantine: Takes bad rows in; without it the first bad row raises.
        domains: Domains that may occur; None accepts any name.

    Raises:
        RecordError: A row is bad and there is no quarantine; the error names file, row and field.
        DataError: The file cannot be read.
    """
    seen: dict[int, int] = {}

    def parse(number: int, value: Any) -> Sample:
        sample = sample_from_dict(value, domains=domains, file=name_of(path), row=number)
        first = seen.setdefault(hash(sample.trajectory.id), number)
        if first != number:
            raise RecordError(
                f"id {sample.trajectory.id!r} stands in row {first} already",
                do="give every solution its own id",
                field="id",
            )
        return sample

    return read_rows(path, parse, quarantine=quarantine)


def sample_from_dict(
    data: Any, *, domains: Collection[str] | None = None, file: str = "", row: int | None = None
) -> Sample:
    """One row of the trajectory format as a Sample.

    Raises:
        RecordError: The row breaks the format; the error names the field.

    Examples:
        >>> row = {"id": "s", "problem": {"text": "2 + 2?"}, "steps": ["2 + 2 = 4"], "labels": [1.0]}
        >>> sample_from_dict(row).labels.values
        (1.0,)
    """
    if not isinstance(data, Mapping):
        raise RecordError(
            f"a row must be an object, got {data!r:.60}",
            do='write {"id": …, "problem": {"text": …}, "steps": […]}',
        )
    for name in ("id", "problem", "steps"):
        if data.get(name) is None:
            raise RecordError(f"the row has no {name!r}", do=f"add the field {name!r}", field=name)
    extra = _extra(data)
    problem = _problem(data, domains)
    provenance = (
        from_dict(Provenance, data["provenance"])
        if data.get("provenance") is not None
        else Provenance(source=Path(file).name, row=row, detail=extra)
    )
    outcome = data.get("outcome")
    settings = {
        "id": _string(data, "id"),
        "problem_id": problem.id,
        "final_answer": data.get("final_answer"),
        "outcome": float(outcome) if isinstance(outcome, bool) else outcome,
        "parent": data.get("parent"),
        "provenance": to_dict(provenance),
    }
    trajectory = _trajectory(data, settings)
    return Sample(problem, trajectory, _labels(data.get("labels"), trajectory))


def _extra(data: Mapping[str, Any]) -> dict[str, Any]:
    extra = {name: value for name, value in data.items() if name not in FIELDS}
    for name in extra:
        # An unknown field is kept, but one letter off a known one is a slip that would lose data.
        close = difflib.get_close_matches(str(name), FIELDS, n=1, cutoff=0.8)
        if close:
            raise RecordError(
                f"unknown field {name!r}",
                do=f"did you mean {close[0]!r}? rename or remove it",
                field=str(name),
            )
    return extra


def _string(data: Mapping[str, Any], name: str) -> str:
    value = data[name]
    if not isinstance(value, str) or not value:
        raise RecordError(
            f"{value!r:.60} is not a non-empty string", do="write a non-empty string", field=name
        )
    return value


def _problem(data: Mapping[str, Any], domains: Collection[str] | None) -> Problem:
    given = data["problem"]
    if not isinstance(given, Mapping) or not isinstance(given.get("text"), str):
        raise RecordError(
            "a problem must be an object with a string 'text'",
            do='write {"text": "the question"}',
            field="problem",
        )
    domain = data.get("domain") or given.get("domain") or ""
    if domains is not None and domain not in domains:
        raise RecordError(
            f"unknown domain {domain!r}",
            do=f"use one of: {', '.join(sorted(domains)) or 'none is installed'}",
            field="domain",
        )
    # Equal questions on unlike tables are unlike problems, so the default id covers all of it.
    facts = json.dumps([given["text"], given.get("reference"), given.get("context")], sort_keys=True)
    fallback = "p-" + hashlib.sha256(facts.encode("ascii")).hexdigest()[:12]
    filled = {name: value for name, value in given.items() if value is not None or name == "reference"}
    try:
        return from_dict(Problem, {"id": fallback, **filled, "domain": domain})
    except RecordError as error:
        field = f"problem.{error.field}" if error.field else "problem"
        raise RecordError(error.message, do=error.do, field=field) from error


def _trajectory(data: Mapping[str, Any], settings: Mapping[str, Any]) -> Trajectory:
    steps, text = data["steps"], data.get("text")
    if not isinstance(steps, list) or not steps:
        raise RecordError("the solution has no steps", do="give a list of at least one step", field="steps")
    if text is not None and not isinstance(text, str):
        raise RecordError(f"{text!r:.60} is not a string", do="write the whole solution", field="text")
    plain: list[dict[str, Any]] = []
    reached = 0
    for index, given in enumerate(steps):
        where = f"steps[{index}]"
        step = {"text": given} if isinstance(given, str) else given
        if not isinstance(step, Mapping) or not isinstance(step.get("text"), str):
            raise RecordError(
                f"a step must be a string or an object with a string 'text', got {given!r:.60}",
                do='write "the step" or {"text": "the step", "role": "think"}',
                field=where,
            )
        filled = {k: v for k, v in step.items() if v is not None}
        start = filled.get("start", text.find(step["text"], reached) if text is not None else reached)
        if not isinstance(start, int) or isinstance(start, bool) or start < 0:
            raise AlignmentError(
                "the step does not stand in 'text' after the step before it",
                do="copy steps from the text unchanged and in order, or leave 'text' out",
                field=where,
            )
        reached = start + len(step["text"])
        plain.append({**filled, "index": index, "start": start, "end": reached})
        reached += 1 if text is None else 0
    if not any(step["text"].strip() for step in plain):
        raise RecordError("every step is empty", do="leave empty solutions out", field="steps")
    whole = "\n".join(step["text"] for step in plain) if text is None else text
    return from_dict(Trajectory, {**settings, "text": whole, "steps": plain})


def _labels(given: Any, trajectory: Trajectory) -> StepLabels | None:
    if given is None:
        return None
    fields = {"values": given, "labeler": "file"} if isinstance(given, list) else given
    if not isinstance(fields, Mapping):
        raise RecordError(
            f"{given!r:.60} is neither a list nor an object",
            do="write one number or null per step",
            field="labels",
        )
    tied = {"trajectory_id": trajectory.id, "steps_digest": trajectory.digest, **fields}
    try:
        return from_dict(StepLabels, tied).check(trajectory)
    except RecordError as error:
        inner = (error.field or "").removeprefix("values") if isinstance(given, list) else f".{error.field}"
        raise type(error)(error.message, do=error.do, field=f"labels{inner}") from error


def sample_to_dict(sample: Sample) -> dict[str, Any]:
    """One row of the trajectory format; reading it gives the same sample back.

    Raises:
        RecordError: The trajectory has no steps, so that the format cannot say it.
    """
    problem, trajectory, labels = sample
    if not trajectory.steps:
        raise RecordError(f"{trajectory.id!r} has no steps", do="leave empty solutions out", field="steps")
    row: dict[str, Any] = {"id": trajectory.id, "domain": problem.domain}
    row["problem"] = {"id": problem.id, "text": problem.text}
    if problem.cluster != problem.id:
        row["problem"]["cluster"] = problem.cluster
    if problem.reference is not None:
        row["problem"]["reference"] = problem.reference
    if problem.context:
        row["problem"]["context"] = dict(problem.context)
    if problem.provenance != Provenance():
        row["problem"]["provenance"] = _provenance(problem.provenance)
    joined = "\n".join(step.text for step in trajectory.steps) == trajectory.text
    if not joined:
        row["text"] = trajectory.text
    row["steps"] = _steps(trajectory, joined)
    for name in ("final_answer", "outcome", "parent"):
        if getattr(trajectory, name) is not None:
            row[name] = getattr(trajectory, name)
    if labels is not None:
        row["labels"] = _plain_labels(labels.check(trajectory))
    row["provenance"] = _provenance(trajectory.provenance)
    return row


def _provenance(provenance: Provenance) -> dict[str, Any]:
    empty = to_dict(Provenance())
    return {name: value for name, value in to_dict(provenance).items() if value != empty[name]}


def _steps(trajectory: Trajectory, joined: bool) -> list[Any]:
    rows: list[Any] = []
    reached = 0
    for step in trajectory.steps:
        default = Step(step.index, step.text, step.start, step.end)
        full = encoder(Step)(step)
        row = {name: full[name] for name in _STEP if getattr(step, name) != getattr(default, name)}
        if step.start != (reached if joined else trajectory.text.find(step.text, reached)):
            row["start"] = step.start
        reached = step.end + (1 if joined else 0)
        rows.append({"text": step.text, **row} if row else step.text)
    return rows


def _plain_labels(labels: StepLabels) -> Any:
    plain = StepLabels(labels.trajectory_id, labels.steps_digest, labels.values, labeler="file")
    if labels == plain:
        return list(labels.values)
    return {k: v for k, v in to_dict(labels).items() if k == "values" or v not in (None, [], {}, "")}
