"""Tests that are written as a Python function ``check(candidate)``, read into cases without running it.

The function is walked by a whitelist: literals, sums of literals, loops over ranges, seeded draws of whole
numbers, and asserts about what ``candidate`` gives. Anything else is refused and named; what a message
behind an assert would compute is never looked at.
"""

from __future__ import annotations

import ast
import operator
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

How = Literal["equal", "close", "true", "false"]
TURNS = 2_000
"""Statements that one check may take."""
LARGEST = 10**18
"""Numbers beyond make a check refused."""
SEED = 0
"""Seed of draws from the module ``random``, which the tests do not seed."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call and what must come out."""

    args: tuple[Any, ...]
    expected: Any
    how: How = "equal"
    within: float = 0.0
    """Largest absolute difference, where ``how`` is ``close``."""


@dataclass(slots=True)
class Checks:
    """What a check function says."""

    cases: list[Case] = field(default_factory=list)
    asserts: int = 0
    """Assert statements in the text."""
    vacuous: int = 0
    """Those that say nothing about the candidate (``assert True``)."""
    refused: dict[int, str] = field(default_factory=dict)
    """Line → why its assert could not be read."""

    @property
    def covered(self) -> int:
        """Assert statements about the candidate that were read."""
        return self.asserts - self.vacuous - len(self.refused)

    @property
    def undefined(self) -> bool:
        """Whether an assert uses a name that the function does not define."""
        return any(reason.startswith("unknown") for reason in self.refused.values())


class RefusedError(ValueError):
    """The check uses something that is not on the list."""


@dataclass(frozen=True, slots=True)
class _Called:
    """What the candidate gives for these arguments; ``less`` is subtracted from it."""

    args: tuple[Any, ...]
    less: Any = None


def read_checks(text: str) -> Checks:
    r"""Read the function ``check`` of a text of Python.

    Raises:
        RefusedError: The text does not parse, or defines no such function.

    Examples:
        >>> found = read_checks("def check(candidate):\n    assert candidate([1, 2], 3) == 2 * 3")
        >>> found.cases
        [Case(args=([1, 2], 3), expected=6, how='equal', within=0.0)]
    """
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RefusedError(f"no Python: {error}") from None
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == "check" and len(node.args.args) == 1:
            return _Reader(node.args.args[0].arg).read(node)
    raise RefusedError("no function check with one argument")


_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_PLAIN: Mapping[str, Callable[..., Any]] = {
    "str": str,
    "len": len,
    "list": list,
    "tuple": tuple,
    "float": float,
    "range": range,
    "abs": abs,
    "fabs": abs,
    "deepcopy": lambda x: x,
}
"""Functions of literals; the name is what stands behind the last dot."""


class _Reader:
    """Walks one function."""

    def __init__(self, candidate: str) -> None:
        self._candidate = candidate
        self._names: dict[str, Any] = {}
        self._turns = 0
        self._draw = random.Random(SEED)
        self._found = Checks()

    def read(self, function: ast.FunctionDef) -> Checks:
        asserts = [node for node in ast.walk(function) if isinstance(node, ast.Assert)]
        self._found.asserts = len(asserts)
        self._found.vacuous = sum(isinstance(node.test, ast.Constant) for node in asserts)
        self._block(function.body)
        return self._found

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            try:
                self._statement(statement)
            except RefusedError as error:
                for node in ast.walk(statement):
                    if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
                        self._found.refused.setdefault(node.lineno, str(error))

    def _statement(self, node: ast.stmt) -> None:
        self._turns += 1
        if self._turns > TURNS:
            raise RefusedError("too long")
        if isinstance(node, ast.Assert):
            if not isinstance(node.test, ast.Constant):
                self._found.cases.append(self._case(node.test))
        elif isinstance(node, ast.For):
            self._loop(node)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            self._bind(node.targets[0], self._value(node.value))
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.Expr):
            raise RefusedError(f"statement {type(node).__name__}")

    def _loop(self, node: ast.For) -> None:
        turns = self._value(node.iter)
        if not isinstance(turns, range | list | tuple) or len(turns) > TURNS or node.orelse:
            raise RefusedError("loop over something else than a short list")
        before = len(self._found.refused), len(self._found.cases)
        for turn in turns:
            self._bind(node.target, turn)
            self._block(node.body)
        if len(self._found.refused) > before[0]:
            del self._found.cases[before[1] :]

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self._names[target.id] = value
        elif isinstance(target, ast.Tuple) and isinstance(value, list | tuple):
            if len(target.elts) != len(value):
                raise RefusedError("assignment of another length")
            for one, its in zip(target.elts, value, strict=True):
                self._bind(one, its)
        else:
            raise RefusedError("assignment to something else than a name")

    def _case(self, test: ast.expr) -> Case:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return Case(self._called(self._value(test.operand)), None, "false")
        if not isinstance(test, ast.Compare):
            return Case(self._called(self._value(test)), None, "true")
        if len(test.ops) != 1:
            raise RefusedError("chained comparison")
        left, right = self._value(test.left), self._value(test.comparators[0])
        kind = type(test.ops[0])
        if kind in (ast.Eq, ast.Is):
            if isinstance(right, _Called):
                left, right = right, left
            return Case(self._called(left), self._literal(right))
        if kind in (ast.Lt, ast.LtE) and isinstance(left, _Called) and left.less is not None:
            return Case(left.args, left.less, "close", float(self._literal(right)))
        raise RefusedError(f"comparison {kind.__name__}")

    def _called(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, _Called) or value.less is not None:
            raise RefusedError("assert about something else than the candidate")
        return value.args

    def _literal(self, value: Any) -> Any:
        if any(isinstance(one, _Called) for one in _walk(value)):
            raise RefusedError("the candidate on both sides")
        return value

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str | None):
            return node.value
        if isinstance(node, ast.List | ast.Tuple):
            made = [self._value(one) for one in node.elts]
            return made if isinstance(node, ast.List) else tuple(made)
        if isinstance(node, ast.Dict):
            keys = [self._value(key) if key else None for key in node.keys]
            if None in keys or not all(isinstance(key, int | float | str) for key in keys):
                raise RefusedError("key of a dictionary")
            return dict(zip(keys, map(self._value, node.values), strict=True))
        if isinstance(node, ast.Name):
            if node.id not in self._names:
                raise RefusedError(f"unknown name {node.id}")
            return self._names[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return _guarded(operator.neg, self._literal(self._value(node.operand)))
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            return self._sum(node)
        if isinstance(node, ast.Call) and not node.keywords:
            return self._call(node)
        raise RefusedError(f"expression {type(node).__name__}")

    def _sum(self, node: ast.BinOp) -> Any:
        left, right = self._value(node.left), self._value(node.right)
        if isinstance(left, _Called) and isinstance(node.op, ast.Sub) and left.less is None:
            return _Called(left.args, self._literal(right))
        return _guarded(_BINARY[type(node.op)], self._literal(left), self._literal(right))

    def _call(self, node: ast.Call) -> Any:
        name = _dotted(node.func)
        args = [self._value(one) for one in node.args]
        if name == self._candidate:
            return _Called(tuple(map(self._literal, args)))
        last = name.rpartition(".")[2]
        if name == "random.Random":
            return _guarded(random.Random, *args)
        if last == "randint" and len(args) == 2:
            owner = self._names.get(name.partition(".")[0], self._draw)
            if isinstance(owner, random.Random):
                return _guarded(owner.randint, *args)
        if len(args) == 1 and isinstance(args[0], _Called) and last in ("tuple", "list", "abs", "fabs"):
            return args[0]
        if last in _PLAIN and name in (last, f"math.{last}", f"copy.{last}"):
            return _guarded(_PLAIN[last], *map(self._literal, args))
        raise RefusedError(f"unknown function {name}" if name else "call of something else than a name")


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def _walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, list | tuple):
        for one in value:
            yield from _walk(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _walk(one)


def _guarded(f: Callable[..., Any], *args: Any) -> Any:
    """Apply to literals; what fails or grows is refused."""
    sizes = [abs(one) for one in args if isinstance(one, int | float)]
    texts = [one for one in args if isinstance(one, str | list | tuple)]
    if f is operator.pow and max(sizes, default=0) > 64:
        raise RefusedError("a large power")
    if f is operator.mod and texts:
        raise RefusedError("a formatted text")
    if f is operator.mul and texts and max(sizes, default=0) > TURNS:
        raise RefusedError("a long text")
    try:
        made = f(*args)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise RefusedError(str(error)) from None
    if isinstance(made, complex) or (isinstance(made, int) and abs(made) > LARGEST):
        raise RefusedError("a number out of range")
    if isinstance(made, str | list | tuple) and len(made) > 100 * TURNS:
        raise RefusedError("a long text")
    return made
