"""FeTaQA, development part: questions on Wikipedia tables, answered in sentences.

An invented row of the same shape::

    {"feta_id": 9, "table_source_json": "x.json", "page_wikipedia_url": "http://en.wikipedia.org/wiki/Oslo",
     "table_page_title": "Oslo", "table_section_title": "Weather",
     "table_array": [["Year", "Rain"], ["2001", "30"]], "highlighted_cell_ids": [[1, 0], [1, 1]],
     "question": "How much did it rain in 2001?", "answer": "In 2001 it rained 30 mm in Oslo."}

An answer is one step a sentence, written by people from the table. Nobody rated the sentences.
``highlighted_cell_ids`` counts the header as row 0; they stand in the context as (row from 1, column name).

Source: Nan et al., arXiv 2104.00369.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_sentence
from prmkit.types import Json, Sample, Trajectory
from prmkit_tables.data.rows import Origin, asked, context_of, fault, half, key, table, text, value

CARD = DatasetCard(
    name="fetaqa_dev",
    path="tables/fetaqa_dev",
    files=(
        FileCard("dev.jsonl.gz", 1001, "18a13d7aaca23b87c9c86020712e948bc62187b60a8b332138c7d707eefaaa41"),
    ),
    summary="Free-form answers to questions on Wikipedia tables, development part",
    licence="CC-BY-SA-4.0",
    gold="outcome",
    cluster="page",
    hub="DongfuJiang/FeTaQA",
    use=("evaluate",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the answer, sentence by sentence.

    Raises:
        RecordError: A field is missing, the table is ragged, or a supporting cell lies outside it.
    """
    origin = Origin(CARD, row)
    lines = value(row, "table_array")
    if not isinstance(lines, list) or len(lines) < 2:
        raise fault(row, "a table of fewer than two lines", "write header and rows", "table_array")
    found = table(row, lines[0], lines[1:])
    page, section = text(row, "table_page_title"), value(row, "table_section_title")
    id, answer = str(value(row, "feta_id")), text(row, "answer")
    cells = [_cell(row, cell, len(lines), found.columns) for cell in value(row, "highlighted_cell_ids")]
    title = f"{page} – {section}" if section else page
    problem = origin.problem(
        id,
        asked(text(row, "question"), found, title=title),
        cluster=key(page),
        reference=answer,
        context={**context_of(found), "cells": [cell for cell in cells if cell]},
        half=half(page),
    )
    trajectory = Trajectory(
        id=origin.name(id),
        problem_id=problem.id,
        text=answer,
        steps=by_sentence(answer),
        final_answer=answer,
        outcome=1.0,
        provenance=origin.provenance("person", half=half(page)),
    )
    yield Sample(problem, trajectory)


def _cell(row: Row, cell: Json, lines: int, columns: tuple[str, ...]) -> list[Json] | None:
    """A supporting cell; None for one of the header."""
    whole = isinstance(cell, list) and len(cell) == 2 and all(isinstance(part, int) for part in cell)
    if not whole or not (0 <= cell[0] < lines and 0 <= cell[1] < len(columns)):
        raise fault(
            row, f"{cell!r:.40} is no cell of the table", "write [row, column]", "highlighted_cell_ids"
        )
    return [cell[0], columns[cell[1]]] if cell[0] else None


SOURCE = Source(card=CARD, parse=parse)
