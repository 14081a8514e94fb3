"""Verifier processes: jobs in, outcomes out in order; what hangs is killed, what dies is replaced."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from prmkit.contracts import StepVerifier
from prmkit.errors import PluginError
from prmkit.types import Code
from prmkit.verify.judge import Outcome, late, silent, unpack, warm
from prmkit.verify.starved import starved
from prmkit.verify.worker import IDLE, Answer, Job, Progress, serve

GRACE = 0.5
"""Seconds beyond the limit before a worker that did not stop by itself is killed."""
_CHUNK = 32
"""Most jobs sent at once."""
_QUICK = 0.05
"""A chunk that is done within so many seconds may be followed by a larger one."""
_WINDOW = 4
"""Jobs in flight per worker, in chunks."""
_DEATHS = 3
"""Workers in a row that may die before their first check."""

Outcomes = dict[int, Outcome]


class Done(NamedTuple):
    """A finished job: outcomes by verifier index."""

    job: Job
    outcomes: Outcomes


class _Worker:
    """One process, its pipe, what it shows and what it has been given."""

    def __init__(
        self, verifiers: Sequence[StepVerifier], seconds: float | None, others: Sequence[Connection]
    ) -> None:
        # A fork starts in milliseconds and needs no guard in the caller's script; it is safe here
        # since the child touches no tensor library. Elsewhere processes are spawned.
        forks = sys.platform == "linux"
        context = multiprocessing.get_context("fork" if forks else "spawn")
        if forks:
            warm(verifiers)  # once here, and every worker to come has it
        self.pipe, end = context.Pipe()
        self.progress = Progress(context.RawArray("d", 3))
        inherited = [*others, self.pipe] if forks else []
        self.process = context.Process(  # type: ignore[attr-defined]
            target=serve,
            args=(end, list(verifiers), seconds, self.progress, os.getpid(), inherited),
            daemon=True,
        )
        self.process.start()
        end.close()
        self.jobs: dict[int, Job] = {}
        self.sent = self.starved = 0.0
        self.chunk = 1
        self.proven = False
        """Whether it has answered a job."""

    def give(self, jobs: Sequence[Job]) -> bool:
        """Send a chunk; False if the worker is dead."""
        self.jobs = {job.position: job for job in jobs}
        self.sent, self.starved = time.monotonic(), starved(self.process.pid or 0)
        try:
            self.pipe.send(list(jobs))
        except OSError:
            return False
        return True

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Pool:
    """Runs jobs in worker processes and yields them in the order given, with flat memory.

    Use it as a context manager. A verifier gets ``seconds`` on a trajectory; the worker stops it by
    itself where it can and is killed and replaced where it cannot. The other jobs of a lost worker
    are done again.

    Args:
        verifiers: Verifiers, referred to by index.
        workers: Number of processes.
        seconds: Limit of one verifier on one trajectory; None sets none.
    """

    def __init__(self, verifiers: Sequence[StepVerifier], workers: int, seconds: float | None) -> None:
        self._verifiers, self._seconds = verifiers, seconds
        self._size = workers
        self._workers: list[_Worker] = []
        self._queue: deque[Job] = deque()
        self._open: dict[int, tuple[Job, Outcomes]] = {}
        self._deaths = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def run(self, jobs: Iterator[Job]) -> Iterator[Done]:
        """Finished jobs, in the order of ``jobs``; positions must rise by one from 0.

        Raises:
            PluginError: Workers die one after another before their first check.
        """
        window = self._size * _CHUNK * _WINDOW
        upcoming = iter(jobs)
        more, reached = True, 0
        while True:
            while more and len(self._open) < window:
                job = next(upcoming, None)
                if job is None:
                    more = False
                    break
                self._open[job.position] = (job, {})
                if job.todo:
                    self._queue.append(job)
            while reached in self._open and self._finished(reached):
                yield Done(*self._open.pop(reached))
                reached += 1
            if not more and not self._open:
                return
            if reached not in self._open or self._finished(reached):
                continue
            self._assign()
            self._collect()

    def _finished(self, position: int) -> bool:
        job, outcomes = self._open[position]
        return len(outcomes) == len(job.todo)

    def _assign(self) -> None:
        while len(self._workers) < min(self._size, len(self._queue) + len(self._busy())):
            others = [worker.pipe for worker in self._workers]
            self._workers.append(_Worker(self._verifiers, self._seconds, others))
        for worker in list(self._workers):
            if self._queue and not worker.jobs:
                # Small chunks while the queue is short, so that all workers have something to do.
                fair = -(-len(self._queue) // self._size)
                chunk = [self._queue.popleft() for _ in range(min(worker.chunk, fair, len(self._queue)))]
                if not worker.give(chunk):
                    self._lost(worker)

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.jobs]

    def _collect(self) -> None:
        """Take in what has arrived; wait for it no longer than the next deadline."""
        busy = self._busy()
        if not busy:
            return
        ready = set(wait([worker.pipe for worker in busy], timeout=self._patience(busy)))
        for worker in busy:
            if worker.pipe in ready:
                if not self._receive(worker):
                    self._lost(worker)
            elif self._overdue(worker):
                self._late(worker)

    def _patience(self, busy: Sequence[_Worker]) -> float | None:
        if self._seconds is None:
            return None
        now = time.monotonic()
        limit = self._seconds + GRACE
        # A worker that has not begun is looked at again after a whole limit.
        waits = [limit if began == IDLE else began + limit - now for *_, began in map(_at, busy)]
        return max(0.01, min(waits, default=limit))

    def _overdue(self, worker: _Worker) -> bool:
        began = worker.progress.read()[2]
        if self._seconds is None or time.monotonic() - began <= self._seconds + GRACE:
            return False
        # What a busy machine gave it no processor for is not its own time.
        waited = starved(worker.process.pid or 0) - worker.starved
        return time.monotonic() - began > self._seconds + GRACE + waited

    def _receive(self, worker: _Worker) -> bool:
        """Take in all answers that have arrived; False if the worker is dead."""
        try:
            while worker.pipe.poll():
                answer: Answer = worker.pipe.recv()
                worker.proven, self._deaths = True, 0
                job = worker.jobs.pop(answer.position)
                outcomes = self._open[job.position][1]
                for index, packed, seconds in answer.found:
                    outcomes[index] = unpack(packed, seconds)
            if not worker.jobs:
                quick = time.monotonic() - worker.sent < _QUICK
                worker.chunk = min(worker.chunk * 2, _CHUNK) if quick else max(worker.chunk // 2, 1)
        except (EOFError, OSError):
            return False
        return True

    def _late(self, worker: _Worker) -> None:
        position, index, began = worker.progress.read()
        worker.process.kill()
        worker.process.join()
        self._receive(worker)
        # Between the look and the kill it may have gone on to something else; then nobody is blamed.
        if worker.progress.read() == (position, index, began) and position in worker.jobs:
            job = worker.jobs[position]
            self._settle(job, index, late(job.trajectory, self._seconds or 0.0))
        self._replace(worker)

    def _lost(self, worker: _Worker) -> None:
        worker.process.join()
        self._receive(worker)
        position, index, began = worker.progress.read()
        if began != IDLE and position in worker.jobs:
            job = worker.jobs[position]
            self._settle(job, index, silent(job.trajectory, Code.CRASH, _death(worker.process.exitcode)))
        elif not worker.proven:
            self._deaths += 1
            if self._deaths >= _DEATHS:
                raise PluginError(
                    f"verifier processes die before their first check: {_death(worker.process.exitcode)}",
                    do="run with workers=0 to see the error",
                )
        self._replace(worker)

    def _settle(self, job: Job, index: int, outcome: Outcome) -> None:
        self._open[job.position][1][index] = outcome

    def _replace(self, worker: _Worker) -> None:
        """Queue the lost worker's jobs again, without what is settled; a new worker starts on demand."""
        again: list[Job] = []
        for job in worker.jobs.values():
            settled = self._open[job.position][1]
            todo = tuple(index for index in job.todo if index not in settled)
            if todo:
                again.append(job._replace(todo=todo))
        self._queue.extendleft(reversed(again))
        worker.jobs = {}
        worker.stop()
        self._workers.remove(worker)


def _at(worker: _Worker) -> tuple[int, int, float]:
    return worker.progress.read()


def _death(exitcode: Any) -> str:
    if isinstance(exitcode, int) and exitcode < 0:
        return f"the verifier's process was killed by signal {-exitcode}"
    return f"the verifier's process ended with code {exitcode}"
