"""Replaying documented sessions: what counts as agreement, what a page's session gets to see."""

import pytest

from prmkit_qlang.features import features
from prmkit_qlang.replay import Pair, agrees, lines, replay


class Echo:
    """A session that remembers what it was told, and prints what it was taught."""

    heard: list[str]

    def __init__(self, answers=None):
        self.heard = []
        self.answers = answers or {}

    def console(self, code):
        self.heard.append(code)
        answer = self.answers.get(code, "")
        if isinstance(answer, Exception):
            raise answer
        return answer


def line(code, shown="", **more):
    return {"code": code, "output_clean": shown, "auto_testable": bool(shown), **more}


def block(page, number, *interactions, **more):
    return {
        "id": f"{page}#{number}",
        "page": page,
        "block": number,
        "interactions": list(interactions),
        **more,
    }


def pair(shown, error=None):
    return Pair("p#0", 0, "x", shown, error, True, frozenset())


def test_blank_ends_do_not_matter_and_inner_blanks_do():
    assert lines("\na  \nb\n\n") == ["a", "b"]
    assert agrees(pair("a| 1\nb| 2"), "a| 1 \nb| 2\n")
    assert not agrees(pair("a| 1"), "a|  1")


@pytest.mark.parametrize(
    ("printed", "right"),
    [
        ("'type", True),
        ("'type\n  [0]  1+`a\n", True),
        ("0\n'type", True),
        ("'length", False),
        ("type", False),
    ],
)
def test_an_error_is_compared_by_its_class(printed, right):
    assert agrees(pair("'type\n  [0]  1+`a\n        ^", "type"), printed) is right


def test_a_page_is_one_session_in_page_order():
    sessions = []

    def session():
        sessions.append(Echo({"a": "1", "b": "2"}))
        return sessions[-1]

    played = replay(
        [block("p", 1, line("b", "3")), block("q", 0, line("b", "2")), block("p", 0, line("a", "1"))], session
    )
    assert [(one.pair.id, one.verdict) for one in played] == [
        ("p#0/0", "right"),
        ("p#1/0", "wrong"),
        ("q#0/0", "right"),
    ]
    assert [one.heard for one in sessions] == [["a", "b"], ["b"]]


def test_an_exception_is_a_crash_and_the_page_goes_on():
    answers = {"a": ZeroDivisionError("ours"), "b": "2"}
    played = replay([block("p", 0, line("a", "1"), line("b", "2"))], lambda: Echo(answers))
    assert [one.verdict for one in played] == ["crash", "right"]
    assert "ZeroDivisionError" in played[0].printed


def test_scripts_above_a_prompt_are_typed_first_and_quitting_is_not():
    session = Echo()
    replay([block("p", 0, line("f 1", "2"), line("\\\\"), preamble="f:{\n  x+1\n  }\ng:2")], lambda: session)
    assert session.heard == ["f:{\n  x+1\n  }", "g:2", "f 1"]


def test_the_suppliers_are_there_once_a_page_asks_for_them():
    session = Echo()
    replay([block("p", 0, line("\\l sp.q"), line("count sp", "12", flags=["uses_sp_q"]))], lambda: session)
    assert [said.partition(":")[0] for said in session.heard] == ["s", "p", "sp", "count sp"]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("{x+y}/[1 2 3]", {"core"}),
        ("`sum`max!1 2", {"core"}),
        ('"select sum"', {"core"}),
        ("sum 1 2", {"keywords"}),
        ("([]a:1 2)", {"tables"}),
        ("exec a from t", {"qsql"}),
        (".Q.s1 1", {"namespaces"}),
        ("2001.01.01+1", {"temporal"}),
        ("12:30+til 2", {"temporal", "keywords"}),
    ],
)
def test_features_are_read_off_the_code(code, found):
    assert features(code) == found
