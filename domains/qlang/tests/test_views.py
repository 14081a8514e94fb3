"""Views, and what is said of them; names and variables around them."""

import pytest

from prmkit_qlang import Session

TALK = [
    ("gap::high-low", ""),
    ("views`", "`s#,`gap"),
    ("\\B", ",`gap"),
    ("`. `gap", "high-low"),
    ("high:9;low:4", ""),
    ("value`. `gap", '::\n(-;`high;`low)\n`high`low\n"high-low"'),
    ("gap", "5"),
    ("\\B", "`symbol$()"),
    ("value`. `gap", '5\n(-;`high;`low)\n`high`low\n"high-low"'),
    ("low:7", ""),
    ("\\B", ",`gap"),
    ("gap", "2"),
    ("\\B", "`symbol$()"),
]


def test_a_view_is_read_anew_and_shown_as_text():
    session = Session()
    assert [(line, session.console(line)) for line, _ in TALK] == TALK


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        ("w::a+1;", ""),
        ("w::a+1;w~(::)", ""),
        ("rows::select from t where p in q", ""),
    ],
)
def test_what_stands_behind_a_name_belongs_to_its_view(script, printed):
    assert Session().console(script) == printed


def test_a_view_of_a_query_needs_its_table_only():
    session = Session()
    session.console("rows::n;select from t where p in q")
    assert session.console("(value`. `rows)2") == "`n`t"
    assert session.console("n:1;rows") == "'t"


def test_a_view_that_ends_in_a_semicolon_has_no_value():
    session = Session()
    session.console("a:1 2")
    session.console("none::a;")
    assert session.console("none~(::)") == "1b"


def test_a_view_that_needs_itself_takes_what_it_was():
    session = Session()
    session.console("more::$[fresh;10;more+1]")
    assert session.console("fresh:0b;more") == "'loop"
    assert [session.console(line) for line in ("fresh:1b;more", "fresh:0b;more", "more")] == [
        "10",
        "11",
        "12",
    ]


def test_two_dots_mean_the_root():
    session = Session()
    for line in ("rate:3", "\\d .shop", "rate:4"):
        session.console(line)
    assert session.console("value`..rate") == "3"
    assert session.console("key`..rate") == "`..rate"
    assert session.console("key`..none") == "()"
    assert session.console("rate") == "4"


def test_sorting_what_is_sorted_marks_every_variable_that_holds_it():
    session = Session()
    session.console("p:4 6 9;q:p;r:4 6 9")
    assert session.console("asc q") == "`s#4 6 9"
    assert [session.console(name) for name in "pqr"] == ["`s#4 6 9", "`s#4 6 9", "4 6 9"]
    assert Session().console("asc .Q.n;attr .Q.n") == "`s"
    assert Session().console("attr .Q.n") == "`"  # not for another session


def test_marking_a_keyed_table_marks_the_keys_of_its_variable():
    assert Session().console("t:([3 5]n:1 2);`s#t;attr each(t;key t)") == "``s"
