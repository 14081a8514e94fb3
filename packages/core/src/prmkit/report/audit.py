"""The page of an audit: one sentence per finding, then the figures behind each."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from prmkit.judging.audit.finding import Finding as Found
from prmkit.judging.audit.finding import Verdict
from prmkit.judging.audit.run import CHECKS, Audit
from prmkit.records.files import finite, write_text
from prmkit.report import plots
from prmkit.report.content import Block, Finding, Folded, Heading, Prose, Report, Section, Tag, kept
from prmkit.report.html import to_html
from prmkit.report.markdown import to_markdown
from prmkit.report.tables import Cell, Estimate, Table, settings
from prmkit.stats import Interval
from prmkit.types import Json

TAGGED: Mapping[Verdict, Tag] = {"fine": "fine", "warning": "warning", "cannot tell": "unclear"}
READING = (
    "**Fine**: the whole 95 % interval lies where it should. **Warning**: it lies where it should not, also"
    " after correction for the number of things looked at together. **Cannot tell** is neither, and says what"
    " is missing. Intervals resample problems, not steps."
)
HOW: Mapping[str, str] = {
    "value": "One step of a right solution is spoilt; all others stay, so the answer stays right. The drop is"
    " what the spoilt step loses; the shares say what later steps lose of it, while the mistake stands and"
    " after the right step follows it.",
    "convention": "AUROC of labelled steps up to the first mistake, read as the checkpoint is, and read next"
    " to that. “Against own” is the paired difference on the steps that both score.",
    "threshold": "ProcessBench F1 of each suite: at the PRM's own threshold, at the one that is best on all"
    " other suites, at the best one of the suite's other half, and at its own best one, which nobody knows"
    " beforehand.",
    "bias": "Changes of a right solution's total when it is written otherwise, and how often the same edit"
    " lifts a solution with a planted mistake above the right one, of pairs that were told apart. Allowed:"
    " the rules of the task call the edited solution right.",
    "invariance": "The same solutions scored another way. Exact ways may differ by rounding in float32 only.",
    "calibration": "Scores against the share of right steps, by place. ECE is too large where rows are few.",
    "contamination": "Same problem, 13 words of it in a row, or the text of a long step.",
}


def write_audit(found: Audit, out: Path, *, title: str) -> Path:
    """Write ``audit.json``, ``audit.md`` and ``index.html``.

    Args:
        found: The audit.
        out: Folder; made if missing.
        title: Heading of the page.

    Returns:
        The path of ``index.html``.

    Raises:
        StorageError: ``out`` cannot be written.
    """
    report = compose(found, title)
    text = json.dumps(finite(found.as_json()), ensure_ascii=False, indent=1, allow_nan=False)
    write_text(out / "audit.json", f"{text}\n")
    write_text(out / "audit.md", to_markdown(report))
    write_text(out / "index.html", to_html(report))
    return out / "index.html"


def compose(found: Audit, title: str) -> Report:
    """The audit as a report."""
    said = tuple(
        Finding(TAGGED[one.verdict], f"**{one.name}** · {one.sentence}", CHECKS[one.check])
        for one in found.findings
    )
    checks = list(dict.fromkeys(one.check for one in found.findings))
    sections = [_section(name, [one for one in found.findings if one.check == name]) for name in checks]
    return Report(title, _lede(found), (), said, (*sections, _about(found)), READING)


def _lede(found: Audit) -> str:
    counts, data = found.counts, found.data
    told = (
        f"{_many(counts['warning'], 'warning')}, {counts['fine']} fine, {counts['cannot tell']} cannot tell."
    )
    asked = f" {data['problems']:,} problems with {data['mistakes']:,} planted mistakes"
    rows = f" and {data['recorded']:,} recorded solutions" if data["recorded"] else ""
    return f"{told}{asked}{rows}; {data['scored']:,} solutions scored."


def _many(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _section(check: str, found: Sequence[Found]) -> Section:
    blocks: list[Block | None] = [Prose(HOW[check], how=True)]
    if check == "bias":
        blocks.append(_edits(found))
    shown = [one for one in found if one.figures]
    if check == "invariance":
        blocks.append(_table(check, "", shown))
        shown = []
    for one in shown:
        table = _table(f"{check}-{one.name}".replace(" ", "-"), "", [one])
        blocks += [Heading(one.name) if len(found) > 1 else None, table]
    blocks += [Prose(f"{one.name}: {one.why}.") for one in found if not one.figures]
    return Section(check, CHECKS[check], kept(blocks))


def _edits(found: Sequence[Found]) -> plots.Figure | None:
    """What every edit does to a right solution, by the checkpoint's own aggregator."""
    panel: dict[str, Estimate] = {}
    column = ""
    for one in found:
        first = next(
            (f.column for f in one.figures if f.column.startswith("Δ ") and f.column != "Δ score"), None
        )
        for figure in one.figures:
            if first and figure.column == first:
                column = first
                panel[figure.row] = _cell(figure.found, signed=True) or Estimate(0.0)
    moved = [row for row, cell in panel.items() if cell.decided]
    return plots.forest(
        {f"{column} of a right solution": panel},
        title="Right solutions written otherwise",
        caption="Change of a right solution's total under each edit. Grey: the interval includes zero.",
        zero=True,
        accent=[row for row in moved if panel[row].value > 0],
        worse=[row for row in moved if panel[row].value < 0],
    )


def _table(name: str, title: str, found: Sequence[Found]) -> Table:
    """Figures with one row each, a column per kind of figure, and what stands behind them."""
    figures = [figure for one in found for figure in one.figures]
    columns = list(dict.fromkeys(figure.column for figure in figures))
    rows: dict[str, dict[str, Interval]] = {}
    for figure in figures:
        rows.setdefault(figure.row, {})[figure.column] = figure.found
    cells: list[tuple[Cell, ...]] = []
    for row, known in rows.items():
        told = [_cell(known[c], signed=_signed(c), exact="|Δ|" in c) if c in known else None for c in columns]
        behind = [(one.n, one.clusters) for one in known.values()]
        cells.append((row, *told, *(_span(one) for one in zip(*behind, strict=True))))
    return Table(name, title, ("", *columns, "n", "problems"), tuple(cells))


def _span(counts: Sequence[int]) -> int | str:
    """One number, or the least and the most where the figures of a row stand on different rows.

    Examples:
        >>> _span((80, 80)), _span((80, 44))
        (80, '44 to 80')
    """
    return counts[0] if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"


def _signed(column: str) -> bool:
    return column.startswith("Δ") or " − " in column or column == "against own"


def _cell(found: Interval, *, signed: bool, exact: bool = False) -> Estimate | None:
    """A figure as a cell; what is nothing but rounding shows as 0 unless it is what was asked."""
    value, low, high = (
        None if math.isnan(one) else one if exact else round(one, 6) + 0.0 for one in found[:3]
    )
    return None if value is None else Estimate(value, low, high, found.n, found.clusters, signed)


def _about(found: Audit) -> Section:
    """What was audited, and on what."""
    prm: Mapping[str, Json] = found.prm
    suites = tuple((name, rows["n"], rows["clusters"]) for name, rows in found.data["suites"].items())
    rest = {k: v for k, v in found.data.items() if k != "suites"}
    return Section(
        "about",
        "What was audited",
        kept(
            [
                settings(prm, name="prm", title="What the PRM says of itself"),
                Table("suites", "Labelled solutions", ("suite", "solutions", "problems"), suites),
                Folded(f"Settings and counts: {len(rest)} lines", settings(rest, name="asked", title="")),
            ]
        ),
    )
