"""The inside of a verifier process: takes chunks of jobs, sends back findings, shows what it is at."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from prmkit.contracts import StepVerifier
from prmkit.types import Problem, Trajectory
from prmkit.verify.judge import call, pack, warm
from prmkit.verify.limit import SoftLimit

IDLE = math.inf
"""Start time shown while no verifier runs."""


class Job(NamedTuple):
    """One trajectory with the verifiers that have yet to judge it."""

    position: int
    """Place in the stream."""
    problem: Problem
    trajectory: Trajectory
    todo: tuple[int, ...]
    """Indices of verifiers."""


class Answer(NamedTuple):
    """What a worker found out about one job."""

    position: int
    found: tuple[tuple[int, list[Any], float], ...]
    """(verifier, packed findings, seconds) for each verifier of ``todo``."""


class Progress:
    """What a worker is at, in memory that both sides see: position, verifier, start time.

    Args:
        shared: Three doubles.
    """

    def __init__(self, shared: Any) -> None:
        self._shared = shared
        self.idle()

    def idle(self) -> None:
        """No verifier runs."""
        self._shared[2] = IDLE

    def begin(self, position: int, verifier: int) -> None:
        """A verifier starts. The time is written last: it vouches for the rest."""
        self._shared[2] = IDLE
        self._shared[0], self._shared[1] = position, verifier
        self._shared[2] = time.monotonic()

    def read(self) -> tuple[int, int, float]:
        """(position, verifier, start); start is :data:`IDLE` while no verifier runs."""
        began = self._shared[2]
        return int(self._shared[0]), int(self._shared[1]), began


def serve(
    pipe: Connection,
    verifiers: Sequence[StepVerifier],
    seconds: float | None,
    progress: Progress,
    parent: int,
    inherited: Sequence[Connection],
) -> None:
    """Answer chunks until the pipe closes.

    Args:
        pipe: This worker's end.
        verifiers: All verifiers of the run.
        seconds: Soft limit of one verifier on one trajectory.
        progress: Where to show what runs.
        parent: Process to live and die with.
        inherited: Ends of other workers' pipes that a fork copied; closed, so that they can end.
    """
    for other in inherited:
        other.close()
    # The parent decides when to stop: an interrupt at the keyboard reaches the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    warm(verifiers)
    with SoftLimit(seconds) as limit, contextlib.suppress(EOFError, OSError):
        while True:
            for job in pipe.recv():
                found = []
                for index in job.todo:
                    progress.begin(job.position, index)
                    outcome = call(verifiers[index], job.problem, job.trajectory, limit)
                    progress.idle()
                    found.append((index, pack(outcome), outcome.seconds))
                pipe.send(Answer(job.position, tuple(found)))


def _die_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
