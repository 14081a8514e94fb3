"""Hostile text ends with an error of q or a value, within budgets and a gigabyte; nothing reaches outside."""

import json
import resource
import subprocess
import sys

import pytest

from prmkit_qlang import Session
from prmkit_qlang.engine.meter import METER

COSTLY = {
    "while[1b;]": "limit",
    "til 1000000000000": "wsfull",
    "f:{f x};f 1": "stack",
    "(til 1000000) cross til 1000000": "wsfull",
    "1000000000#0": "wsfull",
    "x:1 2;do[1000;x,:x]": "wsfull",
    "x:enlist 1;while[1b;x:x,x]": "wsfull",
    "{x+1}/[{1b};0]": "limit",
    "{x,x}/[1b]": "wsfull",
    "({x}/:)til 10": "rank",
    's:"a";do[100;s:s,s]': "wsfull",
    "x:1;do[100000000;x+:1]": "limit",
    "raze 1000000#enlist til 1000": "wsfull",
    "(100000#1)(+/:)\\:100000#1": "limit",
    "{.z.s .z.s x}1": "stack",
    "{{.z.s x}each x,x}1": "stack",
    "1000000 10000#0": "wsfull",
    "@[{while[1b;]};0;0]": "limit",
    'parse 60000#"("': "stack",
    'value 60000#"("': "stack",
    "flip 1000#enlist til 10000": "wsfull",
    "(enlist/)1": "limit",
    "(enlist\\)1": "limit",
    "{(1;x)}/[1]": "limit",
    "{(enlist x)!enlist x}/[1]": "limit",
}
"""Text → error."""
ENDS = [
    "{x*2}\\[1e9;1]", "til each til 100000", "desc 500000?1000000", "10000000?1f", "sums 10000000#1",
    "asc 2000000?`8", "string til 300000", ".Q.s1 til 500000", "{x;'`a}each til 100000",
    "(til 1000) in\\: til 1000", "f:{@[f;x;{0}]};f 1", "{@[x;1;{0}];x}/[1000000;{x}]", "((((((1))))))",
    '"a" vs 500000#"a"', "group til 500000", "distinct 500000?1000000", "(500000?100)!til 500000",
    'like[60000#"a";raze 500#enlist"*a"]', 'ssr[100000#"a";"a";100000#"b"]', "500000 mavg til 500000",
    "100 mmax 1000000?1000", "prd til 100", "1000000 xexp 1000000", "2 vs -5", "0x0 sv 100000#0x01",
    "select from ([]a:til 3000000) where a>5", "x:til 4000000;y:x+x;z:y+y;w:z+z;a:w+w;b:a+a;c:b+b",
    "100000 enlist/1", "f:{x,f};f:f\\[1000;1]", "9223372036854775807+til 5", '"J"$5000#"9"', "1e400",
    "10000 {x,enlist x}/1",
]  # fmt: skip
"""Text that ends with a value or an error."""
OUTSIDE = {
    "hopen 5000": "access", 'system "ls"': "nyi", "system \"cd /tmp\"": "access",
    "read0 `:/etc/passwd": "access", "read1 `:/etc/passwd": "access", "`:/tmp/x set 1": "access",
    "get `:/tmp/x": "access", "key `:/tmp": "access", "\\l /etc/passwd": "access", "save `t": "access",
    "load `t": "access", "hdel `:/tmp/x": "access", 'getenv`HOME': "access", '`A setenv "1"': "access",
    "`:/tmp/x 0: enlist\"a\"": "access", "0: `:/tmp/x": "access", '("S";",") 0: `:/tmp/x': "access",
    "1: `:/tmp/x": "access", "`:lib 2:(`f;1)": "access", ".z.p": "access", ".z.t": "access",
    ".z.h": "access", ".z.ps:{x}": "access", "\\t 1": "access", "\\w": "access", "-11!`:/tmp/x": "access",
    "3 \"x\"": "access", "`::5000 \"1+1\"": "access", "@[`:/tmp/x;1;:;2]": "access",
    "`:/tmp/x upsert 1": "access", "exit 1": "", "\\ls": "nyi", "?[`:/tmp/x;();0b;()]": "access",
    "`:/tmp/x?`a": "access",
}  # fmt: skip
"""Text → error of what would leave the interpreter."""


@pytest.mark.parametrize(("text", "error"), COSTLY.items(), ids=[t[:30] for t in COSTLY])
def test_a_budget_ends_it(text, error):
    session = Session()
    assert session.console(text).split("\n")[-1] == "'" + error
    assert session.fault is None
    assert session.console("2+2") == "4"


@pytest.mark.parametrize("text", ENDS, ids=[t[:30] for t in ENDS])
def test_it_ends_without_a_fault(text):
    session = Session()
    printed = session.console(text)
    assert session.fault is None
    assert len(printed) < 3000
    assert session.console("2+2") == "4"


@pytest.mark.parametrize(("text", "error"), OUTSIDE.items(), ids=[t[:30] for t in OUTSIDE])
def test_nothing_reaches_outside(text, error):
    session = Session()
    assert session.console(text) == ("'" + error if error else "")
    assert session.fault is None


def test_budgets_are_put_back():
    before = METER.steps, METER.elements, METER.depth
    Session().console("while[1b;]")
    assert (METER.steps, METER.elements, METER.depth) == before


def test_a_trap_does_not_go_on_after_the_end_of_a_budget():
    assert Session().console("while[1b;@[{while[1b;]};0;0]]") == "'limit"
    assert Session().console("{@[.z.s;x;0]}1") in ("0", "'stack")


def test_text_has_a_length():
    assert Session().console("1" * 70_000) == "'limit"


WORKER = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
from prmkit_qlang import Session
out = []
for text in json.load(sys.stdin):
    session = Session()
    out.append([session.console(text)[-40:], repr(session.fault)])
print(json.dumps(out))
"""
HEAVY = [
    "x:til 4000000;y:x+x;z:y+y;w:z+z;a:w+w;b:a+a;c:b+b", "desc 5000000?1000000", "group til 3000000",
    "(til 1000000) cross til 1000000", "x:1 2;do[1000;x,:x]", "string til 3000000",
    "flip 1000#enlist til 10000", "(5000000?100)!til 5000000", ".Q.s1 til 5000000",
]  # fmt: skip


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="no limit on memory here")
def test_a_gigabyte_is_enough():
    run = subprocess.run(
        [sys.executable, "-c", WORKER], input=json.dumps(HEAVY), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-500:]
    for text, (_, fault) in zip(HEAVY, json.loads(run.stdout), strict=True):
        assert fault == "None", text
