"""The house itself: floors, sizes, words and imports that no single package can test."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(p for top in ("packages", "domains") for p in (ROOT / top).glob("*/src/**/*.py"))
IDS = [str(p.relative_to(ROOT)) for p in SOURCES]
RUNS_CODE = "prmkit/verify/sandbox/inside/"  # copied into the sandbox, where running code is its work
LATE_IMPORTS_ALLOWED = ("prmkit/cli/", "prmkit/registry.py", "prmkit/__init__.py")
MAX_FILE, MAX_MEDIAN, MAX_FUNCTION = 500, 150, 80


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_there_are_sources() -> None:
    assert len(SOURCES) > 40


def test_floors_hold() -> None:
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_file_and_function_sizes(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    if lines > MAX_FILE:
        records = "\n".join(p.read_text() for p in (ROOT / "shared/decisions").glob("*.md"))
        assert path.name in records, f"{lines} lines: split it, or write a decision record that names it"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = [
                n for n in node.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
            ]
            length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"


def test_median_file_is_small() -> None:
    sizes = sorted(p.read_text(encoding="utf-8").count("\n") for p in SOURCES)
    assert sizes[len(sizes) // 2] <= MAX_MEDIAN


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_no_late_import_of_own_modules(path: Path) -> None:
    if any(part in path.as_posix() for part in LATE_IMPORTS_ALLOWED):
        return
    for function in ast.walk(tree(path)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            own = [n for n in names if n.split(".")[0].startswith("prmkit")]
            assert not own, f"{function.name} imports {own[0]} late; use the top of the file"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_no_print_no_eval_no_pickle(path: Path) -> None:
    forbidden = {"print", "eval", "exec", "sympify", "parse_expr"}
    if RUNS_CODE in path.as_posix():
        forbidden -= {"eval", "exec"}
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            assert node.func.id not in forbidden, f"line {node.lineno}: {node.func.id}()"
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            call = f"{node.func.value.id}.{node.func.attr}"
            assert call not in {"pickle.load", "pickle.loads", "torch.load"}, f"line {node.lineno}: {call}"
            assert node.func.attr not in {"sympify", "parse_expr"}, f"line {node.lineno}: {call}"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_no_forbidden_names_and_no_path_out_of_the_wheel(path: Path) -> None:
    assert path.name not in {"utils.py", "common.py", "base.py", "helpers.py"}
    assert not re.search(r"_v\d+\.py$", path.name)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"[\"'](\.\./)*shared/", text), "src/ must not open shared/"


def test_domains_do_not_import_each_other() -> None:
    names = {p.parent.name for p in (ROOT / "domains").glob("*/src/*/__init__.py")}
    for path in (p for p in SOURCES if "/domains/" in p.as_posix()):
        own = path.relative_to(ROOT).parts[3]
        for node in ast.walk(tree(path)):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                assert module.split(".")[0] not in names - {own}, f"{path}: imports {module}"


def test_core_and_tiny_know_no_domain() -> None:
    for path in (p for p in SOURCES if "/packages/" in p.as_posix()):
        for node in ast.walk(tree(path)):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            assert not re.match(r"prmkit_(?!tiny)", module or ""), f"{path}: imports {module}"


HEAVY = ("torch", "transformers", "pandas", "pyarrow", "matplotlib", "sympy", "z3", "pint")


@pytest.mark.parametrize(
    "what", ["import prmkit", "import prmkit.cli.main", "import prmkit; prmkit.domains()"]
)
def test_light_imports_stay_light(what: str) -> None:
    code = f"{what}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_tree_speaks_of_itself_alone() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    # Spelt in pieces, so that this file does not contain what it looks for.
    machine = re.compile(
        "/(?:" + "|".join(["wo" + "rk", "fa" + "rm"]) + r")/(?:main|steering|in)\b|/ro" + r"ot/\."
    )
    hosts = re.compile("pythonho" + r"sted\.org|pypi\.o" + "rg/simple|deb\\.debi" + r"an\.org")
    for name in files.stdout.split():
        path = ROOT / name
        if path.suffix in {".safetensors", ".png"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not machine.search(text), f"{name}: path of a machine"
        assert not hosts.search(text), f"{name}: package-registry host"
