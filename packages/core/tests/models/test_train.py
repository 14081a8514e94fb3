import logging
import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig
from transformers import AutoModelForTokenClassification, TrainerCallback, TrainingArguments

from prmkit import PRMTrainer, load_prm
from prmkit.cards import PRMSpec
from prmkit.encode.collate import collate
from prmkit.errors import AlignmentError, CheckpointError, ConfigError, RecordError
from prmkit.model.prm import PRM
from prmkit.model.reading import examples
from prmkit.train.examples import LabelCounts, as_sample, prepare
from prmkit.train.fit import fit
from prmkit.train.losses import cross_entropy, effective_weights, squared_error, step_logit
from prmkit.train.optimizer import muon
from prmkit.train.settings import FitSettings

LN = torch.log


def arguments(folder, **given):
    settings = {
        "num_train_epochs": 2,
        "learning_rate": 1e-2,
        "save_strategy": "no",
        "logging_steps": 1000,
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": 7,
    }
    return TrainingArguments(str(folder), **{**settings, **given})


@pytest.fixture(scope="module")
def task(sample):
    """Steps ``a = b``: right when b is 2 or 3."""

    def build(count, seed):
        draw = random.Random(seed)
        rows = []
        for i in range(count):
            pairs = [(draw.randrange(4), draw.randrange(4)) for _ in range(3)]
            steps = [f"{a} = {b}" for a, b in pairs]
            labels = [float(b > 1) for _, b in pairs]
            rows.append(sample(f"{seed}-{i}", steps, labels, outcome=float(all(labels))))
        return rows

    return build


# --- losses


def test_golden_losses():
    """By hand: logits (0, ln 3) give p = 3/4."""
    logits = torch.tensor([[[0.0, float(LN(torch.tensor(3.0)))]]])
    logit, one = step_logit(logits), torch.ones(1, 1)
    p = torch.tensor(0.75)
    for y in (1.0, 0.0, 0.9):
        wanted = -(y * LN(p) + (1 - y) * LN(1 - p))
        torch.testing.assert_close(cross_entropy(logit, torch.tensor([[y]]), one), wanted)
        two_class = torch.nn.functional.cross_entropy(logits[0], torch.tensor([[1 - y, y]]))
        torch.testing.assert_close(cross_entropy(logit, torch.tensor([[y]]), one), two_class)
    torch.testing.assert_close(step_logit(logits, positive=0), -logit)
    assert (
        float(
            squared_error(torch.tensor([[0.5, 9.0]]), torch.tensor([[-0.5, 0.0]]), torch.tensor([[2.0, 0.0]]))
        )
        == 2
    )


def test_a_soft_label_stays_soft():
    """Regression of trainers that cast labels to integers: the best prediction for 0.9 is 0.9."""
    for wrong_weight in (1.0, 3.0):
        logit = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
        label, every = torch.tensor([[0.9]]), torch.ones(1, 1)
        best = torch.optim.LBFGS([logit], max_iter=60, line_search_fn="strong_wolfe")

        def closure(logit=logit, label=label, every=every, best=best, wrong_weight=wrong_weight):
            best.zero_grad()
            weights = effective_weights(label, every, every.bool(), wrong_weight)
            loss = cross_entropy(logit, label, weights)
            loss.backward()
            return loss

        best.step(closure)
        assert float(logit.detach().sigmoid()) == pytest.approx(0.9, abs=1e-4)


steps = st.lists(
    st.tuples(st.floats(-30, 30), st.one_of(st.none(), st.floats(0, 1)), st.floats(0, 5)),
    min_size=1,
    max_size=6,
)


@given(steps, st.floats(0.1, 9))
@settings(max_examples=100, deadline=None)
def test_unlabelled_steps_give_no_gradient(rows, wrong_weight):
    logit = torch.tensor([[z if y is not None else float("nan") for z, y, _ in rows]], requires_grad=True)
    labels = torch.tensor([[0.0 if y is None else y for _, y, _ in rows]])
    labelled = torch.tensor([[y is not None for _, y, _ in rows]])
    weights = effective_weights(labels, torch.tensor([[w for *_, w in rows]]), labelled, wrong_weight)
    for loss in (cross_entropy(logit, labels, weights), squared_error(logit, labels, weights)):
        (gradient,) = torch.autograd.grad(loss, logit, retain_graph=True)
        assert torch.isfinite(loss)
        assert (gradient[~labelled] == 0).all()
        assert torch.isfinite(gradient).all()


@given(steps)
@settings(max_examples=50, deadline=None)
def test_loss_is_the_sum_of_its_steps(rows):
    columns = [(torch.tensor([[z]]), torch.tensor([[y or 0.0]]), torch.tensor([[w]])) for z, y, w in rows]
    whole = cross_entropy(*(torch.cat(parts, 1) for parts in zip(*columns, strict=True)))
    torch.testing.assert_close(whole, sum(cross_entropy(*one) for one in columns), rtol=1e-4, atol=1e-4)


def test_class_weights_are_the_usual_ones_for_hard_labels():
    labels = torch.tensor([[1.0, 0.0]])
    logit = torch.tensor([[0.3, -0.2]])
    weights = effective_weights(labels, torch.ones(1, 2), torch.ones(1, 2).bool(), 3.0)
    classes = torch.tensor([3.0, 1.0])
    wanted = torch.nn.functional.cross_entropy(
        torch.stack([torch.zeros(2), logit[0]], -1), labels[0].long(), weight=classes, reduction="sum"
    )
    torch.testing.assert_close(cross_entropy(logit, labels, weights), wanted)


# --- examples


def test_rows_like_trl_become_samples():
    row = {"prompt": "1 + 1?", "completions": ["1 + 1", "2"], "labels": [0.9, None]}
    made = as_sample(row, 3)
    assert made.labels.values == (0.9, None)
    assert [step.text for step in made.trajectory.steps] == ["1 + 1", "2"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [True, False]}, r"row 4.*labels|row 4: field 'values\[0\]': True is a bool"),
        ({"labels": [1.0, -100]}, r"row 4: field 'values\[1\]': -100 lies outside"),
        ({"labels": [1.0, float("nan")]}, r"row 4: field 'values\[1\]': nan lies outside"),
        ({"labels": [1.0]}, r"row 4: field 'values': 1 entries for 2 steps"),
        ({"labels": "11"}, r"row 4: field 'labels': '11' is not a list"),
        ({"completions": [1, 2]}, r"row 4: field 'steps\[0\]': a step must be a string"),
        ({"prompt": None}, r"row 4: field 'prompt': None is not a string"),
    ],
)
def test_bad_rows_name_their_place(change, message):
    row = {"prompt": "1 + 1?", "completions": ["1 + 1", "2"], "labels": [1.0, 0.0], **change}
    with pytest.raises(RecordError, match=message):
        as_sample(row, 4)
    with pytest.raises(RecordError, match="row 5: a training row is a int"):
        as_sample(7, 5)


def test_every_label_is_counted_and_lost_ones_too(causal_folder, sample):
    encoder = PRM.create(causal_folder, spec=PRMSpec(max_tokens=28)).encoder
    rows = [
        sample("a", ["3 = 3", "7", {"text": "7", "role": "observe"}], [1.0, 0.0, None]),
        sample("b", ["3 = 3", "7 " * 40], [0.5, 1.0]),
        sample("c", ["7 " * 40, "so"], [1.0, 0.0]),
        sample("d", ["7", "8"], [None, None]),
        sample("e", ["7"]),
    ]
    made, counts, kept = prepare(rows, encoder)
    assert counts == LabelCounts(
        trajectories=2, right=1, wrong=1, soft=1, none=0, cut=3, refused=1, unlabelled=2
    )
    assert [one.labels for one in made] == [(1.0, 0.0, None), (0.5, None)]
    assert kept == rows[:2]
    with pytest.raises(RecordError, match="no label reaches the model: 1 trajectories have none, 1 lost"):
        prepare(rows[2:4], encoder)


def test_labels_of_another_cut_are_refused(causal_folder, sample):
    row, other = sample("a", ["3", "4"], [1.0, 0.0]), sample("a", ["34", "4"], [1.0, 0.0])
    with pytest.raises(AlignmentError, match="another cut"):
        prepare([row._replace(labels=other.labels)], PRM.create(causal_folder).encoder)


def test_suspicious_labels_are_named():
    assert "cast to bool" in LabelCounts(trajectories=5, right=9).suspicious()
    assert "98.9%" in LabelCounts(trajectories=5, right=90, wrong=1).suspicious()
    assert "max_tokens" in LabelCounts(trajectories=5, right=9, wrong=9, cut=9).suspicious()
    assert LabelCounts(trajectories=5, right=9, wrong=9).suspicious() is None


def test_training_and_scoring_see_the_same_tokens(causal_folder, task):
    prm = PRM.create(causal_folder)
    rows = task(20, 5)
    made, _, _ = prepare(rows, prm.encoder)
    scored = examples(prm, prm.encoder([(row.problem, row.trajectory) for row in rows]))
    assert [one.encoded for one in made] == [one.encoded for one in scored]
    short, _, _ = prepare(rows, prm.encoder, causal=True)
    assert [one.encoded for one in short] == [one.encoded for one in scored]


def test_tokens_behind_the_last_label_change_nothing(causal_folder, sample):
    prm = PRM.create(causal_folder)
    row = sample(
        "a", ["3 = 3", "7 = 8", "so 9", "so 9"], [1.0, 0.0, None, None], convention="until_first_error"
    )
    long, short = (prepare([row], prm.encoder, causal=causal)[0][0] for causal in (False, True))
    assert len(short) == short.encoded.marks[1] + 1 < len(long)
    logits = []
    for one in (long, short):
        batch = collate([one])
        with torch.no_grad():
            logits.append(prm.module(batch["input_ids"], batch["marks"])[0, :2])
    torch.testing.assert_close(*logits)


# --- trainer


def test_learns_and_the_folder_opens_anywhere(causal_folder, task, tmp_path, caplog):
    prm = PRM.create(causal_folder, init="random", seed=1)
    seen = []

    class Watch(TrainerCallback):
        def on_log(self, args, state, control, logs=None, **given):
            seen.append(logs)

    with caplog.at_level(logging.INFO, "prmkit"):
        trainer = PRMTrainer(
            prm,
            arguments(tmp_path, num_train_epochs=3),
            task(300, 0),
            task(100, 1),
            batch_tokens=1024,
            callbacks=[Watch()],
        )
    assert "training labels: trajectories 300, right 4" in caplog.text
    before = trainer.evaluate()
    trainer.train()
    after = trainer.evaluate()
    assert after["eval_auroc"] > 0.9 > before["eval_auroc"]
    assert after["eval_loss"] < before["eval_loss"]
    assert any("loss" in logs or "train_loss" in logs for logs in seen)
    trainer.save_model(tmp_path / "prm")
    again = load_prm(tmp_path / "prm")
    row = task(1, 2)[0]
    opened, live = (one.score(row.problem, [row.trajectory])[0] for one in (again, prm))
    # Weights that lie elsewhere in memory may be summed in another order: the last bit is not promised.
    assert opened.values == pytest.approx(live.values, abs=1e-6)
    assert replace(opened, values=live.values) == live
    assert again.labels["counts"]["trajectories"] == 300
    assert again.labels["labelers"] == ["test@1"]
    assert len(again.labels["digest"]) == 16
    AutoModelForTokenClassification.from_pretrained(tmp_path / "prm")


def parameters(prm):
    return torch.cat([one.detach().flatten() for one in prm.module.parameters()])


@pytest.mark.parametrize("head", ["binary", "surprisal", "lora", "muon"])
def test_resuming_gives_the_same_weights_bit_for_bit(head, causal_folder, task, tmp_path):
    def trainer(folder, **given):
        extra = (
            {"head": "surprisal", "policy": causal_folder, "separator": "\n"} if head == "surprisal" else {}
        )
        prm = PRM.create(causal_folder, seed=1, **extra)
        lora = LoraConfig(target_modules=["q_proj", "v_proj"], r=2) if head == "lora" else None
        settings = arguments(tmp_path / folder, save_strategy="steps", save_steps=5, **given)
        joint = muon(prm.module, 0.02) if head == "muon" else None
        return PRMTrainer(
            prm,
            settings,
            task(60, 0),
            batch_tokens=256,
            peft_config=lora,
            optimizers=(joint, None),
        )

    whole = trainer("whole")
    whole.train()
    steps = whole.state.global_step
    assert steps > 10
    broken = trainer("broken")
    broken.add_callback(StopAt(7))
    broken.train()
    resumed = trainer("broken")
    resumed.train(resume_from_checkpoint=str(tmp_path / "broken" / "checkpoint-5"))
    assert resumed.state.global_step == steps
    assert torch.equal(parameters(whole.prm), parameters(resumed.prm))
    last = tmp_path / "broken" / f"checkpoint-{steps - steps % 5}"
    row = task(1, 3)[0]
    assert load_prm(last).score(row.problem, [row.trajectory])[0].values[0] is not None


class StopAt(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **given):
        control.should_training_stop = state.global_step >= self.step


def test_a_fresh_backbone_takes_another_shape(causal_folder, task, tmp_path):
    shape = FitSettings(
        str(causal_folder), init="random", width=16, layers=1, max_steps=2, optimizer="muon", batch_tokens=256
    )
    fit(shape, task(20, 0), tmp_path / "prm", scratch=tmp_path / "scratch", seed=0)
    config = load_prm(tmp_path / "prm").module.config
    assert (config.hidden_size, config.num_hidden_layers, config.num_attention_heads) == (16, 1, 2)
    with pytest.raises(ConfigError, match="its own width"):
        fit(replace(shape, init="pretrained"), [], tmp_path / "x", scratch=tmp_path / "s", seed=0)
    with pytest.raises(CheckpointError, match="multiple"):
        fit(replace(shape, width=13), [], tmp_path / "x", scratch=tmp_path / "s", seed=0)


def test_a_joint_optimizer_schedules_and_steps_every_parameter(causal_folder):
    module = PRM.create(causal_folder).module
    joint = muon(module, 0.02)
    inner = [group for one in joint.inner for group in one.param_groups]
    assert [group["lr"] for group in inner] == [0.02, 0.002]
    held = [id(p) for group in joint.param_groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in module.parameters())
    joint.load_state_dict(joint.state_dict())
    for group in joint.param_groups:
        group["lr"] = 0.0
    assert all(group["lr"] == 0.0 for one in joint.inner for group in one.param_groups)


def test_resuming_from_a_folder_that_is_no_checkpoint(causal_folder, task, tmp_path):
    trainer = PRMTrainer(PRM.create(causal_folder), arguments(tmp_path), task(20, 0))
    with pytest.raises(CheckpointError, match="weights lack 'score"):
        trainer._load_from_checkpoint(str(causal_folder))


def test_accumulated_gradients_are_those_of_one_large_batch(causal_folder, sample, tmp_path):
    """Batches with 1 and with 6 labels: a mean of means would weigh the lone label six times too much."""
    rows = [sample("a", ["3"], [1.0]), sample("b", ["3 = 4"] * 6, [0.0, 0.9, 1.0, None, 0.0, 1.0])]
    found = []
    for budget, accumulate in ((1 << 12, 1), (1, 2)):
        prm = PRM.create(causal_folder, seed=1)
        settings = arguments(
            tmp_path, max_steps=1, gradient_accumulation_steps=accumulate, optim="sgd", max_grad_norm=0.0
        )
        trainer = PRMTrainer(prm, settings, rows, batch_tokens=budget, wrong_weight=2.0)
        assert len(trainer.get_train_dataloader()) == accumulate
        trainer.train()
        found.append(parameters(prm))
    start = parameters(PRM.create(causal_folder, seed=1))
    assert float((found[0] - start).abs().max()) > 1e-4
    torch.testing.assert_close(found[0], found[1], atol=1e-6, rtol=1e-5)


def test_lora_trains_few_weights_and_saves_them_merged(causal_folder, task, tmp_path):
    prm = PRM.create(causal_folder, seed=1)
    config = LoraConfig(target_modules=["q_proj", "v_proj"], r=2)
    before = {n: p.detach().clone() for n, p in prm.module.named_parameters()}
    trainer = PRMTrainer(prm, arguments(tmp_path), task(60, 0), peft_config=config)
    trained = [n for n, p in prm.module.named_parameters() if p.requires_grad]
    assert all("lora" in name or "score" in name for name in trained)
    assert any("score" in name for name in trained)
    trainer.train()
    row = task(1, 2)[0]
    live = prm.score(row.problem, [row.trajectory])[0].values
    trainer.save_model(tmp_path / "prm")
    plain = load_prm(tmp_path / "prm")
    assert plain.score(row.problem, [row.trajectory])[0].values == pytest.approx(live, abs=1e-5)
    moved = {n for n, p in plain.module.named_parameters() if not torch.equal(p, before[n])}
    assert any("q_proj.weight" in name for name in moved)
    assert not any("k_proj" in name for name in moved)


def test_outcome_model_on_the_same_switch(causal_folder, task, tmp_path):
    prm = PRM.create(causal_folder, seed=1)
    trainer = PRMTrainer(prm, arguments(tmp_path), task(40, 0), target="outcome")
    for example, row in zip(trainer.train_dataset, task(40, 0), strict=True):
        assert example.labels == (None, None, row.trajectory.outcome)
    trainer.train()
    trainer.save_model(tmp_path / "orm")
    orm = load_prm(tmp_path / "orm")
    assert orm.target == "outcome"
    assert orm.labels["target"] == "outcome"
    scores = orm.score(row.problem, [row.trajectory])[0]
    assert scores.values[:2] == (None, None)
    assert scores.trajectory_value == scores.values[2]


def test_balancing(causal_folder, sample, tmp_path):
    rows = [sample(f"r{i}", ["3", "4"], [1.0, 1.0]) for i in range(6)]
    rows += [sample(f"w{i}", ["3", "5"], [1.0, 0.0]) for i in range(2)]
    even = PRMTrainer(PRM.create(causal_folder), arguments(tmp_path), rows, balance=True)
    assert [0.0 in example.labels for example in even.train_dataset].count(True) == 2
    assert len(even.train_dataset) == 4
    weighted = PRMTrainer(PRM.create(causal_folder), arguments(tmp_path), rows, wrong_weight="balanced")
    assert weighted.wrong_weight == 14 / 2
    with pytest.raises(ConfigError, match="cannot be balanced"):
        PRMTrainer(PRM.create(causal_folder), arguments(tmp_path), rows[:6], wrong_weight="balanced")


def test_kinds_that_the_head_does_not_learn(causal_folder, sample, tmp_path):
    value = [sample("a", ["3"], [-0.5], kind="value")]
    with pytest.raises(ConfigError, match="labels of kind value"):
        PRMTrainer(PRM.create(causal_folder), arguments(tmp_path), value)
    spec = PRMSpec(link="raw", kind="value", classes=1, positive=0)
    prm = PRM.create(causal_folder, spec=spec, head="scalar")
    trainer = PRMTrainer(prm, arguments(tmp_path, num_train_epochs=30), value)
    trainer.train()
    assert prm.score(value[0].problem, [value[0].trajectory])[0].values[0] == pytest.approx(-0.5, abs=0.1)
    with pytest.raises(ConfigError, match="correct and value"):
        PRMTrainer(prm, arguments(tmp_path), [*value, sample("b", ["3"], [1.0])])


def test_rows_from_another_library_and_a_backbone_by_path(causal_folder, tmp_path):
    rows = [{"prompt": "3?", "completions": ["3", "4"], "labels": [1.0, 0.0]}] * 8
    trainer = PRMTrainer(causal_folder, arguments(tmp_path), rows, rows)
    trainer.train()
    assert trainer.evaluate()["eval_steps"] == 16
    assert trainer.evaluate(rows[:1], metric_key_prefix="test")["test_steps"] == 2


def test_own_optimizer_is_used(causal_folder, task, tmp_path):
    prm = PRM.create(causal_folder)
    optimizer = torch.optim.SGD(prm.module.parameters(), lr=0.0)
    before = parameters(prm).clone()
    PRMTrainer(prm, arguments(tmp_path), task(20, 0), optimizers=(optimizer, None)).train()
    assert torch.equal(parameters(prm), before)


def test_a_diverging_run_stops_with_a_reason(causal_folder, task, tmp_path):
    trainer = PRMTrainer(
        PRM.create(causal_folder), arguments(tmp_path, learning_rate=1e30, max_grad_norm=0), task(60, 0)
    )
    trainer.batch_tokens = 256
    with pytest.raises(CheckpointError, match=r"loss is (nan|-?inf)"):
        trainer.train()
