"""How often ``code/first_wrong`` names the wrong line: ``python -m prmkit_code.blame --out FILE``.

Mistakes are planted in the references of a set that the verifier was not written on; the reference itself is
withheld, so that only changes of the wrong program are left to find the line with. Apart stand mistakes
that no change undoes (a statement taken out): there the line cannot be found, and naming any is an error.

Examples:
    python -m prmkit_code.blame --problems 100 --out blame.json
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import click

from prmkit.errors import PrmkitError
from prmkit.label.mutate import Variant
from prmkit.types import Problem, Sample, Trajectory, Verdict
from prmkit_code import plugin
from prmkit_code.mutators import variants
from prmkit_code.operators import MISTAKES
from prmkit_code.verifiers.first_wrong import FirstWrong

GONE = "deletion"
"""The kind that no change undoes."""


@dataclass
class Named:
    """Wrong programs, and those of which a line was named."""

    caught: int = 0
    """Mutants that fail a test."""
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    """Ids of the mutants of which another line was named."""


def planted(sample: Sample, seed: int) -> Iterator[tuple[str, Problem, Variant]]:
    """One mutant of a kind that a change can undo, and one of the other: group, problem, mutant."""
    problem, trajectory, _ = sample
    tests = {key: value for key, value in problem.reference.items() if key != "solution"}
    asked = replace(problem, reference=tests)
    made = [
        v for v in variants(asked, trajectory, mistakes=MISTAKES, refactorings={}) if v.kind != "truncation"
    ]
    draw = random.Random(f"{trajectory.id}/{seed}")
    for group, wanted in (("undoable", False), ("gone", True)):
        fitting = [v for v in made if (v.kind == GONE) is wanted]
        if fitting:
            yield group, asked, draw.choice(fitting)


def measure(samples: Iterable[Sample], seed: int = 0) -> dict[str, Named]:
    """Group → what was named."""
    found = {"undoable": Named(), "gone": Named()}
    for sample in samples:
        for group, problem, mutant in planted(sample, seed):
            _judge(found[group], problem, mutant.trajectory, mutant.step)
    return found


def _judge(into: Named, problem: Problem, trajectory: Trajectory, step: int) -> None:
    said = FirstWrong().check(problem, trajectory)
    into.caught += any(finding.detail for finding in said) or any(f.verdict is Verdict.FAILS for f in said)
    named = [i for i, f in zip(trajectory.scored, said, strict=True) if f.verdict is Verdict.FAILS]
    if named == [step]:
        into.right += 1
    elif named:
        into.wrong.append(trajectory.id)


@click.command(help="Plant mistakes and count how often first_wrong names another line.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON file of the figures.")
@click.option("--set", "name", default="mbpp_train", show_default=True, help="Data set of right programs.")
@click.option("--problems", default=100, show_default=True, help="Its first problems.")
@click.option("--seed", default=0, show_default=True, help="Chooses the mistakes.")
def main(out: Path, name: str, problems: int, seed: int) -> None:
    """Measure and write the figures."""
    try:
        found = measure(list(plugin.load(name))[:problems], seed)
    except PrmkitError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    out.write_text(json.dumps({group: asdict(one) for group, one in found.items()}, indent=1) + "\n")
    for group, one in found.items():
        click.echo(f"{group}: {one.caught} fail, {one.right} named rightly, {len(one.wrong)} wrongly")


if __name__ == "__main__":
    main()
