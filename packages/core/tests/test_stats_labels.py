"""F1s of step-level benchmarks, first errors, thresholds."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from prmkit.errors import AlignmentError
from prmkit.stats import (
    balanced,
    best_threshold,
    f1s,
    first_below,
    harmonic,
    matthews,
    mr_score,
    prmbench_score,
    processbench_f1,
    section_f1,
    threshold_curve,
)

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1)
scores = st.lists(st.none() | st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0]), min_size=1, max_size=5)


def judged(rows: list[tuple[list[float | None], int]]) -> tuple[list[list[float | None]], list[int]]:
    return [v for v, _ in rows], [min(g, len(v) - 1) for v, g in rows]


solutions = st.lists(st.tuples(scores, st.integers(-1, 4)), min_size=1, max_size=12).map(judged)


def test_processbench_golden() -> None:
    """Accuracies of 60 and 90 percent give 72, where the arithmetic mean would give 75."""
    gold = [0] * 10 + [-1] * 10
    said = [0] * 6 + [1] * 4 + [-1] * 9 + [0]
    found = processbench_f1(gold, said)
    assert found[:3] == pytest.approx((0.6, 0.9, 0.72))
    assert (found.errors, found.corrects) == (10, 10)
    assert float(harmonic(0.6, 0.9)) == pytest.approx(0.72)


def test_processbench_of_constant_answers_is_nothing() -> None:
    gold = [0, 1, -1, -1]
    assert processbench_f1(gold, [-1] * 4).f1 == 0
    assert processbench_f1(gold, [0] * 4).f1 == 0
    assert processbench_f1(gold, gold).f1 == 1
    assert processbench_f1([0, -1], [1, 0]).f1 == 0  # both accuracies 0: no division by zero
    assert math.isnan(processbench_f1([-1], [-1]).f1)
    with pytest.raises(AlignmentError):
        processbench_f1([0], [0, 1])


def test_processbench_rows_at_hand(data_root: Path) -> None:
    """Counted on the visible half: most GSM8K rows err before the end."""
    lines = (data_root / "math/processbench_half/gsm8k.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    gold = [row["label"] for row in rows]
    assert len(rows) == 195
    assert all(-1 <= g < len(row["steps"]) for g, row in zip(gold, rows, strict=True))
    assert processbench_f1(gold, gold).f1 == 1
    assert processbench_f1(gold, [-1] * len(gold))[:3] == (0, 1, 0)
    outcome = [-1 if row["final_answer_correct"] else len(row["steps"]) - 1 for row in rows]
    assert 0 < processbench_f1(gold, outcome).f1 < 0.5  # knowing the outcome finds few first errors


@given(st.permutations([(0, 0), (1, 2), (-1, -1), (-1, 0), (2, 2)]))
def test_processbench_has_no_order(rows: list[tuple[int, int]]) -> None:
    assert processbench_f1([g for g, _ in rows], [p for _, p in rows]).f1 == pytest.approx(2 / (3 / 2 + 2))


def test_prmbench_golden() -> None:
    assert prmbench_score(8, 1, 2, 3) == pytest.approx(0.65)
    assert prmbench_score(0, 0, 0, 0) == 0


@pytest.mark.filterwarnings("ignore:A single label")
@given(pairs)
def test_f1s_against_scikit_learn(rows: list[tuple[bool, bool]]) -> None:
    gold, said = [int(g) for g, _ in rows], [int(s) for _, s in rows]
    found = f1s(gold, said)
    assert found.f1 == pytest.approx(oracle.f1_score(gold, said, zero_division=0))
    assert found.f1_negative == pytest.approx(oracle.f1_score(gold, said, pos_label=0, zero_division=0))
    assert found.precision == pytest.approx(oracle.precision_score(gold, said, zero_division=0))
    assert found.recall == pytest.approx(oracle.recall_score(gold, said, zero_division=0))
    tp, fp = sum(g and s for g, s in rows), sum(s and not g for g, s in rows)
    tn, fn = sum(not g and not s for g, s in rows), sum(g and not s for g, s in rows)
    assert found.macro == pytest.approx(prmbench_score(tp, fp, tn, fn))
    assert matthews(tp, fp, tn, fn) == pytest.approx(oracle.matthews_corrcoef(gold, said))


def test_other_benchmarks_goldens() -> None:
    assert mr_score(0.4, 0.5, 0.3) == pytest.approx(0.38)
    assert mr_score(-0.4, 0.5, 0.3) == pytest.approx(0.30)  # a negative correlation counts as none
    assert balanced(0.8, 0.6) == pytest.approx((0.70, 0.685714), abs=5e-7)
    assert section_f1({2, 4}, {2, 5, 9}) == pytest.approx((1, 0.5, 2 / 3))
    assert section_f1(set(), {1}) == (0, 0, 0)


def test_first_below_is_strict_and_passes_over_the_unscored() -> None:
    assert first_below([0.5, None, 0.4], 0.5) == 2
    assert first_below([None, None], 0.5) == -1


@given(solutions, st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=6))
def test_the_threshold_curve_is_the_f1_at_each_threshold(
    rows: tuple[list[list[float | None]], list[int]], thresholds: list[float]
) -> None:
    values, gold = rows
    curve = threshold_curve(values, gold, thresholds)
    expected = [processbench_f1(gold, [first_below(v, t) for v in values]).f1 for t in thresholds]
    np.testing.assert_allclose(curve, expected, equal_nan=True)


@given(solutions)
def test_the_best_threshold_is_the_best(rows: tuple[list[list[float | None]], list[int]]) -> None:
    values, gold = rows
    threshold, top = best_threshold(values, gold)
    if math.isnan(top):
        return
    assert processbench_f1(gold, [first_below(v, threshold) for v in values]).f1 == pytest.approx(top)
    every = [processbench_f1(gold, [first_below(v, t / 20) for v in values]).f1 for t in range(-1, 23)]
    assert top >= max(every) - 1e-12


def test_the_best_threshold_stands_in_the_middle_of_what_works() -> None:
    values = [[0.9, 0.1], [0.8, 0.7], [0.9, 0.85], [0.95, 0.2]]
    threshold, top = best_threshold(values, [1, -1, -1, 1])
    assert top == 1
    assert threshold == pytest.approx(0.45)
    assert all(math.isnan(x) for x in best_threshold([[None]], [-1]))
