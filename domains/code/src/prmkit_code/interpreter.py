"""A small interpreter for generated programs: whole numbers, lists of them, one loop deep or more.

It reads a whitelist of syntax and runs in the trusted process, so that generated tasks are graded without a
sandbox. What it does not know it refuses; it never guesses.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from prmkit_code.program import parsed

STEPS = 5_000
"""Statements and expressions that one call may take."""
LARGEST = 10**12
"""Largest size of a number."""

Value = int | bool | list[int] | None


class UnknownSyntaxError(ValueError):
    """The program uses what this interpreter does not know."""


class FaultError(ValueError):
    """The program is wrong: it raises, never ends, or does not parse."""


class _Returned(Exception):
    def __init__(self, value: Value) -> None:
        self.value = value


def call(source: str, name: str, arguments: Sequence[Value]) -> Value:
    r"""Value of a call of a function of a program.

    Args:
        source: The program.
        name: The function.
        arguments: Whole numbers and lists of them.

    Raises:
        UnknownSyntaxError: The program uses other syntax than this interpreter knows.
        FaultError: It does not parse, raises, or runs too long.

    Examples:
        >>> call("def f(xs):\n  s = 0\n  for x in xs:\n    s += x\n  return s", "f", [[1, 2, 3]])
        6
    """
    tree = parsed(source)
    if tree is None:
        raise FaultError("it does not parse")
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if len(functions) != len(tree.body):
        raise UnknownSyntaxError("statements outside of functions")
    if name not in functions:
        raise FaultError(f"no function is called {name}")
    function = functions[name]
    given = function.args
    if given.vararg or given.kwarg or given.kwonlyargs or given.defaults or function.decorator_list:
        raise UnknownSyntaxError("arguments of other kinds")
    names = [one.arg for one in (*given.posonlyargs, *given.args)]
    if len(names) != len(arguments):
        raise FaultError(f"it takes {len(names)} arguments")
    run = _Run(dict(zip(names, arguments, strict=True)))
    try:
        run.block(function.body)
    except _Returned as returned:
        return returned.value
    except RecursionError as error:
        raise UnknownSyntaxError("nested too deep") from error
    return None


class _Run:
    """One call: its variables, and what is left of its steps."""

    def __init__(self, names: dict[str, Value]) -> None:
        self.names, self.left = names, STEPS

    def block(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        self._step()
        if isinstance(node, ast.Return):
            raise _Returned(self.value(node.value) if node.value else None)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self.names[node.targets[0].id] = self.value(node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            before = self._name(node.target.id)
            self.names[node.target.id] = self._sum(node.op, before, self.value(node.value))
        elif isinstance(node, ast.If):
            self.block(node.body if self._truth(self.value(node.test)) else node.orelse)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name) and not node.orelse:
            items = self.value(node.iter)
            if not isinstance(items, list):
                raise FaultError("a number has no items")
            for item in list(items):
                self._step()
                self.names[node.target.id] = item
                self.block(node.body)
        elif not isinstance(node, ast.Pass):
            raise UnknownSyntaxError(type(node).__name__)

    def value(self, node: ast.expr) -> Value:
        self._step()
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, int)):
            return node.value
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.BinOp):
            return self._sum(node.op, self.value(node.left), self.value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return self._sum(ast.Sub(), 0, self.value(node.operand))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return not self._truth(self.value(node.operand))
        if isinstance(node, ast.BoolOp):
            value: Value = None
            for part in node.values:
                value = self.value(part)
                if self._truth(value) is isinstance(node.op, ast.Or):
                    return value
            return value
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node.ops[0], self.value(node.left), self.value(node.comparators[0]))
        raise UnknownSyntaxError(type(node).__name__)

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise FaultError("it runs too long")

    def _name(self, name: str) -> Value:
        if name not in self.names:
            raise FaultError(f"{name} is not known")
        return self.names[name]

    def _truth(self, value: Value) -> bool:
        return bool(value)

    def _sum(self, sign: ast.operator, a: Value, b: Value) -> int:
        if not isinstance(a, int) or not isinstance(b, int):
            raise FaultError("a sum of something else than numbers")
        if isinstance(sign, ast.FloorDiv | ast.Mod) and b == 0:
            raise FaultError("division by zero")
        if isinstance(sign, ast.Add):
            value = a + b
        elif isinstance(sign, ast.Sub):
            value = a - b
        elif isinstance(sign, ast.Mult):
            value = a * b
        elif isinstance(sign, ast.FloorDiv):
            value = a // b
        elif isinstance(sign, ast.Mod):
            value = a % b
        else:
            raise UnknownSyntaxError(type(sign).__name__)
        if abs(value) > LARGEST:
            raise FaultError("the numbers grow too large")
        return value

    def _compared(self, sign: ast.cmpop, a: Value, b: Value) -> bool:
        if not isinstance(a, int) or not isinstance(b, int):
            raise FaultError("a comparison of something else than numbers")
        table = {
            ast.Lt: a < b,
            ast.LtE: a <= b,
            ast.Gt: a > b,
            ast.GtE: a >= b,
            ast.Eq: a == b,
            ast.NotEq: a != b,
        }
        if type(sign) not in table:
            raise UnknownSyntaxError(type(sign).__name__)
        return table[type(sign)]
