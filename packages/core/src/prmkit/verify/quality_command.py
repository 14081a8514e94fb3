"""The command behind ``python -m prmkit_DOMAIN.quality``."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from prmkit.contracts import StepVerifier
from prmkit.errors import PrmkitError
from prmkit.plugins import DomainPlugin
from prmkit.records import write_text
from prmkit.verify.quality import Figures, Part, Quality, measure_all
from prmkit.verify.quality_table import NOTES, put, section, table


def command(
    domain: DomainPlugin,
    parts: Sequence[Part],
    *,
    baselines: Sequence[StepVerifier] = (),
    leave_out: Sequence[str] = (),
    notes: str = NOTES,
) -> click.Command:
    """A command that measures a domain's verifiers on its labelled sets and writes the table.

    Args:
        domain: The plug-in record.
        parts: Rows of the table.
        baselines: Cruder verifiers that stand beside the domain's own.
        leave_out: Verifiers that are not measured unless they are named.
        notes: What stands above the tables; ``{errors}`` is the number of labels the errata change.
    """

    @click.command(help=f"Measure the verifiers of {domain.name} against gold labels and write the table.")
    @click.option(
        "--out", type=click.Path(path_type=Path), required=True, help="Markdown file with the two marks."
    )
    @click.option("--json", "file", type=click.Path(path_type=Path), help="Write all figures here too.")
    @click.option(
        "--errata", "folder", type=click.Path(path_type=Path, exists=True), help="Folder of errata."
    )
    @click.option("--verifier", "names", multiple=True, help="Verifier to measure; default: all that fit.")
    @click.option(
        "--part", "titles", multiple=True, help="Row to measure (a piece of its title); default: all."
    )
    @click.option("--workers", default=0, show_default=True, help="Processes.")
    @click.option("--seconds", type=float, help="Limit of one verifier on one solution; default: none.")
    @click.option("--draws", default=1000, show_default=True, help="Resamples behind each interval.")
    def main(
        out: Path,
        file: Path | None,
        folder: Path | None,
        names: Sequence[str],
        titles: Sequence[str],
        workers: int,
        seconds: float | None,
        draws: int,
    ) -> None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        chosen = names or [name for name in domain.verifiers if name not in leave_out]
        rows = [p for p in parts if not titles or any(piece in p.title for piece in titles)]
        try:
            found = measure_all(
                domain,
                rows,
                domain.verifier_objects(chosen),
                baselines=baselines,
                folder=folder,
                draws=draws,
                workers=workers,
                seconds=seconds,
                tools=domain.missing_tools(),
            )
            put(out, section(found, notes.replace("{errors}", str(found.errors))))
            if file is not None:
                write_text(file, json.dumps(plain(found), indent=1) + "\n")
        except PrmkitError as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        click.echo(table(found.verifiers[next(iter(found.verifiers))]))

    return main


def plain(found: Quality) -> dict[str, Any]:
    """All figures as JSON values: verifier → part → published and corrected. No text of the sets."""

    def values(both: Figures) -> dict[str, Any]:
        return {name: _silent(getattr(both, name).as_dict()) for name in ("raw", "corrected")}

    return {
        name: {part: values(both) for part, both in rows.items()} for name, rows in found.verifiers.items()
    }


def _silent(figures: dict[str, Any]) -> dict[str, Any]:
    # Texts and reasons quote the data set, and figures are what people commit.
    kept = ("trajectory_id", "step", "gold", "verdict", "verifier", "before_first_error")
    shown = [{key: one[key] for key in kept} for one in figures["disagreements"]]
    return {**figures, "disagreements": shown}
