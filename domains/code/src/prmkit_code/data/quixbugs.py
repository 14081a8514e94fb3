r"""QuixBugs (Python): classic algorithms with a one-line bug, the fixed program and test cases.

An invented row of the same shape::

    {"name": "twice", "buggy": "\ndef twice(n):\n    return n * n\n\n\"\"\"\nTwice\n\"\"\"\n",
     "correct": "\ndef twice(n):\n    return 2 * n\n", "tests": [[[3], 6], [[0], 0]], "buggy_lines": [3, 5]}

The published line numbers also count remarks and the comment that closes the file, so the first wrong line
is found anew: the first that differs with all remarks left out. Programs that work on graphs have no tests in
the file, and ``node`` has no bug; they are left out of the tests, or of the samples. Cases become asserts
that compare lists, tuples and generators by their items, and ``sqrt`` within its epsilon.
"""

from __future__ import annotations

import ast
import contextlib
import io
import tokenize
from collections.abc import Iterator
from dataclasses import replace

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Json, Sample, Step, Trajectory
from prmkit_code.data.rows import Origin, differing, fault, text, until_first_error, value
from prmkit_code.program import parsed

CARD = DatasetCard(
    name="quixbugs",
    path="code/quixbugs",
    files=(
        FileCard("quixbugs.jsonl", 41, "c42eb090405d21e84b649f06674234391b603e0a3166a28eecfd5e2475689f13"),
    ),
    summary="Classic algorithms with a one-line bug, the fixed program and test cases",
    licence="MIT",
    gold="planted",
    cluster="program",
    index_base=0,
    after_error="until_first_error",
    hub="github:jkoppel/QuixBugs",
    use=("evaluate",),
)
SETUP = """
def _plain(v):
    if isinstance(v, (str, bytes, int, float, bool, type(None))): return v
    if isinstance(v, dict): return {k: _plain(x) for k, x in v.items()}
    return [_plain(x) for x in v]
def _same(a, b, eps=0):
    return abs(a - b) <= eps if eps else _plain(a) == b
"""
"""Names that the asserts use; invented for this reader."""


def code_only(source: str) -> str:
    r"""The program without what follows its last statement that does something.

    Examples:
        >>> code_only('x = 1\n\n\"\"\"\nnotes\n\"\"\"\n')
        'x = 1\n'
    """
    tree = parsed(source)
    if tree is None:
        return source
    last = [n for n in tree.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    rows = source.split("\n")[: last[-1].end_lineno if last else 0]
    return "\n".join(rows) + "\n"


def first_difference(wrong: Trajectory, right: Trajectory) -> int | None:
    """The first step of ``wrong`` whose code differs, remarks left out; None when none does.

    Examples:
        >>> a = Trajectory.of_steps("a", "p", ["# twice", "x = 1  # one", "y = x"])
        >>> first_difference(a, Trajectory.of_steps("b", "p", ["x = 1", "y = x + x"]))
        2
    """
    mine, theirs = _code(wrong), _code(right)
    found = differing(mine, theirs)
    return None if found is None else mine[found].index


def _code(trajectory: Trajectory) -> list[Step]:
    """The steps without their remarks; those that are nothing else are left out."""
    remarks: list[int] = []
    starts = [0, *(at + 1 for at, sign in enumerate(trajectory.text) if sign == "\n")]
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(trajectory.text).readline):
            if token.type == tokenize.COMMENT:
                remarks.append(starts[token.start[0] - 1] + token.start[1])
    found = []
    for step in trajectory.steps:
        end = next((at for at in remarks if step.start <= at < step.end), step.end)
        code = step.text[: end - step.start]
        if code.strip():
            found.append(replace(step, text=code, end=end))
    return found


def asserts(row: Row, name: str) -> list[str]:
    """The cases of a row as asserts; empty when it has none.

    Raises:
        RecordError: A case is no pair.
    """
    cases: Json = value(row, "tests")
    if cases is None:
        return []
    found = []
    for case in cases:
        if not isinstance(case, list) or len(case) != 2:
            raise fault(row, f"a case is {case!r:.60}", "write [arguments, expected]", "tests")
        arguments, expected = case
        given = arguments if isinstance(arguments, list) else [arguments]
        call = f"{name}({', '.join(map(repr, given))})"
        eps = f", {given[-1]!r}" if name == "sqrt" else ""
        found.append(f"assert _same({call}, {expected!r}{eps})")
    return found


def parse(row: Row) -> Iterator[Sample]:
    """Two samples: the buggy program and the fixed one, one step a line; none for a program without bug.

    Raises:
        RecordError: A field is missing or of another type.
    """
    origin = Origin(CARD, row)
    name, buggy = text(row, "name"), text(row, "buggy")
    # The file of a fixed program repeats other versions of it as notes.
    wrong_code, right_code = code_only(buggy), code_only(text(row, "correct"))
    notes = buggy[len(wrong_code) :].strip("\n \"'")
    tests = asserts(row, name)
    problem = origin.problem(
        name,
        f"{name}\n\n{notes}".strip(),
        entry_point=name,
        reference={"tests": tests, "setup": SETUP} if tests else None,
    )
    wrong = origin.solution(problem, "buggy", wrong_code, how="line", outcome=0.0, tested=str(bool(tests)))
    right = origin.solution(problem, "right", right_code, how="line", outcome=1.0, tested=str(bool(tests)))
    first = first_difference(wrong, right)
    if first is not None:
        yield Sample(problem, wrong, until_first_error(wrong, first, "planted/quixbugs@1"))
        yield Sample(problem, right, until_first_error(right, None, "planted/quixbugs@1"))


SOURCE = Source(card=CARD, parse=parse)
