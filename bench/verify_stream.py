"""Memory and speed of ``prmkit verify`` over a stream of 10^5 trajectories, file to file.

The command runs as a user would run it, in a process of its own, over invented solutions written line by
line; its peak memory is what the kernel counted for it and its workers. A tenth of the stream beside the
whole shows what grows with the data: the difference of the peaks.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS = 100_000
STEPS = 6
WORKERS = (0, 2)
LIMIT = 1 << 30
"""Bytes that the largest run may take."""
COMMAND = "verify --domain math --verifier arithmetic --in solutions.jsonl --out evidence.jsonl"


def write(path: Path, rows: int) -> None:
    """Solutions of sums, one in eight steps wrong; every text differs, so that nothing is found twice."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as out:
        for number in range(rows):
            steps = []
            for _ in range(STEPS):
                a, b = draw.randrange(10_000), draw.randrange(10_000)
                said = a + b + (draw.random() < 0.125)
                steps.append(f"Box {number} holds {a} + {b} = {said} pens after that.")
            problem = {"text": f"How many pens does box {number} hold?"}
            out.write(json.dumps({"id": str(number), "problem": problem, "steps": steps}) + "\n")


_CHILD = """
import json, resource, sys, time
begun = time.perf_counter()
from prmkit.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as left:
    if left.code:
        raise
used = {who: resource.getrusage(kind) for who, kind in
        (("parent", resource.RUSAGE_SELF), ("workers", resource.RUSAGE_CHILDREN))}
print(json.dumps({
    "seconds": time.perf_counter() - begun,
    "cpu": sum(u.ru_utime + u.ru_stime for u in used.values()),
    "peak": {who: u.ru_maxrss for who, u in used.items()},
}), file=sys.stderr)
"""


def run(folder: Path, rows: int, workers: int) -> dict[str, object]:
    """One run of the command over the first ``rows`` solutions."""
    write(folder / "solutions.jsonl", rows)
    arguments = [*COMMAND.split(), "--workers", str(workers), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    told = json.loads(done.stderr.strip().splitlines()[-1])
    evidence = json.loads(done.stdout)
    assert evidence["evidence"] == rows * STEPS, evidence
    parent, worker = told["peak"]["parent"] * 1024, told["peak"]["workers"] * 1024
    return {
        "trajectories": rows,
        "workers": workers,
        "verdicts": evidence["verdicts"],
        "seconds": round(told["seconds"], 1),
        "cpu_seconds": round(told["cpu"], 1),
        "trajectories_per_cpu_second": round(rows / told["cpu"]),
        "peak_rss_mib": round(parent / 2**20, 1),
        "peak_rss_of_one_worker_mib": round(worker / 2**20, 1) if workers else None,
        "peak_rss_together_at_most_mib": round((parent + workers * worker) / 2**20, 1),
    }


def main() -> dict[str, object]:
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        runs = [run(Path(folder), rows, workers) for workers in WORKERS for rows in (ROWS // 10, ROWS)]
    worst = max(float(str(one["peak_rss_together_at_most_mib"])) for one in runs)
    return {
        "command": f"prmkit {COMMAND} --workers N",
        "repeat_with": "python -m bench verify_stream",
        "steps_per_trajectory": STEPS,
        "runs": runs,
        "worst_peak_mib": worst,
        "limit_mib": LIMIT >> 20,
        "within_limit": worst < LIMIT >> 20,
        "seconds": round(time.perf_counter() - begun, 1),
    }
