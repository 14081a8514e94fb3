"""Runs the stages of a workflow: skips what is finished, goes on where a kill stopped it.

A stage writes into a folder of its own; its outputs are moved into place and only then its
``stages/<name>.done.json`` is written. A kill therefore leaves a stage finished or not begun.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from prmkit.errors import PrmkitError, StorageError, WorkflowError
from prmkit.records import write_text
from prmkit.registry import nearest
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


def run_stages(
    stages: Sequence[Planned],
    out: Path,
    *,
    start: str = "",
    on_event: Callable[[Event], None] = lambda event: None,
) -> list[StageResult]:
    """Run a plan inside an opened run folder.

    Args:
        stages: The plan, in order.
        out: The run folder.
        start: Stage to run again with everything that depends on it; empty for none.
        on_event: Called for every start, end and progress.

    Raises:
        WorkflowError: ``start`` names no stage, or a stage did not write what it promised.
        StorageError: A finished stage's file has changed, or the disk is full or read-only.
        PrmkitError: Whatever a stage raises, with the stage's name as its field when it has none.
    """
    _forget(stages, out, start)
    skipped = {
        stage.name: stage.skipped for stage in stages if stage.skipped and not stage.skipped.startswith(NEEDS)
    }
    results: list[StageResult] = []
    for position, stage in enumerate(stages, 1):

        def tell(
            kind: Kind,
            text: str = "",
            done: int = 0,
            total: int = 0,
            stage: Planned = stage,
            position: int = position,
        ) -> None:
            on_event(Event(kind, stage.name, position, len(stages), text, done, total))

        result = _one(stage, out, {r.name: r for r in results}, skipped, tell)
        results.append(result)
        _gather_metrics(stages, out)
    return results


def _one(
    stage: Planned,
    out: Path,
    earlier: Mapping[str, StageResult],
    skipped: Mapping[str, str],
    tell: Callable[..., None],
) -> StageResult:
    if stage.skipped:
        tell("skip", stage.skipped)
        return StageResult(stage.name, "skipped", stage.skipped)
    key = _key(stage, out, earlier)
    done = _read_done(out, stage.name)
    if done and done.get("key") == key:
        _unchanged(stage.name, out, done["outputs"])
        folder.remove(out / folder.WORK / stage.name)  # a kill may have come just before this
        tell("reuse")
        return StageResult(
            stage.name, "reused", "", done["outputs"], done["seconds"], int(done["quarantined"])
        )
    for name in sorted(stage.after):
        _unchanged(name, out, earlier[name].outputs)
    tell("start")
    with folder.storage(out):
        result = _work(stage, out, key, skipped, tell)
    tell("done", f"{result.seconds:.1f} s")
    return result


def _key(stage: Planned, out: Path, earlier: Mapping[str, StageResult]) -> dict[str, Json]:
    """What must be equal for a finished stage to be used again."""
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
        "run": folder.digest(out / "config.yaml") if stage.part.whole_run else "",
        "version": VERSION,
    }


def _work(
    stage: Planned, out: Path, key: Json, skipped: Mapping[str, str], tell: Callable[..., None]
) -> StageResult:
    _done_path(out, stage.name).unlink(missing_ok=True)
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
        on_progress=lambda done, total: tell("progress", "", done, total),
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
    write_text(_done_path(out, stage.name), json.dumps(done, indent=1) + "\n")
    folder.remove(home)
    return StageResult(stage.name, "ran", "", outputs, seconds, len(context.quarantined))


def _write_side_files(out: Path, context: Context) -> None:
    folder.write_lines(out / "stages" / f"{context.stage}.metrics.jsonl", context.metrics)
    folder.write_lines(out / "quarantine" / f"{context.stage}.jsonl", context.quarantined)


def _gather_metrics(stages: Sequence[Planned], out: Path) -> None:
    files = (out / "stages" / f"{stage.name}.metrics.jsonl" for stage in stages)
    text = "".join(file.read_text(encoding="utf-8") for file in files if file.exists())
    with folder.storage(out):
        write_text(out / "metrics.jsonl", text)


def _unchanged(stage: str, out: Path, outputs: Mapping[str, str]) -> None:
    for path, expected in outputs.items():
        place = out / path
        if not place.exists() or folder.digest(place) != expected:
            raise StorageError(
                f"was {'changed' if place.exists() else 'removed'} after stage {stage!r} wrote it",
                do=f"put it back, or make it again with --from {stage}",
                file=place,
            )


def _done_path(out: Path, stage: str) -> Path:
    return out / "stages" / f"{stage}.done.json"


def _read_done(out: Path, stage: str) -> dict[str, Json] | None:
    path = _done_path(out, stage)
    if not path.exists():
        return None
    try:
        done: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StorageError("is no JSON", do=f"make the stage again with --from {stage}", file=path) from error
    return done


def _forget(stages: Sequence[Planned], out: Path, start: str) -> None:
    """Drop what other plans left here, and everything from ``start`` on."""
    names = [stage.name for stage in stages if not stage.skipped]
    if start and start not in names:
        raise WorkflowError(
            f"no stage that runs is called {start!r}", do=nearest(start, names), field="--from"
        )
    again = {start} if start else set()
    for stage in stages:
        if stage.after & again:
            again.add(stage.name)
    # A stage that is skipped today keeps what it wrote: its data may only be away.
    planned = {stage.name for stage in stages}
    kept = {path for stage in stages for path in stage.outputs.values()}
    with folder.storage(out):
        for home in (out / folder.WORK).iterdir():
            if home.is_dir() and home.name not in planned:
                folder.remove(home)
        for path in sorted((out / "stages").glob("*.done.json")):
            name = path.name.removesuffix(".done.json")
            for output in (_read_done(out, name) or {"outputs": {}})["outputs"]:
                if output not in kept:
                    folder.remove(out / output)
            if name not in planned:
                (out / "stages" / f"{name}.metrics.jsonl").unlink(missing_ok=True)
                (out / "quarantine" / f"{name}.jsonl").unlink(missing_ok=True)
            if name not in planned or name in again:
                path.unlink()
