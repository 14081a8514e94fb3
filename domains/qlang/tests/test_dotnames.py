"""Names with a dot: what they give, what is refused, and the settings of a session."""

from __future__ import annotations

import pytest

from prmkit_qlang import Session

TABLE = 't:([]n:3 1;c:`u`v;w:("a,b";"d"))'


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (".Q.addmonths[2011.01.31;1 2]", "2011.03.03 2011.03.31"),
        ('.Q.addr`$"10.0.1.2"', "167772418i"),
        (".Q.addr`example", "'access"),
        ('10h$.Q.atob .Q.btoa "seven"', '"seven"'),
        ('.Q.atob "a"', "'domain"),
        ('.Q.sha1 ""', "0xda39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (".Q.x10 64", '"AAAAAAAABA"'),
        (".Q.j12 .Q.x12 98765", "98765"),
        (".Q.j10 .Q.x10 98765", "98765"),
        (".Q.f[1] each 0.25 -0.25 3", '"0.3"\n"-0.3"\n"3.0"'),
        (".Q.f[2;`a]", "'type"),
        (".Q.fmt[7;1]each 2.25 -100 1e6", '"    2.3"\n" -100.0"\n"*******"'),
        (".Q.fmt[7;1;1e7]", '"*******"'),
        (".Q.dd[`a`b;1 2]", "`a.1`b.2"),
        (".Q.dd[`a`b;1 2 3]", "'length"),
        (".Q.id each `$(\"x y\";\"2\";\"sum\")", "`xy`a2`sum1"),
        (".Q.id `max`b!1 2", "max1| 1\nb   | 2"),
        (".Q.fu[neg;3 1 3]", "-3 -1 -3"),
        (".Q.fc[neg;3 1 3]", "-3 -1 -3"),
        (".Q.en[::;([]a:`x`y`x)];sym", "`x`y"),
        (".Q.en[`:d;([]a:`x`y`x)]", "'access"),
        (".Q.def[`n`m!(1;2.5)].Q.opt (\"-n\";\"7\")", "n| 7\nm| 2.5"),
        (".Q.w[]", "'access"),
        (".z.p", "'access"),
        (".Q.gz[1]", "'nyi"),
        (".h.nosuch", "'nyi"),
        (".mine.nosuch", "'.mine.nosuch"),
        (".mine.v:1;.mine.nosuch", "'.mine.nosuch"),
        (".mine.v:`a`b!1 2;.mine.v.b", "2"),
        ("key`", "`q`Q`h`j`o"),
        ('1 "seven"', "seven1"),
        ('1 "se";-1 "ven";', "seven"),
        (".z.K", "4f"),
        ('.h.ha[`x;"y"]', '"<a href=x>y</a>"'),
        ('.h.hta[`b;`k`l!("m";3)]', '"<b k=\\"m\\" l=3>"'),
        ('.h.code "a\\tb\\tc"', '"a <code><nobr>b</nobr></code> c"'),
        ('.h.uh .h.hu "a b/c"', '"a b/c"'),
        ('.h.hn["200";`json;"[]"]', None),
        (".h.iso8601 1", '"2000-01-01T00:00:00.000000001"'),
        (f"{TABLE};.h.cd t", '"n,c,w"\n"3,u,\\"a,b\\""\n"1,v,d"'),
        (f"{TABLE};last .h.tx[`json] t", '"{\\"n\\":1,\\"c\\":\\"v\\",\\"w\\":\\"d\\"}"'),
        ('.h.xd ([]a:1 2;b:"<x")', '"<R>"\n"<r><a>1</a><b>&lt;</b></r>"\n"<r><a>2</a><b>x</b></r>"\n"</R>"'),
        (".j.jd(0w 1;enlist[`null0w]!enlist 1b)", '"[null,1]"'),
        (".j.jd 1", "'type"),
    ],
)  # fmt: skip
def test_names_give_what_the_documentation_says_of_them(code: str, shown: str | None) -> None:
    printed = Session().console(code)
    if shown is None:
        assert "application/json" in printed
    else:
        assert printed == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("\\P 3\nstring 2%3", '"0.667"'),
        ("\\P 3\n.j.j 2%3", '"0.667"'),
        ("\\P 3\n-3!2%3", '"0.667"'),
        ("\\P 3\n.Q.s1 2%3", '"0.667"'),
        ("\\P 4\n\\P", "4i"),
        ("\\c 5 12\n\\c", "10 12i"),
        ("\\c 20 12\n.Q.s til 9", '"0 1 2 3 ..'),
        ('\\z 1\n"D"$"03/02/2015"', "2015.02.03"),
        ('"D"$"03/02/2015"', "2015.03.02"),
        ('system "P 2";2%3', "0.67"),
        (".mine.f:{x};.mine.v:3\n\\v .mine", ",`v"),
        ("\\d .mine\n\\d", "`.mine"),
    ],
)
def test_settings_of_a_session(code: str, shown: str) -> None:
    assert Session().console(code) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("(+).enlist 3", "+[3]"),
        ("(!).flip((`a;1);(`b;2))", "a| 1\nb| 2"),
        ("-1 3 xexp 2", "0n 9"),
        ("0 1 xexp 0 0n", "1 0n"),
        ("\\P 0\n2 xexp 3", "7.9999999999999982"),
        ('@[{\'x};"a";::]', '"stype"'),
        ('@[{\'x};"ab";::]', '"ab"'),
    ],
)
def test_dots_behind_brackets_powers_and_signals(code: str, shown: str) -> None:
    assert Session().console(code) == shown
