"""HiTab, development part: questions on statistical tables, with the spreadsheet formulas of their answers.

An invented row of the same shape::

    {"id": "x", "table_id": "t9", "table_source": "nsf", "sentence_id": "1", "sub_sentence_id": "1",
     "sub_sentence": "oslo has 3 more parks than rome.",
     "question": "how many more parks has oslo than rome?", "answer": [3.0], "aggregation": ["diff"],
     "linked_cells": {"entity_link": {}, "quantity_link": {"[ANSWER]": {"(4, 1)": 7.0, "(5, 1)": 4.0}}},
     "answer_formulas": ["=B5-B6"],
     "reference_cells_map": {"B5": "(4, 1)", "B6": "(5, 1)"}}

The snapshot has no tables: the context holds the linked cells by their names in the formulas. Each formula
is one step, written ``=B5-B6 = 3``. Nobody rated the steps.

Source: Cheng et al., arXiv 2108.06712.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Json, Sample, Trajectory
from prmkit_tables.cells import written
from prmkit_tables.data.rows import Origin, fault, half, key, text, value, values
from prmkit_tables.verifiers.spreadsheet import neighbours

CARD = DatasetCard(
    name="hitab_dev",
    path="tables/hitab_dev",
    files=(
        FileCard("dev.jsonl.gz", 1671, "d811eb72b34bf2d0f05446997ae691a2fa2ae5464632614a3aca8f74dbd63527"),
    ),
    summary="Questions on statistical tables with linked cells and answer formulas, development part",
    licence="C-UDA 1.0",
    gold="outcome",
    cluster="table",
    hub="github:microsoft/HiTab",
    use=("evaluate",),
)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the formulas with their values.

    Raises:
        RecordError: A field is missing, or the links are no mapping.
    """
    origin = Origin(CARD, row)
    id, page = text(row, "id"), text(row, "table_id")
    answers, formulas = values(row, "answer"), values(row, "answer_formulas")
    cells = linked_cells(row)
    problem = origin.problem(
        id,
        text(row, "question"),
        cluster=key("hitab", page),
        reference=answers,
        context={"cells": cells, "aggregation": value(row, "aggregation")},
        half=half(page),
    )
    stated = [written(answer) for answer in answers]
    paired = len(formulas) == len(answers)
    steps = [
        f"{formula} = {answer}" if paired else str(formula)
        for formula, answer in zip(formulas, stated if paired else formulas, strict=True)
    ]
    trajectory = Trajectory.of_steps(
        origin.name(id),
        problem.id,
        [{"text": step, "kind": "computation"} for step in steps],
        final_answer=" | ".join(stated),
        outcome=1.0,
        provenance=origin.provenance("person", half=half(page)),
    )
    yield Sample(problem, trajectory)


def linked_cells(row: Row) -> dict[str, Json]:
    """Values of the linked cells by their spreadsheet names, as far as the formulas place them.

    The links count rows and columns of the table, formulas those of the sheet around it; the difference is
    read off the cells whose both names are given.

    Raises:
        RecordError: The links or the map of names are no mappings.
    """
    links, places = value(row, "linked_cells"), value(row, "reference_cells_map")
    if not isinstance(links, Mapping) or not isinstance(places, Mapping):
        raise fault(row, "the links are no mapping", "take the row from the published file", "linked_cells")
    by_place: dict[str, Json] = {}
    for group in links.values():
        for inner in group.values():
            for place, cell in _leaves(inner):
                by_place[place] = cell
    return neighbours({str(name): str(place) for name, place in places.items()}, by_place)


def _leaves(inner: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(inner, Mapping):
        for name, found in inner.items():
            if isinstance(found, Mapping):
                yield from _leaves(found)
            elif str(name).startswith("("):
                yield str(name), found


SOURCE = Source(card=CARD, parse=parse)
