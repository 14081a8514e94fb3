"""Goldens of small parts: views, fused marks, hindsight targets, several objectives."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.errors import AlignmentError, ConfigError
from prmkit.label.fuse import alignment, coherence, self_weighted
from prmkit.label.hindsight import binarised, hindsight
from prmkit.label.siblings import sibling_pairs
from prmkit.rl import StepReward
from prmkit.rl.blend import blended
from prmkit.search.joint import joint_value
from prmkit.segment.views import project_context
from prmkit.stats import hypervolume, pareto_front, spearman
from prmkit.stats.scalarise import chebyshev, lexicographic, weighted_sum
from prmkit.types import StepScores

seeds = st.integers(0, 2**31 - 1)
STEPS = [("t1", "2+3=5"), ("t2", "5*4=20")]


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        ("full", ["t1", "2+3=5", "t2", "5*4=20"]),
        ("written", ["2+3=5", "5*4=20"]),
        ("last_written", ["5*4=20"]),
        ("next_thought", ["t1", "2+3=5", "t2", "5*4=20", "t3"]),
    ],
)
def test_views_golden(view: Any, shown: list[str]) -> None:
    assert project_context(STEPS, view, "t3") == shown


def test_views_refuse() -> None:
    with pytest.raises(ConfigError, match="thought is missing"):
        project_context(STEPS, "next_thought")
    with pytest.raises(ConfigError, match="no view"):
        project_context(STEPS, "half")  # type: ignore[arg-type]
    with pytest.raises(AlignmentError):
        project_context([], "full")


def test_sibling_pairs_golden() -> None:
    """Gaps .8, .6 and .2: only the first exceeds .7, and .7 itself does not."""
    assert sibling_pairs([0.9, 0.3, 0.1]) == [(0, 2)]
    assert sibling_pairs([0.1, 0.9, 0.0]) == [(1, 0), (1, 2)]
    assert sibling_pairs([0.75, 0.0], gap=0.75) == []
    with pytest.raises(AlignmentError):
        sibling_pairs([0.9, float("nan")])


def test_self_weighted_golden() -> None:
    """Weights .342009, .377978, .280013."""
    assert self_weighted(np.array([0.8, 0.9, 0.6])) == pytest.approx(0.781795, abs=1e-6)
    assert self_weighted(np.full((2, 3), 0.4)) == pytest.approx([0.4, 0.4])
    with pytest.raises(AlignmentError):
        self_weighted(np.array([0.8, np.inf]))


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_fused_marks_lie_between_the_mean_and_the_best(seed: int) -> None:
    marks = np.random.default_rng(seed).random((5, 3))
    fused = self_weighted(marks)
    assert (fused >= marks.mean(axis=1) - 1e-12).all()
    assert (fused <= marks.max(axis=1)).all()


def test_marks_without_a_judge() -> None:
    random = np.random.default_rng(0)
    steps, answer = random.normal(size=(2, 4, 3)), random.normal(size=(2, 3))
    found = alignment(steps, answer)
    by_hand = steps[1, 2] @ answer[1] / np.linalg.norm(steps[1, 2]) / np.linalg.norm(answer[1])
    assert found[1, 2] == pytest.approx((1 + by_hand) / 2)
    assert alignment(5 * steps, answer) == pytest.approx(found)
    assert alignment(np.zeros((1, 3)), answer[0]) == pytest.approx([0.5])
    # Cosines 1 and 0 at temperature .5: e^2 / (e^2 + 1).
    chance = coherence(np.eye(2)[:1], np.eye(2)[:1], np.eye(2)[1:], temperature=0.5)
    assert chance == pytest.approx([1 / (1 + np.exp(-2))])
    with pytest.raises(ConfigError):
        coherence(steps[0], steps[0], steps[1], temperature=0.0)


def test_joint_value() -> None:
    scores = StepScores("t", "", (0.2, None, 0.6), trajectory_value=0.5)
    assert joint_value(scores) == pytest.approx(0.9)
    assert joint_value(scores, how="min", whole=0.1) == pytest.approx(0.25)
    with pytest.raises(ConfigError, match="as a whole"):
        joint_value(StepScores("t", "", (0.2,)))


def test_a_reward_reads_every_step() -> None:
    """A released worker reads the answer as one step and keeps the first mark."""

    class Falling:
        name = "falling"

        def score(self, problem: Any, trajectories: Any) -> list[StepScores]:
            return [
                StepScores(t.id, t.digest, tuple(1 / (1 + s.index) for s in t.steps)) for t in trajectories
            ]

    reward = StepReward(Falling(), aggregate="mean", segment="line")
    assert reward(["1+1?"], ["a\nb\nc"]) == [pytest.approx((1 + 1 / 2 + 1 / 3) / 3)]


@pytest.mark.parametrize(
    ("process", "outcome", "share", "reward"),
    [(0.6, 1, 0.75, 0.7), (0.8, 1, 0.75, 0.85), (0.4, 1, 0.75, 0.55), (0.9, -1, 0.75, 0.425),
     (0.6, 1, 0.5, 0.8), (0.9, 0, 0.5, 0.45)],
)  # fmt: skip
def test_blended_goldens(process: float, outcome: float, share: float, reward: float) -> None:
    assert blended(process, outcome, share=share) == pytest.approx(reward)


def test_when_a_wrong_solution_outranks_a_right_one() -> None:
    """Outcomes 1 and -1, share .75: a lead of 2 * .25 / .75 = .6667 in the process reward."""
    for lead, wins in ((0.66, False), (0.67, True)):
        assert (blended(0.3 + lead, -1.0) > blended(0.3, 1.0)) == wins
    with pytest.raises(ConfigError):
        blended(0.5, 1.0, share=1.5)


def test_hindsight_goldens() -> None:
    right, wrong = hindsight([0, 0, 0, 0], 1.0), hindsight([0, 0, 0, 0], 0.0)
    assert right == pytest.approx([0.729, 0.81, 0.9, 1.0])
    assert (right + wrong) / 2 == pytest.approx([0.3645, 0.405, 0.45, 0.5])
    assert hindsight([0.5, -0.1], 1.0, discount=0.5) == pytest.approx([1.0, 0.9])
    with pytest.raises(ConfigError):
        hindsight([0], 1.0, discount=1.1)


def test_binarised_golden() -> None:
    assert binarised([0.2, 0.9, 1.0]).tolist() == [0, 1, 1]
    assert binarised([1.7, 2.0]).tolist() == [0, 1]  # .85 of the largest is not above it
    with pytest.raises(AlignmentError):
        binarised([0.0, -1.0])


def test_scalarisations() -> None:
    pool = np.array([[1.0, 0.0], [0.45, 0.45], [0.0, 1.0]])
    assert weighted_sum(pool, [7, 3]) == pytest.approx([0.7, 0.45, 0.3])
    assert chebyshev(pool, [1, 1]) == pytest.approx([-0.5, -0.275, -0.5])
    assert chebyshev(pool, [1, 0], best=[2.0, 9.0]) == pytest.approx([-1.0, -1.55, -2.0])
    # Nobody reaches .5 in both; of those with .4 and more in the first the best in the second.
    assert lexicographic(pool, [0, 1], [0.4, 0]) == 1
    assert lexicographic(pool, [1, 0], [0, 0.5]) == 2
    assert lexicographic(pool, [0], [0, 0]) == 0
    for weights in ([1.0], [1.0, -1.0], [0.0, 0.0]):
        with pytest.raises(ConfigError):
            weighted_sum(pool, weights)
    for order, floors in (([0, 0], [0, 0]), ([2], [0, 0]), ([], [0, 0]), ([0, 1], [0])):
        with pytest.raises(ConfigError):
            lexicographic(pool, order, floors)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_hypervolume_is_what_random_points_hit(seed: int) -> None:
    """Boxes of whole edges: the volume is the number of unit cells below some point."""
    points = np.random.default_rng(seed).integers(-1, 5, size=(6, 3))
    cells = itertools.product(range(5), repeat=3)
    hit = sum(any((np.array(cell) < point).all() for point in points) for cell in cells)
    assert hypervolume(points, [0, 0, 0]) == hit
    front = pareto_front(points)
    assert hypervolume(front, [0, 0, 0]) == hit
    assert all((front >= point).all(axis=1).any() for point in points)
    with pytest.raises(AlignmentError):
        hypervolume(points, [0, 0])


def test_spearman() -> None:
    """Ranks 1, 2.5, 2.5, 4 and 2, 1, 3, 4: 3 / sqrt(4.5 * 5)."""
    assert spearman([0, 5, 5, 9], [3, 1, 4, 8]) == pytest.approx(3 / np.sqrt(22.5))
    assert spearman([1, 2, 3], [-1, -7, -9]) == pytest.approx(-1)
    assert np.isnan(spearman([1, 1], [1, 2]))
    assert np.isnan(spearman([], []))
