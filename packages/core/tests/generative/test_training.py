"""From verifications to a folder that verifies: rows, loss, trainer, scorer."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig
from transformers import TrainerCallback, TrainingArguments

from prmkit import load_prm
from prmkit.cards import PRMSpec
from prmkit.errors import CheckpointError, ConfigError, RecordError, RendererMismatchError
from prmkit.model.generative import GenerativePRM
from prmkit.model.spec import family
from prmkit.train.critique_rows import Row, packed, padded, read_critique, rows_of, variant_of
from prmkit.train.generative import CriticTrainer, token_loss
from prmkit.types import Problem, Trajectory, Verdict

GPRM, GENPRM = family("thinkprm").spec, family("genprm").spec
GORM = variant_of(GPRM, "gorm")
BRIEF = replace(GPRM, name="brief", before_problem="", after_problem="\n", after_solution="\n")


def arguments(folder, **given):
    asked = {
        "num_train_epochs": 2,
        "learning_rate": 5e-3,
        "save_strategy": "no",
        "logging_steps": 1000,
        "report_to": [],
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": 7,
    }
    return TrainingArguments(str(folder), **{**asked, **given})


def learned(row, tokenizer):
    return tokenizer.decode([i for i, yes in zip(row.ids, row.learned, strict=True) if yes])


# ------------------------------------------------------------ rows


def test_what_is_learned_is_what_the_scorer_lets_the_model_write(judged, tokenizer):
    one = judged("a", [True, False])
    made = rows_of([one], tokenizer, GPRM)
    row = made.rows[0]
    assert learned(row, tokenizer) == one.critique.text + "<|im_end|>"
    assert made.counts["learned"] == sum(row.learned)
    whole = tokenizer.decode(row.ids)
    assert "17" not in whole
    seen = []

    class Spy:
        def write(self, prompts, **given):
            seen.extend(prompts)
            return [one.critique.text.partition(GPRM.decision.strip())[0] for _ in prompts]

        def weigh(self, prompts, options):
            seen.extend(prompts)
            return [[0.1, 0.9] for _ in prompts]

    GenerativePRM(GPRM, tokenizer, Spy()).score(one.sample.problem, [one.sample.trajectory])
    prompt, asked = seen
    start = row.learned.index(True)
    assert tokenizer(prompt, add_special_tokens=False)["input_ids"] == list(row.ids[:start])
    assert tokenizer(asked, add_special_tokens=False)["input_ids"] == list(row.ids[:-2])
    assert tokenizer.convert_ids_to_tokens(row.ids[-2:]) == [" No", "<|im_end|>"]


def test_openings_and_missing_decisions_are_put_right(judged, tokenizer):
    base = judged("a", [True])
    texts = [
        base.critique.text,
        GPRM.opening + base.critique.text,
        base.critique.text + " and more",
        base.critique.text.partition(GPRM.decision)[0],
    ]
    made = rows_of([judged("a", [True], text=text) for text in texts], tokenizer, GPRM)
    assert len(set(made.rows)) == 1


def test_turns_and_printed_output(judged, tokenizer):
    one = judged("a", [True, False], spec=GENPRM)
    assert one.critique.verdicts == (Verdict.HOLDS, Verdict.FAILS)
    (row,) = rows_of([one], tokenizer, GENPRM).rows
    told = learned(row, tokenizer)
    assert told.count("Judgement") == 2
    assert "[Code Output]" not in told
    assert "\n5\n" not in told
    assert "print(5)" in told
    assert GENPRM.opening not in told
    whole = tokenizer.decode(row.ids)
    assert "[Code Output]\n\n```\n5\n```" in whole
    assert whole.count("<|im_start|>assistant\n" + GENPRM.opening) == 2
    assert whole.endswith(GENPRM.closing)


def test_what_makes_no_row_is_told(judged, tokenizer):
    fine = judged("a", [True])
    vague = judged("b", [True], text="who knows")
    broken = judged("c", [True], text="so <|im_end|> " + fine.critique.text)
    made = rows_of([fine, vague, broken], tokenizer, GPRM)
    assert [(one.sample.trajectory.id, why) for one, why in made.left_out] == [
        ("b", "undecided"),
        ("c", "ends inside"),
    ]
    assert made.counts["given"] == 3
    short = rows_of([fine], tokenizer, GPRM, longest=10)
    assert short.counts == {"given": 1, "rows": 0, "tokens": 0, "learned": 0, "too long": 1}


def test_variants():
    t = Trajectory.of_steps("t", "p", ["ok"])
    assert read_critique(t, "Is the solution correct? No", GORM).trajectory_verdict is Verdict.FAILS
    assert read_critique(t, "\\boxed{correct} Is the solution correct? maybe", GPRM).verdicts == (
        Verdict.HOLDS,
    )
    assert GORM.renderer != GPRM.renderer
    assert variant_of(GPRM, "gprm") == replace(GPRM, aggregate="mean")
    with pytest.raises(ConfigError, match="in its own turn"):
        variant_of(GENPRM, "gorm")
    with pytest.raises(ConfigError, match="head"):
        variant_of(PRMSpec(), "gprm")


# ------------------------------------------------------------ loss

drawn = st.lists(
    st.lists(st.tuples(st.integers(3, 40), st.booleans()), min_size=2, max_size=9), min_size=1, max_size=4
)


def as_rows(lists):
    return [Row(tuple(i for i, _ in one), (False, *(yes for _, yes in one[1:-1]), True)) for one in lists]


@given(drawn, st.integers(0, 40))
@settings(max_examples=25, deadline=None)
def test_padding_packing_and_columns_change_nothing(network, lists, pad):
    rows, model = as_rows(lists), network().eval()
    with torch.no_grad():
        single = [token_loss(model, padded([row])) for row in rows]
        wanted, count = sum(float(one[0]) for one in single), sum(int(one[1]) for one in single)
        for batch in (padded(rows, pad=pad), packed(rows), packed(rows[::-1])):
            for keep in (True, False):
                loss, number, _ = token_loss(model, batch, keep=keep)
                assert float(loss) == pytest.approx(wanted, rel=1e-4, abs=1e-4)
                assert int(number) == count


def test_golden_loss(network):
    """By hand: the mean of minus log-probabilities of two tokens."""
    model = network().eval()
    row = Row((5, 6, 7, 8), (False, False, True, True))
    with torch.no_grad():
        told = torch.log_softmax(model(torch.tensor([row.ids])).logits[0].double(), -1)
    loss, count, logits = token_loss(model, padded([row]))
    assert float(loss.detach()) == pytest.approx(-float(told[1, 7] + told[2, 8]), abs=1e-4)
    assert (int(count), logits.shape[1]) == (2, 2)


def test_tokens_that_are_only_read_give_no_gradient(network):
    """Neither what a prompt's token should have been, nor anything in a row's pads, has a say."""
    model = network()
    seen = []

    def keep_grad(module, given, out):
        out.retain_grad()
        seen.append(out)

    model.lm_head.register_forward_hook(keep_grad)
    row = Row((5, 6, 7, 8, 9), (False, False, True, False, True))
    for keep in (True, False):
        seen.clear()
        token_loss(model, padded([row, Row((5, 6), (False, True))]), keep=keep)[0].backward()
        grad = seen[0].grad
        read = {(0, 1), (0, 3), (1, 0)}
        columns = [0, 1, 3] if keep else range(grad.shape[1])
        told = {(i, c) for i in range(2) for at, c in enumerate(columns) if grad[i, at].abs().sum() > 0}
        assert told == read


# ------------------------------------------------------------ trainer


class Losses(TrainerCallback):
    def __init__(self):
        self.told = []

    def on_log(self, args, state, control, logs=None, **given):
        if "loss" in logs:
            self.told.append(logs["loss"])


def test_it_learns_to_verify_and_the_saved_folder_scores(tmp_path, network, tokenizer, task):
    trainer = CriticTrainer(
        network(),
        arguments(tmp_path / "work", max_steps=160),
        task,
        task[:2],
        tokenizer=tokenizer,
        spec=BRIEF,
        batch_tokens=1 << 11,
    )
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    after = trainer.evaluate()["eval_loss"]
    assert before > 3
    assert after < 0.05
    trainer.save_model(tmp_path / "critic")
    prm = load_prm(tmp_path / "critic")
    assert isinstance(prm, GenerativePRM)
    prm.writer.max_new_tokens = 60
    for one in task:
        problem, t, labels = one.sample
        found = prm.score(problem, [t])[0].check(t)
        assert found.values == labels.values
        assert (found.trajectory_value > 0.5) is (t.outcome == 1.0)
    with pytest.raises(RendererMismatchError, match="in other words"):
        load_prm(tmp_path / "critic", spec="genprm")
    (tmp_path / "critic" / "critic.json").write_text("{}")
    with pytest.raises(CheckpointError, match="card"):
        load_prm(tmp_path / "critic")


def test_a_gorm_judges_the_whole_only(tmp_path, network, tokenizer, task):
    trainer = CriticTrainer(
        network(),
        arguments(tmp_path, max_steps=2),
        task,
        tokenizer=tokenizer,
        variant="gorm",
        layout="packed",
    )
    trainer.train()
    trainer.save_model(tmp_path / "critic")
    prm = load_prm(tmp_path / "critic", spec=GORM)
    prm.writer.max_new_tokens = 8
    found = prm.score(Problem("p", "2 + 3?"), [Trajectory.of_steps("t", "p", ["ok", "bad"])])[0]
    assert found.values == (None, None)
    assert 0 < found.trajectory_value < 1


def weights(trainer):
    return {name: one.detach().clone() for name, one in trainer.model.named_parameters()}


@pytest.mark.parametrize("layout", ["rows", "packed"])
def test_accumulation_is_exact(tmp_path, network, tokenizer, task, layout):
    """Two micro-batches of three rows, with unequal numbers of learned tokens, are one batch of six."""
    found = []
    for size, accumulate in ((6, 1), (3, 2), (1, 6)):
        trainer = CriticTrainer(
            network(),
            arguments(
                tmp_path,
                max_steps=2,
                per_device_train_batch_size=size,
                gradient_accumulation_steps=accumulate,
                lr_scheduler_type="constant",
                optim="sgd",
                learning_rate=0.1,
            ),
            task,
            tokenizer=tokenizer,
            batch_tokens=None,
            layout=layout,
        )
        trainer.train()
        found.append(weights(trainer))
    for other in found[1:]:
        for name, one in found[0].items():
            torch.testing.assert_close(one, other[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("adapters", [False, True])
def test_resume_is_equal_to_the_bit(tmp_path, network, tokenizer, task, adapters):
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], lora_dropout=0.1) if adapters else None

    def build(folder):
        return CriticTrainer(
            network(),
            arguments(folder, max_steps=6, save_strategy="steps", save_steps=3, save_total_limit=3),
            task,
            tokenizer=tokenizer,
            batch_tokens=400,
            peft_config=config,
        )

    straight = build(tmp_path / "a")
    straight.train()
    again = build(tmp_path / "b")
    again.train(resume_from_checkpoint=str(tmp_path / "a" / "checkpoint-3"))
    for name, one in weights(straight).items():
        assert torch.equal(one, weights(again)[name]), name


def test_adapters_are_merged_into_the_folder(tmp_path, network, tokenizer, task):
    start = {name: one.clone() for name, one in network().state_dict().items()}
    trainer = CriticTrainer(
        network(),
        arguments(tmp_path, max_steps=4),
        task,
        tokenizer=tokenizer,
        peft_config=LoraConfig(r=4, target_modules=["q_proj"]),
    )
    trainer.train()
    trainer.save_model(tmp_path / "critic")
    prm = load_prm(tmp_path / "critic")
    stored = prm.writer.model.state_dict()
    changed = {name for name in start if not torch.equal(start[name], stored[name])}
    assert changed == {f"model.layers.{i}.self_attn.q_proj.weight" for i in range(2)}
    rows = rows_of(task, tokenizer, GPRM).rows
    with torch.no_grad():
        one, two = (float(token_loss(m.eval(), padded(rows))[0]) for m in (trainer.model, prm.writer.model))
    assert one == pytest.approx(two, rel=1e-5)


def test_a_model_that_sees_across_packed_rows_is_refused(tmp_path, network, tokenizer, task, monkeypatch):
    def leaking(rows):
        made = packed(rows)
        return {**made, "position_ids": torch.arange(made["input_ids"].shape[1])[None]}

    monkeypatch.setattr("prmkit.train.generative.packed", leaking)
    with pytest.raises(ConfigError, match="see each other"):
        CriticTrainer(network(), arguments(tmp_path), task, tokenizer=tokenizer, layout="packed")


def test_refusals(tmp_path, network, tokenizer, task):
    with pytest.raises(ConfigError, match="tokenizer"):
        CriticTrainer(network(), arguments(tmp_path), task)
    with pytest.raises(RecordError, match="no verification makes a row"):
        CriticTrainer(network(), arguments(tmp_path), [], tokenizer=tokenizer)
    with pytest.raises(ConfigError, match="generative"):
        CriticTrainer(network(), arguments(tmp_path), task, tokenizer=tokenizer, spec=PRMSpec())
    with pytest.raises(ConfigError, match="eval_dataset"):
        CriticTrainer(network(), arguments(tmp_path), task, tokenizer=tokenizer).evaluate()
    silent = replace(GPRM, decision="")
    assert rows_of(task, tokenizer, silent).counts["rows"] == len(task)
