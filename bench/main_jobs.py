"""The main jobs of code, tables, finance and q, one seed each: ``python -m bench main_jobs``.

Runs the demo of each domain's workflow into ``runs/<domain>`` (a finished run is used again), ships the
PRM of those that have a good one, and writes the section of the domain's README. Needs no data; with
PRMKIT_DATA the reports in the run folders also hold the public sets. The figures of math are those of
``bench.math_seeds``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench import _main_job_page
from bench.math_seeds import rounded
from prmkit.plugins import domain
from prmkit_tiny.ship import home_of, ship_prm

DOMAINS = ("code", "tables", "finance", "qlang")
KEPT = ("n", "clusters", "claims", "notes", "scorers", "paired", "slices", "coverage", "cost")
MADE_BY = "Made by `python -m bench main_jobs`; all figures are in `bench/results/main_jobs.json`."


def one(name: str) -> dict:
    """Figures of one domain's demo."""
    out = Path("runs") / name
    command = [
        sys.executable,
        "-m",
        "prmkit",
        "run",
        name,
        "--preset",
        "demo",
        "--jobs",
        "2",
        "--out",
        str(out),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    if domain(name).prm:  # a domain ships its PRM where that beats the policy's own surprisal, or equals it
        ship_prm(out / "prm/prm", home_of(domain(name)))
    (record,) = json.loads((out / "evaluations/judge.json").read_text()).values()
    _main_job_page.write(record, Path("domains") / name / "README.md", made_by=MADE_BY)
    return small(rounded(record))


def small(record: dict) -> dict:
    """What is committed of a record: the whole of it by scorer, step AUROC alone by slice.

    The run folder's ``evaluations/judge.json`` holds the rest of the slices.
    """
    kept = {key: value for key, value in record.items() if key in KEPT}
    kept["slices"] = {
        how: {name: _auroc_only(part) for name, part in parts.items()}
        for how, parts in record["slices"].items()
    }
    return kept


def _auroc_only(part: dict) -> dict:
    scorers = {
        scorer: {"metrics": {"step_auroc": found["metrics"]["step_auroc"]}}
        for scorer, found in part["scorers"].items()
        if "step_auroc" in found["metrics"]
    }
    return {**{k: v for k, v in part.items() if k not in ("paired", "scorers")}, "scorers": scorers}


def main() -> dict:
    return {name: one(name) for name in DOMAINS if domain(name).workflow}
