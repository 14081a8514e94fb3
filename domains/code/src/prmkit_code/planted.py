"""Planted lines confirmed by execution: ``python -m prmkit_code.planted --out FILE``.

The labels of HumanEvalPack and QuixBugs say where the wrong program first differs from the right one. Whether
that is the line that breaks it, tests can say: the wrong program keeps its lines up to a place and takes the
later ones from the right program; the first place that cannot be kept is wrong
(:mod:`prmkit_code.verifiers.first_wrong`, given the right program).

Examples:
    python -m prmkit_code.planted --set quixbugs --out planted.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from prmkit.errors import PrmkitError
from prmkit.types import Sample, Verdict
from prmkit_code import plugin
from prmkit_code.program import program
from prmkit_code.verifiers.first_wrong import FirstWrong

SETS = ("humanevalpack_python", "quixbugs")
"""Sets of pairs: a program with a planted mistake, and the right one."""


class Confirmed(NamedTuple):
    """What execution says of the labelled lines of a set: ids of trajectories."""

    confirmed: tuple[str, ...]
    """The labelled line is the first that cannot stay."""
    other: tuple[str, ...]
    """Another line is."""
    open: tuple[str, ...]
    """There are tests, and no line is found."""
    untested: tuple[str, ...]
    """There are no tests."""


def confirm(samples: Sequence[Sample]) -> Confirmed:
    """Look for the planted lines with the right programs at hand."""
    right = {s.problem.id: _source(s) for s in samples if s.trajectory.outcome == 1.0}
    found: dict[str, list[str]] = {name: [] for name in Confirmed._fields}
    for sample in samples:
        if sample.trajectory.outcome == 0.0:
            found[_word(sample, right)].append(sample.trajectory.id)
    return Confirmed(**{name: tuple(ids) for name, ids in found.items()})


def _source(sample: Sample) -> str:
    made = program(sample.problem, sample.trajectory)
    return made.source if made else sample.trajectory.text


def _word(sample: Sample, right: Mapping[str, str]) -> str:
    problem, trajectory, labels = sample
    if not problem.reference or labels is None or problem.id not in right:
        return "untested"
    known = replace(problem, reference={**problem.reference, "solution": right[problem.id]})
    found = FirstWrong().check(known, trajectory)
    pairs = zip(trajectory.scored, found, strict=True)
    named = [step for step, finding in pairs if finding.verdict is Verdict.FAILS]
    if not named:
        return "open"
    return "confirmed" if named == [labels.values.index(0.0)] else "other"


@click.command(help="Confirm the planted lines of a set by execution.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON file of the figures.")
@click.option("--set", "names", multiple=True, help="Data set; default: both.")
def main(out: Path, names: Sequence[str]) -> None:
    """Confirm and write the figures."""
    figures: dict[str, Any] = {}
    try:
        for name in names or SETS:
            found = confirm(list(plugin.load(name)))
            figures[name] = found._asdict()
            click.echo(f"{name}: " + ", ".join(f"{len(ids)} {word}" for word, ids in figures[name].items()))
            out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    except PrmkitError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
