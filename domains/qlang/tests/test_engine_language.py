"""Worked examples of the language by area: what the console prints."""

import pytest

from prmkit_qlang import Session

READING = {
    "2*3+4": "14", "1 -2": "1 -2", "1 - 2": "-1", "1-2": "-1", "a:5;a-1": "4", "(1)-1": "0",
    "2 -3 4": "2 -3 4", "-3 4": "-3 4", "neg -3": "3", "x:1 2 3;x[1]-1": "1", "1 2 3f": "1 2 3f",
    "0x0a0b": "0x0a0b", '"a\\"b"': '"a\\"b"', "1 / comment": "1", "`a`b`c": "`a`b`c",
}  # fmt: skip
FUNCTIONS = {
    "()": "()", "f:{x+y};f[1]2": "3", "{[a;b]a-b}[;1]5": "4", "{x,y,z}[1;2;3]": "1 2 3", "{[]7}[]": "7",
    "{:x;0}3": "3", "{$[x>2;`big;x>1;`mid;`small]}each 1 2 3": "`small`mid`big",
    "(`a;`b)!1 2": "a| 1\nb| 2", "{n::2;n:3}": "'n", "{n:2;n::3;n}[]": "3",
    "@[value{select from x where p=y,q=z};1]": ",`x", "@[value{select from t where p=y,q=z};1]": ",`x",
    "@[value{exec z from y};1]": "`x`y", "@[value{select z+{x+y+z}.p from t};1]": ",`x",
    "{select from([]p:0 1;q:2 3)where p=x,q=y}[0;2]": "'rank",
}  # fmt: skip
ASSIGNMENT = {
    "a:1 2 3;a[1]:9;a": "1 9 3", "a:1 2 3;a[0 2]+:10;a": "11 2 13", "a:1 2 3;a,:4 5;a": "1 2 3 4 5",
    "a:1 2 3;a[1]:`x": "'type", "d:`a`b!1 2;d[`c]:3;d": "a| 1\nb| 2\nc| 3",
    "d:`a`b!1 2;d+:1;d": "a| 2\nb| 3", "m:(1 2;3 4);m[1;0]:9;m": "1 2\n9 4",
    "m:(1 2;3 4);m[;1]:0;m": "1 0\n3 0", "(a;b):1 2;a+b": "3", "(a;b;c):1 2": "'length", "a:b:3;a,b": "3 3",
    "{a::x;a}4;a": "4",
}  # fmt: skip
ITERATORS = {
    "+/[1 2 3]": "6", "10+/1 2 3": "16", "+\\1 2 3": "1 3 6", "3{2*x}/1": "8",
    "{x<100}{2*x}\\1": "1 2 4 8 16 32 64 128", "{x div 2}\\[20]": "20 10 5 2 1 0",
    "(+/)each(1 2;3 4)": "3 7", "1 2+/:10 20": "11 12\n21 22", "1 2+\\:10 20": "11 21\n12 22",
    "1 2+'10 20": "11 22", "-':[10 13 19]": "10 3 6", "0-':10 13 19": "10 3 6", "{x+y*z}/[1;2 3;4 5]": "24",
    "{x+y*z}\\[1;2 3;4 5]": "9 24", 'count each("ab";"c";"")': "2 1 0", "(1 2 3;4 5)@'0 1": "1 5",
    "1 0 1'[1 2 3;10 20 30]": "10 2 30", "s:2f;m:3 1f;s m\\1 5f": "7 12f", "s:2f;m:.5;s m/1 5f": "6f",
    "s:2f;m:3 1f;s m\\1 5 7f": "'length",
}  # fmt: skip
CONTROL = {
    "i:0;do[3;i+:2];i": "6", "i:0;while[i<5;i+:2];i": "6", "r:0;if[1b;r:1];r": "1",
    '@[{x+`a};1;{"caught ",x}]': '"caught type"', ".[{x+y};(1;2 3 4);{x}]": "3 4 5",
    ".[{x+y};(1 2;2 3 4);{x}]": '"length"', '@["abc";1;:;"X"]': '"aXc"', "@[1 2 3;0 1;+;10]": "11 12 3",
    ".[(1 2;3 4);(0;1);:;9]": "1 9\n3 4", "@[1 2 3;1;neg]": "1 -2 3",
}  # fmt: skip
ERRORS = {
    "'oops": "'oops", "{'\"bad \",x}\"thing\"": "'bad thing", "1+`a": "'type", "1 2+1 2 3": "'length",
    "nosuch": "'nosuch", 'value`char$55 0': "'char",
    "{x}[1;2]": "'rank", "til -1": "'domain", "select from 3": "'type", "(1;2": "')",
    "1 2 3)": "')", "t:([]a:1 2);t`b": "'b", "`s#3 1 2": "'s-fail", "`u#1 1": "'u-fail",
}  # fmt: skip
ATTRIBUTES = {
    "attr asc 3 1 2": "`s", "attr `g#1 2 1": "`g", "s:`x`y`z;e:`s$`y`x;e": "`s$`y`x",
    "s:`x`y`z;e:`s$`y`x;type e": "20h", "s:`x`y`z;e:`s$`y`x;value e": "`y`x",
    "s:``x;null`s$``x": "00b", "s:``x;`=`s$``x": "10b", "null`": "1b",
    's:`u#`x`y;e:`s?`z`x;s': "`u#`x`y`z", 'attr asc("pq";"ab")': "`s",
    "s:`x`y`z;e:`s$`y`x;`s$`q": "'cast", "s:`x`y`z;e:`s$`y`x;`int$e": "1 0i",
}  # fmt: skip
TIMES = {
    "2021.03.05D01:00-2021.03.03D00:30": "2D00:30:00.000000000", "0Wp-0Wp-2": "0D00:00:00.000000002",
    "prd 00:02 00:03": "00:06", "prds 00:02 00:03": "00:02 00:06", "2 msum 2000.01.02 2000.01.03": "1 3i",
    "2 msum 2000.01.01D01 2000.01.01D02": "0D01:00:00.000000000 0D03:00:00.000000000",
    "10:07 mod 00:05": "'type", "10:07 mod 5": "00:02", "00:05 xbar 10:07": "'type",
    "5 xbar 10:07": "10:05", "0D00:00:05 xbar 0D00:00:07": "0D00:00:05.000000000",
    "2001.01m<2001.01.01T00": "'type",
    "2020.01.31+1": "2020.02.01", "2020.01.01-2019.12.25": "7i", "2020.02.29+365": "2021.02.28",
    "2020.01m+1": "2020.02m", "12:30+45": "13:15", "12:30:00-00:15": "12:15:00",
    "2020.01.01D00:00:00+0D01": "2020.01.01D01:00:00.000000000",
    "2020.01.01+12:00": "2020.01.01D12:00:00.000000000", "`month$2020.05.17": "2020.05m",
    "`dd`mm$\\:2020.05.17": "17 5i", "`date$2020.05.17D12:00": "2020.05.17", '"d"$7305': "2020.01.01",
}  # fmt: skip
CASTS = {
    "`int$3.7": "4i", "`long$2.5": "3", '"j"$"a"': "97", '"J"$"42"': "42", '"D"$"2020.03.04"': "2020.03.04",
    '`$"abc"': "`abc", "string 1 2.5": ',"1"\n"2.5"', '"F"$"1e3"': "1000f", "`boolean$0 2": "01b",
    '3$"abcdef"': '"abc"', '-5$"ab"': '"   ab"',
}  # fmt: skip
BASES = {
    "10 sv 1 2 3": "123", "2 sv 1 0 1b": "5", "2 vs 10": "1 0 1 0", "10 vs 4096": "4 0 9 6",
    '"," vs "a,b,,c"': ',"a"\n,"b"\n""\n,"c"', '"-" sv ("ab";"c")': '"ab-c"', "` vs `a.b.c": "`a`b`c",
    "` sv `a`b": "`a.b", "24 60 60 sv 1 2 3": "3723", "24 60 60 vs 3723": "1 2 3",
}  # fmt: skip
WINDOWS = {
    "3 mavg 1 2 3 4 5": "1 1.5 2 3 4", "3 msum 1 2 3 4 5": "1 3 6 9 12", "2 mmax 3 1 4 1 5": "3 3 4 4 5",
    "2 mmin 3 1 4 1 5": "3 1 1 1 1", "2 mcount 1 0N 3": "1 1 1i", "2 mdev 1 3 5": "0 1 1f",
    "0.5 ema 1 2 3": "1 1.5 2.25",
}  # fmt: skip
EVALUATION = {
    'parse "1+2*x"': "+\n1\n(*;2;`x)", 'eval parse "1+2*3"': "7", 'value "2+3"': "5", "value(+;1;2)": "3",
    ".Q.s1 `a`b!1 2": '"`a`b!1 2"', "{x*y}[3]each 1 2": "3 6", "f:neg abs@;f -3": "-3", "0N!5": "5\n5",
    'type each(1;1.0;`a;"a";1b;0x01;1h;1i;1e)': "-7 -9 -11 -10 -1 -4 -5 -6 -8h",
    "type each(2020.01.01;()!();{x};+;(::))": "-14 99 100 102 101h",
    "{.z.s[x-1]*x}3": "'stack", "{$[x<2;1;x*.z.s x-1]}5": "120",
}  # fmt: skip
NUMBERS = {
    "9223372036854775807+1": "0N", "0W+1": "0N", "0N+1": "0N", "1%0": "0w", "-1%0": "-0w", "0%0": "0n",
    "7 mod -3": "-2", "-7 mod 3": "2", "-7 div 2": "-4", "5 xbar 12": "10",
    "floor 3-1e-14": "2", "ceiling 3+1e-14": "4", "floor -0.5 0n 0w": "-1 0N 0W",
    "floor 2001.01.01T12": "'type",
    'floor"Ab"': '"ab"', "0x40 vs 70": "0x00000000000000000106", "0x24 vs 37": "0x000000000000000000000101",
}  # fmt: skip
WORDS = {
    "1 2 3 4 within 2 3": "0110b", '"hello" like "h*o"': "1b", 'ssr["banana";"an";"AN"]': '"bANANa"',
    '"banana" ss "an"': "1 3", 'upper "abc"': '"ABC"', "distinct 1 2 1": "1 2",
    "group `a`b`a": "a| 0 2\nb| ,1", "where 101b": "0 2", "1 2 3?2 9": "1 3", "2 sublist til 5": "0 1",
    "raze(1 2;3;4 5)": "1 2 3 4 5", "flip(1 2;3 4)": "1 3\n2 4", "deltas 1 4 9": "1 3 5",
    "1 2 3~1 2 3": "1b", "1=1.0": "1b", "1~1.0": "0b", "max 0#0": "-0W", "sum()": "0", "avg 1 2 3": "2f",
    "med 1 9 2": "2f", "(1 2!`a`b)2": "`b", "([a:1;b:2])": "a| 1\nb| 2",
}  # fmt: skip
MORE_ERRORS = {
    "1 2 3 4 5 6 7 8 9;{x}[1;2;3]": "rank", "a:1;a:`b;a+a": "type", "`a`b!1 2 3": "length",
    "(1 2;3)+1 2 3": "length", "([]a:1 2;b:1 2 3)": "length",
    "t:([]a:1 2);t,([]b:3 4)": "mismatch", "s:`a`b;`s$`c": "cast",
    "k:([a:1 2]b:3 4);`k insert (1;9)": "insert", "a::b+1\nb::a+1\nb": "loop", "til:3": "assign",
    "{[a;b;c;d;e;f;g;h;i]a}": "params", "select a b from t where": "t", "1000000000000#0": "wsfull",
    "while[1b;]": "limit", "{.z.s x}1": "stack", "hopen 1": "access", "-8!1": "nyi", "`u#1 1": "u-fail",
    "`s#2 1": "s-fail", "(1 2": ")", "\"abc": "\"", "0x0": "", "1.2.3": "1.2.3", "'`mine": "mine",
}  # fmt: skip
"""Text → what stands behind the quote; "" for none."""
AREAS = [
    READING, FUNCTIONS, ASSIGNMENT, ITERATORS, CONTROL, ERRORS, ATTRIBUTES, TIMES, CASTS, BASES, WINDOWS,
    EVALUATION, NUMBERS, WORDS,
]  # fmt: skip
CASES = [pair for area in AREAS for pair in area.items()]


@pytest.mark.parametrize(("text", "printed"), CASES, ids=[text[:40] for text, _ in CASES])
def test_console(text, printed):
    session = Session()
    assert session.console(text) == printed
    assert session.fault is None


@pytest.mark.parametrize(("text", "error"), MORE_ERRORS.items(), ids=list(MORE_ERRORS))
def test_error(text, error):
    session = Session()
    assert session.console(text).startswith("'" + error if error else "0x")
    assert session.fault is None


def test_a_session_keeps_its_variables_and_another_has_its_own():
    one, other = Session(), Session()
    one.console("a:1")
    assert (one.console("a"), other.console("a")) == ("1", "'a")


def test_values_are_never_changed_in_place():
    session = Session()
    session.console("a:1 2 3;b:a;b[0]:9;d:`k`l!1 2;f:d;f[`k]:7;t:([]x:1 2);u:t;u:update x:0 from u")
    assert [session.console(name) for name in "adt"] == ["1 2 3", "k| 1\nl| 2", "x\n-\n1\n2"]
