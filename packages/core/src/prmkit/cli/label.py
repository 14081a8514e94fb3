"""``prmkit label``: evidence to step labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from prmkit.cli import show
from prmkit.dataset import Quarantined
from prmkit.errors import AlignmentError
from prmkit.label.evidence import claim_error as measured
from prmkit.label.evidence import label
from prmkit.records import read_jsonl, read_parquet, read_samples, write_jsonl, write_parquet
from prmkit.stats import Interval
from prmkit.types import Evidence, Sample, StepLabels

ASSUMED = 0.1
"""Claim error where none is given and none can be measured."""


@click.command(
    "label",
    epilog=show.example(
        "prmkit label --in traces.jsonl --evidence evidence.jsonl --claim-error 0.1 --out labels.jsonl"
    ),
)
@click.option("--in", "source", required=True, metavar="FILE", help="Trajectory JSONL.")
@click.option("--evidence", required=True, type=click.Path(path_type=Path), help="Evidence of these.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Labels JSONL, or a folder.")
@click.option(
    "--claim-error",
    type=click.FloatRange(0, 1),
    help="Share of wrong steps among steps whose claims hold"
    f" [measured where the file has labels, else {ASSUMED}].",
)
@show.json_option
def command(source: str, evidence: Path, out: Path, claim_error: float | None, as_json: bool) -> int:
    """Evidence to step labels.

    FAILS becomes 0, a step that holds 1, a step whose claims hold 1 - claim error; where every tool is
    silent there is no label. The claim error belongs to a tool and a kind of text: measure it on
    labelled solutions of other problems, with this command and --json.
    """
    bad: list[Quarantined] = []
    pairs = list(_pairs(source, evidence, bad))
    error: float | Interval = ASSUMED if claim_error is None else claim_error
    if claim_error is None and any(sample.labels for sample, _ in pairs):
        error = measured(pairs)
    elif claim_error is None:
        show.note(f"note: a claim error of {ASSUMED} is assumed; --claim-error takes a measured one")
    counts: Counter[str] = Counter()

    def made() -> Iterator[StepLabels]:
        for sample, found in pairs:
            labels = label(sample.trajectory, found, claim_error=error)
            counts.update("none" if v is None else "wrong" if v == 0 else "right" for v in labels.values)
            yield labels

    count = write_parquet(out, made(), cls=StepLabels) if out.suffix == "" else write_jsonl(out, made())
    value = error.value if isinstance(error, Interval) else error
    if as_json:
        told = error._asdict() if isinstance(error, Interval) else {"value": error}
        show.emit(
            {
                "labels": count,
                "steps": dict(counts),
                "claim_error": told,
                "quarantine": show.quarantine_json(bad),
            }
        )
    else:
        click.echo(
            f"{out}: {count} trajectories; {counts['right']} steps right, {counts['wrong']} wrong,"
            f" {counts['none']} without label; claim error {value:.3f}"
        )
        show.show_quarantine(bad)
    return 0 if count or not bad else 1


def _pairs(source: str, path: Path, bad: list[Quarantined]) -> Iterator[tuple[Sample, list[Evidence]]]:
    read = read_parquet(Evidence, path) if path.is_dir() else read_jsonl(Evidence, path)
    table: dict[str, list[Evidence]] = {}
    for one in read:
        table.setdefault(one.trajectory_id, []).append(one)
    for sample in read_samples(source, quarantine=bad):
        yield sample, table.pop(sample.trajectory.id, [])
    if table:
        raise AlignmentError(
            f"evidence of {next(iter(table))!r} (and {len(table) - 1} more) names no trajectory",
            do="give the trajectories that were verified",
            file=path,
        )
