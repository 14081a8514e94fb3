"""What a report says, before it is HTML or Markdown: sections of prose, findings, tables, figures."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from prmkit.report.plots import Figure
from prmkit.report.tables import Table

Tag = Literal["gain", "loss", "none", "equal", "figure", "note", "fine", "warning", "unclear"]
TAGS: dict[str, str] = {
    "gain": "gain",
    "loss": "loss",
    "none": "not shown",
    "equal": "equal",
    "figure": "level",
    "note": "note",
    "fine": "fine",
    "warning": "warning",
    "unclear": "cannot tell",
}
READING = (
    "A **gain** or **loss** is claimed only where the paired 95 % interval excludes zero."
    " **Not shown** means that the data cannot tell; it is no proof of equality."
)
"""How to read the findings of a comparison."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of the summary and what kind of statement it is."""

    tag: Tag
    text: str
    place: str = ""
    """Suite it speaks of; findings of one suite stand together."""


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; ``how`` marks a note on how to read what stands beside it."""

    text: str
    how: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Folded:
    """A table that stands closed until it is asked for."""

    summary: str
    table: Table


Block = Prose | Heading | Table | Figure | Folded


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report."""

    title: str
    lede: str
    notes: tuple[str, ...]
    """Remarks on the runs as a whole."""
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    reading: str = READING
    """How to read the findings."""

    def grouped(self) -> list[tuple[str, list[Finding]]]:
        """Findings by the suite they speak of, in order."""
        return [(place, list(said)) for place, said in itertools.groupby(self.findings, lambda f: f.place)]

    def tables(self) -> Iterator[Table]:
        """Every table in order."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    yield block
                elif isinstance(block, Folded):
                    yield block.table


def kept(blocks: Sequence[Block | None]) -> tuple[Block, ...]:
    """Blocks that have something to show."""
    return tuple(b for b in blocks if b is not None and not (isinstance(b, Table) and not b))
