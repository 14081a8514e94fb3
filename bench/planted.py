"""Claims of published systems in planted worlds: ``python -m bench planted``.

The workflows are run as a user runs them, ``prmkit run systems/NAME --preset full``; what is kept is each
suite's figures with intervals over seeds, the checks that were written down beforehand, and the differences.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from prmkit.workflow import run_workflow

SYSTEMS = (
    "beer",
    "dreamprm",
    "implicit-prm",
    "mah-dpo",
    "multi-rm",
    "optcs",
    "palbert",
    "quantile-aggregation",
    "reasonflux-prm",
    "srm-inputs",
)


def short(figure: dict[str, Any]) -> list[float | None]:
    """Value and the two ends of its interval."""
    value = figure["diff"] if "diff" in figure else figure["value"]
    return [None if one is None else round(one, 4) for one in (value, figure["low"], figure["high"])]


def suite(record: dict[str, Any]) -> dict[str, Any]:
    """What is kept of one suite."""
    return {
        "seeds": record["seeds"],
        "options": record["options"],
        "checks": [{**check, "value": round(check["value"], 6)} for check in record["checks"]],
        "figures": {
            arm: {metric: short(figure) for metric, figure in found["metrics"].items()}
            for arm, found in record["scorers"].items()
        },
        "differences": {
            f"{row['metric']}: {row['a']} - {row['b']}": [*short(row), round(row["p_holm"], 4)]
            for row in record["paired"]
        },
    }


def main() -> dict[str, Any]:
    """All figures."""
    found: dict[str, Any] = {
        "columns": "value, low, high of a 95 % interval over seeds; differences: p (Holm)"
    }
    for name in SYSTEMS:
        with tempfile.TemporaryDirectory() as folder:
            run_workflow(f"systems/{name}", Path(folder) / "run", preset="full")
            evaluation = json.loads((Path(folder) / "run" / "eval.json").read_text(encoding="utf-8"))
        found[name] = {
            "command": f"prmkit run systems/{name} --out runs/{name} --preset full",
            "suites": {key: suite(record) for key, record in evaluation["suites"].items()},
        }
    return found
