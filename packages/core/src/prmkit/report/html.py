"""Write a report: one self-contained page, the same in Markdown, and every table as CSV."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

from prmkit.errors import ConfigError
from prmkit.records.files import write_text
from prmkit.report.compose import compose
from prmkit.report.content import TAGS, Folded, Heading, Prose, Report
from prmkit.report.load import load_runs
from prmkit.report.markdown import to_markdown
from prmkit.report.page import render
from prmkit.report.plots import Figure
from prmkit.report.tables import Cell, Estimate, Table, interval, text, to_csv


def build_report(runs: Sequence[Path], out: Path) -> Path:
    """Compare runs on one page.

    Args:
        runs: Run folders, or ``eval.json`` files. Missing parts are named on the page.
        out: Folder for ``index.html``, ``report.md`` and one CSV per table.

    Returns:
        The path of ``index.html``.

    Raises:
        ConfigError: No run is given.
        DataError: A run folder does not exist.
        StorageError: ``out`` cannot be written.
    """
    if not runs:
        raise ConfigError("no run is given", do="name at least one folder made by 'prmkit run'")
    report = compose(load_runs(runs))
    out = Path(out)
    taken: dict[str, int] = {}
    for table in report.tables():
        again = taken[table.name] = taken.get(table.name, 0) + 1
        write_text(out / f"{table.name}{f'-{again}' if again > 1 else ''}.csv", to_csv(table))
    write_text(out / "report.md", to_markdown(report))
    write_text(out / "index.html", to_html(report))
    return out / "index.html"


def to_html(report: Report) -> str:
    """The report as a page that needs nothing beside itself."""
    return render(
        "report.html",
        title=report.title,
        report=report,
        grouped=report.grouped(),
        tags=TAGS,
        kind=_kind,
        rich=_rich,
        td=_cell,
        next=itertools.count(1).__next__,
    )


def _kind(block: object) -> str:
    kinds = {Table: "table", Folded: "folded", Figure: "figure", Heading: "heading", Prose: "prose"}
    return kinds[type(block)]


def _rich(said: str) -> Markup:
    """Escaped text in which ``**words**`` are bold."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(escape(said))))


def _cell(cell: Cell) -> Markup:
    """A cell with its interval set lighter."""
    if isinstance(cell, Estimate) and interval(cell):
        value = text(Estimate(cell.value, signed=cell.signed, word=cell.word))
        ci = Markup('<span class="ci">{}</span>').format(interval(cell))
        return Markup("{}{}").format(value, ci)
    return escape(text(cell))
