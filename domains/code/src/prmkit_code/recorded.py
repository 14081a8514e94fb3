"""Tools without reference against recorded programs: ``python -m prmkit_code.recorded --out FILE``.

How many wrong programs do the compiler and the examples in the problem's own text catch, and how many
right ones do they doubt? The outcome is the recorded verdict of the hidden tests.

Examples:
    python -m prmkit_code.recorded --set humaneval_10_runs --out recorded.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from prmkit.errors import PrmkitError
from prmkit.verify.answers import Answers, by_class, measure_answers
from prmkit.verify.run import verify
from prmkit_code import plugin

SETS = ("humaneval_10_runs", "humaneval_codegen16b_100", "reflexion_mbpp")
"""Recorded programs with verdicts."""
VERIFIERS = ("compiles", "examples")
ALL = "all systems"


def recorded(dataset: str, *, draws: int = 1000) -> dict[str, Answers]:
    """Figures of a set by system, and of all of them.

    Raises:
        DataError: The set is not found.
    """
    tools = plugin.verifier_objects(VERIFIERS)
    samples = [s for s in plugin.load(dataset) if s.trajectory.outcome is not None]
    pairs = list(verify(tools, samples, seconds=60.0, tools=plugin.missing_tools()))
    found = dict(by_class(pairs, lambda sample: sample.trajectory.provenance.system, draws=draws))
    return found if len(found) == 1 else {**found, ALL: measure_answers(pairs, draws=draws)}


@click.command(help="Measure the tools that read no reference against recorded verdicts.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON file of the figures.")
@click.option("--set", "names", multiple=True, help="Data set; default: all with recorded programs.")
@click.option("--draws", default=1000, show_default=True, help="Resamples behind each interval.")
def main(out: Path, names: Sequence[str], draws: int) -> None:
    """Measure and write the figures."""
    figures: dict[str, Any] = {}
    try:
        for name in names or SETS:
            rows = recorded(name, draws=draws)
            figures[name] = {system: row.as_dict() for system, row in rows.items()}
            for system, row in rows.items():
                click.echo(line(name, system, row))
            out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    except PrmkitError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def line(dataset: str, system: str, row: Answers) -> str:
    """A row of the table in the README."""
    caught, alarms = row.caught, row.false_alarms
    return (
        f"| `{dataset}` | {system} | {row.clusters} | {row.right:,} | {row.wrong:,} |"
        f" {caught.value:.2f} [{caught.low:.2f}, {caught.high:.2f}] |"
        f" {alarms.alarms} (≤ {100 * alarms.upper:.1f} %) | {row.passed.value:.2f} | {row.open.value:.2f} |"
    )


if __name__ == "__main__":
    main()
