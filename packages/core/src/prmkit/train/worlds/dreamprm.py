"""Learning step labels from domains, one of them poisoned, with weights that a clean set teaches.

Shapes:
    M domains, N steps of one, d inputs; B solutions of K steps in the clean set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from prmkit.stats import auroc
from prmkit.train.losses import domain_weights, meta_gradient, outcome_error
from prmkit.train.losses.domains import Parameters
from prmkit.train.worlds.networks import draw_layers, generator
from prmkit.train.worlds.sizes import DomainArm, DomainSizes

Array = NDArray[Any]
POISONED = 0  # place of the poisoned domain


class Task(NamedTuple):
    """Steps (M, N, d) with soft labels (M, N), clean solutions (B, K, d) with outcomes (B,), clean steps."""

    steps: torch.Tensor
    labels: torch.Tensor
    clean: torch.Tensor
    outcomes: torch.Tensor
    test: torch.Tensor
    truth: Array


def draw_task(random: np.random.Generator, sizes: DomainSizes) -> Task:
    """A random network says which steps are right; a label is the share of right ones in a few rollouts.

    Every domain has a centre of its own. In the poisoned one a share of the labels is turned round.
    """
    d, m = sizes.inputs, sizes.domains
    inner, outer = random.normal(size=(d, 8)) / np.sqrt(d), random.normal(size=8)
    centres = sizes.apart * random.normal(size=(m, 1, d))

    def chance(x: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-3 * np.tanh(2 * x @ inner) @ outer)))

    steps = centres + random.normal(size=(m, sizes.steps, d))
    labels = random.binomial(sizes.rollouts, chance(steps)) / sizes.rollouts
    turned = random.random(sizes.steps) < sizes.poison
    labels[POISONED] = np.where(turned, 1 - labels[POISONED], labels[POISONED])
    home = random.integers(m, size=sizes.clean)
    clean = centres[home] + random.normal(size=(sizes.clean, sizes.length, d))
    # As many right solutions as wrong ones: the outcome is whether the steps are better than most.
    quality = np.log(chance(clean) / (1 - chance(clean))).mean(axis=1)
    outcomes = quality + random.normal(size=sizes.clean) * 0.3 * quality.std() > np.median(quality)
    test = centres + random.normal(size=(m, sizes.test, d))
    truth = random.random(test.shape[:2]) < chance(test)
    return Task(*map(_tensor, (steps, labels, clean, outcomes, test)), truth)


def fit(
    random: np.random.Generator, sizes: DomainSizes, arms: tuple[DomainArm, ...]
) -> list[dict[str, float]]:
    """AUROC over clean held-out steps and the poisoned domain's weight, for each arm, on the same task."""
    task, seed = draw_task(random, sizes), int(random.integers(2**31))
    return [_fit(task, sizes, arm, seed) for arm in arms]


def _fit(task: Task, sizes: DomainSizes, arm: DomainArm, seed: int) -> dict[str, float]:
    draws = generator(seed)
    own = draw_layers((sizes.inputs, sizes.width, 1), draws)
    outcomes = task.outcomes
    if arm.shuffled:
        outcomes = outcomes[torch.randperm(len(outcomes), generator=draws)]
    raw = torch.zeros(sizes.domains, requires_grad=True)
    teach = torch.optim.Adam([raw], lr=sizes.meta_rate)
    optimizer = torch.optim.SGD(own.values(), lr=sizes.rate)
    oracle = torch.ones(sizes.domains)
    oracle[POISONED] = 0
    for _ in range(sizes.updates):
        domains, meta = _losses(task, outcomes, sizes, draws)
        if arm.weights == "taught":
            # The loss below is a mean over domains, the step inside a sum.
            raw.grad, _ = meta_gradient(raw, own, domains, meta, sizes.rate / sizes.domains)
            teach.step()
        weights = {
            "taught": domain_weights(raw.detach()),
            "one": torch.ones(sizes.domains),
            "oracle": oracle / oracle.mean(),
        }[arm.weights]
        loss = (weights * domains(own)).mean()
        if arm.clean:
            loss = loss + meta(own)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        scores = _logit(own, task.test).numpy()
    return {
        "step_auroc": float(auroc(scores.ravel(), task.truth.ravel())),
        "weight": float(weights[POISONED]),
    }


def _losses(
    task: Task, outcomes: torch.Tensor, sizes: DomainSizes, draws: torch.Generator
) -> tuple[Callable[[Parameters], torch.Tensor], Callable[[Parameters], torch.Tensor]]:
    """Losses of one batch of every domain and of the clean set, as functions of the network."""
    rows = torch.randint(task.steps.shape[1], (sizes.domains, sizes.batch), generator=draws)
    steps = task.steps.gather(1, rows[..., None].expand(-1, -1, sizes.inputs))
    labels = task.labels.gather(1, rows)
    some = torch.randint(len(outcomes), (sizes.clean_batch,), generator=draws)
    clean, outcome = task.clean[some], outcomes[some]
    counted, ones = torch.ones(clean.shape[:2]), torch.ones(len(some))

    def domains(own: Parameters) -> torch.Tensor:
        return (_logit(own, steps).sigmoid() - labels).square().mean(1)

    def meta(own: Parameters) -> torch.Tensor:
        return outcome_error(_logit(own, clean), counted, outcome, ones) / len(some)

    return domains, meta


def _logit(own: Parameters, given: torch.Tensor) -> torch.Tensor:
    hidden = functional.linear(given, own["weight0"], own["bias0"]).tanh()
    return functional.linear(hidden, own["weight1"], own["bias1"])[..., 0]


def _tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(array.astype(np.float32))
