"""The system-call filter: a small assembler for the kernel's classic BPF, and the two programs made with it.

Everything that is not on a list is refused; see :mod:`prmkit.verify.sandbox.syscalls`.

Source: Linux ``seccomp_data`` (number at byte 0, architecture at 4, arguments from 16, 8 bytes each).
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prmkit.verify.sandbox import syscalls

_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEW* of every kind."""
_THREAD = 0x00010000
_TTY_AND_SIZE = (0x5401, 0x541B, 0x5450, 0x5451, 0x5421)
"""ioctl: TCGETS, FIONREAD, FIONCLEX, FIOCLEX, FIONBIO."""
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


MACHINES = {
    "x86_64": Machine(0xC000003E, syscalls.X86_64),
    "aarch64": Machine(0xC00000B7, syscalls.AARCH64),
}

Block = list[tuple[int, int, int, int]]


def server_filter(machine: str | None = None) -> bytes:
    """For the server, and so for all it forks: it may besides start jobs, end them and take descriptors.

    Raises:
        KeyError: No table for this processor.
    """
    return _program(machine, lambda number: [_allow(n) for n in number(syscalls.SERVER + _SPECIAL)])


def job_filter(processes: bool, machine: str | None = None) -> bytes:
    """For one job, on top of the server's.

    Args:
        processes: Whether it may fork and exec; without, it may start threads only.
        machine: Processor as ``platform.machine()`` names it; this one if None.

    Raises:
        KeyError: No table for this processor.
    """

    def blocks(number: Callable[[Sequence[str]], list[int]]) -> list[Block]:
        found = [_clone(n, processes) for n in number(["clone"])]
        if processes:
            found += [_allow(n) for n in number(["fork", "vfork", "execve", "kill"])]
        else:
            found += [_one_of(n, 0, (OWN_PID,)) for n in number(["kill"])]
        found += [_one_of(n, 0, (OWN_PID,)) for n in number(["tgkill"])]
        found += [_one_of(n, 0, (0, OWN_PID)) for n in number(["prlimit64"])]
        found += [_one_of(n, 0, _NAMES) for n in number(["prctl"])]
        return found + [_one_of(n, 1, _TTY_AND_SIZE) for n in number(["ioctl"])]

    return _program(machine, blocks)


_SPECIAL = ["clone", "fork", "vfork", "execve", "kill", "tgkill", "prlimit64", "prctl", "ioctl"]
_REFUSED = [*syscalls.DENIED, *syscalls.SERVER, *_SPECIAL, "execveat", "tkill"]


def _program(
    machine: str | None, extra: Callable[[Callable[[Sequence[str]], list[int]]], list[Block]]
) -> bytes:
    target = MACHINES[machine or platform.machine()]

    def number(names: Sequence[str]) -> list[int]:
        return [target.numbers[name] for name in names if name in target.numbers]

    code: Block = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, target.audit), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    for block in extra(number):
        code += block
    for n in number(syscalls.EVERYDAY):
        code += _allow(n)
    # After the special ones: the first match decides.
    for n in number(_REFUSED):
        code += [(_EQUAL, 0, 1, n), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    code.append((_RETURN, 0, 0, _ERRNO | errno.ENOSYS))
    return b"".join(struct.pack("=HBBI", *line) for line in code)


def _allow(number: int) -> Block:
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]


def _argument(index: int) -> tuple[int, int, int, int]:
    """Load the low half: the arguments tested here are 32 bits wide to the kernel."""
    return (_LOAD, 0, 0, 16 + 8 * index)


def _one_of(number: int, index: int, values: Sequence[int]) -> Block:
    body: Block = [_argument(index)]
    for value in values:
        body += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    body.append((_RETURN, 0, 0, _ERRNO | errno.EPERM))
    return [(_EQUAL, 0, len(body), number), *body]


def _clone(number: int, processes: bool) -> Block:
    """Never a new namespace; a process only where the job may have some, else threads."""
    body: Block = [
        _argument(0),
        (_AND, 0, 0, _NEW_NAMESPACES),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
    ]
    if not processes:
        body += [
            _argument(0),
            (_AND, 0, 0, _THREAD),
            (_EQUAL, 1, 0, _THREAD),
            (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        ]
    body.append((_RETURN, 0, 0, _ALLOW))
    return [(_EQUAL, 0, len(body), number), *body]
