"""Runs one job in its own process: a script that :mod:`prmkit.verify.sandbox` starts.

Standard library only. Takes the limits as JSON in its first argument; reads ``job.json`` in the
working folder and writes ``result.json`` beside it.
"""

from __future__ import annotations

import ast
import json
import resource
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

VALUE = "_sandbox_value"


def main() -> None:
    """Set the limits, run the job, write what came of it."""
    limits = json.loads(sys.argv[1])
    cpu = int(limits["seconds"]) + 1
    for kind, most in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["output"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    # Python ignores this signal by default, and the job could then go on after too much output.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    job = json.loads(Path("job.json").read_text(encoding="utf-8"))
    result: dict[str, Any] = {"value": None, "exception": None}
    try:
        Path("job.py").write_text(keeping_value(job["code"]), encoding="utf-8")
        names = runpy.run_path("job.py", init_globals=job["inputs"])
        result["value"] = plain(names.get(VALUE))
    except BaseException as error:  # what the job raises is its result, SystemExit included
        result["exception"] = f"{type(error).__name__}: {error}"[:2000]
    sys.stdout.flush()
    result["peak_memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    Path("result.json").write_text(json.dumps(result), encoding="utf-8")


def keeping_value(code: str) -> str:
    """The code, with the value of a closing expression kept under a name."""
    module = ast.parse(code)
    if module.body and isinstance(module.body[-1], ast.Expr):
        last = module.body[-1]
        target = ast.Name(VALUE, ast.Store())
        module.body[-1] = ast.copy_location(ast.Assign([target], last.value), last)
        return ast.unparse(ast.fix_missing_locations(module))
    return code


def plain(value: Any) -> Any:
    """The value if JSON can say it, else its repr."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return repr(value)[:2000]
    return value


if __name__ == "__main__":
    main()
