"""Static quality of unit tests: seven metrics, tests without assertion, tautologies.

Source: RLSQM, arXiv 2310.02368 (static quality metrics as rewards). Departures: the list of its metrics was
put together from descriptions of the paper; tautologies are our own addition, since the reward of the
metrics alone can be had by ``assert True``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from prmkit_code.program import parsed

_WORDS = re.compile(r"^test_[a-z0-9]+(?:_[a-z0-9]+)+$|^test(?:[A-Z][a-z0-9]+){2,}$")


class Metrics(NamedTuple):
    """Metrics of one unit test; true is good."""

    syntax: bool
    assertion: bool
    focal: bool
    """Calls the function under test; true where none is named."""
    comment: bool
    descriptive: bool
    """The name says more than ``test_1``."""
    no_duplicate: bool
    """No assertion stands twice."""
    no_condition: bool
    """Neither branches nor exception handling."""
    no_tautology: bool
    """Every assertion can fail."""

    @property
    def vector(self) -> tuple[int, ...]:
        """The seven published metrics as 0 and 1."""
        return tuple(int(value) for value in self[:7])

    @property
    def necessary(self) -> bool:
        """Whether it parses, asserts something, and calls the function under test."""
        return self.syntax and self.assertion and self.focal

    @property
    def reward(self) -> int:
        """-1 without what is necessary, else one for each of: good name, no duplicate, no condition."""
        return sum((self.descriptive, self.no_duplicate, self.no_condition)) if self.necessary else -1


class Unit(NamedTuple):
    """One unit test in a text."""

    name: str
    """Empty for an assertion that stands alone."""
    row: int
    """First row, from 1."""
    end: int
    """Last row."""
    source: str


def units(source: str) -> list[Unit]:
    """The test functions of a text, or the assertions where there is no function."""
    tree = parsed(source)
    if tree is None:
        return []
    rows = source.split("\n")

    def unit(node: ast.stmt, name: str) -> Unit:
        end = node.end_lineno or node.lineno
        text = "\n".join(rows[node.lineno - 1 : end])
        return Unit(name, node.lineno, end, text)

    functions = [
        unit(node, node.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.lower().startswith("test")
    ]
    return functions or [unit(node, "") for node in tree.body if isinstance(node, ast.Assert)]


def measure(source: str, focal: str = "") -> Metrics:
    r"""Metrics of one unit test.

    Args:
        source: Text of the test: a function, or an assertion.
        focal: Name of the function under test; empty where it is not known.

    Examples:
        >>> good = "def test_sum_of_two():\n    # small\n    assert add(1, 2) == 3\n"
        >>> measure(good, "add").vector, measure(good, "add").reward
        ((1, 1, 1, 1, 1, 1, 1), 3)
    """
    text = _dedented(source)
    tree = parsed(text)
    if tree is None:
        return Metrics(False, False, False, False, False, False, False, False)
    asserts = list(_assertions(tree))
    spelled = [ast.unparse(node) for node in asserts]
    called = {_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    name = next((n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)), "")
    branching = (ast.If, ast.Try, ast.IfExp, ast.While, ast.Match)
    documented = any(ast.get_docstring(n) for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    return Metrics(
        syntax=True,
        assertion=bool(asserts),
        focal=not focal or focal in called,
        comment="#" in text or documented,
        descriptive=bool(_WORDS.match(name)),
        no_duplicate=len(set(spelled)) == len(spelled),
        no_condition=not any(isinstance(node, branching) for node in ast.walk(tree)),
        no_tautology=not any(is_tautology(node) for node in asserts),
    )


def _dedented(source: str) -> str:
    rows = source.split("\n")
    indent = len(rows[0]) - len(rows[0].lstrip())
    return "\n".join(row[indent:] if not row[:indent].strip() else row for row in rows)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _assertions(tree: ast.AST) -> Iterator[ast.Assert | ast.Call | ast.With]:
    """``assert``, ``self.assertEqual(...)`` and the like, ``with pytest.raises(...)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) or (
            isinstance(node, ast.Call) and re.match(r"assert|raises$|fail$", _name(node.func))
        ):
            yield node


def is_tautology(node: ast.AST) -> bool:
    """Whether an assertion is true whatever the program does.

    Examples:
        >>> texts = ("assert True", "assert f(1) == f(1)", "assert f(1)")
        >>> [is_tautology(ast.parse(text).body[0]) for text in texts]
        [True, True, False]
    """
    test: ast.expr | None = None
    if isinstance(node, ast.Assert):
        test = node.test
    elif isinstance(node, ast.Call):
        given, name = node.args, _name(node.func)
        if name == "assertTrue" and given:
            test = given[0]
        elif name == "assertEqual" and len(given) >= 2:
            return ast.dump(given[0]) == ast.dump(given[1])
    if test is None:
        return False
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Tuple):
        # assert (condition, "message") is a tuple that is not empty.
        return bool(test.elts)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        same = ast.dump(test.left) == ast.dump(test.comparators[0])
        return same and isinstance(test.ops[0], ast.Eq | ast.Is | ast.LtE | ast.GtE)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(isinstance(value, ast.Constant) and bool(value.value) for value in test.values)
    return False
