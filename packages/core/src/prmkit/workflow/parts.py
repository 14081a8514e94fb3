"""What a stage is made of: a part reads files of earlier stages and writes files of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prmkit.records.files import finite
from prmkit.registry import Registry
from prmkit.types import Json


@dataclass(frozen=True, slots=True)
class Place:
    """What a part may build the paths of its outputs from."""

    stage: str
    split: str
    config: Any


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of stage, as registered in :data:`PARTS`."""

    config: type
    """Frozen dataclass of its settings."""
    outputs: Callable[[Place], Mapping[str, str]]
    """Role → path below the run folder; the first role is what the stage's bare name refers to."""
    run: Callable[[Context], None]
    """Does the work; everything it writes goes to ``context.output(role)``."""
    needs: tuple[str, ...] = ()
    """Roles of inputs that must be given."""
    takes: tuple[str, ...] = ()
    """Roles of inputs that may be given."""
    external: Callable[[Any], Sequence[Path]] = field(default=lambda config: ())
    """Files outside the run folder that the settings name; a change in one makes the stage run again."""
    depends: Callable[[Any], Json] = field(default=lambda config: None)
    """Whatever else its outputs depend on; a change makes the stage run again."""
    whole_run: bool = False
    """True for parts that tell about the whole run: a changed setting of any stage makes them run again."""
    timed: bool = False
    """True for parts whose outputs tell timings: their digests are not compared between runs."""


@dataclass(slots=True)
class Context:
    """What a part sees while it runs.

    Parts draw no randomness but from ``seed`` and read no file but their inputs and externals.
    """

    stage: str
    seed: int
    """Derived from the workflow's seed and the stage's name."""
    config: Any
    run: Path
    """The run folder, for parts that tell about the whole run."""
    work: Path
    """Folder whose files replace the stage's outputs when the part returns."""
    scratch: Path
    """Folder that survives a kill and is empty only the first time: checkpoints, caches."""
    outputs: Mapping[str, str]
    sources: Mapping[str, tuple[tuple[str, Path], ...]]
    """Role → (name of the stage that wrote it, path), in the order given."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Stages of the plan that do not run for a reason of their own → why."""
    on_progress: Callable[[int, int], None] = lambda done, total: None
    metrics: list[dict[str, Json]] = field(default_factory=list)
    quarantined: list[dict[str, Json]] = field(default_factory=list)

    def input(self, role: str) -> Path:
        """Path of the only input of ``role``."""
        return self.sources[role][0][1]

    def has(self, role: str) -> bool:
        """Whether an input of ``role`` was given."""
        return bool(self.sources.get(role))

    def output(self, role: str = "") -> Path:
        """Where to write the output ``role`` (the first one when empty); its folder exists."""
        path = self.work / self.outputs[role or next(iter(self.outputs))]
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def metric(self, **values: Json) -> None:
        """Add one line to ``metrics.jsonl``."""
        self.metrics.append({"stage": self.stage, **finite(values)})

    def quarantine(self, file: str, row: int, reason: str) -> None:
        """Set one bad row aside; it is counted in the summary and the run goes on."""
        self.quarantined.append({"file": file, "row": row, "reason": reason})

    def progress(self, done: int, total: int) -> None:
        """Tell how far the part is."""
        self.on_progress(done, total)


def records(kind: str) -> Callable[[Place], Mapping[str, str]]:
    """Outputs of a part that writes one kind of record of its split."""
    return lambda place: {kind: f"records/{place.split}/{kind}"}


PARTS = Registry(
    "stage part",
    {
        name: f"prmkit.workflow.stages.{module}:{attribute}"
        for name, module, attribute in (
            ("generate", "tasks", "GENERATE"),
            ("load", "tasks", "LOAD"),
            ("read", "read", "READ"),
            ("sample", "sample", "SAMPLE"),
            ("verify", "verify", "VERIFY"),
            ("label", "label", "LABEL"),
            ("critique", "critique", "CRITIQUE"),
            ("train", "train", "TRAIN"),
            ("score", "score", "SCORE"),
            ("surprisal", "score", "SURPRISAL"),
            ("given", "score", "GIVEN"),
            ("evaluate", "evaluate", "EVALUATE"),
            ("calibrate", "calibrate", "CALIBRATE"),
            ("planted", "planted", "PLANTED"),
            ("collect", "evaluate", "COLLECT"),
            ("report", "report", "REPORT"),
            ("run", "nested", "RUN"),
        )
    },
    provider="prmkit",
)
"""Every part that ``uses`` may name."""
