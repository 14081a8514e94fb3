"""Rewards of next tokens: what is learned of a vocabulary, what is saved, and how steps are scored."""

import json

import pytest
import torch
from peft import LoraConfig
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from prmkit import PRMTrainer, load_prm
from prmkit.config import from_mapping
from prmkit.errors import CheckpointError, ConfigError, RendererMismatchError
from prmkit.model.folder import weights_digest
from prmkit.model.next_token import UNSEEN, NextTokenPRM
from prmkit.model.spec import family
from prmkit.stats import auroc
from prmkit.train.fit import fit
from prmkit.train.losses import taken_error
from prmkit.train.next_token import NextToken, next_token_spec
from prmkit.train.settings import FitSettings
from prmkit.train.trainer import _given
from prmkit.types import Problem


def right(digits):
    return {"values": tuple(float(b > 1) for b in digits)}


def worth(digits):
    return {"values": tuple((b - 1.5) / 2 for b in digits), "kind": "value"}


def scores(prm, data):
    return [value for one in prm.score_many(row[:2] for row in data) for value in one.values]


@pytest.mark.parametrize(("kind", "told"), [("correct", right), ("value", worth)])
def test_learns_and_gives_the_same_rewards_when_loaded(kind, told, causal_folder, rows, arguments, tmp_path):
    rewards, held = NextToken.create(causal_folder, next_token_spec(kind)), rows(60, 1, told)
    trainer = PRMTrainer(
        rewards, arguments(tmp_path, num_train_epochs=5), rows(160, 0, told), held, batch_tokens=512
    )
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    after = trainer.evaluate()
    assert after["eval_loss"] < 0.9 * before  # before a step's last token nobody can know
    labels = [
        float(value > 0.5 if kind == "correct" else value > 0) for r in held for value in r.labels.values
    ]
    assert auroc(scores(rewards.prm, held), labels) > 0.95
    rewards.save(tmp_path / "prm")
    again, live = load_prm(tmp_path / "prm"), rewards.prm
    assert isinstance(again, NextTokenPRM)
    found = scores(again, held[:8])
    assert found == pytest.approx(scores(live, held[:8]), abs=1e-6)
    next_one = again.score_next(held[0].problem, ["1 = ", "1 = 3\n"])
    torch.testing.assert_close(next_one, live.score_next(held[0].problem, ["1 = ", "1 = 3\n"]))
    digits = [again.tokenizer.convert_tokens_to_ids(str(i)) for i in range(4)]
    low, *_, high = next_one[0, digits].tolist()
    assert high > low + 0.3
    bounds = (0.0, 1.0) if kind == "correct" else (-float("inf"), float("inf"))
    record = again.score(held[0].problem, [held[0].trajectory])[0]
    assert (record.kind, record.range) == (kind, bounds)
    AutoModelForCausalLM.from_pretrained(tmp_path / "prm")


def test_tokens_that_were_never_learned_from_keep_the_floor(causal_folder, rows, arguments, tmp_path):
    rewards, data = NextToken.create(causal_folder), rows(24, 0, right)
    PRMTrainer(rewards, arguments(tmp_path, max_steps=1), data)
    seen = {token for row in data for token in rewards.tokenizer(row.trajectory.text)["input_ids"]}
    assert {i for i, new in enumerate(rewards.unseen.tolist()) if not new} == seen
    assert rewards.labels["tokens"] == len(seen)
    told = rewards.prm.score_next(Problem("p", "1?"), ["1"])[0]
    new = rewards.tokenizer.convert_tokens_to_ids("9")
    assert new not in seen
    assert float(told[new]) == UNSEEN
    assert float(told[next(iter(seen))]) > UNSEEN
    odd = rewards.prm.score_steps("1?", [["1 = 2", "1 = 9"]])[0]
    assert odd[0] == odd[0]
    assert odd[1] != odd[1]  # a last token that nothing is known of


def test_only_the_tokens_taken_are_taught(causal_folder, rows, arguments, tmp_path):
    """The loss of the whole vocabulary's rewards; its gradient is 0 at every other token."""
    rewards, data = NextToken.create(causal_folder, next_token_spec("value")), rows(6, 0, worth)
    trainer = PRMTrainer(rewards, arguments(tmp_path), data)
    (batch,) = trainer.get_train_dataloader()
    loss = trainer.compute_loss(rewards.module.eval(), batch)
    ids, marks = batch["input_ids"], batch["marks"]
    whole = rewards.module.network(input_ids=ids).logits + rewards.module.bias
    every = whole.gather(1, (marks - 1).clamp(min=0)[..., None].expand(-1, -1, whole.shape[-1]))
    wanted = taken_error(every, ids.gather(1, marks), batch["labels"], batch["weights"])
    torch.testing.assert_close(loss, wanted / batch["weights"].sum(), rtol=1e-4, atol=1e-5)
    loss.backward()
    taken = set(ids.gather(1, marks)[batch["labelled"]].tolist())
    moved = {i for i, slope in enumerate(rewards.module.bias.grad.tolist()) if slope}
    assert moved == taken
    assert len(marks[0]) > len(data[0].trajectory.steps)  # every token of a step has its label


@pytest.mark.parametrize("layout", ["rows", "auto"])
def test_packed_rows_are_padded_rows(layout, causal_folder, rows, arguments, tmp_path):
    found = []
    for packed in (False, layout == "auto"):
        rewards = NextToken.create(causal_folder)
        trainer = PRMTrainer(rewards, arguments(tmp_path), rows(18, 3, right, each=6), batch_tokens=1 << 14)
        trainer.packed = packed
        (batch,) = trainer.get_train_dataloader()
        assert ("forest" in batch) == packed
        assert rewards.module.shape is not None
        loss = trainer.compute_loss(rewards.module.eval(), batch)
        loss.backward()
        slopes = {name: one.grad for name, one in rewards.module.named_parameters() if one.grad is not None}
        found.append((loss.detach(), slopes))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-5, atol=1e-5)
    for name, slope in found[0][1].items():
        torch.testing.assert_close(found[1][1][name], slope, rtol=1e-4, atol=1e-5)


def test_resuming_and_adapters(causal_folder, rows, arguments, tmp_path):
    def trainer(folder, steps, **given):
        asked = {
            "save_strategy": "steps",
            "save_steps": 2,
            "max_steps": steps,
            "lr_scheduler_type": "constant",
        }
        rewards = NextToken.create(causal_folder)
        data = rows(24, 0, right)
        return PRMTrainer(rewards, arguments(tmp_path / folder, **asked), data, batch_tokens=96, **given)

    for name, lora in (("all", None), ("lora", LoraConfig(target_modules=["q_proj", "v_proj"], r=2))):
        whole = trainer(f"{name}-whole", 3, peft_config=lora)
        whole.train()
        trainer(f"{name}-broken", 2, peft_config=lora).train()
        resumed = trainer(f"{name}-broken", 3, peft_config=lora)
        resumed.train(resume_from_checkpoint=str(tmp_path / f"{name}-broken" / "checkpoint-2"))
        one, other = (
            torch.cat([p.detach().flatten() for p in some.prm.module.parameters()])
            for some in (whole, resumed)
        )
        assert torch.equal(one, other)
        assert whole.prm.module.bias.abs().max() > 0
    whole.prm.save(tmp_path / "prm")
    data = rows(4, 1, right)
    assert scores(load_prm(tmp_path / "prm"), data) == pytest.approx(scores(whole.prm.prm, data), abs=1e-5)


def test_by_settings(causal_folder, rows, tmp_path):
    given = {"backbone": str(causal_folder), "head": "next_token", "max_steps": 2, "layout": "auto"}
    result = fit(
        from_mapping(FitSettings, given), rows(12, 0, right), tmp_path / "prm", scratch=tmp_path / "s", seed=0
    )
    assert (result["updates"], result["trajectories"]) == (2, 12)
    prm = load_prm(tmp_path / "prm", "prmkit")
    assert prm.threshold.value == 0.5
    for change, message in (
        ({"variant": "dorm"}, "learns the rewards of tokens"),
        ({"objective": "pairwise"}, "learns the rewards of tokens"),
        ({"init": "random"}, "begin with a trained language model"),
        ({"width": 16}, "its own width"),
        ({"kind": "value"}, "labels of kind correct for a head"),
    ):
        asked = from_mapping(FitSettings, {**given, **change})
        with pytest.raises(ConfigError, match=message):
            fit(asked, rows(12, 0, right), tmp_path / "x", scratch=tmp_path / "s", seed=0)


def test_what_is_refused(causal_folder, tmp_path):
    rewards = NextToken.create(causal_folder)
    rewards.save(tmp_path)
    with pytest.raises(RendererMismatchError, match="'saffron' is asked for"):
        load_prm(tmp_path, "saffron")
    card = json.loads((tmp_path / "prmkit.json").read_text())
    parts = load_file(tmp_path / "next_token.safetensors")
    save_file(
        {name: one[:-1].contiguous() for name, one in parts.items()}, tmp_path / "next_token.safetensors"
    )
    with pytest.raises(CheckpointError, match="the weights have digest"):
        load_prm(tmp_path)
    (tmp_path / "prmkit.json").write_text(json.dumps({**card, "weights": weights_digest(tmp_path)}))
    with pytest.raises(CheckpointError, match="the vocabulary has"):
        load_prm(tmp_path)
    with pytest.raises(ConfigError, match="head 'classes'"):
        NextToken.create(causal_folder, family("trl").spec)
    with pytest.raises(ConfigError, match="no labels of kind 'odd'"):
        next_token_spec("odd")
    batch = {"input_ids": torch.zeros(1, 2).long(), "marks": torch.zeros(1, 1).long()}
    assert rewards.module(**_given(batch)).shape == (1, 1, 1)
