"""Small changes of a syntax tree, as edits of a program: mistakes, and changes that keep the meaning.

Each operator reads a tree and yields edits. The text around an edit stays as it was written.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

_ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_COMPARISON: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
_CALLED = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "append": "extend",
    "upper": "lower",
    "lower": "upper",
    "startswith": "endswith",
    "endswith": "startswith",
    "floor": "ceil",
    "ceil": "floor",
}


class Edit(NamedTuple):
    """One span of the source and what stands there instead."""

    start: int
    end: int
    text: str


class Source:
    """A parsed program with the places of its nodes.

    Args:
        text: The program.
        tree: Its syntax tree.
        begin: Nodes that begin before this place are left alone.
    """

    def __init__(self, text: str, tree: ast.Module, begin: int = 0) -> None:
        self.text, self.tree, self.begin = text, tree, begin
        self._rows = text.splitlines(keepends=True)
        self._at = [0]
        for row in self._rows:
            self._at.append(self._at[-1] + len(row))
        self.names = _names(tree)
        self._skipped = _unplaced(tree)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node stands in the text."""
        return self._place(node.lineno, node.col_offset), self._place(  # type: ignore[attr-defined]
            node.end_lineno,  # type: ignore[attr-defined]
            node.end_col_offset,  # type: ignore[attr-defined]
        )

    def _place(self, line: int, column: int) -> int:
        row = self._rows[line - 1]
        if not row.isascii():
            column = len(row.encode()[:column].decode())
        return self._at[line - 1] + column

    def nodes(self) -> Iterator[ast.AST]:
        """Nodes with a place, in the order of the text."""
        found = [
            node
            for node in ast.walk(self.tree)
            if hasattr(node, "lineno") and id(node) not in self._skipped and self.span(node)[0] >= self.begin
        ]
        yield from sorted(found, key=lambda node: self.span(node))

    def replaced(self, node: ast.expr, new: ast.expr | str, *, closed: bool = True) -> Edit:
        """The edit that puts ``new`` in the place of ``node``, in brackets unless ``closed``."""
        text = new if isinstance(new, str) else ast.unparse(new)
        return Edit(*self.span(node), text if closed else f"({text})")


def _names(tree: ast.Module) -> dict[int, list[str]]:
    """Names of the variables of the function around a node (by its id), in order of appearance."""
    found: dict[int, list[str]] = {}
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
        own = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        names += [node.id for node in own if isinstance(node.ctx, ast.Store)]
        unique = list(dict.fromkeys(names))
        found.update((id(node), unique) for node in ast.walk(function))
    return found


def _unplaced(tree: ast.Module) -> set[int]:
    """Nodes whose place is not to be trusted or not to be touched: in f-strings, docstrings, annotations."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        inner: list[ast.AST] = []
        if isinstance(node, ast.JoinedStr):
            inner = list(ast.walk(node))[1:]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner = [node, node.value]
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            inner = list(ast.walk(node.annotation))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            inner = list(ast.walk(node.returns))
        skipped.update(map(id, inner))
    return skipped


# ---------------------------------------------------------------- mistakes


def operators(source: Source) -> Iterator[Edit]:
    """Another arithmetic sign."""
    for node in source.nodes():
        if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _ARITHMETIC:
            other = copy.copy(node)
            other.op = _ARITHMETIC[type(node.op)]()
            if isinstance(node, ast.BinOp):
                yield source.replaced(node, ast.unparse(other), closed=isinstance(node.op, ast.Sub))
            else:
                yield Edit(*source.span(node), ast.unparse(other))


def comparisons(source: Source) -> Iterator[Edit]:
    """Another comparison: the border taken in or left out, equal turned into unlike."""
    for node in source.nodes():
        if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISON:
            other = copy.copy(node)
            other.ops = [_COMPARISON[type(node.ops[0])](), *node.ops[1:]]
            yield source.replaced(node, other)


def constants(source: Source) -> Iterator[Edit]:
    """A whole number, one more or one less."""
    for node in source.nodes():
        if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 10**12:
            for step in (1, -1):
                value = node.value + step
                yield source.replaced(node, str(value), closed=value >= 0)


def conditions(source: Source) -> Iterator[Edit]:
    """A condition turned round, ``and`` for ``or``, true for false."""
    for node in source.nodes():
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            test = node.test
            if not isinstance(test, ast.Compare):
                yield source.replaced(
                    test, f"not ({ast.unparse(test)})", closed=not isinstance(node, ast.IfExp)
                )
        elif isinstance(node, ast.BoolOp):
            other = copy.copy(node)
            other.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield source.replaced(node, other, closed=False)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield source.replaced(node, str(not node.value))


def variables(source: Source) -> Iterator[Edit]:
    """Another variable of the function."""
    for node in source.nodes():
        names = source.names.get(id(node), [])
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and node.id in names
            and len(names) > 1
        ):
            yield source.replaced(node, names[(names.index(node.id) + 1) % len(names)])


def calls(source: Source) -> Iterator[Edit]:
    """A call of the opposite function, a range one shorter, arguments exchanged."""
    for node in source.nodes():
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        end = source.span(node.func)[1]
        if name in _CALLED:
            yield Edit(end - len(name), end, _CALLED[name])
        if name == "range" and node.args:
            last = node.args[min(1, len(node.args) - 1)]
            yield source.replaced(last, f"{ast.unparse(last)} - 1")
        if len(node.args) == 2 and not any(isinstance(a, ast.Starred) for a in node.args) and name != "range":
            other = copy.copy(node)
            other.args = node.args[::-1]
            if ast.unparse(other.args[0]) != ast.unparse(other.args[1]):
                yield source.replaced(node, other)


def returns(source: Source) -> Iterator[Edit]:
    """Another result: the negation, or nothing."""
    for node in source.nodes():
        if isinstance(node, ast.Return) and node.value is not None:
            if not (isinstance(node.value, ast.Constant) and node.value.value is None):
                yield source.replaced(node.value, "None")
            if isinstance(node.value, ast.Compare | ast.BoolOp | ast.Name | ast.Call):
                yield source.replaced(node.value, f"not ({ast.unparse(node.value)})")


def deletions(source: Source) -> Iterator[Edit]:
    """A statement left out."""
    for node in source.nodes():
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Break | ast.Continue) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        ):
            yield Edit(*source.span(node), "pass")


def truncations(source: Source) -> Iterator[Edit]:
    """A sum cut off after its sign, which no longer compiles."""
    for node in source.nodes():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            start, end = source.span(node)
            if "\n" not in source.text[start:end]:
                yield Edit(source.span(node.left)[1], end, " +" if isinstance(node.op, ast.Add) else " -")


# ---------------------------------------------------------------- changes that keep the meaning


def turned(source: Source) -> Iterator[Edit]:
    """A comparison read from the right."""
    for node in source.nodes():
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _TURNED:
            other = ast.Compare(node.comparators[0], [_TURNED[type(node.ops[0])]()], [node.left])
            yield source.replaced(node, other)


def swapped(source: Source) -> Iterator[Edit]:
    """A sum or product with its operands exchanged (no text or list, as far as can be seen)."""
    for node in source.nodes():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
            sides = (node.left, node.right)
            if any(isinstance(n, ast.List | ast.JoinedStr) or _is_text(n) for n in sides):
                continue
            yield source.replaced(node, ast.BinOp(node.right, node.op, node.left), closed=False)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def spelled(source: Source) -> Iterator[Edit]:
    """``x += e`` written out, and ``x = x + e`` written short."""
    for node in source.nodes():
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            new = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
            yield Edit(*source.span(node), f"{node.target.id} = {ast.unparse(new)}")
        elif (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.BinOp)
            and isinstance(node.value.left, ast.Name)
            and node.value.left.id == node.targets[0].id
        ):
            short = ast.AugAssign(ast.Name(node.targets[0].id, ast.Store()), node.value.op, node.value.right)
            yield Edit(*source.span(node), ast.unparse(short))


def doubled(source: Source) -> Iterator[Edit]:
    """A condition negated twice."""
    for node in source.nodes():
        if isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Compare):
            other = copy.copy(node.test)
            if len(other.ops) == 1 and type(other.ops[0]) in _COMPARISON:
                opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
                sign = ast.unparse(other)[len(ast.unparse(other.left)) :].split()[0]
                if sign in opposite:
                    right = ast.unparse(other.comparators[0])
                    yield source.replaced(
                        node.test, f"not {ast.unparse(other.left)} {opposite[sign]} {right}"
                    )


Operator = Callable[[Source], Iterator[Edit]]

MISTAKES: Mapping[str, Operator] = {
    "operator": operators,
    "comparison": comparisons,
    "constant": constants,
    "condition": conditions,
    "variable": variables,
    "call": calls,
    "return": returns,
    "deletion": deletions,
    "truncation": truncations,
}
"""Kind → operator that spoils a program (most of the time: tests decide)."""

REFACTORINGS: Mapping[str, Operator] = {
    "turned": turned,
    "swapped": swapped,
    "spelled": spelled,
    "doubled": doubled,
}
"""Kind → operator that is meant to keep the meaning (tests decide)."""
