"""The verification engine: order, one piece of evidence a step, limits, deaths, cache, resumption."""

from __future__ import annotations

import copy
import importlib.metadata
import itertools
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.contracts import Finding, StepVerifier
from prmkit.errors import ConfigError, MissingToolError, PluginError, StorageError
from prmkit.types import Claim, Code, Evidence, Problem, Provenance, Sample, Trajectory, Verdict
from prmkit.verify.cache import EvidenceCache, judge_key, tool_version
from prmkit.verify.each import per_step
from prmkit.verify.judge import Outcome
from prmkit.verify.limit import ExpiredError, SoftLimit, unhurried
from prmkit.verify.run import verify, verify_one
from prmkit.verify.starved import starved

HOLDS, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN


@dataclass(frozen=True)
class Spelling:
    """Reads orders in the step's text: what to say, to raise, to hang or to die of."""

    name: str = "toy/spelling"
    version: int = 1
    scope: str = "claim"
    needs_reference: bool = False
    tools: tuple[str, ...] = ()
    mark: str = ""
    """File that counts calls, one byte each."""
    setting: object = None

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        if self.mark:
            with Path(self.mark).open("ab") as out:
                out.write(b"x")
        return per_step(self.judge, problem, trajectory)

    def judge(self, problem: Problem, step: object) -> Finding:
        text = step.text
        if text == "raise":
            raise RuntimeError("tool broke")
        if text == "exit":
            sys.exit(3)
        if text == "spin":
            while True:
                pass
        if text == "sleep":
            time.sleep(60)
        if text == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        if text == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if text == "quit":
            os._exit(7)
        if text == "mine":
            return Finding(HOLDS if text in str(problem.reference) else FAILS, "read the reference")
        verdict = {"good": HOLDS, "bad": FAILS}.get(text, UNKNOWN)
        code = Code.NOT_APPLICABLE if verdict is UNKNOWN else Code.NONE
        claims = (Claim(0, 1, HOLDS),) if verdict is HOLDS else ()
        return Finding(verdict, f"{text} in {problem.id}", code, claims, {"size": (1, len(text))}, 0.5)


class Breaking(Spelling):
    """Returns whatever its subclass-free field says: contract breaches."""

    def check(self, problem: Problem, trajectory: Trajectory) -> object:
        good = [Finding(HOLDS) for _ in trajectory.scored]
        return {
            "short": good[:-1],
            "none": None,
            "text": "HH",
            "words": ["HOLDS"] * len(good),
            "code": [Finding(UNKNOWN)] * len(good),
            "both": [Finding(FAILS, code=Code.CRASH)] * len(good),
            "verdict": [Finding("MAYBE")] * len(good),
            "sure": [Finding(HOLDS, confidence=2.0)] * len(good),
            "claim": [Finding(HOLDS, claims=(Claim(0, 99, HOLDS),))] * len(good),
            "detail": [Finding(HOLDS, detail={"x": object()})] * len(good),
            "nan": [Finding(HOLDS, detail={"x": float("nan")})] * len(good),
        }[self.mark]


def sample(name: str, *steps: object, reference: object = None) -> Sample:
    problem = Problem(f"p-{name}", f"question {name}", reference=reference)
    return Sample(problem, Trajectory.of_steps(name, problem.id, steps))


OBSERVED = {"text": "bad", "role": "observe"}


def said(evidence: list[Evidence]) -> list[tuple[int, str, str]]:
    return [(e.step, str(e.verdict), str(e.code)) for e in evidence]


def test_the_toy_is_a_verifier() -> None:
    assert isinstance(Spelling(), StepVerifier)


@pytest.mark.parametrize("workers", [0, 2])
def test_one_piece_of_evidence_per_scored_step_and_verifier(workers: int) -> None:
    stream = [sample("a", "good", OBSERVED, "bad", "?"), sample("b", OBSERVED), sample("c", "good")]
    verifiers = [Spelling(), Spelling(name="toy/other", scope="step")]
    found = list(verify(verifiers, stream, workers=workers))
    assert [s.trajectory.id for s, _ in found] == ["a", "b", "c"]
    first = found[0][1]
    assert [(e.verifier, e.step) for e in first] == [
        (name, step) for name in ("toy/spelling@1", "toy/other@1") for step in (0, 2, 3)
    ]
    assert said(first[:3]) == [
        (0, "HOLDS", "none"),
        (2, "FAILS", "none"),
        (3, "UNKNOWN", "not_applicable"),
    ]
    assert [e.scope for e in first] == ["claim"] * 3 + ["step"] * 3
    assert first[0].claims == (Claim(0, 1, HOLDS),)
    assert first[0].detail == {"size": [1, 4]}
    assert found[1][1] == []
    assert all(e.steps_digest == s.trajectory.digest for s, es in found for e in es)
    assert [e for s, es in found for e in es] == [
        e for s in stream for e in verify_one(verifiers, s.problem, s.trajectory)
    ]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_raise_silences_one_step_only(workers: int) -> None:
    ((_, found),) = verify([Spelling()], [sample("a", "good", "raise", "bad")], workers=workers)
    assert said(found) == [(0, "HOLDS", "none"), (1, "UNKNOWN", "crash"), (2, "FAILS", "none")]
    assert "RuntimeError: tool broke" in found[1].reason


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    "breach",
    ["short", "none", "text", "words", "code", "both", "verdict", "sure", "claim", "detail", "nan"],
)
def test_a_breach_of_contract_is_a_crash_with_its_reason(breach: str, workers: int) -> None:
    stream = [sample("a", "good", "bad")]
    ((_, found),) = verify([Breaking(mark=breach), Spelling(name="toy/fine")], stream, workers=workers)
    assert said(found) == [
        (0, "UNKNOWN", "crash"),
        (1, "UNKNOWN", "crash"),
        (0, "HOLDS", "none"),
        (1, "FAILS", "none"),
    ]
    assert "breaks its contract" in found[0].reason


def test_python_code_that_hangs_is_stopped_in_this_process() -> None:
    stream = [sample("a", "spin"), sample("b", "good"), sample("c", "exit", "good")]
    found = list(verify([Spelling()], stream, seconds=0.1))
    assert [said(es) for _, es in found] == [
        [(0, "UNKNOWN", "timeout")],
        [(0, "HOLDS", "none")],
        [(0, "UNKNOWN", "crash"), (1, "UNKNOWN", "crash")],
    ]
    assert found[0][1][0].reason == "no answer within 0.1 s"


DEADLY = {"sleep": "timeout", "segfault": "crash", "kill": "crash", "quit": "crash", "spin": "timeout"}


@pytest.mark.parametrize("word", DEADLY)
def test_what_hangs_is_killed_and_what_dies_is_replaced(word: str) -> None:
    stream = [sample(str(i), "good", word if i == 7 else "bad") for i in range(20)]
    verifiers = [Spelling(name="toy/before"), Spelling(name="toy/after", version=3)]
    found = list(verify(verifiers, stream, workers=2, seconds=0.2))
    assert [s.trajectory.id for s, _ in found] == [str(i) for i in range(20)]
    for i, (_, evidence) in enumerate(found):
        want = ["HOLDS", "FAILS"] * 2 if i != 7 else ["UNKNOWN"] * 4
        assert [str(e.verdict) for e in evidence] == want
    assert {str(e.code) for e in found[7][1]} == {DEADLY[word]}
    reason = found[7][1][0].reason
    assert {"segfault": "signal 11", "kill": "signal 9", "quit": "code 7"}.get(word, "0.2 s") in reason


def test_a_deadly_step_does_not_silence_the_other_verifiers() -> None:
    @dataclass(frozen=True)
    class Calm(Spelling):
        def judge(self, problem: Problem, step: object) -> Finding:
            return Finding(HOLDS)

    verifiers = [Calm(name="toy/a"), Spelling(), Calm(name="toy/b")]
    ((_, found),) = verify(verifiers, [sample("a", "kill")], workers=1)
    assert said(found) == [(0, "HOLDS", "none"), (0, "UNKNOWN", "crash"), (0, "HOLDS", "none")]


def test_absent_tools_and_references_are_named() -> None:
    verifiers = [
        Spelling(name="toy/prover", tools=("z3",)),
        Spelling(name="toy/oracle", needs_reference=True),
    ]
    stream = [sample("a", "mine"), sample("b", "mine", reference="mine")]
    found = list(verify(verifiers, stream, tools={"z3": "pip install z3-solver", "pint": ""}))
    prover, oracle = found[0][1]
    assert (prover.code, oracle.code) == (Code.MISSING_TOOL, Code.NO_REFERENCE)
    assert "pip install z3-solver" in prover.reason
    assert oracle.needs_reference
    assert found[1][1][1].verdict is HOLDS


def test_the_stream_is_read_no_further_than_needed() -> None:
    for workers in (0, 2):
        read = itertools.count()
        last = 0

        def endless(read: Iterator[int] = read) -> Iterator[Sample]:
            nonlocal last
            for last in read:
                yield sample(str(last), "good")

        stream = verify([Spelling()], endless(), workers=workers)
        for _ in range(50):
            next(stream)
        stream.close()
        assert last < 50 + 2 * 32 * 4


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["good", "bad", "?", "raise", "kill"]), min_size=1, max_size=3), max_size=12
    )
)
def test_a_pool_says_what_one_process_says(texts: list[list[str]]) -> None:
    stream = [sample(str(i), *steps) for i, steps in enumerate(texts)]
    calm = [s for s in stream if "kill" not in s.trajectory.text]
    alone = {s.trajectory.id: es for s, es in verify([Spelling()], calm)}
    pooled = list(verify([Spelling()], stream, workers=3))
    assert [s for s, _ in pooled] == stream
    for s, evidence in pooled:
        expected = alone.get(s.trajectory.id)
        if expected is None:
            assert {e.code for e in evidence} == {Code.CRASH}
        else:
            assert evidence == expected


def test_verifiers_are_held_to_their_contract() -> None:
    with pytest.raises(ConfigError, match=r"not a verifier: it lacks .*check"):
        list(verify([object()], []))
    with pytest.raises(ConfigError, match="two verifiers are called 'toy/spelling@1'"):
        list(verify([Spelling(), Spelling()], []))
    with pytest.raises(ConfigError):
        list(verify([Spelling()], [], workers=-1))
    with pytest.raises(ConfigError):
        list(verify([Spelling()], [], seconds=0))


def test_workers_that_cannot_start_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prmkit.verify.pool.serve", lambda *_: os._exit(5))
    with pytest.raises(PluginError, match=r"before their first check: .*code 5"):
        list(verify([Spelling()], [sample("a", "good")], workers=1))


# ------------------------------------------------------------------ cache


def calls(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize("workers", [0, 2])
def test_equal_work_is_done_once(workers: int, tmp_path: Path) -> None:
    mark = tmp_path / "calls"
    verifiers = [Spelling(mark=str(mark))]
    stream = [sample(str(i), "good", "bad", "?") for i in range(5)]

    def run(verifiers: list[Spelling] = verifiers, stream: list[Sample] = stream) -> list[list[Evidence]]:
        return [es for _, es in verify(verifiers, stream, workers=workers, cache=tmp_path / "cache")]

    first = run()
    assert calls(mark) == 5
    assert run() == first
    assert calls(mark) == 5
    # The same problem and text under other ids: found, and tied to the new ids.
    renamed = [s._replace(trajectory=replace(s.trajectory, id="new" + s.trajectory.id)) for s in stream]
    again = run(stream=renamed)
    assert calls(mark) == 5
    assert again[0] == [replace(e, trajectory_id="new0") for e in first[0]]


def of(steps: list[object], **fields: object) -> Trajectory:
    return Trajectory.of_steps("a", "p-a", steps, **fields)


STEPS = ["good", "bad"]
CHANGES = {
    "version": lambda v, s: (replace(v, version=2), s),
    "scope": lambda v, s: (replace(v, scope="step"), s),
    "name": lambda v, s: (replace(v, name="toy/other"), s),
    "setting": lambda v, s: (replace(v, setting={"digits": 3}), s),
    "domain": lambda v, s: (v, s._replace(problem=replace(s.problem, domain="other"))),
    "problem": lambda v, s: (v, s._replace(problem=replace(s.problem, text="another question"))),
    "reference": lambda v, s: (v, s._replace(problem=replace(s.problem, reference="4"))),
    "context": lambda v, s: (v, s._replace(problem=replace(s.problem, context={"table": [1]}))),
    "text": lambda v, s: (v, s._replace(trajectory=of(["good", "bad."]))),
    "cut": lambda v, s: (v, s._replace(trajectory=of(["good\nbad"]))),
    "joiner": lambda v, s: (v, s._replace(trajectory=of(STEPS, joiner="\n\n"))),
    "role": lambda v, s: (v, s._replace(trajectory=of(["good", {"text": "bad", "role": "act"}]))),
    "kind": lambda v, s: (v, s._replace(trajectory=of(["good", {"text": "bad", "kind": "k"}]))),
    "call": lambda v, s: (v, s._replace(trajectory=of(["good", {"text": "bad", "call": {"name": "f"}}]))),
    "images": lambda v, s: (v, s._replace(trajectory=of(["good", {"text": "bad", "images": ["a.png"]}]))),
    "status": lambda v, s: (v, s._replace(trajectory=of(["good", {"text": "bad", "status": "retracted"}]))),
    "answer": lambda v, s: (v, s._replace(trajectory=of(STEPS, final_answer="4"))),
    "tool": lambda v, s: (replace(v, tools=("pytest",)), s),
}
SAME = {
    "ids": lambda s: s._replace(
        problem=replace(s.problem, id="q"), trajectory=replace(s.trajectory, id="b", problem_id="q")
    ),
    "cluster": lambda s: s._replace(problem=replace(s.problem, cluster="family")),
    "provenance": lambda s: s._replace(problem=replace(s.problem, provenance=Provenance("set", 3))),
    "outcome": lambda s: s._replace(trajectory=replace(s.trajectory, outcome=1.0)),
}


def calls_for(verifier: Spelling, first: Sample, other: tuple[Spelling, Sample], folder: Path) -> int:
    """How often the verifier was called for both together."""
    list(verify([verifier], [first], cache=folder))
    list(verify([other[0]], [other[1]], cache=folder))
    return calls(Path(verifier.mark))


@pytest.mark.parametrize("change", CHANGES)
def test_the_key_covers_what_a_verdict_depends_on(change: str, tmp_path: Path) -> None:
    verifier, first = Spelling(mark=str(tmp_path / "calls")), sample("a", *STEPS)
    assert calls_for(verifier, first, CHANGES[change](verifier, first), tmp_path) == 2


@pytest.mark.parametrize("change", SAME)
def test_the_key_leaves_out_what_a_verdict_does_not_depend_on(change: str, tmp_path: Path) -> None:
    verifier, first = Spelling(mark=str(tmp_path / "calls")), sample("a", *STEPS)
    assert calls_for(verifier, first, (verifier, SAME[change](first)), tmp_path) == 1


def test_another_version_of_a_tool_or_of_python_is_asked_again(tmp_path, monkeypatch) -> None:
    verifier, first = Spelling(mark=str(tmp_path / "calls"), tools=("solver",)), sample("a", *STEPS)

    def run() -> int:
        list(verify([verifier], [first], cache=tmp_path))
        return calls(tmp_path / "calls")

    monkeypatch.setattr("prmkit.verify.cache.tool_version", lambda name: "1.0")
    assert (run(), run()) == (1, 1)
    monkeypatch.setattr("prmkit.verify.cache.tool_version", lambda name: "1.1")
    assert (run(), run()) == (2, 2)
    monkeypatch.setattr("prmkit.verify.cache.platform.python_version", lambda: "3.99.0")
    assert (run(), run()) == (3, 3)


def test_versions_are_found_for_distributions_modules_and_programs(tmp_path, monkeypatch) -> None:
    tool_version.cache_clear()
    assert tool_version("pytest") == pytest.__version__
    assert tool_version("yaml") == importlib.metadata.version("PyYAML")
    assert tool_version("no-such-tool") == ""
    program = tmp_path / "solver"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    first = tool_version("solver")
    program.write_text("#!/bin/sh\n# newer\n")
    tool_version.cache_clear()
    assert "" != first != tool_version("solver")
    tool_version.cache_clear()


LONG = "x" * 500


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (re.compile(LONG + "1"), re.compile(LONG + "2")),
        (re.compile("a"), re.compile("a", re.IGNORECASE)),
        (np.arange(5000), np.where(np.arange(5000) == 2500, -1, np.arange(5000))),
        (Path("a"), "a"),
        (Claim(0, 1, HOLDS), Claim(0, 1, FAILS)),
        (Decimal("1.0"), Decimal("1.00")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_settings_that_json_cannot_say_are_told_apart_whole(one: object, other: object) -> None:
    first, second = (judge_key(Spelling(setting=value)) for value in (one, other))
    assert first != second
    assert first == judge_key(Spelling(setting=copy.deepcopy(one)))


def test_a_set_has_one_key_whatever_its_order() -> None:
    words = [f"word {i}" for i in range(50)]
    assert judge_key(Spelling(setting=frozenset(words))) == judge_key(
        Spelling(setting=frozenset(words[::-1]))
    )
    assert judge_key(Spelling(setting=frozenset(words))) != judge_key(Spelling(setting=frozenset(words[1:])))


@pytest.mark.parametrize(
    "error", [ModuleNotFoundError("none", name="z3"), MissingToolError("no z3", do="get it")]
)
def test_a_tool_that_is_found_missing_on_use_is_no_crash(error: Exception, tmp_path: Path) -> None:
    class Lazy(Spelling):
        def judge(self, problem: Problem, step: object) -> Finding:
            raise error

    class Whole(Spelling):
        def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
            raise error

    for verifier in (Lazy(), Whole()):
        ((_, found),) = verify([verifier], [sample("a", "good")], cache=tmp_path)
        assert (found[0].verdict, found[0].code) == (UNKNOWN, Code.MISSING_TOOL)
        assert "z3" in found[0].reason
    ((_, found),) = verify([Spelling()], [sample("a", "good")], cache=tmp_path)
    assert found[0].verdict is HOLDS


@pytest.mark.parametrize("word", ["raise", "spin", "kill"])
def test_passing_faults_are_not_kept(word: str, tmp_path: Path) -> None:
    mark = tmp_path / "calls"
    for _ in range(2):
        list(verify([Spelling(mark=str(mark))], [sample("a", word)], workers=1, seconds=0.2, cache=tmp_path))
    assert calls(mark) == 2
    prover = Spelling(tools=("z3",), mark=str(mark))
    list(verify([prover], [sample("a", "good")], cache=tmp_path, tools={"z3": ""}))
    ((_, found),) = verify([prover], [sample("a", "good")], cache=tmp_path)
    assert found[0].verdict is HOLDS


def test_a_damaged_cache_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "evidence.sqlite").write_bytes(b"this is no table" * 100)
    ((_, found),) = verify([Spelling()], [sample("a", "good")], cache=tmp_path)
    assert found[0].verdict is HOLDS
    assert (tmp_path / "evidence.damaged").exists()
    assert "set aside" in caplog.text or "moved to" in caplog.text


def test_a_cache_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="what to do"):
        list(verify([Spelling()], [sample("a", "good")], cache=tmp_path / "file" / "cache"))


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """A run killed by SIGKILL leaves no orphans, and the next one repeats no finished check."""
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""
        import importlib.util, os, signal, sys
        spec = importlib.util.spec_from_file_location("toys", {__file__!r})
        toys = sys.modules["toys"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(toys)
        stream = [toys.sample(str(i), "good") for i in range(300)]
        verifier = toys.Spelling(mark={str(tmp_path / "calls")!r})
        for i, (s, es) in enumerate(toys.verify([verifier], stream, workers=2, cache={str(tmp_path)!r})):
            if i == 150:
                os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    run = subprocess.Popen([sys.executable, script], start_new_session=True)
    assert run.wait() == -signal.SIGKILL
    for _ in range(100):
        try:
            os.killpg(run.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("workers outlive the run")
    done = calls(tmp_path / "calls")
    assert done >= 150
    stream = [sample(str(i), "good") for i in range(300)]
    found = list(verify([Spelling(mark=str(tmp_path / "calls"))], stream, workers=2, cache=tmp_path))
    assert [s.trajectory.id for s, _ in found] == [str(i) for i in range(300)]
    assert calls(tmp_path / "calls") - done <= 150


def test_a_full_disk_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    outcome = Outcome((Finding(HOLDS, "x" * 3000),))
    with EvidenceCache(tmp_path) as store:
        store._table.execute("PRAGMA max_page_count=8")  # the table's own way to run out of space

        def fill_up() -> None:
            for i in range(100):
                store.put(bytes([i]), outcome)

        with pytest.raises(StorageError, match=r"is full\n.*free some space"):
            fill_up()
        assert store.get(bytes([0])) == outcome  # what was kept is kept


# ------------------------------------------------------------------ the soft limit


def test_a_limit_hits_its_own_call_or_nothing() -> None:
    """Calls that end just about when the limit fires: each is finished or expired, and none spills over."""
    ended = {"done": 0, "expired": 0}
    with SoftLimit(0.03) as limit:
        for i in range(40):
            until = time.monotonic() + 0.02 + 0.001 * (i % 40)

            def busy(until: float = until) -> str:
                while time.monotonic() < until:
                    pass
                return "done"

            try:
                ended[limit.run(busy)] += 1
            except ExpiredError:
                ended["expired"] += 1
            sum(range(1000))  # a stray raise would land here
    assert sum(ended.values()) == 40


def test_an_expiry_is_not_swallowed_by_a_tool() -> None:
    def stubborn() -> None:
        while True:
            try:
                while True:
                    pass
            except Exception:
                pytest.fail("the tool saw the expiry")

    with SoftLimit(0.05) as limit, pytest.raises(ExpiredError):
        limit.run(stubborn)
    with SoftLimit(None) as free:
        assert free.run(lambda: 1) == 1


def test_what_is_unhurried_does_not_count() -> None:
    def slow(outside: float) -> str:
        with unhurried(), unhurried():
            time.sleep(0.15)
        until = time.monotonic() + outside
        while time.monotonic() < until:
            pass
        return "done"

    with SoftLimit(0.1) as limit:
        assert limit.run(lambda: slow(0.0)) == "done"
        with pytest.raises(ExpiredError):
            limit.run(lambda: slow(60.0))
    with unhurried():  # without a limit it does nothing
        pass


def test_time_without_a_processor_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the system says that the thread waits all the time, then that it never does."""
    waiting = True
    clock = {"begun": time.monotonic()}
    monkeypatch.setattr(
        "prmkit.verify.limit.starved", lambda thread: time.monotonic() - clock["begun"] if waiting else 0.0
    )

    def busy(seconds: float) -> str:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pass
        return "done"

    with SoftLimit(0.1) as limit:
        assert limit.run(lambda: busy(0.4)) == "done"
        waiting = False
        with pytest.raises(ExpiredError):
            limit.run(lambda: busy(60.0))


def test_the_system_tells_how_long_a_thread_waited() -> None:
    if not Path("/proc/self/schedstat").exists():
        assert starved() == 0.0
    assert starved(thread=threading.get_native_id()) >= 0.0
    assert starved(os.getpid()) >= 0.0
    assert starved(process=2**30) == 0.0


@pytest.mark.parametrize("workers", [0, 2])
def test_tools_are_warmed_once_before_processes_start(workers: int, tmp_path: Path) -> None:
    mark = tmp_path / "warm"

    class Warming(Spelling):
        def warm(self) -> None:
            with mark.open("ab") as out:
                out.write(b"x")
            raise ModuleNotFoundError("left to the first check")

    found = list(verify([Warming()], [sample(str(i), "good") for i in range(40)], workers=workers))
    assert {e.verdict for _, es in found for e in es} == {HOLDS}
    assert calls(mark) <= 2 * workers
    assert bool(workers) == mark.exists()
