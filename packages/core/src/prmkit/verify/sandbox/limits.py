"""What a job may use, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prmkit.errors import ConfigError
from prmkit.types import Json

_MOST = 1 << 50

Outcome = Literal["ok", "error", "timeout", "killed", "refused"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use. Passing one ends the job, except memory: that raises MemoryError in it.

    Raises:
        ConfigError: A limit is not positive, or a count is not whole.

    Examples:
        >>> Limits(seconds=2.0).processes
        1
    """

    seconds: float = 5.0
    """Wall-clock time, counted from the fork."""
    memory: int = 1 << 30
    """Bytes of address space on top of what the warm server holds; of each process, if there are several."""
    output: int = 1 << 16
    """Bytes of standard output."""
    value: int = 1 << 20
    """Bytes of the value as JSON; a longer one comes back as the start of its repr."""
    processes: int = 1
    """Processes at once, the job's own included. With 1 it can neither fork nor execute a program."""
    threads: int = 16
    """Threads at once, the main one included; with several processes, of all together."""
    files: int = 1000
    """Files and folders in /tmp."""
    disk: int = 1 << 25
    """Bytes in /tmp, and of any one file. At most 64 MiB count."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            given = getattr(self, name)
            whole = name != "seconds"
            if isinstance(given, bool) or not isinstance(given, int if whole else (int, float)):
                raise ConfigError(f"limit {name}={given!r}", do="give a number", field=name)
            if not 0 < given < _MOST:
                raise ConfigError(f"limit {name}={given}", do="give a number > 0", field=name)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one job."""

    status: Outcome
    """``ok``; ``error``: it raised; ``timeout``; ``killed``: it passed a limit or died; ``refused``: its
    code and inputs do not fit into its memory."""
    stdout: str = ""
    """At most ``Limits.output`` bytes; bytes that are no UTF-8 are replaced."""
    value: Json = None
    """Value of the code's last expression, as JSON or as its repr; None without one."""
    exception: str | None = None
    """Type and message of what it raised, or why it was ended."""
    line: int | None = None
    """1-based line of the code in which it raised, where known."""
    seconds: float = 0.0
    """Wall-clock time of the job, measured outside of it."""
    peak_memory: int | None = None
    """Most bytes resident at once, the shared pages of the warm server included; None if not measured."""
    backend: str = ""
    """What held the job."""
