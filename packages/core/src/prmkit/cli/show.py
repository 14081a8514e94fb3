"""What commands share on the terminal: JSON, tables, progress, notes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from prmkit.dataset import Quarantined
from prmkit.records.files import finite

PIPE_WIDTH = 200
"""Columns of tables that go to a file or a pipe."""

Tick = Callable[[int, int], None]
"""Called with what is done and the total (0 when not known)."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value for machines.")


def example(line: str) -> str:
    """Epilog of a command: how a person types it."""
    return f"\b\nExample:\n  {line}"


def wrong_usage(text: str) -> NoReturn:
    """End the command with exit code 2.

    Raises:
        UsageError: Always.
    """
    raise click.UsageError(text)


def console() -> Console:
    """Standard output; colours only where there is a terminal, and wide lines where there is none."""
    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def emit(value: Any) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(finite(value), ensure_ascii=False, indent=1, allow_nan=False))


def note(text: str) -> None:
    """Print a line beside the result, on standard error."""
    click.echo(text, err=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """Print a table; texts are shown as they are, never read as markup."""
    grid = Table(title=title or None, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for position, column in enumerate(columns):
        grid.add_column(column, overflow="fold", no_wrap=position == 0)
    for row in rows:
        grid.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console().print(grid)


@contextlib.contextmanager
def progress(text: str) -> Iterator[Tick]:
    """A bar on standard error, where that is a terminal."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield lambda done, total: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def show_quarantine(rows: Sequence[Quarantined], limit: int = 10) -> None:
    """Say which rows were set aside, on standard error."""
    if rows:
        note(f"{len(rows)} row(s) could not be read and were set aside:")
    for row in rows[:limit]:
        note(f"  {row.file}:{row.row}: {row.reason}")
    if len(rows) > limit:
        note(f"  … and {len(rows) - limit} more (--json lists all)")


def quarantine_json(rows: Sequence[Quarantined]) -> list[dict[str, Any]]:
    """Rows set aside, as JSON values."""
    return [{"file": row.file, "row": row.row, "reason": row.reason} for row in rows]
