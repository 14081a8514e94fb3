"""What the console prints. All values are invented; columns that end in blanks are compared with them."""

import gzip
import json
import re

import numpy as np
import pytest

from prmkit_qlang.engine import inline
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.format import console
from prmkit_qlang.engine.functions import NIL, Composition, Derived, Lambda, Prim, Projection
from prmkit_qlang.engine.inline import s1
from prmkit_qlang.engine.json import write
from prmkit_qlang.engine.literals import number
from prmkit_qlang.engine.string import string
from prmkit_qlang.engine.types import (
    BOOL,
    BYTE,
    CHAR,
    DATE,
    FLOAT,
    GUID,
    INT,
    LONG,
    MONTH,
    NULLS,
    REAL,
    SHORT,
    SYM,
    TIME,
)
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Vec,
    array,
    chars,
    long,
    longs,
    real,
    sym,
    syms,
)

NAN, INF = float("nan"), float("inf")
NO = NULLS[LONG]
PLUS = Prim("+", {2: lambda x, y: x}, infix=True)
TWICE = Lambda("{2*x}", ("x",), frozenset(), (), "", lambda f, args: args[0])
PEOPLE = Table(
    ["name", "n", "note"],
    [syms(["ann", "bo", ""]), longs([1, NO, 30]), List([chars("ab"), longs([1]), long(2)])],
)
KEYED = Dict(Table(["k"], [syms(["x", "yy"])]), Table(["v", "w"], [longs([1, 22]), array(FLOAT, [0.5, NAN])]))
PLACES = syms(["north", "south"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (long(3), "3"),
        (long(NO), "0N"),
        (long(2**63 - 1), "0W"),
        (Atom(-INT, 1 - 2**31), "-0Wi"),
        (Atom(-SHORT, NULLS[SHORT]), "0Nh"),
        (Atom(-SHORT, 2**15 - 1), "32767h"),
        (real(3.0), "3f"),
        (real(1 / 7), "0.1428571"),
        (real(1e10), "1e+10"),
        (real(1e-7), "1e-07"),
        (real(NAN), "0n"),
        (real(-INF), "-0w"),
        (Atom(-REAL, float(np.float32(2.7))), "2.7e"),
        (Atom(-REAL, NAN), "0Ne"),
        (Atom(-BOOL, 1), "1b"),
        (Atom(-BYTE, 10), "0x0a"),
        (Atom(-CHAR, 97), '"a"'),
        (Atom(-CHAR, 9), '"\\t"'),
        (sym(""), "`"),
        (sym("ab"), "`ab"),
        (Atom(-GUID, 255), "00000000-0000-0000-0000-0000000000ff"),
        (Atom(-DATE, 31), "2000.02.01"),
        (NIL, ""),
    ],
)
def test_atoms(value, text):
    assert console(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (longs([1, NO, 3]), "1 0N 3"),
        (array(INT, [1, NULLS[INT]]), "1 0Ni"),
        (array(SHORT, [1, 2]), "1 2h"),
        (array(FLOAT, [1.0, 2.0]), "1 2f"),
        (array(FLOAT, [1.0, 2.5]), "1 2.5"),
        (array(FLOAT, [1.0, NAN]), "1 0n"),
        (array(FLOAT, [1.0, 1e20]), "1 1e+20"),
        (array(REAL, [1.0, 2.5]), "1 2.5e"),
        (array(BOOL, [1, 0, 1]), "101b"),
        (array(BYTE, [1, 171]), "0x01ab"),
        (array(MONTH, [0, 13]), "2000.01 2001.02m"),
        (array(TIME, [0, NULLS[TIME]]), "00:00:00.000 0Nt"),
        (syms(["a", "", "c d"]), "`a``c d"),
        (chars('q "x" \\ \n\r\t\x01'), '"q \\"x\\" \\\\ \\n\\r\\t\\001"'),
        (chars("é"), '"\\303\\251"'),
        (longs([5]), ",5"),
        (chars("a"), ',"a"'),
        (array(BOOL, [0]), ",0b"),
        (longs([]), "`long$()"),
        (syms([]), "`symbol$()"),
        (chars(""), '""'),
        (List([]), "()"),
        (Vec(LONG, np.array([1, 2]), "s"), "`s#1 2"),
        (Vec(SYM, syms("a").v, "u"), "`u#,`a"),
        (Enum(np.array([1, 0]), "place", PLACES), "`place$`south`north"),
        (Enum(np.array([1]), "place", PLACES, "u"), "`u#`place$`u#,`south"),
        (Enum(np.array([], dtype=np.int64), "place", PLACES), "`place$()"),
        (EnumAtom(1, "place", PLACES), "`place$`south"),
        (syms(["é", "日"]), "`é`日"),
    ],
)
def test_vectors(value, text):
    assert console(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([longs([1, 20]), longs([300, 4])], "1   20\n300 4 "),
        ([longs([1, 20]), longs([300])], "1 20\n,300"),
        ([longs([1, NO]), longs([300, 4])], "1    \n300 4"),
        ([longs([1, 2]), chars("ab")], "1 2\na b"),
        ([chars("ab"), chars("cd")], '"ab"\n"cd"'),
        ([array(BOOL, [1, 0]), array(BOOL, [0, 0])], "10b\n00b"),
        ([array(BOOL, [1, 0]), longs([7, 8])], "1 0\n7 8"),
        ([syms(["a", "bcd"]), syms(["ef", "g"])], "a  bcd\nef g  "),
        ([array(FLOAT, [1, 2]), array(FLOAT, [3, 4.5])], "1 2  \n3 4.5"),
        ([List([chars("ab"), long(1)]), longs([1, 2])], '"ab" 1\n1    2'),
        ([List([longs([0, 1]), longs([2, 3])])] * 2, "0 1 2 3\n0 1 2 3"),
        ([long(1), real(2.0), chars("x"), NIL], '1\n2f\n,"x"\n::'),
        ([long(1), longs([])], "1\n`long$()"),
        ([chars("abc")], '"abc"'),
        ([List([long(1), sym("a")]), PLUS], "(1;`a)\n+"),
        ([PEOPLE, long(1)], '+`name`n`note!(`ann`bo`;1 0N 30;("ab";,1;2))\n1'),
    ],
)
def test_lists(value, text):
    assert console(List(value)) == text


def test_tables():
    assert console(PEOPLE).splitlines() == [
        "name n  note",
        "------------",
        'ann  1  "ab"',
        "bo      ,1  ",
        "     30 2   ",
    ]
    assert console(Table(["a", "long"], [longs([]), List([])])) == "a long\n------"
    assert console(KEYED).splitlines() == ["k | v  w  ", "--| ------", "x | 1  0.5", "yy| 22    "]
    assert console(Table(["é", "n"], [syms(["日", "b"]), longs([1, 2])])) == "é  n\n-----\n日 1\nb   2"


def test_dictionaries():
    assert console(Dict(syms(["a", "bc"]), longs([1, NO]))) == "a | 1\nbc| "
    assert console(Dict(syms("ab"), List([longs([1, 20]), longs([3, 4])]))) == "a| 1 20\nb| 3 4 "
    assert console(Dict(syms("ab"), List([longs([1]), longs([3, 4])]))) == "a| ,1\nb| 3 4"
    assert console(Dict(List([chars("x"), long(1)]), List([sym("y"), NIL]))) == ',"x"| `y\n1   | ::'
    assert console(Dict(syms("ab"), Table(["v"], [longs([1, 2])]))) == " | v\n-| -\na| 1\nb| 2"
    assert console(Dict(Table(["k"], [longs([1, 2])]), longs([10, 2]))) == "k| \n-| --\n1| 10\n2| 2"
    assert console(Dict(List([]), List([]))) == ""


def test_functions():
    assert console(TWICE) == "{2*x}"
    assert console(Projection(PLUS, [None, long(2)])) == "+[;2]"
    assert console(Projection(PLUS, [long(2), None])) == "+[2;]"
    assert console(Projection(PLUS, [long(2), None], 1)) == "+[2]"
    assert console(Projection(PLUS, [None, None])) == "+[;]"
    assert console(Projection(TWICE, [chars("ab")])) == '{2*x}["ab"]'
    assert console(Derived(PLUS, "/:")) == "+/:"
    assert console(Composition([TWICE, PLUS])) == "{2*x}+"
    long_one = Lambda("{" + "x+" * 80 + "1}", ("x",), frozenset(), (), "", lambda f, args: args[0])
    assert console(long_one) == long_one.source


def test_one_line():
    assert s1(KEYED) == "(+(,`k)!,`x`yy)!+`v`w!(1 22;0.5 0n)"
    assert s1(Dict(longs([1]), longs([2]))) == "(,1)!,2"
    assert s1(Dict(longs([1, 2]), chars("ab"))) == '1 2!"ab"'
    assert s1(Dict(syms([]), List([]))) == "(`symbol$())!()"
    assert s1(Dict(syms("ab"), longs([1, 2]), "s")) == "`s#`a`b!1 2"
    assert s1(List([List([longs([1, 2])])])) == ",,1 2"
    assert s1(List([PLUS, sym("x"), List([TWICE, NIL])])) == "(+;`x;({2*x};::))"
    assert s1(syms("é")) == ",`é"


def test_what_is_too_wide_or_too_high():
    wide = console(longs(range(1000)))
    assert len(wide) == 79
    assert wide.endswith("27 28 ..")
    assert console(longs(range(10_000)), width=20) == "0 1 2 3 4 5 6 7 8.."
    rows = console(Table(["a"], [longs(range(100))])).splitlines()
    assert rows[:3] == ["a ", "--", "0 "]
    assert rows[-2:] == ["19", ".."]
    assert len(console(List([sym("a")] * 23)).splitlines()) == 23
    assert console(List([sym("a")] * 24)).splitlines()[21:] == ["`a", ".."]
    many = Table([f"column{i}" for i in range(50)], [longs([i]) for i in range(50)])
    assert {len(row) for row in console(many).splitlines()} == {79}


def test_precision():
    assert console(real(1 / 3), precision=3) == "0.333"
    assert console(real(1 / 3), precision=0) == "0.33333333333333331"


def test_large_values_cost_what_is_shown():
    rows = List([longs([i, i]) for i in range(100_000)])
    assert console(rows).splitlines()[-1] == ".."
    assert len(console(List([rows, rows]))) == 2 * 79 + 1


def test_deep_values():
    deep, wide, chain = long(1), long(1), PLUS
    for _ in range(5000):
        deep, wide, chain = List([deep]), List([wide, Dict(syms("a"), List([wide]))]), Derived(chain, "/")
    assert console(List([long(1), deep])) == "1\n" + "," * 77 + ".."
    assert len(console(List([long(1), wide])).splitlines()[1]) == 79
    for value in (deep, chain):
        with pytest.raises(QError, match="stack"):
            s1(value)
        with pytest.raises(QError, match="stack"):
            string(value)
        with pytest.raises(QError, match="stack"):
            write(List([value, value]))
    with pytest.raises(QError, match="stack"):
        console(chain)


def test_large_texts_are_refused(monkeypatch):
    monkeypatch.setattr(inline, "MOST", 1 << 16)
    doubled, composed = long(1), PLUS
    for _ in range(60):
        doubled = List([doubled, doubled])
        composed = Composition([composed, Projection(composed, [composed])])
    for value in (doubled, composed):
        with pytest.raises(QError, match="wsfull"):
            s1(value)
    assert len(console(doubled).splitlines()[0]) == 79
    text = chars("x" * 10_000)
    with pytest.raises(QError, match="wsfull"):
        s1(List([text] * 100))


def test_string():
    assert s1(string(long(12))) == '"12"'
    assert s1(string(longs([1, NO]))) == '(,"1";"")'
    assert s1(string(chars("ab"))) == '(,"a";,"b")'
    assert s1(string(List([longs([2]), sym("x")]))) == '(,,"2";,"x")'
    assert s1(string(PEOPLE.data[0])) == '("ann";"bo";"")'
    assert s1(string(Dict(syms("a"), longs([1])))) == '(,`a)!,,"1"'
    assert s1(string(Table(["a"], [array(FLOAT, [0.5])]))) == '+(,`a)!,,"0.5"'
    assert s1(string(EnumAtom(0, "place", PLACES))) == '"north"'
    assert s1(string(TWICE)) == '"{2*x}"'
    assert s1(string(Atom(-MONTH, 0))) == '"2000.01"'
    assert s1(string(longs([]))) == "()"
    assert s1(string(real(1 / 3), precision=3)) == '"0.333"'


RUN = re.compile(r"(`[sgup]#)?(,?)(-?[0-9][-0-9A-Za-z.: ]*)")


def test_documented_runs_of_numbers_and_times_print_as_they_are_read(data_root):
    lines = set()
    with gzip.open(data_root / "qlang/kx_docs_examples/examples.jsonl.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            for one in row["interactions"]:
                if one.get("auto_testable") and not one.get("error"):
                    lines.update(line.strip() for line in one["output_clean"].splitlines())
    same = read = 0
    for found in filter(None, map(RUN.fullmatch, (line for line in lines if "  " not in line))):
        try:
            value = number(found[3].split(" "))
        except QError:
            continue
        read += 1
        same += console(value, width=10**6) == found[3]
    assert read > 700
    assert same / read > 0.97  # the others were printed with more digits, or are rows of tables
