"""What a page of trajectories shows, read from a run folder or from any log."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

import pyarrow.parquet as pq

from prmkit.errors import DataError
from prmkit.records import read_parquet
from prmkit.registry import nearest
from prmkit.report.check import check_file
from prmkit.types import Evidence, Sample, StepLabels, StepScores

LIMIT = 2000
"""Trajectories that are read unless told otherwise."""


@dataclass(frozen=True)
class Shown:
    """A sample with all that is known of its steps."""

    sample: Sample
    evidence: tuple[Evidence, ...] = ()
    scores: Mapping[str, StepScores] = field(default_factory=dict)
    """Scorer name → scores; the first is the one that colours the steps."""
    targets: StepLabels | None = None
    """Labels made for training, where they are not the gold."""


@dataclass(frozen=True)
class Source:
    """Trajectories with where they come from."""

    items: list[Shown]
    title: str
    split: str = ""
    splits: tuple[str, ...] = ()
    """Splits that the run folder holds."""
    total: int = 0
    """Trajectories there are; ``items`` may hold fewer."""


class _Tied(Protocol):
    @property
    def trajectory_id(self) -> str: ...


T = TypeVar("T", bound=_Tied)


def read_source(
    path: str | Path, *, split: str = "", limit: int = LIMIT, domain: str | None = None
) -> Source:
    """Trajectories of a run folder (one split), or of a log, which is verified first.

    Args:
        path: Run folder, trajectory file, chat log, plain text, or ``-``.
        split: Split of the run folder; by default the one with most scorers and evidence.
        limit: Most trajectories to read.
        domain: Domain whose tools judge a log.

    Raises:
        DataError: Nothing readable is there, or the run has no such split.
        PluginError: A log is given and no domain is installed.
    """
    if str(path) != "-" and Path(path).is_dir():
        return _run(Path(path), split, limit)
    result = check_file(str(path), domain=domain)
    items = [Shown(sample, tuple(evidence)) for sample, evidence in result.items[:limit]]
    return Source(items, Path(str(path)).name if str(path) != "-" else "standard input", total=result.traces)


def _run(folder: Path, split: str, limit: int) -> Source:
    splits = sorted(p.parent.name for p in (folder / "records").glob("*/samples") if p.is_dir())
    if not splits:
        raise DataError(
            "holds no trajectories (records/<split>/samples)",
            do="give a folder made by 'prmkit run', or a trajectory file",
            file=folder,
        )
    if split and split not in splits:
        raise DataError(f"the run has no split {split!r}", do=nearest(split, splits), file=folder)
    kinds = ("scores-", "evidence")
    chosen = split or max(splits, key=lambda s: [len(_folders(folder, s, kind)) for kind in kinds])
    base = folder / "records" / chosen
    samples = list(itertools.islice(read_parquet(Sample, base / "samples"), limit))
    wanted = {s.trajectory.id for s in samples}
    evidence: dict[str, list[Evidence]] = {}
    for part in _folders(folder, chosen, "evidence"):
        for one in _of(read_parquet(Evidence, part), wanted):
            evidence.setdefault(one.trajectory_id, []).append(one)
    scores = {
        part.name.removeprefix("scores-"): {
            s.trajectory_id: s for s in _of(read_parquet(StepScores, part), wanted)
        }
        for part in _folders(folder, chosen, "scores-")
    }
    ordered = sorted(scores, key=lambda name: (not name.startswith("prm"), name))
    targets = {
        one.trajectory_id: one
        for part in _folders(folder, chosen, "labels")
        for one in _of(read_parquet(StepLabels, part), wanted)
    }
    items = [
        Shown(
            s,
            tuple(evidence.get(s.trajectory.id, ())),
            {name: scores[name][s.trajectory.id] for name in ordered if s.trajectory.id in scores[name]},
            targets.get(s.trajectory.id),
        )
        for s in samples
    ]
    total = sum(pq.read_metadata(shard).num_rows for shard in (base / "samples").glob("*.parquet"))
    return Source([_tidy(i) for i in items], folder.resolve().name, chosen, tuple(splits), total)


def _folders(run: Path, split: str, prefix: str) -> list[Path]:
    return sorted(p for p in (run / "records" / split).glob(f"{prefix}*") if p.is_dir())


def _of(records: Iterable[T], wanted: set[str]) -> Iterator[T]:
    """Records of the wanted trajectories; stops after the last of them, since files keep their order."""
    seen: set[str] = set()
    for record in records:
        if record.trajectory_id in wanted:
            seen.add(record.trajectory_id)
            yield record
        elif len(seen) == len(wanted):
            return


def _tidy(item: Shown) -> Shown:
    """The item without labels, scores or evidence of another cut of the text."""
    digest = item.sample.trajectory.digest
    targets = item.targets if item.targets and item.targets.steps_digest == digest else None
    return replace(
        item,
        evidence=tuple(e for e in item.evidence if e.steps_digest == digest),
        scores={n: s for n, s in item.scores.items() if s.steps_digest == digest},
        targets=targets,
    )
