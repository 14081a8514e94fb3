"""One stage at work: what must be equal to use it again, and how its files get into place.

A stage writes into a folder of its own; its outputs are moved into place and only then its
``stages/<name>.done.json`` is written. A kill therefore leaves a stage finished or not begun.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from prmkit.errors import PrmkitError, StorageError, WorkflowError
from prmkit.records import write_text
from prmkit.types import Json
from prmkit.workflow import folder
from prmkit.workflow.facts import VERSION
from prmkit.workflow.parts import Context
from prmkit.workflow.plan import NEEDS, Planned

Kind = Literal["skip", "reuse", "start", "progress", "done"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a front end may draw."""

    kind: Kind
    stage: str
    position: int
    """1-based place of the stage in the plan."""
    stages: int
    text: str = ""
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class StageResult:
    """What became of one stage."""

    name: str
    status: Literal["ran", "reused", "skipped"]
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Path below the run folder → digest."""
    seconds: float = 0.0
    quarantined: int = 0

    @property
    def root(self) -> bool:
        """For a skipped stage: whether the reason is its own, not that of a stage it needs."""
        return not self.reason.startswith(NEEDS)


def key_of(stage: Planned, out: Path, earlier: Mapping[str, StageResult]) -> dict[str, Json]:
    """What must be equal for a finished stage to be used again.

    Raises:
        WorkflowError: A file outside the run folder that the settings name is not there.
    """
    sources = {
        role: [[name, earlier[name].outputs[path]] for name, path in given]
        for role, given in stage.inputs.items()
    }
    external = []
    for path in stage.part.external(stage.config):
        if not path.exists():
            raise WorkflowError(
                f"stage {stage.name!r} reads a file that is not there",
                do="correct the path in the stage's settings",
                file=path,
                field=stage.name,
            )
        external.append(folder.digest(path))
    return {
        "settings": folder.json_digest(stage.settings()),
        "inputs": sources,
        "external": external,
        "depends": folder.json_digest(stage.part.depends(stage.config)),
        "run": folder.digest(out / "config.yaml") if stage.part.whole_run else "",
        "version": VERSION,
    }


def work(
    stage: Planned,
    out: Path,
    key: Json,
    skipped: Mapping[str, str],
    progress: Callable[[int, int], None],
) -> StageResult:
    """Run a stage and move what it wrote into place.

    Args:
        stage: The stage.
        out: The run folder.
        key: What :func:`key_of` said of it.
        skipped: Stages that do not run for a reason of their own → why.
        progress: Called with what is done and the total (0 when unknown).

    Raises:
        WorkflowError: The stage did not write what it promised.
        PrmkitError: Whatever the stage raises, with its name as the field when it has none.
    """
    done_path(out, stage.name).unlink(missing_ok=True)
    home = out / folder.WORK / stage.name
    work, scratch = home / "new", home / f"scratch-{folder.json_digest(key)}"
    for old in home.glob("*"):
        if old != scratch:
            folder.remove(old)
    for path in (work, scratch):
        path.mkdir(parents=True, exist_ok=True)
    context = Context(
        stage=stage.name,
        seed=stage.seed,
        config=stage.config,
        run=out,
        work=work,
        scratch=scratch,
        outputs=stage.outputs,
        sources={
            role: tuple((name, out / path) for name, path in given) for role, given in stage.inputs.items()
        },
        skipped=skipped,
        on_progress=progress,
    )
    begun = time.perf_counter()
    try:
        stage.part.run(context)
    except PrmkitError as error:
        raise error.at(field=None if error.field or error.file else stage.name) from error
    seconds = time.perf_counter() - begun
    outputs: dict[str, str] = {}
    for written in stage.outputs.values():
        if not (work / written).exists():
            raise WorkflowError(
                f"part {stage.uses!r} promised {written} and did not write it",
                do="correct the part",
                field=stage.name,
            )
        outputs[written] = folder.digest(work / written)
        folder.publish(work / written, out / written)
    _write_side_files(out, context)
    done = {
        "stage": stage.name,
        "key": key,
        "seed": stage.seed,
        "outputs": outputs,
        "seconds": round(seconds, 3),
        "quarantined": len(context.quarantined),
    }
    write_text(done_path(out, stage.name), json.dumps(done, indent=1) + "\n")
    folder.remove(home)
    return StageResult(stage.name, "ran", "", outputs, seconds, len(context.quarantined))


def _write_side_files(out: Path, context: Context) -> None:
    folder.write_lines(out / "stages" / f"{context.stage}.metrics.jsonl", context.metrics)
    folder.write_lines(out / "quarantine" / f"{context.stage}.jsonl", context.quarantined)


def unchanged(stage: str, out: Path, outputs: Mapping[str, str]) -> None:
    """Check that what a stage wrote is still what it wrote.

    Raises:
        StorageError: A file was changed or removed.
    """
    for path, expected in outputs.items():
        place = out / path
        if not place.exists() or folder.digest(place) != expected:
            raise StorageError(
                f"was {'changed' if place.exists() else 'removed'} after stage {stage!r} wrote it",
                do=f"put it back, or make it again with --from {stage}",
                file=place,
            )


def done_path(out: Path, stage: str) -> Path:
    """Where it is said that a stage is finished."""
    return out / "stages" / f"{stage}.done.json"


def read_done(out: Path, stage: str) -> dict[str, Json] | None:
    """What was said when a stage was finished; None where it is not.

    Raises:
        StorageError: The file is damaged.
    """
    path = done_path(out, stage)
    if not path.exists():
        return None
    try:
        done: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StorageError("is no JSON", do=f"make the stage again with --from {stage}", file=path) from error
    return done
