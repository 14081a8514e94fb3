"""Who does the stages: this process, one after another, or several processes side by side."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import NamedTuple

from prmkit.errors import ConfigError, WorkflowError
from prmkit.types import Json
from prmkit.workflow import folder
from prmkit.workflow.plan import Planned
from prmkit.workflow.work import StageResult, work

Progress = Callable[[int, int, int], None]
"""Called with the stage's position, what is done, and the total (0 when unknown)."""


class Plan(NamedTuple):
    """What every hand must know."""

    stages: Sequence[Planned]
    out: Path
    skipped: Mapping[str, str]

    def do(self, position: int, key: Mapping[str, Json], progress: Progress) -> StageResult:
        """Run the stage at ``position``."""
        with folder.storage(self.out):
            return work(
                self.stages[position],
                self.out,
                dict(key),
                self.skipped,
                lambda done, total: progress(position, done, total),
            )


class Hands:
    """Runs stages at once in this process; a subclass runs them elsewhere.

    Args:
        plan: The stages and where they write.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.on_progress: Progress = lambda position, done, total: None

    def submit(self, position: int, key: Mapping[str, Json]) -> Future[StageResult]:
        """Begin the stage at ``position``."""
        future: Future[StageResult] = Future()
        future.set_result(self._plan.do(position, key, self.on_progress))
        return future

    def look(self) -> None:
        """Hand on the progress that other processes have told."""

    def result(self, future: Future[StageResult], stage: Planned) -> StageResult:
        """What came of a stage that has ended, or what it raised."""
        return future.result()


_PR_SET_PDEATHSIG = 1

_plan: Plan | None = None
_told: SimpleQueue[tuple[int, int, int]] | None = None


class ManyHands(Hands):
    """Runs stages in processes that live as long as this one.

    They are forked before anything heavy is imported here, and share the cores evenly.

    Args:
        plan: The stages and where they write.
        jobs: Number of processes.
    """

    def __init__(self, plan: Plan, jobs: int) -> None:
        super().__init__(plan)
        context = multiprocessing.get_context("fork")
        self._told: SimpleQueue[tuple[int, int, int]] = context.SimpleQueue()
        threads = max(1, (os.cpu_count() or 1) // jobs)
        self._pool = ProcessPoolExecutor(
            jobs, mp_context=context, initializer=_settle, initargs=(plan, self._told, os.getpid(), threads)
        )

    def submit(self, position: int, key: Mapping[str, Json]) -> Future[StageResult]:
        """Begin the stage at ``position`` in another process."""
        return self._pool.submit(_remote, position, dict(key))

    def look(self) -> None:
        """Hand on the progress that was told since the last look."""
        while not self._told.empty():
            self.on_progress(*self._told.get())

    def result(self, future: Future[StageResult], stage: Planned) -> StageResult:
        """What came of a stage that has ended, or what it raised.

        Raises:
            WorkflowError: Its process died.
        """
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise WorkflowError(
                "a process that ran a stage died",
                do="look for what killed it (often too little memory), or use --jobs 1",
                field=stage.name,
            ) from error

    def close(self) -> None:
        """Let the stages under way end, and the processes with them."""
        self._pool.shutdown(cancel_futures=True)


def _settle(plan: Plan, told: SimpleQueue[tuple[int, int, int]], parent: int, threads: int) -> None:
    """First thing in a new process: learn the plan, share the cores, die with the parent."""
    global _plan, _told
    _plan, _told = plan, told
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    _die_with(parent)


def _remote(position: int, key: Mapping[str, Json]) -> StageResult:
    if _plan is None or _told is None:
        raise RuntimeError("the process was not set up")
    told = _told
    return _plan.do(position, key, lambda *progress: told.put(progress))


def _die_with(parent: int) -> None:
    # An orphan must not write into a run folder that another run may have opened by now.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)


@contextlib.contextmanager
def hands(stages: Sequence[Planned], out: Path, skipped: Mapping[str, str], jobs: int) -> Iterator[Hands]:
    """Hands for one run.

    Args:
        stages: The plan.
        out: The run folder.
        skipped: Stages that do not run for a reason of their own → why.
        jobs: Stages that may run at once. Systems that cannot fork safely run one at a time.

    Raises:
        ConfigError: ``jobs`` is no positive number.
    """
    if jobs < 1:
        raise ConfigError(f"jobs={jobs}", do="give a whole number above 0", field="jobs")
    plan = Plan(stages, out, skipped)
    if jobs == 1 or sys.platform != "linux":
        yield Hands(plan)
        return
    many = ManyHands(plan, jobs)
    try:
        yield many
    finally:
        many.close()
