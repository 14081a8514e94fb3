"""Rewards of whole solutions that are learned by comparing them, in pairs or as lists."""

import json
from dataclasses import replace

import pytest
import torch

from prmkit import PRMTrainer, load_prm
from prmkit.cli.main import main
from prmkit.encode.collate import collate
from prmkit.errors import AlignmentError, ConfigError, RecordError
from prmkit.model.heads import HeadOptions, usual_spec
from prmkit.model.prm import PRM
from prmkit.records import read_parquet, write_jsonl
from prmkit.train.losses import bradley_terry, listwise
from prmkit.train.preference import GroupBatches, Pair, as_pair, compare, grouped, pairs_of
from prmkit.train.trainer import _given
from prmkit.types import Preference, StepScores
from prmkit.workflow import run_workflow


def right(digits):
    return {"outcome": float(digits[-1] > 1)}


def made(folder, **given):
    spec = replace(usual_spec("scalar", HeadOptions(), "value"), target="outcome")
    return PRM.create(folder, spec=spec, head="scalar", seed=1, **given)


def pairs(data):
    for one in data:
        for other in data:
            if one.problem.id == other.problem.id and one.trajectory.outcome > other.trajectory.outcome:
                yield Pair(one.problem, one.trajectory, other.trajectory)


@pytest.mark.parametrize("how", ["pairwise", "listwise"])
@pytest.mark.parametrize("layout", ["rows", "auto"])
def test_learns_and_gives_the_same_scores_when_loaded(how, layout, causal_folder, rows, arguments, tmp_path):
    prm, held = made(causal_folder), rows(60, 1, right, each=6)
    settings = arguments(tmp_path, num_train_epochs=5, learning_rate=2e-2)
    trainer = PRMTrainer(
        prm, settings, rows(240, 0, right, each=6), held, objective=how, layout=layout, batch_tokens=512
    )
    before = trainer.evaluate()
    trainer.train()
    after = trainer.evaluate()
    assert after["eval_loss"] < 0.7 * before["eval_loss"]
    assert after["eval_accuracy"] > 0.85
    prm.save(tmp_path / "rm")
    again = load_prm(tmp_path / "rm")
    row = held[0]
    scores = again.score(row.problem, [row.trajectory])[0]
    live = prm.score(row.problem, [row.trajectory])[0]
    assert scores.values[-1] == pytest.approx(live.values[-1], abs=1e-6)
    assert scores.trajectory_value == scores.values[-1]
    assert scores.values[:-1] == (None,) * (len(scores.values) - 1)
    assert scores.range == (float("-inf"), float("inf"))
    assert again.labels["objective"] == how
    assert again.labels["counts"]["groups"] == prm.labels["counts"]["groups"] > 0


def update(prm, settings, data, how, layout, budget):
    trainer = PRMTrainer(prm, settings, data, objective=how, layout=layout, batch_tokens=budget)
    trainer.packed = layout == "auto"
    batches = list(trainer.get_train_dataloader())
    weights = trainer._get_num_items_in_batch(batches, "cpu")
    losses = [trainer.compute_loss(prm.module, one, num_items_in_batch=weights) for one in batches]
    sum(losses).backward()
    slopes = {name: one.grad for name, one in prm.module.named_parameters() if one.grad is not None}
    return float(sum(losses).detach()), slopes, len(batches)


@pytest.mark.parametrize("how", ["pairwise", "listwise"])
def test_small_and_packed_batches_are_one_large_batch(how, causal_folder, rows, arguments, tmp_path):
    data = rows(24, 3, right, each=8)
    for layout, budget in (("rows", 1 << 14), ("rows", 48), ("auto", 1 << 14), ("auto", 48)):
        prm = made(causal_folder)
        loss, slopes, batches = update(prm, arguments(tmp_path), data, how, layout, budget)
        assert (batches > 1) == (budget == 48)
        if layout == "rows" and budget > 48:
            wanted, gradient = loss, slopes
        assert loss == pytest.approx(wanted, abs=1e-5)
        for name, slope in gradient.items():
            torch.testing.assert_close(slopes[name], slope, rtol=1e-4, atol=1e-5)


def test_the_losses_are_those_of_the_reward_models(causal_folder, rows, arguments, tmp_path):
    prm, data = made(causal_folder), rows(24, 3, right, each=6)
    weighed = [Pair(*one[:3], margin=0.25 * i, weight=1.0 + i) for i, one in enumerate(pairs(data))]
    for how, given in (("pairwise", weighed), ("listwise", data)):
        trainer = PRMTrainer(prm, arguments(tmp_path), given, objective=how)
        batch = collate(trainer.train_dataset, pad=prm.pad)
        logits = prm.module(**_given(batch)).detach()
        found = trainer.compute_loss(prm.module, batch).detach()
        told = {}
        for row, one in enumerate(trainer.train_dataset):
            mark = one.labels.index(next(x for x in one.labels if x is not None))
            told.setdefault(one.group, []).append((float(logits[row, mark, 0]), one.labels[mark]))
        if how == "pairwise":
            chosen, rejected = (torch.tensor([two[i][0] for two in told.values()]) for i in (0, 1))
            margins, weights = (
                torch.tensor([float(getattr(p, n)) for p in weighed]) for n in ("margin", "weight")
            )
            wanted = bradley_terry(chosen, rejected, weights, margins) / weights.sum()
        else:
            each = [
                listwise(
                    torch.tensor([[score for score, _ in group]]),
                    torch.tensor([[label > 0 for _, label in group]]),
                    torch.ones(1, len(group)).bool(),
                    torch.ones(1),
                )
                for group in told.values()
            ]
            wanted = sum(each) / len(each)
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("how", ["pairwise", "listwise"])
def test_resuming_gives_the_same_weights_bit_for_bit(how, causal_folder, rows, arguments, tmp_path):
    def trainer(folder, steps):
        settings = arguments(
            tmp_path / folder,
            save_strategy="steps",
            save_steps=2,
            max_steps=steps,
            lr_scheduler_type="constant",
        )
        return PRMTrainer(
            made(causal_folder), settings, rows(36, 0, right, each=6), objective=how, batch_tokens=96
        )

    whole = trainer("whole", 5)
    whole.train()
    trainer("broken", 2).train()
    resumed = trainer("broken", 5)
    resumed.train(resume_from_checkpoint=str(tmp_path / "broken" / "checkpoint-2"))
    one, other = (
        torch.cat([p.detach().flatten() for p in some.prm.module.parameters()]) for some in (whole, resumed)
    )
    assert torch.equal(one, other)


# --- rows


def test_samples_become_groups_and_pairs(causal_folder, rows):
    encoder = made(causal_folder).encoder
    data = rows(18, 6, right, each=6)
    unknown = replace(data[0].trajectory, id="x", outcome=None)
    alike = [row._replace(problem=replace(row.problem, id="same")) for row in data if row.trajectory.outcome]
    data = [*data, data[0]._replace(trajectory=unknown), *alike]
    lists, counts, problems = compare(data, encoder, "listwise")
    assert (counts.groups, counts.alike, counts.unlabelled) == (3, 1, 1)
    assert counts.right + counts.wrong == counts.trajectories == len(lists) == len(problems) == 18
    assert [len(one) for one in grouped(lists)] == [6, 6, 6]
    two, counts, _ = compare(data, encoder, "pairwise")
    rights = [sum(x.trajectory.outcome for x in data[i : i + 6]) for i in (0, 6, 12)]
    assert counts.groups == sum(max(k, 6 - k) for k in rights)
    for first, second in grouped(two):
        assert 1.0 in two[first].labels
        assert 0.0 in two[second].labels


def test_preferences_find_their_solutions(rows):
    data = rows(6, 5, right, each=3)
    ids = [row.trajectory.id for row in data]
    good = Preference(data[0].problem.id, ids[0], ids[1], margin=0.5, weight=2.0)
    (pair,) = pairs_of([good], data)
    assert (pair.chosen, pair.rejected, pair.margin, pair.weight) == (
        data[0].trajectory, data[1].trajectory, 0.5, 2.0,
    )  # fmt: skip
    for bad, message in (
        (replace(good, rejected="nobody"), "row 2: field 'rejected': 'nobody' is not there"),
        (replace(good, chosen=ids[5]), "row 2: field 'chosen': '5-5' solves '5-1'"),
    ):
        with pytest.raises(AlignmentError, match=message):
            list(pairs_of([good, bad], data))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": 3}, r"row 4: field 'prompt': 3 is not a string"),
        ({"chosen": "1"}, r"row 4: field 'chosen': '1' is not a list"),
        ({"rejected": None}, r"row 4: field 'rejected': None is not a list"),
        ({"rejected": [1]}, r"row 4: field 'steps\[0\]'"),
        ({"weight": -1}, r"row 4: field 'weight'"),
        ({"margin": float("nan")}, r"row 4: field 'weight': weight 1.0 and margin nan"),
    ],
)
def test_bad_pairs_name_their_place(change, message):
    with pytest.raises(RecordError, match=message):
        as_pair({"prompt": "1?", "chosen": ["1"], "rejected": ["2"], **change}, 4)
    with pytest.raises(RecordError, match="row 4: a row to compare is a int"):
        as_pair(7, 4)


def test_what_cannot_be_compared_is_refused(causal_folder, rows, arguments, tmp_path):
    def train(data, prm=None, **given):
        PRMTrainer(
            prm or made(causal_folder), arguments(tmp_path), data, **{"objective": "listwise", **given}
        )

    data = rows(12, 0, right, each=6)
    with pytest.raises(RecordError, match="row 1: a pair is no list of answers"):
        train([{"prompt": "1?", "chosen": ["1"], "rejected": ["2"]}])
    with pytest.raises(RecordError, match="nothing to compare: 2 problems"):
        train([row for row in data if row.trajectory.outcome])
    short = made(causal_folder)
    short.max_tokens = 8
    with pytest.raises(RecordError, match="2 groups were cut off"):
        train(data, short)
    with pytest.raises(ConfigError, match="head 'value' gives no reward"):
        train(data, PRM.create(causal_folder, head="value"))
    with pytest.raises(ConfigError, match="no classes to weigh"):
        train(data, wrong_weight=2.0)
    with pytest.raises(ConfigError, match="balanced as they are"):
        train(data, balance=True)
    with pytest.raises(ConfigError, match="no objective is called 'sideways'"):
        train(data, objective="sideways")


def test_groups_stay_together_in_every_epoch_and_process(causal_folder, rows):
    found, _, _ = compare(rows(60, 2, right, each=6), made(causal_folder).encoder, "listwise")
    groups = {tuple(one) for one in grouped(found)}
    batches = [GroupBatches(found, 200, seed=1, processes=2, rank=rank) for rank in (0, 1)]
    assert len(batches[0]) == len(batches[1]) > 1
    orders = []
    for epoch in (0, 1):
        seen = set()
        for one in batches:
            one.set_epoch(epoch)
            for batch in one:
                cut = {group for group in groups if set(group) & set(batch)}
                assert sorted(batch) == sorted(i for group in cut for i in group)
                assert len(cut) == 1 or len(batch) * max(len(found[i]) for i in batch) <= 200
                seen |= cut
        orders.append([tuple(batch) for batch in batches[0]])
        assert seen == groups
    assert orders[0] != orders[1]


def write_rows(path, data):
    lines = [
        {
            "id": row.trajectory.id,
            "problem": {"id": row.problem.id, "text": row.problem.text},
            "steps": [step.text for step in row.trajectory.steps],
        }
        for row in data
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))


def test_preferences_by_command(causal_folder, rows, tmp_path, capsys):
    data = rows(12, 6, right, each=6)
    write_rows(tmp_path / "rows.jsonl", data)
    told = [
        Preference(one.problem.id, one.chosen.id, one.rejected.id, margin=0.1 * i, origin="test")
        for i, one in enumerate(pairs(data))
    ]

    def call(out, *more):
        given = [
            "--backbone",
            causal_folder,
            "--in",
            tmp_path / "rows.jsonl",
            "--set",
            "max_steps=2",
            "--json",
        ]
        given += ["--preferences", tmp_path / "pairs.jsonl", "--out", tmp_path / out]
        given += ["--set", "max_steps=2", *more]
        with pytest.raises(SystemExit) as left:
            main(["train", *map(str, given)])
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    write_jsonl(tmp_path / "pairs.jsonl", told)
    code, out, err = call("rm")
    assert code == 0, err
    assert json.loads(out)["groups"] == len(told)
    assert load_prm(tmp_path / "rm").labels["objective"] == "pairwise"
    assert call("implicit", "--set", "implicit=dpo")[0] == 0
    assert load_prm(tmp_path / "implicit").score_steps("1?", [["1 = 2"]])[0][0] != 0
    write_jsonl(tmp_path / "pairs.jsonl", [replace(told[0], chosen="nobody")])
    code, _, err = call("x")
    assert code
    assert "'nobody' is not there" in err


@pytest.mark.parametrize(
    ("more", "kind"),
    [("", "pairwise"), ("objective: pairwise, two_layers: true", "pairwise"), ("implicit: dpo", "dpo")],
)
def test_preferences_in_a_workflow(more, kind, causal_folder, rows, tmp_path):
    data = rows(12, 6, right, each=6)
    write_rows(tmp_path / "rows.jsonl", data)
    told = [Preference(one.problem.id, one.chosen.id, one.rejected.id, origin="test") for one in pairs(data)]
    write_jsonl(tmp_path / "pairs.jsonl", told)
    (tmp_path / "plan.yaml").write_text(f"""
stages:
  rows: {{uses: load, with: {{file: {tmp_path / "rows.jsonl"}}}}}
  pairs: {{uses: read, with: {{kind: preferences, file: {tmp_path / "pairs.jsonl"}}}}}
  reward:
    uses: train
    inputs: {{samples: rows, preferences: pairs}}
    with: {{backbone: {causal_folder}, max_steps: 1, {more}}}
  scores: {{uses: score, inputs: {{samples: rows, prm: reward}}}}
""")
    run_workflow(tmp_path / "plan.yaml", tmp_path / "run")
    card = json.loads((tmp_path / "run" / "prm" / "reward" / "prmkit.json").read_text())
    assert card["labels"]["objective"] == kind
    assert card["labels"]["counts"]["groups"] == len(told)
    assert len(list(read_parquet(StepScores, tmp_path / "run" / "records" / "main" / "scores-scores"))) == 12
