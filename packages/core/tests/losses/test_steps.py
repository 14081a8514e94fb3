"""Goldens of losses of single steps, and of labels that allow for noise."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from prmkit.train.losses import class_cross_entropy, cross_entropy, step_logit, tolerant_labels

ln = math.log
seeds = st.integers(0, 2**31 - 1)


def test_binary_golden() -> None:
    """Logit ln 3 is p = 3/4: 0.9 ln(4/3) + 0.1 ln 4, twice, and a step that does not count."""
    logit = torch.tensor([[ln(3), 5.0]])
    wanted = 2 * (0.9 * ln(4 / 3) + 0.1 * ln(4))
    found = cross_entropy(logit, torch.tensor([[0.9, 0.0]]), torch.tensor([[2.0, 0.0]]))
    assert float(found) == pytest.approx(wanted)


def test_classes_golden() -> None:
    """Logits (0, ln 2, ln 5) are p = (1, 2, 5) / 8; targets (1/2, 1/4, 1/4)."""
    logits = torch.tensor([[[0.0, ln(2), ln(5)]]])
    wanted = ln(8) / 2 + ln(4) / 4 + ln(8 / 5) / 4
    found = class_cross_entropy(logits, torch.tensor([[[0.5, 0.25, 0.25]]]), torch.ones(1, 1))
    assert float(found) == pytest.approx(wanted)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_two_classes_are_the_binary_loss_and_hard_targets_the_usual_one(seed: int) -> None:
    torch.manual_seed(seed)
    logits, labels, weights = torch.randn(2, 3, 2), torch.rand(2, 3), torch.rand(2, 3)
    both = torch.stack([1 - labels, labels], -1)
    torch.testing.assert_close(
        class_cross_entropy(logits, both, weights), cross_entropy(step_logit(logits), labels, weights)
    )
    hard = torch.randint(2, (2, 3))
    torch.testing.assert_close(
        class_cross_entropy(logits, functional.one_hot(hard, 2), torch.ones(2, 3)),
        functional.cross_entropy(logits.flatten(0, 1), hard.flatten(), reduction="sum"),
    )


@given(seeds, st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_a_soft_label_mixes_the_hard_ones(seed: int, y: float) -> None:
    torch.manual_seed(seed)
    logit, one = torch.randn(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    right, wrong = cross_entropy(logit, one, one), cross_entropy(logit, 0 * one, one)
    torch.testing.assert_close(cross_entropy(logit, y * one, one), y * right + (1 - y) * wrong)


def tolerate(scores: list[float], confidence: float, right: bool = False, **given: float):
    every = torch.ones(1, len(scores))
    labels, weights = tolerant_labels(
        torch.tensor([scores]), torch.tensor([confidence]), torch.tensor([right]), every, **given
    )
    return [round(y, 6) for y, w in zip(labels[0].tolist(), weights[0].tolist(), strict=True) if w]


def test_scan_golden() -> None:
    """0.75 / 0.8 = 0.9375 and 0.5 / 0.8 = 0.625 in the window, then 0, then nothing."""
    assert tolerate([0.9, 0.75, 0.5, 0.0, 0.4], 0.8) == [1.0, 0.9375, 0.625, 0.0]
    assert tolerate([0.9, 0.75, 0.5, 0.0], 0.7) == []  # an annotator below 0.75 is not believed
    assert tolerate([0.0], 0.8) == [0.0]
    assert tolerate([0.0, 1.0], 0.8) == [0.0]
    assert tolerate([0.9, 0.5], 0.8) == []  # wrong, but no step shows where
    assert tolerate([0.0, 0.3], 0.8, right=True) == [1.0, 1.0]
    assert tolerate([1.0, 0.9, 0.0], 0.8, window=0) == [1.0, 1.0, 0.0]
    assert tolerate([0.4, 0.9, 0.0], 0.8, window=9) == [0.5, 1.0, 0.0]  # 0.9 / 0.8 is cut to 1


def test_scores_of_right_solutions_are_not_needed() -> None:
    assert tolerate([math.nan, math.nan], 0.9, right=True) == [1.0, 1.0]


def test_a_step_left_out_takes_no_place_in_the_window() -> None:
    scores = torch.tensor([[0.4, 0.6, math.nan, 0.6, 0.0]])
    kept = torch.tensor([[1.0, 1.0, 0.0, 2.0, 1.0]])
    labels, weights = tolerant_labels(scores, torch.tensor([0.8]), torch.tensor([False]), kept)
    torch.testing.assert_close(labels[kept > 0], torch.tensor([1.0, 0.75, 0.75, 0.0]))
    assert torch.equal(weights, kept)


@given(seeds, st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_tolerant_labels_row_by_row(seed: int, window: int) -> None:
    """The rule said with loops."""
    torch.manual_seed(seed)
    scores = torch.randint(0, 5, (3, 6)) / 4
    confidence, right, given_weights = torch.rand(3) / 2 + 0.5, torch.rand(3) > 0.7, torch.rand(3, 6)
    given_weights = given_weights * (torch.rand(3, 6) > 0.2)
    labels, weights = tolerant_labels(scores, confidence, right, given_weights, window=window)
    for row in range(3):
        steps = [k for k in range(6) if given_weights[row, k] > 0]
        zeros = [i for i, k in enumerate(steps) if scores[row, k] == 0]
        wanted: dict[int, float] = {}
        if confidence[row] >= 0.75 and right[row]:
            wanted = dict.fromkeys(steps, 1.0)
        elif confidence[row] >= 0.75 and zeros:
            for i, k in enumerate(steps[: zeros[0] + 1]):
                soft = min(1.0, float(scores[row, k] / confidence[row]))
                wanted[k] = 0.0 if i == zeros[0] else soft if i >= zeros[0] - window else 1.0
        assert {k for k in range(6) if weights[row, k] > 0} == set(wanted)
        for k, label in wanted.items():
            assert float(labels[row, k]) == pytest.approx(label)
            assert weights[row, k] == given_weights[row, k]
