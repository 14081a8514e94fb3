"""The section of one evaluation suite: figures, differences, curves, slices, calibration, tools, cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prmkit.report import plots
from prmkit.report.content import Block, Folded, Heading, Prose, Section, kept
from prmkit.report.evaluation import Paired, Slice, Suite
from prmkit.report.findings import outcome, telling
from prmkit.report.scorers import explain, identifier, scorer_table
from prmkit.report.tables import Cell, Estimate, Table, number, settings
from prmkit.report.tools import verifier_blocks
from prmkit.report.words import (
    GOLD,
    LENGTH_CONTROLLED,
    in_order,
    is_backdrop,
    is_oracle,
    is_prm,
    metric,
    threshold_of,
)
from prmkit.types import Json

PANELS = ("step_auroc", "processbench_f1", "first_error_f1", "prmbench_score", "best_of_", "selection")
"""Beginnings of the metrics that figures and comparisons show, in this order."""

THRESHOLDS: Mapping[str, str] = {
    "fixed": "fixed beforehand",
    "chosen": "chosen on another set",
    "oracle": "oracle",
}
OUTCOME: Mapping[str, str] = {"gain": "better", "loss": "worse", "equal": "equal", "none": "not shown"}
SLICES: Mapping[str, tuple[str, str]] = {
    "tools": (
        "Beyond tools",
        "Steps split by whether any tool decided them. Where a tool decides, a PRM may only repeat the"
        " tool that labelled its training data; the figure on **silent** steps is what it adds.",
    ),
    "error": (
        "By kind of error",
        "All right steps against the wrong steps of one kind at a time. **Withheld** kinds are those that"
        " no tool which labelled could see.",
    ),
    "rung": ("By difficulty", "Rungs rise in difficulty. Where the interval reaches 0.5 the scorer guesses."),
    "family": ("By family of tasks", "A gain on one family need not hold on another."),
    "several": (
        "By whether several steps may come next",
        "Of problems with **True** there is more than one right solution.",
    ),
    "labels": (
        "Raw and corrected labels",
        "Where a tool proves a gold label wrong the row stands in the errata;"
        " corrected figures use the proof.",
    ),
}


def suite_section(suite: Suite, *, several_runs: bool) -> Section:
    """All that is known of one suite."""
    title = f"{suite.name}, {suite.run}" if several_runs else suite.name
    base = identifier(suite.run, suite.name) if several_runs else identifier(suite.name)
    by_threshold = {m for m in suite.metrics if threshold_of(m)}
    plain = [m for m in suite.metrics if m not in by_threshold and metric(m).label != ""]
    blocks: list[Block | None] = [
        Prose(_what(suite)),
        Prose(_said(suite.notes), how=True) if suite.notes else None,
    ]
    blocks += [
        _forest(suite),
        scorer_table(f"{base}-metrics", "Every scorer on the same rows", suite.figures, plain)
        if plain
        else None,
        Prose(explain(plain), how=True) if plain and any(metric(m).how for m in plain) else None,
        *paired_blocks(suite.paired, base, claims=suite.claims),
        *_thresholds(suite, base),
    ]
    for kind, curves in suite.curves.items():
        blocks += _curve_blocks(suite, kind, curves, base)
    for kind, parts in suite.slices.items():
        blocks += _slice_blocks(kind, parts, base)
    blocks += _reliability(suite, base)
    blocks += verifier_blocks(suite.verifiers, base)
    blocks += cost_blocks(suite.cost, base)
    if suite.rest:
        blocks.append(
            Folded("Further figures", settings(suite.rest, name=f"{base}-further", title="Further figures"))
        )
    return Section(base, title, kept(blocks))


def _what(suite: Suite) -> str:
    said = [suite.summary] if suite.summary else []
    if suite.n is not None:
        size = f"{suite.n:,} rows"
        said.append(f"{size} in {suite.clusters:,} clusters." if suite.clusters is not None else f"{size}.")
    if suite.gold:
        said.append(f"Gold: {GOLD.get(suite.gold, suite.gold)}.")
    if suite.exchangeable is False and any(m.startswith("selection") for m in suite.metrics):
        said.append("Samples come from several systems: this is system selection, not an exact best-of-n.")
    return " ".join(said) or "No description is given."


def _said(notes: Sequence[str]) -> str:
    """Notes as sentences of one paragraph."""
    said = (note.strip().rstrip(".") for note in notes if note.strip())
    # A note that begins with a scorer's name keeps the name as it is written elsewhere.
    return " ".join(f"{n if n.split()[0].endswith(':') else n[:1].upper() + n[1:]}." for n in said)


def panels(metrics: Sequence[str]) -> list[str]:
    """The metrics that stand for a suite, one per beginning in :data:`PANELS`.

    Of several thresholds the one chosen on other data stands for the metric, else the fixed one.

    Examples:
        >>> panels(["first_error_f1_fixed", "first_error_f1_chosen", "step_auroc", "brier"])
        ['step_auroc', 'first_error_f1_chosen']
    """
    found = []
    for beginning in PANELS:
        family = [
            m
            for m in metrics
            if m.startswith(beginning) and not m.endswith(("_oracle", "_vote", LENGTH_CONTROLLED))
        ]
        family.sort(key=lambda m: not m.endswith("_chosen"))
        found += family[:1]
    return found


def _forest(suite: Suite) -> plots.Figure | None:
    chosen = panels(suite.metrics)[:3] or suite.metrics[:1]
    return plots.forest(
        {metric(m).label: {s: f[m] for s, f in suite.figures.items() if m in f} for m in chosen},
        title=f"Intervals of every scorer on {suite.name}",
        caption="Points with intervals that resample clusters; hollow points are ceilings that see the gold.",
        accent=[s for s in suite.figures if is_prm(s)],
        quiet=[s for s in suite.figures if is_oracle(s)],
    )


def paired_blocks(paired: Sequence[Paired], base: str, *, claims: bool = True) -> list[Block | None]:
    """Differences on the same resampled clusters: those that decide, and all of them folded."""
    if not paired:
        return []
    shown = telling(paired)
    how = (
        "Both scorers are judged on the same resampled clusters, so this interval is narrower than the two"
        " single ones suggest. Each metric is shown against the **strongest rival** and majority. **Better**"
        " or **worse** stands only where the interval excludes zero (and Holm's correction for the family of"
        " comparisons agrees); **not shown** is no proof of equality."
    )
    blocks: list[Block | None] = [
        Heading("Paired differences"),
        paired_table(shown, f"{base}-paired", claims=claims),
    ]
    if len(shown) < len(paired):
        every = paired_table(paired, f"{base}-paired-all", claims=claims)
        blocks.append(Folded(f"All {len(paired)} comparisons", every))
    return [*blocks, Prose(how, how=True)]


def paired_table(paired: Sequence[Paired], name: str, *, claims: bool = True) -> Table:
    """Differences as rows."""
    some_p = any(p.p is not None for p in paired)
    columns = ("scorer", "against", "metric", "difference", "is", *(("p (Holm)",) if some_p else ()))
    rows: list[tuple[Cell, ...]] = []
    for p in paired:
        verdict = OUTCOME[outcome(p)]
        if not claims and verdict in ("better", "worse"):
            verdict = "no claim allowed"
        rows.append((p.a, p.b, metric(p.metric).label, p.diff, verdict, *((p.p,) if some_p else ())))
    return Table(name, "", columns, tuple(rows))


def _thresholds(suite: Suite, base: str) -> list[Block | None]:
    """Metrics that need a threshold, in three columns: fixed, chosen elsewhere, oracle."""
    blocks: list[Block | None] = []
    bases = dict.fromkeys(found[0] for m in suite.metrics if (found := threshold_of(m)))
    for name in bases:
        ways = [w for w in THRESHOLDS if any(f"{name}_{w}" in f for f in suite.figures.values())]
        columns = ("scorer", *(THRESHOLDS[w] for w in ways))
        rows = tuple(
            (s, *(f.get(f"{name}_{way}") for way in ways))
            for s, f in suite.figures.items()
            if any(f"{name}_{way}" in f for way in ways)
        )
        label = metric(name).label
        heading = f"{label[:1].upper()}{label[1:]}, by how its threshold was chosen"
        marks = tuple("oracle" if is_oracle(str(row[0])) else "" for row in rows)
        blocks += [Heading(heading), Table(f"{base}-{identifier(name)}", "", columns, rows, "", marks)]
        how = f"{metric(name).how} It needs a threshold."
        if "oracle" in ways:
            how += " **Oracle** was chosen on this very set: an upper bound, never a result."
        at = [f"{s} {number(value)} (on {where})" for s, (value, where) in suite.thresholds.items()]
        how += f" Chosen: {', '.join(at)}." if at and "chosen" in ways else ""
        blocks.append(Prose(how, how=True))
    return blocks


def _curve_blocks(
    suite: Suite, kind: str, curves: Mapping[str, Sequence[plots.Point]], base: str
) -> list[Block | None]:
    label = metric(kind).label
    at = sorted({p.x for points in curves.values() for p in points})
    columns = ("scorer", *(f"n = {x:g}" for x in at))
    rows = []
    for name, points in curves.items():
        found = {p.x: Estimate(p.y, p.low, p.high) for p in points}
        rows.append((name, *(found.get(x) for x in at)))
    bands = _banded(curves)
    exact = "Exact expectation over all subsets of size n. " if suite.exchangeable else ""
    figure = plots.curves(
        curves,
        title=f"{label} on {suite.name}",
        x="samples per problem, n",
        y="problems solved",
        log2=True,
        caption=f"{exact}Bands ({', '.join(bands)}) resample problems. Grey, dashed: ceilings and floors.",
        bands=bands,
        quiet=[s for s in curves if is_backdrop(s)],
    )
    how = (
        "The curve says what a chooser gains from more samples. A chooser is worth its cost where its"
        " curve lies above **majority**; **oracle** is the share of problems with any right sample."
    )
    marks = tuple("oracle" if is_oracle(s) else "" for s in curves)
    heading = f"{label[:1].upper()}{label[1:]}"
    table = Table(f"{base}-{identifier(kind)}", "", columns, tuple(rows), "", marks)
    return [Heading(heading), figure, table, Prose(how, how=True)]


def _slice_blocks(kind: str, parts: Sequence[Slice], base: str) -> list[Block | None]:
    title, how = SLICES.get(kind, (f"By {kind.replace('_', ' ')}", ""))
    metrics = in_order(m for part in parts for f in part.figures.values() for m in f)
    if not metrics:
        return []
    scorers = list(dict.fromkeys(s for part in parts for s in part.figures))
    main = panels(metrics) or metrics[:1]
    blocks: list[Block | None] = [Heading(title), _slice_curve(kind, parts, main[0]) if main else None]
    for name in dict.fromkeys(main):
        having = [s for s in scorers if any(name in part.figures.get(s, {}) for part in parts)]
        some_wrong = any(part.wrong is not None for part in parts)
        columns = (kind.replace("_", " "), "n", *(("wrong",) if some_wrong else ()), *having)
        rows = tuple(
            (
                part.label,
                part.n,
                *((part.wrong,) if some_wrong else ()),
                *(part.figures.get(s, {}).get(name) for s in having),
            )
            for part in parts
        )
        blocks.append(Table(f"{base}-{identifier(kind, name)}", metric(name).label, columns, rows))
    blocks.append(Prose(how, how=True) if how else None)
    long = tuple(
        (part.label, s, metric(m).label, cell)
        for part in parts
        for s, figures in part.figures.items()
        for m, cell in figures.items()
    )
    every = Table(f"{base}-{identifier(kind)}-all", "", (kind, "scorer", "metric", "value"), long)
    blocks.append(Folded(f"All figures, {title.lower()}: {len(long)} lines", every) if long else None)
    paired = tuple((part.label, p) for part in parts for p in part.paired)
    if paired:
        table = paired_table([p for _, p in paired], f"{base}-{identifier(kind)}-paired")
        rows = tuple((label, *row) for (label, _), row in zip(paired, table.rows, strict=True))
        named = Table(table.name, "", (kind, *table.columns), rows)
        blocks.append(Folded(f"Paired differences, {title.lower()}: {len(rows)} lines", named))
    return blocks


def _banded(names: Iterable[str]) -> list[str]:
    """The curves whose interval is drawn: the main PRM and what it must beat."""
    shown = [n for n in names if not is_backdrop(n)]
    main = next((n for n in shown if is_prm(n)), "")
    return [n for n in shown if n in (main, "majority", "surprisal")][:2] or shown[:2]


def _slice_curve(kind: str, parts: Sequence[Slice], name: str) -> plots.Figure | None:
    """A curve over the rungs of a ladder; other slices have no order to draw."""
    if kind != "rung" or len(parts) < 3:
        return None
    scorers = list(dict.fromkeys(s for part in parts for s in part.figures))
    points = {
        s: [
            plots.Point(i + 1, e.value, e.low, e.high)
            for i, part in enumerate(parts)
            if (e := part.figures.get(s, {}).get(name))
        ]
        for s in scorers
        if not is_oracle(s)
    }
    return plots.curves(
        points,
        title=f"{metric(name).label} by {kind}",
        x=kind,
        y=metric(name).label,
        chance=metric(name).chance,
        ticks=[part.label for part in parts],
        bands=_banded(points),
        quiet=[s for s in points if is_backdrop(s)],
    )


def _reliability(suite: Suite, base: str) -> list[Block | None]:
    if not any(suite.reliability.values()):
        return []
    rows = tuple(
        (name, b.predicted, Estimate(b.observed, b.low, b.high, b.n), b.n)
        for name, bins in suite.reliability.items()
        for b in bins
    )
    how = (
        "Scores are binned; a calibrated scorer lies on the diagonal. Below it the scorer is too sure that"
        " steps are right. Order (AUROC) and calibration are different things: one can be good without"
        " the other."
    )
    table = Table(f"{base}-reliability", "Bins", ("scorer", "mean score", "share right", "n"), rows)
    figure = plots.reliability(suite.reliability, title=f"Reliability on {suite.name}")
    bins = Folded("Bins as a table", table)
    return [Heading("Calibration"), figure, Prose(how, how=True), bins, _by_index(suite, base)]


def _by_index(suite: Suite, base: str) -> Block | None:
    """Calibration of first steps, second steps and so on."""
    rows = tuple(
        (name, place, found.get("gap"), found.get("ece"), found.get("brier"))
        for name, places in suite.by_index.items()
        for place, found in places.items()
    )
    how = (
        "Over all steps a scorer may be calibrated, and too sure of late ones. Of few rows ECE is too large."
    )
    columns = ("scorer", "step", "mean score − share right", "ECE", "Brier")
    return Table(f"{base}-by-index", "Calibration by place of the step", columns, rows, how) if rows else None


def cost_blocks(cost: Mapping[str, Mapping[str, Json]], base: str) -> list[Block | None]:
    """What each scorer or stage took."""
    if not cost:
        return []
    units = list(dict.fromkeys(u for spent in cost.values() for u in spent))
    rows = tuple((name, *(_plain(spent.get(u)) for u in units)) for name, spent in cost.items())
    return [
        Heading("Cost"),
        Table(f"{base}-cost", "", ("", *(u.replace("_", " ") for u in units)), rows),
    ]


def _plain(value: Json) -> Cell:
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
