"""``prmkit report``: runs compared on one page."""

from __future__ import annotations

from pathlib import Path

import click

from prmkit.cli import show
from prmkit.report.html import build_report


@click.command("report", epilog=show.example("prmkit report runs/math runs/code --out report"))
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the page and tables.")
@show.json_option
def command(runs: tuple[Path, ...], out: Path, as_json: bool) -> int:
    """Compare runs on one page.

    Writes index.html, report.md and tables as CSV. A RUN is a run folder, or an eval.json file.
    """
    page = build_report(runs, out)
    if as_json:
        show.emit({"page": str(page), "files": sorted(str(f) for f in page.parent.rglob("*") if f.is_file())})
    else:
        click.echo(page)
    return 0
