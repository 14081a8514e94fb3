"""A soft time limit inside one thread, without signals."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL = 0.02


class ExpiredError(BaseException):
    """Raised inside a call that ran past its limit. Not an Exception, so that tools do not swallow it."""


class SoftLimit:
    """Stops Python code that runs too long by raising in its thread.

    Code that stays inside one C call cannot be stopped this way; a worker process is killed for
    that (see :mod:`prmkit.verify.pool`). Use it as a context manager; it owns one watching thread.

    Args:
        seconds: Limit of one call; None sets none.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._thread = 0
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
                self._thread, self._fired = threading.get_ident(), False
                self._deadline = time.monotonic() + self.seconds
            try:
                return call()
            finally:
                self._disarm()
        except ExpiredError:
            # The exception may have arrived inside the disarming itself.
            self._disarm()
            raise

    def _disarm(self) -> None:
        with self._lock:
            self._deadline = None
            if self._fired:
                # A raise that is still on its way would hit whatever runs next.
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), None)

    def _watch(self) -> None:
        while not self._over.wait(_POLL):
            with self._lock:
                if self._deadline is not None and time.monotonic() > self._deadline:
                    self._deadline, self._fired = None, True
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._thread), ctypes.py_object(ExpiredError)
                    )
