r"""Pages of the q documentation: Markdown, for language models and retrieval.

An invented row::

    {"page": "docs/ref/double.md", "text": "# `double`\n\nTwice a number.\n\n```q\nq)double 4\n8\n```\n"}

A page is a trajectory, cut at blank lines outside fences. Nobody judged the steps.

Source: Kx Systems, *Documentation for kdb+ and q*, CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_block
from prmkit.types import Sample, Trajectory
from prmkit_qlang.data.rows import Origin, text

CARD = DatasetCard(
    name="kx_doc_pages",
    path="qlang/kx_doc_pages",
    files=(
        FileCard("pages.jsonl.gz", 291, "e9d312116ca0c8b60849176c6eb22dc6d5384ac932d12ba46394f7607d0c1ee5"),
    ),
    summary="Reference, basics, tutorials and white papers of kdb+ and q as Markdown",
    licence="CC-BY-4.0",
    gold="none",
    cluster="page",
    hub="github:KxSystems/docs",
    use=("train",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the page.

    Raises:
        RecordError: A field is missing or blank.
    """
    origin = Origin(CARD, row)
    page, body = text(row, "page"), text(row, "text")
    name = page.removeprefix("docs/").removesuffix(".md")
    problem = origin.problem(name, name, cluster=name)
    trajectory = Trajectory(
        id=origin.name(name),
        problem_id=problem.id,
        text=body,
        steps=by_block(body),
        provenance=origin.provenance("documentation", page=name),
    )
    yield Sample(problem, trajectory)


SOURCE = Source(card=CARD, parse=parse)
