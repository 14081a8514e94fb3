"""The plain subprocess: no sandbox at all, for code that the caller vouches for.

It keeps honest mistakes in bounds (endless loops, runaway memory, endless output, files left about).
Files, processes and network of the user stay within reach of the code.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from prmkit.verify.sandbox.limits import Limits, Outcome, Result
from prmkit.verify.sandbox.wire import parse
from prmkit.verify.sandbox.worker import death

NAME = "subprocess (unsafe)"
_SCRIPT = Path(__file__).parent / "inside" / "alone.py"


class Plain:
    """Starts an interpreter per job."""

    backend = NAME
    usable = True
    lost = False

    def alive(self) -> bool:
        """Always: it holds nothing."""
        return True

    def close(self) -> None:
        """Nothing to end."""

    def forget(self) -> None:
        """Nothing to let go of."""

    def run(self, job: bytes, limits: Limits) -> Result:
        """Run one job in a folder of its own."""
        with tempfile.TemporaryDirectory(prefix="prmkit-job-") as name:
            return _run(Path(name), job, limits)


def _run(folder: Path, job: bytes, limits: Limits) -> Result:
    (folder / "job.json").write_bytes(job)
    work = folder / "work"
    work.mkdir()
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(work),
        "TMPDIR": str(work),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
    }
    began = time.monotonic()
    with (folder / "stdout").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-s", "-P", str(_SCRIPT), str(folder), json.dumps(asdict(limits))],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            # The job may have left children behind; they share its session.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    seconds = time.monotonic() - began
    with (folder / "stdout").open("rb") as printed:
        stdout = printed.read(limits.output).decode("utf-8", "replace")
        loud = bool(printed.read(1))
    if code is None:
        words = f"no end within {limits.seconds:g} s"
        return Result("timeout", stdout, exception=words, seconds=seconds, backend=NAME)
    told = parse(_told(folder / "result.json"))
    if code != 0 or told is None or loud:
        words = "too much output" if loud or code == -signal.SIGXFSZ else death(code)
        return Result("killed", stdout, exception=words, seconds=seconds, backend=NAME)
    status: Outcome = "error" if told.exception else "ok"
    return Result(status, stdout, told.value, told.exception, told.line, seconds, None, NAME)


def _told(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
