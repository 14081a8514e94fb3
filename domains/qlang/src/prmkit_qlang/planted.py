"""Makes the list behind ``kx_docs_planted``: ``python -m prmkit_qlang.planted --out planted.json``.

A run is a stretch of a block's lines in which the embedded q prints what is documented, nothing where
nothing is, with at least three prints. Changes are tried in an order drawn with the seed until two lines
are found whose own print they spoil, and three silent lines of which a later print is spoilt. A change
after which the embedded q refuses something, or runs out of its budget, is not taken.

Examples:
    python -m prmkit_qlang.planted --out domains/qlang/src/prmkit_qlang/planted.json
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from prmkit.dataset import Row, open_dataset
from prmkit.errors import PrmkitError
from prmkit.mutators import rewritten
from prmkit.records import write_text
from prmkit.types import Code, Trajectory
from prmkit_qlang.data.docs_planted import CARD, MUTATORS, SOURCE, Block, Pages, Run, fingerprint, variants
from prmkit_qlang.data.rows import Origin
from prmkit_qlang.program import pieces, room
from prmkit_qlang.replay import Pair, agrees
from prmkit_qlang.running import refusal

PRINTS = 3
"""Prints that a run has at least."""
TRIES = 40
"""Changes of one run that are tried for each of the two kinds."""
HERE, LATER = 2, 3
"""Changed lines of a run at most, by where they show."""


class Plant(NamedTuple):
    """One entry of the list."""

    step: int
    kind: str
    variant: int
    digest: str
    shows_at: int
    """First line whose print is another."""
    misfits: int
    """How many are."""


def made(rows: Iterable[Row], seed: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Runs with their changes by block; runs without any are left out."""
    pages, found = Pages(), dict[str, list[dict[str, Any]]]()
    for row in rows:
        block = pages.enter(row)
        here = list(_of_block(Origin(CARD, row), block, seed))
        if here:
            found[block.name] = here
    return found


def _of_block(origin: Origin, block: Block, seed: int) -> Iterator[dict[str, Any]]:
    pairs = pairs_of(block)
    if sum(map(_prints, pairs)) < PRINTS:
        return
    right = _right(pairs, played(block.run(origin, 0, len(pairs))))
    for start, stop in stretches(pairs, right):
        run, its = block.run(origin, start, stop), pairs[start:stop]
        if not all(_right(its, played(run))):
            continue
        plants = _plants(run, its, random.Random(f"{seed}/{run.problem.id}"))
        if plants:
            yield {"start": start, "stop": stop, "plants": [plant._asdict() for plant in plants]}


def pairs_of(block: Block) -> list[Pair]:
    """The lines of a block as pairs of code and print."""
    return [
        Pair(
            block.name,
            number,
            str(line["code"]),
            str(line["output_clean"]),
            None if line.get("error") is None else str(line["error"]),
            bool(line["auto_testable"]),
            frozenset(),
        )
        for number, line in enumerate(block.lines)
    ]


def played(run: Run, trajectory: Trajectory | None = None) -> list[str]:
    """What the embedded q prints for each line; nothing at all where a line is not read as one."""
    lines = trajectory or run.trajectory
    typed = pieces(run.problem, lines)
    if [piece.steps for piece in typed] != [(step.index,) for step in lines.steps]:
        return []
    here = room(run.problem)
    return [here.console(piece.text) for piece in typed]


def _prints(pair: Pair) -> bool:
    return bool(pair.shown.strip())


def _right(pairs: Sequence[Pair], printed: Sequence[str]) -> list[bool]:
    if len(printed) != len(pairs):
        return [False] * len(pairs)
    return [
        agrees(pair, text) and not pair.code.startswith("\\")
        for pair, text in zip(pairs, printed, strict=True)
    ]


def stretches(pairs: Sequence[Pair], right: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Longest stretches of lines that are right, with enough prints: where each begins and ends."""
    start = 0
    for at in range(len(pairs) + 1):
        if at == len(pairs) or not right[at]:
            if sum(map(_prints, pairs[start:at])) >= PRINTS:
                yield start, at
            start = at + 1


def _plants(run: Run, pairs: Sequence[Pair], draw: random.Random) -> list[Plant]:
    places = [
        (step.index, kind, number, text)
        for step in run.trajectory.steps
        for kind in MUTATORS
        for number, text in enumerate(variants(run, step.index, kind))
    ]
    draw.shuffle(places)
    silent = [place for place in places if not _prints(pairs[place[0]])]
    here = (plant for plant in _tried(run, pairs, places) if plant.shows_at == plant.step)
    later = (plant for plant in _tried(run, pairs, silent) if plant.shows_at > plant.step)
    return [*_of_lines(here, HERE), *_of_lines(later, LATER)]


def _of_lines(plants: Iterable[Plant], lines: int) -> list[Plant]:
    """The first plant of each line, until there are enough lines."""
    found: dict[int, Plant] = {}
    for plant in plants:
        found.setdefault(plant.step, plant)
        if len(found) == lines:
            break
    return list(found.values())


def _tried(run: Run, pairs: Sequence[Pair], places: Sequence[tuple[int, str, int, str]]) -> Iterator[Plant]:
    for step, kind, number, text in places[:TRIES]:
        changed = rewritten(run.trajectory, step, text, id="changed")
        printed = played(run, changed)
        if len(printed) != len(pairs) or any(_refused(one) for one in printed):
            continue
        other = [i for i, pair in enumerate(pairs) if not agrees(pair, printed[i])]
        if other:
            yield Plant(step, kind, number, fingerprint(text), other[0], len(other))


def _refused(printed: str) -> bool:
    last = printed.rsplit("\n", 1)[-1]
    return last.startswith("'") and refusal(last[1:]) is not Code.NONE


@click.command(help="Choose the runs and changes of the set kx_docs_planted.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON file of the list.")
@click.option("--seed", default=0, show_default=True, help="Seed of the order in which changes are tried.")
def main(out: Path, seed: int) -> None:
    """Choose and write the list."""
    try:
        found = made(open_dataset(SOURCE).rows(), seed)
        body = ",\n".join(f"{json.dumps(name)}: {json.dumps(runs)}" for name, runs in sorted(found.items()))
        write_text(out, f"{{\n{body}\n}}\n")
    except PrmkitError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    runs = [run for its in found.values() for run in its]
    kinds = Counter("here" if p["shows_at"] == p["step"] else "later" for run in runs for p in run["plants"])
    click.echo(f"{len(runs)} runs of {len(found)} blocks, changes: {dict(kinds)}")


if __name__ == "__main__":
    main()
