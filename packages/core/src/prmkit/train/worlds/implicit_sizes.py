"""Sizes of the world of step rewards from outcomes, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Objective = Literal["ce", "dpo", "kto", "nca", "steps", "rollouts", "last", "every"]
"""Four losses of log-ratios; step labels, true or of rollouts; the outcome at the last step or at all."""


@dataclass(frozen=True, slots=True)
class ImplicitSizes:
    """Chains of table look-ups, written by a policy that is sure of some wrong results."""

    values: int = 10
    """What a step may result in."""
    operations: int = 6
    length: int = 6
    """Steps of a solution."""
    misled: float = 0.08
    """Share of look-ups of which the policy is sure of one wrong result."""
    slip: float = 0.1
    """Chance of another result than the one that the policy is sure of."""
    problems: int = 300
    samples: int = 8
    """Solutions of one problem whose outcomes are known; problems times samples times steps is the budget."""
    test: int = 1000
    """Solutions on whose steps scores are compared with the truth; as many others choose the threshold."""
    width: int = 32
    read: int = 500
    """Updates in which the reference learns to write like the policy."""
    updates: int = 600
    look: int = 100
    """Updates between looks at held-out solutions; each arm is kept as it ranked their steps best."""
    batch: int = 64
    rate: float = 3e-3
    beta: float = 2.0
    """Scale of the log-ratio."""


@dataclass(frozen=True, slots=True)
class ImplicitArm:
    """One way of learning which steps are right."""

    objective: Objective
    rollouts: int = 0
    """Behind each label of a step."""
    matched: bool = True
    """So few solutions that labelling them costs what the outcomes of all do."""
    shuffled: bool = False
    """Outcomes are dealt out anew."""
