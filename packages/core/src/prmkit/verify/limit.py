"""A soft time limit inside one thread, without signals."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from prmkit.verify.starved import starved

T = TypeVar("T")

_POLL = 0.02
_here = threading.local()


@contextlib.contextmanager
def unhurried() -> Iterator[None]:
    """What runs inside does not count against the limit of the check it stands in.

    For the first import of a heavy tool: it takes as long as the machine is slow, and an import that
    is stopped halfway leaves broken modules behind. Without a limit it does nothing.

    Examples:
        >>> with SoftLimit(0.2) as limit:
        ...     def check():
        ...         with unhurried():
        ...             time.sleep(0.4)
        ...         return "done"
        ...     limit.run(check)
        'done'
    """
    limit: SoftLimit | None = getattr(_here, "limit", None)
    left = limit.pause() if limit else None
    try:
        yield
    finally:
        if limit is not None and left is not None:
            limit.resume(left)


class ExpiredError(BaseException):
    """Raised inside a call that ran past its limit. Not an Exception, so that tools do not swallow it."""


class SoftLimit:
    """Stops Python code that runs too long by raising in its thread.

    Code that stays inside one C call cannot be stopped this way; a worker process is killed for
    that (see :mod:`prmkit.verify.pool`). Use it as a context manager; it owns one watching thread.
    Time for which a busy machine gave the call no processor does not count, where the system tells it.

    Args:
        seconds: Limit of one call; None sets none.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._thread, self._native = 0, threading.get_native_id()
        self._call = 0
        """Number of the call that runs."""
        self._fired = False
        self._over = threading.Event()

    def __enter__(self) -> SoftLimit:
        if self.seconds is not None:
            threading.Thread(target=self._watch, name="prmkit-soft-limit", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def run(self, call: Callable[[], T]) -> T:
        """Result of ``call()``.

        Raises:
            ExpiredError: It took longer than the limit.
        """
        if self.seconds is None:
            return call()
        try:
            with self._lock:
                self._thread, self._native = threading.get_ident(), threading.get_native_id()
                self._call, self._fired = self._call + 1, False
                self._deadline = time.monotonic() + self.seconds
            _here.limit = self
            try:
                return call()
            finally:
                _here.limit = None
                self._disarm()
        except ExpiredError:
            # The exception may have arrived inside the disarming itself.
            self._disarm()
            raise

    def pause(self) -> float | None:
        """Stop the clock of the running call and return the seconds it has left; None if it has no clock."""
        with self._lock:
            left = None if self._deadline is None else self._deadline - time.monotonic()
            self._deadline = None
            return left

    def resume(self, left: float) -> None:
        """Start the clock again."""
        with self._lock:
            self._deadline = time.monotonic() + left

    def _disarm(self) -> None:
        with self._lock:
            self._deadline = None
            if self._fired:
                # A raise that is still on its way would hit whatever runs next.
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), None)

    def _watch(self) -> None:
        call, before, latest = 0, 0.0, starved(thread=self._native)
        while not self._over.wait(_POLL):
            with self._lock:
                if self._call != call:
                    # As of the last look: the call may have waited since, before it could be looked at.
                    call, before = self._call, latest
                latest = starved(thread=self._native)
                if self._deadline is None or time.monotonic() <= self._deadline:
                    continue
                if time.monotonic() > self._deadline + max(0.0, latest - before):
                    self._deadline, self._fired = None, True
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._thread), ctypes.py_object(ExpiredError)
                    )
