"""Times: texts, lenient reading, conversion and parts. All texts are invented."""

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.moments import FIRST_DAY, LAST_DAY, civil, days_of
from prmkit_qlang.engine.temporal import convert, convert_scalar, literal, part, parts, show, tok
from prmkit_qlang.engine.types import (
    CODES,
    DATE,
    DATETIME,
    DTYPES,
    FLOATING,
    INFINITIES,
    LONG,
    MINUTE,
    MONTH,
    NULLS,
    TEMPORAL,
    TIME,
    TIMESPAN,
    TIMESTAMP,
)

EPOCH = datetime.date(2000, 1, 1).toordinal()
NAMES = ("year", "mm", "dd", "hh", "uu", "ss", "week", "month", "date", "minute", "second", "time")
NUMBERS = [CODES[c] for c in "bxhijef"]


@given(st.integers(FIRST_DAY, LAST_DAY))
def test_days_agree_with_the_calendar_of_python(days):
    day = datetime.date.fromordinal(EPOCH + days)
    assert civil(days) == (day.year, day.month, day.day)
    assert days_of(day.year, day.month, day.day) == days


def test_the_same_sums_for_arrays():
    days = np.arange(FIRST_DAY, LAST_DAY, 997)
    assert [tuple(map(int, one)) for one in zip(*civil(days), strict=True)] == [civil(int(d)) for d in days]


@pytest.mark.parametrize(
    ("text", "t", "shown"),
    [
        ("2021.03.04", "d", "2021.03.04"),
        ("2021.03m", "m", "2021.03m"),
        ("2021.03.04D05:06:07.123456789", "p", "2021.03.04D05:06:07.123456789"),
        ("2021.03.04D", "p", "2021.03.04D00:00:00.000000000"),
        ("2021.03.04D05", "p", "2021.03.04D05:00:00.000000000"),
        ("2021.03.04T05:06:07.089", "z", "2021.03.04T05:06:07.089"),
        ("2D03:04", "n", "2D03:04:00.000000000"),
        ("-0D00:00:02", "n", "-0D00:00:02.000000000"),
        ("7:08", "u", "07:08"),
        ("-07:08", "u", "-07:08"),
        ("07:08:09", "v", "07:08:09"),
        ("07:08:09.5", "t", "07:08:09.500"),
        ("30:00:00.000", "t", "30:00:00.000"),
        ("07:08:09.1234", "n", "0D07:08:09.123400000"),
        ("07:08n", "n", "0D07:08:00.000000000"),
        ("2000.01.05p", "p", "2000.01.05D00:00:00.000000000"),
        ("07:08t", "t", "07:08:00.000"),
        ("1500.01.01p", "p", "-0Wp"),
        ("0p", "p", "2000.01.01D00:00:00.000000000"),
    ],
)
def test_literals(text, t, shown):
    code, v = literal(text)
    assert (code, show(code, v)) == (CODES[t], shown)


@pytest.mark.parametrize("text", ["2021.02.30", "2021.13m", "12:60", "12:34.", "12", "x", "", "٣:٠٠"])
def test_what_is_no_literal(text):
    assert literal(text) is None


@pytest.mark.parametrize("t", sorted(TEMPORAL))
def test_nulls_and_infinities_print_with_their_letter(t):
    letter = {v: k for k, v in CODES.items()}[t]
    w = "w" if t == DATETIME else "W"
    shown = [show(t, v) for v in (NULLS[t], INFINITIES[t], -INFINITIES[t])]
    assert shown == [f"0N{letter}", f"0{w}{letter}", f"-0{w}{letter}"]


def test_dates_that_cannot_be_shown():
    assert show(DATE, FIRST_DAY) == "0001.01.01"
    assert show(DATE, FIRST_DAY - 1) == show(DATE, LAST_DAY + 1) == "0000.00.00"
    assert show(DATETIME, float(FIRST_DAY - 1)) == show(DATETIME, 1e12) == "0000.00.00T00:00:00.000"


@pytest.mark.parametrize(
    ("t", "text", "shown"),
    [
        ("d", "2021-03-04", "2021.03.04"),
        ("d", "20210304", "2021.03.04"),
        ("d", "210304", "2021.03.04"),
        ("d", "03/04/2021", "2021.03.04"),
        ("d", "4Mar21", "2021.03.04"),
        ("d", "2021/mar/04", "2021.03.04"),
        ("d", " 2021.03.04D05:06 ", "2021.03.04"),
        ("d", "2021.02.29", "0Nd"),
        ("d", "nonsense", "0Nd"),
        ("m", "2021-03", "2021.03m"),
        ("m", "202103", "2021.03m"),
        ("p", "2021-03-04T05:06:07.5Z", "2021.03.04D05:06:07.500000000"),
        ("p", "20210304-05:06:07", "2021.03.04D05:06:07.000000000"),
        ("p", "1000000000.25", "2001.09.09D01:46:40.250000000"),
        ("z", "2021.03.04", "2021.03.04T00:00:00.000"),
        ("n", "010203456", "0D01:02:03.456000000"),
        ("n", "-1D02", "-1D02:00:00.000000000"),
        ("t", "0102", "01:02:00.000"),
        ("t", "1:2:3.25", "01:02:03.250"),
        ("v", "93000", "09:30:00"),
        ("u", "12:34:56", "12:34"),
        ("u", "12:99", "0Nu"),
        ("t", "", "0Nt"),
        ("t", "9" * 500, "0Nt"),
    ],
)
def test_lenient_reading(t, text, shown):
    code = CODES[t]
    assert show(code, tok(code, text)) == shown


def test_days_may_come_first():
    assert [show(DATE, tok(DATE, "03/04/2021", day_first=flag)) for flag in (False, True)] == [
        "2021.03.04",
        "2021.04.03",
    ]
    assert show(DATE, tok(DATE, "mar/04/2021", day_first=True)) == "2021.03.04"


@pytest.mark.parametrize(
    ("a", "v", "b", "made"),
    [
        (DATE, 59, MONTH, 1),
        (MONTH, 1, DATE, 31),
        (TIMESTAMP, -1, DATE, -1),
        (TIMESTAMP, -1, TIME, 86_399_999),
        (DATETIME, 1.75, TIME, 64_800_000),
        (DATE, 200_000, TIMESTAMP, INFINITIES[TIMESTAMP]),
        (DATE, INFINITIES[DATE], TIMESTAMP, INFINITIES[TIMESTAMP]),
        (DATE, INFINITIES[DATE], LONG, 2**31 - 1),
        (LONG, INFINITIES[LONG], DATE, INFINITIES[DATE]),
        (MINUTE, 90, TIMESPAN, 5_400_000_000_000),
        (TIME, -1, MINUTE, -1),
        (CODES["f"], 6.6, DATE, 7),
        (DATE, NULLS[DATE], TIMESTAMP, NULLS[TIMESTAMP]),
    ],
)
def test_conversion(a, v, b, made):
    assert convert_scalar(v, a, b) == made
    assert convert(np.array([v], dtype=DTYPES[a]), a, b).tolist() == [made]


def some(t, numbers):
    if t in FLOATING:
        out = [n / 1000 for n in numbers]
    else:
        kind = np.dtype(np.uint8) if DTYPES[t].kind == "b" else DTYPES[t]
        low, high = np.iinfo(kind).min, 1 if DTYPES[t].kind == "b" else np.iinfo(kind).max
        out = [min(max(n, int(low)), int(high)) for n in numbers]
    out += [NULLS[t], INFINITIES[t], -INFINITIES[t]] if t in INFINITIES else []
    return np.array(out, dtype=DTYPES[t])


def alike(a, b):
    return a == b or (a != a and b != b)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=6))
def test_arrays_convert_as_scalars_do(numbers):
    for a in [*TEMPORAL, *NUMBERS]:
        array = some(a, numbers)
        for b in [*TEMPORAL, *NUMBERS]:
            made = convert(array, a, b)
            assert made.dtype == DTYPES[b]
            assert all(map(alike, made.tolist(), [convert_scalar(v, a, b) for v in array.tolist()]))


def test_parts_of_a_point_in_time():
    t, v = literal("2021.03.04D05:06:07.5")
    numbers = {name: part(name, t, v) for name in ("year", "mm", "dd", "hh", "uu", "ss")}
    assert {name: made for name, (_, made) in numbers.items()} == {
        "year": 2021, "mm": 3, "dd": 4, "hh": 5, "uu": 6, "ss": 7,
    }  # fmt: skip
    assert {code for code, _ in numbers.values()} == {CODES["i"]}
    shown = {name: show(*part(name, t, v)) for name in ("date", "month", "week", "minute", "time")}
    assert shown == {
        "date": "2021.03.04",
        "month": "2021.03m",
        "week": "2021.03.01",
        "minute": "05:06",
        "time": "05:06:07.500",
    }


def test_parts_of_spans():
    assert part("mm", *literal("07:08:09")) == part("uu", *literal("07:08:09")) == (CODES["i"], 8)
    assert part("hh", *literal("30:00")) == (CODES["i"], 30)


@pytest.mark.parametrize(
    ("name", "t"), [("year", TIME), ("hh", DATE), ("dd", MONTH), ("year", LONG), ("x", DATE)]
)
def test_parts_that_there_are_not(name, t):
    with pytest.raises(QError, match="type"):
        part(name, t, 1)


def test_parts_of_arrays_are_those_of_scalars():
    for t in TEMPORAL:
        array = some(t, [0, 1, -1, 5_000, 987_654])
        for name in (
            "year",
            "mm",
            "dd",
            "hh",
            "uu",
            "ss",
            "week",
            "month",
            "date",
            "minute",
            "second",
            "time",
        ):
            try:
                code, made = parts(name, t, array)
            except QError:
                continue
            wanted = [part(name, t, v) for v in array.tolist()]
            assert {one for one, _ in wanted} == {code}
            assert all(map(alike, made.tolist(), [v for _, v in wanted])), (t, name)
