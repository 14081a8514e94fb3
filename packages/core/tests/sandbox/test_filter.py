"""The system-call filter: its numbers against the kernel's headers, its answers by running it here."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from prmkit.verify.sandbox import syscalls
from prmkit.verify.sandbox.filter import MACHINES, OWN_PID, job_filter, server_filter

ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
HEADERS = {
    "x86_64": (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), r"#define __NR_(\w+)\s+(\d+)"),
    "aarch64": (Path("/usr/include/asm-generic/unistd.h"), r"#define __NR(?:3264)?_(\w+)\s+(\d+)"),
}


def answer(program: bytes, number: int, *args: int, audit: int) -> int:
    """What the kernel would make of a call: the few instructions that the assembler uses."""
    data = struct.pack("=iIQ6Q", number, audit, 0, *(*args, *[0] * (6 - len(args))))
    lines = list(struct.iter_unpack("=HBBI", program))
    place = total = 0
    while True:
        code, yes, no, k = lines[place]
        place += 1
        if code == 0x20:
            (total,) = struct.unpack_from("=I", data, k)
        elif code == 0x54:
            total &= k
        elif code == 0x15:
            place += yes if total == k else no
        else:
            assert code == 0x06
            return k


@pytest.fixture(params=list(MACHINES))
def machine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_numbers_are_the_kernel_s(machine: str) -> None:
    path, pattern = HEADERS[machine]
    if not path.is_file():
        pytest.skip(f"the kernel's headers are not installed: {path}")
    known = {name: int(number) for name, number in re.findall(pattern, path.read_text())}
    known["newfstatat"] = known.get("newfstatat", known.get("fstatat", -1))
    numbers = MACHINES[machine].numbers
    assert {name: known.get(name) for name in numbers} == numbers


def test_each_call_stands_in_one_list() -> None:
    lists = [*syscalls.EVERYDAY, *syscalls.SERVER, *syscalls.DENIED]
    assert len(lists) == len(set(lists))
    assert set(lists) <= set(syscalls.X86_64) | set(syscalls.AARCH64)


def both(machine: str, name: str, *args: int, processes: bool = False) -> int:
    """The stricter of the two answers, as the kernel takes it."""
    target = MACHINES[machine]
    answers = [
        answer(program, target.numbers[name], *args, audit=target.audit)
        for program in (server_filter(machine), job_filter(processes, machine))
    ]
    return min(answers, key=lambda a: a & 0x7FFF0000)


def test_what_a_job_may_do(machine: str) -> None:
    for name in ("read", "openat", "mmap", "futex", "exit_group"):
        assert both(machine, name) == ALLOW
    assert both(machine, "clone", 0x3D0F00) == ALLOW  # a thread as glibc makes it
    assert both(machine, "kill", OWN_PID, 9) == ALLOW
    assert both(machine, "tgkill", OWN_PID, OWN_PID, 6) == ALLOW
    assert both(machine, "prlimit64", 0, 7, 0, 1) == ALLOW
    assert both(machine, "fcntl", 3, 3) == ALLOW
    assert both(machine, "ioctl", 1, 0x5401) == ALLOW
    assert both(machine, "clone", 17, processes=True) == ALLOW
    assert both(machine, "execve", processes=True) == ALLOW
    assert both(machine, "kill", 5, 9, processes=True) == ALLOW


@pytest.mark.parametrize("processes", [False, True])
def test_what_no_job_may_do(machine: str, processes: bool) -> None:
    refused = {
        name: both(machine, name, processes=processes)
        for name in (*syscalls.DENIED, *syscalls.SERVER)
        if name in MACHINES[machine].numbers
    }
    assert set(refused.values()) == {EPERM}
    for name, args in (
        ("clone", (0x10000000 | 17,)),
        ("clone", (0x10000000 | 0x10000,)),
        ("prlimit64", (1, 7)),
        ("tgkill", (1, 1, 9)),
        ("prctl", (22, 2)),
        ("ioctl", (0, 0x5412)),
        ("fcntl", (3, 8, 1)),
    ):
        assert both(machine, name, *args, processes=processes) == EPERM, (name, args)
    assert both(machine, "clone3", processes=processes) == ENOSYS


def test_what_a_job_with_one_process_may_not_do(machine: str) -> None:
    assert both(machine, "clone", 17) == EPERM
    assert both(machine, "execve") == EPERM
    assert both(machine, "kill", 1, 9) == EPERM
    assert both(machine, "kill", -1 & 0xFFFFFFFF, 9) == EPERM


def test_calls_of_another_architecture_end_the_process(machine: str) -> None:
    for program in (server_filter(machine), job_filter(True, machine)):
        assert answer(program, 1, audit=0x40000003) == KILL
    # The x32 calls of x86-64 have numbers of their own.
    assert answer(server_filter("x86_64"), 0x40000000 + 41, audit=MACHINES["x86_64"].audit) == ENOSYS
