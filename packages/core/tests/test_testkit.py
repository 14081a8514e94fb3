"""Fakes behave as said, strategies draw valid records, the conformance kit can fail, a new domain passes."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.contracts import Finding, StepVerifier
from prmkit.errors import ConfigError, StorageError
from prmkit.plugins import DomainPlugin
from prmkit.records import from_dict, to_dict
from prmkit.testkit import conformance, fakes, strategies, template
from prmkit.types import Code, Problem, Trajectory, Verdict

ROUND_TRIP = {
    "problem": strategies.problems,
    "trajectory": strategies.trajectories(),
    "sample": strategies.samples(),
    "labels": strategies.trajectories().flatmap(strategies.labels),
    "scores": strategies.trajectories().flatmap(strategies.scores),
    "evidence": strategies.trajectories().flatmap(strategies.evidence),
    "critique": strategies.trajectories().flatmap(strategies.critiques),
    "tree": strategies.trees(),
    "preference": strategies.preferences,
    "search result": strategies.search_results(),
}


@pytest.mark.parametrize("kind", ROUND_TRIP)
def test_strategies_draw_records_that_survive_json(kind: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(ROUND_TRIP[kind])
    def check(drawn) -> None:
        for record in drawn if isinstance(drawn, list) else [drawn]:
            back = from_dict(type(record), json.loads(json.dumps(to_dict(record))))
            assert back == record

    check()


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_drawn_labels_and_scores_belong_to_their_trajectory(data) -> None:
    trajectory = data.draw(strategies.trajectories())
    data.draw(strategies.labels(trajectory)).check(trajectory)
    data.draw(strategies.scores(trajectory)).check(trajectory)


def test_fake_verifier_reads_words() -> None:
    verifier = pickle.loads(pickle.dumps(fakes.FakeVerifier()))
    assert isinstance(verifier, StepVerifier)
    problem = Problem(id="p", text="?")
    steps = ["this is right", "that is wrong", "so what", {"text": "wrong", "role": "observe"}]
    found = verifier.check(problem, Trajectory.of_steps("t", "p", steps))
    assert [f.verdict for f in found] == [Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN]


def test_fake_policy_draws_by_request_and_seed() -> None:
    policy, problem = fakes.FakePolicy(), Problem(id="p", text="?")
    first = policy.complete([(problem, ""), (problem, "so far")], n=8, seed=1)
    assert first == policy.complete([(problem, ""), (problem, "so far")], n=8, seed=1)
    assert first != policy.complete([(problem, ""), (problem, "so far")], n=8, seed=2)
    assert first[0] == policy.complete([(problem, "")], n=8, seed=1)[0]
    assert {c.text for c in first[0]} == set(policy.replies)


def test_fake_scorer_and_grader() -> None:
    problem = Problem(id="p", text="?", reference="4")
    trajectory = Trajectory.of_steps("t", "p", ["right", {"text": "saw", "role": "observe"}, "wrong"])
    (scores,) = fakes.FakeScorer().score(problem, [trajectory])
    assert scores.check(trajectory).values == (0.9, None, 0.1)
    grade = fakes.FakeGrader()
    assert [grade(problem, a) for a in ("4", "5", None)] == [1.0, 0.0, 0.0]
    assert grade(dataclasses.replace(problem, reference=None), "4") is None


# ---------------------------------------------------------------- conformance


class Broken(fakes.FakeVerifier):
    """Calls everything wrong, and forgets the last step."""

    def check(self, problem, trajectory):
        return [Finding(Verdict.FAILS, "no") for _ in trajectory.scored[:-1]]


def plugin(**changes) -> DomainPlugin:
    return dataclasses.replace(
        DomainPlugin(
            name="fake",
            summary="fake",
            package="prmkit",
            verifiers={"word": "prmkit.testkit.fakes:FakeVerifier"},
            segmenters={"line": "prmkit.segment:by_line"},
        ),
        **changes,
    )


def result(monkeypatch, check: str, gap: str = "", **changes) -> conformance.Result:
    monkeypatch.setattr(conformance, "domain", lambda name: plugin(**changes))
    return conformance.Case("fake", check, gap).result()


@pytest.mark.parametrize(
    ("check", "changes", "message"),
    [
        ("examples", {}, "0 examples"),
        ("specs resolve", {}, "0 kinds of mistakes"),
        ("specs resolve", {"verifiers": {"other": "prmkit.testkit.fakes:FakeVerifier"}}, "calls itself"),
        ("specs resolve", {"verifiers": {}}, "no verifier"),
        ("segmenters", {"segmenters": {}}, "declares no segmenter"),
        ("readme", {"name": "math"}, "does not name math/word"),
        ("mutations", {}, "no example is right"),
    ],
)
def test_kit_finds_what_is_missing(monkeypatch, check: str, changes, message: str) -> None:
    found = result(monkeypatch, check, **changes)
    assert found.status == "failed"
    assert message in found.reason


def test_gaps_are_strict_and_have_reasons(monkeypatch) -> None:
    assert result(monkeypatch, "examples", gap="none written yet").status == "gap"
    mended = result(monkeypatch, "segmenters", gap="once was broken")
    assert mended.status == "failed"
    assert "the gap is mended" in mended.reason
    with pytest.raises(ConfigError, match="did you mean 'examples'"):
        conformance.cases("fake", gaps={"example": "x"})
    with pytest.raises(ConfigError, match="gives no reason"):
        conformance.cases("fake", gaps={"examples": " "})


def test_noise_and_codes_are_what_the_kit_says() -> None:
    problem = Problem(id="p", text="?")
    for text in conformance.contract_verifiers.TEXTS:
        (finding,) = fakes.FakeVerifier().check(problem, Trajectory.of_steps("t", "p", [text]))
        assert finding.code is Code.NOT_APPLICABLE


# ---------------------------------------------------------------- a new domain


def installed(root: Path) -> dict[str, str]:
    """Environment in which the skeleton at ``root`` is installed, without pip and without a network."""
    info = root / "src" / "prmkit_words-0.1.0.dist-info"
    info.mkdir()
    readme = (root / "README.md").read_text()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: prmkit-words\nVersion: 0.1.0\n\n{readme}")
    (info / "entry_points.txt").write_text("[prmkit.domains]\nwords = prmkit_words:plugin\n")
    (info / "top_level.txt").write_text("prmkit_words\n")
    (info / "RECORD").write_text("prmkit_words/__init__.py,,\n")
    return {**os.environ, "PYTHONPATH": str(root / "src")}


def test_new_domain_keeps_the_contract(tmp_path: Path) -> None:
    files = template.write("words", tmp_path)
    root = files[0].parent
    assert not [f for f in files if "@NAME@" in f.read_text()]
    environment = installed(root)
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests"],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tests.returncode == 0, tests.stdout[-3000:]
    lint = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--line-length=110", "src", "tests"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert lint.returncode == 0, lint.stdout
    run = subprocess.run(
        [sys.executable, "-m", "prmkit", "run", "words", "--preset", "smoke", "--out", "run", "--json"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    assert {stage["status"] for stage in json.loads(run.stdout)["stages"].values()} == {"ran"}


def test_new_domain_refuses_bad_names_and_full_places(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot name a domain"):
        template.write("My-Domain", tmp_path)
    with pytest.raises(ConfigError, match="is installed"):
        template.write("math", tmp_path)
    template.write("words", tmp_path)
    with pytest.raises(StorageError, match="is there already"):
        template.write("words", tmp_path)
