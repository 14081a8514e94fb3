"""A report as Markdown: the same words and tables, without figures."""

from __future__ import annotations

from collections.abc import Iterator

from prmkit.report.content import TAGS, Block, Folded, Heading, Prose, Report
from prmkit.report.plots import Figure
from prmkit.report.tables import Table, markdown


def to_markdown(report: Report) -> str:
    """The report as one Markdown text; plots are named and stand in ``index.html``."""
    lines = [f"# {safe(report.title)}", "", safe(report.lede), ""]
    lines += [line for note in report.notes for line in (safe(note), "")]
    for place, said in report.grouped():
        lines += [f"**{safe(place)}**", ""] if place else []
        lines += [*(f"- {TAGS[f.tag]}: {safe(f.text)}" for f in said), ""]
    for section in report.sections:
        lines += ["", f"## {safe(section.title)}"]
        for block in section.blocks:
            lines += ["", *_lines(block)]
    return "\n".join(lines) + "\n"


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield markdown(block)
    elif isinstance(block, Folded):
        yield from (
            "<details>",
            f"<summary>{safe(block.summary)}</summary>",
            "",
            markdown(block.table),
            "</details>",
        )
    elif isinstance(block, Figure):
        yield f"*Figure in index.html: {safe(block.title)}. {safe(block.caption)}*".replace(" *", "*")
    elif isinstance(block, Heading):
        yield f"### {safe(block.text)}"
    elif isinstance(block, Prose):
        yield f"> {safe(block.text)}" if block.how else safe(block.text)


def safe(text: str) -> str:
    """Text on one line that cannot open HTML."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
