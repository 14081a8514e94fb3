"""Queries: select, exec, update and delete in words and as functions."""

import pytest

from prmkit_qlang import Session
from prmkit_qlang.engine.errors import QError

SETUP = """
t:([]n:`x`y`x`z`z`y;p:0 15 12 20 25 14)
w:([c:`a`b`d]name:`p`q`r;size:3 1 2)
o:([]c:`w$`b`a`b`d;m:4 5 6 7)
d:`a`b`c!(1 2;3 4;5)
h:([]time:09:30:10 09:31:20 09:31:50;p:1 2 3)
e:0#t
"""

SAME = [
    # rows and columns
    ("select from t", "t"),
    ("select from t where p>12,n in `x`z", "([]n:`z`z;p:20 25)"),
    ("select from t where 010010b", "t 1 4"),
    ("select n,q:p*2 from t where i<2", "([]n:`x`y;q:0 30)"),
    ("select i,n from t where p>14", "([]x:1 3 4;n:`y`z`z)"),
    ("select max p,n from t", "([]p:25;n:t`n)"),
    ("select sum p,count i from t", "([]p:enlist 86;x:enlist 6)"),
    ("select sum p from e", "([]p:enlist 0)"),
    ("select distinct n from t", "([]n:`x`y`z)"),
    ("select[2] from t", "2#t"),
    ("select[-2] from t", "-2#t"),
    ("select[1 2] from t", "t 1 2"),
    ("select[2;>p] from t", "t 4 3"),
    ("select[<n] from t", "`n xasc t"),
    ("select size from w", "([]size:3 1 2)"),
    ("select from w where size>1", "([c:`a`d]name:`p`r;size:3 2)"),
    ("select from t where n=`n.x", "0#t"),
    ("select from t where n in `n.x`x", "t 0 2"),
    ("select from t where p>exec avg p from t", "t 1 3 4"),
    # groups
    ("select m:max p,s:sum p by k:n from t", "([k:`x`y`z]m:12 15 25;s:12 29 45)"),
    ("select p by n from t", "([n:`x`y`z]p:(0 12;15 14;20 25))"),
    ("select by n from t", "([n:`x`y`z]p:12 14 25)"),
    ("select count i by n,b:p>12 from t", "([n:`x`y`z;b:011b]x:2 2 2)"),
    ("select i by n from t where p>0", "([n:`x`y`z]x:(enlist 2;1 5;3 4))"),
    (
        "select avg p,first p,last p,min p,count p by n from t",
        "select avg p+0,first p+0,last p+0,min p+0,count p+0 by n from t",
    ),
    ("select sum p by n from e", "([n:`symbol$()]p:`long$())"),
    ("select count i by p from ([]p:0n 1 0n)", "([p:0n 1]x:2 1)"),
    ("select sum p by time.minute from h", "([minute:09:30 09:31]p:1 5)"),
    ("attr exec n from 0!select by n from t", "`s"),
    # foreign keys
    ("select c.name,m from o", "([]name:`q`p`q`r;m:4 5 6 7)"),
    ("select sum m by c.size from o", "([size:1 2 3]m:10 7 5)"),
    ("exec m from o where c.size>1", "5 7"),
    # exec
    ("exec p from t", "t`p"),
    ("exec from t", "`n`p!(`y;14)"),
    ("exec n,s:sum p from t", "`n`s!(t`n;86)"),
    ("exec p by n from t", "`x`y`z!(0 12;15 14;20 25)"),
    ("exec s:sum p by n from t", "`x`y`z!([]s:12 29 45)"),
    ("exec sum p by n:n from t", "([]n:`x`y`z)!12 29 45"),
    ("exec p:p from t where p>20", "(enlist `p)!enlist enlist 25"),
    ("exec sum p by k:n from t", "([]k:`x`y`z)!12 29 45"),
    ("exec sum p by n mod 2 from ([]n:1 2 3;p:4 5 6)", "0 1!5 10"),
    ("exec distinct n from t", "`x`y`z"),
    # update
    ("update p:max p by n from t where p>0", "([]n:t`n;p:0 15 12 25 25 15)"),
    ("update c:sums p by n from t", "([]n:t`n;p:t`p;c:0 15 12 20 45 29)"),
    ("update z:1b from t where p>14", "([]n:t`n;p:t`p;z:010110b)"),
    ("update q:p,p:neg p from t", "([]n:t`n;p:neg t`p;q:t`p)"),
    ("update p:1.5 from t", "([]n:t`n;p:6#1.5)"),
    ("update size:9 from w where name=`q", "([c:`a`b`d]name:`p`q`r;size:3 9 2)"),
    ("update b:a+10 from d", "`a`b`c!(1 2;11 12;5)"),
    # delete
    ("delete from t where p>12", "t 0 2"),
    ("delete from t", "e"),
    ("delete n from t", "([]p:t`p)"),
    ("delete from w where size=1", "([c:`a`d]name:`p`r;size:3 2)"),
    ("delete name from w", "([c:`a`b`d]size:3 1 2)"),
    ("delete a from d", "`b`c!(3 4;5)"),
    # as functions
    ("?[t;((>;`p;12);(in;`n;enlist `x`z));0b;()]", "([]n:`z`z;p:20 25)"),
    ("?[t;();1b;(enlist `n)!enlist `n]", "([]n:`x`y`z)"),
    ("?[t;();0b;();1 2]", "t 1 2"),
    ("?[t;();0b;();0W;(idesc;`p)]", "`p xdesc t"),
    ("?[t;();();`p]", "t`p"),
    ("?[t;();`n;(sum;`p)]", "`x`y`z!12 29 45"),
    ("?[t;();();`s`n!((sum;`p);(first;`n))]", "`s`n!(86;`x)"),
    ("![t;enlist (>;`p;12);0b;`symbol$()]", "t 0 2"),
    ("![t;();0b;enlist `n]", "([]p:t`p)"),
    ("![t;();(enlist `n)!enlist `n;(enlist `p)!enlist (max;`p)]", "update max p by n from t"),
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
        ("select p from w", "p"),
        ("select n,distinct p from t,t", "length"),
        ("update p:1.5 from t where p>14", "type"),
        ("update p:1 2 from t", "length"),
        ("select from t where n", "type"),
        ("select from t where 101b", "length"),
        ("select c.nope from o", "nope"),
        ("update a by b from d", "type"),
        ("select from 1 2 3", "type"),
    ],
)
def test_errors(q, text, error):
    with pytest.raises(QError) as raised:
        q.eval(text)
    assert raised.value.text == error


def test_a_table_given_by_name_changes_in_place():
    q = Session()
    q.eval("t:([]a:1 2;b:3 4)")
    assert q.console("update c:a+b from `t") == "`t"
    assert q.console("delete a from `t") == "`t"
    assert q.console("t~([]b:3 4;c:4 6)") == "1b"


def test_foreign_keys_follow_the_table_as_it_is_now():
    q = Session()
    for line in ("w:([c:`a`b]size:1 2)", "o:([]c:`w$`b`a)", "update size:10*size from `w"):
        q.eval(line)
    assert q.console("exec c.size from o") == "20 10"


def test_names_in_phrases_are_columns_then_locals_then_globals():
    q = Session()
    q.eval("t:([]a:1 2 3;b:4 5 6)")
    q.eval("b:100; c:1000")
    assert q.console("{[c]exec a+b+c from t}[10]") == "15 17 19"
    assert q.console("exec a+b+c from t") == "1005 1007 1009"


COLUMNS = ["3 0N 1 4 1 5 9 2", "3 0N 1 4 1 5 9 2i", "1 0n 2.5 4 0w 3 3 1", "3 0N 1 4 1 5 9 2h", "10011010b"]
COLUMNS += [
    "2000.01.01+3 0N 1 4 1 5 9 2",
    "09:30+til 8",
    "8#0N",
    "8#0Ni",
    "8#0n",
    "0x0102030405060708",
    "til 8",
]


@pytest.mark.parametrize("values", COLUMNS)
@pytest.mark.parametrize("name", ["first", "last", "count", "sum", "max", "min", "avg"])
def test_aggregates_of_all_groups_at_once_are_those_of_each_group(name, values):
    q = Session()
    q.eval(f"t:([]g:`a`b`a`c`b`a`c`c;v:{values})")
    assert q.console(f"(select {name} v by g from t)~select v:{{{name} x}} v by g from t") == "1b"
