import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit import load_prm
from prmkit.contracts import Scorer
from prmkit.errors import CheckpointError, ConfigError
from prmkit.model.calibration import Calibration
from prmkit.model.prm import PRM
from prmkit.policy.hf import HFPolicy
from prmkit.score.calibrate import calibrate, first_wrong, fit_temperature, logit
from prmkit.score.surprisal import SurprisalScorer, step_minima
from prmkit.stats import ScoreMap, processbench_f1
from prmkit.stats.first_error import first_below
from prmkit.types import Problem, Trajectory

PROBLEM = Problem(id="p", text="3 + 4 = ?")


@pytest.fixture(scope="module")
def policy(causal_folder):
    return HFPolicy(causal_folder)


def test_surprisal_scores_are_the_least_token_probability(policy):
    """Oracle: the whole text through the model once, minima taken by hand over the words of each step."""
    steps = ["3 + 4", {"text": "so", "role": "observe"}, "= 7 ."]
    row = Trajectory.of_steps("t", "p", steps)
    ids = policy.tokenizer("3 + 4 = ?\n3 + 4\nso\n= 7 .")["input_ids"]
    with torch.no_grad():
        predicted = policy.model(torch.tensor([ids])).logits.log_softmax(-1)[0]
    logprobs = [float(predicted[i - 1, ids[i]]) for i in range(10, len(ids))]
    wanted = [min(logprobs[:5]), None, min(logprobs[8:13])]
    found = SurprisalScorer(policy).score(PROBLEM, [row])[0].check(row)
    assert found.values[1] is None
    assert [v and math.log(v) for v in found.values] == [v and pytest.approx(v, abs=1e-4) for v in wanted]
    assert found.model == "surprisal"


def test_surprisal_does_not_depend_on_the_batch_and_keeps_order(policy):
    rows = [
        Trajectory.of_steps(f"t{i}", "p", steps)
        for i, steps in enumerate([["3"], ["so 7", "sum is 7"], [], [""]])
    ]
    scorer = SurprisalScorer(policy)
    together = scorer.score(PROBLEM, rows)
    alone = [scorer.score(PROBLEM, [row])[0] for row in rows]
    assert [s.trajectory_id for s in scorer.score_many(((PROBLEM, r) for r in rows), window=2)] == [
        r.id for r in rows
    ]
    for a, b in zip(together, alone, strict=True):
        assert a.values == tuple(v if v is None else pytest.approx(v, abs=1e-6) for v in b.values)
    assert together[3].values == (None,)


def test_surprisal_beyond_the_context_is_none(policy):
    row = Trajectory.of_steps("t", "p", ["so 7", "3 " * 200, "so 7"])
    found = SurprisalScorer(policy).score(PROBLEM, [row])[0]
    assert found.values[0] is not None
    assert found.values[1:] == (None, None)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4)), max_size=6), st.integers(1, 3))
def test_every_token_counts_in_the_steps_it_touches(gaps, width):
    steps, at = [], 0
    for gap, size in gaps:
        steps.append((at + gap, at + gap + size))
        at += gap + size
    spans = [(i, min(i + width, at)) for i in range(0, at, width)]
    logprobs = [-float((7 * i) % 11) for i in range(len(spans))]
    wanted = [
        min(lp for (a, b), lp in zip(spans, logprobs, strict=True) if a < stop and b > start)
        for start, stop in steps
    ]
    assert step_minima(steps, spans, logprobs, at) == wanted


@given(st.floats(0.1, 8), st.lists(st.floats(-4, 4), min_size=3, max_size=20))
@settings(max_examples=60, deadline=None)
def test_temperature_is_found_again(temperature, logits):
    """Labels equal to the probabilities at some temperature: that temperature has the least loss."""
    if max(abs(z) for z in logits) < 0.1:
        return
    truth = [1 / (1 + math.exp(-z / temperature)) for z in logits]
    if min(truth) == max(truth):
        return
    assert fit_temperature(logits, truth) == pytest.approx(temperature, rel=1e-3)


def test_temperature_needs_both_classes():
    with pytest.raises(ConfigError, match="one class"):
        fit_temperature([1.0, 2.0], [1.0, 1.0])
    with pytest.raises(ConfigError, match="0 labels"):
        fit_temperature([], [])
    assert first_wrong([None, 1.0, 0.3]) == 2
    assert logit(0.0) == pytest.approx(-logit(1.0))


def test_calibration_is_stored_with_where_it_was_chosen(causal_folder, sample, tmp_path):
    prm = PRM.create(causal_folder, seed=1)
    with torch.no_grad():
        prm.module.network.score.weight.mul_(40)
    rows = [
        sample(f"s{i}", [f"{i} + 3", f"so {i}", f"= {i * 2}"], [1.0, float(i % 3 > 0), float(i % 2)])
        for i in range(18)
    ]
    prm.calibration = calibrate(prm, rows, on="held-out-18")
    again = load_prm(prm.save(tmp_path / "prm"))
    scores = list(again.score_many(rows))
    assert scores[0].threshold.chosen_on == scores[0].calibrated_on == "held-out-18"
    gold = [first_wrong(row.labels.values) for row in rows]
    level = scores[0].threshold.value
    reached = processbench_f1(gold, [first_below(one.values, level) for one in scores]).f1
    for other in (0.05, 0.5, 0.95, level - 0.05, level + 0.05):
        assert reached >= processbench_f1(gold, [first_below(one.values, other) for one in scores]).f1
    # Calibrating again changes nothing: the temperature is fitted to logits, not to calibrated scores.
    assert calibrate(again, rows, on="held-out-18").temperature == pytest.approx(
        prm.calibration.temperature, rel=1e-3
    )
    raw = [v for one in PRM.load(tmp_path / "prm").score_many(rows) for v in one.values]
    assert len(set(raw)) > 5


def test_a_map_is_stored_as_numbers_and_checked(causal_folder, tmp_path):
    prm = PRM.create(causal_folder, seed=1)
    prm.calibration = Calibration(
        fitted_on="x", map=ScoreMap("isotonic", knots=(0.2, 0.6), levels=(0.1, 0.9))
    )
    folder = prm.save(tmp_path / "prm")
    assert load_prm(folder).calibration == prm.calibration
    card = folder / "prmkit.json"
    card.write_text(card.read_text().replace('"isotonic"', '"spline"'))
    with pytest.raises(CheckpointError, match="calibration"):
        load_prm(folder)


def test_scorers_share_one_contract(causal_folder, policy):
    scorers: list[Scorer] = [PRM.create(causal_folder), SurprisalScorer(policy)]
    row = Trajectory.of_steps("t", "p", ["3 + 4 = 7"])
    for scorer in scorers:
        assert scorer.score(PROBLEM, []) == []
        assert 0 <= scorer.score(PROBLEM, [row])[0].values[0] <= 1


def test_what_scorers_read_is_counted(causal_folder, policy, sample):
    prm, scorer = PRM.create(causal_folder), SurprisalScorer(policy)
    before = policy.spent.spent.tokens
    one = [sample("a", ["3 + 4", "= 7"], [1.0, 1.0])[:2]]
    list(prm.score_many(one))
    first = prm.spent.spent.tokens
    assert first == len(prm.encoder(one)[0].ids)
    list(prm.score_many(one * 2))
    assert prm.spent.spent.tokens == 2 * first  # what two solutions share is read once
    prm.layout = "rows"
    list(prm.score_many(one * 2))
    assert prm.spent.spent.tokens == 4 * first
    assert prm.parameters == sum(p.numel() for p in prm.module.parameters())
    list(scorer.score_many(one))
    assert policy.spent.spent.tokens > before
    assert policy.parameters == sum(p.numel() for p in policy.model.parameters())


@pytest.mark.parametrize("method", ["platt", "isotonic", "histogram"])
def test_a_stored_map_shapes_the_scores(causal_folder, sample, tmp_path, method):
    prm = PRM.create(causal_folder, seed=1)
    rows = [sample(f"s{i}", [f"{i} + 3", f"= {i * 2}"], [1.0, float(i % 2)]) for i in range(18)]
    plain = [v for one in prm.score_many(rows) for v in one.values]
    prm.calibration = calibrate(prm, rows, on="held-out-18", method=method)
    again = load_prm(prm.save(tmp_path / "prm"))
    found = [v for one in again.score_many(rows) for v in one.values]
    assert found == pytest.approx(prm.calibration.apply(plain), abs=1e-5)
    assert found != pytest.approx(plain, abs=1e-3)
