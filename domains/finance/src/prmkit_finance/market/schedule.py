"""Choosing what to work on next, factor or model: a linear Thompson bandit over back-test figures.

Source:
    RD-Agent(Q). Two faults of its release are put right here: the posterior mean is the precision's
    inverse times the *sum* of weighted evidence (the release multiplies the new precision with the
    old mean), and a drawdown enters the reward as the number <= 0 that it is (the release negates it,
    so that a deeper fall earned more).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from prmkit_finance.market.panel import Floats

WEIGHTS: Mapping[str, float] = {
    "ic": 0.1,
    "icir": 0.1,
    "rank_ic": 0.05,
    "rank_icir": 0.05,
    "annual_return": 0.25,
    "information_ratio": 0.15,
    "max_drawdown": 0.1,
    "sharpe": 0.2,
}
"""What an arm is judged by; ``sharpe`` is here the annual return over the size of the drawdown."""


def reward(figures: Mapping[str, float]) -> float:
    """Weighted sum of the figures; ``max_drawdown`` is <= 0, so a deeper one costs.

    Examples:
        >>> f = dict(zip(WEIGHTS, (0.05, 0.4, 0.06, 0.5, 0.15, 1.2, -0.1, 1.5)))
        >>> round(reward(f), 4)
        0.5805
    """
    return sum(weight * figures[name] for name, weight in WEIGHTS.items())


@dataclass(frozen=True, slots=True)
class Arm:
    """Normal posterior of one arm's linear reward: precision P and weighted evidence b, mean P^-1 b.

    Shapes:
        precision (D, D), evidence (D,).
    """

    precision: Floats
    evidence: Floats
    noise: float = 0.5
    """Variance of a reward."""

    @classmethod
    def prior(cls, size: int, *, variance: float = 10.0, noise: float = 0.5) -> Arm:
        """An arm that has seen nothing."""
        return cls(np.eye(size) / variance, np.zeros(size), noise)

    @property
    def mean(self) -> Floats:
        """Posterior mean of the weights."""
        return np.asarray(np.linalg.solve(self.precision, self.evidence))

    def seen(self, context: Floats, gained: float) -> Arm:
        """The posterior after one reward.

        Examples:
            >>> arm = Arm.prior(1).seen(np.array([2.0]), 3.0).seen(np.array([1.0]), 1.0)
            >>> arm.mean.round(6).tolist()
            [1.386139]
        """
        return Arm(
            self.precision + np.outer(context, context) / self.noise,
            self.evidence + context * gained / self.noise,
            self.noise,
        )

    def draw(self, random: np.random.Generator) -> Floats:
        """Weights drawn from the posterior."""
        factor = np.linalg.cholesky(self.precision)
        return np.asarray(self.mean + np.linalg.solve(factor.T, random.standard_normal(len(self.evidence))))


def choose(arms: Mapping[str, Arm], context: Floats, random: np.random.Generator) -> str:
    """The arm whose drawn weights promise most; among equals the first."""
    promised = {name: float(arm.draw(random) @ context) for name, arm in arms.items()}
    return max(promised, key=lambda name: promised[name])
