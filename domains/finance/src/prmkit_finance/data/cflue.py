"""CFLUE: questions of Chinese finance examinations with explanations, and a few application tasks.

Invented rows of the same shape, of both files::

    {"名称": "期货从业资格", "task": "单项选择题", "question": "保证金比例通常为合约价值的（）。",
     "choices": "{'A': '5%', 'B': '50%'}", "answer": "A", "analysis": "保证金比例通常为合约价值的5%。"}
    {"task": "金融咨询", "sub_task": "财报内容问答", "instruction": "回答问题。", "input": "",
     "output": "否", "history": []}

The explanation is the solution, one sentence a step; where there is none, the answer is. Nobody rated
the sentences, so they carry no labels. Clusters are questions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.segment import by_sentence
from prmkit.types import Problem, Sample, Trajectory
from prmkit_finance.data.rows import Origin, fault, text, text_key, value

CARD = DatasetCard(
    name="cflue",
    path="finance/cflue",
    files=(
        FileCard(
            "knowledge.jsonl.gz", 2879, "22294c08e7e10a3c5e78036d510f082c435b6ad12f1ccedd1f24f253b8e03116"
        ),
        FileCard(
            "application.jsonl", 125, "cb4e13bf04f898c7fd60e2772c60c44796426520a78684f124fa2638c456dd87"
        ),
    ),
    summary="Chinese finance examination questions with explanations",
    licence="MIT (badge of the repository; it has no licence file)",
    gold="none",
    cluster="question",
    hub="github:aliyun/cflue",
)


def choices_of(row: Row) -> dict[str, str]:
    """The choices of a question: letter → text.

    Raises:
        RecordError: The field is no printed mapping of texts.
    """
    try:
        found = ast.literal_eval(text(row, "choices"))
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise fault(row, "no mapping of choices", "write {'A': '...'}", "choices") from error
    if not isinstance(found, dict) or not found:
        raise fault(row, "no mapping of choices", "write {'A': '...'}", "choices")
    return {str(letter): str(choice) for letter, choice in found.items()}


def _knowledge(row: Row, origin: Origin) -> Sample:
    choices = choices_of(row)
    answer = text(row, "answer").strip()
    if not set(answer) <= set(choices):
        raise fault(row, f"{answer!r} is none of the choices", "write letters of choices", "answer")
    asked = "\n".join([text(row, "question"), *(f"{letter}. {said}" for letter, said in choices.items())])
    exam, kind = text(row, "名称"), text(row, "task")
    problem = Problem(
        id=origin.name(row.number),
        text=asked,
        cluster=text_key(text(row, "question")),
        domain="finance",
        reference={"choice": answer},
        context={"question": text(row, "question"), "choices": choices},
        provenance=origin.provenance(part="knowledge", exam=exam, kind=kind),
    )
    written = str(value(row, "analysis") or "").strip() or f"答案：{answer}"
    return _solved(origin, problem, written, answer)


def _application(row: Row, origin: Origin) -> Sample:
    output = value(row, "output")
    written = output if isinstance(output, str) else "\n".join(str(one) for one in output)
    asked = "\n".join(filter(None, (text(row, "instruction"), str(value(row, "input") or ""))))
    problem = Problem(
        id=origin.name("application", row.number),
        text=asked,
        cluster=text_key(asked),
        domain="finance",
        reference={"answer": written},
        context={"question": asked},
        provenance=origin.provenance(
            part="application", kind=text(row, "task"), sub_task=text(row, "sub_task")
        ),
    )
    return _solved(origin, problem, written, written)


def _solved(origin: Origin, problem: Problem, written: str, answer: str) -> Sample:
    trajectory = Trajectory(
        id=f"{problem.id}/expert",
        problem_id=problem.id,
        text=written,
        steps=by_sentence(written),
        final_answer=answer,
        outcome=1.0,
        provenance=origin.provenance("experts", **dict(problem.provenance.detail)),
    )
    return Sample(problem, trajectory)


def parse(row: Row) -> Iterator[Sample]:
    """One sample: the expert's explanation.

    Raises:
        RecordError: A field is missing or of another type, or the answer names no choice.
    """
    origin = Origin(CARD, row)
    yield _application(row, origin) if "instruction" in row.data else _knowledge(row, origin)


SOURCE = Source(card=CARD, parse=parse)
