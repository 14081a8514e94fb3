"""Readers: invented rows of each shape, what is set aside, and the real sets where they are at hand."""

import pytest

import prmkit
from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit_finance.data import cflue, convfinqa, tatqa, tatqa_outputs
from prmkit_finance.grade import graded

FINANCE = prmkit.domain("finance")

CONVERSATION = {
    "questions": ["what were rents in 2011?", "and in 2010?", "what was the change?"],
    "answer": 12.0,
    "text": "we lease offices .",
    "table": "item | 2011 | 2010\nrents | $ 62 | $ 50\n",
    "golden_text": "",
    "golden_table": "",
    "id": "Single_ABC/2011/page_9.pdf-1",
    "programs": ["ans = 62", "ans = 50", "ans = 62 - 50"],
}
ASKED = {
    "uid": "q1",
    "order": 1,
    "question": "What is the change in Rent?",
    "answer": 112,
    "derivation": "62-(-50)",
    "answer_type": "arithmetic",
    "scale": "thousand",
}
PAGE = {
    "table": {"uid": "t1", "table": [["", "2019", "2018"], ["Rent", "$62", "(50)"]]},
    "paragraphs": [{"uid": "p1", "order": 1, "text": "We lease offices (in thousands)."}],
    "questions": [ASKED],
}
ANSWERED = {
    "question_id": "q1",
    "question": "What is the change in Rent?",
    "answer": 112,
    "answer_type": "arithmetic",
    "scale": "thousand",
    "derivation": "62-(-50)",
    "text": "We lease offices (in thousands).",
    "table": "\u2014 | 2019 | 2018\nRent | $62 | (50)\n",
    "outputs": {
        system: {
            "generated": ["Rent rose. So the answer is:\n$12 thousand"],
            "pred_answer": ["$12 thousand"],
            "pred_scale": "",
            "match": False,
        }
        for system in tatqa_outputs.SYSTEMS
    },
}
ASKED_IN_EXAM = {
    "名称": "期货从业资格",
    "task": "单项选择题",
    "question": "保证金比例通常为合约价值的（）。",
    "choices": "{'A': '5%', 'B': '50%'}",
    "answer": "A",
    "analysis": "保证金比例通常为合约价值的5%。它可以调整。",
}


def test_a_turn_is_a_step():
    ((problem, trajectory, labels),) = convfinqa.parse(Row("f", 1, CONVERSATION))
    assert trajectory.steps[2].text == "ans = 62 - 50"
    assert labels.values == (1.0, 1.0, 1.0)
    assert (problem.cluster, problem.reference["answer"]) == ("ABC/2011", 12.0)
    assert problem.context["table"] == {
        "columns": ["item", "2011", "2010"],
        "rows": [["rents", "$ 62", "$ 50"]],
    }


def test_a_derivation_and_its_answer_are_steps():
    ((problem, trajectory, labels),) = tatqa.parse(Row("f", 1, PAGE))
    assert [step.text for step in trajectory.steps] == ["62-(-50)", "The answer is 112 thousand"]
    assert labels.values == (1.0, 1.0)
    assert problem.context["text"] == "We lease offices (in thousands)."


def test_five_systems_share_a_problem_and_the_table_is_the_cluster():
    samples = list(tatqa_outputs.parse(Row("f", 1, ANSWERED)))
    assert [s.trajectory.provenance.system for s in samples] == list(tatqa_outputs.SYSTEMS)
    assert {s.trajectory.outcome for s in samples} == {0.0}
    assert samples[1].trajectory.steps[-1].text == "$12 thousand"
    ((page, _, _),) = tatqa.parse(Row("f", 1, PAGE))
    assert {s.problem.cluster for s in samples} == {page.cluster}


def test_an_explanation_is_cut_into_sentences():
    ((problem, trajectory, labels),) = cflue.parse(Row("f", 1, ASKED_IN_EXAM))
    assert [step.text for step in trajectory.steps] == ["保证金比例通常为合约价值的5%。", "它可以调整。"]
    assert (labels, problem.reference, problem.context["choices"]["B"]) == (None, {"choice": "A"}, "50%")


@pytest.mark.parametrize(
    ("parse", "row", "field", "bad"),
    [
        (convfinqa.parse, CONVERSATION, "programs", ["ans = 62"]),
        (convfinqa.parse, CONVERSATION, "id", "page 9"),
        (convfinqa.parse, CONVERSATION, "table", ""),
        (convfinqa.parse, CONVERSATION, "answer", None),
        (tatqa.parse, PAGE, "table", {"table": "no list" * 0}),
        (tatqa.parse, PAGE, "questions", [{**ASKED, "scale": "dozen"}]),
        (tatqa_outputs.parse, ANSWERED, "outputs", []),
        (tatqa_outputs.parse, ANSWERED, "question", 7),
        (cflue.parse, ASKED_IN_EXAM, "choices", "__import__('os')"),
        (cflue.parse, ASKED_IN_EXAM, "answer", "Z"),
    ],
)
def test_a_bad_field_is_named(parse, row, field, bad):
    with pytest.raises(RecordError, match="f:3"):
        list(parse(Row("f", 3, {**row, field: bad})))


def test_ragged_tables_are_filled():
    ragged = {**PAGE, "table": {"table": [["", "2019", "2018"], ["Rent", "$62"]]}}
    ((problem, _, _),) = tatqa.parse(Row("f", 1, ragged))
    assert problem.context["table"]["rows"] == [["Rent", "$62", ""]]


@pytest.mark.parametrize("name", ["convfinqa_dev", "tatqa_dev", "cflue"])
def test_gold_answers_are_graded_right(data_root, name):
    del data_root
    dataset = FINANCE.load(name)
    samples = list(dataset)
    assert len(dataset.quarantine) == 0
    wrong = [s for s in samples if graded(s.problem, s.trajectory.final_answer).grade == 0.0]
    unsure = [s for s in samples if graded(s.problem, s.trajectory.final_answer).grade is None]
    assert (len(wrong), len(unsure)) in ((0, 0), (0, 1))
