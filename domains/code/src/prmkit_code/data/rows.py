"""From a raw row to records: problems with tests, programs as steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prmkit import rows
from prmkit.dataset import Row
from prmkit.rows import fault, text_key, truth, value
from prmkit.types import Json, Problem, Sample, Step, StepLabels, Trajectory
from prmkit_code.segmenters import How, cut_program

until_first_error = StepLabels.until_first_error


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


class Origin(rows.Origin):
    """Where a record comes from: what every record of one row shares."""

    __slots__ = ()

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


__all__ = [
    "Joined",
    "Origin",
    "differing",
    "fault",
    "listed",
    "text",
    "text_key",
    "truth",
    "until_first_error",
    "value",
]
