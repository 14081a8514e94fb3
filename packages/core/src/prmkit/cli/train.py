"""``prmkit train``: labelled trajectories to a PRM folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click

from prmkit.cli import show
from prmkit.config import from_mapping, override
from prmkit.dataset import Quarantined
from prmkit.errors import AlignmentError
from prmkit.plugins import domain as find_domain
from prmkit.records import read_jsonl, read_parquet, read_samples
from prmkit.registry import resolve
from prmkit.train.settings import FitSettings
from prmkit.types import Critique, Preference, Sample, StepLabels

Record = TypeVar("Record", Critique, Preference, StepLabels)


@click.command(
    "train",
    epilog=show.example(
        "prmkit train --in labelled.jsonl --backbone ~/models/encoder --out prm --set epochs=2"
    ),
)
@click.option(
    "--in", "source", required=True, metavar="FILE", help="Trajectory JSONL, with labels or --labels."
)
@click.option("--labels", type=click.Path(path_type=Path), help="Labels JSONL or Parquet folder.")
@click.option(
    "--preferences",
    type=click.Path(path_type=Path, exists=True),
    help="Preferences (JSONL or Parquet): pairs of --in, for a reward model or a log-ratio.",
)
@click.option(
    "--critiques",
    type=click.Path(path_type=Path, exists=True),
    help="Critiques (JSONL or Parquet) of --in, for --variant gprm or gorm; its labels sort them.",
)
@click.option(
    "--variant",
    type=click.Choice(["dprm", "dorm", "gprm", "gorm"]),
    help="Reads or writes its verdicts (d, g), on steps or on the whole (prm, orm).",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PRM folder to write.")
@click.option("--backbone", metavar="PATH", help="Folder of any transformers model.")
@click.option("--domain", metavar="NAME", help="Use the tiny policy that this domain ships as backbone.")
@click.option(
    "--set", "sets", multiple=True, metavar="SETTING=VALUE", help="epochs, learning_rate, lora_rank, …"
)
@click.option("--seed", default=0, show_default=True)
@show.json_option
def command(
    source: str,
    labels: Path | None,
    preferences: Path | None,
    critiques: Path | None,
    variant: str | None,
    out: Path,
    backbone: str | None,
    domain: str | None,
    sets: tuple[str, ...],
    seed: int,
    as_json: bool,
) -> int:
    """Labelled trajectories to a PRM folder.

    A training that was stopped goes on where checkpoints were kept (--set save_steps=200). Needs the
    models' libraries: pip install 'prmkit[train]'.
    """
    if (backbone is None) == (domain is None):
        show.wrong_usage("give either --backbone PATH or --domain NAME")
    if variant is not None:
        sets = (*sets, f"variant={variant}")
    settings = from_mapping(FitSettings, override({}, sets))
    if settings.generative != (critiques is not None):
        show.wrong_usage(
            "--critiques are read by --variant gprm or gorm only"
            if critiques is not None
            else "--variant gprm and gorm learn from written verifications: give --critiques PATH"
        )
    if critiques is not None and preferences is not None:
        show.wrong_usage("give either --critiques or --preferences")
    settings = replace(settings, backbone=backbone or str(_shipped(domain or "")))
    bad: list[Quarantined] = []
    samples = read_samples(source, quarantine=bad)
    rows = samples if labels is None else joined(samples, labels)
    if critiques is not None:
        told = _read(Critique, critiques)
        rows = resolve("prmkit.train.critic:judged_of")(told, rows)
    if preferences is not None:
        if not settings.implicit:
            settings = replace(settings, objective=settings.objective or "pairwise")
        pairs = _read(Preference, preferences)
        rows = resolve("prmkit.train.preference:pairs_of")(pairs, rows)
    with show.progress("train") as tick:
        result = resolve("prmkit.train.fit:fit")(
            settings,
            rows,
            out,
            scratch=out.with_name(f".{out.name}.checkpoints"),
            seed=seed,
            on_step=tick,
        )
    if as_json:
        show.emit({"prm": str(out), **result, "quarantine": show.quarantine_json(bad)})
    else:
        click.echo(f"{out}: {result['updates']} updates on {result['trajectories']} trajectories")
        show.show_quarantine(bad)
    return 0


def _read(kind: type[Record], source: Path) -> Iterator[Record]:
    return read_parquet(kind, source) if source.is_dir() else read_jsonl(kind, source)


def _shipped(name: str) -> Path:
    plugin = find_domain(name)
    return plugin.resource(plugin.policy)


def joined(samples: Iterator[Sample], labels: Path) -> Iterator[Sample]:
    """Samples with the labels of a file in place of their own; those without any are left out.

    Raises:
        AlignmentError: Labels name no sample of the file.
    """
    table = {one.trajectory_id: one for one in _read(StepLabels, labels)}
    for sample in samples:
        own = table.pop(sample.trajectory.id, None)
        if own is not None:
            yield Sample(sample.problem, sample.trajectory, own.check(sample.trajectory))
    if table:
        raise AlignmentError(
            f"labels of {next(iter(table))!r} (and {len(table) - 1} more) name no trajectory",
            do="give the trajectories that the labels were made for",
            file=labels,
        )
