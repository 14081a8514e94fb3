"""Metric modules: loaded by the evaluate library from their path, without a network."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from prmkit.errors import UnknownNameError
from prmkit.judging.metrics import NAMES, path

evaluate = pytest.importorskip("evaluate")


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Loads a metric module; what evaluate writes goes to a temporary folder."""
    home = tmp_path_factory.mktemp("evaluate")
    return lambda name: evaluate.load(path(name), cache_dir=str(home), experiment_id=name)


def test_every_folder_is_named() -> None:
    folder = Path(path("step_auroc")).parent
    assert sorted(p.name for p in folder.iterdir() if (p / f"{p.name}.py").is_file()) == sorted(NAMES)
    with pytest.raises(UnknownNameError, match="step_auroc"):
        path("step_auc")


def test_processbench_f1(load: Any) -> None:
    metric = load("processbench_f1")
    said = metric.compute(predictions=[2, 1, -1], references=[2, 0, -1])
    assert said["f1"] == pytest.approx(2 / 3)
    scored = metric.compute(predictions=[[0.9, 0.8, 0.1], [0.9, 0.2], [0.9]], references=[2, 0, -1])
    assert scored == said
    strict = metric.compute(
        predictions=[[0.9, 0.8, 0.1], [0.9, 0.2], [0.9]], references=[2, 0, -1], threshold=1.0
    )
    assert strict["correct_accuracy"] == 0


def test_first_error_accuracy(load: Any) -> None:
    metric = load("first_error_accuracy")
    assert metric.compute(predictions=[2, 1, -1], references=[2, 0, -1]) == {
        "accuracy": pytest.approx(2 / 3),
        "n": 3,
    }


def test_step_auroc_leaves_out_the_unlabelled(load: Any) -> None:
    metric = load("step_auroc")
    metric.add_batch(predictions=[[0.1, 0.4]], references=[[0, 0]])
    metric.add(prediction=[0.4, None, 0.8, 0.3], reference=[1, 1, 1, None])
    found = metric.compute()
    assert found == {"auroc": 0.875, "average_precision_wrong": pytest.approx(5 / 6), "n": 4}


def test_prmbench_score(load: Any) -> None:
    right, wrong = [0.9] * 8 + [0.1] * 3, [0.9] + [0.1] * 2
    found = load("prmbench_score").compute(predictions=[right, wrong], references=[[1] * 11, [0] * 3])
    assert found == {
        "prmbench_score": pytest.approx(0.65),
        "f1": pytest.approx(0.8),
        "f1_negative": pytest.approx(0.5),
        "n": 14,
    }


def test_best_of_n(load: Any) -> None:
    metric = load("best_of_n")
    found = metric.compute(predictions=[[4.0, 3, 2, 1]], references=[[1, 0, 1, 0]], n=3)
    assert found == {"best_of_n": 0.75, "single": 0.5, "oracle": 1.0, "n": 3, "problems": 1}


def test_calibration(load: Any) -> None:
    p, y = [0.95, 0.9, 0.85, 0.6, 0.55, 0.2, 0.1, 0.05], [1, 1, 0, 1, 0, 0, 0, 1]
    found = load("calibration").compute(predictions=p, references=y, bins=5)
    assert found["ece"] == pytest.approx(0.3375)
    assert found["brier"] == pytest.approx(0.26875)
    assert found["bias"] == pytest.approx(0.025)
    # risks of 1, 1, 0, 1, 0, 0, 0, 1 in falling order: 0 0 1/3 1/4 2/5 3/6 4/7 4/8
    assert found["aurc"] == pytest.approx((1 / 3 + 1 / 4 + 2 / 5 + 1 / 2 + 4 / 7 + 1 / 2) / 8)
    assert found["excess_aurc"] == pytest.approx(found["aurc"] - (1 / 5 + 2 / 6 + 3 / 7 + 4 / 8) / 8)


def test_rewardmath(load: Any) -> None:
    scores = [[0.9, 0.1, 0.2], [0.1, 0.1, 0.2], [0.2, 0.2, 0.1]]
    found = load("rewardmath").compute(predictions=scores, references=[0, 0, 0])
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["accuracy_ties"] == pytest.approx(2 / 3)
    assert found["mrr"] == pytest.approx((1 + 1 / 3 + 1 / 2) / 3)


def test_rewardbench2(load: Any) -> None:
    found = load("rewardbench2").compute(
        predictions=[
            [2, 1, 0.5],
            [1, 1.2, 0.1],
            [2, 1.8, 1.7, 1, 0.5],
            [1.5, 0.5, 1, 0.4, 0.2],
            [2.0, 2, 1, 0],
        ],
        references=[1, 1, 3, 3, 1],
        subset=["Ties"] * 4 + ["Math"],
        id=["ref:a", "ref:b", "tied:a", "tied:b", "m1"],
    )
    assert found["Ties"] == pytest.approx(0.650182, abs=5e-7)
    assert found["Math"] == 0.5
    assert found["score"] == pytest.approx((0.650182 + 0.5) / 2, abs=5e-7)


def test_no_class_no_value_no_crash(load: Any) -> None:
    assert math.isnan(load("processbench_f1").compute(predictions=[-1], references=[-1])["f1"])
    assert math.isnan(load("step_auroc").compute(predictions=[[0.5]], references=[[1]])["auroc"])
    assert load("prmbench_score").compute(predictions=[[None]], references=[[1]])["prmbench_score"] == 0
