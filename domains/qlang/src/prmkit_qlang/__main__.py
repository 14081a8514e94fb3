r"""A small q console: ``python -m prmkit_qlang``, or ``python -m prmkit_qlang script.q`` to run a file.

Brackets left open, or a line that begins with a blank, go on with the statement before. ``\\`` ends.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from prmkit_qlang.engine.session import Session, open_brackets

PROMPT, MORE = "q)", "  "


@click.command()
@click.argument("script", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(script: Path | None) -> None:
    """Run q: a console, or the lines of SCRIPT."""
    session = Session()
    if script is not None:
        for statement in session.split(script.read_text(encoding="utf-8")):
            _show(session, statement)
        return
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (line editing and history, where the platform has it)
    while True:
        try:
            text = input(PROMPT)
            while open_brackets(text):
                text += "\n" + input(MORE)
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return
        if text.strip() == "\\\\":
            return
        _show(session, text)


def _show(session: Session, text: str) -> None:
    printed = session.console(text)
    if printed:
        click.echo(printed)


if __name__ == "__main__":
    main()
