"""The plain-subprocess sandbox: limits for honest code, refusal for the rest."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from prmkit.errors import ConfigError, SandboxRefusedError
from prmkit.verify.sandbox import Limits, SandboxPool


def test_it_refuses_unless_the_caller_vouches() -> None:
    with pytest.raises(SandboxRefusedError, match="cannot hold code that a model") as caught:
        SandboxPool(workers=2)
    assert "trusted=True" in caught.value.do


@pytest.fixture(scope="module")
def pool():
    with SandboxPool(workers=2, trusted=True) as opened:
        yield opened


def test_value_output_and_inputs(pool: SandboxPool) -> None:
    result = pool.run("def f(x):\n    return [x, x * 2]\nprint('é', a)\nf(a)", inputs={"a": 21})
    assert (result.status, result.stdout, result.value) == ("ok", "é 21\n", [21, 42])
    assert result.exception is None
    assert result.backend == "subprocess"
    assert result.seconds > 0
    assert result.peak_memory > 1 << 20
    assert pool.run("x = 1").value is None
    assert pool.run("{1, 2}").value == "{1, 2}"  # not JSON: its repr


def test_exceptions_are_results(pool: SandboxPool) -> None:
    assert pool.run("1 / 0").exception == "ZeroDivisionError: division by zero"
    assert pool.run("x = (").status == "error"
    assert pool.run("raise SystemExit(3)").exception == "SystemExit: 3"


def test_limits_hold(pool: SandboxPool) -> None:
    # Long enough for an interpreter to start on a busy machine.
    slow = pool.run("print('begun', flush=True)\nwhile True: pass", limits=Limits(seconds=3.0))
    assert (slow.status, slow.stdout) == ("timeout", "begun\n")
    big = pool.run("x = bytearray(10**9)", limits=Limits(memory=1 << 28))
    assert big.exception.startswith("MemoryError")
    loud = pool.run("while True: print('x' * 100)", limits=Limits(output=1000))
    assert (loud.status, len(loud.stdout), loud.exception) == ("killed", 1000, "too much output")
    dead = pool.run("import os; os.kill(os.getpid(), 9)")
    assert (dead.status, dead.exception) == ("killed", "signal 9")


def test_nothing_of_the_caller_leaks_in_and_nothing_stays(
    pool: SandboxPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    code = "import os; open('left', 'w').write('1'); [sorted(os.environ), os.getcwd()]"
    names, folder = pool.run(code).value
    assert "SECRET_TOKEN" not in names
    assert not Path(folder).exists()


def test_children_are_ended_with_the_job(pool: SandboxPool) -> None:
    code = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']).pid"
    )
    pid = pool.run(code).value
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail("a child outlives its job")


def test_many_jobs_come_back_in_order(pool: SandboxPool) -> None:
    jobs = [(f"import time; time.sleep({0.05 * (i % 2)}); {i}", None) for i in range(8)]
    assert [r.value for r in pool.map(jobs)] == list(range(8))


def test_bad_settings_are_named(pool: SandboxPool) -> None:
    with pytest.raises(ConfigError, match="seconds"):
        Limits(seconds=0)
    with pytest.raises(ConfigError, match="inputs are not JSON"):
        pool.run("1", inputs={"x": object()})
