"""A pool of warm sandboxes: code in, results out, in order."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from prmkit.errors import ConfigError, SandboxRefusedError
from prmkit.types import Json
from prmkit.verify.sandbox.limits import Limits, Result
from prmkit.verify.sandbox.probe import Runner, start
from prmkit.verify.sandbox.wire import pack

_AHEAD = 4
"""Jobs read ahead of each worker."""


class SandboxPool:
    r"""A place to run code that nobody vouches for: one process and one empty folder per job.

    The pool keeps warm servers. Each imports its set once and forks for every job, so that a job costs
    milliseconds. The strongest back end that works here is taken; without one the pool refuses.

    Args:
        workers: Servers, and so jobs at once.
        imports: Modules that the servers import before the first job; others that are not in the
            standard library are absent inside.
        warm: Code of your own that every server runs once before the first job, for work that would
            otherwise be done in every job.
        unsafe: Take a plain subprocess where no back end is safe: **code then runs with all rights of
            the user**. Reports say so. PRMKIT_UNSAFE_CODE=1 in the environment does the same.

    Raises:
        SandboxRefusedError: Nothing safe works here, and ``unsafe`` is not set.
        MissingToolError: An import is not installed, or fails inside.
        ConfigError: ``workers`` is not positive.

    Examples:
        Not run where there is no bubblewrap; ``docs/sandbox.md`` shows more::

            with SandboxPool() as pool:
                result = pool.run("print(a)\na + 1", inputs={"a": 1})
            assert (result.status, result.stdout, result.value) == ("ok", "1\n", 2)
    """

    def __init__(
        self, workers: int = 1, imports: Sequence[str] = (), *, warm: str = "", unsafe: bool = False
    ) -> None:
        if workers < 1:
            raise ConfigError(f"workers={workers}", do="give a number > 0", field="workers")
        self.workers = workers
        self._owner = os.getpid()
        self._slots = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._start, first = start(tuple(imports), warm, unsafe)
        self.backend = first.backend
        self._free: list[Runner] = [first]
        self._all: set[Runner] = {first}
        _pools.add(self)

    def __enter__(self) -> SandboxPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # nothing may be left of a pool that never came up
            self.close()

    def close(self) -> None:
        """End all servers. Jobs that still run are lost."""
        with self._lock:
            for runner in self._all:
                runner.close()
            self._all.clear()
            self._free.clear()
            self._owner = -1

    def run(
        self, code: str, inputs: Mapping[str, Json] | None = None, limits: Limits | None = None
    ) -> Result:
        """Run ``code`` with ``inputs`` as its global names. May be called from several threads.

        A job whose server is killed from outside is run once more, on another.

        Raises:
            ConfigError: The inputs are not JSON, or the pool is closed or another process's.
            SandboxRefusedError: A new server was needed and does not come up.
        """
        job, limits = pack(code, inputs), limits or Limits()
        if len(job) > limits.memory // 2:
            words = f"code and inputs of {len(job)} bytes do not fit into memory={limits.memory}"
            return Result("refused", exception=words, backend=self.backend)
        with self._slots:
            result, lost = self._once(job, limits)
            if lost:
                result, _ = self._once(job, limits)
            return result

    def map(
        self, jobs: Iterable[tuple[str, Mapping[str, Json] | None]], limits: Limits | None = None
    ) -> Iterator[Result]:
        """Results of (code, inputs) jobs in order; jobs are read only a few ahead of the results."""
        if self.workers == 1:
            for code, inputs in jobs:
                yield self.run(code, inputs, limits)
            return
        waiting: deque[Future[Result]] = deque()
        threads = ThreadPoolExecutor(self.workers, thread_name_prefix="prmkit-sandbox")
        try:
            for code, inputs in jobs:
                waiting.append(threads.submit(self.run, code, inputs, limits))
                if len(waiting) > _AHEAD * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(wait=True, cancel_futures=True)

    def _once(self, job: bytes, limits: Limits) -> tuple[Result, bool]:
        runner = self._take()
        try:
            return runner.run(job, limits), runner.lost
        finally:
            self._give(runner)

    def _take(self) -> Runner:
        while True:
            with self._lock:
                if self._owner != os.getpid():
                    raise ConfigError(
                        "the pool is closed, or belongs to another process", do="open a pool of your own"
                    )
                runner = self._free.pop() if self._free else None
            if runner is None:
                runner = self._start()
                with self._lock:
                    self._all.add(runner)
            if runner.alive():
                return runner
            self._drop(runner)

    def _give(self, runner: Runner) -> None:
        if not runner.usable:
            self._drop(runner)
            return
        with self._lock:
            self._free.append(runner)

    def _drop(self, runner: Runner) -> None:
        runner.close()
        with self._lock:
            self._all.discard(runner)

    def _forget(self) -> None:
        """In a forked copy of the process: let go of servers that belong to the original."""
        for runner in self._all:
            runner.forget()
        self._all, self._free = set(), []
        self._lock = threading.Lock()


_pools: weakref.WeakSet[SandboxPool] = weakref.WeakSet()
_shared: dict[tuple[int, tuple[str, ...]], SandboxPool | SandboxRefusedError] = {}
_sharing = threading.Lock()


def shared_pool(imports: Sequence[str] = ()) -> SandboxPool:
    """The warm pool of this process for an import set; made on first use, closed at exit.

    For verifiers, which hold no state of their own. It has one server.

    Args:
        imports: As for :class:`SandboxPool`; the order does not matter.

    Raises:
        SandboxRefusedError: Nothing safe works here; asked once, then known.
        MissingToolError: An import is not installed.
    """
    key = (os.getpid(), tuple(sorted(set(imports))))
    with _sharing:
        found = _shared.get(key)
        if found is None:
            try:
                found = SandboxPool(imports=key[1])
            except SandboxRefusedError as error:
                found = error
            _shared[key] = found
    if isinstance(found, SandboxRefusedError):
        raise found
    return found


@atexit.register
def _close_all() -> None:
    for pool in list(_pools):
        with contextlib.suppress(Exception):
            pool.close()


def _forget_all() -> None:
    global _sharing
    _sharing = threading.Lock()
    for pool in list(_pools):
        pool._forget()


os.register_at_fork(after_in_child=_forget_all)
