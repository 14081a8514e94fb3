"""Scoring beside other scorers: ``python -m bench scoring``, or ``python -m bench.scoring --help``.

The same random weights for all: a Qwen2 of 8 layers, width 512 and 151,936 vocabulary rows, in float32 on the
CPU, threads pinned. Solutions share beginnings in three ways: finished candidates of one prompt (*rerank*),
next steps of one unfinished solution (*expand*), leaves of a *tree*. Repetitions are interleaved, one of each
scorer in turn; seconds are medians, and intervals resample repetitions.

The peers' own code is called as it is, from a folder that the project does not hold (``runs/peers``):

    git clone https://github.com/huggingface/search-and-learn runs/peers/search-and-learn
    git clone https://github.com/RLHFlow/RLHF-Reward-Modeling runs/peers/RLHF-Reward-Modeling
    pip install --no-deps --target runs/peers reward-hub

A peer that is not there, or lacks a library of its own, is left out, and the figures say so. Their models are
put in by hand, since their ways in download checkpoints. ``padded batch`` and ``vocabulary batch`` are the
shortest scripts that do the same. Everyone starts from text and ends with a float for every step. Three
conventions are read: two classes at a marker (``classes``), + against - at a tag (``pair``), + against - as
the answer to every step (``turns``). In each a step with its marker has 17 tokens. Of the slow arms as many
candidates are timed as they read at once, and the time is multiplied (``timed_candidates``).

The limit is the least work of a cell (each token once through the layers, each token's attention over its own
path) at the speed of a bare forward of as many tokens in rows as long as a path. Memory is the peak of the
resident set above what stands there once the model is open and warm, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from transformers.utils import logging as hub_logging

from bench._scoring_arms import Arm, Models, arms, bare, find, version
from bench._scoring_figures import VOCABULARY, compare, page, rounded, targets
from bench._scoring_setting import QUICK, Cell, Load, Size, build, cells, load, rerank
from prmkit.encode.layout import least_cost
from prmkit.model.prm import PRM
from prmkit.model.reading import layout

PEERS = Path("runs/peers")
WEIGHED = ("prmkit classes", "padded batch", "search-and-learn Qwen", "prmkit pair", *VOCABULARY)
"""Whose memory is measured."""
SAME = 1e-4
"""Largest difference of two scores of one step."""


def settings(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scoring")
    parser.add_argument("--peers", type=Path, default=PEERS, help="folder of the peers' code")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--prompts", type=int, nargs="+", default=[200, 850], help="tokens of the prompts")
    parser.add_argument("--cells", nargs="+", help="these only, such as rerank-200; others stay in OUT")
    parser.add_argument("--quick", action="store_true", help="a tiny model and few candidates: a smoke")
    parser.add_argument("--no-memory", action="store_true", help="time only")
    parser.add_argument("--no-time", action="store_true", help="memory only, for --cells that are in OUT")
    parser.add_argument("--logits", type=float, default=4.0, help="GiB that vocabulary logits may take")
    parser.add_argument("--out", type=Path, help="file for the figures")
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--weigh", nargs=2, metavar=("ARM", "CELL"), help=argparse.SUPPRESS)
    return parser.parse_args(given)


def pin(threads: int) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    torch.set_num_threads(threads)
    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()


def measure(models: Models, every: dict[str, Arm], cell: Cell, repeats: int) -> dict[str, Any]:
    """Times and scores of one cell."""
    mine = {name: arm for name, arm in every.items() if cell.slow or arm.convention == "classes"}
    loads = {name: load(models.prm(name), cell) for name in {arm.convention for arm in mine.values()}}
    work = loads["classes"]
    plain = Plain.beside(models, work)
    apart = differences(mine, loads)
    seconds: dict[str, list[float]] = {name: [] for name in [*mine, "bare forward"]}
    for turn in range(repeats):
        for name in turned(list(seconds), turn):
            if name == "bare forward":
                seconds[name].append(took(bare, models, plain.rows, plain.width)[0])
            else:
                seconds[name].append(timed(mine[name], loads[mine[name].convention]))
    tokens = {name: one.tokens for name, one in loads.items()}
    limit = plain.share * median(seconds["bare forward"])
    return {
        "candidates": len(work.rows),
        "tokens": tokens,
        "layout": laid_out(models.prm("classes"), work),
        "seconds": {name: median(its) for name, its in seconds.items()},
        "timed_candidates": {
            name: some(arm, loads[arm.convention]) for name, arm in mine.items() if arm.takes
        },
        "largest_difference": apart,
        "bare_tokens": plain.rows * plain.width,
        "limit_seconds": limit,
        "limit_share": limit / median(seconds["prmkit classes"]),
        **compare(seconds, tokens),
    }


class Plain(NamedTuple):
    """A bare forward of about a load's unique tokens, in rows as long as its paths."""

    rows: int
    width: int
    share: float
    """The least work of the load over the work of this forward."""

    @classmethod
    def beside(cls, models: Models, work: Load) -> Plain:
        shape = models.prm("classes").module.shape
        assert shape is not None, "the backbone does not read forests"
        width = sum(map(len, work.rows)) // len(work.rows)
        rows = max(1, round(len(work.forest) / width))
        operations = rows * (width * shape.linear + width * (width + 1) / 2 * shape.pair)
        return cls(rows, width, least_cost(work.forest, shape) / operations)


def turned(names: list[str], turn: int) -> list[str]:
    """Everyone is first once in a while."""
    start = turn % len(names)
    return names[start:] + names[:start]


def laid_out(prm: PRM, work: Load) -> str:
    encoded = prm.encoder([(work.problem, one) for one in work.trajectories])
    return " + ".join(f"{one.kind} of {one.tokens}" for one in layout(prm, encoded))


def took(call: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    begun = time.perf_counter()
    told = call(*given)
    return time.perf_counter() - begun, told


def some(arm: Arm, whole: Load) -> int:
    """Candidates that are timed."""
    return min(arm.takes(whole), len(whole.rows)) if arm.takes else len(whole.rows)


def timed(arm: Arm, whole: Load) -> float:
    """Seconds for all candidates."""
    mine = whole.first(some(arm, whole))
    return took(arm.call, mine)[0] * len(whole.rows) / len(mine.rows)


def differences(mine: dict[str, Arm], loads: dict[str, Load]) -> dict[str, float]:
    """Largest difference of each arm's scores from prmkit's, over the candidates that are timed."""
    said = {
        name: arm.call(loads[arm.convention].first(some(arm, loads[arm.convention])))
        for name, arm in mine.items()
    }
    found = {}
    for name, arm in mine.items():
        if not name.startswith("prmkit"):
            pairs = [*zip(said[name], said[f"prmkit {arm.convention}"], strict=False)]
            assert all(len(one) == len(other) for one, other in pairs), (
                f"{name} scores another number of steps"
            )
            found[name] = max(abs(a - b) for one, other in pairs for a, b in zip(one, other, strict=True))
    return found


def weigh(models: Models, arm: Arm, cell: Cell) -> int:
    """Bytes above the open model, in this process."""
    whole = load(models.prm(arm.convention), cell)
    whole = whole.first(some(arm, whole))
    arm.call(load(models.prm(arm.convention), Cell("warm", 96, rerank(1, 2))))
    for one in models.parameters:
        one.detach().sum()  # weights are read from the file when they are first used
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = resident("VmRSS")
    arm.call(whole)
    return resident("VmHWM") - before


def resident(what: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not say {what}")


def weighed(chosen: argparse.Namespace, scratch: Path, cell: Cell, names: Sequence[str]) -> dict[str, float]:
    """MiB by arm."""
    found = {}
    for name in names:
        command = [sys.executable, "-m", "bench.scoring", "--scratch", str(scratch)]
        command += ["--peers", str(chosen.peers), "--threads", str(chosen.threads)]
        command += ["--logits", str(chosen.logits), "--prompts", *map(str, chosen.prompts)]
        command += ["--weigh", name, cell.name, *(["--quick"] if chosen.quick else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found[name] = int(done.stdout.splitlines()[-1]) / 2**20
    return found


def run(chosen: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """All cells; what is finished is in the file after each of them."""
    modules, notes = find(chosen.peers)
    for name, note in notes.items():
        print(f"{name}: {note}", file=sys.stderr, flush=True)
    models = Models(scratch)
    every = arms(models, modules, logits=chosen.logits * 2**30)
    found = kept(chosen)
    figures: dict[str, Any] = {}
    for cell in chosen_cells(chosen):
        if chosen.no_time and cell.name not in found:
            sys.exit(f"{cell.name} is not timed yet in {chosen.out}")
        told = found[cell.name] if chosen.no_time else measure(models, every, cell, chosen.repeats)
        if cell.slow and not chosen.no_memory:
            told["memory_mib"] = weighed(chosen, scratch, cell, [name for name in WEIGHED if name in every])
            ours = told["memory_mib"]["prmkit pair"]
            told["memory_ratio"] = {n: ours / told["memory_mib"][n] for n in VOCABULARY if n in every}
        told["targets"] = targets(cell.shape, told)
        found[cell.name] = told
        print(page(cell.name, told), file=sys.stderr, flush=True)
        figures = rounded(summary(chosen, notes, found))
        if chosen.out:
            chosen.out.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return figures


def kept(chosen: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Cells of an earlier run with the same settings: where only some are measured, the others stay."""
    if not (chosen.cells and chosen.out and chosen.out.exists()):
        return {}
    before: dict[str, Any] = json.loads(chosen.out.read_text())
    same = rounded(summary(chosen, {}, before["cells"]))
    return (
        before["cells"] if all(same[it] == before[it] for it in ("repeat_with", "model", "versions")) else {}
    )


def chosen_cells(chosen: argparse.Namespace) -> list[Cell]:
    known = {one.name: one for one in cells(tuple(chosen.prompts), quick=chosen.quick)}
    unknown = set(chosen.cells or ()) - set(known)
    if unknown:
        sys.exit(f"no cell is called {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return [one for name, one in known.items() if not chosen.cells or name in chosen.cells]


def summary(
    chosen: argparse.Namespace, notes: dict[str, str], found: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    apart = max(value for one in found.values() for value in one["largest_difference"].values())
    checked = {f"{name}: {one['what']}": one["met"] for name in found for one in found[name]["targets"]}
    return {
        "repeat_with": f"python -m bench.scoring --threads {chosen.threads} --repeats {chosen.repeats}"
        + (" --quick" if chosen.quick else ""),
        "interval": "95 %, over repetitions",
        "model": vars(QUICK if chosen.quick else Size()),
        "versions": {name: version(name) for name in ("torch", "transformers")},
        "peers": notes,
        "cells": found,
        "largest_difference": apart,
        "scores_agree": apart <= SAME,
        "targets_met": sum(checked.values()),
        "targets_not_met": [name for name, met in checked.items() if not met],
    }


def main(given: Sequence[str] | None = ()) -> dict[str, Any]:
    chosen = settings(given)
    pin(chosen.threads)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), QUICK if chosen.quick else Size())
        return run(chosen, Path(folder))


def weigh_one(chosen: argparse.Namespace) -> None:
    """The inside of a process whose memory is measured."""
    pin(chosen.threads)
    name, wanted = chosen.weigh
    models = Models(chosen.scratch)
    modules, _ = find(chosen.peers)
    arm = arms(models, modules, logits=chosen.logits * 2**30)[name]
    cell = next(one for one in cells(tuple(chosen.prompts), quick=chosen.quick) if one.name == wanted)
    print(weigh(models, arm, cell))


if __name__ == "__main__":
    asked = settings(None)
    if asked.weigh:
        weigh_one(asked)
    else:
        main(sys.argv[1:])
