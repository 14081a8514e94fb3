r"""TAT-QA development questions, answered by five systems, with a verdict per answer.

An invented row of the same shape (two of the five systems shown)::

    {"question_id": "q1", "question": "What is the change in Rent?", "answer": 112,
     "answer_type": "arithmetic", "scale": "thousand", "derivation": "62-(-50)",
     "text": "We lease offices (in thousands).", "table": "— | 2019 | 2018\nRent | $62 | (50)\n",
     "outputs": {"pot_codex": {"generated": ["a = 62\nans = a + 50\nunits = 'thousand'"],
                               "pred_answer": 112, "pred_scale": "thousand", "match": true},
                 "cot_codex": {"generated": ["Rent rose by $12 thousand. So the answer is:\n$12 thousand"],
                               "pred_answer": ["$12 thousand"], "pred_scale": "", "match": false}}}

``match`` is a verdict of the set's makers with a tolerance of half a percent, close to but not the
official measure: it becomes the outcome as it is. The five answers come from five systems and are not
exchangeable. Answers that are empty are no samples (74 of 8,335). Steps carry no labels.
"""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_line
from prmkit.types import Json, Problem, Sample, Step, Trajectory
from prmkit_finance.data.rows import Origin, fault, grid, mapping, shown, text, text_key, value
from prmkit_finance.data.tatqa import SCALES, spelled
from prmkit_finance.steps import by_statement

SYSTEMS = ("pot_codex", "cot_codex", "cot_gpt3", "direct_codex", "direct_gpt3")

CARD = DatasetCard(
    name="tatqa_model_outputs",
    path="finance/tatqa_model_outputs",
    files=(
        FileCard(
            "outputs.jsonl.gz", 1667, "030641511116760b8894f751d705a41cc14fbb64494bc356db1f10dc1b3483c4"
        ),
    ),
    summary="Five systems' answers to TAT-QA development questions, with verdicts",
    licence="MIT (outputs), CC-BY-4.0 (questions)",
    gold="outcome",
    cluster="table",
    hub="github:wenhuchen/Program-of-Thoughts",
    use=("evaluate",),
)


def _cut(system: str, written: str) -> tuple[Step, ...]:
    return by_line(written) if system.startswith("pot") else by_statement(written)


def _answer(given: Json, scale: str) -> str | None:
    if given is None or isinstance(given, bool):
        return None if given is None else str(given)
    if isinstance(given, dict):
        given = [str(one) for one in given.values()]
    if isinstance(given, float):
        given = round(given, 10)
    return spelled(given, scale if scale in SCALES else "") or None


def _sample(origin: Origin, problem: Problem, kind: str, system: str) -> Sample | None:
    given = mapping(
        origin.row, mapping(origin.row, value(origin.row, "outputs"), "outputs").get(system), system
    )
    written, right = given["generated"], given["match"]
    if not isinstance(written, list) or not isinstance(right, bool):
        raise fault(origin.row, "expected texts and a verdict", "write generated and match", system)
    solution = str(written[0]) if written else ""
    if not solution.strip():
        return None
    trajectory = Trajectory(
        id=f"{problem.id}/{system}",
        problem_id=problem.id,
        text=solution,
        steps=_cut(system, solution),
        final_answer=_answer(given["pred_answer"], str(given["pred_scale"] or "")),
        outcome=float(right),
        provenance=origin.provenance(system, type=kind, writer=system),
    )
    return Sample(problem, trajectory)


def parse(row: Row) -> Iterator[Sample]:
    """One sample for each of the five systems that wrote something.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(CARD, row)
    table = [
        ["" if cell == "\u2014" else cell for cell in line] for line in grid(row, text(row, "table"), "table")
    ]
    kind = text(row, "answer_type")
    problem = origin.problem(
        text(row, "question_id"),
        text(row, "question").strip(),
        cluster=text_key(shown(table)),
        reference={
            "answer": value(row, "answer"),
            "scale": value(row, "scale"),
            "type": kind,
            "derivation": value(row, "derivation"),
        },
        table=table,
        passage=str(value(row, "text") or ""),
        type=kind,
    )
    for system in SYSTEMS:
        sample = _sample(origin, problem, kind, system)
        if sample is not None:
            yield sample


SOURCE = Source(card=CARD, parse=parse)
