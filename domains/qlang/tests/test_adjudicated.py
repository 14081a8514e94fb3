"""Rulings on disagreements: a list that is complete, and stays true."""

import pytest

from prmkit.errors import DataError
from prmkit_qlang.adjudicated import EXCUSED, UNDEFINED, adjudicate, rulings
from prmkit_qlang.replay import Pair, Played

TESTABLE = 2409
"""Pairs of the documentation that can be tested."""
ENTRY = "- {ids: [p#0/%d], class: %s, evidence: %s}\n"


def played(number, verdict, testable=True):
    return Played(Pair("p#0", number, "x", "1", None, testable, frozenset()), "", verdict)


def test_excused_pairs_leave_the_adjudicated_figure():
    known = rulings(
        ENTRY % (1, "documentation", "seen") + ENTRY % (2, "undefined", "seen") + ENTRY % (0, "ours", "old")
    )
    shown = [played(0, "right"), played(1, "wrong"), played(2, "crash"), played(3, "wrong")]
    found = adjudicate([*shown, played(4, "untested", testable=False)], known)
    assert (found.testable, found.right, found.share()) == (4, 1, 1 / 3)
    assert (found.excluded(UNDEFINED), found.share(UNDEFINED)) == (2, 1 / 2)
    assert [one.reason for one in found.told] == ["documentation", "undefined", "undecided"]
    assert found.stale == ("p#0/0",)


@pytest.mark.parametrize(
    "text",
    [
        ENTRY % (1, "hearsay", "seen"),
        ENTRY % (1, "ours", "''"),
        "- {ids: [p#0/1], class: ours}",
        "- {ids: p#0/1, class: ours, evidence: seen}",
        "- {ids: [], class: ours, evidence: seen}",
        "- p#0/1",
        ENTRY % (1, "ours", "a") * 2,
    ],
)
def test_incomplete_rulings_are_refused(text):
    with pytest.raises(DataError):
        rulings(text)


def test_few_prints_of_the_package_are_called_wrong():
    found = rulings().values()
    assert all(one.evidence for one in found)
    assert sum(one.reason in EXCUSED for one in found) <= 0.03 * TESTABLE
