"""The shipped models: small enough, readable, an honest card, and they do what is said of them."""

import json
from importlib.resources import files

import pytest

import prmkit
from prmkit.policy.hf import HFPolicy
from prmkit_math.tasks import error_kinds, generate, read_solution

POLICY = files("prmkit_math") / "weights/policy"


def test_the_card_says_what_was_done_and_what_came_out():
    card = json.loads((POLICY / "card.json").read_text())
    assert card["command"].startswith("python -m prmkit_tiny.train --domain math")
    assert card["loss"][-1][1] < card["loss"][0][1]
    easy = [rate for cell, rate in card["solved"].items() if int(cell[-1]) in card["settings"]["rungs"]]
    mean = sum(rate["mean"] for rate in easy) / len(easy)
    best = sum(rate["pass@8"] for rate in easy) / len(easy)
    assert 0.35 <= mean <= 0.75
    assert best >= mean + 0.15
    kinds = {kind for count in card["first_errors"].values() for kind in count}
    assert {"choice", "result", "rewrite"} <= kinds


@pytest.fixture(scope="module")
def sampled():
    policy = HFPolicy(str(POLICY))
    problems = [s.problem for s in generate(11, 60, rungs=(0, 1), split="test")]
    drawn = policy.complete([(problem, "") for problem in problems], n=4, seed=0)
    return [
        (problem, read_solution(problem, completion.text, id=f"{problem.id}/{i}"))
        for problem, completions in zip(problems, drawn, strict=True)
        for i, completion in enumerate(completions)
    ]


def test_it_solves_some_and_fails_some_in_every_family(sampled):
    for family in ("sum", "expr", "shop", "let", "cancel"):
        outcomes = [t.outcome for problem, t in sampled if problem.context["family"] == family]
        assert 0 < sum(outcomes) < len(outcomes)


def test_its_mistakes_are_of_several_kinds(sampled):
    kinds = {kind for problem, trajectory in sampled for kind in error_kinds(problem, trajectory) if kind}
    assert len(kinds) >= 2


def test_the_shipped_prm_finds_an_operand_that_is_not_there():
    prm = prmkit.load_prm(prmkit.domain("math").resource("weights/prm"))
    right, wrong = prm.score_steps(
        "Add 7 3 12 5 .",
        [["7 + 12 = 19 .", "5 + 3 = 8 ."], ["7 + 12 = 19 .", "5 + 7 = 12 ."]],
    )
    assert right[0] == pytest.approx(wrong[0])
    assert right[1] > 0.9 > 0.1 > wrong[1]
