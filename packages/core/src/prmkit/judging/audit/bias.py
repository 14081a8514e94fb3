"""Does it answer to what proves nothing: repetition, filler, length, place, looks, difficulty?

Source: hacking by repetition and filler after arXiv 2410.15115.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from prmkit.aggregators import aggregate
from prmkit.judging.audit.edits import EDITS, Edit
from prmkit.judging.audit.finding import (
    FEW,
    Figure,
    Finding,
    Verdict,
    change,
    inside,
    mean,
    plain,
    rare,
    said,
    shown,
    small,
    unknown,
    worst,
)
from prmkit.judging.audit.probes import Probe, Truth, first_wrong
from prmkit.judging.audit.read import Reader, Values
from prmkit.judging.figures import Resampling
from prmkit.stats import Interval, Paired, clustered_wilson, resample_sums
from prmkit.stats.arrays import Floats

MARGIN = 0.05
"""Change of a solution's score, in widths of the scale, that counts as none."""
OVERTAKES = 0.1
"""Share of wrong solutions that an edit may lift above the right one."""
LEAD = 0.02
"""Widths of the scale by which a wrong solution must stand below the right one to be told apart."""
TOTALS = ("min", "mean", "last")
"""Aggregators whose change is shown."""


class Edited(NamedTuple):
    """Scores of solutions before and after an edit."""

    right: Sequence[Values]
    right_after: Sequence[Values]
    wrong: Sequence[Values]
    """One spoilt copy of each of some right solutions."""
    wrong_after: Sequence[Values]
    beaten: Sequence[Values]
    """The right solution of each wrong one."""
    clusters: Sequence[str]
    wrong_clusters: Sequence[str]
    same: Sequence[bool]
    """Per right solution: the rules of its task call it right after the edit too."""


def edited(reader: Reader, probes: Sequence[Probe], edit: Edit, truth: Truth | None = None) -> Edited:
    """Score every right solution, and one spoilt copy of it, before and after an edit."""
    spoilt = [(probe, probe.wrong[0].trajectory) for probe in probes if probe.wrong]
    after = [edit(p.problem, p.right) for p in probes]
    return Edited(
        reader((p.problem, p.right) for p in probes),
        reader((p.problem, one) for p, one in zip(probes, after, strict=True)),
        reader((p.problem, t) for p, t in spoilt),
        reader((p.problem, edit(p.problem, t)) for p, t in spoilt),
        reader((p.problem, p.right) for p, _ in spoilt),
        [p.cluster for p in probes],
        [p.cluster for p, _ in spoilt],
        [
            truth is None or first_wrong(truth(p.problem, one).values) < 0
            for p, one in zip(probes, after, strict=True)
        ],
    )


def moves(read: Edited, how: str, resampling: Resampling, *, allowed: bool = False) -> Paired:
    """Mean change of a right solution's total; with ``allowed`` of those only that are right after it."""
    mine = [i for i, same in enumerate(read.same) if same or not allowed]
    after, before = (_totals([rows[i] for i in mine], how) for rows in (read.right_after, read.right))
    return change(after, before, [read.clusters[i] for i in mine], resampling)


class Overtaken(NamedTuple):
    """Pairs that were told apart, and whether an edit of the wrong one turns them."""

    hits: Sequence[bool]
    clusters: Sequence[str]


def overtakes(read: Edited, how: str, unit: float) -> Overtaken:
    """Of wrong solutions that stood below their right one: whether the edit lifts each above it."""
    rows = zip(*(_totals(one, how) for one in (read.wrong, read.wrong_after, read.beaten)), strict=True)
    found = [
        (after > right, cluster)
        for (before, after, right), cluster in zip(rows, read.wrong_clusters, strict=True)
        if before < right - LEAD * unit
    ]
    return Overtaken([hit for hit, _ in found], [cluster for _, cluster in found])


def _totals(rows: Sequence[Values], how: str) -> list[float]:
    return [aggregate(values, how) for values in rows]


def bias_findings(
    reader: Reader,
    probes: Sequence[Probe],
    how: Resampling,
    aggregator: str,
    *,
    truth: Truth | None = None,
    edits: Sequence[Edit] = EDITS,
) -> list[Finding]:
    """One finding per group of edits.

    Args:
        reader: The scorer.
        probes: Right solutions and their spoilt copies.
        how: Resampling.
        aggregator: What makes one number of step scores.
        truth: Exact labels. An edit that the rules of a task forbid may rightly cost score.
        edits: What is tried.
    """
    written = [(p.problem, t) for p in probes for t in (p.right, *(one.trajectory for one in p.wrong[:1]))]
    reader((problem, edit(problem, one)) for edit in edits for problem, one in written)  # all at once
    groups: dict[str, dict[str, Edited]] = {}
    for edit in edits:
        groups.setdefault(edit.group, {})[edit.name] = edited(reader, probes, edit, truth)
    return [group_finding(name, read, how, aggregator, reader.unit) for name, read in groups.items()]


def group_finding(
    name: str, read: Mapping[str, Edited], how: Resampling, aggregator: str, unit: float
) -> Finding:
    """What edits of one group do to right solutions, and whether they lift wrong ones above right ones."""
    totals = tuple(dict.fromkeys((aggregator, *TOTALS)))
    figures = []
    for edit, one in read.items():
        figures += [Figure(edit, f"Δ {total}", plain(moves(one, total, how))) for total in totals]
        for total in totals:
            share = clustered_wilson(*overtakes(one, total, unit))
            figures.append(Figure(edit, f"overtakes by {total}", share))
        figures.append(Figure(edit, "allowed", clustered_wilson(one.same, one.clusters)))
    moved = {edit: moves(one, aggregator, how) for edit, one in read.items()}
    # A loss counts only where the edited solution is still right; a rise counts anywhere.
    counted = [
        moves(read[edit], aggregator, how, allowed=True) if one.value < 0 else one
        for edit, one in moved.items()
    ]
    hits = {edit: overtakes(one, aggregator, unit) for edit, one in read.items()}
    verdicts: list[Verdict] = [
        "cannot tell" if (verdict := small(one, MARGIN * unit)) == "warning" and not certain else verdict
        for one, certain in zip(counted, shown(counted), strict=True)
    ]
    verdicts += [rare(one.hits, one.clusters, OVERTAKES, family=len(read)) for one in hits.values()]
    verdict = worst(verdicts)
    text = _sentence(name, moved, hits, aggregator)
    if forbidden := sum(not all(one.same) for one in read.values()):
        text += f" The tasks' own rules forbid {forbidden} of these edits in some solutions or all."
    if verdict == "cannot tell":
        return unknown("bias", name, inside(text), figures)
    return Finding("bias", name, verdict, text, "", tuple(figures))


def _sentence(name: str, moved: Mapping[str, Paired], hits: Mapping[str, Overtaken], aggregator: str) -> str:
    most = max(moved, key=lambda edit: -1.0 if math.isnan(moved[edit].value) else abs(moved[edit].value))
    text = f"Of {len(moved)} edits ({name}) the largest change of a right solution's {aggregator} is"
    text += f" {said(moved[most], signed=True)} ({most})"
    if not any(any(one.hits) for one in hits.values()):
        return f"{text}; no edit lifts a wrong solution above the right one."
    top = max(hits, key=lambda edit: sum(hits[edit].hits) / max(len(hits[edit].hits), 1))
    share = clustered_wilson(*hits[top])
    return f"{text}; wrong solutions overtake right ones in {said(share)} of pairs at most ({top})."


def slopes(rows: Sequence[tuple[Sequence[str], Values, str]], how: Resampling) -> tuple[Interval, Interval]:
    """Change of the score of right steps per doubling of their characters, and per step later.

    One regression on both, inside each solution, so that hard problems do not pass for long steps.

    Args:
        rows: Per solution whose steps are all right: texts of its steps, their scores, its cluster.
        how: Resampling.

    Source:
        Ordinary least squares with an intercept per solution.
    """
    names = ("xx", "xz", "zz", "xy", "zy")
    sums, clusters = [], []
    for texts, values, cluster in rows:
        known = [
            (math.log2(max(len(text), 1)), float(place), value)
            for place, (text, value) in enumerate(zip(texts, values, strict=True))
            if value is not None
        ]
        if len(known) > 1:
            x, z, y = (column - column.mean() for column in np.array(known, dtype=np.float64).T)
            sums.append([float(one) for one in (x @ x, x @ z, z @ z, x @ y, z @ y)])
            clusters.append(cluster)
    if not clusters:
        nothing = Interval(math.nan, math.nan, math.nan, 0, 0)
        return nothing, nothing
    columns = dict(zip(names, zip(*sums, strict=True), strict=True))

    def length(s: Mapping[str, Floats]) -> Floats:
        return np.asarray((s["xy"] * s["zz"] - s["zy"] * s["xz"]) / (s["xx"] * s["zz"] - s["xz"] ** 2))

    def place(s: Mapping[str, Floats]) -> Floats:
        return np.asarray((s["zy"] * s["xx"] - s["xy"] * s["xz"]) / (s["xx"] * s["zz"] - s["xz"] ** 2))

    first, second = (
        resample_sums(one, columns, clusters, draws=how.draws, seed=how.seed).interval(how.confidence)
        for one in (length, place)
    )
    return first, second


def slope_finding(length: Interval, place: Interval, unit: float) -> Finding:
    """Whether right steps score otherwise for being longer or later: seen, not tried."""
    name = "length and place, as seen"
    figures = (
        Figure("right steps, per doubling of their characters", "Δ score", length),
        Figure("right steps, per step later", "Δ score", place),
    )
    if length.clusters < FEW:
        return unknown("bias", name, "too few right solutions are scored", figures)
    text = (
        f"Inside right solutions a step of twice the characters scores {said(length, signed=True)},"
        f" one a step later {said(place, signed=True)}."
    )
    if {small(length, MARGIN * unit), small(place, MARGIN * unit)} == {"fine"}:
        return Finding("bias", name, "fine", text, "", figures)
    return unknown("bias", name, f"{inside(text)}; such steps may be harder, so the edits decide", figures)


class Levelled(NamedTuple):
    """A right solution and how hard its task is."""

    family: Hashable
    level: int
    values: Values
    cluster: str


def difficulty_finding(rows: Sequence[Levelled], how: Resampling, unit: float) -> Finding | None:
    """Whether right steps of harder tasks of the same families score lower; None without such tasks."""
    levels = sorted({row.level for row in rows})
    ends = [{row.family for row in rows if row.level == level} for level in (levels[:1] + levels[-1:])]
    families = set.intersection(*ends) if len(levels) > 1 else set()
    if not families:
        return None
    found: dict[int, Interval] = {}
    for level in levels:
        mine = [row for row in rows if row.level == level and row.family in families]
        found[level] = mean([aggregate(r.values, "mean") for r in mine], [r.cluster for r in mine], how)
    figures = tuple(Figure(f"level {one}", "mean score of right steps", f) for one, f in found.items())
    low, high = found[min(found)], found[max(found)]
    text = f"Right steps of the easiest tasks score {said(low)} in the mean, of the hardest {said(high)}."
    if (low.low > high.high or high.low > low.high) and abs(low.value - high.value) > MARGIN * unit:
        text += " Scores of different problems do not compare."
        return Finding("bias", "difficulty", "warning", text, "", figures)
    if max(low.high - high.low, high.high - low.low) <= MARGIN * unit:
        return Finding("bias", "difficulty", "fine", text, "", figures)
    return unknown("bias", "difficulty", inside(text), figures)
