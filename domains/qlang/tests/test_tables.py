"""Tables as values: making, keys, sorting, grouping, joining rows."""

import pytest

from prmkit_qlang import Session
from prmkit_qlang.engine.errors import QError

SETUP = """
t:([]n:`x`y`x`z;p:4 15 12 20)
k:([a:`x`y]b:10 20)
v:([]a:1 2;b:3 4)
"""

SAME = [
    ("([]a:1 2;b:3)", "flip `a`b!(1 2;3 3)"),
    ("flip flip t", "t"),
    ("cols 1!t", "`n`p"),
    ("keys 1!t", "enlist `n"),
    ("keys t", "`symbol$()"),
    ("0!1!t", "t"),
    ("`p xkey `n xkey t", "([p:4 15 12 20]n:`x`y`x`z)"),
    ("`p xcols t", "([]p:4 15 12 20;n:`x`y`x`z)"),
    ("`a`b xcol t", "([]a:`x`y`x`z;b:4 15 12 20)"),
    ("((enlist `p)!enlist `q) xcol 1!t", "([n:`x`y`x`z]q:4 15 12 20)"),
    ("`p xasc t", "t iasc t`p"),
    ("`n xdesc t", "t idesc t`n"),
    ("`n`p xasc t", "([]n:`x`x`y`z;p:4 12 15 20)"),
    ("attr exec p from `p xasc t", "`s"),
    ('exec t from meta ([]a:1 2;b:(1 2;3 4);c:`x`y;d:("ab";"c");e:(1;`a))', '"jJsC "'),
    ("exec a from meta `n xasc t", "`s`"),
    ("`n xgroup t", "([n:`x`y`z]p:(4 12;enlist 15;enlist 20))"),
    ("ungroup `n xgroup t", "([]n:`x`x`y`z;p:4 12 15 20)"),
    ('ungroup ([]a:1 2;b:(`p`q;enlist `r);c:("xy";enlist"z"))', '([]a:1 1 2;b:`p`q`r;c:"xyz")'),
    ("(sum;t`p) fby t`n", "16 15 16 20"),
    ("(count;t`p) fby ([]t`n;t`p)", "1 1 1 1"),
    ("(reverse;t`p) fby t`n", "12 15 4 20"),
    ("t,t", "t 0 1 2 3 0 1 2 3"),
    ("t,`n`p!(`w;1)", "t,([]n:enlist `w;p:enlist 1)"),
    ("t,([]p:1 2;n:`a`b)", "t,([]n:`a`b;p:1 2)"),
    ("t,'([]p:1 2 3 4;q:5)", "([]n:`x`y`x`z;p:1 2 3 4;q:5)"),
    ("(0#t),'0#([]q:1 2)", "([]n:0#`;p:0#0;q:0#0)"),
    (".Q.ff[v;([]b:1 2;c:`x`y)]", "update c:` from v"),
    ("k,([a:`y`z]b:1 2)", "([a:`x`y`z]b:10 1 2)"),
    ("(`a`b!1 2),`b`c!3 4", "`a`b`c!1 3 4"),
    ("k^([a:`y`z]b:0N 2)", "([a:`x`y`z]b:10 20 2)"),
    ("v upsert 5 6", "v,`a`b!5 6"),
    ("v upsert (5 6;7 8)", "v,([]a:5 7;b:6 8)"),
    ("v upsert ([]b:6 7)", "([]a:1 2 0N 0N;b:3 4 6 7)"),
    ("k upsert (`z;5)", "k,([a:enlist `z]b:enlist 5)"),
    ("k upsert ((`x;1);(`z;5))", "([a:`x`y`z]b:1 20 5)"),
    ("k upsert ([]a:`z`z;b:1 2)", "([a:`x`y`z]b:10 20 2)"),
]


@pytest.fixture(scope="module")
def q():
    session = Session()
    for line in SETUP.split("\n"):
        session.eval(line)
    return session


@pytest.mark.parametrize(("given", "expected"), SAME)
def test_same(q, given, expected):
    assert q.console(f"({given})~{expected}") == "1b", f"{q.console(given)}\n{q.console(expected)}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("([]a:1 2;b:1 2 3)", "length"),
        ("flip `a`b!1 2", "rank"),
        ("3!t", "length"),
        ("`zz xkey t", "zz"),
        ("((enlist `zz)!enlist `q) xcol t", "length"),
        ("`zz xasc t", "zz"),
        ("t,([]n:`a`b;q:1 2)", "mismatch"),
        ("k upsert (`x;1.5)", "type"),
        ("v upsert ([]c:1 2)", "mismatch"),
        ("cols 1 2 3", "type"),
        ("(sum;1 2 3) fby 1 2", "length"),
        ("ungroup ([]a:(1 2;3 4);b:(1 2;enlist 3))", "length"),
    ],
)
def test_errors(q, text, error):
    with pytest.raises(QError) as raised:
        q.eval(text)
    assert raised.value.text == error


def test_insert_gives_the_new_positions():
    q = Session()
    q.eval("k:([a:`x`y]b:10 20)")
    assert q.console("`k insert (`z;30)") == ",2"
    assert q.console("`k insert (`s`t;40 50)") == "3 4"
    assert q.console("k~([a:`x`y`z`s`t]b:10 20 30 40 50)") == "1b"
    with pytest.raises(QError, match="insert"):
        q.eval("`k insert (`z;1)")


def test_append_takes_rows_and_keeps_types():
    q = Session()
    for line in ("t:([]a:1 2;b:3 4)", "t,:5 6", "t,:(7 8;9 10)", "t,:([]b:enlist 1)"):
        q.eval(line)
    assert q.console("t~([]a:1 2 5 7 9 0N;b:3 4 6 8 10 1)") == "1b"
    q.eval("d:`a`b!1 2; d,:`b`c!3 4")
    assert q.console("d~`a`b`c!1 3 4") == "1b"
    for text in ("t,:([]a:1.5 2)", "d,:(enlist `z)!enlist 1.5"):
        with pytest.raises(QError, match="type"):
            q.eval(text)


def test_columns_without_a_type_take_that_of_the_first_rows():
    q = Session()
    q.eval("u:([]name:();age:())")
    q.eval("`u insert (`p`q;30 40)")
    assert q.console("exec t from meta u") == '"sj"'
    q.eval('w:([]a:();b:()) upsert (1;"abc")')
    assert q.console('(w upsert (2;"de"))~([]a:1 2;b:("abc";"de"))') == "1b"
