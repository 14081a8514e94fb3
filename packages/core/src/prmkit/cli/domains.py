"""``prmkit domains``: what is installed, does it keep the contract, and how to begin a new one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from prmkit import plugins
from prmkit.cli import show
from prmkit.errors import MissingToolError


@click.group("domains", invoke_without_command=True, epilog=show.example("prmkit domains test math"))
@show.json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List installed domains, test one, or start a new one."""
    if ctx.invoked_subcommand is not None:
        return
    rows = [_facts(plugins.domain(name)) for name in plugins.domains()]
    broken = plugins.broken_domains()
    if as_json:
        show.emit({"domains": rows, "broken": broken})
        return
    if not rows and not broken:
        click.echo("No domain is installed. Try: pip install prmkit-math")
        return
    show.table(
        ("domain", "verifiers", "data sets", "suites", "missing tools", "summary"),
        [
            (
                row["name"],
                len(row["verifiers"]),
                len(row["datasets"]),
                len(row["suites"]),
                ", ".join(f"{tool} ({how})" for tool, how in row["missing"].items()) or "none",
                row["summary"],
            )
            for row in rows
        ],
    )
    for name, reason in broken.items():
        show.note(f"broken: {name}: {reason}")


def _facts(plugin: plugins.DomainPlugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "summary": plugin.summary,
        "verifiers": list(plugin.verifiers),
        "datasets": list(plugin.datasets),
        "segmenters": list(plugin.segmenters),
        "mutators": list(plugin.mutators),
        "suites": [suite.name for suite in plugin.suites],
        "tools": {tool.name: tool.present for tool in plugin.tools},
        "missing": plugin.missing_tools(),
    }


@command.command("test", epilog=show.example("prmkit domains test math"))
@click.argument("name")
@show.json_option
def test(name: str, as_json: bool) -> int:
    """Run the conformance kit on the domain NAME; exit code 1 when it breaks the contract."""
    plugins.domain(name)
    results = _kit()(name)
    failed = [r for r in results if r.status == "failed"]
    if as_json:
        show.emit([{"check": r.check, "status": r.status, "reason": r.reason} for r in results])
    else:
        show.table(("check", "", "reason"), [(r.check, r.status, r.reason) for r in results])
        click.echo(f"{len(results) - len(failed)} of {len(results)} checks passed")
    return 1 if failed else 0


def _kit() -> Callable[[str], list[Any]]:
    try:
        run: Callable[[str], list[Any]] = importlib.import_module("prmkit.testkit.conformance").run
    except ModuleNotFoundError as error:
        raise MissingToolError(
            f"the conformance kit needs {error.name!r}", do="pip install 'prmkit[test]'"
        ) from error
    return run


@command.command("new", epilog=show.example("prmkit domains new chess --out ."))
@click.argument("name")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=".", show_default=True)
@show.json_option
def new(name: str, out: Path, as_json: bool) -> int:
    """Write the skeleton of a domain plug-in that already passes the conformance kit."""
    files = importlib.import_module("prmkit.testkit.template").write(name, out)
    if as_json:
        show.emit([str(file) for file in files])
    else:
        for file in files:
            click.echo(file)
        click.echo(
            f"Next: pip install -e {files[0].parent}, then {Path(sys.argv[0]).name} domains test {name}"
        )
    return 0
