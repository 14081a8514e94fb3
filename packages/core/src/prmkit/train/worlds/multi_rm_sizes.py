"""Sizes of the world of reward models by length, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MultiSizes:
    """Solutions whose steps are right by known chances, and planted judges that read them."""

    lengths: tuple[int, ...] = (2, 4, 8, 16)
    """Steps of a solution; all of one problem have the same."""
    inputs: int = 6
    sure: float = 4.0
    """Log-odds of a step that is neither easy nor hard."""
    alike: float = 0.5
    """Share of a step's spread that all samples of a problem have in common."""
    repair: float = 0.0
    """Chance that a solution with a wrong step ends right all the same."""
    noisy: float = 0.0
    """Share of solutions whose step labels are noisy; outcomes are compared with answers and are not."""
    flip: float = 0.3
    """Chance that a step label of such a solution is turned round."""
    popular: float = 0.5
    """Share of wrong answers that are the same one."""
    train: int = 400
    """Solutions of each length to learn from, four of a problem."""
    test: int = 60
    """Problems of each length."""
    samples: int = 16
    """Solutions of each of these problems."""
    width: int = 16
    updates: int = 800
    batch: int = 32
    rate: float = 5e-3
    judgements: int = 10
    """Verdicts whose mean is a generative judge's score."""
    false_flag: float = 0.05
    """Chance that a planted judge of steps calls a right one wrong."""
    missed: float = 0.2
    """Chance that it calls a wrong one right."""
    accuracy: float = 0.8
    """Chance that a planted judge of outcomes is right."""
    correlation: float = 0.8
    """Share of verdicts that all judgements of a solution have in common."""
    error: float = 0.3
    """Spread of a planted logarithmic error of each step."""
    sampling: float = 0.2
    """Spread that each judgement adds to it."""


@dataclass(frozen=True, slots=True)
class MultiArm:
    """One way of labelling steps."""

    labels: Literal["outcome", "first_error", "every"]
    """The outcome at the last step; steps up to and with the first error; all steps."""
    shuffled: bool = False
    """Labels are dealt out anew among the solutions of a length."""
