"""``prmkit view``: trajectories step by step, with evidence, scores and gold."""

from __future__ import annotations

from pathlib import Path

import click

from prmkit.cli import show
from prmkit.records import write_text
from prmkit.report.shown import LIMIT, read_source
from prmkit.report.trace import terminal
from prmkit.report.view import FILTERS, flags, page, row

SHOWN = 5
"""Trajectories that the terminal shows unless --limit says otherwise."""


@click.command("view", epilog=show.example("prmkit view runs/math --filter prm_gold --html view.html"))
@click.argument("source", metavar="RUN|FILE")
@click.option("--split", default="", help="Split of the run folder [the one with most scorers].")
@click.option("--domain", metavar="NAME", help="Domain whose tools judge a log.")
@click.option("--id", "ids", multiple=True, help="Show this trajectory (repeatable).")
@click.option("--filter", "chosen", multiple=True, type=click.Choice(list(FILTERS)), help="Keep what passes.")
@click.option("--limit", type=int, help=f"Most trajectories [{SHOWN} here, {LIMIT} on a page].")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page instead.")
@show.json_option
def command(
    source: str,
    split: str,
    domain: str | None,
    ids: tuple[str, ...],
    chosen: tuple[str, ...],
    limit: int | None,
    html: Path | None,
    as_json: bool,
) -> int:
    """Look at trajectories step by step.

    Score, evidence and gold stand beside each step.

    The source is a run folder, a trajectory file or any log that 'prmkit check' reads.
    """
    found = read_source(source, split=split, limit=LIMIT if ids or chosen else limit or LIMIT, domain=domain)
    items = [
        item
        for item in found.items
        if (not ids or item.sample.trajectory.id in ids) and set(chosen) <= set(flags(item))
    ]
    if html:
        shown = items[: limit or LIMIT]
        total = len(items) if ids or chosen else found.total
        write_text(html, page(shown, found.title, limit=limit or LIMIT, total=total, source=found.split))
        show.note(f"wrote {html}")
        return 0
    if as_json:
        kept = items[: limit or None]
        scorers = list(dict.fromkeys(name for item in kept for name in item.scores))
        show.emit([row(item, scorers) for item in kept])
        return 0
    for item in items[: limit or SHOWN]:
        show.console().print(terminal(item.sample, item.evidence, item.scores))
    if not items:
        click.echo("nothing passes the filters")
    elif len(items) > (limit or SHOWN):
        show.note(f"{len(items) - (limit or SHOWN)} more: --limit shows them, --html writes a page")
    return 0
