"""Recorded verdicts and planted lines, run again: on invented programs."""

from dataclasses import replace
from importlib import import_module

import pytest
from click.testing import CliRunner

import prmkit
from prmkit.types import Problem, Sample, StepLabels, Trajectory
from prmkit_code.planted import confirm
from prmkit_code.program import parsed
from prmkit_code.replay import replay
from prmkit_code.segmenters import cut_program
from prmkit_code.verdicts import alike, first, judged

RIGHT = "def total(xs):\n    s = 0\n    for x in xs:\n        s += x\n    return s\n"
WRONG = RIGHT.replace("s = 0", "s = 1")
TESTS = ["assert total([1]) == 1", "assert total([5, 7]) == 12"]


def sample(name, code, outcome, reference, *, wrong=None, **detail):
    asked = Problem("p", "Add up.", "mbpp/3", "code", reference, {"entry_point": "total"})
    trajectory = Trajectory(name, "p", code, tuple(cut_program(code)), outcome=outcome)
    provenance = replace(trajectory.provenance, system="gpt4-simple", detail=detail)
    trajectory = replace(trajectory, provenance=provenance)
    return Sample(asked, trajectory, StepLabels.until_first_error(trajectory, wrong, "planted/x@1"))


def test_replay_lists_each_disagreement():
    tests = {"tests": TESTS}
    pair = [sample("a", RIGHT, 1.0, tests), sample("b", WRONG, 0.0, tests), sample("c", WRONG, 1.0, tests)]
    found = replay("set", [*pair, sample("d", RIGHT, None, tests), sample("e", RIGHT, 1.0, None)])
    assert (found.n, found.agree) == (3, 2)
    assert [(one.id, one.recorded, one.verdict) for one in found.disagreements] == [("c", 1.0, "FAILS")]


def test_planted_lines_are_confirmed_or_refuted():
    tests = {"tests": TESTS}
    right = sample("r", RIGHT, 1.0, tests)
    for wrong, word in ((1, "confirmed"), (3, "other")):
        found = confirm([sample("w", WRONG, 0.0, tests, wrong=wrong), right])
        assert getattr(found, word) == ("w",)
    assert confirm([sample("w", WRONG, 0.0, None, wrong=1), right]).untested == ("w",)


def test_verdicts_on_further_inputs():
    reference = {"solution": RIGHT, "inputs": [[[1]], [[2, 3]], [[]]], "atol": 0}
    odd = RIGHT.replace("return s", "return s if xs else -1")
    unlike = RIGHT.replace("return s", "return str(s)")
    for code, word in ((RIGHT, "right"), (odd, "wrong"), (unlike, "open")):
        asked = sample("a", code, None, reference, solved=True)
        told = replace(asked.problem.provenance, detail={"first_inputs": 2})
        asked = asked._replace(problem=replace(asked.problem, provenance=told))
        assert first(asked).problem.reference["inputs"] == [[[1]], [[2, 3]]]
        assert judged([asked])["gpt4-simple"][word] == [3]
    assert not alike([("[1]", "Unreadable()", "3")])


def test_quixbugs_programs_do_as_recorded(data_root):
    del data_root
    names = ("gcd", "powerset", "rpn_eval")
    samples = [s for s in prmkit.domain("code").load("quixbugs") if s.problem.id.split("/")[1] in names]
    found = replay("quixbugs", samples)
    assert (found.n, found.agree) == (6, 6)
    assert len(confirm(samples).confirmed) == 3


SUMS = [
    *((n, "gpt4-reflexion") for n in (170, 419, 422, 598, 724)),
    *((n, "gpt4-simple") for n in (67, 170, 419, 598, 724, 798)),
]


def test_programs_that_the_record_fails_for_a_name_left_over_pass_without_it(data_root):
    del data_root
    samples = {s.trajectory.id: s for s in prmkit.domain("code").load("reflexion_mbpp")}
    doubted = [samples[f"reflexion_mbpp/mbpp/{n}/{system}"] for n, system in SUMS]
    assert {s.trajectory.outcome for s in doubted} == {0.0}
    (left,) = {s.trajectory.text for i, s in samples.items() if i == "reflexion_mbpp/mbpp/126/gpt4-simple"}
    assert left.startswith("def sum(")
    after = [s._replace(problem=replace(s.problem, reference=leaking(s, left))) for s in doubted]
    assert replay("alone", doubted).agree == 0
    assert replay("after", after).agree == len(doubted)


def leaking(sample, left):
    """The reference of a sample with another program run before its tests, in the same names."""
    return {**sample.problem.reference, "setup": left[left.index("def sum(") :]}


def test_programs_in_a_fence_fail_as_they_stand_and_pass_unwrapped(data_root):
    del data_root
    samples = {s.trajectory.id: s for s in prmkit.domain("code").load("humaneval_10_runs")}
    names = ("74/gpt-4/1", "74/gpt-4/6", "148/gpt-4/9", "148/gpt-4/10")
    fenced = [samples[f"humaneval_10_runs/HumanEval/{name}"] for name in names]
    assert replay("unwrapped", fenced).agree == 0
    assert all(s.trajectory.outcome == 0.0 and parsed(s.trajectory.text) is None for s in fenced)


@pytest.mark.parametrize("module", ["replay", "planted", "verdicts", "recorded", "quality"])
def test_the_commands_say_what_they_do(module):

    shown = CliRunner().invoke(import_module(f"prmkit_code.{module}").main, ["--help"])
    assert shown.exit_code == 0
    assert "--out" in shown.output
