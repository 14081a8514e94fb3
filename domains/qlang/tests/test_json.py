"""JSON to values and back. All texts are invented."""

import pytest

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.format import console
from prmkit_qlang.engine.functions import NIL
from prmkit_qlang.engine.json import read, write
from prmkit_qlang.engine.types import BOOL, DATE, FLOAT, NULLS, SYM, TIMESTAMP
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    array,
    chars,
    flag,
    long,
    longs,
    match,
    real,
    syms,
)

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (long(3), "3"),
        (real(0.1), "0.1"),
        (real(NAN), "null"),
        (longs([1, NULLS[7]]), "[1,null]"),
        (array(FLOAT, [-INF, 0.0, INF]), "[-inf,0,inf]"),
        (flag(1), "true"),
        (array(BOOL, [1, 0]), "[true,false]"),
        (chars('a"b\n'), '"a\\"b\\n"'),
        (chars("é"), '"é"'),
        (syms(["x", "y"]), '["x","y"]'),
        (Atom(-DATE, 59), '"2000-02-29"'),
        (Atom(-TIMESTAMP, 0), '"2000-01-01D00:00:00.000000000"'),
        (NIL, "null"),
        (List([]), "[]"),
        (Dict(longs([1, 2]), syms(["a", "b"])), '{"1":"a","2":"b"}'),
        (Table(["n", "s"], [longs([1, 2]), syms(["a", "b"])]), '[{"n":1,"s":"a"},{"n":2,"s":"b"}]'),
    ],
)
def test_writing(value, text):
    assert write(value) == text


def test_infinity_as_null():
    assert write(array(FLOAT, [INF, 1.5]), null_infinity=True) == "[null,1.5]"


def test_a_keyed_table_is_its_rows():
    keyed = Dict(Table(["k"], [syms(["a"])]), Table(["v"], [longs([1])]))
    assert write(keyed) == '[{"k":"a","v":1}]'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", real(1.0)),
        ("null", real(NAN)),
        ("true", flag(1)),
        ('"ab"', chars("ab")),
        ("[1, 2.5]", array(FLOAT, [1.0, 2.5])),
        ("[]", List([])),
        ('[1,"a"]', List([real(1.0), chars("a")])),
        ('{"a":1}', Dict(syms("a"), array(FLOAT, [1.0]))),
        ("{}", Dict(array(SYM, []), List([]))),
        ('[{"a":1},{"a":2}]', Table(["a"], [array(FLOAT, [1.0, 2.0])])),
    ],
)
def test_reading(text, value):
    assert match(read(text), value)


def test_what_is_written_is_read():
    value = Dict(syms(["a", "b"]), List([array(FLOAT, [0.0, 1.0]), List([chars("hello"), chars("you")])]))
    assert match(read(write(value)), value)
    assert console(read(write(value))).splitlines()[0].rstrip() == "a| 0       1"


@pytest.mark.parametrize("text", ["{", "[1,]", "nul", "{1:2}", "'a'"])
def test_what_is_no_json(text):
    with pytest.raises(QError, match="type"):
        read(text)


def test_depth_is_bounded():
    with pytest.raises(QError, match="limit"):
        read("[" * 100_000)
    assert write(read('["' + "[" * 500 + '"]')) == '["' + "[" * 500 + '"]'
