"""The sandbox as its users see it: values, limits, order, refusal, and a pool that survives its servers."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from prmkit.errors import ConfigError, MissingToolError
from prmkit.verify.sandbox import Limits, SandboxPool, shared_pool


@pytest.fixture(scope="module")
def pool():
    with SandboxPool(workers=2) as opened:
        yield opened


def test_value_output_and_inputs(pool: SandboxPool) -> None:
    result = pool.run("def f(x):\n    return [x, x * 2]\nprint('é', a)\nf(a)", inputs={"a": 21})
    assert (result.status, result.stdout, result.value) == ("ok", "é 21\n", [21, 42])
    assert result.exception is None
    assert result.backend == "bubblewrap"
    assert result.seconds > 0
    assert result.peak_memory > 1 << 20
    assert pool.run("x = 1").value is None
    assert pool.run("{1, 2}").value == "{1, 2}"  # not JSON: its repr


@pytest.mark.parametrize(
    ("code", "words", "line"),
    [
        ("x = 1\n1 / 0", "ZeroDivisionError: division by zero", 2),
        ("x = (", "SyntaxError: '(' was never closed (<job>, line 1)", 1),
        ("raise SystemExit(0)", "SystemExit: 0", 1),  # code that ends early has not passed what follows
        ("def f():\n    raise KeyError\nf()", "KeyError", 2),
    ],
)
def test_exceptions_are_results(pool: SandboxPool, code: str, words: str, line: int) -> None:
    result = pool.run(code)
    assert (result.status, result.exception, result.line) == ("error", words, line)


def test_limits_hold(pool: SandboxPool) -> None:
    slow = pool.run("print('begun')\nwhile True: pass", limits=Limits(seconds=2.0))
    assert (slow.status, slow.stdout) == ("timeout", "begun\n")
    big = pool.run("x = bytearray(10**9)", limits=Limits(memory=1 << 28))
    assert (big.status, big.exception) == ("error", "MemoryError")
    loud = pool.run("while True: print('x' * 100)", limits=Limits(output=1000))
    assert (loud.status, len(loud.stdout), loud.exception) == ("killed", 1000, "too much output")
    dead = pool.run("import os; os.kill(os.getpid(), 9)")
    assert (dead.status, dead.exception) == ("killed", "signal 9")


def test_many_jobs_come_back_in_order(pool: SandboxPool) -> None:
    jobs = [(f"import time; time.sleep({0.05 * (i % 2)}); {i}", None) for i in range(8)]
    assert [r.value for r in pool.map(jobs)] == list(range(8))


def test_bad_settings_are_named(pool: SandboxPool) -> None:
    with pytest.raises(ConfigError, match="seconds"):
        Limits(seconds=0)
    with pytest.raises(ConfigError, match="inputs are not JSON"):
        pool.run("1", inputs={"x": object()})
    with pytest.raises(ConfigError, match="workers=0"):
        SandboxPool(0)
    with pytest.raises(MissingToolError, match="no package provides 'no_such_package'"):
        SandboxPool(imports=("no_such_package",))


@pytest.mark.parametrize(
    "bad",
    [{"memory": -1}, {"output": 1.5}, {"processes": True}, {"seconds": float("nan")}, {"files": 1 << 60}],
)
def test_each_limit_is_checked(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(bad))):
        Limits(**bad)


def test_values_are_json_or_a_repr(pool: SandboxPool) -> None:
    assert pool.run("[1.5, None, True, 'é', {'a': (1, 2)}]").value == [1.5, None, True, "é", {"a": [1, 2]}]
    assert pool.run("float('nan')").value == "nan"
    assert pool.run("x = []; x.append(x); x").value == "[[...]]"
    assert pool.run("10 ** 5000").value == "<int without repr: ValueError>"
    assert pool.run("object").value == "<class 'object'>"
    long = pool.run("list(range(10**5))", limits=Limits(value=1000))
    assert long.value.startswith("[0, 1, 2,")
    assert len(long.value) == 2000


def test_a_job_is_a_program_of_its_own(pool: SandboxPool) -> None:
    code = """
import dataclasses, inspect, random, sys
@dataclasses.dataclass
class A:
    x: int
    def double(self): return 2 * self.x
[A(2).double(), __name__, inspect.getsource(A.double).strip(), sys.argv, random.random(), hash("a")]
"""
    first, second = pool.run(code), pool.run(code)
    assert first.value[:4] == [4, "__main__", "def double(self): return 2 * self.x", ["<job>"]]
    assert first.value == second.value  # no chance but its own


def test_ten_thousand_bytes_and_more_go_both_ways(pool: SandboxPool) -> None:
    text = "x" * 5_000_000
    result = pool.run("print(a[:300_000]); a[:900_000]", {"a": text}, Limits(output=1 << 20))
    assert (result.status, len(result.stdout), len(result.value)) == ("ok", 300_001, 900_000)
    refused = pool.run("1", {"a": text}, Limits(memory=1 << 20))
    assert (refused.status, refused.value) == ("refused", None)
    assert "do not fit into memory=1048576" in refused.exception


def children(pid: int) -> list[int]:
    """Process ids of the children of a process."""
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and parent(p) == pid]


def parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return -1


def servers(pid: int) -> list[int]:
    """Servers that a process started, the latest last."""
    return sorted(inner for outer in children(pid) for inner in children(outer) if is_server(inner))


def is_server(pid: int) -> bool:
    try:
        return b"/py/inside/server.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_killed_server_is_replaced() -> None:
    with SandboxPool() as pool:
        before = servers(os.getpid())[-1]
        os.kill(before, signal.SIGKILL)
        assert pool.run("1 + 1").value == 2  # killed between jobs: nobody is blamed
        assert servers(os.getpid())[-1] != before
        killer = threading.Thread(target=kill_servers, args=(pool, 1))
        killer.start()
        again = pool.run("import time; time.sleep(3); 3", limits=Limits(seconds=60))
        assert again.value == 3  # killed under a job: run once more
        killer.join()
        killer = threading.Thread(target=kill_servers, args=(pool, 2))
        killer.start()
        lost = pool.run("import time; time.sleep(55)", limits=Limits(seconds=60))
        assert (lost.status, lost.exception) == ("killed", "the sandbox's server ended")
        killer.join()
        assert pool.run("1 + 1").value == 2


def kill_servers(pool: SandboxPool, number: int) -> None:
    """Kill the server under its job, and then the one that takes its place."""
    killed: set[object] = set()
    while len(killed) < number:
        time.sleep(0.3)
        if pool._all - killed and not pool._free:  # one is up, and has been given the job
            killed |= pool._all
            time.sleep(0.3)
            os.kill(servers(os.getpid())[-1], signal.SIGKILL)


def test_a_stopped_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prmkit.verify.sandbox.worker._GRACE", 0.5)
    with SandboxPool() as pool:
        os.kill(servers(os.getpid())[-1], signal.SIGSTOP)
        assert pool.run("1", limits=Limits(seconds=0.5)).status == "killed"
        assert pool.run("1").value == 1


def test_servers_end_with_the_pool_and_with_its_process() -> None:
    with SandboxPool(workers=2) as pool:
        list(pool.map([("1", None)] * 4))
        pid = servers(os.getpid())[-1]
    assert not is_server(pid)
    with pytest.raises(ConfigError, match="closed"):
        pool.run("1")
    code = (
        "import os, time\nfrom prmkit.verify.sandbox import SandboxPool\np = SandboxPool()\n"
        "print(p.run('1').value, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "1\n"
        inner = servers(holder.pid)
        assert inner
        holder.kill()
    deadline = time.monotonic() + 10
    while any(map(is_server, inner)):
        assert time.monotonic() < deadline, "a server outlives the process that started it"
        time.sleep(0.05)


def test_a_fork_of_the_caller_has_pools_of_its_own(pool: SandboxPool) -> None:
    mine = shared_pool()
    assert shared_pool(()) is mine
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        said = b"?"
        try:
            other = shared_pool()
            said = f"{other is not mine} {other.run('2').value}".encode()
            try:
                pool.run("1")
            except ConfigError:
                said += b" refused"
            other.close()
        finally:
            os.write(write, said)
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert os.read(read, 100) == b"True 2 refused"
    os.close(read)
    assert mine.run("1").value == 1
    assert pool.run("1").value == 1


def test_the_set_is_imported_before_the_first_job() -> None:
    with SandboxPool(imports=("numpy",), warm="import numpy; numpy.sum([1])") as pool:
        loaded = pool.run("import sys; 'numpy' in sys.modules")
        assert loaded.value is True
        result = pool.run("import numpy as np; [np.arange(3), np.float64(2.5), np.int64(7)]")
        assert result.value == [[0, 1, 2], 2.5, 7]
        draws = [pool.run("import numpy as np; np.random.random()").value for _ in range(2)]
        assert draws[0] == draws[1]
        # Limits count from what the server holds, so that a heavy set leaves as much room as none.
        room = pool.run("x = bytearray(60 << 20); len(x)", limits=Limits(memory=1 << 27))
        assert room.value == 60 << 20
        assert pool.run("import pandas").exception.startswith("ModuleNotFoundError")


def test_a_set_that_cannot_be_imported_says_so() -> None:
    with pytest.raises(MissingToolError, match="ZeroDivisionError"):
        SandboxPool(warm="1 / 0")


def test_memory_and_descriptors_stay_flat_over_many_jobs(pool: SandboxPool) -> None:
    def jobs(number: int):
        return ((f"{i} * 2", {"i": i}) for i in range(number))

    assert [r.value for r in pool.map(jobs(200))] == [2 * i for i in range(200)]
    held = len(list(Path("/proc/self/fd").iterdir()))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for i, result in enumerate(pool.map(jobs(600))):
        assert result.value == 2 * i
    assert len(list(Path("/proc/self/fd").iterdir())) == held
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < 8 << 10


def test_a_reader_that_leaves_early_leaves_the_pool_working(pool: SandboxPool) -> None:
    results = pool.map((str(i), None) for i in range(10**9))
    assert next(results).value == 0
    results.close()
    assert pool.run("3").value == 3


def test_threads_share_a_pool(pool: SandboxPool) -> None:
    found: dict[int, object] = {}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: pool.run(f"{i} + 1").value})) for i in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: i + 1 for i in range(12)}
