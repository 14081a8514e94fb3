"""Readers: invented rows parse, bad rows are named, sessions and verdicts are the ones meant."""

import copy
import json

import pytest

from prmkit.dataset import Row, open_dataset
from prmkit.errors import RecordError
from prmkit.judging.suites import check_name, select
from prmkit.manifest import inspect
from prmkit_qlang import plugin
from prmkit_qlang.data import doc_pages, docs_examples, humaneval, humaneval_verdicts
from prmkit_qlang.suites import SUITES

READERS = {one.CARD.name: one for one in (doc_pages, docs_examples, humaneval, humaneval_verdicts)}
COUNTS = {  # samples, steps, clusters
    "kx_doc_pages": (291, 17039, 291),
    "kx_docs_examples": (2214, 5921, 267),
    "q_humaneval": (76, 76, 76),
    "q_humaneval_verdicts": (22800, 22800, 76),
}
UNREAD = {"url", "line", "lang", "q_tests", "canonical_solution", "block"}


def invented(reader):
    """The JSON rows that a reader's docstring shows, in the order of the set's files."""
    text, decoder, found, at = reader.__doc__, json.JSONDecoder(), [], 0
    while (at := text.find("\n    {", at)) >= 0:
        body = text[at:].lstrip()
        value, length = decoder.raw_decode(body)
        found.append(value)
        at += len(text[at:]) - len(body) + length
    return list(zip([file.name for file in reader.CARD.files], found, strict=True))


def read(reader, rows):
    parse = reader.SOURCE.parser()
    return [sample for name, row in rows for sample in parse(Row(name, 1, row))]


@pytest.mark.parametrize("name", READERS)
def test_the_row_of_the_docstring_parses(name):
    samples = read(READERS[name], invented(READERS[name]))
    assert samples
    for sample in samples:
        assert sample.problem.domain == "qlang"
        assert sample.problem.cluster != sample.problem.id
        assert sample.labels is None


@pytest.mark.parametrize("name", READERS)
def test_a_row_that_lacks_a_field_is_named(name):
    rows = invented(READERS[name])
    file, last = rows[-1]
    for field in set(last) - UNREAD:
        broken = {key: value for key, value in copy.deepcopy(last).items() if key != field}
        with pytest.raises(RecordError) as caught:
            read(READERS[name], [*rows[:-1], (file, broken)])
        assert (caught.value.field, caught.value.row) == (field, 1)


def test_a_line_is_a_step_and_what_came_before_is_the_setup():
    (name, row), *_ = invented(docs_examples)
    later = {**copy.deepcopy(row), "id": "ref/double#1", "preamble": "g:{3*x}"}
    first, second = read(docs_examples, [(name, row), (name, later)])
    assert [step.text for step in first.trajectory.steps] == ["q)f:{2*x}", "q)f 4 5\n8 10"]
    assert first.trajectory.provenance.detail["replayable"] == [False, True]
    assert first.problem.context["setup"] == []
    assert second.problem.context["setup"] == ["f:{2*x}", "f 4 5", "g:{3*x}"]


def test_a_block_of_other_prompts_is_no_sample():
    ((name, row),) = invented(docs_examples)
    row["interactions"] = [{"other_prompt": "$ ls", "output": ""}]
    assert not read(docs_examples, [(name, row)])


def test_a_task_hides_its_tests_and_says_whether_they_can_be_passed():
    ((name, row),) = invented(humaneval)
    (sound,) = read(humaneval, [(name, row)])
    assert "candidate" not in sound.problem.text
    assert sound.problem.reference["entry_point"] == "twice"
    assert sound.problem.provenance.detail["sound"] == "yes"
    row["tests"] += "    assert candidate(4) == reference(4)\n"
    (other,) = read(humaneval, [(name, row)])
    assert other.problem.provenance.detail["sound"] == "no"


def test_tests_that_are_no_python_are_refused():
    ((name, row),) = invented(humaneval)
    row["tests"] = "def check(candidate:"
    with pytest.raises(RecordError, match="no Python") as caught:
        read(humaneval, [(name, row)])
    assert caught.value.field == "tests"


def test_verdicts_are_joined_with_their_task():
    samples = read(humaneval_verdicts, invented(humaneval_verdicts))
    assert [sample.trajectory.outcome for sample in samples] == [1.0, 0.0]
    assert {sample.trajectory.text for sample in samples} == {""}
    assert samples[0].trajectory.provenance.system == "qqWen-2B"


@pytest.mark.parametrize(
    "change",
    [{"passed": [True]}, {"n_passed": 2}, {"info": ["passed"]}, {"passed": [1, 0]}, {"task_id": 901}],
)
def test_verdicts_that_do_not_add_up_are_refused(change):
    rows = invented(humaneval_verdicts)
    rows[1][1].update(change)
    with pytest.raises(RecordError):
        read(humaneval_verdicts, rows)


@pytest.mark.parametrize("name", READERS)
def test_the_real_set_is_read_whole(name, data_root):
    source = READERS[name].SOURCE
    assert not [state.faults for state in inspect(source.card, data_root / source.card.path) if state.faults]
    dataset = open_dataset(source)
    samples = list(dataset)
    assert not dataset.quarantine
    steps = sum(len(sample.trajectory.steps) for sample in samples)
    assert (len(samples), steps, len({s.problem.cluster for s in samples})) == COUNTS[name]


def test_suites_hold_the_rows_they_pin(data_root):
    for name in {suite.dataset for suite in SUITES}:
        samples = list(plugin.load(name))
        for suite in (one for one in SUITES if one.dataset == name):
            assert len(suite.digest) == 64
            assert len(select(check_name(suite), samples)) == suite.n


def test_no_sample_of_a_task_that_is_not_sound_passed(data_root):
    samples = open_dataset(humaneval_verdicts.SOURCE)
    outcomes = [s.trajectory.outcome for s in samples if s.problem.provenance.detail["sound"] == "no"]
    assert len(outcomes) == 600
    assert not any(outcomes)
