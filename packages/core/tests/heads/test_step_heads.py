"""Every head that reads steps: learns, saves, resumes, packs, accumulates, refuses what it cannot learn."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from transformers import AutoModelForTokenClassification, TrainerCallback

from prmkit import PRMTrainer, load_prm
from prmkit.cards import PRMSpec
from prmkit.encode.collate import collate
from prmkit.errors import CheckpointError, ConfigError, RecordError
from prmkit.model.heads import HEADS, HeadOptions, read, usual_spec
from prmkit.model.prm import PRM
from prmkit.train.losses import beside, by_objective, cross_entropy, joint_weights
from prmkit.train.objectives import OWN, How
from prmkit.train.trainer import _given
from prmkit.types import StepLabels


def binary(digits):
    return {"values": tuple(float(b > 1) for b in digits)}


def regression(digits):
    return {"values": tuple(b - 1.5 for b in digits), "kind": "progress"}


def shares(digits):
    sure = [[0.0, 0.0, 0.0], [0.8, 0.2, 0.0], [0.1, 0.7, 0.2], [0.0, 0.1, 0.9]]
    table = [[1.0, 0.0, 0.0], *sure[1:]]
    names = ("bad", "unsure", "good")
    columns = {name: tuple(table[b][i] for b in digits) for i, name in enumerate(names)}
    return {"values": (None,) * len(digits), "channels": columns}


def value(digits):
    return {"values": tuple((b - 1.5) / 2 for b in digits), "kind": "value"}


def soft(digits):
    return {"values": tuple(b / 3 for b in digits)}


def aims(digits):
    right = tuple(float(b > 1) for b in digits)
    even = tuple(float(b % 2) if i else None for i, b in enumerate(digits))
    return {"values": (None,) * len(digits), "channels": {"right": right, "odd": even}}


def both(digits):
    right = tuple(float(b > 1) for b in digits)
    return {"values": right, "outcome": float(all(right))}


CASES = {
    "binary": (binary, "correct", HeadOptions()),
    "scalar": (soft, "correct", HeadOptions()),
    "raw": (regression, "progress", HeadOptions()),
    "classes": (shares, "correct", HeadOptions(("bad", "unsure", "good"))),
    "value": (value, "value", HeadOptions()),
    "quantile": (soft, "correct", HeadOptions(levels=(0.2, 0.5, 0.8))),
    "quantiles of values": (value, "value", HeadOptions()),
    "objectives": (aims, "correct", HeadOptions(("right", "odd"))),
    "joint": (both, "correct", HeadOptions(whole=0.5)),
}


def made(case, folder, **given):
    """An untrained PRM for a case."""
    _, kind, options = CASES[case]
    head = {"raw": "scalar", "quantiles of values": "quantile"}.get(case, case)
    spec = usual_spec(head, options, kind)
    return PRM.create(folder, spec=spec, head=head, options=options, seed=1, **given)


def parameters(prm):
    return torch.cat([one.detach().flatten() for one in prm.module.parameters()])


class StopAt(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **given):
        control.should_training_stop = state.global_step >= self.step


@pytest.mark.parametrize("case", CASES)
def test_learns_and_gives_the_same_scores_when_loaded(case, causal_folder, rows, arguments, tmp_path):
    told = CASES[case][0]
    prm, held = made(case, causal_folder), rows(40, 1, told)
    settings = arguments(tmp_path, num_train_epochs=5, learning_rate=2e-2)
    trainer = PRMTrainer(prm, settings, rows(240, 0, told), held, batch_tokens=256)
    before = trainer.evaluate()
    trainer.train()
    after = trainer.evaluate()
    assert after["eval_loss"] < 0.8 * before["eval_loss"]
    assert after["eval_auroc"] > 0.85
    prm.save(tmp_path / "prm")
    again = load_prm(tmp_path / "prm")
    assert (again.options, again.spec, again.head) == (prm.options, prm.spec, prm.head)
    solution = held[0].problem, [held[0].trajectory]
    found, live = again.score(*solution)[0], prm.score(*solution)[0]
    assert found.values == pytest.approx(live.values, abs=1e-6)
    assert found.channels.keys() == live.channels.keys()
    assert replace(found, values=live.values, channels={}, trajectory_value=None) == (
        replace(live, channels={}, trajectory_value=None)
    )
    plain = AutoModelForTokenClassification.from_pretrained(tmp_path / "prm")
    assert plain.config.num_labels == prm.module.config.num_labels


@pytest.mark.parametrize("case", ["value", "quantile", "objectives", "joint"])
def test_resuming_gives_the_same_weights_bit_for_bit(case, causal_folder, rows, arguments, tmp_path):
    told = CASES[case][0]

    def trainer(folder):
        settings = arguments(
            tmp_path / folder, save_strategy="steps", save_steps=2, max_steps=5, learning_rate=1e-3
        )
        return PRMTrainer(made(case, causal_folder), settings, rows(12, 0, told), batch_tokens=64)

    whole = trainer("whole")
    whole.train()
    broken = trainer("broken")
    broken.add_callback(StopAt(3))
    broken.train()
    resumed = trainer("broken")
    resumed.train(resume_from_checkpoint=str(tmp_path / "broken" / "checkpoint-2"))
    assert resumed.state.global_step == whole.state.global_step == 5
    assert torch.equal(parameters(whole.prm), parameters(resumed.prm))


def update(prm, settings, data, **given):
    """Loss and gradients of the first update over all rows, however they are cut into batches."""
    trainer = PRMTrainer(prm, settings, data, **given)
    trainer.packed = given.get("layout") == "auto"  # also where these few rows would not pay
    batches = list(trainer.get_train_dataloader())
    weights = trainer._get_num_items_in_batch(batches, "cpu")
    losses = [trainer.compute_loss(prm.module, one, num_items_in_batch=weights) for one in batches]
    sum(losses).backward()
    slopes = {name: one.grad for name, one in prm.module.named_parameters() if one.grad is not None}
    return float(sum(losses).detach()), slopes, len(batches)


@pytest.mark.parametrize("case", CASES)
def test_small_and_packed_batches_are_one_large_batch(case, causal_folder, rows, arguments, tmp_path):
    """Loss and gradient of an update do not depend on how it is cut up, nor on the layout."""
    told = CASES[case][0]
    data = rows(24, 3, told, each=8)
    for layout, budget in (("rows", 1 << 14), ("rows", 48), ("auto", 1 << 14), ("auto", 48)):
        prm = made(case, causal_folder)
        loss, slopes, batches = update(prm, arguments(tmp_path), data, layout=layout, batch_tokens=budget)
        assert (batches > 1) == (budget == 48)
        if layout == "rows" and budget > 48:
            wanted, gradient = loss, slopes
        assert loss == pytest.approx(wanted, abs=1e-5)
        for name, slope in gradient.items():
            torch.testing.assert_close(slopes[name], slope, rtol=1e-4, atol=1e-5)


def test_all_heads_are_covered_and_have_losses():
    assert {head for head, _ in OWN} == set(HEADS)
    assert {"raw": "scalar", "quantiles of values": "quantile"}.keys() < CASES.keys()


# --- what the scores say


def test_channels_of_each_head(causal_folder, rows):
    row = rows(1, 0, binary)[0]
    given = {case: made(case, causal_folder).score(row.problem, [row.trajectory])[0] for case in CASES}
    three = given["classes"].channels
    assert list(three) == ["bad", "unsure", "good"]
    assert given["classes"].values == three["good"]
    assert sum(one[0] for one in three.values()) == pytest.approx(1)
    low, high = given["quantile"].channels["q0.2"], given["quantile"].channels["q0.8"]
    assert all(a < b < c for a, b, c in zip(low, given["quantile"].values, high, strict=True))
    assert given["quantile"].range == (0.0, 1.0)
    assert given["quantiles of values"].range[1] == float("inf")
    mean = [sum(pair) / 2 for pair in zip(*given["objectives"].channels.values(), strict=True)]
    assert given["objectives"].values == pytest.approx(mean)
    assert 0 < given["joint"].trajectory_value < 1
    assert given["binary"].trajectory_value is None
    assert (given["value"].kind, given["value"].range, given["value"].threshold.value) == (
        "value", (-1.0, 1.0), 0.0,
    )  # fmt: skip


def test_weights_of_objectives_are_set_at_use_and_saved(causal_folder, rows, tmp_path):
    prm, row = made("objectives", causal_folder), rows(1, 0, binary)[0]
    solution = row.problem, [row.trajectory]
    each = prm.score(*solution)[0].channels
    assert prm.weigh(odd=1.0).score(*solution)[0].values == pytest.approx(each["odd"])
    mixed = prm.weigh(right=3.0, odd=1.0).score(*solution)[0]
    assert mixed.channels == each
    wanted = [0.75 * a + 0.25 * b for a, b in zip(each["right"], each["odd"], strict=True)]
    assert mixed.values == pytest.approx(wanted)
    prm.save(tmp_path / "prm")
    assert load_prm(tmp_path / "prm").score(*solution)[0].values == mixed.values
    with pytest.raises(ConfigError, match="no objective called 'even'"):
        prm.weigh(even=1.0)
    with pytest.raises(ConfigError, match="'binary' has no objective called 'odd'"):
        made("binary", causal_folder).weigh(odd=1.0)
    with pytest.raises(ConfigError, match="weights"):
        prm.weigh(odd=0.0)


def test_the_trajectory_is_read_at_its_last_step(causal_folder, rows):
    prm, row = made("joint", causal_folder), rows(1, 0, binary)[0]
    logits = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    found = read(logits, "joint", prm.spec, prm.options)
    assert found.whole.tolist() == pytest.approx([0.731059, 0.268941], abs=1e-6)
    prm.max_tokens = 14  # the last step is cut off: nothing is said of the whole
    long = prm.score(row.problem, [row.trajectory])[0]
    assert long.values[-1] is None
    assert long.trajectory_value is None


# --- losses are those of the papers


def sums(case, prm, data, arguments, folder):
    trainer = PRMTrainer(prm, arguments(folder), data, batch_tokens=1 << 14)
    batch = collate(trainer.train_dataset, pad=prm.pad)
    logits = prm.module(**_given(batch)).detach()
    how = How(prm.spec, prm.options)
    objective = trainer.objective
    return (
        objective.total(objective.sums(logits, batch, how), objective.weights(batch, how), how),
        logits,
        batch,
    )


def test_joint_loss_is_the_mean_over_solutions_of_both_parts(causal_folder, rows, arguments, tmp_path):
    prm, data = made("joint", causal_folder), rows(9, 2, both)
    loss, logits, batch = sums("joint", prm, data, arguments, tmp_path)
    steps, whole = batch["labelled"].float(), torch.ones(len(data))
    last = [len(row.trajectory.steps) - 1 for row in data]
    columns = beside(logits[..., 0], logits[range(len(data)), last, 1])
    labels = beside(batch["labels"], torch.tensor([row.trajectory.outcome for row in data]))
    weights = joint_weights(steps, whole, step=1.0, whole=0.5)
    torch.testing.assert_close(loss, cross_entropy(columns, labels, weights) / len(data))


def test_rare_objectives_weigh_as_much_as_frequent_ones(causal_folder, rows, arguments, tmp_path):
    prm, data = made("objectives", causal_folder), rows(9, 2, aims)
    loss, logits, batch = sums("objectives", prm, data, arguments, tmp_path)
    assert batch["columned"][..., 0].sum() > batch["columned"][..., 1].sum()
    kept = batch["columned"]
    which = torch.arange(2).expand_as(kept)[kept]
    weights = by_objective(which, torch.ones(len(which)), 2)
    wanted = cross_entropy(logits[kept][None], batch["columns"][kept][None], weights[None])
    torch.testing.assert_close(loss, wanted)


# --- what is refused


def changed(row, **given):
    return row._replace(labels=replace(row.labels, **given))


@pytest.mark.parametrize(
    ("case", "change", "message"),
    [
        ("classes", {"channels": {}}, r"row 2: field 'channels.bad': the labels of '0-1' have no channel"),
        (
            "classes",
            {"share": 0.5},
            r"row 2: field 'channels': the shares of step 0 of '0-1'.*no distribution",
        ),
        ("classes", {"share": None}, r"row 2: field 'channels': the shares of step 0"),
        ("objectives", {"channels": {}}, r"row 2: .*have channels none, and no objective's"),
        ("objectives", {"share": 1.5}, r"row 2: field 'channels.right': 1.5 at step 0 of '0-1' lies outside"),
    ],
)
def test_bad_channels_name_row_and_step(case, change, message, causal_folder, rows, arguments, tmp_path):
    data = rows(3, 0, CASES[case][0])
    own = data[1].labels
    if "share" in change:
        name = CASES[case][2].names[0]
        channels = {**own.channels, name: (change["share"], *own.channels[name][1:])}
        change = {"channels": channels}
    data[1] = changed(data[1], **change)
    with pytest.raises(RecordError, match=message):
        PRMTrainer(made(case, causal_folder), arguments(tmp_path), data)


def test_heads_refuse_labels_that_they_do_not_learn(causal_folder, rows, arguments, tmp_path):
    for case, data, message in (
        ("value", rows(3, 0, binary), "labels of kind correct for a head read by 'tanh'"),
        ("binary", rows(3, 0, value), "labels of kind value for a head read by 'softmax'"),
        ("raw", rows(3, 0, value), "labels of kind value for a PRM whose scores say progress"),
    ):
        with pytest.raises(ConfigError, match=message):
            PRMTrainer(made(case, causal_folder), arguments(tmp_path), data)
    with pytest.raises(ConfigError, match="head 'joint' learns steps"):
        PRMTrainer(made("joint", causal_folder), arguments(tmp_path), rows(3, 0, both), target="outcome")
    with pytest.raises(ConfigError, match="labels of kind value have no classes"):
        PRMTrainer(made("value", causal_folder), arguments(tmp_path), rows(3, 0, value), wrong_weight=2.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"levels": (0.5, 0.2, 0.8)}, "do not rise"),
        ({"levels": (0.2, 0.8)}, "have no middle"),
        ({"levels": (0.0, 0.5, 0.8)}, "do not rise"),
        ({"names": ("a", "a")}, "given twice"),
        ({"names": ("a",), "weights": (1.0, 2.0)}, "for 1 names"),
        ({"names": ("a",), "weights": (-1.0,)}, "weight of 0 or more"),
        ({"step": -1.0}, "shares step"),
    ],
)
def test_options_that_make_no_sense(given, message):
    with pytest.raises(ConfigError, match=message):
        HeadOptions(**given)


def test_specs_that_do_not_fit_the_head(causal_folder):
    names = HeadOptions(("a", "b", "c"))
    for given, message in (
        ({"head": "value", "spec": PRMSpec()}, "head 'value' cannot be read by link 'softmax'"),
        ({"head": "classes"}, "the classes have no names"),
        ({"head": "objectives"}, "the objectives have no names"),
        ({"head": "classes", "spec": PRMSpec(), "options": names}, "3 names for 2 classes"),
        ({"head": "generative", "spec": PRMSpec()}, "no head is called 'generative'"),
    ):
        with pytest.raises(ConfigError, match=message):
            PRM.create(causal_folder, **given)
    with pytest.raises(ConfigError, match="'value' does not learn labels of kind 'correct'"):
        usual_spec("value", HeadOptions())


def test_folders_of_before_the_options_still_load(causal_folder, tmp_path):
    prm = PRM.create(causal_folder)
    prm.save(tmp_path / "prm")
    file = tmp_path / "prm" / "prmkit.json"
    card = json.loads(file.read_text())
    assert card.pop("options") == {
        **asdict(HeadOptions()),
        "names": [],
        "weights": [],
        "levels": [0.1, 0.5, 0.9],
    }
    file.write_text(json.dumps(card))
    assert load_prm(tmp_path / "prm").options == HeadOptions()
    for options in ({"levels": [0.5, 0.5, 0.5]}, {"depth": 3}, 7):
        file.write_text(json.dumps({**card, "options": options}))
        with pytest.raises(CheckpointError, match="the head's options cannot be read"):
            load_prm(tmp_path / "prm")


def test_a_trajectory_without_step_labels_still_teaches_the_whole(causal_folder, rows, arguments, tmp_path):
    data = rows(6, 0, both)
    bare = [row._replace(labels=None) for row in data]
    prm = made("joint", causal_folder)
    trainer = PRMTrainer(prm, arguments(tmp_path), [*bare, *data])
    assert prm.labels["counts"]["whole"] == 6
    assert prm.labels["counts"]["trajectories"] == 12
    batch = collate(trainer.train_dataset)
    assert batch["columned"].sum() == 12
    assert batch["weights"].sum() == pytest.approx(6)


def test_bidirectional_heads_that_see_prefixes(encoder_folder, rows, arguments, tmp_path):
    spec = replace(usual_spec("joint", HeadOptions()), view="prefix")
    prm = PRM.create(encoder_folder, spec=spec, head="joint")
    data = rows(6, 0, both)
    trainer = PRMTrainer(prm, arguments(tmp_path, max_steps=2), data, data)
    batch = collate(trainer.train_dataset)
    assert batch["columned"].sum() == 6
    assert batch["weights"].sum() == pytest.approx(6)
    trainer.train()
    assert 0 < prm.score(data[0].problem, [data[0].trajectory])[0].trajectory_value < 1


def test_weights_of_steps_decide_what_is_learned(causal_folder, rows, arguments, tmp_path):
    """A weight of 2 is two rows; a weight of 0 is no label."""
    data = rows(4, 0, binary)

    def weighed(row, weights):
        return row._replace(labels=replace(row.labels, weight=weights))

    heavy = [weighed(row, (2.0,) + (1.0,) * (len(row.trajectory.steps) - 1)) for row in data]
    light = [weighed(row, (1.0,) + (0.0,) * (len(row.trajectory.steps) - 1)) for row in data]
    settings = arguments(tmp_path)
    one, slopes, _ = update(made("binary", causal_folder), settings, heavy, batch_tokens=1 << 14)
    same, found, _ = update(made("binary", causal_folder), settings, data + light, batch_tokens=1 << 14)
    assert one == pytest.approx(same, abs=1e-6)
    for name, slope in slopes.items():
        torch.testing.assert_close(found[name], slope, rtol=1e-4, atol=1e-6)
    bad = {"weight": (-1.0,) * len(data[0].trajectory.steps)}
    with pytest.raises(RecordError, match="weight"):
        StepLabels(data[0].trajectory.id, data[0].trajectory.digest, data[0].labels.values, **bad)
