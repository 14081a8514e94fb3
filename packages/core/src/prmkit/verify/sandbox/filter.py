"""The system-call filter: a small assembler for the kernel's classic BPF, and the two programs made with it.

Everything that is not on a list is refused; see :mod:`prmkit.verify.sandbox.syscalls`.

Source: Linux ``seccomp_data`` (number at byte 0, architecture at 4, arguments from 16, 8 bytes each).
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from prmkit.verify.sandbox import syscalls

_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEW* of every kind."""
_THREAD = 0x00010000
_TTY_AND_SIZE = (0x5401, 0x541B, 0x5450, 0x5451, 0x5421)
"""ioctl: TCGETS, FIONREAD, FIONCLEX, FIOCLEX, FIONBIO."""
_FILE_CONTROL = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032, 36, 37, 38)
"""fcntl: duplicates, flags and locks; not the owner of a signal, leases, watches or pipe sizes."""
_NAMES = (15, 16)
"""prctl: PR_SET_NAME, PR_GET_NAME."""
OWN_PID = 0x5EED5EED
"""Stands in a job's program for the job's process id, which only its fork knows."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor the filter is written for."""

    audit: int
    """AUDIT_ARCH of the kernel."""
    numbers: dict[str, int]

    def of(self, names: Sequence[str]) -> list[int]:
        """Numbers of the calls that this processor has."""
        return [self.numbers[name] for name in names if name in self.numbers]


MACHINES = {
    "x86_64": Machine(0xC000003E, syscalls.X86_64),
    "aarch64": Machine(0xC00000B7, syscalls.AARCH64),
}

Block = list[tuple[int, int, int, int]]


def server_filter(machine: str | None = None) -> bytes:
    """For the server, and so for all it forks: what is not listed is refused.

    Args:
        machine: Processor as ``platform.machine()`` names it; this one if None.

    Raises:
        KeyError: No table for this processor.
    """
    target = _target(machine)
    code: Block = []
    for n in target.of([*syscalls.EVERYDAY, *syscalls.SERVER, *_ASKED]):
        code += [(_EQUAL, 0, 1, n), _answer(_ALLOW)]
    for n in target.of(syscalls.DENIED):
        code += [(_EQUAL, 0, 1, n), _answer(_ERRNO | errno.EPERM)]
    return _program(target, [*code, _answer(_ERRNO | errno.ENOSYS)])


def job_filter(processes: bool, machine: str | None = None) -> bytes:
    """For one job, on top of the server's; the stricter answer counts. Short, since every job loads it.

    Args:
        processes: Whether it may fork and exec; without, it may start threads only.
        machine: Processor as ``platform.machine()`` names it; this one if None.

    Raises:
        KeyError: No table for this processor.
    """
    target = _target(machine)
    code: Block = []
    asked = {"tgkill": (0, (OWN_PID,)), "prlimit64": (0, (0, OWN_PID)), "prctl": (0, _NAMES)}
    asked |= {"ioctl": (1, _TTY_AND_SIZE), "fcntl": (1, _FILE_CONTROL)}
    refused = list(syscalls.SERVER)
    if not processes:
        asked["kill"] = (0, (OWN_PID,))
        refused += ["fork", "vfork", "execve"]
    for n in target.of(refused):
        code += [(_EQUAL, 0, 1, n), _answer(_ERRNO | errno.EPERM)]
    for name, (index, values) in asked.items():
        for n in target.of([name]):
            code += _one_of(n, index, values)
    for n in target.of(["clone"]):
        code += _clone(n, processes)
    return _program(target, [*code, _answer(_ALLOW)])


_ASKED = ["clone", "fork", "vfork", "execve", "kill", "tgkill", "prlimit64", "prctl", "ioctl", "fcntl"]
"""Allowed to the server; of a job their arguments are looked at."""


def _target(machine: str | None) -> Machine:
    return MACHINES[machine or platform.machine()]


def _program(target: Machine, code: Block) -> bytes:
    """The program, after a check that the numbers mean what they mean here."""
    head: Block = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, target.audit), _answer(_KILL), (_LOAD, 0, 0, 0)]
    return b"".join(struct.pack("=HBBI", *line) for line in (*head, *code))


def _answer(action: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, action)


def _argument(index: int) -> tuple[int, int, int, int]:
    """Load the low half: the arguments tested here are 32 bits wide to the kernel."""
    return (_LOAD, 0, 0, 16 + 8 * index)


def _one_of(number: int, index: int, values: Sequence[int]) -> Block:
    body: Block = [_argument(index)]
    for value in values:
        body += [(_EQUAL, 0, 1, value), _answer(_ALLOW)]
    body.append(_answer(_ERRNO | errno.EPERM))
    return [(_EQUAL, 0, len(body), number), *body]


def _clone(number: int, processes: bool) -> Block:
    """Never a new namespace; a process only where the job may have some, else threads."""
    body: Block = [
        _argument(0),
        (_AND, 0, 0, _NEW_NAMESPACES),
        (_EQUAL, 1, 0, 0),
        _answer(_ERRNO | errno.EPERM),
    ]
    if not processes:
        body += [
            _argument(0),
            (_AND, 0, 0, _THREAD),
            (_EQUAL, 1, 0, _THREAD),
            _answer(_ERRNO | errno.EPERM),
        ]
    body.append(_answer(_ALLOW))
    return [(_EQUAL, 0, len(body), number), *body]
