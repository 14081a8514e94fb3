"""Hostile code: each payload is stopped, the next job is answered, and finds nothing of the one before.

The payloads are in ``attacks/``: those of ``reaching.txt`` end with a list of what they got hold of,
which has to be empty; those of ``bombs.txt`` have to end in one of the ways named in their title.
"""

from __future__ import annotations

import os
import platform
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from prmkit.verify.sandbox import Limits, Result, SandboxPool
from prmkit.verify.sandbox.filter import MACHINES

HERE = Path(__file__).parent / "attacks"
QUICK = Limits(seconds=1.0, memory=1 << 28, output=4096, disk=1 << 22, files=200)
PATIENT = replace(QUICK, seconds=20.0)  # what has to end otherwise gets time, also on a busy machine
PRELUDE = (HERE / "prelude.txt").read_text()
NUMBERS = MACHINES[platform.machine()].numbers


def payloads(name: str) -> dict[str, str]:
    """Code by title."""
    parts = re.split(r"(?m)^=== ", (HERE / name).read_text())[1:]
    return {title: code for title, _, code in (part.partition("\n") for part in parts)}


REACHING = payloads("reaching.txt")
BOMBS = payloads("bombs.txt")

FORGERIES = {
    "pickle": b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.",
    "not JSON": b"{",
    "another shape": b'{"status": "ok", "value": 1}',
    "not a number": b'{"value": NaN, "exception": null, "line": null}',
    "no finite number": b'{"value": 1e999, "exception": null, "line": null}',
    "a huge integer": b'{"value": ' + b"9" * 100_000 + b', "exception": null, "line": null}',
    "too deep": b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b', "exception": null, "line": null}',
    "a false line": b'{"value": 1, "exception": "E", "line": -1}',
    "no text": b"\xff\xfe\x00",
    "words of the server": b'{"why": null, "code": 0, "seconds": 0, "peak": 0, "clean": true}',
}
FLOOD = "import os\nwhile True: os.write(%d, b'x' * 65536)"
LOOK = """
import os, resource
[os.listdir('/tmp'), os.getcwd(), sorted(os.listdir('/')), oct(os.stat('/tmp').st_mode),
 os.listxattr('/tmp'), os.getpriority(os.PRIO_PROCESS, 0), os.umask(0),
 resource.getrlimit(resource.RLIMIT_CPU)[0], sorted(os.environ)]
"""


@pytest.fixture(scope="module")
def pool():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_TOKEN", "hush")
        # Many open files, so that the server's socket gets a high number and may be overlooked.
        held = [os.open(os.devnull, os.O_RDONLY) for _ in range(300)]
        with SandboxPool() as opened:
            yield opened
        for descriptor in held:
            os.close(descriptor)


@pytest.fixture(scope="module")
def untouched(pool: SandboxPool) -> object:
    return pool.run(LOOK).value


@pytest.fixture
def answered(pool: SandboxPool, untouched: object):
    """The next job is answered, and sees what the first one saw."""
    yield
    after = pool.run(LOOK)
    assert (after.status, after.value) == ("ok", untouched)
    assert after.value[0] == []


def run(pool: SandboxPool, code: str, limits: Limits = PATIENT, **inputs: object) -> Result:
    began = time.monotonic()
    result = pool.run(code, inputs, limits)
    assert time.monotonic() - began < 40
    assert len(result.stdout) <= QUICK.output
    return result


def test_the_suite_is_as_large_as_it_says() -> None:
    assert len(REACHING) + len(BOMBS) + len(FORGERIES) >= 100


def test_a_payload_that_reaches_something_is_seen(pool: SandboxPool) -> None:
    code = (
        PRELUDE
        + "reach(lambda: open('/dev/zero', 'rb').read(1), lambda: call('getpid'), lambda: call('mkdir', 0))"
    )
    result = pool.run(code, {"numbers": NUMBERS})
    assert result.value[:2] == ["b'\\x00'", "'done'"]


@pytest.mark.usefixtures("answered")
@pytest.mark.parametrize("name", REACHING)
def test_nothing_is_reached(pool: SandboxPool, name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush")
    servers = list(pool._free)
    result = run(pool, PRELUDE + REACHING[name], secret=str(secret), numbers=NUMBERS)
    assert (result.status, result.value) == ("ok", []), result
    assert pool._free == servers, "the server was lost"


@pytest.mark.usefixtures("answered")
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_stopped(pool: SandboxPool, name: str) -> None:
    statuses = name.partition(" -> ")[2].split()
    limits = QUICK if "timeout" in statuses else PATIENT
    result = run(pool, BOMBS[name], limits)
    assert result.status in statuses, result
    assert result.seconds < limits.seconds + 2


@pytest.mark.usefixtures("answered")
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_result_is_no_result(pool: SandboxPool, name: str) -> None:
    words = FORGERIES[name]
    result = run(
        pool,
        "import os\nwhile words: words = words[os.write(3, bytes.fromhex(words)) * 2:]\nos._exit(0)",
        words=words.hex(),
    )
    assert (result.status, result.value) == ("killed", None), result


@pytest.mark.usefixtures("answered")
def test_text_that_no_file_could_hold_is_replaced(pool: SandboxPool) -> None:
    result = run(pool, "print('\\ud800'); ['\\udfff', {'\\ud800': 1}]")
    assert (result.stdout, result.value) == ("\\ud800\n", ["?", {"?": 1}])
    assert run(pool, "raise ValueError('\\ud800')").exception == "ValueError: ?"


@pytest.mark.usefixtures("answered")
@pytest.mark.parametrize("descriptor", [1, 3])
def test_floods_end_the_job(pool: SandboxPool, descriptor: int) -> None:
    result = run(pool, FLOOD % descriptor)
    words = {1: "too much output", 3: "too large a result"}
    assert (result.status, result.exception) == ("killed", words[descriptor])


# Looks for a word without ever holding it: shifted by one, in shifted copies of the pages. Without /proc
# the heap is found around objects of all sizes.
SCAN = """
import ctypes
found, step = set(), 1 << 12
libc = ctypes.CDLL(None)
table, seen = bytes((i + 1) % 256 for i in range(256)), ctypes.create_string_buffer(8)
for size in (10, 100, 500, 1000, 4000, 20_000, 100_000, 300_000):
    for _ in range(20):
        place = id(bytearray(size)) & ~(step - 1)
        for page in range(place - 64 * step, place + 64 * step, step):
            if libc.mincore(ctypes.c_void_p(page), ctypes.c_size_t(step), seen) == 0:
                if bytes(shifted) in ctypes.string_at(page, step).translate(table):
                    found.add(page)
len(found)
"""


def test_a_job_finds_no_text_of_the_one_before_in_memory(pool: SandboxPool) -> None:
    word = "Tlaxcala-9641"
    for code in (f"x = '{word}'; print(x); x", f"raise ValueError('{word}')"):
        assert word in str(pool.run(code, {"given": word * 100}))
    shifted = {"shifted": [byte + 1 for byte in word.encode()]}
    seen = pool.run(SCAN, shifted, Limits(seconds=20))
    assert (seen.status, seen.value) == ("ok", 0), seen
    # The scan does see what is there.
    holding = f"held = [('{word}' + str(i)) * 9 for i in range(999)]\n"
    own = pool.run(holding + SCAN, shifted, Limits(seconds=20))
    assert own.value > 0, own


def test_files_left_behind_are_gone(pool: SandboxPool) -> None:
    left = """
import os
os.makedirs('a/b/c'); open('a/b/c/f', 'w').write('1'); os.symlink('/usr', 'l'); os.chmod('a/b', 0)
os.chmod('/tmp', 0o1777); os.utime('/tmp', (1, 1)); open('.hidden', 'w'); os.umask(0o77)
"""
    assert pool.run(left).status == "ok"
    assert pool.run(LOOK).value[0] == []


def test_children_end_with_their_job(pool: SandboxPool) -> None:
    many = Limits(seconds=20, processes=4)
    code = """
import subprocess, sys, os
child = "import os, time\\nos.fork()\\nwhile True:\\n    open('/tmp/left', 'w'); time.sleep(0.01)"
subprocess.Popen([sys.executable, '-c', child]).pid
"""
    pid = pool.run(code, limits=many).value
    after = pool.run(
        f"import os, time\ntime.sleep(0.3)\ntry:\n    os.kill({pid}, 0); alive = True\n"
        "except ProcessLookupError:\n    alive = False\n[alive, os.listdir('/tmp')]",
        limits=many,
    )
    assert after.value == [False, []]


def test_a_job_with_processes_cannot_end_the_server_or_go_past_their_number(pool: SandboxPool) -> None:
    servers = list(pool._free)
    code = """
import os, time
refused = []
for pid, number in ((1, 9), (1, 15), (1, 19), (1, 2)):
    try:
        os.kill(pid, number)
    except OSError:
        refused.append(pid)
children = 0
try:
    while children < 1000:
        if os.fork() == 0:
            time.sleep(99)
        children += 1
except OSError:
    pass
children
"""
    result = pool.run(code, limits=Limits(seconds=20, processes=3, threads=2))
    assert result.status == "ok"
    assert result.value <= 4
    assert pool.run("1").value == 1
    assert pool._free == servers


def test_the_caller_is_not_root_inside_nor_outside(pool: SandboxPool) -> None:
    assert pool.run("import os; [os.getuid() > 0, os.getgid() > 0, os.getgroups() == [0]]").value == [
        True,
        True,
        False,
    ]
    if os.geteuid() == 0:
        pids = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
        servers = [p for p in pids if b"/py/inside/server.py" in _read(f"/proc/{p}/cmdline")]
        owners = {Path(f"/proc/{p}/status").read_text().split("Uid:")[1].split()[0] for p in servers}
        assert servers
        assert "0" not in owners


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""
