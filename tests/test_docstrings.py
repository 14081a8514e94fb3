"""Docstrings state facts: what is raised, which shapes, from where."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(p for top in ("packages", "domains") for p in (ROOT / top).glob("*/src/**/*.py"))
NEEDS_SOURCE = ("train/losses", "/credit/", "/search/", "judging/metrics/", "aggregators.py", "/label/")
NEEDS_SHAPES = ("prmkit/tensors", "prmkit/encode/", "prmkit/model/", "train/losses", "/credit/")
TENSOR = re.compile(r"\bTensor\b")


def public(path: Path) -> Iterator[ast.FunctionDef]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (n for n in node.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_"))


def own_raises(function: ast.FunctionDef) -> bool:
    """Whether the body raises something itself (a bare re-raise does not count)."""
    nested = {
        id(inner)
        for node in ast.walk(function)
        if isinstance(node, ast.FunctionDef) and node is not function
        for inner in ast.walk(node)
    }
    return any(
        isinstance(node, ast.Raise) and node.exc is not None and id(node) not in nested
        for node in ast.walk(function)
    )


FUNCTIONS = [(p, f) for p in SOURCES for f in public(p)]


@pytest.mark.parametrize(
    ("path", "function"), FUNCTIONS, ids=[f"{p.relative_to(ROOT)}:{f.name}" for p, f in FUNCTIONS]
)
def test_docstring(path: Path, function: ast.FunctionDef) -> None:
    doc = ast.get_docstring(function) or ""
    overridden = any(
        isinstance(d, ast.Name) and d.id in {"property", "override"} for d in function.decorator_list
    )
    if own_raises(function) and not overridden:
        assert "Raises:" in doc, f"{function.name} raises; its docstring has no 'Raises:'"
    place = path.as_posix()
    module_doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    if any(part in place for part in NEEDS_SOURCE):
        assert "Source:" in doc + module_doc, f"{function.name}: where does the rule come from? ('Source:')"
    takes_tensors = any(a.annotation and TENSOR.search(ast.unparse(a.annotation)) for a in function.args.args)
    if takes_tensors and any(part in place for part in NEEDS_SHAPES):
        assert "Shapes:" in doc + module_doc, f"{function.name} takes tensors; say their 'Shapes:'"
