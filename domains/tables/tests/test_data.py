"""Readers: invented rows parse, bad rows are named, tables and claims are the ones meant."""

import copy
import importlib
import json

import pytest

import prmkit
from prmkit.dataset import Row
from prmkit.errors import RecordError
from prmkit.manifest import inspect
from prmkit.registry import resolve

TABLES = prmkit.domain("tables")
COUNTS = {  # samples, steps, clusters
    "fetaqa_dev": (1001, 1010, 984),
    "hitab_dev": (1671, 1785, 540),
    "sql_create_context_sample": (1000, 1000, 998),
    "tabfact_val": (5172, 5172, 700),
    "tabmwp_pot_outputs": (5812, 16159, 5713),
    "wtq_train": (14152, 14152, 1677),
}


def invented(source):
    """The JSON rows that a reader's docstring shows, in the order of the set's files."""
    text = importlib.import_module(source.parser().__module__).__doc__
    decoder, found, at = json.JSONDecoder(), [], 0
    while (at := text.find("\n    {", at)) >= 0:
        body = text[at:].lstrip()
        value, length = decoder.raw_decode(body)
        found.append(value)
        at += len(text[at:]) - len(body) + length
    names = [file.name for file in source.card.files]
    order = sorted(found, key=lambda row: not ({"header", "rows"} <= set(row)))
    return list(zip(names, order, strict=True))


def read(source, rows):
    parse = source.parser()
    return [sample for name, row in rows for sample in parse(Row(name, 1, row))]


@pytest.mark.parametrize("name", TABLES.datasets)
def test_the_row_of_the_docstring_parses(name):
    source = resolve(TABLES.datasets[name])
    (sample,) = read(source, invented(source))
    assert sample.problem.domain == "tables"
    assert sample.trajectory.steps
    assert sample.problem.cluster != sample.problem.id


@pytest.mark.parametrize("name", TABLES.datasets)
def test_a_row_that_lacks_a_field_is_named(name):
    source = resolve(TABLES.datasets[name])
    rows = invented(source)
    file, last = rows[-1]
    needed = {"table_source_json", "page_wikipedia_url", "table_source", "sentence_id", "sub_sentence_id"}
    for field in set(last) - needed - {"sub_sentence"}:
        broken = {key: value for key, value in copy.deepcopy(last).items() if key != field}
        with pytest.raises((RecordError, KeyError)) as caught:
            read(source, [*rows[:-1], (file, broken)])
        assert field in str(caught.value)


@pytest.mark.parametrize("name", ["wtq_train", "tabfact_val", "fetaqa_dev", "tabmwp_pot_outputs"])
def test_ragged_tables_are_refused_by_row(name):
    source = resolve(TABLES.datasets[name])
    rows = copy.deepcopy(invented(source))
    table = rows[0][1]
    if "rows" in table:
        table["rows"][0].append("one too many")
    elif "table_array" in table:
        table["table_array"][1].append("one too many")
    else:
        table["table"] += "\nTuesday | 3 | 4"
    with pytest.raises(RecordError, match="cells under 2 columns") as caught:
        read(source, rows)
    assert caught.value.row == 1


@pytest.mark.parametrize("name", ["wtq_train", "tabfact_val"])
def test_a_question_without_its_table_is_refused(name):
    source = resolve(TABLES.datasets[name])
    with pytest.raises(RecordError, match="no table"):
        read(source, invented(source)[1:])


def test_wrong_claims_keep_their_text_and_label():
    source = resolve(TABLES.datasets["tabfact_val"])
    rows = copy.deepcopy(invented(source))
    rows[1][1].update(statement="rome be colder than oslo", label=0)
    (sample,) = read(source, rows)
    assert sample.trajectory.steps[0].text == "rome be colder than oslo"
    assert sample.labels.values == (0.0,)
    assert sample.problem.context["table"]["rows"] == [["oslo", "4"], ["rome", "15"]]
    assert "| oslo | 4 |" in sample.problem.text


def test_price_lists_have_no_header():
    source = resolve(TABLES.datasets["tabmwp_pot_outputs"])
    rows = copy.deepcopy(invented(source))
    rows[0][1]["table"] = "pen | $3\ncup | $4.50 per kg"
    (sample,) = read(source, rows)
    assert sample.problem.context["table"]["columns"] == ["item", "price"]
    assert [step.text for step in sample.trajectory.steps] == ["pens = [3, 7]", "ans = max(pens) - min(pens)"]


def test_linked_cells_stand_under_their_sheet_names():
    source = resolve(TABLES.datasets["hitab_dev"])
    (sample,) = read(source, invented(source))
    assert sample.problem.context["cells"] == {"B5": 7.0, "B6": 4.0}
    assert sample.trajectory.steps[0].text == "=B5-B6 = 3"


@pytest.mark.parametrize("name", TABLES.datasets)
def test_the_real_set_is_read_whole(name, data_root):
    source = resolve(TABLES.datasets[name])
    assert not [state.faults for state in inspect(source.card, data_root / source.card.path) if state.faults]
    dataset = TABLES.load(name)
    samples = list(dataset)
    assert not dataset.quarantine
    steps = sum(len(sample.trajectory.steps) for sample in samples)
    assert (len(samples), steps, len({s.problem.cluster for s in samples})) == COUNTS[name]
