"""From a raw row to records: field access that names the fault, problems with tests, programs as steps."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prmkit.cards import DatasetCard
from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit.types import Json, Problem, Provenance, Sample, Step, StepLabels, Trajectory
from prmkit_code.segmenters import How, cut_program

_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


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


def text(row: Row, name: str, *, empty: bool = False) -> str:
    """The field ``name``, a string with something in it (or not, where ``empty``), with plain line ends.

    Raises:
        RecordError: It is missing, not a string, or blank.
    """
    found = value(row, name)
    if not isinstance(found, str) or not (empty or found.strip()):
        raise fault(row, f"expected text, got {found!r:.60}", "write a string that is not empty", name)
    return found.replace("\r\n", "\n").replace("\r", "\n")


def listed(row: Row, name: str, kind: type) -> list[Json]:
    """The field ``name``, a list of values of one type.

    Raises:
        RecordError: It is missing, no list, or holds something else.
    """
    found = value(row, name)
    if not isinstance(found, list) or not all(isinstance(one, kind) for one in found):
        raise fault(row, f"expected a list, got {found!r:.60}", f"write a list of {kind.__name__}", name)
    return found


def truth(row: Row, name: str) -> bool:
    """The field ``name``, true or false.

    Raises:
        RecordError: It is missing or something else.
    """
    found = value(row, name)
    if not isinstance(found, bool):
        raise fault(row, f"expected true or false, got {found!r:.60}", "write true or false", name)
    return found


def problem_key(asked: str) -> str:
    """16 hex digits that are equal for problem texts with the same letters and digits."""
    plain = _NOT_LETTER_OR_DIGIT.sub("", asked.lower())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record comes from: what every record of one row shares."""

    card: DatasetCard
    row: Row

    def provenance(self, system: str = "", **detail: Json) -> Provenance:
        """The provenance of one record of the row."""
        card = self.card
        return Provenance(
            source=card.name, row=self.row.number, system=system, licence=card.licence, detail=detail
        )

    def problem(
        self,
        name: str,
        asked: str,
        *,
        cluster: str = "",
        entry_point: str = "",
        prompt: str = "",
        reference: Mapping[str, Json] | None = None,
        shown: Sequence[str] = (),
        **detail: Json,
    ) -> Problem:
        """A programming problem.

        Args:
            name: Its name within the set.
            asked: What a model reads.
            cluster: What it must not be parted from; its name where empty.
            entry_point: Function that the tests call.
            prompt: Code that stands before the solution.
            reference: Hidden tests and what else settles the outcome.
            shown: Tests that the problem shows.
            **detail: Kept in its provenance.
        """
        context: dict[str, Json] = {"language": "python", "entry_point": entry_point}
        if prompt:
            context["prompt"] = prompt
        if shown:
            context["tests"] = list(shown)
        return Problem(
            id=f"{self.card.name}/{name}",
            text=asked,
            cluster=cluster or name,
            domain="code",
            reference=dict(reference) if reference else None,
            context=context,
            provenance=self.provenance(**detail),
        )

    def solution(
        self,
        problem: Problem,
        tail: str,
        code: str,
        *,
        how: How = "statement",
        outcome: float | None = None,
        system: str = "",
        **detail: Json,
    ) -> Trajectory:
        """A trajectory that is all program, one step a statement or a line.

        Raises:
            RecordError: The program is blank.
        """
        steps = cut_program(code, how)
        if not steps:
            raise fault(self.row, "the program is blank", "leave the row out")
        return Trajectory(
            id=f"{problem.id}/{tail}",
            problem_id=problem.id,
            text=code,
            steps=tuple(steps),
            outcome=outcome,
            provenance=self.provenance(system, **detail),
        )


def until_first_error(trajectory: Trajectory, first: int | None, labeler: str) -> StepLabels:
    """1 before the first wrong step, 0 on it, nothing after it; all 1 when ``first`` is None.

    Examples:
        >>> t = Trajectory.of_steps("t", "p", ["a", "b", "c"])
        >>> until_first_error(t, 1, "human/x@1").values
        (1.0, 0.0, None)
    """
    count = len(trajectory.steps)
    values: tuple[float | None, ...] = (1.0,) * count
    if first is not None:
        values = (1.0,) * first + (0.0,) + (None,) * (count - first - 1)
    return StepLabels(
        trajectory.id, trajectory.digest, values, convention="until_first_error", labeler=labeler
    )


def differing(steps: Sequence[Step], other: Sequence[Step]) -> int | None:
    """Index of the first step that the other program has not in its place; None when none differs.

    Where the other only has more, it is the step before which something is missing (the last one
    when nothing follows).
    """
    mine, theirs = ([one.text.strip() for one in program] for program in (steps, other))
    for index, (a, b) in enumerate(zip(mine, theirs, strict=False)):
        if a != b:
            return index
    if len(mine) == len(theirs):
        return None
    return min(len(mine) - 1, len(theirs))


@dataclass(slots=True)
class Joined:
    """Parser of one iteration over a set whose problems stand in a file of their own, named first."""

    problems: str
    """Name of that file."""
    key: str
    """Field that names the problem in both files."""
    samples: Callable[[Row, Row], Iterable[Sample]]
    """From a row of the problems and a row of solutions to samples."""
    _known: dict[str, Row] = field(default_factory=dict)

    def __call__(self, row: Row) -> Iterator[Sample]:
        """Samples of a row of solutions; a row of problems is remembered.

        Raises:
            RecordError: No row of the problems has that name.
        """
        name = text(row, self.key)
        if row.file == self.problems:
            self._known[name] = row
            return
        if name not in self._known:
            raise fault(row, f"no problem is called {name!r:.60}", f"read {self.problems} first", self.key)
        yield from self.samples(self._known[name], row)
