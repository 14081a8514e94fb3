"""Runs Python code in a process of its own, with limits on time, memory and output.

The back end here is a plain subprocess. It keeps honest mistakes in bounds: endless loops, runaway
memory, endless output, files left about. It does **not** hold hostile code: files, processes and
network of the user stay within reach. So it refuses to start unless the caller vouches for the code.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from prmkit.errors import ConfigError, SandboxRefusedError
from prmkit.types import Json

BACKEND = "subprocess"
_CHILD = Path(__file__).with_name("sandbox_child.py")

Outcome = Literal["ok", "error", "timeout", "killed", "refused"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use.

    Raises:
        ConfigError: A limit is not positive.
    """

    seconds: float = 5.0
    """Wall-clock time, start of the interpreter included."""
    memory: int = 1 << 30
    """Bytes of address space."""
    output: int = 1 << 16
    """Bytes of standard output, and of any file."""

    def __post_init__(self) -> None:
        for name in ("seconds", "memory", "output"):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError(f"limit {name}={getattr(self, name)}", do="give a number > 0", field=name)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one job."""

    status: Outcome
    """``ok``; ``error``: it raised; ``timeout``; ``killed``: it passed a limit or died; ``refused``."""
    stdout: str = ""
    value: Json = None
    """Value of the code's last expression, as JSON or as its repr; None without one."""
    exception: str | None = None
    """Type and message of what it raised, or why it was killed."""
    seconds: float = 0.0
    peak_memory: int | None = None
    """Bytes; None when the job was killed."""
    backend: str = BACKEND


class SandboxPool:
    r"""A place to run code, one fresh process and one fresh folder per job.

    Args:
        workers: Jobs that :meth:`map` runs at once.
        trusted: The caller vouches that no code comes from a model or a stranger.

    Raises:
        SandboxRefusedError: ``trusted`` is False: this back end cannot hold hostile code.

    Examples:
        >>> with SandboxPool(trusted=True) as pool:
        ...     result = pool.run("print(a)\na + 1", inputs={"a": 1})
        >>> result.status, result.stdout, result.value
        ('ok', '1\n', 2)
    """

    def __init__(self, workers: int = 1, *, trusted: bool = False) -> None:
        if not trusted:
            raise SandboxRefusedError(
                f"the {BACKEND!r} back end cannot hold code that a model or a stranger wrote",
                do="run such code in a container of your own; pass trusted=True only for code you wrote",
            )
        self._threads = ThreadPoolExecutor(max_workers=workers)
        self._workers = workers

    def __enter__(self) -> SandboxPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def run(
        self, code: str, inputs: Mapping[str, Json] | None = None, limits: Limits | None = None
    ) -> Result:
        """Run ``code`` with ``inputs`` as its global names.

        Raises:
            ConfigError: The inputs are not JSON.
        """
        try:
            job = json.dumps({"code": code, "inputs": dict(inputs or {})})
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"inputs are not JSON: {error}", do="pass JSON values", field="inputs"
            ) from error
        with tempfile.TemporaryDirectory(prefix="prmkit-job-") as folder:
            Path(folder, "job.json").write_text(job, encoding="utf-8")
            return _run(Path(folder), limits or Limits())

    def map(
        self, jobs: Iterable[tuple[str, Mapping[str, Json] | None]], limits: Limits | None = None
    ) -> Iterator[Result]:
        """Results of (code, inputs) jobs in order; jobs are read no further ahead than needed."""
        waiting: deque[Future[Result]] = deque()
        for code, inputs in jobs:
            waiting.append(self._threads.submit(self.run, code, inputs, limits))
            if len(waiting) > 2 * self._workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _run(folder: Path, limits: Limits) -> Result:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
    }
    began = time.perf_counter()
    with (folder / "stdout").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD), json.dumps(asdict(limits))],
            cwd=folder,
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
            _kill_group(process)
    seconds = time.perf_counter() - began
    stdout = (folder / "stdout").read_bytes()[: limits.output].decode("utf-8", "replace")
    if code is None:
        return Result("timeout", stdout, exception=f"no end within {limits.seconds:g} s", seconds=seconds)
    try:
        told = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Result("killed", stdout, exception=_death(code), seconds=seconds)
    status: Outcome = "error" if told["exception"] else "ok"
    return Result(status, stdout, told["value"], told["exception"], seconds, told["peak_memory"])


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _death(code: int) -> str:
    words = {signal.SIGXFSZ: "too much output", signal.SIGXCPU: "too much processor time"}
    if code < 0:
        return words.get(signal.Signals(-code), f"signal {-code}")
    return f"ended with code {code}"
