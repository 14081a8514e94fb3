"""Panels from a problem's context, and the reader of daily prices with its bad files and lines."""

import gzip
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Dataset, Source, open_dataset
from prmkit.errors import DataError, RecordError
from prmkit.manifest import FileMark
from prmkit_finance.data.daily_prices import CARD, SOURCE, panel_of, parse, quarters
from prmkit_finance.market.panel import Panel, blocks_of

GOOD = {"dates": ["2020-01-02", "2020-01-03"], "tickers": ["A", "B"], "close": [[1, 2], [3, None]]}


def test_reads_a_context():
    p = Panel.of_context(GOOD)
    assert p.shape == (2, 2)
    np.testing.assert_equal(p.fields["close"], [[1, 2], [3, math.nan]])
    assert p.until(1).dates == ("2020-01-02",)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"close": [[1, 2], [3]]}, "field 'close': 1 numbers for 2 columns"),
        ({"close": [[1, 2]]}, "not one row for each of 2 dates"),
        ({"close": [[1, 2], [3, -4]]}, "-4 is no possible close"),
        ({"close": [[1, 2], [0, 4]]}, "0 is no possible close"),
        ({"close": [[1, 2], [3, "4"]]}, "'4' is not a number"),
        ({"close": [[1, 2], [3, True]]}, "True is not a number"),
        ({"close": [[1, 2], [3, math.inf]]}, "inf is not a number"),
        ({"close": [[1, 2], [3, 10**400]]}, "is not a number"),
        ({"close": "12"}, "not one row"),
        ({"volume": [[1, 2], [3, -1]]}, "-1 is no possible volume"),
        ({"dates": ["2020-01-02", "2020-01-02"]}, "row 2: field 'dates': 2020-01-02 stands there twice"),
        ({"dates": ["2020-01-03", "2020-01-02"]}, "2020-01-02 comes after 2020-01-03"),
        ({"dates": ["2020-01-02", "soon"]}, "'soon' is not an ISO date"),
        ({"dates": 3}, "dates must be a list"),
        ({"tickers": ["A", "A"]}, "unlike names"),
        ({"tickers": []}, "unlike names"),
    ],
)
def test_a_bad_context_names_field_and_row(change, fault):
    with pytest.raises(RecordError) as caught:
        Panel.of_context({**GOOD, **change})
    assert fault in str(caught.value)
    assert "what to do" in str(caught.value)


@pytest.mark.parametrize("given_", [None, [], "prices", {"dates": ["2020-01-02"], "tickers": ["A"]}])
def test_what_is_no_panel_is_refused(given_):
    with pytest.raises(RecordError):
        Panel.of_context(given_)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(GOOD)), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from(["dates", "tickers", "close"]))
@settings(max_examples=100, deadline=None)
def test_any_context_is_read_or_refused(value, name):
    for context in (value, {**GOOD, name: value}):
        try:
            p = Panel.of_context(context)
        except RecordError:
            continue
        assert Panel.of_context(p.to_context()).dates == p.dates


def test_blocks():
    assert blocks_of(["2020-03-31", "2020-04-01", "2021-12-31"]) == ["2020-1", "2020-2", "2021-4"]


# ---------------------------------------------------------------- daily prices

HEADER = "Date,Open,High,Low,Close,Volume,Name"
LINES = [f"2010-{m:02d}-{d:02d},10,11,9,10.{d},100,ABC" for m in (1, 4) for d in (4, 5, 6)]


def dataset(folder, *, files=("ABC.csv.gz",)):
    card = DatasetCard(
        name=CARD.name, path="x", files=tuple(FileCard(f, 0) for f in files), summary="s", licence="l",
        gold="none", cluster="quarter",
    )  # fmt: skip
    return Dataset(Source(card, parse, read=quarters), folder, files)


def write(folder, lines, name="ABC.csv.gz"):
    with gzip.open(folder / name, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")


def test_a_record_is_a_ticker_in_a_quarter(tmp_path):
    write(tmp_path, [HEADER, *LINES])
    data = dataset(tmp_path)
    samples = list(data)
    assert [s.problem.cluster for s in samples] == ["2010-1", "2010-2"]
    first = samples[0]
    assert first.problem.context["prices"]["close"] == [[10.4], [10.5], [10.6]]
    assert first.trajectory.text == "ABC: 3 days, 2010-01-04 to 2010-01-06"
    assert first.trajectory.scored == ()
    assert data.quarantine == []
    assert panel_of(samples).shape == (6, 1)


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ("2010-01-05,10,11,9,10.7,100,ABC", "'Date': 2010-01-05 stands there twice"),
        ("2010-01-04,10,11,9,10.7,100,ABC", "'Date': 2010-01-04 comes after 2010-01-05"),
        ("2010-01-06,10,11,9,-3,100,ABC", "'Close': -3 is no possible close"),
        ("2010-01-06,10,11,9,0,100,ABC", "'Close': 0 is no possible close"),
        ("2010-01-06,10,11,9,,100,ABC", "'Close': the day has no close"),
        ("2010-01-06,10,8,9,10,100,ABC", "'High': the high 8 lies below the low 9"),
        ("2010-01-06,10,11,9,ten,100,ABC", "'Close': 'ten' is not a number"),
        ("2010-01-06,10,11,9,nan,100,ABC", "'Close': nan is no possible close"),
        ("2010-01-06,10,11,9,10,-5,ABC", "'Volume': -5 is no possible volume"),
        ("06/01/2010,10,11,9,10,100,ABC", "'Date': '06/01/2010' is not a date"),
        ("2010-01-06,10,11,9,10,100,XYZ", "'Name': 'XYZ' in the file of 'ABC'"),
        ("2010-01-06,10,11,9,10,100", "6 cells under 7 column names"),
    ],
)
def test_a_bad_line_is_set_aside_and_the_rest_goes_on(tmp_path, bad, fault):
    write(tmp_path, [HEADER, *LINES[:2], bad, *LINES[2:]])
    data = dataset(tmp_path)
    assert panel_of(data).shape == (6, 1)
    assert len(data.quarantine) == 1
    assert data.quarantine[0].row == 3
    assert fault in data.quarantine[0].reason


def test_empty_cells_are_unknown(tmp_path):
    write(tmp_path, [HEADER, LINES[0], "2010-01-05,,11,,10,100,ABC"])
    p = panel_of(dataset(tmp_path))
    assert np.isnan(p.fields["open"][1, 0])
    assert p.fields["high"][1, 0] == 11


def test_an_unreadable_file_is_set_aside_and_the_others_go_on(tmp_path):
    write(tmp_path, [HEADER, *LINES])
    whole = (tmp_path / "ABC.csv.gz").read_bytes()
    (tmp_path / "CUT.csv.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "JUNK.csv.gz").write_bytes(b"not compressed at all")
    write(tmp_path, ["Day;Price", "1;2"], "FORM.csv.gz")
    data = dataset(tmp_path, files=("CUT.csv.gz", "JUNK.csv.gz", "FORM.csv.gz", "ABC.csv.gz"))
    assert len(list(data)) == 2
    assert {bad.file for bad in data.quarantine} == {"CUT.csv.gz", "JUNK.csv.gz", "FORM.csv.gz"}
    assert any("'Date': the column is missing" in bad.reason for bad in data.quarantine)


def test_without_prices_there_is_no_panel():
    with pytest.raises(DataError):
        panel_of([])


def test_two_tickers_of_the_real_set(data_root):
    data = open_dataset(SOURCE, folders=[data_root], files=["HD.csv.gz", "KO.csv.gz"])
    samples = list(data)
    assert len(samples) == 2 * 48
    assert [(bad.file, bad.row) for bad in data.quarantine] == [("HD.csv.gz", 828)]
    assert len({s.problem.cluster for s in samples}) == 48
    p = panel_of(samples)
    assert p.shape == (3020, 2)
    assert (p.dates[0], p.dates[-1]) == ("2006-01-03", "2017-12-29")
    marks = {file.name: file.sha256 for file in CARD.files}
    assert all(FileMark.of(data.folder / name).sha256 == marks[name] for name in data.files)
