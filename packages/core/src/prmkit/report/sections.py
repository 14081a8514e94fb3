"""Sections on whole runs: comparison, training, what did not run, settings, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prmkit.report import plots
from prmkit.report.content import Block, Folded, Heading, Prose, Section, kept
from prmkit.report.evaluation import Suite
from prmkit.report.findings import outcome, telling
from prmkit.report.load import Run
from prmkit.report.scorers import identifier
from prmkit.report.stages import domain_of
from prmkit.report.suites import OUTCOME, cost_blocks, panels
from prmkit.report.tables import Cell, Estimate, Table, settings
from prmkit.report.tools import verifier_blocks
from prmkit.report.words import STATUS, is_prm, metric, threshold_of
from prmkit.types import Json

TOP = frozenset({"suites", "verifiers", "cost", "notes", "status", "not_run"})
"""Keys of ``eval.json`` that have a place of their own."""


def comparison_section(suites: Sequence[Suite]) -> Section | None:
    """Every suite of every run side by side: one table per main metric, and the PRM's differences."""
    if len(suites) < 2:
        return None
    runs = len({s.run for s in suites})
    blocks: list[Block | None] = []
    for name in panels([m for s in suites for m in s.metrics if sum(m in t.metrics for t in suites) > 1]):
        having = [s for s in suites if name in s.metrics]
        scorers = list(dict.fromkeys(x for s in having for x, f in s.figures.items() if name in f))
        rows = tuple(
            (*_place(s, runs), s.clusters, *(s.figures.get(x, {}).get(name) for x in scorers)) for s in having
        )
        head = ("suite", *(("run",) if runs > 1 else ()), "clusters", *scorers)
        blocks.append(Table(f"compare-{identifier(name)}", metric(name).label, head, rows))
    blocks += _differences(suites, runs)
    if not any(blocks):
        return None
    how = (
        "Suites differ in size and in gold, so rows are not to be ranked against each other."
        " Read along a row: does the PRM lie above what is cheaper?"
    )
    return Section("comparison", "Across suites", kept([*blocks, Prose(how, how=True)]))


def _place(suite: Suite, runs: int) -> tuple[Cell, ...]:
    return (suite.name, suite.run) if runs > 1 else (suite.name,)


def _differences(suites: Sequence[Suite], runs: int) -> list[Block | None]:
    """The PRM against every rival on every suite: one forest per metric and one table."""
    found = [(s, p) for s in suites for p in telling(s.paired) if is_prm(p.a)]
    panels: dict[str, dict[str, Estimate]] = {}
    words: dict[tuple[str, str], str] = {}
    for suite, pair in found:
        place = f"{suite.name}, {suite.run}" if runs > 1 else suite.name
        row = f"{pair.a} − {pair.b}: {place}"
        panels.setdefault(pair.metric, {})[row] = pair.diff
        words[pair.metric, row] = _verdict(suite, outcome(pair))
    figures = [
        plots.forest(
            {f"difference in {metric(name).label}": panel},
            title=f"PRM against its rivals: {metric(name).label}",
            caption=f"Paired differences in {metric(name).label}; right of the line the PRM is"
            f" {'better' if metric(name).higher else 'worse'}. Grey: nothing is claimed.",
            zero=True,
            accent=[row for row in panel if words[name, row] == "better"],
            worse=[row for row in panel if words[name, row] == "worse"],
        )
        for name, panel in panels.items()
    ]
    rows = tuple(
        (*_place(s, runs), f"{p.a} − {p.b}", metric(p.metric).label, p.diff, _verdict(s, outcome(p)))
        for s, p in found
    )
    head = ("suite", *(("run",) if runs > 1 else ()), "pair", "metric", "difference", "PRM is")
    table = Table("compare-paired", "", head, rows)
    return [Heading("The PRM against its rivals"), *figures, table] if rows else []


def _verdict(suite: Suite, said: str) -> str:
    return OUTCOME[said] if suite.claims or said in ("none", "equal") else "no claim allowed"


def training_section(run: Run, *, several_runs: bool) -> Section | None:
    """Loss curves of everything that was trained."""
    series: dict[str, dict[str, list[plots.Point]]] = {}
    for row in run.metrics:
        step = row.get("step")
        stage = str(row.get("stage") or row.get("model") or "training")
        for key, value in row.items():
            if key not in ("loss", "eval_loss", "train_loss") or not isinstance(step, (int, float)):
                continue
            if isinstance(value, (int, float)) and value == value:
                name = "held out" if key == "eval_loss" else "training"
                series.setdefault(stage, {}).setdefault(name, []).append(
                    plots.Point(float(step), float(value))
                )
    if not series:
        return None
    blocks: list[Block | None] = []
    rows: list[tuple[Cell, ...]] = []
    for stage, lines in series.items():
        blocks.append(
            plots.curves(lines, title=f"Loss of {stage}", x="step", y="loss", caption=f"Loss of {stage}.")
        )
        for name, points in lines.items():
            rows.append((stage, name, points[0].y, min(p.y for p in points), points[-1].y, len(points)))
    base = identifier(run.name, "training") if several_runs else "training"
    columns = ("stage", "rows", "first loss", "lowest", "last", "points")
    blocks.append(Table(f"{base}-loss", "", columns, tuple(rows)))
    blocks.append(
        Prose(
            "A held-out loss that rises while the training loss falls is a sign of learning by heart.",
            how=True,
        )
    )
    return Section(base, f"Training, {run.name}" if several_runs else "Training", kept(blocks))


def absent_section(runs: Sequence[Run], suites: Sequence[Suite] = ()) -> Section:
    """What did not run, what is missing, what was set aside, by domain."""
    rows: list[tuple[Cell, ...]] = []
    for run in runs:
        own = ", ".join(dict.fromkeys(s.domain for s in suites if s.run == run.name and s.domain))
        rows += [(own, run.name, file, why) for file, why in run.missing]
        for entry in _listed(run.evaluation.get("not_run")):
            told = entry if isinstance(entry, Mapping) else {"what": entry}
            what = str(told.get("what", ""))
            domain = str(told.get("domain") or domain_of(run, what) or own)
            rows.append((domain, run.name, what, str(told.get("why", ""))))
        rows += [
            (
                domain_of(run, stage) or own,
                run.name,
                f"{stage}: {n:,} rows set aside",
                f"quarantine/{stage}.jsonl says why",
            )
            for stage, n in run.quarantine.items()
            if n
        ]
    rows.sort(key=lambda row: str(row[0]))
    if not plots.available():
        rows.append(("", "this page", "plots", "matplotlib is not installed: pip install 'prmkit[plot]'"))
    table = Table("not-run", "", ("domain", "run", "what", "why"), tuple(rows))
    said = (
        Prose("Everything that was asked for ran, and no row was set aside.")
        if not rows
        else Prose("What is not in this report, and why.")
    )
    return Section("not-run", "What did not run", kept([said, table]))


def settings_section(runs: Sequence[Run]) -> Section:
    """Settings, versions, seeds and digests of each run."""
    blocks: list[Block | None] = []
    for run in runs:
        base = identifier(run.name)
        if len(runs) > 1:
            blocks.append(Heading(run.name))
        manifest = settings(run.manifest, name=f"{base}-manifest", title="Versions, seeds and digests")
        config = settings(run.config, name=f"{base}-config", title="Settings")
        blocks += [Folded(f"{t.title}: {len(t.rows)} lines", t) for t in (config, manifest) if t]
        if not config and not manifest:
            blocks.append(Prose("Neither settings nor manifest are in the run folder."))
    return Section("settings", "Settings and digests", kept(blocks))


def words_section(suites: Sequence[Suite]) -> Section:
    """What the words of this report mean."""
    used = dict.fromkeys(m for s in suites for m in s.metrics)
    rows: dict[str, str] = {}
    for name in used:
        found = threshold_of(name)
        words = metric(found[0] if found else name)
        if words.how:
            rows[words.label] = words.how
    blocks: list[Block | None] = [
        Prose(
            "Intervals are 95 % and resample clusters: a problem and everything made from it."
            " Steps of one solution are not independent, nor are several solutions of one problem."
        ),
        Table("metrics", "Metrics", ("metric", "meaning"), tuple(rows.items())),
        Table("status-words", "Status words", ("word", "what was shown"), tuple(STATUS.items())),
    ]
    return Section("words", "Words", kept(blocks))


def run_sections(run: Run, *, several_runs: bool) -> list[Section]:
    """What a run says beside its suites: verifiers as a whole, cost of its stages, notes."""
    base = identifier(run.name, "run") if several_runs else "run"
    top = run.evaluation
    blocks: list[Block | None] = []
    if isinstance(top.get("status"), str):
        blocks.append(Prose(f"Status: **{top['status']}**. {STATUS.get(top['status'], '')}"))
    blocks += verifier_blocks(_mapping(top.get("verifiers")), base)
    blocks += cost_blocks({k: _mapping(v) for k, v in _mapping(top.get("cost")).items()}, base)
    blocks += _stages(run, base)
    rest = {k: v for k, v in top.items() if k not in TOP}
    if rest:
        table = settings(rest, name=f"{base}-further", title="Further figures")
        blocks.append(Folded("Further figures", table))
    shown = kept(blocks)
    return (
        [Section(base, f"The run as a whole, {run.name}" if several_runs else "The run as a whole", shown)]
        if shown
        else []
    )


def _stages(run: Run, base: str) -> list[Block | None]:
    """What each stage counted, without the course of training."""
    rows: list[tuple[Cell, ...]] = []
    for line in run.metrics:
        if "step" not in line:
            stage = str(line.get("stage", ""))
            told = settings({k: v for k, v in line.items() if k != "stage"}, name="", title="")
            rows += [(stage, *row) for row in told.rows]
    table = Table(f"{base}-stages", "", ("stage", "what", "value"), tuple(rows))
    return [Folded(f"What each stage counted: {len(rows)} lines", table)] if rows else []


def run_notes(run: Run) -> tuple[str, ...]:
    """Remarks on the run as a whole, such as how many seeds stand behind it."""
    return tuple(str(note) for note in _listed(run.evaluation.get("notes")))


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []
