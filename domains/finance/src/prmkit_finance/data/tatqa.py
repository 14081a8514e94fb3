"""TAT-QA, development split: questions on a table and paragraphs of a report, with derivations.

An invented row of the same shape, with one of its questions::

    {"table": {"uid": "t1", "table": [["", "2019", "2018"], ["Rent", "$62", "(50)"]]},
     "paragraphs": [{"uid": "p1", "order": 1, "text": "We lease offices (in thousands)."}],
     "questions": [{"uid": "q1", "order": 1, "question": "What is the change in Rent?", "answer": 112,
                    "derivation": "62-(-50)", "answer_type": "arithmetic", "answer_from": "table",
                    "rel_paragraphs": [], "req_comparison": false, "scale": "thousand"}]}

A row gives one sample per question. Where a derivation is a sum it is the first step; the last step
states the answer. Clusters are tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Json, Sample, Trajectory
from prmkit_finance.data.rows import Origin, fault, gold, grid, mapping, shown, text_key, value

SCALES = ("", "thousand", "million", "billion", "percent")

CARD = DatasetCard(
    name="tatqa_dev",
    path="finance/tatqa_dev",
    files=(
        FileCard(
            "tatqa_dataset_dev.json.gz",
            278,
            "43170be6e04341c8e92dfc44fe913aa9a1d68bfda3c5707ce884bbf65a6a6be4",
        ),
    ),
    summary="Questions on report tables and text, with the derivation of computed answers",
    licence="CC-BY-4.0",
    gold="human",
    cluster="table",
    index_base=0,
    hub="github:NExTplusplus/TAT-QA",
    use=("evaluate",),
)


def spelled(answer: Json, scale: str) -> str:
    """An answer as text, with its scale.

    Examples:
        >>> spelled(-22.22, "percent"), spelled(["2019"], ""), spelled(112, "thousand")
        ('-22.22%', '2019', '112 thousand')
    """
    if isinstance(answer, list):
        said = "; ".join(str(one) for one in answer)
    else:
        said = f"{answer:,}" if isinstance(answer, (int, float)) else str(answer)
    if not scale or any(word in said for word in ("thousand", "million", "billion", "%")):
        return said
    return f"{said}%" if scale == "percent" else f"{said} {scale}"


def _steps(asked: Mapping[str, Json], answer: str) -> list[dict[str, Json]]:
    last = {"text": f"The answer is {answer}", "kind": "answer"}
    derivation = str(asked["derivation"] or "").strip()
    if asked["answer_type"] != "arithmetic" or not derivation:
        return [last]
    return [{"text": derivation, "kind": "derivation"}, last]


def _sample(origin: Origin, given: Json, table: list[list[str]], passage: str) -> Sample:
    asked = mapping(origin.row, given, "questions")
    answer, scale = asked["answer"], asked["scale"]
    if scale not in SCALES:
        raise fault(origin.row, f"unknown scale {scale!r}", f"use one of {SCALES}", "scale")
    if not isinstance(answer, (int, float, str, list)):
        raise fault(origin.row, f"expected an answer, got {answer!r:.60}", "write it", "answer")
    said = spelled(answer, scale)
    kind = str(asked["answer_type"])
    problem = origin.problem(
        str(asked["uid"]),
        str(asked["question"]).strip(),
        cluster=text_key(shown(table)),
        reference={"answer": answer, "scale": scale, "type": kind},
        table=table,
        passage=passage,
        type=kind,
    )
    trajectory = Trajectory.of_steps(
        origin.name(asked["uid"], "gold"),
        problem.id,
        _steps(asked, said),
        final_answer=said,
        outcome=1.0,
        provenance=origin.provenance("annotators", type=kind),
    )
    return Sample(problem, trajectory, gold(trajectory, "human/tatqa@1"))


def parse(row: Row) -> Iterator[Sample]:
    """One sample per question of the row.

    Raises:
        RecordError: A field is missing or of another type, or a scale is unknown.
    """
    origin = Origin(CARD, row)
    table = grid(row, mapping(row, value(row, "table"), "table").get("table"), "table")
    paragraphs, questions = value(row, "paragraphs"), value(row, "questions")
    if not isinstance(paragraphs, list) or not isinstance(questions, list):
        raise fault(row, "expected lists", "write lists of paragraphs and questions", "questions")
    passage = "\n".join(str(mapping(row, one, "paragraphs")["text"]) for one in paragraphs)
    for asked in questions:
        yield _sample(origin, asked, table, passage)


SOURCE = Source(card=CARD, parse=parse)
