"""The sandbox as its users see it: values, limits, order, refusal, and a pool that survives its servers."""

from __future__ import annotations

import pytest

from prmkit.errors import ConfigError, MissingToolError
from prmkit.verify.sandbox import Limits, SandboxPool


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
    slow = pool.run("print('begun')\nwhile True: pass", limits=Limits(seconds=0.5))
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
