"""Grades of programs and values."""

import pytest

from prmkit.types import Problem
from prmkit_qlang.grade import grade
from prmkit_qlang.outcome import judge

FUNCTION = Problem(
    id="f",
    text="Write f: the sum of x.",
    context={"entry_point": "f", "variables": {"x": "longs"}},
    reference={"cases": [[[[1, 2]], 3], [[[]], 0], [[[5]], 5]]},
)
SCRIPT = Problem(
    id="s",
    text="n is a list. Return its sum.",
    context={"variables": {"n": "longs"}},
    reference={"cases": [[{"n": [1, 2]}, 3], [{"n": []}, 0]]},
)
CHECKED = Problem(
    id="c",
    text="twice:{[x]\n  }",
    reference={
        "entry_point": "twice",
        "tests": "def check(candidate):\n    assert candidate(2) == 4\n"
        "    assert abs(candidate(0.5) - 1) < 0.1\n",
    },
)


@pytest.mark.parametrize(
    ("problem", "answer", "wanted"),
    [
        (FUNCTION, "f:{sum x}", 1.0),
        (FUNCTION, "{sum x}", 1.0),
        (FUNCTION, "f:{max x}", 0.0),
        (FUNCTION, "f:{first x}", 0.0),
        (FUNCTION, "", 0.0),
        (FUNCTION, None, 0.0),
        (FUNCTION, "f:{read0 x}", None),
        (FUNCTION, "f:{$[1=count x;read0 x;sum x]}", None),
        (FUNCTION, "f:{$[1=count x;read0 x;0]}", 0.0),
        (SCRIPT, "x : n\nsum x", 1.0),
        (SCRIPT, "sum n ;", 0.0),
        (SCRIPT, "count n", 0.0),
        (CHECKED, "twice:{[x] 2*x}", 1.0),
        (CHECKED, "twice:{[x]\n  r:x+x;\n  r}", 1.0),
        (CHECKED, "twice:{[x] 2+x}", 0.0),
        (Problem(id="n", text="?"), "f:{x}", None),
        (Problem(id="v", text="?", reference={"answer": "7"}), " 7 ", 1.0),
        (Problem(id="v", text="?", reference={"answer": "7"}), None, 0.0),
    ],
)
def test_grades(problem, answer, wanted):
    assert grade(problem, answer) == wanted


def test_shares_and_counterexamples():
    found = judge(FUNCTION, "f:{first x}")
    assert (found.passed, found.total) == (1, 3)
    assert found.counterexample == "f[1 2] gives 1, not 3"
    assert judge(FUNCTION, "f:{sum x}").counterexample == ""
    assert judge(SCRIPT, "sum m").counterexample.endswith("it gives 'm, not 3")
