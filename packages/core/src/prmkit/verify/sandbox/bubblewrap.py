"""The bubblewrap back end: the command line of a sandbox, and the process that comes of it."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from prmkit.errors import SandboxRefusedError
from prmkit.verify.sandbox.files import interpreter
from prmkit.verify.sandbox.filter import server_filter

NAME = "bubblewrap"
NOBODY = 65534
"""User that a sandbox runs as when root starts it; as whoever starts it otherwise."""
_TMP_BYTES = 1 << 26
_START_SECONDS = 20.0
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "LD_LIBRARY_PATH": "/py/lib",
    "MALLOC_ARENA_MAX": "2",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/py/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONPATH": "/py/site",
    "TMPDIR": "/tmp",
    "TZ": "UTC",
}


class Sandbox:
    """A running sandbox, reached by a socket and ended by a handle of its process 1.

    Args:
        image: Folder with the interpreter and the import set.

    Raises:
        SandboxRefusedError: bubblewrap is absent, or may not do its work here.
    """

    def __init__(self, image: Path) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        info_read, info_write = os.pipe()
        rules = os.memfd_create("seccomp")
        try:
            os.write(rules, server_filter())
            os.lseek(rules, 0, os.SEEK_SET)
            self._outer = _start(image, theirs.fileno(), info_write, rules)
        except BaseException as error:
            self.socket.close()
            os.close(info_read)
            if isinstance(error, OSError):
                raise _refused(str(error)) from error
            raise
        finally:
            theirs.close()
            os.close(info_write)
            os.close(rules)
        self._inner = -1
        try:
            self._inner = os.pidfd_open(_inner_pid(info_read))
        except OSError as error:
            raise self.failed() from error
        finally:
            os.close(info_read)

    def failed(self) -> SandboxRefusedError:
        """Stop it, and say why it did not come up."""
        self._end()
        said = ""
        if self._outer.stderr:
            said = self._outer.stderr.read().decode(errors="replace").strip()[-800:]
            self._outer.stderr.close()
        return _refused(said or f"it ended with code {self._outer.returncode}")

    def stop(self) -> None:
        """End the sandbox with all that runs in it."""
        self._end()
        if self._outer.stderr:
            self._outer.stderr.close()

    def _end(self) -> None:
        self.socket.close()
        if self._inner >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._inner, signal.SIGKILL)
            os.close(self._inner)
            self._inner = -1
        try:
            self._outer.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            self._outer.kill()
            self._outer.wait()

    def forget(self) -> None:
        """In a forked copy of this process: let go of the sandbox, which belongs to the original."""
        self.socket.close()
        if self._inner >= 0:
            os.close(self._inner)
            self._inner = -1
        self._outer.returncode = 0  # not ours to wait for


def _start(image: Path, channel: int, info: int, rules: int) -> subprocess.Popen[bytes]:
    root = os.geteuid() == 0
    return subprocess.Popen(
        [*command(image, info, rules), str(channel)],
        cwd="/",
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(channel, info, rules),
        user=NOBODY if root else None,
        group=NOBODY if root else None,
        extra_groups=[] if root else None,
        start_new_session=True,
    )


def _inner_pid(info: int) -> int:
    words = b""
    while not words.endswith(b"}\n"):
        ready, _, _ = select.select([info], [], [], _START_SECONDS)
        part = os.read(info, 4096) if ready else b""
        if not part:
            raise OSError("bubblewrap did not start")
        words += part
    return int(json.loads(words)["child-pid"])


def command(image: Path, info: int, rules: int) -> list[str]:
    """The command line, up to the number of the server's socket."""
    words = [executable(), "--unshare-all", "--unshare-user", "--new-session", "--as-pid-1", "--clearenv"]
    words += ["--uid", str(NOBODY), "--gid", str(NOBODY), "--hostname", "sandbox", "--cap-drop", "ALL"]
    if "--disable-userns" in _options():
        words.append("--disable-userns")
    for name, value in _ENVIRONMENT.items():
        words += ["--setenv", name, value]
    words += ["--ro-bind", str(image), "/py", *_libraries()]
    for name in _DEVICES:
        words += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    words += ["--perms", "0700", "--size", str(_TMP_BYTES), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    words += ["--remount-ro", "/", "--info-fd", str(info), "--seccomp", str(rules), "--"]
    return [*words, f"/py/bin/{interpreter().name}", "-s", "-S", "-P", "/py/inside/server.py"]


def _libraries() -> list[str]:
    """The system's shared libraries and time zones, read-only."""
    words = []
    for place in ("/usr/lib", "/usr/lib64", "/lib", "/lib64"):
        path = Path(place)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), place]
        elif path.is_dir():
            words += ["--ro-bind", place, place]
    for place in ("/etc/ld.so.cache", "/usr/share/zoneinfo"):
        words += ["--ro-bind-try", place, place]
    return words


def executable() -> str:
    """Path of bubblewrap.

    Raises:
        SandboxRefusedError: It is not installed.
    """
    found = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    if found is None:
        raise SandboxRefusedError(
            "bubblewrap is not installed, so nothing here can hold untrusted code",
            do="install it, for instance: apt-get install bubblewrap",
        )
    return found


@functools.cache
def _options() -> str:
    return subprocess.run([executable(), "--help"], capture_output=True, text=True, check=False).stdout


def _refused(words: str) -> SandboxRefusedError:
    advice = "run `bwrap --unshare-all --ro-bind / / true` as an ordinary user to see what is missing"
    if any(part in words for part in ("namespace", "uid map", "not permitted", "Permission denied")):
        advice = (
            "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or"
            " kernel.apparmor_restrict_unprivileged_userns=0); in a container, let it make namespaces"
        )
    return SandboxRefusedError(f"bubblewrap cannot make a sandbox here: {words}", do=advice)
