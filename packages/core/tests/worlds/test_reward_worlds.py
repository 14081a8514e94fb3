"""Worlds of step rewards from outcomes and of reward models by length: what is drawn is true, labels cost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from prmkit.judging.worlds import multi_rm as protocol
from prmkit.judging.worlds.multi_rm_judges import earth_mover, flags, log_errors
from prmkit.train.worlds import implicit, multi_rm
from prmkit.train.worlds.implicit_sizes import ImplicitArm, ImplicitSizes
from prmkit.train.worlds.multi_rm_sizes import MultiArm, MultiSizes
from prmkit.train.worlds.networks import draw_layers, generator, recur, stacked
from prmkit.workflow import run_workflow

CHAINS = ImplicitSizes(problems=40, samples=4, test=50, read=5, updates=4, look=2, batch=16)
SOLUTIONS = MultiSizes(lengths=(2, 4), train=40, test=20, samples=16, updates=4)


def test_recurrence_is_torch_s() -> None:
    own = stacked([draw_layers((4, 12), generator(i), "gru.") for i in range(2)])
    gates = torch.randn(2, 3, 5, 12, generator=generator(9))
    cell = torch.nn.GRU(12, 4, batch_first=True)
    with torch.no_grad():
        cell.weight_ih_l0.copy_(torch.eye(12))
        cell.bias_ih_l0.zero_()
        for i in range(2):
            cell.weight_hh_l0.copy_(own["gru.weight0"][i])
            cell.bias_hh_l0.copy_(own["gru.bias0"][i])
            torch.testing.assert_close(recur(own, gates)[i], cell(gates[i])[0])


def test_steps_and_outcomes_of_chains() -> None:
    random = np.random.default_rng(0)
    policy = implicit.draw_policy(random, CHAINS)
    assert policy.chance.sum(2) == pytest.approx(1)
    assert all(sorted(row) == list(range(CHAINS.values)) for row in policy.right)
    misled = policy.chance.argmax(2) != policy.right
    assert misled.sum() == round(CHAINS.misled * misled.size)
    found = implicit.solve(random, policy, CHAINS, 200, 2)
    assert (found.operations[::2] == found.operations[1::2]).all()
    assert found.outcome[found.steps.all(1)].all()
    lost = found.outcome[(~found.steps).sum(1) == 1]
    assert len(lost)
    assert not lost.any()  # one wrong result is never made good
    assert (found.first == CHAINS.length).sum() == found.steps.all(1).sum()


def test_rollouts_of_a_sure_policy_are_the_truth() -> None:
    sizes = replace(CHAINS, misled=0.0, slip=0.0)
    policy = implicit.draw_policy(np.random.default_rng(1), sizes)
    found = implicit.solve(np.random.default_rng(2), policy, sizes, 3, 1)
    results = found.results.copy()
    results[1, 3:] = (results[1, 3:] + 1) % sizes.values
    ends = results[:, -1] == found.results[:, -1]
    labels = implicit.rollout_labels(
        np.random.default_rng(3), policy, sizes, found._replace(results=results, outcome=ends), 2
    )
    assert labels[[0, 2]].all()
    assert labels[1].tolist() == [1, 1, 0, 0, 0, 0]


def test_costs_of_labels() -> None:
    """Six steps: the solution itself, and 5 + 4 + 3 + 2 + 1 steps a rollout."""
    assert [implicit.cost(CHAINS, rollouts) for rollouts in (0, 1, 8)] == [6, 21, 126]


def test_matched_arms_cost_no_more() -> None:
    arms = tuple(ImplicitArm(name) for name in ("ce", "dpo", "kto", "nca", "last", "every", "steps"))
    arms += (ImplicitArm("rollouts", 8), ImplicitArm("rollouts", 8, matched=False))
    found = implicit.fit(np.random.default_rng(4), CHAINS, arms)
    assert len(found) == len(arms) + 2
    assert [one["cost"] for one in found[:7]] == [1] * 7
    assert 0.8 < found[7]["cost"] <= 1
    assert found[8]["cost"] == 21
    assert all(0 <= one["step_auroc"] <= 1 and one["first_error_f1"] <= one["f1_oracle"] for one in found)


def test_an_untrained_log_ratio_is_nothing() -> None:
    (ratio, surprisal, place) = implicit.fit(
        np.random.default_rng(5), replace(CHAINS, updates=0), (ImplicitArm("ce"),)
    )
    assert ratio["step_auroc"] == 0.5
    assert ratio["f1_fixed"] == 0
    assert surprisal["step_auroc"] != 0.5
    assert place["cost"] == 0


def test_chances_of_steps_are_true() -> None:
    random = np.random.default_rng(6)
    rule = multi_rm.draw_rule(random, SOLUTIONS)
    pool = multi_rm.draw_pool(random, rule, replace(SOLUTIONS, repair=0.5), 400, 16, 4)
    assert pool.right.mean() == pytest.approx(pool.chance.mean(), abs=0.01)
    wrong = ~pool.right.all(2)
    assert pool.outcome[~wrong].all()
    assert pool.outcome[wrong].mean() == pytest.approx(0.5, abs=0.05)
    assert ((pool.answers == 0) == pool.outcome).all()


@pytest.mark.parametrize(
    ("labels", "told", "counted"),
    [
        ("outcome", [[1, 1, 1], [0, 0, 0]], [[0, 0, 1], [0, 0, 1]]),
        ("first_error", [[1, 1, 1], [1, 0, 1]], [[1, 1, 1], [1, 1, 0]]),
        ("every", [[1, 1, 1], [1, 0, 1]], [[1, 1, 1], [1, 1, 1]]),
    ],
)
def test_labels_of_variants(labels: str, told: list[list[int]], counted: list[list[int]]) -> None:
    right = np.array([[[True, True, True], [True, False, True]]])
    ends = np.array([[True, False]])
    pool = multi_rm.Pool(right, right, right, ends, ends)
    made, weights = multi_rm._labels(np.random.default_rng(7), pool, SOLUTIONS, MultiArm(labels))  # type: ignore[arg-type]
    assert made.tolist() == told
    assert weights.tolist() == counted


def test_judges_err_at_their_rates() -> None:
    right = np.arange(20000) % 2 > 0
    rates = {"false_flag": 0.1, "missed": 0.3, "judgements": 2}
    alone, alike = (
        flags(np.random.default_rng(8), right, correlation=rho, **rates)  # type: ignore[arg-type]
        for rho in (0.0, 1.0)
    )
    assert alone[:, right].mean() == pytest.approx(0.1, abs=0.01)
    assert alone[:, ~right].mean() == pytest.approx(0.7, abs=0.01)
    assert (alike[0] == alike[1]).all()
    assert (alone[0] != alone[1]).any()


def test_errors_of_products_grow_with_the_length() -> None:
    """Ten steps of spread .3: squared error .9; judgements of spread .2 add .4 and a gap of .2."""
    shared, single, gap = log_errors(
        np.random.default_rng(9), 10, error=0.3, sampling=0.2, judgements=200, n=4000
    )
    assert (shared**2).mean() == pytest.approx(0.9, abs=0.06)
    assert (single**2).mean() == pytest.approx(1.3, abs=0.09)
    assert gap.mean() == pytest.approx(0.2, abs=0.01)
    assert (gap >= 0).all()


def test_earth_mover_of_unlike_sizes() -> None:
    assert earth_mover(np.array([2, 4, 6]), np.array([3, 5, 10])) == pytest.approx(2)
    assert earth_mover(np.array([1, 1, 3, 3]), np.array([1, 3])) == 0
    assert np.isnan(earth_mover(np.array([]), np.array([1])))


def test_protocol_orders_what_must_be_ordered() -> None:
    found = protocol.draw(np.random.default_rng(10), replace(SOLUTIONS, repair=0.3))
    for name in ("best_of_2", "best_of_16", "best_of_16_T4"):
        assert all(one[name] <= found["pass"][name] + 1e-9 for one in found.values() if name in one)
    assert found["gORM, 0.9 right, 0 alike"]["best_of_16"] > found["gORM, 0.6 right, 0.5 alike"]["best_of_16"]
    assert found["true chance"]["best_of_16"] > found["one sample"]["best_of_16"]
    assert found["gPRM"]["length_shift"] > found["gORM"]["length_shift"]
    assert found["gPRM"]["aha"] < found["gORM"]["aha"]


@pytest.mark.parametrize("name", ["implicit-prm", "multi-rm"])
def test_the_workflow_runs(name: str, tmp_path: Path) -> None:
    run_workflow(f"systems/{name}", tmp_path / "run", preset="smoke")
    suites = json.loads((tmp_path / "run" / "eval.json").read_text())["suites"].values()
    assert {suite["seeds"] for suite in suites} == {2}
    assert (tmp_path / "run" / "report" / "index.html").is_file()
