r"""MBPP: crowd-sourced problems with a reference solution and three asserts each.

An invented row of the same shape::

    {"task_id": 2000, "text": "Write a function to double a number.",
     "code": "def twice(n):\r\n  return 2 * n", "test_setup_code": "",
     "test_list": ["assert twice(1) == 2", "assert twice(2) == 4", "assert twice(0) == 0"],
     "challenge_test_list": []}

Numbers 11 to 510 are the test split (``mbpp_test``), all others may be trained on (``mbpp_train``).
The first assert is shown with the problem, which names the function; all of them are hidden tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Problem, Sample
from prmkit_code.data.rows import Origin, fault, listed, text, value
from prmkit_code.program import parsed

FILE = FileCard("mbpp.jsonl.gz", 974, "edd6838ae6623912908b2f29bd64f8478a9e87587fda9818536a945253ef2e11")
TEST = range(11, 511)
"""Numbers of the test split."""


def _card(name: str, summary: str, use: str) -> DatasetCard:
    return DatasetCard(
        name=name,
        path="code/mbpp",
        files=(FILE,),
        summary=summary,
        licence="CC-BY-4.0",
        gold="outcome",
        cluster="problem",
        hub="google-research-datasets/mbpp",
        use=("train",) if use == "train" else ("evaluate",),
    )


TEST_CARD = _card("mbpp_test", "Short problems with three asserts each, test split (11 to 510)", "evaluate")
TRAIN_CARD = _card("mbpp_train", "Short problems with three asserts each, all but the test split", "train")


def number(row: Row, name: str = "task_id") -> int:
    """The number of a problem.

    Raises:
        RecordError: It is missing or no whole number.
    """
    found = value(row, name)
    if isinstance(found, bool) or not isinstance(found, int):
        raise fault(row, f"expected a number, got {found!r:.60}", "write the problem's number", name)
    return found


def called(code: str, tests: list[str]) -> str:
    r"""Name of the function of ``code`` that the tests call; empty when there is none.

    Examples:
        >>> called("def a(x): return x\ndef b(x): return a(x)", ["assert b(1) == 1"])
        'b'
    """
    tree = parsed(code)
    defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)} if tree else set()
    for test in tests:
        read = parsed(test)
        for node in ast.walk(read) if read else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined:
                return node.func.id
    return ""


def asked(origin: Origin, row: Row) -> Problem:
    """The problem of an MBPP row.

    Raises:
        RecordError: A field is missing, or there is no test.
    """
    tests = [*listed(row, "test_list", str), *listed(row, "challenge_test_list", str)]
    if not tests:
        raise fault(row, "there is no test", "leave the row out", "test_list")
    code = text(row, "code")
    return origin.problem(
        f"mbpp/{number(row)}",
        f"{text(row, 'text')}\n\n{tests[0]}",
        entry_point=called(code, tests),
        reference={"tests": tests, "setup": text(row, "test_setup_code", empty=True), "solution": code},
        shown=tests[:1],
    )


def _parse(card: DatasetCard, row: Row, wanted: bool) -> Iterator[Sample]:
    if (number(row) in TEST) is wanted:
        origin = Origin(card, row)
        problem = asked(origin, row)
        yield Sample(
            problem, origin.solution(problem, "reference", text(row, "code"), outcome=1.0, system="reference")
        )


def parse_test(row: Row) -> Iterator[Sample]:
    """The reference solution of a problem of the test split.

    Raises:
        RecordError: A field is missing or of another type.
    """
    yield from _parse(TEST_CARD, row, True)


def parse_train(row: Row) -> Iterator[Sample]:
    """The reference solution of a problem outside the test split.

    Raises:
        RecordError: A field is missing or of another type.
    """
    yield from _parse(TRAIN_CARD, row, False)


TEST_SOURCE = Source(card=TEST_CARD, parse=parse_test)
TRAIN_SOURCE = Source(card=TRAIN_CARD, parse=parse_train)
