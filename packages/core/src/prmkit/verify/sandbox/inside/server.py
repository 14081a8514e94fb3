"""The warm server inside the sandbox: imports once, then forks one process per job.

It speaks over one socket (descriptor given as its argument). A job arrives as a short JSON message of
limits with three descriptors: the job's text, its output, its result. The server never reads the
text: only the fork does, so nothing of a job is in the memory of which the next one is a copy.
"""

from __future__ import annotations

import array
import base64
import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import shutil
import signal
import site
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 (pathlib costs start-up)
sys.path.insert(0, HERE)
import job as runner  # type: ignore[import-not-found]  # noqa: E402

sys.path.remove(HERE)
del sys.modules["job"]

TMP = Path("/tmp")
TICK = 0.05
"""Seconds between two looks at /tmp."""
OUT, RESULT, TEXT = 1, 3, 4
"""Descriptors of a job."""
CHANNEL, HIGH = 5, 128
"""Descriptor of the server's socket; all descriptors are below the second."""
_OWN_PID = struct.pack("=I", 0x5EED5EED)
_SET_DUMPABLE, _SET_SECCOMP, _FILTER = 4, 22, 2
_FREE = resource.RLIM_INFINITY


class Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


class Server:
    """Answers jobs until the socket closes.

    Args:
        channel: The socket to the pool.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        hello = json.loads(channel.recv(1 << 18))
        self._filters = [base64.b64decode(text) for text in hello["filters"]]
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
        for number in range(1, signal.NSIG):
            # A process 1 whose signals have no handlers cannot be reached by any of its descendants.
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
        site.setquit()
        _take_on(_ALWAYS)
        self._warm(hello["imports"], hello["warm"])
        self._rehearse()
        self._held = _address_space()
        self._moment = TMP.stat().st_mtime_ns
        gc.collect()
        gc.freeze()

    def _warm(self, imports: list[str], warm: list[str]) -> None:
        """Import and do once what would otherwise be done in every fork; a failure is told and ends it."""
        try:
            for name in imports:
                importlib.import_module(name)
            # Seeded before each job, so it must not be the job that imports them.
            for name in ("random", *(["numpy.random"] if "numpy" in sys.modules else [])):
                importlib.import_module(name)
            for code in warm:
                exec(compile(code, "<warm>", "exec"), {"__name__": "warm"})
        except BaseException as error:
            self._say({"failed": f"{type(error).__name__}: {error}"[:2000]})
            os._exit(1)

    def _rehearse(self) -> None:
        """Go once through what a job does, so that no job is the first to do it."""
        out, theirs = os.pipe()
        os.dup2(theirs, OUT)
        runner.streams()
        main = sys.modules["__main__"]
        runner.run({"code": "a = 1 / 0", "inputs": {}}, 99)
        runner.run({"code": "print(json)\n[json]", "inputs": {"json": 1}}, 99)
        sys.modules["__main__"] = main
        _determined()
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, OUT)
        for descriptor in (out, theirs, nothing):
            os.close(descriptor)

    def _say(self, message: dict[str, Any]) -> None:
        self._channel.send(json.dumps(message).encode())

    def serve(self) -> None:
        """Take jobs one after another."""
        self._say({"ready": True})
        while True:
            descriptors = array.array("i")
            words, extras, _, _ = self._channel.recvmsg(1 << 16, socket.CMSG_SPACE(12))
            for level, kind, data in extras:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    descriptors.frombytes(data[: len(data) - len(data) % 4])
            if not words:
                os._exit(0)
            if len(descriptors) != 3:  # a word about a job that has ended meanwhile
                continue
            self._say(self._job(json.loads(words), list(descriptors)))

    def _job(self, limits: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                self._become(limits, descriptors)
            finally:
                os._exit(70)
        for descriptor in descriptors:
            os.close(descriptor)
        why = self._wait(child, began + limits["seconds"], limits)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status, usage = os.wait4(child, 0)
        seconds = time.monotonic() - began
        _end_descendants()
        clean = self._empty()
        code = os.waitstatus_to_exitcode(status)
        return {
            "why": why,
            "code": code,
            "seconds": seconds,
            "peak": usage.ru_maxrss * 1024,
            "clean": clean,
        }

    def _wait(self, child: int, deadline: float, limits: dict[str, Any]) -> str | None:
        """Why the job has to be ended, or None when it ended by itself."""
        ended = os.pidfd_open(child)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(self._channel, select.POLLIN)
        try:
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    return "timeout"
                ready = dict(poll.poll(min(left, TICK) * 1000 + 1))
                if ended in ready:
                    return None
                if self._channel.fileno() in ready:
                    word = self._channel.recv(1 << 16)
                    if not word:
                        os._exit(0)
                    return str(json.loads(word)["stop"])
                room = os.statvfs(TMP)
                if room.f_files - room.f_ffree > limits["files"] + 1:
                    return "files"
                if (room.f_blocks - room.f_bfree) * room.f_frsize > limits["disk"] + (1 << 16):
                    return "disk"
        finally:
            os.close(ended)

    def _become(self, limits: dict[str, Any], descriptors: list[int]) -> None:
        """The fork: hold nothing of the server's, take on the limits, run, tell, end."""
        text, out, result = descriptors
        # High first, so that none of the moves below lands on one that is still needed.
        text, out, result = (os.dup2(fd, 100 + i) for i, fd in enumerate((text, out, result)))
        nothing = os.open(os.devnull, os.O_RDWR)
        for source, target in ((nothing, 0), (out, OUT), (nothing, 2), (result, RESULT), (text, TEXT)):
            os.dup2(source, target, inheritable=target < RESULT)
        os.closerange(TEXT + 1, HIGH)
        job = json.loads(os.read(TEXT, os.fstat(TEXT).st_size))
        os.close(TEXT)
        os.setpgid(0, 0)
        os.chdir(TMP)
        _determined()
        _take_on(_own_limits(limits, self._held))
        _signals()
        self._lock(limits)
        told = runner.run(job, limits["value"])
        while told:
            told = told[os.write(RESULT, told) :]
        os._exit(0)

    def _lock(self, limits: dict[str, Any]) -> None:
        code = self._filters[limits["processes"] > 1].replace(_OWN_PID, struct.pack("=I", os.getpid()))
        program = Program(len(code) // 8, code)
        if self._libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) != 0:
            os._exit(71)

    def _empty(self) -> bool:
        """Whether /tmp is as it was before the job; if not, the pool starts another server."""
        try:
            changed = TMP.stat().st_mtime_ns != self._moment
            TMP.chmod(0o700)
            if changed and not _clear():
                return False
            os.utime(TMP, ns=(self._moment, self._moment))
            return not any(TMP.iterdir())
        except OSError:
            return False


def _clear() -> bool:
    """Empty /tmp; False where that is not quickly done."""
    room = os.statvfs(TMP)
    if room.f_files - room.f_ffree > 5000:
        return False
    for entry in os.scandir(TMP):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)  # noqa: PTH108
    return True


def _end_descendants() -> None:
    """End whatever the job started, and wait until it is gone."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _determined() -> None:
    """The same job gives the same result: no state of chance comes from the server's start."""
    for name in ("random", "numpy.random"):
        if name in sys.modules:
            sys.modules[name].seed(0)


_ALWAYS = (
    (resource.RLIMIT_NOFILE, HIGH),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_MEMLOCK, 0),
    (resource.RLIMIT_MSGQUEUE, 0),
    (resource.RLIMIT_SIGPENDING, 64),
    (resource.RLIMIT_NICE, 0),
    (resource.RLIMIT_RTPRIO, 0),
)


def _own_limits(limits: dict[str, Any], held: int) -> tuple[tuple[int, int], ...]:
    seconds = int(limits["seconds"]) + 2
    return (
        (resource.RLIMIT_AS, held + limits["memory"]),
        (resource.RLIMIT_CPU, seconds * limits["threads"]),
        (resource.RLIMIT_FSIZE, limits["disk"]),
        (resource.RLIMIT_NPROC, limits["threads"] + limits["processes"]),
    )


def _take_on(limits: tuple[tuple[int, int], ...]) -> None:
    for kind, most in limits:
        resource.setrlimit(kind, (most, most))


def _signals() -> None:
    # Python ignores this signal by default, and the job could then go on after too large a file.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _address_space() -> int:
    """Bytes of address space in use, found as the lowest limit that lets one page more be mapped."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    refused = ctypes.c_void_p(-1).value
    low, high = 0, 1 << 46
    while high - low > 4096:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, _FREE))
        place = libc.mmap(None, 4096, 3, 0x22, -1, 0)  # private anonymous memory, to read and write
        resource.setrlimit(resource.RLIMIT_AS, (_FREE, _FREE))
        if place == refused:
            low = middle
        else:
            libc.munmap(place, 4096)
            high = middle
    return high


def _channel(number: int) -> socket.socket:
    """The socket under a low descriptor, and nothing else that came along: a job closes the low ones only."""
    if number != CHANNEL:
        os.dup2(number, CHANNEL)
        os.close(number)
    os.closerange(3, CHANNEL)
    os.closerange(CHANNEL + 1, 1 << 16)
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=CHANNEL)


if __name__ == "__main__":
    if os.getpid() != 1:
        # It ends all processes that it can see after each job; outside a tree of its own that would be all.
        sys.exit("the sandbox has no process tree of its own")
    given = int(sys.argv[1])
    sys.argv[:] = [runner.FILE]
    Server(_channel(given)).serve()
