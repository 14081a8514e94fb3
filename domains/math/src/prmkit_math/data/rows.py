"""From a raw row to records: field access that names the fault, and the label rules of the sets."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from prmkit.cards import DatasetCard
from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit.types import Json, Problem, Provenance, Sample, Step, StepLabels, Trajectory

_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def problem_key(text: str) -> str:
    """16 hex digits, equal for problem texts of the same letters and digits (of the same signs, without any).

    The same problem therefore has the same cluster in every data set.

    Examples:
        >>> problem_key("What is $2+2$?") == problem_key("what is  2 + 2")
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

    def problem(
        self,
        asked: str,
        *,
        cluster: str = "",
        reference: Json = None,
        context: Mapping[str, Json] | None = None,
        **detail: Json,
    ) -> Problem:
        """A problem whose id and cluster come from its text (or from the text ``cluster``)."""
        return Problem(
            id=f"{self.card.name}/{problem_key(asked)}",
            text=asked,
            cluster=problem_key(cluster or asked),
            domain="math",
            reference=reference,
            context=context or {},
            provenance=self.provenance(**detail),
        )

    def name(self, *parts: object) -> str:
        """An id within the set: its name, then ``parts``."""
        return "/".join((self.card.name, *map(str, parts)))


def until_first_error(
    trajectory: Trajectory,
    first: int | None,
    labeler: str,
    channels: Mapping[str, tuple[float | None, ...]] | None = None,
) -> StepLabels:
    """1 before the first wrong step, 0 on it, nothing after it; all 1 when ``first`` is None.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["a", "b", "c"])
        >>> until_first_error(t, 1, "human/x@1").values
        (1.0, 0.0, None)
    """
    count = len(trajectory.steps)
    if first is None:
        values: tuple[float | None, ...] = (1.0,) * count
    else:
        values = (1.0,) * first + (0.0,) + (None,) * (count - first - 1)
    return StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=values,
        convention="until_first_error",
        labeler=labeler,
        channels=channels or {},
    )


def own_merit(
    trajectory: Trajectory,
    values: Iterable[float | None],
    labeler: str,
    channels: Mapping[str, tuple[float | None, ...]] | None = None,
) -> StepLabels:
    """Labels that judge each step by itself."""
    return StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=tuple(values),
        convention="own_merit",
        labeler=labeler,
        channels=channels or {},
    )


@functools.lru_cache(maxsize=512)
def _prefix(steps: tuple[str, ...]) -> tuple[str, tuple[Step, ...]]:
    if not steps:
        return "", ()
    before, cut = _prefix(steps[:-1])
    start = len(before) + (1 if cut else 0)
    whole = f"{before}\n{steps[-1]}" if cut else steps[-1]
    return whole, (*cut, Step(index=len(cut), text=steps[-1], start=start, end=len(whole)))


def continued(
    id: str,
    problem: Problem,
    prefix: Sequence[str],
    candidate: str,
    *,
    final_answer: str | None,
    provenance: Provenance,
) -> Trajectory:
    """A prefix of accepted steps and one candidate; neighbouring rows share the prefix's records."""
    before, cut = _prefix(tuple(prefix))
    start = len(before) + (1 if cut else 0)
    whole = f"{before}\n{candidate}" if cut else candidate
    last = Step(index=len(cut), text=candidate, start=start, end=len(whole))
    return Trajectory(
        id=id,
        problem_id=problem.id,
        text=whole,
        steps=(*cut, last),
        final_answer=final_answer,
        provenance=provenance,
    )


__all__ = [
    "Origin",
    "Row",
    "Sample",
    "continued",
    "fault",
    "own_merit",
    "part_of",
    "problem_key",
    "step_number",
    "text",
    "texts",
    "truth",
    "until_first_error",
    "value",
]
