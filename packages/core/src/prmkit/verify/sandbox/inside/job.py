"""One job, in its own process: run the code, keep the value of its last expression, tell it as JSON."""

from __future__ import annotations

import ast
import io
import json
import linecache
import sys
import types
from typing import Any

FILE = "<job>"
_WORDS = 2000
"""Most characters of a repr or a message."""


def run(job: dict[str, Any], value_bytes: int) -> bytes:
    """Run ``job["code"]`` with ``job["inputs"]`` as its names; never raises.

    Returns:
        JSON object with ``value``, ``exception``, ``line``; value and exception are never both set.
    """
    told: dict[str, Any] = {"value": None, "exception": None, "line": None}
    try:
        told["value"] = json.loads(plain(_last_value(job["code"], job["inputs"]), value_bytes))
    except BaseException as error:  # what the job raises is its result, SystemExit included
        told["exception"], told["line"] = _words(error), _line(error)
    _flush()
    return json.dumps(told).encode()


def _last_value(code: str, inputs: dict[str, Any]) -> Any:
    """Run the code as ``__main__``; the value of a closing expression, else None."""
    module = types.ModuleType("__main__")
    module.__dict__.update(inputs)
    sys.modules["__main__"] = module
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    tree = ast.parse(code, FILE)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, FILE, "exec"), module.__dict__)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), FILE, "eval"), module.__dict__)


def plain(value: Any, most: int = 1 << 20) -> str:
    """JSON of the value; of the start of its repr where JSON cannot say it, or says it too long."""
    try:
        text = json.dumps(value, allow_nan=False, default=_array)
        if len(text) <= most:
            return text
    except Exception:
        pass
    return json.dumps(_repr(value))


def _array(value: Any) -> Any:
    if type(value).__module__ == "numpy":
        return value.tolist()
    raise TypeError


def _repr(value: Any) -> str:
    try:
        return repr(value)[:_WORDS]
    except Exception as error:
        return f"<{type(value).__name__} without repr: {type(error).__name__}>"


def _words(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:_WORDS].removesuffix(": ")
    except BaseException:
        return "an exception without words"


def _line(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == FILE:
        return error.lineno
    found, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def streams() -> None:
    """Text streams on descriptors 0 to 2, of which output goes by lines.

    Made once in the server: a fork puts its own files under the same descriptors.
    """
    out = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.stderr = io.TextIOWrapper(
        io.FileIO(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace"
    )
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, f"__{name}__", getattr(sys, name))


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BaseException:  # the job may have closed or replaced it
        return
