"""Early exits and a head of two layers: what they compute, what is saved, and what is not computed."""

import json
import math
from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import AutoModelForTokenClassification, Qwen2Config

from prmkit import PRMTrainer, load_prm
from prmkit.cards import PRMSpec
from prmkit.errors import CheckpointError, ConfigError
from prmkit.model.exits import Exits, Reached, Watch, stack
from prmkit.model.folder import weights_digest
from prmkit.model.halves import halves
from prmkit.model.heads import HeadOptions, read, usual_spec
from prmkit.model.prm import PRM
from prmkit.model.reading import step_logits
from prmkit.score.scorer import used
from prmkit.train.losses import geometric_prior
from prmkit.train.objectives import How, own

LAYERS = 4
LAMBDAS = torch.tensor([0.1, 0.3, 0.5])


def right(digits):
    values = tuple(float(b > 1) for b in digits)
    return {"values": values, "outcome": float(all(values))}


@pytest.fixture(scope="module")
def build(tokenizer):
    """An untrained PRM of four layers."""

    def made(head="exit", seed=0, **options):
        config = Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=LAYERS,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=128,
            pad_token_id=0,
        )
        given = {"options": HeadOptions(**options), "init": "random", "seed": seed}
        return PRM.create(config, tokenizer, head=head, **given)

    return made


def scores(prm, data):
    told = prm.score_many((row.problem, row.trajectory) for row in data)
    return [value for one in told for value in one.values]


def layers_run(prm, data):
    """Scores, and how often each layer ran."""
    counts = [0] * LAYERS
    hooks = []
    for place, layer in enumerate(stack(halves(prm.module.network).body)):

        def count(*_, place=place):
            counts[place] += 1

        hooks.append(layer.register_forward_hook(count))
    found = scores(prm, data)
    for hook in hooks:
        hook.remove()
    return found, counts


# ------------------------------------------------------------ sums


@pytest.mark.parametrize(
    ("share", "layer", "score"), [(0.05, 1, 1.0), (0.3, 2, 2.0), (0.5, 3, 3.0), (0.7, 4, 4.0), (1.0, 4, 4.0)]
)
def test_a_step_leaves_at_the_median_of_its_exits(share, layer, score):
    """Stopping at .1, .27, .315 and the rest: the sums pass .05, .3, .5 at the layers 1, 2, 3."""
    options = HeadOptions(stages=4, halt_at=share)
    logits = torch.cat([torch.tensor([1.0, 2.0, 3.0, 4.0]), LAMBDAS.logit()])[None]
    found = read(logits, "exit", usual_spec("exit", options), options)
    assert found.channels["layers"].tolist() == [layer]
    assert float(found.values[0]) == pytest.approx(1 / (1 + math.exp(-score)), abs=1e-6)
    cooler = read(logits, "exit", usual_spec("exit", options), options, temperature=2.0)
    assert float(cooler.values[0]) == pytest.approx(1 / (1 + math.exp(-score / 2)), abs=1e-6)


def test_the_loss_is_the_expected_one_and_the_distance_of_exits():
    """Scores of 0 cost ln 2 wherever the exit is; KL(prior || exits) of PALBERT's example is .402822."""
    logits = torch.cat([torch.zeros(4), LAMBDAS.logit()])[None, None]
    batch = {"labels": torch.ones(1, 1), "weights": torch.ones(1, 1), "labelled": torch.ones(1, 1).bool()}
    how = How(PRMSpec(link="sigmoid"), HeadOptions(stages=4))
    objective = own("exit", "correct")
    loss = objective.total(objective.sums(logits, batch, how), objective.weights(batch, how), how)
    assert float(loss) == pytest.approx(math.log(2) + 0.5 * 0.402822, abs=1e-5)
    assert geometric_prior(torch.ones(1, 4).bool()).sum() == pytest.approx(1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0.0, 1.0))
def test_stopping_early_changes_no_score(seed, share):
    """Outputs of a watch that stopped and of one that did not are read as the same scores and layers."""
    torch.manual_seed(seed)
    exits = Exits(6, LAYERS).eval()
    exits.share = share
    layers = [torch.nn.Linear(6, 6) for _ in range(LAYERS)]
    states, marks = torch.randn(3, 5, 6), torch.tensor([[1, 4], [2, 0], [3, 4]])
    marked = torch.tensor([[True, True], [True, False], [True, True]])
    options = HeadOptions(stages=LAYERS, halt_at=share)
    found = []
    for exits.early in (False, True):
        watch = Watch(exits, marks, marked)
        last = None
        with torch.no_grad(), suppress(Reached), watch.over(layers):
            now = states
            for layer in layers:
                now = layer(now)
            last = now.gather(1, marks[..., None].expand(-1, -1, 6))[..., :1]
        assert (last is not None) or exits.early
        logits = watch.outputs(last)[marked]
        assert logits.isfinite().all()
        found.append(read(logits, "exit", usual_spec("exit", options), options))
    torch.testing.assert_close(found[0].values, found[1].values, rtol=0, atol=0)
    assert torch.equal(found[0].channels["layers"], found[1].channels["layers"])


# ------------------------------------------------------------ use


def test_layers_that_no_step_needs_are_not_computed(build, rows):
    prm, data = build(), rows(6, 0, right)
    full = scores(prm.exit_at(1.0), data)
    with torch.no_grad():
        for stop in prm.module.exits.stops:
            stop[-1].bias.fill_(-9.0)
        prm.module.exits.stops[1][-1].bias.fill_(9.0)
    found, counts = layers_run(prm.exit_at(0.5), data)
    assert counts == [counts[0], counts[0], 0, 0]
    assert counts[0] > 0
    told = prm.score(data[0].problem, [data[0].trajectory])[0]
    assert set(told.channels["layers"]) == {2.0}
    logits = prm.module.exits.scores  # the scores are those of the second layer's own head
    assert len(logits) == LAYERS - 1
    assert found != pytest.approx(full, abs=1e-6)
    again, counts = layers_run(prm.exit_at(1.0), data)
    assert counts == [counts[0]] * LAYERS
    assert again == pytest.approx(full, abs=1e-6)
    alone = [value for row in data for value in scores(prm.exit_at(0.5), [row])]
    assert alone == pytest.approx(found, abs=1e-5)
    assert prm.module.shape is None
    with pytest.raises(ConfigError, match="read the layers while they run"):
        prm.module.gradient_checkpointing_enable()
    assert used(prm, exit_at=0.9).options.halt_at == prm.module.exits.share == 0.9
    with pytest.raises(ConfigError, match="has no exits"):
        used(build("binary"), exit_at=0.5)
    with pytest.raises(ConfigError, match="writes no verifications"):
        used(prm, samples=2)
    with pytest.raises(ConfigError, match="halt_at 2"):
        prm.exit_at(2)


@pytest.mark.parametrize("head", ["exit", "scalar"])
def test_learns_and_gives_the_same_scores_when_loaded(head, build, rows, arguments, tmp_path):
    prm, held = build(head, two_layers=head == "scalar"), rows(60, 1, right)
    trainer = PRMTrainer(
        prm, arguments(tmp_path, num_train_epochs=6), rows(240, 0, right), held, batch_tokens=512
    )
    before = trainer.evaluate()
    trainer.train()
    after = trainer.evaluate()
    assert after["eval_loss"] < before["eval_loss"]
    assert after["eval_auroc"] > 0.9
    prm.save(tmp_path / "prm")
    again = load_prm(tmp_path / "prm")
    assert again.options == prm.options
    assert scores(again, held[:8]) == pytest.approx(scores(prm, held[:8]), abs=1e-6)
    AutoModelForTokenClassification.from_pretrained(tmp_path / "prm")


@pytest.mark.parametrize("head", ["exit", "scalar"])
def test_resuming_gives_the_same_weights_bit_for_bit(head, build, rows, arguments, tmp_path):
    def trainer(folder, steps):
        given = {
            "save_strategy": "steps",
            "save_steps": 2,
            "max_steps": steps,
            "lr_scheduler_type": "constant",
        }
        prm = build(head, two_layers=head == "scalar")
        return PRMTrainer(prm, arguments(tmp_path / folder, **given), rows(24, 0, right), batch_tokens=96)

    whole = trainer("whole", 4)
    whole.train()
    trainer("broken", 2).train()
    resumed = trainer("broken", 4)
    resumed.train(resume_from_checkpoint=str(tmp_path / "broken" / "checkpoint-2"))
    one, other = (
        torch.cat([p.detach().flatten() for p in some.prm.module.parameters()]) for some in (whole, resumed)
    )
    assert torch.equal(one, other)


def test_bidirectional_backbones_have_exits_too(encoder_folder, rows, arguments, tmp_path):
    prm, data = PRM.create(encoder_folder, head="exit"), rows(12, 0, right)
    PRMTrainer(prm, arguments(tmp_path, max_steps=2), data).train()
    prm.save(tmp_path / "prm")
    assert scores(load_prm(tmp_path / "prm"), data) == pytest.approx(scores(prm, data), abs=1e-6)


def test_two_layers_are_linear_relu_linear(build, rows, tmp_path):
    """Against the sum by hand, and against a public checkpoint of this shape with the same weights."""
    options = {"two_layers": True}
    prm, data = build("scalar", **options), rows(4, 0, right)
    body, inner = halves(prm.module.network).body, prm.module.hidden.inner
    outer = prm.module.network.score
    encoded = prm.encoder([row[:2] for row in data])
    for one, logits in zip(encoded, step_logits(prm, encoded), strict=True):
        with torch.no_grad():
            states = body(input_ids=torch.tensor([one.ids])).last_hidden_state[0, list(one.marks)]
            wanted = outer((states @ inner.weight.T + inner.bias).clamp(min=0))
        torch.testing.assert_close(torch.stack(logits), wanted, rtol=1e-5, atol=1e-5)
    once = [one for row in data for one in prm.incremental().score(row.problem, [row.trajectory])]
    assert [value for one in once for value in one.values] == pytest.approx(scores(prm, data), abs=1e-5)
    body.save_pretrained(tmp_path)
    prm.tokenizer.save_pretrained(tmp_path)
    public = {f"score.0.{name}": one for name, one in inner.state_dict().items()}
    public |= {f"score.2.{name}": one for name, one in outer.state_dict().items()}
    save_file(public, tmp_path / "head.safetensors")
    spec = PRMSpec(name="reward-model", head="scalar", link="sigmoid", tensors="score")
    assert scores(load_prm(tmp_path, spec), data) == pytest.approx(scores(prm, data), abs=1e-5)


def test_a_reward_model_of_two_layers_is_trained_on_lists(causal_folder, rows, arguments, tmp_path):
    """Qwen2.5-Math-RM: the listwise loss on the last token's reward."""
    spec = usual_spec("scalar", HeadOptions(), "value")
    prm = PRM.create(causal_folder, spec=spec, head="scalar", options=HeadOptions(two_layers=True))
    held = rows(36, 1, right, each=6)
    settings = arguments(tmp_path, num_train_epochs=5)
    trainer = PRMTrainer(
        prm, settings, rows(240, 0, right, each=6), held, objective="listwise", layout="auto"
    )
    trainer.train()
    assert trainer.evaluate()["eval_accuracy"] > 0.8
    prm.save(tmp_path / "prm")
    assert scores(load_prm(tmp_path / "prm"), held[:6]) == pytest.approx(scores(prm, held[:6]), abs=1e-5)


# ------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("head", "file", "message"),
    [
        ("exit", "exits.safetensors", "the exits part of the head cannot be read"),
        ("scalar", "hidden.safetensors", "the hidden part of the head cannot be read"),
    ],
)
def test_parts_that_do_not_fit_are_refused(head, file, message, build, tmp_path):
    prm = build(head, two_layers=head == "scalar")
    prm.save(tmp_path)
    card = json.loads((tmp_path / "prmkit.json").read_text())
    good = load_file(tmp_path / file)

    def open_with(weights, **options):
        save_file(weights, tmp_path / file)
        told = {**card, "weights": weights_digest(tmp_path), "options": {**card["options"], **options}}
        (tmp_path / "prmkit.json").write_text(json.dumps(told))
        return load_prm(tmp_path)

    assert open_with(good).options == prm.options
    with pytest.raises(CheckpointError, match=message):
        open_with({name: one[..., :-1].contiguous() for name, one in good.items()})
    with pytest.raises(CheckpointError, match="NaN or infinity"):
        open_with({name: torch.full_like(one, math.nan) for name, one in good.items()})
    if head == "exit":
        with pytest.raises(CheckpointError, match="3 stages on 4 layers"):
            open_with(good, stages=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"halt_prior": 0.0}, "halt_prior 0.0"),
        ({"halt_at": 1.5}, "halt_at 1.5"),
        ({"two_layers": True}, "of its own"),
    ],
)
def test_options_that_make_no_sense(options, message, build):
    with pytest.raises(ConfigError, match=message):
        build(**options)
