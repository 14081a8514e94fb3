"""Experiments with views of steps, chosen traces and several objectives: what is drawn is what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from prmkit.errors import ConfigError
from prmkit.model.heads import weighted_logits
from prmkit.train.worlds import mah_dpo, reasonflux, srm_inputs
from prmkit.train.worlds.networks import generator
from prmkit.train.worlds.sizes import ObjectiveSizes, TraceArm, TraceSizes, ViewSizes
from prmkit.workflow import run_workflow

CHAINS = ViewSizes(nodes=60, test=60, updates=3)
TRACES = TraceSizes(learned=60, problems=20, taken=10, updates=3)
OBJECTIVES = ObjectiveSizes(pairs=80, test=40, updates=3, parts=2)


@pytest.mark.parametrize("carrier", ["written", "thoughts"])
def test_what_makes_a_step_right(carrier: srm_inputs.Carrier) -> None:
    random, right = np.random.default_rng(0), np.arange(400) % 2 == 0
    before = random.integers(CHAINS.operations, size=(400, 4))
    topic, operation, taken, given = srm_inputs.draw_step(random, before, right, CHAINS, carrier).T
    assert np.array_equal(given, (taken + operation) % CHAINS.numbers)
    follows = {
        "written": taken == before[:, srm_inputs.GIVEN],
        "thoughts": topic == (before[:, srm_inputs.TOPIC] + 1) % CHAINS.numbers,
    }
    assert np.array_equal(follows.pop(carrier), right)
    assert follows.popitem()[1].mean() < 0.2  # the other part follows by chance


def test_views_show_what_they_say() -> None:
    """Changing what a view leaves out changes nothing; changing the rest does."""
    steps = np.random.default_rng(1).integers(3, size=(1, 3, 4))
    shown = {
        "full": {0, 1, 2},
        "written": {1, 2},
        "last_written": {2},
        "next_thought": {0, 1},
    }  # of an early thought, an early expression, the last expression
    changed = [steps.copy() for _ in range(3)]
    changed[0][0, 0, srm_inputs.TOPIC] += 1
    changed[1][0, 0, srm_inputs.GIVEN] += 1
    changed[2][0, 2, srm_inputs.GIVEN] += 1
    for view in srm_inputs.VIEWS:
        base, *others = (srm_inputs.features(one, view, CHAINS) for one in (steps, *changed))
        moved = {i for i, one in enumerate(others) if not torch.equal(one, base)}
        assert moved == shown[view]


def test_arms_of_views() -> None:
    found = srm_inputs.fit(np.random.default_rng(2), CHAINS, "written")
    assert set(found) == {*srm_inputs.VIEWS, "oracle", "none"}
    assert found["oracle"]["greedy"] > found["none"]["greedy"]


def test_a_chain_is_written_by_the_score_alone() -> None:
    """Perfect scores fail only where no continuation is right: (1 - .7^5)^3."""
    sizes = replace(CHAINS, test=20000)
    share = srm_inputs._greedy(np.random.default_rng(3), sizes, "written", lambda _, right: right)
    assert share == pytest.approx((1 - 0.7**5) ** 3, abs=0.02)


def test_faults_show_in_the_marks() -> None:
    sizes = replace(TRACES, accuracy=1.0, noise=0.1, templated=1.0)
    direction = np.ones(sizes.width)
    traces = reasonflux.draw_traces(np.random.default_rng(4), sizes, direction, 200, 2)
    marks = reasonflux.mark(np.random.default_rng(5), traces, sizes)
    assert np.array_equal(marks.judged, traces.good)
    for mark in (marks.aligned, marks.coherent):
        assert mark[traces.good].mean() > mark[~traces.good].mean() + 0.05
    assert not np.isnan(marks.whole).any()
    assert np.corrcoef(marks.whole, traces.good.mean(axis=1))[0, 1] > 0.7


@pytest.mark.parametrize(("together", "alike"), [(0.0, 0.118), (1.0, 1.0)])
def test_the_judge_has_its_accuracy_and_errs_together(together: float, alike: float) -> None:
    """Accuracy .7: all six steps alike with chance .7^6 + .3^6 = .118 where it errs step by step."""
    sizes = replace(TRACES, accuracy=0.7, together=together)
    traces = reasonflux.draw_traces(np.random.default_rng(6), sizes, np.ones(sizes.width), 2000, 1)
    right = reasonflux.mark(np.random.default_rng(7), traces, sizes).judged == traces.good
    assert right.mean() == pytest.approx(0.7, abs=0.03)
    assert (right.all(axis=1) | ~right.any(axis=1)).mean() == pytest.approx(alike, abs=0.03)


def test_arms_learn_what_they_say() -> None:
    arms = [TraceArm(), TraceArm(whole=True), TraceArm(fused=True, whole=True, strangers=True)]
    aligned, judged, coherent = np.random.default_rng(8).random((3, 9, 4))
    marks = reasonflux.Marks(aligned, judged, coherent, np.arange(9.0))
    steps, whole = reasonflux._targets(np.random.default_rng(9), marks, arms)
    np.testing.assert_allclose(steps[0], marks.judged, rtol=1e-6)
    assert whole[0].isnan().all()
    assert whole[1].tolist() == list(range(9))
    assert sorted(whole[2].tolist()) == list(range(9))
    assert whole[2].tolist() != list(range(9))


def test_traces_chosen() -> None:
    arms = (TraceArm(), TraceArm(fused=True, whole=True))
    learned, others = reasonflux.fit(np.random.default_rng(10), TRACES, arms)
    assert len(learned) == 2
    best = others["oracle"]
    assert all(best["good_steps"] >= one["good_steps"] for one in [*learned, *others.values()])
    assert best["student"] > others["random"]["student"]


def test_weighted_logits_goldens() -> None:
    heads = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    torch.testing.assert_close(weighted_logits(heads, torch.tensor([0.7, 0.3])), torch.tensor([1.4, 0.3]))
    torch.testing.assert_close(weighted_logits(heads, torch.tensor([7.0, 3.0])), torch.tensor([1.4, 0.3]))
    heads[1, 0] = -torch.inf
    assert weighted_logits(heads, torch.tensor([1.0, 0.0])).equal(heads[0])
    for bad in ([1.0, -1.0], [0.0, 0.0]):
        with pytest.raises(ConfigError):
            weighted_logits(heads, torch.tensor(bad))


def test_objectives_want_different_answers() -> None:
    sizes = replace(OBJECTIVES, conflict=1.0, answers=200)
    task = mah_dpo.draw_task(np.random.default_rng(11), sizes)
    told = mah_dpo.truth(task.rewards, task.test).flatten(1)
    correlation = torch.corrcoef(told)
    assert correlation[0, 1] == pytest.approx(-0.5, abs=0.1)
    assert float(told.std()) == pytest.approx(1.0, abs=0.3)
    assert (task.pairs.chosen != task.pairs.rejected).all()


def test_preferences_move_their_own_head_alone() -> None:
    """All preferences are of the first objective: the other heads stay where they started."""
    sizes = replace(OBJECTIVES, apart=0.0)
    task = mah_dpo.draw_task(np.random.default_rng(12), sizes)
    pairs = task.pairs._replace(objective=torch.zeros_like(task.pairs.objective))
    own = mah_dpo._train(task.first, pairs, 3, sizes, generator(0))
    moved = (own["weight1"] != task.first["weight1"]).flatten(1).any(dim=1)
    assert moved.tolist() == [True, False, False]


def test_weights_divide_and_figures_of_an_optimum() -> None:
    grid = mah_dpo.weightings(4)
    assert grid.shape == (15, 3)
    assert (grid.sum(axis=1) == 1).all()
    figures = mah_dpo._figures(2 * grid - 1, grid, steered=True)  # gains of -1 to 1 in step with the weights
    assert figures["own"] == 1
    assert figures["rises"] == 1
    assert figures["spearman"] == figures["spearman_worst"] == pytest.approx(1)
    assert figures["hypervolume"] == pytest.approx(4 / 64)  # (2, 1, 1) and its turns: four cells
    still = mah_dpo._figures(np.zeros((15, 3)), grid, steered=False)
    assert still == {"hypervolume": 1 / 8, "own": 0.0}


def test_arms_of_objectives() -> None:
    found = mah_dpo.fit(np.random.default_rng(13), OBJECTIVES)
    assert found["oracle"]["own"] == pytest.approx(1, abs=1e-5)
    assert found["oracle"]["rises"] == 1
    assert "spearman" not in found["one head"]


@pytest.mark.parametrize("name", ["mah-dpo", "reasonflux-prm", "srm-inputs"])
def test_the_workflow_runs(name: str, tmp_path: Path) -> None:
    run_workflow(f"systems/{name}", tmp_path / "run", preset="smoke")
    suites = json.loads((tmp_path / "run" / "eval.json").read_text())["suites"].values()
    assert {suite["seeds"] for suite in suites} == {2}
    assert (tmp_path / "run" / "report" / "index.html").is_file()
