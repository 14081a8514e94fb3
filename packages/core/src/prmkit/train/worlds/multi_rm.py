"""Reward models of outcomes and of steps, learned from the same solutions of unlike length.

Shapes:
    A arms that learn side by side, P problems, S samples of each, T steps, d inputs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from prmkit.train.losses import cross_entropy
from prmkit.train.worlds.multi_rm_sizes import MultiArm, MultiSizes
from prmkit.train.worlds.networks import Tensors, draw_layers, generator, linear, recur, stacked

Array = NDArray[Any]
SAMPLES = 4  # of a problem to learn from


class Pool(NamedTuple):
    """Solutions of one length: inputs (P, S, T, d), chances (P, S, T) and truth of steps, outcomes (P, S).

    Answers (P, S) are numbers, the right one 0.
    """

    steps: Array
    chance: Array
    right: Array
    outcome: Array
    answers: Array


class Judged(NamedTuple):
    """A pool with every arm's step scores (A, P, S, T); ``spliced``: all steps but the last are others'."""

    pool: Pool
    scores: Array
    spliced: Array


class Rule(NamedTuple):
    """Layers (d, 8) and (8,) that say how likely a step is right."""

    inner: Array
    outer: Array


def draw_rule(random: np.random.Generator, sizes: MultiSizes) -> Rule:
    """A random network."""
    return Rule(random.normal(size=(sizes.inputs, 8)) / np.sqrt(sizes.inputs), random.normal(size=8))


def draw_pool(
    random: np.random.Generator, rule: Rule, sizes: MultiSizes, problems: int, samples: int, length: int
) -> Pool:
    """Steps are right independently of each other; an answer is right if they all are, or by repair."""
    common = random.normal(size=(problems, 1, 1, sizes.inputs))
    own = random.normal(size=(problems, samples, length, sizes.inputs))
    steps = np.sqrt(sizes.alike) * common + np.sqrt(1 - sizes.alike) * own
    chance = 1 / (1 + np.exp(-sizes.sure - np.tanh(2 * steps @ rule.inner) @ rule.outer))
    right = random.random(chance.shape) < chance
    outcome = right.all(2) | (random.random(right.shape[:2]) < sizes.repair)
    other = np.where(
        random.random(outcome.shape) < sizes.popular, 1, random.integers(2, 10, size=outcome.shape)
    )
    return Pool(steps, chance, right, outcome, np.where(outcome, 0, other))


def fit(random: np.random.Generator, sizes: MultiSizes, arms: tuple[MultiArm, ...]) -> list[Judged]:
    """New problems of every length with the scores of every arm."""
    rule = draw_rule(random, sizes)
    pools = [
        draw_pool(random, rule, sizes, max(sizes.train // SAMPLES, 1), SAMPLES, length)
        for length in sizes.lengths
    ]
    labels = [[_labels(random, pool, sizes, arm) for arm in arms] for pool in pools]
    own = _train(pools, labels, sizes, arms, generator(int(random.integers(2**31))))
    found = []
    for length in sizes.lengths:
        pool = draw_pool(random, rule, sizes, sizes.test, sizes.samples, length)
        spliced = pool.steps.copy()
        spliced[:, :, :-1] = np.roll(pool.steps, 1, axis=0)[:, :, :-1]
        found.append(Judged(pool, _scores(own, pool.steps, arms), _scores(own, spliced, arms)))
    return found


def _labels(
    random: np.random.Generator, pool: Pool, sizes: MultiSizes, arm: MultiArm
) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels (N, T) and their weights; weight 0 is no label."""
    if arm.labels == "outcome":
        labels = pool.outcome[..., None] & np.ones_like(pool.right)
        counted = np.arange(labels.shape[2]) == labels.shape[2] - 1
        weights = np.broadcast_to(counted, labels.shape)
    else:
        noisy = random.random((*pool.outcome.shape, 1)) < sizes.noisy
        labels = pool.right ^ (noisy & (random.random(pool.right.shape) < sizes.flip))
        before = np.logical_and.accumulate(labels, axis=2)
        weights = np.ones_like(labels)
        if arm.labels == "first_error":
            weights[:, :, 1:] = before[:, :, :-1]
    rows = labels.reshape(-1, labels.shape[2]), weights.reshape(-1, labels.shape[2])
    order = random.permutation(len(rows[0])) if arm.shuffled else np.arange(len(rows[0]))
    return torch.from_numpy(rows[0][order]).float(), torch.from_numpy(rows[1][order]).float()


def _train(
    pools: list[Pool],
    labels: list[list[tuple[torch.Tensor, torch.Tensor]]],
    sizes: MultiSizes,
    arms: tuple[MultiArm, ...],
    draws: torch.Generator,
) -> Tensors:
    """All arms start alike and see the same batches; one batch has solutions of one length."""
    start = draw_layers((sizes.inputs, sizes.width, 3 * sizes.width), draws, "in.")
    start |= draw_layers((sizes.width, 3 * sizes.width), draws, "gru.")
    start |= draw_layers((sizes.width, 1), draws, "head.")
    own = stacked([start] * len(arms))
    given = [torch.from_numpy(pool.steps).float().flatten(0, 1) for pool in pools]
    optimizer = torch.optim.Adam(own.values(), lr=sizes.rate, fused=True)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, max(sizes.updates, 1))
    for _ in range(sizes.updates):
        length = int(torch.randint(len(pools), (), generator=draws))
        rows = torch.randint(len(given[length]), (sizes.batch,), generator=draws)
        scores = _read(own, given[length][rows])
        losses = [
            cross_entropy(scores[i], told[rows], weights[rows]) / weights[rows].sum()
            for i, (told, weights) in enumerate(labels[length])
        ]
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()
        optimizer.step()
        slower.step()
    return own


def _read(own: Tensors, steps: torch.Tensor) -> torch.Tensor:
    """Log-odds (A, B, T) after every step of solutions (B, T, d)."""
    arms, (rows, length, _) = len(own["head.weight0"]), steps.shape
    hidden = linear(own, "in.", 0, steps.flatten(0, 1).expand(arms, -1, -1)).relu()
    states = recur(own, linear(own, "in.", 1, hidden).view(arms, rows, length, -1))
    return linear(own, "head.", 0, states.flatten(1, 2)).view(arms, rows, length)


def _scores(own: Tensors, steps: Array, arms: tuple[MultiArm, ...]) -> Array:
    with torch.no_grad():
        found = _read(own, torch.from_numpy(steps).float().flatten(0, 1)).double().sigmoid()
    return found.numpy().reshape(len(arms), *steps.shape[:3])
