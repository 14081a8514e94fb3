"""Which back end can hold untrusted code here: the strongest is asked first, and none means refusal."""

from __future__ import annotations

import functools
import os
import platform
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from prmkit.errors import PrmkitError, SandboxRefusedError
from prmkit.verify.sandbox import bubblewrap
from prmkit.verify.sandbox.filter import MACHINES
from prmkit.verify.sandbox.image import image
from prmkit.verify.sandbox.limits import Limits, Result
from prmkit.verify.sandbox.plain import Plain
from prmkit.verify.sandbox.warm import warm_ups
from prmkit.verify.sandbox.worker import Worker

UNSAFE = "PRMKIT_UNSAFE_CODE"
"""Environment variable: set to 1 it is the ``unsafe`` switch of every pool."""
UNSAFE_WORDS = "The unsafe switch is set: untrusted code runs without a sandbox, with all rights of the user."
"""What a report says then."""


_VOUCH = f"set {UNSAFE}=1 (or unsafe=True) for code that you vouch for"


class Runner(Protocol):
    """What runs one job after another."""

    backend: str
    usable: bool
    """Whether it can take another job."""
    lost: bool
    """Whether it ended under its last job, which is then not known to be to blame."""

    def run(self, job: bytes, limits: Limits) -> Result:
        """Run one job."""

    def alive(self) -> bool:
        """Whether it can take a job."""

    def close(self) -> None:
        """End it."""

    def forget(self) -> None:
        """Let go of it in a forked copy of the process."""


def start(imports: Sequence[str], warm: str, unsafe: bool) -> tuple[Callable[[], Runner], Runner]:
    """A maker of runners, and the first one, which shows that it works.

    Raises:
        SandboxRefusedError: No safe back end works and ``unsafe`` is not set.
        MissingToolError: An import is not installed, or fails inside.
    """
    try:
        _possible()
        make: Callable[[], Runner] = functools.partial(_bubblewrapped, imports, warm)
        return make, make()
    except SandboxRefusedError:
        if not (unsafe or unsafe_allowed()):
            raise
    _used.append(True)
    return Plain, Plain()


def unsafe_allowed() -> bool:
    """Whether the user of this process lets code run unheld where no back end is safe."""
    return os.environ.get(UNSAFE, "") not in ("", "0")


def unsafe_used() -> bool:
    """Whether code of this job runs, or ran, where nothing holds it. Every report prints it.

    Verifiers run in processes of their own; with the switch set, it is what they would get that counts.
    """
    if not _used and unsafe_allowed():
        try:
            _, runner = start((), "", unsafe=True)
        except PrmkitError:
            return True
        runner.close()
    return bool(_used)


_used: list[bool] = []


def _possible() -> None:
    if not sys.platform.startswith("linux"):
        raise SandboxRefusedError(
            f"untrusted code is run on Linux only, this is {platform.system() or sys.platform}",
            do=f"run prmkit in a Linux machine or container, or {_VOUCH}",
        )
    if platform.machine() not in MACHINES:
        raise SandboxRefusedError(
            f"there is no system-call filter for {platform.machine()!r} processors",
            do=f"use one of {', '.join(MACHINES)}, or {_VOUCH}",
        )
    bubblewrap.executable()


def _bubblewrapped(imports: Sequence[str], warm: str) -> Worker:
    place = bubblewrap.Sandbox(image(imports))
    return Worker(place, bubblewrap.NAME, imports, [*warm_ups(imports), *filter(None, [warm])])
