"""The small part of Python that program-of-thoughts answers use, interpreted, never executed.

``ast`` only parses. Read are assignments of numbers, texts, lists, mappings and arithmetic over earlier
names, with ``sum len max min abs round``, ``.values()``, ``.keys()`` and constant subscripts. Anything
else (loops, imports, calls, comprehensions) ends the reading: the names after it are unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from prmkit_finance.amounts import digits
from prmkit_finance.expressions import MAX_BITS

MAX_LENGTH = 8000
MAX_NODES = 2000
MAX_ITEMS = 500

Value = Fraction | str | list[Any] | dict[Any, Any]


class Literal(NamedTuple):
    """A number written in the program."""

    value: Fraction
    decimals: int
    start: int
    """Place in the text."""
    end: int
    path: tuple[str, ...]
    """Name it is given to, then the key of the mapping it stands under, if any."""


class Line(NamedTuple):
    """One assignment."""

    name: str
    start: int
    end: int
    value: Value | None
    """None where it could not be read."""
    literals: tuple[Literal, ...]
    reason: str
    node: ast.expr


class Unsupported(Exception):
    """A construct that is not read."""


class Refuted(Exception):
    """The program certainly fails: an undefined name, a division by zero."""


class Script(NamedTuple):
    """A program as read."""

    lines: tuple[Line, ...]
    names: Mapping[str, Value]
    """Values of the names at the end."""
    refuted: str = ""
    """Why it certainly fails, empty where it does not."""


def read_script(text: str) -> Script | None:
    r"""Interpret a program; None where the text is none.

    Examples:
        >>> script = read_script("a = 50\nb = 62\nans = (b - a) / a * 100")
        >>> script.names["ans"], [line.name for line in script.lines]
        (Fraction(24, 1), ['a', 'b', 'ans'])
    """
    if len(text) > MAX_LENGTH or "=" not in text:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if not tree.body or sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        return None
    return _Reader(text).run(tree.body)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.names: dict[str, Value] = {}
        self.unknown: set[str] = set()
        offsets = [0]
        for line in text.splitlines(keepends=True):
            offsets.append(offsets[-1] + len(line.encode("utf-8")))
        self.offsets = offsets
        self.bytes = text.encode("utf-8")

    def place(self, line: int, column: int) -> int:
        return len(self.bytes[: self.offsets[line - 1] + column].decode("utf-8", "ignore"))

    def run(self, body: Sequence[ast.stmt]) -> Script | None:
        out: list[Line] = []
        refuted = ""
        for statement in body:
            if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
                return None if not out else Script(tuple(out), dict(self.names), refuted)
            target = statement.targets[0]
            if not isinstance(target, ast.Name):
                return Script(tuple(out), dict(self.names), refuted) if out else None
            literals: list[Literal] = []
            value: Value | None = None
            reason = ""
            try:
                self.literals(statement.value, (target.id,), literals)
                value = self.value(statement.value)
            except Unsupported as error:
                reason = str(error)
            except Refuted as error:
                refuted = refuted or str(error)
                reason = str(error)
            if value is None:
                self.unknown.add(target.id)
                self.names.pop(target.id, None)
            else:
                self.unknown.discard(target.id)
                self.names[target.id] = value
            start = self.place(statement.lineno, statement.col_offset)
            end = self.place(statement.end_lineno or statement.lineno, statement.end_col_offset or 0)
            out.append(Line(target.id, start, end, value, tuple(literals), reason, statement.value))
        return Script(tuple(out), dict(self.names), refuted)

    def literals(self, node: ast.expr, path: tuple[str, ...], out: list[Literal]) -> None:
        """Numbers that are given to a name as they stand: not those inside a calculation."""
        sign = 1
        inner = node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, inner = -1, node.operand
        if (
            isinstance(inner, ast.Constant)
            and isinstance(inner.value, (int, float))
            and not isinstance(inner.value, bool)
        ):
            value, decimals = self.number(inner)
            start = self.place(node.lineno, node.col_offset)
            end = self.place(node.end_lineno or node.lineno, node.end_col_offset or 0)
            out.append(Literal(sign * value, decimals, start, end, path))
        elif isinstance(node, (ast.List, ast.Tuple)):
            for item in node.elts:
                self.literals(item, path, out)
        elif isinstance(node, ast.Dict):
            for key, item in zip(node.keys, node.values, strict=True):
                named = str(key.value) if isinstance(key, ast.Constant) else ""
                self.literals(item, (*path, named), out)

    def number(self, node: ast.Constant) -> tuple[Fraction, int]:
        written = ast.get_source_segment(self.text, node) or ""
        found = digits(written)
        if found is not None:
            return found
        if isinstance(node.value, float) and node.value == node.value and abs(node.value) < 1e30:
            return Fraction(node.value), 0
        raise Unsupported("a number that cannot be read")

    def value(self, node: ast.expr) -> Value:
        for kind, read in _NODES.items():
            if isinstance(node, kind):
                return read(self, node)
        raise Unsupported(f"{type(node).__name__} is not read")

    def plain(self, node: ast.expr) -> Fraction:
        found = self.value(node)
        if not isinstance(found, Fraction):
            raise Unsupported("arithmetic on something else than numbers")
        return found


def _constant(reader: _Reader, node: Any) -> Value:
    if isinstance(node.value, bool) or node.value is None:
        raise Unsupported("a constant that is no number and no text")
    if isinstance(node.value, str):
        return node.value
    if isinstance(node.value, (int, float)):
        return reader.number(node)[0]
    raise Unsupported("a constant that is no number and no text")


def _name(reader: _Reader, node: Any) -> Value:
    if node.id in reader.names:
        return reader.names[node.id]
    if node.id in reader.unknown:
        raise Unsupported(f"{node.id} is not known")
    raise Refuted(f"{node.id[:60]} is not defined")


def _items(reader: _Reader, node: Any) -> Value:
    if len(node.elts) > MAX_ITEMS:
        raise Unsupported("too many items")
    return [reader.value(item) for item in node.elts]


def _mapping(reader: _Reader, node: Any) -> Value:
    if len(node.keys) > MAX_ITEMS or None in node.keys:
        raise Unsupported("a mapping that is not read")
    keys = [reader.value(key) for key in node.keys]
    if not all(isinstance(key, (str, Fraction)) for key in keys):
        raise Unsupported("a mapping that is not read")
    return dict(zip(keys, (reader.value(item) for item in node.values), strict=True))


def _unary(reader: _Reader, node: Any) -> Value:
    if not isinstance(node.op, (ast.USub, ast.UAdd)):
        raise Unsupported("an operator that is not read")
    found = reader.plain(node.operand)
    return -found if isinstance(node.op, ast.USub) else found


_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def _binary(reader: _Reader, node: Any) -> Value:
    left, right = reader.plain(node.left), reader.plain(node.right)
    if isinstance(node.op, ast.Div) and not right:
        raise Refuted("division by zero")
    if type(node.op) not in _OPERATORS:
        raise Unsupported("an operator that is not read")
    found = _OPERATORS[type(node.op)](left, right)
    if found.numerator.bit_length() + found.denominator.bit_length() > MAX_BITS:
        raise Unsupported("the value grows too large")
    return found


def _numbers(value: Value) -> list[Fraction]:
    items = list(value) if isinstance(value, (list, dict)) else []
    if not items or not all(isinstance(item, Fraction) for item in items):
        raise Unsupported("a call that is not read")
    return items


_FOLDS: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "sum": lambda items: sum(items, Fraction(0)),
    "max": max,
    "min": min,
}


def _call(reader: _Reader, node: Any) -> Value:
    if node.keywords:
        raise Unsupported("a call that is not read")
    if isinstance(node.func, ast.Attribute) and not node.args:
        held = reader.value(node.func.value)
        if isinstance(held, dict) and node.func.attr in ("values", "keys"):
            return list(held.values() if node.func.attr == "values" else held)
        raise Unsupported("a call that is not read")
    if not isinstance(node.func, ast.Name):
        raise Unsupported("a call that is not read")
    args = [reader.value(item) for item in node.args]
    if node.func.id == "len" and len(args) == 1 and isinstance(args[0], (list, dict, str)):
        return Fraction(len(args[0]))
    if node.func.id == "abs" and len(args) == 1 and isinstance(args[0], Fraction):
        return abs(args[0])
    if node.func.id in _FOLDS and args:
        return _FOLDS[node.func.id](_numbers(args[0] if len(args) == 1 else args))
    raise Unsupported(f"the call of {node.func.id[:40]} is not read")


def _subscript(reader: _Reader, node: Any) -> Value:
    held, key = reader.value(node.value), reader.value(node.slice)
    if isinstance(held, dict) and isinstance(key, (str, Fraction)):
        if key not in held:
            raise Refuted(f"the key {str(key)[:40]!r} is not there")
        return held[key]  # type: ignore[no-any-return]
    if isinstance(held, list) and isinstance(key, Fraction) and key.denominator == 1:
        if not -len(held) <= key < len(held):
            raise Refuted("an index that is not there")
        return held[int(key)]  # type: ignore[no-any-return]
    raise Unsupported("a subscript that is not read")


_NODES: dict[type[ast.expr], Callable[[_Reader, Any], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Dict: _mapping,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Call: _call,
    ast.Subscript: _subscript,
}
