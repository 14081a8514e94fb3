"""``prmkit systems``: the published systems, their parts, workflow and status."""

from __future__ import annotations

from dataclasses import asdict

import click

from prmkit.cli import show
from prmkit.systems import system, systems


@click.command("systems", epilog=show.example("prmkit systems processbench"))
@click.argument("name", required=False)
@show.json_option
def command(name: str | None, as_json: bool) -> int:
    """List published systems: parts, workflow, status.

    NAME shows one. An empty status means that nobody has worked on the row yet.
    """
    if name:
        facts = asdict(system(name))
        if as_json:
            show.emit(facts)
        else:
            rows = [
                (key, ", ".join(value) if isinstance(value, tuple) else value) for key, value in facts.items()
            ]
            show.table(("", ""), rows)
        return 0
    if as_json:
        show.emit([asdict(row) for row in systems()])
        return 0
    show.table(
        ("", "system", "home", "workflow", "status", "recorded"),
        [(row.number, row.name, row.home, row.workflow, row.status, row.recorded) for row in systems()],
    )
    done = sum(bool(row.status) for row in systems())
    click.echo(f"{done} of {len(systems())} have a status")
    return 0
