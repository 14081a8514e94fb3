"""The command ``prmkit``: finds commands by name and turns errors into advice.

A command's module is imported when the command is called; the table below carries what
``--help`` shows, so that the list costs nothing.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from prmkit.errors import PrmkitError

COMMANDS: Mapping[str, str] = {
    "check": "Lint reasoning: find wrong steps in logs with tools alone.",
    "domains": "List installed domains, test one, or start a new one.",
    "data": "List known data sets and where they are found.",
    "run": "Run a workflow into a run folder, or go on where it stopped.",
    "verify": "Trajectories to evidence.",
    "label": "Evidence to step labels.",
    "train": "Labelled trajectories to a PRM folder.",
    "calibrate": "Fit a map from scores to probabilities, and a threshold.",
    "score": "Trajectories to step scores.",
    "search": "Choose an answer per problem from scored samples.",
    "evaluate": "Scores and gold labels to figures with intervals.",
    "audit": "One page on any PRM: what it scores, and what misleads it.",
    "report": "Compare runs on one page.",
    "view": "Look at trajectories step by step.",
    "systems": "List published systems: parts, workflow, status.",
    "prm": "Public checkpoints: families, expected figures, pickled heads.",
}
"""Command → the first line of its help. Its code is ``prmkit.cli.<command>:command``."""


QUIET: Mapping[str, str] = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "TOKENIZERS_PARALLELISM": "false"}
"""Environment of the models' libraries, so that their bars do not run through ours."""


class Commands(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"prmkit.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click's, but a wrong name is answered with the nearest right one.

        Raises:
            UsageError: No such command.
        """
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], list(COMMANDS), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" Commands: {', '.join(COMMANDS)}."
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage. Try: prmkit check log.txt",
)
@click.version_option(package_name="prmkit", prog_name="prmkit")
@click.option("--debug", is_flag=True, help="Show where in the code an error arose.")
@click.option("-v", "--verbose", is_flag=True, help="Show what the library logs.")
def app(debug: bool, verbose: bool) -> None:
    """Process reward models for real domains: label with tools, train, judge, use."""
    if verbose:
        logging = importlib.import_module("logging")
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    debug = "--debug" in (sys.argv[1:] if args is None else args)
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        result: Any = app.main(args=args, prog_name="prmkit", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except PrmkitError as error:
        if debug:
            raise
        click.echo(f"prmkit: {error}", err=True)
        code = 1
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        if debug:
            raise
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"prmkit: {place}{error.strerror}", err=True)
        click.echo("  what to do: check that the path exists and can be read and written", err=True)
        code = 1
    except KeyboardInterrupt:
        click.echo("stopped; the same command goes on from here", err=True)
        code = 130
    sys.exit(code)
