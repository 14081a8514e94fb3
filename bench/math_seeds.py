"""The main job with ten seeds of training on shared rows: ``python -m bench math_seeds``.

One base run draws problems, solutions, evidence and labels and trains all models; every seed trains the
PRM anew on the same rows and is judged on the same held-out problems. All other scorers are those of the
base run. The value of a figure is its mean over seeds. Its interval adds two variances: that of resampled
problems, which all seeds share and which therefore does not shrink with the number of seeds, and that of
the mean over seeds.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean, variance

from bench import _main_job_page
from prmkit_tiny.ship import ship_prm

RUNS = Path("runs/seeds")
HOME = Path("domains/math/src/prmkit_math")
OUT = HOME / "seeds.json"
SEEDS = 10
Z = 1.959964
FIGURES = (
    "step_auroc",
    "step_ap",
    "within_auroc",
    "first_error_f1_fixed",
    "first_error_f1_chosen",
    "best_of_8",
    "weighted_vote_8",
)
"""What the table keeps."""
SLICES = ("tools", "error", "several", "family")
SETS = ["collect.shipped=[]"]


def run(out: Path, *sets: str, jobs: int = 1) -> None:
    """The main job at the sizes of the file (the preset demo has fewer problems), on one core a job."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PRMKIT_DATA": ""}
    command = [sys.executable, "-m", "prmkit", "run", "math", "--preset", "", "--out", str(out)]
    command += ["--jobs", str(jobs)]
    command += [part for one in sets for part in ("--set", one)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def replicate(seed: int) -> dict:
    """Figures of one seed."""
    out = RUNS / f"seed-{seed}"
    if not out.exists():
        shutil.copytree(RUNS / "base", out.with_suffix(".part"))
        out.with_suffix(".part").rename(out)
    run(out, *SETS, f"prm.replicate={seed}")
    (record,) = json.loads((out / "evaluations/judge.json").read_text()).values()
    return record


def joined(figures: list[dict], value: str = "value") -> dict:
    """One figure of several seeds as one."""
    values = [one[value] for one in figures]
    within = fmean(((one["high"] - one["low"]) / (2 * Z)) ** 2 for one in figures)
    between = variance(values) / len(values) if len(values) > 1 else 0.0
    half = Z * math.sqrt(within + between)
    mean = fmean(values)
    spread = math.sqrt(variance(values)) if len(values) > 1 else 0.0
    return {
        **figures[0],
        value: mean,
        "low": mean - half,
        "high": mean + half,
        "seeds": len(values),
        "seed_sd": spread,
        "seed_values": [round(v, 4) for v in values],
    }


def whole(figure: dict, value: str = "value") -> bool:
    """Whether a figure has a value and an interval."""
    return all(isinstance(figure.get(name), int | float) for name in (value, "low", "high"))


def together(records: list[dict]) -> dict:
    """Records of several seeds as one record of the same shape."""
    first = records[0]
    scorers = {}
    for scorer, held in first["scorers"].items():
        table = {}
        for metric in (m for m in FIGURES if m in held["metrics"]):
            figures = [r["scorers"][scorer]["metrics"].get(metric, {}) for r in records]
            if all(map(whole, figures)):
                table[metric] = joined(figures)
        scorers[scorer] = {"metrics": table}
    paired = []
    for row in (p for p in first["paired"] if p["a"] == "prm" and p["metric"] in FIGURES):
        key = (row["a"], row["b"], row["metric"])
        same = [p for r in records for p in r["paired"] if (p["a"], p["b"], p["metric"]) == key]
        if len(same) == len(records) and all(whole(p, "diff") for p in same):
            kept = joined(same, "diff")
            paired.append({k: v for k, v in kept.items() if k not in ("p", "p_holm")})
    keep = ("domain", "gold", "n", "clusters", "exchangeable", "claims")
    return {
        **{name: first[name] for name in keep if name in first},
        "summary": f"The same held-out problems, {len(records)} seeds of training the PRM on the same rows.",
        "notes": [
            "Intervals hold problems and seeds. All scorers but the PRM are those of one run.",
            "Made by: python -m bench math_seeds",
        ],
        "scorers": scorers,
        "paired": paired,
        "slices": slices(records),
    }


def slices(records: list[dict]) -> dict:
    """Slices of several seeds: how well PRM and surprisal rank the steps of each."""
    found: dict = {}
    for key in SLICES:
        for label, held in records[0].get("slices", {}).get(key, {}).items():
            parts = [r["slices"].get(key, {}).get(label) for r in records]
            body = {name: held[name] for name in ("n", "clusters", "wrong") if name in held}
            table = {}
            for scorer in ("prm", "surprisal"):
                figures = [
                    p["scorers"].get(scorer, {}).get("metrics", {}).get("step_auroc", {}) for p in parts
                ]
                if all(map(whole, figures)):
                    table[scorer] = {"metrics": {"step_auroc": joined(figures)}}
            if table:
                found.setdefault(key, {})[label] = {**body, "scorers": table, "paired": []}
    return found


def rounded(value: object) -> object:
    """Four digits are more than the intervals hold."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else value


def main() -> dict:
    RUNS.mkdir(parents=True, exist_ok=True)
    run(RUNS / "base", *SETS, jobs=2)
    ship_prm(RUNS / "base/prm/prm", HOME)
    with ThreadPoolExecutor(2) as pool:
        records = list(pool.map(replicate, range(SEEDS)))
    record = rounded(together(records))
    made_by = "Made by `python -m bench math_seeds`; all figures are in `src/prmkit_math/seeds.json`."
    _main_job_page.write(record, Path("domains/math/README.md"), made_by=made_by)
    OUT.write_text(json.dumps({"suites": {f"generated-math-{SEEDS}-seeds": record}}, indent=1) + "\n")
    metrics = {s: held["metrics"] for s, held in record["scorers"].items()}
    wanted = ("step_auroc", "first_error_f1_chosen", "best_of_8")
    return {s: {m: table[m] for m in wanted if m in table} for s, table in metrics.items()}
