"""Chat logs, harness logs and plain text become samples, whatever their shape."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.errors import DataError, RecordError
from prmkit.logs import parse_object, parse_text, read_log

USER = {"role": "user", "content": "A crate holds 12 bottles. How many are in 4 crates?"}
REPLY = {"role": "assistant", "content": "One crate holds 12.\n\nSo 4 * 12 = 48 bottles."}


def write(tmp_path, name, value):
    path = tmp_path / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def texts(sample):
    return [step.text for step in sample.trajectory.steps]


def roles(sample):
    return [step.role for step in sample.trajectory.steps]


@pytest.mark.parametrize(
    "value",
    [
        {"messages": [USER, REPLY]},
        [USER, REPLY],
        [{"messages": [USER, REPLY]}],
        {
            "conversations": [
                {"from": "human", "value": USER["content"]},
                {"from": "gpt", "value": REPLY["content"]},
            ]
        },
        {"messages": [USER, {"role": "assistant", "content": [{"type": "text", "text": REPLY["content"]}]}]},
        {"messages": [USER], "choices": [{"message": REPLY}]},
        {"request": {"body": {"messages": [USER]}}, "response": {"body": {"choices": [{"message": REPLY}]}}},
        {"prompt": USER["content"], "response": REPLY["content"]},
        {"prompt": [USER], "completion": [REPLY]},
        {"question": USER["content"], "outputs": [REPLY["content"]]},
        {
            "input": USER["content"],
            "output": [{"type": "message", "content": [{"type": "output_text", "text": REPLY["content"]}]}],
        },
        {
            "doc": {"q": 1},
            "arguments": [[USER["content"], {"until": []}]],
            "resps": [[REPLY["content"]]],
            "exact_match": 1.0,
        },
        {
            "doc": {},
            "arguments": {"gen_args_0": {"arg_0": USER["content"], "arg_1": {}}},
            "resps": [[REPLY["content"]]],
        },
        {"eval": {}, "samples": [{"id": 1, "messages": [USER, REPLY]}]},
        {"problem": USER["content"], "steps": ["One crate holds 12.", "So 4 * 12 = 48 bottles."]},
        {
            "prompt": USER["content"],
            "completions": ["One crate holds 12.", "So 4 * 12 = 48 bottles."],
            "labels": [True, True],
        },
        {"problem": {"text": USER["content"]}, "steps": ["One crate holds 12.", "So 4 * 12 = 48 bottles."]},
    ],
)
def test_every_shape_gives_the_same_question_and_steps(tmp_path, value):
    (sample,) = read_log(write(tmp_path, "log.json", value))
    assert sample.problem.text == USER["content"]
    assert texts(sample) == ["One crate holds 12.", "So 4 * 12 = 48 bottles."]
    assert sample.trajectory.problem_id == sample.problem.id


def test_tool_calls_are_acts_and_tool_replies_are_observed(tmp_path):
    call = {"id": "c", "function": {"name": "calc", "arguments": '{"expression": "4 * 12"}'}}
    log = [
        USER,
        {"role": "assistant", "content": "I compute.", "tool_calls": [call]},
        {"role": "tool", "content": "48"},
        {"role": "assistant", "content": "It is 48."},
    ]
    (sample,) = read_log(write(tmp_path, "log.json", log))
    assert roles(sample) == ["think", "act", "observe", "think"]
    assert sample.trajectory.steps[1].call == {"name": "calc", "arguments": {"expression": "4 * 12"}}
    assert sample.trajectory.scored == (0, 1, 3)


def test_tool_results_sent_in_the_users_name_stay_in_the_same_exchange(tmp_path):
    log = [
        USER,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Use the tool."},
                {"type": "tool_use", "name": "calc", "input": {"e": "4*12"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "48"}]}]},
        {"role": "assistant", "content": [{"type": "text", "text": "It is 48."}]},
    ]
    (sample,) = read_log(write(tmp_path, "log.json", log))
    assert list(zip(roles(sample), texts(sample), strict=True)) == [
        ("think", "Use the tool."),
        ("act", 'calc({"e": "4*12"})'),
        ("observe", "48"),
        ("think", "It is 48."),
    ]


def test_each_answer_of_a_conversation_is_one_trace_of_one_cluster(tmp_path):
    log = {
        "id": "talk",
        "messages": [
            USER,
            REPLY,
            {"role": "user", "content": "And 5?"},
            {"role": "assistant", "content": "60."},
        ],
    }
    samples = list(read_log(write(tmp_path, "log.json", log)))
    assert [s.trajectory.id for s in samples] == ["talk/1", "talk/2"]
    assert [s.problem.text for s in samples][1] == "And 5?"
    assert {s.problem.cluster for s in samples} == {"talk"}


def test_several_replies_to_one_prompt_share_a_cluster(tmp_path):
    samples = list(
        read_log(write(tmp_path, "log.json", {"id": "q", "prompt": "1+1?", "completions": ["2", "3"]}))
    )
    assert [s.trajectory.id for s in samples] == ["q#1", "q#2"]
    assert {s.problem.cluster for s in samples} == {"q"}


def test_lines_that_are_single_messages_form_conversations_by_session(tmp_path):
    rows = [
        {"type": "summary", "sessionId": "a"},
        {"sessionId": "a", "message": USER},
        {"sessionId": "a", "message": REPLY},
        {"sessionId": "b", "message": {"role": "user", "content": "1+1?"}},
        {"sessionId": "b", "message": {"role": "assistant", "content": "2"}},
    ]
    path = write(tmp_path, "log.jsonl", "\n".join(map(json.dumps, rows)))
    assert [s.problem.text for s in read_log(path)] == [USER["content"], "1+1?"]


def test_bad_rows_are_set_aside_with_file_row_and_reason_and_the_rest_is_read(tmp_path):
    rows = ["{broken", json.dumps({"x": 1}), json.dumps({"prompt": "q", "response": "   "}), "7"]
    rows += [
        json.dumps({"messages": [{"role": "wizard", "content": "hm"}]}),
        json.dumps({"messages": [USER]}),
    ]
    rows += [json.dumps({"prompt": "q", "response": "1 + 1 = 2"})]
    path = write(tmp_path, "log.jsonl", "\n".join(rows))
    aside = []
    (sample,) = read_log(path, quarantine=aside)
    assert texts(sample) == ["1 + 1 = 2"]
    assert [(q.file, q.row) for q in aside] == [(str(path), n) for n in range(1, 7)]
    assert "not valid JSON" in aside[0].reason
    assert "no reply found among the fields x" in aside[1].reason
    assert "wizard" in aside[4].reason
    with pytest.raises(RecordError, match=r"log\.jsonl:1: .*not valid JSON"):
        list(read_log(path))


def test_equal_ids_are_told_apart(tmp_path):
    row = json.dumps({"id": "a", "problem": {"text": "1+1?"}, "steps": ["2"], "labels": [1.0]})
    samples = list(read_log(write(tmp_path, "log.jsonl", f"{row}\n{row}\n{row}")))
    assert [s.trajectory.id for s in samples] == ["a", "a~2", "a~3"]
    for sample in samples:
        sample.labels.check(sample.trajectory)


def test_line_separators_inside_json_strings_do_not_cut_rows(tmp_path):
    row = json.dumps({"prompt": "q", "response": "one\u2028two"}, ensure_ascii=False)
    assert len(list(read_log(write(tmp_path, "log.jsonl", row)))) == 1


def test_gzip_csv_and_standard_input_are_read(tmp_path, monkeypatch):
    packed = tmp_path / "log.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps({"messages": [USER, REPLY]}).encode()))
    assert len(list(read_log(packed))) == 1
    table = write(tmp_path, "log.csv", "prompt,response\n1+1?,It is 2.\n")
    assert [texts(s) for s in read_log(table)] == [["It is 2."]]
    monkeypatch.setattr("sys.stdin", __import__("io").StringIO("2 + 2 = 4"))
    assert [texts(s) for s in read_log("-")] == [["2 + 2 = 4"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("User: 1+1?\n\nAssistant: It is 2.\nSure.", [("1+1?", "It is 2.\nSure.")]),
        ("**Problem:** 1+1?\n**Solution:** 2", [("1+1?", "2")]),
        (
            "### User\n1+1?\n### Assistant\n2\n### User\n2+2?\n### Assistant\n4",
            [("1+1?", "2"), ("2+2?", "4")],
        ),
        ("Answer: 4 because 2 + 2 = 4", [("", "Answer: 4 because 2 + 2 = 4")]),
        ("A dog barks.\nQ is a letter.", [("", "A dog barks.\nQ is a letter.")]),
    ],
)
def test_plain_text_and_transcripts(content, said):
    assert [(x.question, x.parts[0].text) for x in parse_text(content)] == said


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"", "holds nothing to check"),
        ("a.txt", b" \n ", "holds nothing to check"),
        ("a.bin", b"\xff\xfe\x00\x01", "is not UTF-8 text"),
        ("a.json", b'{"messages": [', "is not valid JSON"),
        ("a.gz", b"\x1f\x8bbroken", "is not UTF-8 text"),
    ],
)
def test_files_that_cannot_be_read_say_what_to_do(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read_log(path))
    assert str(path) in str(caught.value)
    assert caught.value.do


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.json.*cannot be read"):
        list(read_log(tmp_path / "nowhere.json"))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "type",
                    "text",
                    "messages",
                    "prompt",
                    "response",
                    "resps",
                    "arguments",
                    "choices",
                    "message",
                    "steps",
                    "problem",
                    "samples",
                    "tool_calls",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_read_or_set_aside_and_never_crashes(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    path.write_text(json.dumps(value), encoding="utf-8")
    aside = []
    for sample in read_log(path, quarantine=aside):
        for step in sample.trajectory.steps:
            assert sample.trajectory.text[step.start : step.end] == step.text


def test_objects_without_a_reply_name_their_fields():
    with pytest.raises(RecordError, match="no reply found among the fields metric, row"):
        parse_object({"row": 1, "metric": 0.5})
