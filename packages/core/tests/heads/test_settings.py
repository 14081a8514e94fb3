"""Heads, comparisons, variants and mixtures by settings, as stages and commands give them."""

from dataclasses import replace

import pytest

from prmkit import PRMTrainer, load_prm
from prmkit.cards import PRMSpec
from prmkit.config import from_mapping, override
from prmkit.errors import ConfigError
from prmkit.model.heads import HeadOptions, usual_spec
from prmkit.model.prm import PRM
from prmkit.train.fit import fit
from prmkit.train.meaning import drawn
from prmkit.train.preference import compare, grouped
from prmkit.train.settings import FitSettings
from prmkit.train.targets import lesson


def both(digits):
    right = tuple(float(b > 1) for b in digits)
    columns = {"right": right, "odd": tuple(float(b % 2) for b in digits)}
    shares = {"bad": tuple(1 - one for one in right), "good": right}
    return {"values": right, "channels": {**columns, **shares}, "outcome": right[-1]}


def trained(folder, data, tmp_path, *sets):
    given = override({}, ["max_steps=2", "batch_tokens=256", *sets])
    settings = from_mapping(FitSettings, {"backbone": str(folder), **given})
    result = fit(settings, data, tmp_path / "prm", scratch=tmp_path / "scratch", seed=0)
    return load_prm(tmp_path / "prm"), result


@pytest.mark.parametrize(
    ("sets", "head", "link", "target"),
    [
        (["head=scalar"], "scalar", "sigmoid", "steps"),
        (["head=classes", "names=[bad, good]"], "classes", "softmax", "steps"),
        (["head=objectives", "names=[right, odd]"], "objectives", "sigmoid", "steps"),
        (["head=quantile", "levels=[0.25, 0.5, 0.75]"], "quantile", "sigmoid", "steps"),
        (["head=joint", "whole_share=2"], "joint", "sigmoid", "steps"),
        (["variant=dorm"], "binary", "softmax", "outcome"),
        (["head=exit", "halt_at=0.3", "lora_rank=2"], "exit", "sigmoid", "steps"),
        (["head=exit", "optimizer=muon"], "exit", "sigmoid", "steps"),
        (["head=scalar", "two_layers=true", "lora_rank=2", "layout=auto"], "scalar", "sigmoid", "steps"),
        (["variant=dprm", "mixture.add=0.25", "mixture.sum=0.75"], "binary", "softmax", "steps"),
        (["objective=pairwise"], "scalar", "raw", "outcome"),
        (
            ["objective=listwise", "variant=dorm", "head=binary", "layout=auto"],
            "binary",
            "softmax",
            "outcome",
        ),
    ],
)
def test_each_head_by_settings(sets, head, link, target, causal_folder, rows, tmp_path):
    data = [*rows(12, 0, both, each=4, domain="add"), *rows(12, 1, both, each=4, domain="sum")]
    prm, result = trained(causal_folder, data, tmp_path, *sets)
    assert (prm.head, prm.spec.link, prm.target) == (head, link, target)
    assert result["updates"] == 2
    assert result["trajectories"] > 0
    scores = prm.score(data[0].problem, [data[0].trajectory])[0]
    assert scores.values[-1] is not None
    if "variant=dprm" in sets:
        assert prm.labels["domains"] == {
            "add": {"there": 12, "share": 0.25, "drawn": 6},
            "sum": {"there": 12, "share": 0.75, "drawn": 18},
        }


def test_values_by_settings(causal_folder, rows, tmp_path):
    def value(digits):
        return {"values": tuple((b - 1.5) / 2 for b in digits), "kind": "value"}

    data = rows(8, 0, value)
    for number, (sets, link) in enumerate(
        (
            (["head=value"], "tanh"),
            (["head=scalar", "kind=value"], "raw"),
            (["head=quantile", "kind=value"], "raw"),
        )
    ):
        prm, _ = trained(causal_folder, data, tmp_path / str(number), *sets)
        assert (prm.spec.link, prm.spec.kind, prm.threshold.value) == (link, "value", 0.0)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["variant=gorm"], "learns to write its verdict"),
        (["variant=dprm", "target=outcome"], "'dprm' learns steps"),
        (["variant=dprm", "objective=pairwise"], "'dprm' learns steps"),
        (["variant=orm"], "variant"),
        (["variant=dprm", "kind=value", "head=scalar"], "values have none"),
        (["variant=gprm", "head=joint"], "'head' means nothing to variant 'gprm'"),
        (["variant=gorm", "rules=thinkprm"], "'gorm' learns outcomes"),
        (["variant=gprm", "layout=auto"], "share no beginnings"),
        (["rules=all"], "says how verifications are written"),
        (["layout=packed"], "layout of critiques"),
        (["head=exit", "two_layers=true"], "layers of its own"),
        (["head=exit", "variant=dorm", "halt_prior=2"], "halt_prior 2.0"),
        (["head=value", "kind=correct"], "does not learn labels of kind 'correct'"),
        (["head=objectives"], "the objectives have no names"),
        (["head=classes"], "the classes have no names"),
        (["head=joint", "variant=dorm"], "head 'joint' learns steps"),
        (["head=value", "objective=listwise"], "gives no reward"),
        (["head=quantile", "levels=[0.5, 0.1, 0.9]"], "do not rise"),
        (["mixture.add=1"], "disagree on domain 'sum'.*add: 4, sum: 4"),
        (["mixture.add=1", "mixture.sum=0"], "domain 'sum'"),
        (["mixture.add=1", "mixture.sum=1", "mixture.tables=1"], "domain 'tables'"),
    ],
)
def test_settings_that_do_not_go_together(sets, message, causal_folder, rows, tmp_path):
    data = [*rows(4, 0, both, each=4, domain="add"), *rows(4, 1, both, each=4, domain="sum")]
    with pytest.raises(ConfigError, match=r"(?s)" + message):
        trained(causal_folder, data, tmp_path, *sets)


# --- variants


def test_labels_end_with_the_first_wrong_step(causal_folder, rows, arguments, tmp_path):
    """dPRM learns up to and including it, dORM the outcome alone; each says how its scores are summed."""
    data = rows(20, 0, both)
    seen = {}
    for variant, usual in (("dprm", "min"), ("dorm", "last")):
        prm, _ = trained(causal_folder, data, tmp_path / variant, f"variant={variant}")
        assert prm.spec.aggregate == usual
        seen[variant] = prm.labels
    assert seen["dprm"]["conventions"] == ["until_first_error"]
    trainer = PRMTrainer(
        PRM.create(causal_folder), arguments(tmp_path), data, until_first_error=True, batch_tokens=256
    )
    found = {one.encoded.ids: one for one in trainer.train_dataset}
    for row in data:
        values = list(row.labels.values)
        end = values.index(0.0) + 1 if 0.0 in values else len(values)
        wanted = tuple(values[:end] + [None] * (len(values) - end))
        assert wanted in {one.labels for one in found.values()}
    wrong = sum(0.0 in row.labels.values for row in data)
    assert seen["dprm"]["counts"]["wrong"] == wrong
    assert seen["dorm"]["counts"]["right"] + seen["dorm"]["counts"]["wrong"] == len(data)


def test_columns_end_there_too_and_the_whole_stays(causal_folder, rows):
    names = ("bad", "good")
    options = HeadOptions(names=names)
    spec = usual_spec("classes", options)
    stop = lesson("classes", spec, options, "steps", until_first_error=True)
    row = next(one for one in rows(20, 0, both) if one.labels.values[0] == 0.0)
    told = stop(row)
    assert told.labels == (0.0,) + (None,) * (len(row.labels.values) - 1)
    assert [column[1:] for column in told.columns] == [told.labels[1:]] * 2
    joint = lesson("joint", PRMSpec(link="sigmoid"), HeadOptions(), "steps", until_first_error=True)(row)
    assert joint.columns[0][-1] == row.trajectory.outcome
    with pytest.raises(ConfigError, match="an outcome has no first error"):
        lesson("binary", spec, options, "outcome", until_first_error=True)
    value = replace(row.labels, kind="value")
    with pytest.raises(ConfigError, match="labels of kind value have no first error"):
        stop(row._replace(labels=value))


# --- mixtures


def test_a_mixture_keeps_the_number_and_repeats_as_little_as_it_can(causal_folder, rows, arguments, tmp_path):
    data = [*rows(30, 0, both, domain="add"), *rows(10, 1, both, domain="sum")]
    prm = PRM.create(causal_folder)
    trainer = PRMTrainer(prm, arguments(tmp_path), data, mixture={"add": 1, "sum": 1})
    seen = [one.encoded.ids for one in trainer.train_dataset]
    assert len(seen) == 40
    alone = PRMTrainer(prm, arguments(tmp_path), data).train_dataset
    first, second = alone[:30], alone[30:]
    assert sum(any(ids == one.encoded.ids for one in first) for ids in seen) >= 20
    copies = {one.encoded.ids: seen.count(one.encoded.ids) for one in second}
    assert sum(copies.values()) >= 20
    examples, told = drawn(alone, ["add"] * 30 + ["sum"] * 10, {"add": 3, "sum": 1}, seed=3)
    assert sorted(map(id, examples)) != []
    assert {name: one["drawn"] for name, one in told.items()} == {"add": 30, "sum": 10}
    assert (
        drawn(alone, ["add"] * 30 + ["sum"] * 10, {"add": 1, "sum": 3}, seed=3)[0]
        == (drawn(alone, ["add"] * 30 + ["sum"] * 10, {"add": 1, "sum": 3}, seed=3)[0])
    )


def test_groups_that_are_drawn_twice_stay_apart(causal_folder, rows):
    data = [*rows(24, 6, both, each=6, domain="add"), *rows(6, 7, both, each=6, domain="sum")]
    found, _, problems = compare(data, PRM.create(causal_folder).encoder, "listwise")
    before = [len(one) for one in grouped(found)]
    made, told = drawn(found, [one.domain for one in problems], {"add": 1, "sum": 3}, seed=0)
    assert len(grouped(made)) == len(before)
    assert told["sum"]["drawn"] > told["sum"]["there"] == 1
    assert {len(one) for one in grouped(made)} <= set(before)
