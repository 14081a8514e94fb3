"""Trajectories one at a time in a browser: steps coloured by score, evidence and gold beside."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from prmkit.report.page import asset, render, script_json
from prmkit.report.shown import LIMIT, Shown
from prmkit.types import Code, Evidence, Json, StepLabels, StepScores, Verdict
from prmkit.verify.merge import merge

FILTERS: Mapping[str, str] = {
    "prm_gold": "PRM against gold",
    "tool_gold": "verifier against gold",
    "claim_gold": "claim holds, gold says wrong",
    "fails": "a step fails",
    "beyond": "wrong by gold, every tool silent",
    "wrong": "outcome wrong",
}


def page(
    items: Iterable[Shown],
    title: str,
    *,
    limit: int = LIMIT,
    total: int | None = None,
    source: str = "",
) -> str:
    """A self-contained page of trajectories with filters, search and paging.

    Args:
        items: What to show; read up to ``limit`` only.
        title: Heading.
        limit: Most trajectories on the page, since all of them travel inside it.
        total: How many there are, when known; the page says what it leaves out.
        source: Where they come from, shown under the title.
    """
    held = list(itertools.islice(items, limit))
    scorers = list(dict.fromkeys(name for item in held for name in item.scores))
    rows = [row(item, scorers) for item in held]
    left = f" of {total:,}" if total is not None and total > len(rows) else ""
    flags = [(name, label) for name, label in FILTERS.items() if any(name in r["f"] for r in rows)]
    return render(
        "view.html",
        title=title,
        source=source,
        shown=f"{len(rows):,}{left}",
        data=script_json({"rows": rows, "scorers": scorers}),
        filters=flags,
        scorers=scorers,
        code=asset("view.js"),
        css=asset("view.css"),
        gold=any(r["g"] for r in rows),
    )


def row(item: Shown, scorers: Sequence[str]) -> dict[str, Json]:
    """A trajectory as the page's script reads it: short keys, plain values.

    Keys: i id, p problem, d domain, c cluster, o outcome, a final answer, w who wrote it,
    g has gold, f filters it passes, s steps. Of a step: t text, r role, g gold, l training label, v verdict,
    h shade in [0, 1], x score and c clash with gold per scorer, k status, e telling evidence,
    u silent tools.
    """
    problem, trajectory, labels = item.sample
    merged = merge(trajectory, item.evidence)
    scores = [item.scores.get(name) for name in scorers]
    steps = []
    for step in trajectory.steps:
        said = [e for e in item.evidence if e.step == step.index]
        telling = [e for e in said if e.verdict is not Verdict.UNKNOWN or _noteworthy(e)]
        chosen = merged[step.index]
        steps.append(
            {
                "t": step.text,
                "r": step.role,
                "g": None if labels is None else labels.values[step.index],
                "l": None if item.targets is None else _finite(item.targets.values[step.index]),
                "v": chosen.verdict.value if chosen else "",
                "h": [_shade(s, step.index) for s in scores],
                "x": [_finite(None if s is None else s.values[step.index]) for s in scores],
                "c": [_clash(labels, s, step.index) for s in scores],
                "k": step.status,
                "e": [_evidence(e) for e in telling],
                "u": len(said) - len(telling),
            }
        )
    return {
        "i": trajectory.id,
        "p": problem.text,
        "d": problem.domain,
        "c": problem.cluster,
        "o": trajectory.outcome,
        "a": trajectory.final_answer,
        "w": trajectory.provenance.system,
        "g": labels is not None,
        "f": flags(item),
        "s": steps,
    }


def flags(item: Shown) -> list[str]:
    """Names of the filters (keys of ``FILTERS``) that a trajectory passes."""
    sample, labels = item.sample, item.sample.labels
    merged = merge(sample.trajectory, item.evidence)
    first = next(iter(item.scores.values()), None)
    found: dict[str, None] = {}
    for step in sample.trajectory.scored:
        chosen = merged[step]
        said = chosen.verdict if chosen else Verdict.UNKNOWN
        if said is Verdict.FAILS:
            found["fails"] = None
        gold = _right(labels, step)
        if gold is None:
            continue
        if _clash(labels, first, step):
            found["prm_gold"] = None
        if said is Verdict.FAILS and gold:
            found["tool_gold"] = None
        if said is Verdict.HOLDS and not gold:
            step_scope = any(
                e.step == step and e.verdict is Verdict.HOLDS and e.scope == "step" for e in item.evidence
            )
            found["tool_gold" if step_scope else "claim_gold"] = None
        if said is Verdict.UNKNOWN and not gold and item.evidence:
            found["beyond"] = None
    if sample.trajectory.outcome is not None and sample.trajectory.outcome < 0.5:
        found["wrong"] = None
    return [name for name in FILTERS if name in found]


def _right(labels: StepLabels | None, step: int) -> bool | None:
    value = None if labels is None else labels.values[step]
    if labels is None or value is None:
        return None
    return value >= 0.5 if labels.kind == "correct" else value >= 0.0


def _judged(scores: StepScores | None, step: int) -> bool | None:
    value = None if scores is None else scores.values[step]
    if scores is None or value is None:
        return None
    cut = scores.threshold.value if scores.threshold else sum(scores.range) / 2
    return value >= (cut if math.isfinite(cut) else 0.0)


def _clash(labels: StepLabels | None, scores: StepScores | None, step: int) -> bool:
    gold, judged = _right(labels, step), _judged(scores, step)
    return gold is not None and judged is not None and gold != judged


def _shade(scores: StepScores | None, step: int) -> float | None:
    """A score on [0, 1] for colouring; unbounded kinds pass through the logistic function."""
    value = None if scores is None else scores.values[step]
    if scores is None or value is None:
        return None
    low, high = scores.range
    if math.isfinite(low) and math.isfinite(high) and high > low:
        return round((value - low) / (high - low), 3)
    return round(0.5 * (1 + math.tanh(value / 2)), 3)


def _finite(value: float | None) -> float | None:
    return round(value, 4) if value is not None and math.isfinite(value) else None


def _noteworthy(evidence: Evidence) -> bool:
    """UNKNOWN that tells a person something: a crash, a time-out, an absent tool."""
    return evidence.code in (Code.CRASH, Code.TIMEOUT, Code.MISSING_TOOL)


def _evidence(e: Evidence) -> list[Json]:
    claims: Sequence[Json] = [[c.start, c.end, c.verdict.value, c.reason] for c in e.claims]
    note = "" if e.code is Code.NONE else e.code.value.replace("_", " ")
    return [e.verifier, e.verdict.value, e.reason or note, e.scope, claims, e.needs_reference]
