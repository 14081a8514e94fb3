"""Small changes that may mend a wrong program: a wider set than the planted mistakes, one at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping

from prmkit_code.operators import MISTAKES, Edit, Operator, Source

_SIGNS: tuple[type[ast.operator], ...] = (
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.FloorDiv,
    ast.Div,
    ast.Mod,
    ast.BitAnd,
)
_ORDERS: tuple[type[ast.cmpop], ...] = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_NUMBERS = (-1, 0, 1, 2)


def signs(source: Source) -> Iterator[Edit]:
    """Every other arithmetic sign."""
    for node in source.nodes():
        if isinstance(node, ast.BinOp | ast.AugAssign) and not isinstance(node.op, ast.Pow):
            for sign in _SIGNS:
                if not isinstance(node.op, sign):
                    other = copy.copy(node)
                    other.op = sign()
                    text = ast.unparse(other)
                    yield Edit(*source.span(node), f"({text})" if isinstance(node, ast.BinOp) else text)


def orders(source: Source) -> Iterator[Edit]:
    """Every other comparison, and a comparison moved by one."""
    for node in source.nodes():
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _ORDERS:
            for order in _ORDERS:
                if not isinstance(node.ops[0], order):
                    other = copy.copy(node)
                    other.ops = [order()]
                    yield source.replaced(node, other)
            right = node.comparators[0]
            for moved in ("+ 1", "- 1"):
                yield source.replaced(right, f"{ast.unparse(right)} {moved}")


def names(source: Source) -> Iterator[Edit]:
    """Every other variable of the function."""
    for node in source.nodes():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            for name in source.names.get(id(node), []):
                if name != node.id:
                    yield source.replaced(node, name)


def numbers(source: Source) -> Iterator[Edit]:
    """Another small number, the neighbour of a number, a result moved by one."""
    for node in source.nodes():
        if isinstance(node, ast.Constant) and type(node.value) is int:
            for value in dict.fromkeys((*_NUMBERS, node.value + 1, node.value - 1)):
                if value != node.value:
                    yield source.replaced(node, str(value), closed=value >= 0)
        elif isinstance(node, ast.Return) and node.value is not None:
            text = ast.unparse(node.value)
            for changed in (f"({text}) + 1", f"({text}) - 1", f"[{text}]", f"str({text})", f"list({text})"):
                yield source.replaced(node.value, changed)


def pieces(source: Source) -> Iterator[Edit]:
    """A condition or sum cut down to one of its parts, a slice or range moved by one."""
    for node in source.nodes():
        if isinstance(node, ast.BoolOp):
            for part in node.values:
                yield source.replaced(node, ast.unparse(part), closed=False)
        elif isinstance(node, ast.BinOp):
            for part in (node.left, node.right):
                yield source.replaced(node, ast.unparse(part), closed=False)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield source.replaced(node, ast.unparse(node.operand), closed=False)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield source.replaced(node, ast.unparse(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            for argument in node.args:
                for moved in ("+ 1", "- 1"):
                    yield source.replaced(argument, f"{ast.unparse(argument)} {moved}")
        elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            yield source.replaced(node, ast.unparse(node.args[0]), closed=False)


_SMALL = ("0", "1", "-1", "None", "True", "False", "[]", "''")


def anything(source: Source) -> Iterator[Edit]:
    """Every expression as every small one: a variable, moved by one or in a list; a constant; itself moved.

    A line may be mended in more ways than mistakes are planted; before another one is named, these are tried.
    """
    called = {id(node.func) for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    for node in source.nodes():
        read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        if not isinstance(node, ast.expr) or not read or id(node) in called:
            continue
        if isinstance(node, ast.Slice | ast.Starred | ast.JoinedStr | ast.FormattedValue):
            continue
        own = ast.unparse(node)
        for text in (f"{own} + 1", f"{own} - 1", f"[{own}]", f"not {own}", *_SMALL):
            yield source.replaced(node, text, closed=False)
        for name in source.names.get(id(node), []):
            for text in (name, f"{name} + 1", f"{name} - 1", f"[{name}]"):
                yield source.replaced(node, text, closed=False)


def exchangeable(source: Source) -> set[str]:
    """Programs in which a choice between two ways out is negated, which exchanging the ways would do too.

    Mending the condition of such a choice says nothing of which of its lines is wrong.
    """
    found: set[str] = set()
    for node in source.nodes():
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and len(node.test.ops) == 1:
            sign = type(node.test.ops[0])
            leaves = isinstance(node.body[-1], ast.Return)
            if sign in _NEGATED and (node.orelse or leaves):
                other = copy.copy(node.test)
                other.ops = [_NEGATED[sign]()]
                edit = source.replaced(node.test, other)
                found.add(source.text[: edit.start] + edit.text + source.text[edit.end :])
    return found


_NEGATED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}

REPAIRS: Mapping[str, Operator] = {
    **{kind: one for kind, one in MISTAKES.items() if kind != "truncation"},
    "sign": signs,
    "order": orders,
    "name": names,
    "number": numbers,
    "piece": pieces,
}
"""Kind → operator."""
