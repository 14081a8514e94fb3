"""Log-ratio PRMs: a language model learns from outcomes, and the scorer reads what was trained."""

import json
import math
from dataclasses import replace

import pytest
import torch
from peft import LoraConfig
from transformers import AutoModelForCausalLM

from prmkit import PRMTrainer, load_prm
from prmkit.cards import PRMSpec
from prmkit.config import from_mapping
from prmkit.errors import CheckpointError, ConfigError, RecordError, RendererMismatchError
from prmkit.model.pair import is_pair
from prmkit.train.fit import fit
from prmkit.train.implicit import USUAL, Implicit
from prmkit.train.losses import kto, kto_baseline
from prmkit.train.settings import FitSettings
from prmkit.train.trainer import OTHER, _given
from prmkit.types import Sample, Trajectory

START = {"ce": math.log(2), "kto": 0.5, "dpo": math.log(2), "nca": 2 * math.log(2)}


def right(digits):
    return {"outcome": float(digits[-1] > 1)}


@pytest.mark.parametrize("how", START)
def test_learns_and_the_scorer_reads_what_was_trained(how, causal_folder, rows, arguments, tmp_path):
    prm, held = Implicit.create(causal_folder, beta=0.5), rows(60, 1, right, each=6)
    settings = arguments(tmp_path, num_train_epochs=5, learning_rate=1e-2)
    trainer = PRMTrainer(prm, settings, rows(240, 0, right, each=6), held, objective=how, batch_tokens=256)
    before = trainer.evaluate()
    assert before["eval_loss"] == pytest.approx(START[how], abs=1e-5)
    trainer.train()
    after = trainer.evaluate()
    assert after["eval_loss"] < 0.85 * before["eval_loss"]
    assert after["eval_accuracy" if how in ("dpo", "nca") else "eval_auroc"] > 0.75
    prm.save(tmp_path / "prm")
    again, row = load_prm(tmp_path / "prm"), held[0]
    scores = again.score(row.problem, [row.trajectory])[0]
    live = prm.prm.score(row.problem, [row.trajectory])[0]
    assert scores.values == pytest.approx(live.values, abs=1e-6)
    assert (scores.kind, scores.cumulative, again.spec.scale) == ("logratio", True, 0.5)
    found = {one.encoded.ids: one for one in trainer.eval_dataset}[prm.encoder([row[:2]])[0].ids]
    batch = trainer._collate([found])
    batch = {name: one for name, one in batch.items() if not name.startswith(OTHER)}
    with torch.no_grad():
        assert float(prm.module.eval()(**_given(batch))[0, 0, 0]) == pytest.approx(
            scores.values[-1], abs=1e-5
        )
    AutoModelForCausalLM.from_pretrained(tmp_path / "prm")
    card = json.loads((tmp_path / "prm" / "prmkit.json").read_text())
    assert (card["head"], card["labels"]["objective"], card["reference"]["path"]) == (
        "log_ratio",
        how,
        "reference",
    )


@pytest.mark.parametrize("how", ["ce", "kto"])
def test_resuming_gives_the_same_weights_bit_for_bit(how, causal_folder, rows, arguments, tmp_path):
    def trainer(folder, steps):
        settings = arguments(
            tmp_path / folder,
            save_strategy="steps",
            save_steps=2,
            max_steps=steps,
            lr_scheduler_type="constant",
        )
        data = rows(24, 0, right, each=6)
        return PRMTrainer(Implicit.create(causal_folder), settings, data, objective=how, batch_tokens=96)

    whole = trainer("whole", 5)
    whole.train()
    trainer("broken", 2).train()
    resumed = trainer("broken", 5)
    checkpoint = tmp_path / "broken" / "checkpoint-2"
    assert not (checkpoint / "reference").exists()
    assert load_prm(checkpoint).score_steps("1?", [["1 = 2"]])[0][0] != 0
    resumed.train(resume_from_checkpoint=str(checkpoint))
    one, other = (
        torch.cat([p.detach().flatten() for p in some.prm.module.parameters()]) for some in (whole, resumed)
    )
    assert torch.equal(one, other)


@pytest.mark.parametrize("how", START)
def test_small_batches_are_one_large_batch(how, causal_folder, rows, arguments, tmp_path):
    found = []
    for budget in (1 << 14, 48):
        prm = Implicit.create(causal_folder, beta=0.5)
        with torch.no_grad():  # not the reference any more
            prm.module.network.lm_head.weight[5:9] += 0.3
        data = rows(18, 3, right, each=6)
        trainer = PRMTrainer(prm, arguments(tmp_path), data, objective=how, batch_tokens=budget)
        batches = list(trainer.get_train_dataloader())
        assert (len(batches) > 1) == (budget == 48)
        weights = trainer._get_num_items_in_batch(batches, "cpu")
        losses = [trainer.compute_loss(prm.module, one, num_items_in_batch=weights) for one in batches]
        sum(losses).backward()
        slopes = {name: one.grad for name, one in prm.module.named_parameters() if one.grad is not None}
        found.append((float(sum(losses).detach()), slopes, trainer.baseline))
    (loss, slopes, baseline), (same, others, too) = found
    assert same == pytest.approx(loss, abs=1e-5)
    for name, slope in slopes.items():
        torch.testing.assert_close(others[name], slope, rtol=1e-4, atol=1e-6)
    if how == "kto":
        torch.testing.assert_close(baseline, too)


@pytest.mark.parametrize("how", START)
def test_packed_rows_give_the_loss_and_gradient_of_padded_ones(how, causal_folder, rows, arguments, tmp_path):
    found = []
    for packed in (False, True):
        prm = Implicit.create(causal_folder, beta=0.5)
        with torch.no_grad():  # not the reference any more
            prm.module.network.lm_head.weight[5:9] += 0.3
        trainer = PRMTrainer(
            prm, arguments(tmp_path), rows(18, 3, right, each=6), objective=how, batch_tokens=1 << 14
        )
        trainer.packed = packed and prm.module.shape is not None
        (batch,) = trainer.get_train_dataloader()
        assert ("forest" in batch) == packed
        weights = trainer._get_num_items_in_batch([batch], "cpu")
        loss = trainer.compute_loss(prm.module, batch, num_items_in_batch=weights)
        loss.backward()
        slopes = {name: one.grad for name, one in prm.module.named_parameters() if one.grad is not None}
        found.append((loss.detach(), slopes, batch["input_ids"].numel()))
    (loss, slopes, padded), (same, others, computed) = found
    assert computed < padded
    torch.testing.assert_close(same, loss, atol=1e-5, rtol=1e-5)
    for name, slope in slopes.items():
        torch.testing.assert_close(others[name], slope, rtol=1e-4, atol=1e-6)


def test_the_baseline_is_measured_on_solutions_of_other_problems(causal_folder, rows, arguments, tmp_path):
    """Against a scorer that reads the mismatched texts themselves."""
    prm, data = Implicit.create(causal_folder, beta=0.5), rows(12, 3, right, each=6)
    with torch.no_grad():
        prm.module.network.lm_head.weight[5:9] += 0.3
    trainer = PRMTrainer(prm, arguments(tmp_path), data, objective="kto", batch_tokens=1 << 14)
    (batch,) = trainer.get_train_dataloader()
    loss = trainer.compute_loss(
        prm.module, batch, num_items_in_batch=trainer._get_num_items_in_batch([batch], "cpu")
    )
    wrong = [
        prm.prm.score(row.problem, [replace(data[(j)].trajectory, problem_id=row.problem.id)])[0].values[-1]
        for row, j in zip(data, [6] * 6 + [0] * 6, strict=True)
    ]
    own = [prm.prm.score(row.problem, [row.trajectory])[0].values[-1] for row in data]
    each = torch.ones(12)
    baseline = kto_baseline(torch.tensor(wrong), each)
    torch.testing.assert_close(trainer.baseline, baseline, atol=1e-5, rtol=1e-4)
    outcomes = torch.tensor([row.trajectory.outcome > 0 for row in data])
    wanted = kto(torch.tensor(own), outcomes, baseline, each) / 12
    torch.testing.assert_close(loss.detach(), wanted, atol=1e-5, rtol=1e-4)


def test_lora_saves_a_whole_model(causal_folder, rows, arguments, tmp_path):
    prm, data = Implicit.create(causal_folder, beta=0.5), rows(24, 0, right, each=6)
    lora = LoraConfig(target_modules=["q_proj", "v_proj"], r=2)
    trainer = PRMTrainer(prm, arguments(tmp_path), data, objective="dpo", peft_config=lora)
    trainer.train()
    prm.save(tmp_path / "prm", reference="link")
    row = data[0]
    live = prm.prm.score(row.problem, [row.trajectory])[0].values
    assert load_prm(tmp_path / "prm").score(row.problem, [row.trajectory])[0].values == pytest.approx(
        live, abs=1e-5
    )
    assert max(map(abs, live)) > 1e-4


def test_by_settings(causal_folder, rows, tmp_path):
    given = {"backbone": str(causal_folder), "implicit": "ce", "beta": 0.1, "max_steps": 2, "max_tokens": 60}
    settings = from_mapping(FitSettings, given)
    data = rows(12, 0, right, each=6)
    result = fit(settings, data, tmp_path / "prm", scratch=tmp_path / "scratch", seed=0)
    assert (result["updates"], result["trajectories"]) == (2, 12)
    prm = load_prm(tmp_path / "prm", "prmkit")
    assert (prm.spec.scale, prm.spec.max_tokens) == (0.1, 60)
    for change, message in (
        ({"head": "scalar"}, "no head, kind"),
        ({"init": "random"}, "begin with a trained language model"),
        ({"two_layers": True}, "no head, kind"),
        ({"variant": "dprm"}, "'dprm' learns steps"),
        ({"width": 16}, "its own width"),
        ({"beta": 0.0}, "beta 0.0"),
        ({"wrong_weight": 2.0, "implicit": "dpo"}, "no classes to weigh"),
    ):
        with pytest.raises(ConfigError, match=message):
            fit(
                from_mapping(FitSettings, {**given, **change}),
                data,
                tmp_path / "x",
                scratch=tmp_path / "s",
                seed=0,
            )


def test_what_is_refused(causal_folder, rows, arguments, tmp_path):
    def train(data, **given):
        PRMTrainer(Implicit.create(causal_folder), arguments(tmp_path), data, **{"objective": "ce", **given})

    data = rows(12, 0, right, each=6)
    steps = ["1 = 2", {"text": "2", "role": "observe"}]
    seen = Trajectory.of_steps("t", data[0].problem.id, steps, outcome=1.0)
    with pytest.raises(RecordError, match="'t' has observations"):
        train([Sample(data[0].problem, seen)])
    with pytest.raises(ConfigError, match="no objective 'pairwise'"):
        train(data, objective="pairwise")
    with pytest.raises(ConfigError, match="no objective ''"):
        train(data, objective="")
    with pytest.raises(RecordError, match="all solutions are of one problem"):
        train(data[:6], objective="kto")
    with pytest.raises(ConfigError, match="head 'classes' for a log-ratio PRM"):
        Implicit.create(causal_folder, PRMSpec())


def test_folders_that_were_changed_are_refused(causal_folder, tmp_path, tokenizer):
    prm = Implicit.create(causal_folder)
    prm.save(tmp_path / "prm")
    assert is_pair(tmp_path / "prm")
    assert not is_pair(causal_folder)
    assert load_prm(tmp_path / "prm").score_steps("1?", [["1 = 2", "2 = 1"]]) == [[0.0, 0.0]]
    with pytest.raises(RendererMismatchError, match="'eurus' is asked for"):
        load_prm(tmp_path / "prm", "eurus")
    with pytest.raises(RendererMismatchError, match="trained with renderer"):
        load_prm(tmp_path / "prm", replace(USUAL, separator=" "))
    other = AutoModelForCausalLM.from_pretrained(causal_folder)
    with torch.no_grad():
        other.lm_head.weight.add_(1)
    other.save_pretrained(tmp_path / "other")
    tokenizer.save_pretrained(tmp_path / "other")
    with pytest.raises(CheckpointError, match="the reference have digest"):
        load_prm(tmp_path / "prm", reference=tmp_path / "other")
    other.save_pretrained(tmp_path / "prm")
    with pytest.raises(CheckpointError, match="the weights have digest"):
        load_prm(tmp_path / "prm")
