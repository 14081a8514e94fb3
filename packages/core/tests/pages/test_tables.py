"""Tables: one way of writing a number, in HTML, Markdown and CSV alike."""

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.report.tables import Estimate, Table, estimate, interval, markdown, number, settings, text, to_csv

TABLE = Table(
    "demo",
    "Demo",
    ("scorer", "auroc"),
    (("prm", Estimate(0.97049, 0.96, 0.98, 900, 60)), ("a|b <i>", None), ("=1+1", Estimate(0.5))),
    "Read it so.",
)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0.000"),
        (0.06149, "0.061"),
        (-0.5, "−0.500"),
        (99.95, "100.0"),
        (1e-9, "1e-09"),
        (12, "12"),
        (True, "yes"),
        (-1234.5, "−1,234"),
    ],
)
def test_numbers_are_written_once_and_for_all(value, said):
    assert number(value) == said


def test_an_interval_stands_behind_its_value_and_differences_bear_their_sign():
    assert text(Estimate(0.97049, 0.96, 0.98)) == "0.970 [0.960, 0.980]"
    assert text(Estimate(0.061, 0.032, 0.092, signed=True)) == "+0.061 [+0.032, +0.092]"
    assert interval(Estimate(0.5)) == ""
    assert text(Estimate(0.002, None, 0.0047)) == "0.002 (≤ 0.005)"


@pytest.mark.parametrize(
    ("low", "high", "decided"),
    [
        (0.01, 0.2, True),
        (-0.2, -0.01, True),
        (-0.01, 0.2, False),
        (0.0, 0.2, False),
        (None, None, False),
        (None, 0.2, False),
    ],
)
def test_a_difference_is_decided_only_when_its_interval_excludes_zero(low, high, decided):
    assert Estimate(0.1, low, high).decided is decided


@pytest.mark.parametrize(
    "broken", [None, "0.5", {}, {"value": None}, {"value": "x"}, [1], math.nan, {"value": math.inf}, True]
)
def test_what_is_no_number_is_no_estimate(broken):
    assert estimate(broken) is None


def test_markdown_cannot_be_broken_by_its_cells():
    said = markdown(TABLE).splitlines()
    assert said[2:5] == ["| scorer | auroc |", "|---|---:|", "| prm | 0.970 [0.960, 0.980] |"]
    assert said[5] == "| a\\|b &lt;i> | – |"


def test_csv_keeps_full_precision_with_interval_n_and_clusters():
    rows = list(csv.DictReader(io.StringIO(to_csv(TABLE))))
    assert rows[0] == {
        "scorer": "prm",
        "auroc": "0.97049",
        "auroc low": "0.96",
        "auroc high": "0.98",
        "auroc n": "900",
        "auroc clusters": "60",
    }
    assert rows[1]["auroc"] == ""
    assert rows[2]["scorer"] == "'=1+1"  # a spreadsheet must not take it for a formula


@given(
    st.lists(st.tuples(st.text(max_size=20), st.floats(allow_nan=False, allow_infinity=False)), max_size=5)
)
def test_csv_gives_back_every_row(rows):
    table = Table("t", "", ("name", "value"), tuple((n, Estimate(v)) for n, v in rows))
    read = list(csv.reader(io.StringIO(to_csv(table))))[1:]
    assert [float(row[1]) for row in read] == [v for _, v in rows]


@given(st.floats(min_value=-1e6, max_value=1e6))
def test_written_numbers_are_near_the_number(value):
    said = float(number(value).replace("−", "-").replace(",", "").lstrip("+"))
    assert said == pytest.approx(
        value, rel=0.06, abs=0.0006 if abs(value) < 1 else 0.6 if abs(value) >= 1000 else 0.06
    )


def test_nested_settings_are_written_with_dots():
    table = settings({"a": {"b": 1, "c": [1, 2]}, "d": None, "e": {}}, name="s", title="")
    assert table.rows == (("a.b", "1"), ("a.c", "1, 2"), ("d", "–"), ("e", "{}"))
