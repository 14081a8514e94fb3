"""Run the named benchmarks, or all: each is a module here with ``main(out)`` that returns its figures."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path

import bench

OUT = Path(__file__).parent / "results"


def main(names: list[str]) -> None:
    known = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_"))
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    OUT.mkdir(exist_ok=True)
    for name in names or known:
        figures = importlib.import_module(f"bench.{name}").main()
        (OUT / f"{name}.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
        print(f"== {name}: python -m bench {name}")
        print(json.dumps(figures, indent=1))


main(sys.argv[1:])
