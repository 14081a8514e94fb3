"""Runs the stages of a workflow: skips what is finished, goes on where a kill stopped it.

Stages whose inputs are ready may run side by side; each reads finished files only, so what they
write does not depend on how many run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from prmkit.errors import WorkflowError
from prmkit.records import write_text
from prmkit.registry import nearest
from prmkit.types import Json
from prmkit.workflow import folder
from prmkit.workflow.hands import Hands, hands
from prmkit.workflow.plan import NEEDS, Planned
from prmkit.workflow.work import Event, Kind, StageResult, done_path, key_of, read_done, unchanged

_LOOK = 0.2
"""Seconds between two looks at the progress of stages that run in other processes."""


def run_stages(
    stages: Sequence[Planned],
    out: Path,
    *,
    start: str = "",
    jobs: int = 1,
    on_event: Callable[[Event], None] = lambda event: None,
) -> list[StageResult]:
    """Run a plan inside an opened run folder.

    Args:
        stages: The plan, in order.
        out: The run folder.
        start: Stage to run again with everything that depends on it; empty for none.
        jobs: Stages that may run at once; above 1 each runs in a process of its own.
        on_event: Called for every start, end and progress.

    Raises:
        ConfigError: ``jobs`` is no positive number.
        WorkflowError: ``start`` names no stage, a stage did not write what it promised, or its process died.
        StorageError: A finished stage's file has changed, or the disk is full or read-only.
        PrmkitError: Whatever a stage raises, with the stage's name as its field when it has none.
    """
    _forget(stages, out, start)
    with hands(stages, out, _skipped(stages), jobs) as workers:
        return _Run(stages, out, workers, jobs, on_event).all()


def _skipped(stages: Sequence[Planned]) -> dict[str, str]:
    """Stages that do not run for a reason of their own → why."""
    return {s.name: s.skipped for s in stages if s.skipped and not s.skipped.startswith(NEEDS)}


class _Run:
    """One pass over a plan: every stage as soon as those it reads from are done."""

    def __init__(
        self,
        stages: Sequence[Planned],
        out: Path,
        workers: Hands,
        jobs: int,
        on_event: Callable[[Event], None],
    ) -> None:
        self._stages, self._out, self._workers, self._jobs = stages, out, workers, jobs
        self._on_event = on_event
        self._results: dict[str, StageResult] = {}
        self._running: dict[Future[StageResult], int] = {}
        self._waiting = list(range(len(stages)))
        workers.on_progress = lambda position, done, total: self._tell("progress", position, "", done, total)

    def all(self) -> list[StageResult]:
        while self._waiting or self._running:
            for position in list(self._waiting):
                if len(self._running) < self._jobs and self._ready(self._stages[position]):
                    self._waiting.remove(position)
                    self._begin(position)
            self._collect()
        return [self._results[stage.name] for stage in self._stages]

    def _ready(self, stage: Planned) -> bool:
        if stage.part.whole_run and not stage.skipped:  # it tells about all stages before it
            before = self._stages[: self._stages.index(stage)]
            return all(one.name in self._results for one in before)
        return all(name in self._results for name in stage.after)

    def _begin(self, position: int) -> None:
        """Use the stage again, skip it, or hand it out."""
        stage = self._stages[position]
        if stage.skipped:
            self._results[stage.name] = StageResult(stage.name, "skipped", stage.skipped)
            self._tell("skip", position, stage.skipped)
            return
        key = key_of(stage, self._out, self._results)
        again = self._reused(stage, key)
        if again:
            self._results[stage.name] = again
            self._tell("reuse", position)
            return
        for name in sorted(stage.after):
            unchanged(name, self._out, self._results[name].outputs)
        self._tell("start", position)
        self._running[self._workers.submit(position, key)] = position

    def _reused(self, stage: Planned, key: Mapping[str, Json]) -> StageResult | None:
        done = read_done(self._out, stage.name)
        if not done or done.get("key") != key:
            return None
        unchanged(stage.name, self._out, done["outputs"])
        folder.remove(self._out / folder.WORK / stage.name)  # a kill may have come just before this
        outputs, seconds = done["outputs"], done["seconds"]
        return StageResult(stage.name, "reused", "", outputs, seconds, int(done["quarantined"]))

    def _collect(self) -> None:
        """Take in the stages that have ended."""
        if not self._running:
            return
        ended, _ = wait(self._running, timeout=_LOOK, return_when=FIRST_COMPLETED)
        self._workers.look()
        for future in ended:
            position = self._running.pop(future)
            result = self._workers.result(future, self._stages[position])
            self._results[result.name] = result
            _gather_metrics(self._stages, self._out)
            self._tell("done", position, f"{result.seconds:.1f} s")

    def _tell(self, kind: Kind, position: int, text: str = "", done: int = 0, total: int = 0) -> None:
        stages = self._stages
        self._on_event(Event(kind, stages[position].name, position + 1, len(stages), text, done, total))


def _gather_metrics(stages: Sequence[Planned], out: Path) -> None:
    files = (out / "stages" / f"{stage.name}.metrics.jsonl" for stage in stages)
    text = "".join(file.read_text(encoding="utf-8") for file in files if file.exists())
    with folder.storage(out):
        write_text(out / "metrics.jsonl", text)


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
            for output in (read_done(out, name) or {"outputs": {}})["outputs"]:
                if output not in kept:
                    folder.remove(out / output)
            if name not in planned:
                (out / "stages" / f"{name}.metrics.jsonl").unlink(missing_ok=True)
                (out / "quarantine" / f"{name}.jsonl").unlink(missing_ok=True)
            if name not in planned or name in again:
                done_path(out, name).unlink()
