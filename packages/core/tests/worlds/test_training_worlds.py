"""Experiments with training: what is drawn is true, and what they compare is what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from prmkit.train.worlds import beer, dreamprm, palbert
from prmkit.train.worlds.networks import draw_layers, generator
from prmkit.train.worlds.sizes import DomainArm, DomainSizes, ExitSizes, ValueArm, ValueSizes
from prmkit.workflow import run_workflow

VALUES = ValueSizes(updates=5, train=6, test=6, length=10)
DOMAINS = DomainSizes(updates=3, steps=50, test=50)
EXITS = ExitSizes(updates=5, train=300, held=200, test=200)


def test_values_obey_the_bellman_equation() -> None:
    task = beer.draw_task(np.random.default_rng(0), VALUES)
    value, reward = (one.reshape(VALUES.train, VALUES.length) for one in (task.value, task.reward))
    torch.testing.assert_close(
        value[:, :-1], reward[:, :-1] + VALUES.gamma * value[:, 1:], atol=1e-4, rtol=1e-4
    )
    states = task.state.reshape(VALUES.train, VALUES.length, -1)
    after = task.following.reshape(VALUES.train, VALUES.length, -1)
    assert torch.equal(states[:, 1:], after[:, :-1])
    assert float(value.std(correction=0)) == pytest.approx(1, abs=1e-4)


def test_the_penalty_moves_features_alone() -> None:
    """Null: where nothing moves the features the penalty changes no figure; elsewhere it does."""
    arms = [ValueArm(penalty=p, fixed=f) for f in (True, False) for p in (0.0, 5.0)]
    fixed, still, free, moved = beer.fit(np.random.default_rng(1), VALUES, arms)
    assert fixed == still
    assert free != moved
    assert free != fixed


def test_arms_do_not_depend_on_each_other() -> None:
    arms = [ValueArm(), ValueArm(penalty=1.0), ValueArm(collapsed=True, untaught=True), ValueArm(truth=True)]
    together = beer.fit(np.random.default_rng(2), VALUES, arms)
    alone = [beer.fit(np.random.default_rng(2), VALUES, [arm])[0] for arm in arms]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, rel=1e-3)
    assert together[0] != together[3]


def test_a_collapsed_start_has_a_low_rank() -> None:
    arms = [ValueArm(), ValueArm(collapsed=True, untaught=True)]
    free, shut = beer.fit(np.random.default_rng(3), replace(VALUES, updates=0), arms)
    assert shut["rank"] < free["rank"]
    assert shut["cosine"] > 0.999


def test_poison_turns_labels_of_one_domain_round() -> None:
    turned, plain = (
        dreamprm.draw_task(np.random.default_rng(4), replace(DOMAINS, poison=poison)) for poison in (1.0, 0.0)
    )
    torch.testing.assert_close(turned.labels[0], 1 - plain.labels[0])
    assert torch.equal(turned.labels[1:], plain.labels[1:])
    assert torch.equal(turned.outcomes, plain.outcomes)
    assert turned.truth.shape == (DOMAINS.domains, DOMAINS.test)


def test_weights_of_domains() -> None:
    arms = (DomainArm(), DomainArm("taught"), DomainArm("oracle"), DomainArm("taught", shuffled=True))
    plain, taught, oracle, _ = dreamprm.fit(np.random.default_rng(5), DOMAINS, arms)
    assert plain["weight"] == 1
    assert oracle["weight"] == 0
    assert 0 < taught["weight"] < 1  # three updates suffice for the direction
    assert all(0 <= one["step_auroc"] <= 1 for one in (plain, taught, oracle))


def test_labels_are_products_of_signs() -> None:
    clear = replace(EXITS, noise=0.05)
    items = palbert.draw_items(np.random.default_rng(6), clear, 300)
    signs = torch.sign(items.given[:, :4]).numpy()
    for row, rank, label in zip(signs, items.rank, items.label, strict=True):
        assert (row[:rank].prod() > 0) == bool(label)
    assert np.array_equal(items.chance > 0.5, items.label.numpy() > 0)
    assert set(items.rank) == set(clear.ranks)
    assert (items.given[:, 4:].sum(1) == 1).all()


def test_costs_by_hand() -> None:
    """Width 3, hidden 2, lambda width 1; 2 signs and 2 ranks: 24, 24, 6 and 2 (6 + 1 + 1 + 1) = 18."""
    costs = palbert.Costs.of(replace(EXITS, width=3, hidden=2, lambda_width=1, ranks=(1, 2)))
    assert costs == (24, 24, 6, 18)
    assert int(costs.fixed(np.array(2))) == 24 + 48 + 6
    assert int(costs.stopping(np.array(2))) == 24 + 2 * 42 + 6
    assert int(costs.asking(np.array(2))) == 24 + 2 * 30


def test_a_network_of_a_depth_learns_from_its_own_layer_alone() -> None:
    random = np.random.default_rng(7)
    items = palbert.draw_items(random, EXITS, 300)
    start, after = (
        palbert._train(items, replace(EXITS, updates=updates), generator(0)) for updates in (0, 5)
    )
    for layer in range(EXITS.layers):
        moved = (start[f"head{layer}.weight0"] != after[f"head{layer}.weight0"]).any(dim=2).any(dim=1)
        own = torch.arange(EXITS.layers) == layer
        assert moved.tolist() == [True, True, *own.tolist()]


def test_rules_of_exit() -> None:
    found = palbert.fit(np.random.default_rng(8), EXITS)
    assert found["full"]["flops_saved"] == 0
    assert found["shuffled"]["flops_saved"] == pytest.approx(found["q-exit"]["flops_saved"])
    assert found["fixed"]["flops_saved"] <= max(found["q-exit"]["flops_saved"], 0)
    assert found["chance"]["auroc"] == max(one["auroc"] for one in found.values())


def test_layers_are_bounded_by_the_width_before() -> None:
    drawn = draw_layers((16, 4, 1), generator(0), "a.")
    assert set(drawn) == {"a.weight0", "a.bias0", "a.weight1", "a.bias1"}
    assert float(drawn["a.weight0"].detach().abs().max()) <= 0.25
    assert float(drawn["a.weight1"].detach().abs().max()) <= 0.5


@pytest.mark.parametrize("name", ["beer", "dreamprm", "palbert"])
def test_the_workflow_runs(name: str, tmp_path: Path) -> None:
    run_workflow(f"systems/{name}", tmp_path / "run", preset="smoke")
    (suite,) = json.loads((tmp_path / "run" / "eval.json").read_text())["suites"].values()
    assert suite["seeds"] == 2
    assert (tmp_path / "run" / "report" / "index.html").is_file()
