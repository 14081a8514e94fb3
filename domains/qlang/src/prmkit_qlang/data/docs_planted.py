"""Which line is wrong: console sessions of the q documentation with one line of code changed.

A run of lines of one block is a problem, and its solutions are the session as documented and sessions with
one changed line each: up to two whose own print is then another (``shows`` is ``here``), and up to three
that show nothing and spoil a later print (``later``). Prints stay the documented ones. Rows of
``kx_docs_examples`` are read; its docstring has one. Which runs, lines and changes are taken stands in
``planted.json``, which has no text: a change is the number of a variant that a mutator makes of a line,
with a digest of what comes out. ``python -m prmkit_qlang.planted`` makes the list.

Gold is the planting: the changed line is wrong, lines before it are right, and those after it have no
label. Runs were chosen where the embedded q prints what is documented, and changes where it prints
something else: verdicts of verifiers that use this q are not independent of the choice. In ``later`` rows
the line whose print does not fit could be blamed as well, and so could any line between that hands the
value on: each could be rewritten so that the prints fit. The detail says where the first is that does not
fit (``shows_at``) and how many there are (``misfits``): the more, the less does any other single line
explain them.

Source: Kx Systems, *Documentation for kdb+ and q*, CC BY 4.0.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from prmkit.cards import DatasetCard
from prmkit.dataset import Row, Source
from prmkit.mutators import TextMutator, rewritten
from prmkit.types import Json, Problem, Sample, StepLabels, Trajectory
from prmkit_qlang import mutators
from prmkit_qlang.data.docs_examples import CARD as DOCUMENTED
from prmkit_qlang.data.docs_examples import step_text, typed_lines
from prmkit_qlang.data.rows import Origin, fault, text, texts, value
from prmkit_qlang.replay import statements
from prmkit_qlang.slicing import needed

CARD = DatasetCard(
    name="kx_docs_planted",
    path=DOCUMENTED.path,
    files=DOCUMENTED.files,
    summary="Console sessions of the kdb+ and q documentation, as documented and with one line changed",
    licence=DOCUMENTED.licence,
    gold="planted",
    cluster="page",
    index_base=0,
    after_error="until_first_error",
    hub=DOCUMENTED.hub,
    use=("evaluate",),
)
MUTATORS: Mapping[str, TextMutator] = {
    one.name: one
    for one in (
        mutators.operator,
        mutators.constant,
        mutators.keyword,
        mutators.dropped,
        mutators.turned,
        mutators.iterator,
    )
}
"""What may change a line."""
LOAD = r"\l sp.q"
"""Loads the tables of suppliers and parts, which some pages use and do not load."""
_LABELER = "planted/kx_docs@1"


class Run(NamedTuple):
    """Lines of a block as a problem, and the session that they make."""

    problem: Problem
    trajectory: Trajectory


class Pages:
    """Remembers what each page typed before."""

    def __init__(self) -> None:
        self._typed: dict[str, list[str]] = {}

    def enter(self, row: Row) -> Block:
        """The block of a row; its lines then stand before those of the page's next block.

        Raises:
            RecordError: A field is missing or of the wrong kind.
        """
        page, name = text(row, "page"), text(row, "id")
        section = texts(row, "section") if value(row, "section") else [page]
        lines = typed_lines(row)
        before = self._typed.setdefault(page, [])
        above = row.data.get("preamble")
        before.extend(statements(above) if isinstance(above, str) else ())
        if any("uses_sp_q" in _flags(line) for line in lines) and LOAD not in before:
            before.append(LOAD)
        block = Block(page, name, "\n".join(section), tuple(before), lines)
        before.extend(block.codes)
        return block


def _flags(line: Mapping[str, Json]) -> Sequence[Json]:
    flags = line.get("flags")
    return flags if isinstance(flags, list) else ()


class Block(NamedTuple):
    """A block of a page."""

    page: str
    name: str
    section: str
    before: tuple[str, ...]
    """Statements of the page before it."""
    lines: list[dict[str, Json]]

    @property
    def codes(self) -> list[str]:
        """The lines without their prints; where one goes on, with a blank at the beginning."""
        return ["\n ".join(str(line["code"]).splitlines()) for line in self.lines]

    def run(self, origin: Origin, start: int, stop: int) -> Run:
        """Some lines in a row, with what they need of those before."""
        codes = self.codes
        setup: list[Json] = [*needed([*self.before, *codes[:start]], codes[start:stop])]
        name = f"{self.name}/{start}-{stop}"
        problem = origin.problem(name, self.section, cluster=self.page, context={"setup": setup})
        trajectory = Trajectory.of_steps(
            origin.name(name, "documented"),
            problem.id,
            [{"text": step_text(line), "role": "act", "kind": "q"} for line in self.lines[start:stop]],
            provenance=origin.provenance("documentation", page=self.page, kind="documented", shows="nowhere"),
            outcome=1.0,
        )
        return Run(problem, trajectory)


def variants(run: Run, step: int, name: str) -> list[str]:
    """The texts that a mutator makes of a line, in an order that does not change."""
    made = MUTATORS[name].variants(run.problem, run.trajectory.steps[step].text, random.Random(0))
    return [one for one in made if one != run.trajectory.steps[step].text]


def fingerprint(line: str) -> str:
    """What the list keeps of a changed line, to know it again."""
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def planted(run: Run, plant: Mapping[str, Any]) -> Trajectory:
    """The session with the change of an entry of the list; its prints as they were.

    Raises:
        ValueError: The mutator makes something else of the line than it did when the list was made.
    """
    step, found = int(plant["step"]), variants(run, int(plant["step"]), plant["kind"])
    number = int(plant["variant"])
    if number >= len(found) or fingerprint(found[number]) != plant["digest"]:
        raise ValueError(f"{run.trajectory.id}: the change of line {step} is another one now")
    shows = "here" if plant["shows_at"] == step else "later"
    id = f"{run.trajectory.id.removesuffix('/documented')}/{shows}-{step}"
    made = rewritten(run.trajectory, step, found[number], id=id)
    detail = {
        **made.provenance.detail,
        **{"kind": "planted", "shows": shows, "edit": plant["kind"]},
        **{"shows_at": plant["shows_at"], "misfits": plant["misfits"]},
    }
    return replace(made, outcome=0.0, provenance=replace(made.provenance, detail=detail))


@functools.cache
def listed() -> Mapping[str, list[dict[str, Any]]]:
    """The list of runs and changes by block."""
    file = importlib.resources.files("prmkit_qlang") / "planted.json"
    found: Mapping[str, list[dict[str, Any]]] = json.loads(file.read_text(encoding="utf-8"))
    return found


class Reader:
    """Makes the sessions of the list from the blocks of the documentation.

    Args:
        wanted: Runs by block; the package's list where None.
    """

    def __init__(self, wanted: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> None:
        self._pages = Pages()
        self._wanted = listed() if wanted is None else wanted

    def __call__(self, row: Row) -> Iterable[Sample]:
        """The documented session and the changed ones of each run of the block that is listed.

        Raises:
            RecordError: A field is missing or of the wrong kind, or the list is of another edition.
        """
        block = self._pages.enter(row)
        return [one for run in self._wanted.get(block.name, ()) for one in self._samples(row, block, run)]

    def _samples(self, row: Row, block: Block, wanted: Mapping[str, Any]) -> Iterator[Sample]:
        start, stop = int(wanted["start"]), int(wanted["stop"])
        if stop > len(block.lines):
            raise fault(row, f"{len(block.lines)} lines, {stop} are wanted", _AGAIN, "interactions")
        run = block.run(Origin(CARD, row), start, stop)
        yield Sample(*run, StepLabels.until_first_error(run.trajectory, None, _LABELER))
        for plant in wanted["plants"]:
            try:
                made = planted(run, plant)
            except ValueError as error:
                raise fault(row, str(error), _AGAIN, "interactions") from None
            yield Sample(run.problem, made, StepLabels.until_first_error(made, plant["step"], _LABELER))


_AGAIN = "make the list again with python -m prmkit_qlang.planted"
SOURCE = Source(card=CARD, parse=Reader({}), joined=Reader)
