"""Public PRM families read by prmkit and by their authors' own code: ``python -m bench public_parity``.

For each family a tiny random checkpoint is written (architecture, special tokens and names of tensors as
released; see ``prmkit.testkit.checkpoints``), and invented solutions are scored twice: by
``load_prm(folder, spec=NAME)``, and by functions of the code that the family's authors, or a benchmark, have
published. Every step score is compared. Where they differ, it is said why, and scores are compared once more
with the spec changed to what the other code does, or with a computation that does the same: equal then,
nothing else differs.

The other code is fetched beside the project, never copied into it. A peer that is not there keeps what was
found of it before, or is left out; one that cannot be called is left out, and the figures say so. Each has
a process of its own; models are put in by hand, since their ways in download checkpoints; remote code stays
off. ``lifted`` in ``bench._parity_house`` takes single functions out of scripts that open a model when
imported; ``stand_in`` puts empty modules in the place of those that such functions do not use (deepspeed,
flash_attn, loguru, parts of the peers that speak to servers).

    mkdir -p runs/peers && cd runs/peers
    git clone https://github.com/RLHFlow/RLHF-Reward-Modeling
    git clone https://github.com/psunlpgroup/FoVer
    git clone https://github.com/openreasoner/openr
    git clone https://github.com/db-Lee/Multi-RM
    git clone https://github.com/hanningzhang/ER-PRM
    git clone https://github.com/huggingface/search-and-learn
    git clone https://github.com/RyanLiu112/compute-optimal-tts
    git clone https://github.com/ssmisya/PRMBench
    git clone https://github.com/Gen-Verse/ReasonFlux
    git clone -b verl https://github.com/CJReinforce/PURE
    git clone https://github.com/SkyworkAI/skywork-o1-prm-inference
    git clone https://github.com/WindyLee0822/Process_Q_Model
    git clone https://github.com/GAIR-NLP/ReasonEval
    git clone https://github.com/PRIME-RL/ImplicitPRM
    git clone https://github.com/q-rz/saffron
    pip install --no-deps --target trl-1.13 trl==1.13.0

Random weights show that the same tokens are read at the same places by the same formula. That published
figures come out again needs the published weights: ``prmkit prm selfcheck``. The figures also hold prmkit's
own scores of two solutions for each family, which a test holds against later ones, without any peer.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers.utils import logging as hub_logging

from bench._parity_house import Case, Place, Scores, digest, offline
from bench._parity_peers import PEERS
from bench._scoring_arms import version
from prmkit import load_prm
from prmkit.model.spec import family
from prmkit.testkit.checkpoints import SHAPES, add, checkpoint
from prmkit.types import Problem, Trajectory

FOLDER = Path("runs/peers")
SEED, REFERENCE = 11, 12
"""Of the weights, and of those of the model that a log-ratio compares with."""
SAME = 1e-5
"""Largest difference of two scores that are called the same."""
GOLDEN = 6
"""Digits of the scores that are kept."""
CASES = [
    Case(
        "What is 2 + 3?\nSay it in words.",
        [
            ["2 + 3 = 5.", "So it is five (é)."],
            ["We add: 2 + 3 = 6", "no +, no - here", "So 6."],
        ],
    ),
    Case(
        "A train runs 60 km in 45 minutes. How far does it run in 2 hours?",
        [
            ["45 minutes are 3/4 of an hour.", "60 / (3/4) = 80 km per hour.", "2 * 80 = 160 km."],
            ["60 km in 45 minutes: 1.5 km a minute", "2 hours are 120 minutes", "So 180 km"],
            ["It is 120 km."],
        ],
    ),
    Case(
        "Solve $x^2 - 5x + 6 = 0$.",
        [
            ["$(x-2)(x-3) = 0$", "$x = 2$ or $x = 3$", "The answer is $\\boxed{2, 3}$."],
            ["The sum of the roots is 5, their product 6.", "$x = -2$ or $x = -3$."],
        ],
    ),
    Case("", [["5"], ["6", "7"]]),
    Case(
        "How many of 1, 4, 9, 16, … are below 50? Count them – carefully!",
        [
            ["1, 4, 9, 16, 25, 36, 49 are.", "That is 7.", "Yes, so 7.", "No other one is."],
            ["√50 ≈ 7.07", "so 7 ✓"],
        ],
    ),
    Case(
        "Yes or no: is 51 a prime?",
        [["No: 51 = 3 * 17."], ["51 is odd.", "It does not end with 5.", "Yes."]],
    ),
    Case(
        "Simplify (a + b)(a - b).",
        [
            ["(a + b)(a - b) = a*a - a*b + b*a - b*b", "= a*a - b*b + 0."],
            ["- first: a*a", "- last: - b*b", "+ nothing else."],
        ],
    ),
    Case(
        "Tom has 3 apples.\n\nHe eats 1 and buys 4.\nHow many has he?",
        [["3 - 1 = 2 apples.", "2 + 4 = 6 apples."], ["3 + 4 = 7", "7 - 1 = 6", "so 6"]],
    ),
]
"""All invented. Steps end with and without full stops, whose tokens may merge with what follows."""
TRAPS: dict[str, dict[str, Any]] = {
    "a class underflows to zero": {
        "peers": ("search-and-learn, qwen", "compute-optimal-tts, qwen", "ReasonFlux"),
        "solutions": [["2 + 3 = 5", "so 5"], ["We take 2.", "We add 3.", "That is 5."]],
        "scale": 1e5,
    },
    "a step holds the marker": {
        "peers": ("search-and-learn, qwen", "ReasonFlux"),
        "solutions": [["<extra_0> closes a step.", "so 5"]],
    },
    "a step holds the tag": {
        "peers": ("OpenR, math-shepherd", "ER-PRM"),
        "solutions": [["Here ки stands in the text.", "so 5"]],
    },
}
"""Where scores picked by their value, or tokens by their name, are not those of the steps.

``scale`` makes a head's weights larger.
"""


def settings(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.public_parity")
    parser.add_argument("--peers", type=Path, default=FOLDER, help="folder of the peers' code")
    parser.add_argument("--only", nargs="+", help="families or peers; others stay in OUT")
    parser.add_argument("--out", type=Path, help="file for the figures")
    return parser.parse_args(given)


def build(name: str, top: Path) -> Path:
    """The family's checkpoint, and beside it the reference of a log-ratio."""
    checkpoint(name, top / "model", seed=SEED)
    if family(name).spec.head == "log_ratio":
        checkpoint(name, top / "reference", seed=REFERENCE)
    return top / "model"


def ours(name: str, folder: Path, cases: Sequence[Case], changes: Mapping[str, Any]) -> Scores:
    """prmkit's scores of all steps of all solutions, or of whole solutions where a family has those only."""
    spec = replace(family(name).spec, **changes)
    behind = {"reference": folder.parent / "reference"} if spec.head == "log_ratio" else {}
    prm = load_prm(folder, spec=spec, **behind)
    found = []
    if spec.head == "next_token":
        rows = [
            (Problem("p", case.problem), ["\n".join(steps) for steps in case.solutions]) for case in cases
        ]
        return [prm.score_next(*row).tolist() for row in rows]
    for case in cases:
        rows = [Trajectory.of_steps(str(i), "p", steps) for i, steps in enumerate(case.solutions)]
        told = prm.score(Problem("p", case.problem), rows)
        found.append([[value for value in one.values if value is not None] for one in told])
    return found


def apart(mine: Any, theirs: Any) -> float:
    """Largest difference of two scores.

    Raises:
        ValueError: One has more scores than the other.
    """
    if isinstance(mine, float) or isinstance(theirs, float):
        return abs(mine - theirs)
    return max((apart(a, b) for a, b in zip(mine, theirs, strict=True)), default=0.0)


def alone(name: str, part: str, place: Place, cases: list[Case]) -> Scores:
    """What a peer tells in a process of its own, where its imports and patches stay."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(quietly, name, part, place, cases).result()


def quietly(name: str, part: str, place: Place, cases: list[Case]) -> Scores:
    offline(place.folder)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return getattr(PEERS[name], part)(place, cases)


def compare(name: str, place: Place, mine: Scores, before: Mapping[str, Any]) -> dict[str, Any]:
    """What is found of one peer, or was found before where it is not there."""
    peer = PEERS[name]
    told: dict[str, Any] = {
        "family": peer.family,
        "code": peer.code,
        "written_by": "the family's authors" if peer.authors else "others",
    }
    if peer.how:
        told["how"] = peer.how
    if not (place.peers / peer.code).is_file():
        return dict(before) if before else {**told, "left_out": "not in the folder of peers"}
    told["sha256"] = digest(place.peers / peer.code)
    try:
        theirs = alone(name, "call", place, CASES)
        told["largest_difference"] = apart(mine, theirs)
    except Exception as error:  # whatever another project's code may raise
        return {**told, "left_out": f"{type(error).__name__}: {str(error)[:200]}"}
    told["same"] = told["largest_difference"] <= SAME
    if peer.because:
        told["because"] = peer.because
    if peer.instead:
        told["spec_changed"] = dict(peer.instead)
        changed = ours(peer.family, place.folder, CASES, peer.instead)
        told["largest_difference_then"] = apart(changed, theirs)
    if peer.explained:
        told["largest_difference_then"] = apart(alone(name, "explained", place, CASES), theirs)
    return told


def traps(name: str, place: Place) -> list[dict[str, Any]]:
    """What a peer tells where code goes wrong that picks numbers by their value or tokens by their name."""
    found = []
    for what, told in TRAPS.items():
        folder = place.folder
        if name in told["peers"] and "scale" in told:
            tensors = load_file(folder / "model.safetensors")
            grown = {one: told["scale"] * tensors[one] for one in ("score.2.weight", "score.2.bias")}
            folder = Path(shutil.copytree(folder, folder.parent / "grown", dirs_exist_ok=True))
            add(folder, grown)
        for steps in told["solutions"] if name in told["peers"] else ():
            case = Case("What is 2 + 3?", [steps])
            row = {"trap": what, "solution": steps, "prmkit": ours(PEERS[name].family, folder, [case], {})[0]}
            try:
                row["peer"] = alone(name, "call", Place(place.peers, folder), [case])[0]
            except Exception as error:  # whatever another project's code may raise
                row["peer"] = f"{type(error).__name__}: {str(error)[:120]}"
            found.append(row)
    return found


def golden(name: str, mine: Scores) -> dict[str, Any]:
    """Two solutions with their scores, and what rebuilds the checkpoint."""
    case = CASES[0]
    scores = [[round(value, GOLDEN) for value in row] for row in mine[0]]
    told = {"seed": SEED, "problem": case.problem, "solutions": case.solutions, "scores": scores}
    if family(name).spec.head == "log_ratio":
        told["reference_seed"] = REFERENCE
    return told


def measure(peers: Path, only: Sequence[str] | None, before: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: dict(before.get(name, {})) for name in ("peers", "goldens", "spread", "traps")}
    for name in SHAPES:
        mine = {one: peer for one, peer in PEERS.items() if peer.family == name}
        if only:
            mine = {one: peer for one, peer in mine.items() if {one, name} & set(only)}
            if not mine and name not in only:
                continue
        with tempfile.TemporaryDirectory() as top:
            folder = build(name, Path(top))
            scores = ours(name, folder, CASES, {})
            if family(name).spec.head != "next_token":
                found["goldens"][name] = golden(name, scores)
            flat = [value for case in scores for row in case for value in row]
            found["spread"][name] = [min(flat), max(flat)]
            for one in mine:
                place = Place(peers.resolve(), folder)
                found["peers"][one] = told = compare(one, place, scores, found["peers"].get(one, {}))
                if (place.peers / PEERS[one].code).is_file() and "largest_difference" in told:
                    found["traps"][one] = traps(one, place)
                print(
                    f"{one:34}{name:18}{told.get('largest_difference', told.get('left_out'))!s:26}"
                    f"{told.get('largest_difference_then', '')}",
                    flush=True,
                )
    found["traps"] = {one: rows for one, rows in found["traps"].items() if rows}
    return found


def summary(found: Mapping[str, Any]) -> dict[str, Any]:
    """Families by what was found of them."""
    ran = {name: one for name, one in found["peers"].items() if "largest_difference" in one}
    names = {
        kind: sorted({one["family"] for one in ran.values() if test(one)})
        for kind, test in {
            "same_as_authors": lambda one: one["same"] and one["written_by"] != "others",
            "same_as_others": lambda one: one["same"] and one["written_by"] == "others",
            "differ": lambda one: not one["same"],
        }.items()
    }
    return {
        "families": len({one["family"] for one in ran.values()}),
        "peers": len(found["peers"]),
        "ran": len(ran),
        "left_out": sorted(set(found["peers"]) - set(ran)),
        "problems": len(CASES),
        "solutions": sum(len(case.solutions) for case in CASES),
        "steps": sum(len(steps) for case in CASES for steps in case.solutions),
        **names,
    }


def main(given: Sequence[str] | None = ()) -> dict[str, Any]:
    told = settings(given)
    torch.set_num_threads(1)
    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    out = told.out or Path(__file__).parent / "results" / "public_parity.json"
    before = json.loads(out.read_text()) if out.is_file() else {}
    found = measure(told.peers, told.only, before)
    figures = {
        "setting": {
            "same": SAME,
            "versions": {name: version(name) for name in ("torch", "transformers", "tokenizers", "numpy")},
        },
        "summary": summary(found),
        **found,
    }
    if told.out or told.only:
        out.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return figures


if __name__ == "__main__":
    main(None)
