"""Segmenters keep blocks whole, and answers compare as multisets."""

import pytest

from prmkit.types import Problem
from prmkit_tables.equality import same_multiset, same_table, same_value
from prmkit_tables.grade import grade
from prmkit_tables.segment import by_block, by_sentence_block, by_statement
from prmkit_tables.table import TableError, as_markdown, markdown_tables, read_table, table_of

LOG = """Look at the rows. They are:

| name | kg |
|------|---:|
| ann  | 3  |
| bob \\| co | 12 |

~~~sql
SELECT max(kg)

FROM t
~~~
It gives 12. The answer is 12."""


@pytest.mark.parametrize("cut", [by_block, by_sentence_block])
def test_blocks_stay_whole(cut):
    texts = [step.text for step in cut(LOG)]
    assert [text for text in texts if text.startswith("|")] == [LOG[LOG.index("|") : LOG.index("\n\n~~~")]]
    assert "~~~sql\nSELECT max(kg)\n\nFROM t\n~~~" in texts
    assert texts[-1] == "The answer is 12."
    assert [step.kind for step in cut(LOG)][-1] == "conclusion"


def test_an_open_fence_runs_to_the_end():
    assert [step.text for step in by_block("a\n```\nb\n\nc")] == ["a", "```\nb\n\nc"]


def test_statements_of_a_program():
    program = "a = {\n'x': 1,\n}\n\nif a:\n    b = 2\nelif 0:\n    b = 3\nelse:\n    b = 4\n# done\nans = b"
    assert len(by_statement(program)) == 3


def test_markdown_and_back():
    (table,) = markdown_tables(LOG)
    assert table.rows == (("ann", "3"), ("bob | co", "12"))
    assert markdown_tables(as_markdown(table))[0] == table
    assert table_of(Problem("p", LOG)) == table
    assert table_of(Problem("p", LOG + "\n\n" + as_markdown(table))) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1], "columns and rows"),
        ({"columns": ["a"], "rows": [[1, 2]]}, "row 1 has 2 cells"),
        ({"columns": [], "rows": []}, "no column"),
        ({"columns": ["a"], "rows": [[{}]]}, "holds"),
        ({"columns": [1], "rows": []}, "list of names"),
    ],
)
def test_malformed_tables_are_named(value, words):
    with pytest.raises(TableError, match=words):
        read_table(value)


@pytest.mark.parametrize(
    ("right", "given", "same"),
    [
        ("1,200", "1200", True),
        ("$3.50", "3.5", True),
        (1 / 3, "0.33", True),
        (1 / 3, "0.3", False),
        (2.5, "3", False),
        ("3/4", "0.75", True),
        (None, "NULL", True),
        (None, "0", False),
        (0, None, False),
        ("", "", True),
        ("yes", "True", True),
        ("Saint-Denis", "saint denis", True),
        ("a", "b", False),
        ("12%", "0.12", None),
        ("12 kg", "12", None),
        ("12 kg", "13", False),
    ],
)
def test_values(right, given, same):
    assert same_value(right, given) is same


def test_multisets_and_results():
    assert same_multiset(["1", "1.0", "2"], ["2", "1", "1"])
    assert same_multiset(["1", "2", "2"], ["1", "1", "2"]) is False
    assert same_table([(1, None), (2, "b")], [(2.0, "B"), (1, "null")])
    assert same_table([(1,), (2,)], [(2,), (1,)], ordered=True) is False
    assert same_table([(1,)], [(1, 1)]) is False
    assert same_table([], [])


def test_grades():
    assert grade(Problem("p", "?", reference=["a", "b"]), "b, a") == 1.0
    assert grade(Problem("p", "?", reference=["Rome, Italy"]), "Rome, Italy") == 1.0
    assert grade(Problem("p", "?", reference=["Rome, Italy"]), "rome italy") == 1.0
    assert grade(Problem("p", "?", reference=5), " ") == 0.0
    assert grade(Problem("p", "?", reference={"sql": "SELECT 1"}), "1") is None
    assert grade(Problem("p", "?"), "1") is None
