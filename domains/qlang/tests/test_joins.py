"""Joins against examples, and against slow definitions on random tables."""

import numpy as np
import pytest

from prmkit_qlang import Session
from prmkit_qlang.engine import joins
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import Prim
from prmkit_qlang.engine.types import NULL_LONG
from prmkit_qlang.engine.values import List, Table, column, longs, sym, syms

SETUP = """
x:([]a:1 2 3;b:`i`j`k;c:10 20 30)
y:([a:1 3;b:`i`k]c:1 0N;d:7 8)
t:([]time:10 20 30 40;sym:`a`b`a`b;px:1 2 3 4)
b:([]time:5 15 25 35;sym:`a`a`b`b;bid:10 11 12 13)
s:`s#([d:2000.01.01 2000.02.01]r:1 2)
"""

SAME = [
    ("x lj y", "([]a:1 2 3;b:`i`j`k;c:1 20 0N;d:7 0N 8)"),
    ("x ljf y", "([]a:1 2 3;b:`i`j`k;c:1 20 30;d:7 0N 8)"),
    ("(1!x) lj y", "1!x lj y"),
    ("x lj ()", "x"),
    ("x,\\:y", "x lj y"),
    ("x ij y", "([]a:1 3;b:`i`k;c:1 0N;d:7 8)"),
    ("x ijf y", "([]a:1 3;b:`i`k;c:1 30;d:7 8)"),
    ("x pj y", "([]a:1 2 3;b:`i`j`k;c:11 20 30;d:7 0 8)"),
    ("x uj ([]a:enlist 9;z:enlist 1b)", "([]a:1 2 3 9;b:`i`j`k`;c:10 20 30 0N;z:0001b)"),
    ("(1!x) uj ([a:3 4]c:0N 5;e:6 7)", "([a:1 2 3 4]b:`i`j`k`;c:10 20 0N 5;e:0N 0N 6 7)"),
    ("(1!x) ujf ([a:3 4]c:0N 5;e:6 7)", "([a:1 2 3 4]b:`i`j`k`;c:10 20 30 5;e:0N 0N 6 7)"),
    ("ej[`sym;t;([]sym:`a`a`c;z:1 2 3)]", "([]time:10 10 30 30;sym:`a;px:1 1 3 3;z:1 2 1 2)"),
    ("aj[`sym`time;t;b]", "update bid:10 0N 11 13 from t"),
    ("aj0[`sym`time;t;b]", "update time:5 20 15 35,bid:10 0N 11 13 from t"),
    ("aj[`time;t;b]", "update sym:`a`a`b`b,bid:10 11 12 13 from t"),
    ("ajf[`sym`time;update bid:7 from t;update bid:0N from b]", "update bid:7 from t"),
    ("t asof `sym`time!(`a;35)", "(enlist `px)!enlist 3"),
    ("t asof ([]sym:`a`b`c;time:35 5 50)", "([]px:3 0N 0N)"),
    ("wj[(5 15 16 35;10 20 30 40);`sym`time;t;(b;(count;`bid))]", "update bid:1 0 1 1 from t"),
    ("wj1[(5 15 16 35;10 20 30 40);`sym`time;t;(b;(count;`bid))]", "update bid:1 0 0 1 from t"),
    ("([]d:2000.01.31 2000.02.02 1999.01.01) lj s", "([]d:2000.01.31 2000.02.02 1999.01.01;r:1 2 0N)"),
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
        ("x lj t", "type"),
        ("t lj y", "a"),
        ("x uj y", "type"),
        ("aj[`zz;t;b]", "zz"),
        ("aj[`sym`time;t;update time:`float$time from b]", "type"),
        ("wj[(1 2;3 4);`sym`time;t;(b;(max;`bid))]", "length"),
    ],
)
def test_errors(q, text, error):
    with pytest.raises(QError) as raised:
        q.eval(text)
    assert raised.value.text == error


def random_tables(seed):
    random = np.random.default_rng(seed)
    n, m = random.integers(0, 30, 2)
    names = np.array(["a", "b", "c"], dtype=object)
    left = Table(["s", "t"], [syms(random.choice(names, n)), longs(random.integers(0, 20, n))])
    right = Table(
        ["s", "t", "v"],
        [syms(random.choice(names, m)), longs(np.sort(random.integers(0, 20, m))), longs(np.arange(m))],
    )
    return left, right


def rows(table, *names):
    return list(zip(*(column(table, name).v.tolist() for name in names), strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_as_of_join_is_the_last_row_not_after(seed):
    left, right = random_tables(seed)
    quotes = rows(right, "s", "t", "v")
    slow = [
        max((v for s2, t2, v in quotes if s2 == s and t2 <= t), default=NULL_LONG)
        for s, t in rows(left, "s", "t")
    ]
    assert column(joins.aj(syms(["s", "t"]), left, right), "v").v.tolist() == slow


@pytest.mark.parametrize("seed", range(20))
def test_window_join_counts_the_rows_within(seed):
    left, right = random_tables(seed)
    begin = longs(column(left, "t").v - 3)
    windows, names = List([begin, column(left, "t")]), syms(["s", "t"])
    spec = List([right, List([Prim("values", {1: lambda x: x}), sym("v")])])
    quotes = rows(right, "s", "t", "v")
    slow = [[v for s2, t2, v in quotes if s2 == s and t - 3 <= t2 <= t] for s, t in rows(left, "s", "t")]
    fast = joins.wj1(windows, names, left, spec)
    assert [one.v.tolist() for one in fast.data[2].v] == slow if slow else not fast.data[2].v


@pytest.mark.parametrize("seed", range(20))
def test_left_join_takes_the_first_row_of_a_key(seed):
    left, right = random_tables(seed)
    keyed = joins.enkey(2, right)
    first = {}
    for s, t, v in rows(right, "s", "t", "v"):
        first.setdefault((s, t), v)
    fast = column(joins.lj(left, keyed), "v").v.tolist()
    assert fast == [first.get(row, NULL_LONG) for row in rows(left, "s", "t")]
