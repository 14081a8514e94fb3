"""The pool's side of one warm server: hand it a job, read what comes of it, trust nothing of it."""

from __future__ import annotations

import base64
import functools
import json
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict
from io import FileIO
from typing import Any, Protocol

from prmkit.errors import MissingToolError, SandboxRefusedError
from prmkit.types import Json
from prmkit.verify.sandbox.filter import job_filter
from prmkit.verify.sandbox.limits import Limits, Outcome, Result
from prmkit.verify.sandbox.wire import parse

_GRACE = 10.0
"""Seconds past a job's limit after which the server itself is given up."""
_READY = 300.0
"""Seconds for a server to import its set."""
_FRAME = 1 << 16
"""Bytes of a result besides its value: the message of an exception, a line number."""


class Place(Protocol):
    """A running sandbox, however made."""

    socket: socket.socket

    def stop(self) -> None:
        """End it with all that runs in it."""

    def forget(self) -> None:
        """Let go of it in a forked copy of the process."""

    def failed(self) -> SandboxRefusedError:
        """Stop it and say why it did not come up."""


class Worker:
    """One warm server. Not for several threads at once.

    Args:
        place: The sandbox it runs in.
        backend: Name that results carry.
        imports: What the server imports first.
        warm: Code that it then runs once.

    Raises:
        SandboxRefusedError: The sandbox does not come up.
        MissingToolError: An import fails inside.
    """

    def __init__(self, place: Place, backend: str, imports: Sequence[str], warm: Sequence[str]) -> None:
        self._place, self.backend = place, backend
        self.usable = True
        self.lost = False
        filters = [base64.b64encode(job_filter(processes)).decode() for processes in (False, True)]
        place.socket.settimeout(_READY)
        try:
            place.socket.send(
                json.dumps({"imports": list(imports), "warm": list(warm), "filters": filters}).encode()
            )
            words = place.socket.recv(1 << 16)
        except OSError:
            words = b""
        if not words:
            raise place.failed()
        told = json.loads(words)
        if "failed" in told:
            place.stop()
            raise MissingToolError(
                f"the sandbox cannot get ready: {told['failed']}",
                do="see that the imports work in plain Python",
            )

    def close(self) -> None:
        """End the server."""
        self.usable = False
        self._place.stop()

    def forget(self) -> None:
        """Let go of it in a forked copy of the process."""
        self.usable = False
        self._place.forget()

    def alive(self) -> bool:
        """Whether it can take a job."""
        return self.usable and not _readable(self._place.socket.fileno())

    def run(self, job: bytes, limits: Limits) -> Result:
        """Run one job; afterwards the server may no longer be usable."""
        try:
            return self._run(job, limits)
        except BaseException:  # an interrupt: what the server says next would be about this job
            self.close()
            raise

    def _run(self, job: bytes, limits: Limits) -> Result:
        began = time.monotonic()
        until = began + limits.seconds + _GRACE
        out, theirs_out = _pipe()
        result, theirs_result = _pipe()
        text = open(os.memfd_create("job"), "wb")  # noqa: PTH123, SIM115 (closed below)
        with out, result:
            with text, theirs_out, theirs_result:
                text.write(job)
                text.seek(0)
                given = [stream.fileno() for stream in (text, theirs_out, theirs_result)]
                try:
                    socket.send_fds(self._place.socket, [_words(limits)], given)
                except OSError:
                    return self._lost(began, b"", until)
            # One byte more than allowed is enough to see that there is too much.
            printed, told = _Kept(out, limits.output), _Kept(result, limits.value + _FRAME)
            end = self._listen(printed, told, until)
        if not end:
            return self._lost(began, printed.bytes(), until)
        return self._judge(end, printed, told, limits)

    def _listen(self, printed: _Kept, told: _Kept, until: float) -> dict[str, Any]:
        """Take in what the job says until the server reports its end; empty if the server is lost."""
        control = self._place.socket
        streams = {printed.number: (printed, "output"), told.number: (told, "value")}
        poll = select.poll()
        for number in (control.fileno(), *streams):
            poll.register(number, select.POLLIN)
        try:
            while (left := until - time.monotonic()) > 0:
                for number, _ in poll.poll(left * 1000 + 1):
                    if number == control.fileno():
                        words = control.recv(1 << 16)
                        printed.take()
                        told.take()
                        return dict(json.loads(words)) if words else {}
                    kept, name = streams[number]
                    if not kept.take():
                        poll.unregister(number)
                        if kept.over:
                            control.send(json.dumps({"stop": name}).encode())
        except (OSError, ValueError):
            return {}
        return {}

    def _lost(self, began: float, printed: bytes, until: float) -> Result:
        """The server is gone, or no longer answers."""
        self.close()
        self.lost = time.monotonic() < until
        return Result(
            "killed",
            printed.decode("utf-8", "replace"),
            exception="the sandbox's server ended",
            seconds=time.monotonic() - began,
            backend=self.backend,
        )

    def _judge(self, end: dict[str, Any], printed: _Kept, told: _Kept, limits: Limits) -> Result:
        if not end["clean"]:
            self.close()
        stdout = printed.bytes().decode("utf-8", "replace")
        seconds, peak = float(end["seconds"]), int(end["peak"])

        def result(
            status: Outcome, exception: str | None, value: Json = None, line: int | None = None
        ) -> Result:
            return Result(status, stdout, value, exception, line, seconds, peak, self.backend)

        why = end["why"] or ("output" if printed.over else "value" if told.over else None)
        if why == "timeout":
            return result("timeout", f"no end within {limits.seconds:g} s")
        if why is not None:
            return result("killed", _WHY.get(why, "stopped"))
        if end["code"] != 0:
            return result("killed", death(end["code"]))
        answer = parse(told.bytes())
        if answer is None:
            return result("killed", "it ended without a result")
        return result("error" if answer.exception else "ok", answer.exception, answer.value, answer.line)


_WHY = {
    "output": "too much output",
    "value": "too large a result",
    "files": "too many files",
    "disk": "too much in /tmp",
}


def death(code: int) -> str:
    """What a process's exit code says of its end."""
    words: dict[int, str] = {
        signal.SIGXFSZ: "too large a file",
        signal.SIGXCPU: "too much processor time",
        signal.SIGSYS: "a forbidden system call",
        signal.SIGSEGV: "signal 11 (memory fault; endless recursion in C does that)",
    }
    if code < 0:
        return words.get(-code, f"signal {-code}")
    return f"it ended with code {code} and without a result"


@functools.lru_cache(256)
def _words(limits: Limits) -> bytes:
    return json.dumps(asdict(limits)).encode()


class _Kept:
    """The bytes of a stream, up to a limit."""

    def __init__(self, stream: FileIO, most: int) -> None:
        self._stream, self._most = stream, most
        self._parts: list[bytes] = []
        self._size = 0
        self.number = stream.fileno()

    @property
    def over(self) -> bool:
        return self._size > self._most

    def take(self) -> bool:
        """Read what is there; False at the end and past the limit."""
        while not self.over:
            part = self._stream.read(min(1 << 16, self._most + 1 - self._size))
            if part is None:
                return True
            if not part:
                return False
            self._parts.append(part)
            self._size += len(part)
        return False

    def bytes(self) -> bytes:
        return b"".join(self._parts)[: self._most]


def _pipe() -> tuple[FileIO, FileIO]:
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    return FileIO(ours), FileIO(theirs, "w")


def _readable(number: int) -> bool:
    """Whether something waits there: between jobs only the news that the server is gone."""
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
