"""Sums of ``bench.scoring``: ratios with intervals, and what the targets say of them."""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np

DRAWS = 4000
OURS, LOOP, PLAIN = "prmkit classes", "RLHFlow loop", ("padded batch", "search-and-learn Qwen", "reward_hub")
VOCABULARY = ("vocabulary batch", "search-and-learn batched")
SHARE = {"rerank": 0.85, "expand": 0.75}
"""Of the token ratio that the speed against the best other way must reach."""
TREE, LOOP_SHARE, MEMORY, SLOWER = 1.5, 0.85, 0.3, 1.05


def ratio(theirs: list[float], ours: list[float]) -> dict[str, float]:
    """Median of theirs over median of ours; the interval resamples repetitions, each with both its times."""
    pairs = np.array([theirs, ours])
    drawn = np.random.default_rng(0).integers(0, pairs.shape[1], (DRAWS, pairs.shape[1]))
    both = np.median(pairs[:, drawn], -1)
    low, high = np.quantile(both[0] / both[1], (0.025, 0.975))
    return {"value": median(theirs) / median(ours), "low": float(low), "high": float(high)}


def compare(seconds: dict[str, list[float]], tokens: dict[str, dict[str, int]]) -> dict[str, Any]:
    """The ratios of one cell."""
    others = [name for name in PLAIN if name in seconds]
    best = min(others, key=lambda name: median(seconds[name]))
    padded = tokens["classes"]["padded"] / tokens["classes"]["unique"]
    found = {"best": best, "token_ratio": padded, "over_best": ratio(seconds[best], seconds[OURS])}
    found["share"] = found["over_best"]["value"] / padded
    found["over"] = {name: ratio(seconds[name], seconds[OURS]) for name in others}
    found["over"] |= {
        name: ratio(seconds[name], seconds["prmkit pair"]) for name in VOCABULARY if name in seconds
    }
    if LOOP in seconds:
        looped = tokens["turns"]["looped"] / tokens["turns"]["unique"]
        found["loop_token_ratio"] = looped
        found["over_loop"] = ratio(seconds[LOOP], seconds["prmkit turns"])
        found["loop_share"] = found["over_loop"]["value"] / looped
    return found


def targets(shape: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    """What is asked of one cell, and whether it was met: by the median, and by the whole interval."""
    found, over = [], told["over_best"]
    if shape in SHARE:
        wanted = SHARE[shape] * told["token_ratio"]
        found.append(_target(f"over {told['best']}, {SHARE[shape]} of the token ratio", over, wanted))
    elif shape == "tree":
        found.append(_target(f"over {told['best']}", over, TREE))
    else:
        found.append(_target(f"not 5 % slower than {told['best']}", over, 1 / SLOWER))
    if "over_loop" in told:
        wanted = LOOP_SHARE * told["loop_token_ratio"]
        found.append(_target(f"over {LOOP}, {LOOP_SHARE} of the token ratio", told["over_loop"], wanted))
    for name, value in told.get("memory_ratio", {}).items():
        found.append(
            {"what": f"memory over {name}", "target": f"<= {MEMORY}", "found": value, "met": value <= MEMORY}
        )
    return found


def _target(what: str, found: dict[str, float], wanted: float) -> dict[str, Any]:
    met, sure = found["value"] >= wanted, found["low"] >= wanted
    return {
        "what": what,
        "target": f">= {wanted:.3g}",
        "found": found["value"],
        "met": met,
        "interval_met": sure,
    }


def rounded(value: Any) -> Any:
    """Four digits."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return [rounded(v) for v in value] if isinstance(value, list) else value


def page(cell: str, told: dict[str, Any]) -> str:
    """One cell as text."""
    tokens, best = told["tokens"]["classes"], told["best"]
    lines = [f"-- {cell}: {tokens['padded']} padded / {tokens['unique']} unique = {told['token_ratio']:.2f}"]
    lines.append(f"   layout {told['layout']}")
    for name, value in told["seconds"].items():
        apart = told["largest_difference"].get(name)
        end = "" if apart is None else f"   scores differ by at most {apart:.1e}"
        lines.append(f"   {name:26} {value:9.3f} s{end}")
    lines.append(f"   {_said(told['over_best'])} x {best}: {told['share']:.2f} of the token ratio")
    lines.append(f"   {told['limit_share']:.2f} of the limit, {told['limit_seconds']:.3f} s")
    if "over_loop" in told:
        of = f"{told['loop_share']:.2f} of its token ratio, {told['loop_token_ratio']:.1f}"
        lines.append(f"   {_said(told['over_loop'])} x {LOOP}: {of}")
    for name, size in told.get("memory_mib", {}).items():
        lines.append(f"   {name:26} {size:9.1f} MiB above the weights")
    for one in told["targets"]:
        sure = {None: "", True: ", the whole interval", False: ", not the whole interval"}
        verdict = f"met{sure[one.get('interval_met')]}" if one["met"] else "NOT met"
        lines.append(f"   target: {one['what']} {one['target']}: {one['found']:.3g}, {verdict}")
    return "\n".join(lines)


def _said(one: dict[str, float]) -> str:
    return f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"
