"""Where nothing safe works the pool refuses and says what to do; only a switch lets code run unheld."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest

from prmkit.errors import SandboxRefusedError
from prmkit.report.compose import compose
from prmkit.report.load import Run
from prmkit.verify.sandbox import UNSAFE_WORDS, Limits, SandboxPool, bubblewrap, pool, probe, unsafe_used
from prmkit.workflow import facts


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_used", [])
    monkeypatch.setattr(pool, "_shared", {})
    monkeypatch.delenv(probe.UNSAFE, raising=False)


@pytest.fixture
def nothing_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)


@pytest.mark.usefixtures("nothing_safe")
def test_without_bubblewrap_it_refuses_and_names_the_package() -> None:
    with pytest.raises(SandboxRefusedError, match="bubblewrap is not installed") as caught:
        SandboxPool(workers=2)
    assert "apt-get install bubblewrap" in caught.value.do
    assert not unsafe_used()


def test_on_macos_it_says_where_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(probe.platform, "system", lambda: "Darwin")
    with pytest.raises(SandboxRefusedError, match="Linux only, this is Darwin") as caught:
        SandboxPool()
    assert "Linux machine or container" in caught.value.do


def test_on_an_unknown_processor_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.platform, "machine", lambda: "riscv64")
    with pytest.raises(SandboxRefusedError, match="no system-call filter for 'riscv64'"):
        SandboxPool()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("bwrap: No permissions to create new namespace", "kernel.unprivileged_userns_clone=1"),
        ("bwrap: setting up uid map: Permission denied", "apparmor_restrict_unprivileged_userns=0"),
        ("bwrap: Unknown option --as-pid-1", "ordinary user"),
    ],
)
def test_a_bubblewrap_that_may_not_work_is_quoted(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch, words: str, advice: str
) -> None:
    fake = open_folder / "bwrap"
    fake.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "executable", lambda: str(fake))
    bubblewrap._options.cache_clear()
    with pytest.raises(SandboxRefusedError, match=words) as caught:
        SandboxPool()
    assert advice in caught.value.do
    bubblewrap._options.cache_clear()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
def test_a_root_that_cannot_become_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(bubblewrap, "executable", lambda: "/usr/bin/bwrap")
    monkeypatch.setattr(bubblewrap, "_start", denied)
    with pytest.raises(SandboxRefusedError, match="Operation not permitted"):
        SandboxPool()


def test_a_refusal_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def start(*args: object) -> None:
        asked.append(args)
        raise SandboxRefusedError("no", do="nothing")

    monkeypatch.setattr(pool, "start", start)
    for _ in range(3):
        with pytest.raises(SandboxRefusedError, match="no"):
            pool.shared_pool(("json",))
    assert len(asked) == 1


def test_the_switch_changes_nothing_where_something_safe_works() -> None:
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed: apt-get install bubblewrap")
    with SandboxPool(unsafe=True) as opened:
        assert opened.run("1").backend == "bubblewrap"
    assert not unsafe_used()


@pytest.mark.usefixtures("nothing_safe")
def test_the_switch_is_told_in_results_and_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "unsafe_code" not in facts.machine()
    monkeypatch.setenv(probe.UNSAFE, "1")
    assert facts.machine()["unsafe_code"] is True  # verifiers run in processes of their own
    assert pool.shared_pool().run("1 + 1").backend == "subprocess (unsafe)"
    run = Run("r", Path("r"), manifest={"machine": facts.machine()})
    assert UNSAFE_WORDS in compose([run]).notes
    assert UNSAFE_WORDS not in compose([Run("r", Path("r"), manifest={"machine": {}})]).notes


@pytest.fixture
def unsafe(nothing_safe: None):
    with SandboxPool(workers=2, unsafe=True) as opened:
        yield opened


def test_honest_code_runs_the_same(unsafe: SandboxPool) -> None:
    result = unsafe.run("def f(x):\n    return [x, x * 2]\nprint('é', a)\nf(a)", inputs={"a": 21})
    assert (result.status, result.stdout, result.value) == ("ok", "é 21\n", [21, 42])
    assert unsafe.run("x = 1\n1 / 0").exception == "ZeroDivisionError: division by zero"
    assert [r.value for r in unsafe.map((str(i), None) for i in range(4))] == [0, 1, 2, 3]
    assert unsafe_used()


def test_honest_mistakes_are_kept_in_bounds(unsafe: SandboxPool) -> None:
    # Long enough for an interpreter to start on a busy machine.
    slow = unsafe.run("print('begun')\nwhile True: pass", limits=Limits(seconds=4.0))
    assert (slow.status, slow.stdout) == ("timeout", "begun\n")
    big = unsafe.run("x = bytearray(10**9)", limits=Limits(memory=1 << 28))
    assert big.exception == "MemoryError"
    loud = unsafe.run("while True: print('x' * 100)", limits=Limits(output=1000, disk=2000))
    assert (loud.status, len(loud.stdout), loud.exception) == ("killed", 1000, "too much output")
    dead = unsafe.run("import os; os.kill(os.getpid(), 9)")
    assert (dead.status, dead.exception) == ("killed", "signal 9")


def test_nothing_of_the_caller_leaks_in_and_nothing_stays(
    unsafe: SandboxPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    code = "import os; open('left', 'w').write('1'); [sorted(os.environ), os.getcwd()]"
    names, folder = unsafe.run(code).value
    assert "SECRET_TOKEN" not in names
    assert not Path(folder).exists()


def test_children_are_ended_with_the_job(unsafe: SandboxPool) -> None:
    pid = unsafe.run(
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']).pid"
    ).value
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}/stat").exists():
        if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        assert time.monotonic() < deadline, "a child outlives its job"
        time.sleep(0.1)
