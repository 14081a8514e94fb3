"""Where samples come from: a domain's generator, a data set, or a file of the user's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prmkit.dataset import Quarantined
from prmkit.errors import ConfigError
from prmkit.plugins import domain
from prmkit.records import read_samples, write_parquet
from prmkit.registry import resolve
from prmkit.types import Json, Sample
from prmkit.workflow.parts import Context, Part, records


@dataclass(frozen=True, slots=True)
class GenerateConfig:
    """Problems of a domain's generator, each with one right solution."""

    domain: str
    n: int = 500
    options: Mapping[str, Json] = field(default_factory=dict)
    """Further settings of the domain's generator (rungs, families, split, ...)."""


@dataclass(frozen=True, slots=True)
class LoadConfig:
    """Samples of a data set, or of a trajectory file."""

    domain: str = ""
    dataset: str = ""
    files: tuple[str, ...] = ()
    """Files of the data set to read; all when empty."""
    file: str = ""
    """Trajectory JSONL of the user's own, instead of a data set."""
    limit: int = 0
    """Take the first samples only; 0 takes all."""
    select: Mapping[str, str] = field(default_factory=dict)
    """Keep samples whose ``provenance.detail`` has these values."""


def generate(context: Context) -> None:
    """Write the generated samples.

    Raises:
        ConfigError: The domain generates no tasks.
    """
    config: GenerateConfig = context.config
    plugin = domain(config.domain)
    if not plugin.tasks:
        raise ConfigError(
            f"domain {plugin.name!r} generates no tasks", do="load a data set instead", field="domain"
        )
    stream = resolve(plugin.tasks)(context.seed, config.n, **config.options)
    count = write_parquet(context.output(), _ticked(stream, context, config.n), cls=Sample)
    context.metric(samples=count)


def load(context: Context) -> None:
    """Write the samples read; bad rows go to quarantine."""
    config: LoadConfig = context.config
    bad: list[Quarantined] = []
    stream: Iterator[Sample]
    if config.file:
        stream = read_samples(config.file, quarantine=bad)
        name = Path(config.file).name
    else:
        dataset = domain(config.domain).load(config.dataset, files=config.files or None)
        bad, name = dataset.quarantine, ""
        stream = iter(dataset)
    kept = (s for s in stream if _selected(s, config.select))
    chosen = itertools.islice(kept, config.limit) if config.limit else kept
    count = write_parquet(context.output(), _ticked(chosen, context, config.limit), cls=Sample)
    for row in bad:
        context.quarantine(name or row.file, row.row, row.reason)
    context.metric(samples=count, quarantined=len(bad))


def _selected(sample: Sample, wanted: Mapping[str, str]) -> bool:
    detail = sample.trajectory.provenance.detail
    return all(str(detail.get(key)) == value for key, value in wanted.items())


def _ticked(stream: Iterator[Sample], context: Context, total: int) -> Iterator[Sample]:
    for done, sample in enumerate(stream, 1):
        if done % 100 == 0:
            context.progress(done, total)
        yield sample


def sources(config: LoadConfig) -> list[Path]:
    """Files that the settings name, so that a change in one is seen."""
    if config.file:
        return [Path(config.file)]
    dataset = domain(config.domain).load(config.dataset, files=config.files or None)
    return [dataset.folder / name for name in dataset.files]


GENERATE = Part(GenerateConfig, records("problems"), generate)
LOAD = Part(LoadConfig, records("samples"), load, external=sources)
