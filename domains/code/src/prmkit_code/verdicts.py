"""Verdicts on the inputs of MBPP+: ``python -m prmkit_code.verdicts --out FILE``.

The programs of ``mbpp_plus_runs`` are run beside the reference. What differs in nothing but the order of
items, or in the kind of a false value, MBPP+ may let pass: such a program has no verdict. Nor has one
that could not be decided, or one that passed the recorded asserts and yet differs on their own inputs (it
returns a list where the reference returns a tuple).

Examples:
    python -m prmkit_code.verdicts --out domains/code/src/prmkit_code/data/mbpp_plus_verdicts.json
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from prmkit.errors import PrmkitError
from prmkit.types import Sample, Verdict
from prmkit.verify.sandbox import SandboxPool
from prmkit_code import outcome, plugin, replay, runner
from prmkit_code.data.reflexion import SYSTEMS

SET = "mbpp_plus_runs"
_WORDS = {Verdict.HOLDS: "right", Verdict.FAILS: "wrong"}


def judged(samples: Sequence[Sample], *, workers: int = 1) -> dict[str, dict[str, list[int]]]:
    """System → ``right``, ``wrong`` and ``open`` → numbers of problems, in order.

    Raises:
        SandboxRefusedError: No safe back end works here.
    """
    found: dict[str, dict[str, list[int]]] = {
        name: {"right": [], "wrong": [], "open": []} for name in sorted(set(SYSTEMS.values()))
    }
    with SandboxPool(workers=workers) as pool:
        words = list(_words(samples, pool))
        doubted = [
            s for s, word in zip(samples, words, strict=True) if word == "wrong" and _detail(s, "solved")
        ]
        unlike = {
            sample.trajectory.id
            for sample, word in zip(doubted, _words(map(first, doubted), pool), strict=True)
            if word != "right"
        }
    for (problem, trajectory, _), word in zip(samples, words, strict=True):
        number = int(problem.cluster.rpartition("/")[2])
        found[trajectory.provenance.system]["open" if trajectory.id in unlike else word].append(number)
    return {system: {word: sorted(ones) for word, ones in said.items()} for system, said in found.items()}


def _words(samples: Iterable[Sample], pool: SandboxPool) -> Iterator[str]:
    for ran in runner.run_all(replay.jobs(samples), pool=pool, limits=replay.LIMITS):
        said = ran.failure or outcome.compared(ran.found)
        word = _WORDS.get(said.verdict, "open")
        unsure = word == "wrong" and ran.found["differ"] and alike(ran.found["differ"])
        yield "open" if unsure else word


def first(sample: Sample) -> Sample:
    """The sample with the inputs of the published asserts only."""
    problem = sample.problem
    inputs = problem.reference["inputs"][: problem.provenance.detail["first_inputs"]]
    return sample._replace(problem=replace(problem, reference={**problem.reference, "inputs": inputs}))


def _detail(sample: Sample, name: str) -> object:
    return sample.trajectory.provenance.detail.get(name)


def alike(differ: Iterable[Sequence[str]]) -> bool:
    """Whether results differ in the order of their items, or in the kind of a false value, only.

    Examples:
        >>> alike([("[1]", "[2, 1]", "(1, 2)"), ("[0]", "None", "False")])
        True
        >>> alike([("[1]", "[2, 1]", "[1, 1]")])
        False
    """
    return all(_plain(mine) == _plain(theirs) for _, mine, theirs in differ)


def _plain(shown: str) -> object:
    try:
        value = ast.literal_eval(shown)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return shown
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(map(repr, value))
    return value or None


@click.command(help="Run the programs of mbpp_plus_runs beside the reference and write the verdicts.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON file of the verdicts.")
@click.option("--workers", default=1, show_default=True, help="Sandboxes.")
def main(out: Path, workers: int) -> None:
    """Judge the programs and write the verdicts."""
    try:
        found = judged(list(plugin.load(SET)), workers=workers)
    except PrmkitError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    out.write_text(json.dumps(found) + "\n", encoding="utf-8")
    for system, said in found.items():
        click.echo(f"{system}: " + ", ".join(f"{len(ones)} {word}" for word, ones in said.items()))


if __name__ == "__main__":
    main()
