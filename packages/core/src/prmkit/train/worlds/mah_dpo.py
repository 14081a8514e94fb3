"""Policies with a head for each of several objectives, steered by weights at use.

Shapes:
    H objectives, N prompts of I inputs, V answers, D width, P preferences, W weightings of the objectives.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from prmkit.model.heads import weighted_logits
from prmkit.stats import hypervolume, spearman
from prmkit.stats.scalarise import chebyshev, weighted_sum
from prmkit.train.losses import bradley_terry, by_objective, routed
from prmkit.train.worlds.networks import Tensors, draw_layers, generator
from prmkit.train.worlds.sizes import ObjectiveSizes

Array = NDArray[Any]
OBJECTIVES = 3


class Pairs(NamedTuple):
    """Preferences (P,): the prompt's inputs, both answers, and the objective that prefers one."""

    prompt: torch.Tensor
    chosen: torch.Tensor
    rejected: torch.Tensor
    objective: torch.Tensor


class Task(NamedTuple):
    """A first policy, true rewards as linear maps (H, V, I + 1), preferences, and prompts to try (N, I)."""

    first: Tensors
    rewards: torch.Tensor
    pairs: Pairs
    test: torch.Tensor


def draw_task(random: np.random.Generator, sizes: ObjectiveSizes) -> Task:
    """Objectives that want different answers; pairs are drawn from the first policy and told apart by chance.

    Each objective has preferences of its own; the better answer wins by the logistic of the difference.
    """
    h, v, i = OBJECTIVES, sizes.answers, sizes.inputs
    drawn = random.normal(size=(h, v, i + 1))
    maps = drawn - sizes.conflict * drawn.mean(axis=0)
    maps /= maps.std() * np.sqrt(i + 1)
    draws = generator(int(random.integers(2**31)))
    first = {name: one.detach() for name, one in draw_layers((i, sizes.width, v), draws).items()}
    rewards = torch.from_numpy(maps.astype(np.float32))
    prompt = torch.randn(h * sizes.pairs, i, generator=draws)
    objective = torch.arange(h).repeat_interleave(sizes.pairs)
    # Without replacement: two answers of one prompt are different.
    chance = _logits(first, prompt)[0].softmax(-1)
    one, other = torch.multinomial(chance, 2, generator=draws).T
    told = truth(rewards, prompt)[objective, torch.arange(len(prompt))]
    lead = (told.gather(1, one[:, None]) - told.gather(1, other[:, None]))[:, 0]
    wins = torch.rand(len(lead), generator=draws) < lead.sigmoid()
    pairs = Pairs(prompt, torch.where(wins, one, other), torch.where(wins, other, one), objective)
    return Task(first, rewards, pairs, torch.randn(sizes.test, i, generator=draws))


def truth(rewards: torch.Tensor, prompt: torch.Tensor) -> torch.Tensor:
    """True rewards (H, N, V) of every answer."""
    return torch.einsum("hvi,ni->hnv", rewards, functional.pad(prompt, (0, 1), value=1.0))


def fit(random: np.random.Generator, sizes: ObjectiveSizes) -> dict[str, dict[str, float]]:
    """How policies of each arm follow their user's weights, and the volume that they reach.

    ``heads`` shares a trunk; ``models`` has one for each objective; ``one head`` learns all preferences
    alike; in ``strangers`` a preference goes to any head. ``guided`` chooses among answers of the first
    policy, or of ``heads``, by rewards that heads of a reward model give. ``oracle`` is the exact optimum.
    """
    task, draws = draw_task(random, sizes), generator(int(random.integers(2**31)))
    pairs, order = task.pairs, torch.randperm(len(task.pairs.objective), generator=draws)
    alone = [Pairs(*(part[pairs.objective == h] for part in pairs)) for h in range(OBJECTIVES)]
    zero = torch.zeros_like(pairs.objective)
    reference, true = _logits(task.first, task.test)[0], truth(task.rewards, task.test)

    def learned(given: Pairs, heads: int, *, free: bool = False) -> torch.Tensor:
        return _logits(_train(task.first, given, heads, sizes, draws, free=free), task.test)

    heads = learned(pairs, OBJECTIVES)
    grid = weightings(sizes.parts)
    policies = {
        "heads": heads,
        "models": torch.cat([learned(one._replace(objective=one.objective * 0), 1) for one in alone]),
        "one head": learned(pairs._replace(objective=zero), 1).expand(OBJECTIVES, -1, -1),
        "strangers": learned(pairs._replace(objective=pairs.objective[order]), OBJECTIVES),
        "oracle": reference + true / sizes.beta,
    }
    reached = {name: torch.stack([_reward(_mixed(z, w), true) for w in grid]) for name, z in policies.items()}
    rated = learned(pairs, OBJECTIVES, free=True)
    rated = (rated - rated.mean(-1, keepdim=True)) / rated.std(-1, keepdim=True)
    still = reference.expand(OBJECTIVES, -1, -1)
    for name, policy, rule in (
        ("guided", still, weighted_sum),
        ("guided, worst first", still, chebyshev),
        ("heads, guided", heads, weighted_sum),
    ):
        chosen = [_guided(_mixed(policy, w), rated, true, w, rule, sizes.drawn, draws) for w in grid]
        reached[name] = torch.stack(chosen)
    base = _reward(reference, true)
    best = reached["oracle"][[_only(grid, h) for h in range(OBJECTIVES)], range(OBJECTIVES)]
    return {
        name: _figures(((found - base) / (best - base)).double().numpy(), grid, steered=name != "one head")
        for name, found in reached.items()
    }


def weightings(parts: int) -> Array:
    """All ways to divide a weight of 1 among the objectives in equal parts, (W, H)."""
    every = itertools.product(range(parts + 1), repeat=OBJECTIVES)
    return np.array([one for one in every if sum(one) == parts]) / parts


def _only(grid: Array, objective: int) -> int:
    """Place of the weighting that is all this objective's."""
    return int(grid[:, objective].argmax())


def _figures(gain: Array, grid: Array, *, steered: bool) -> dict[str, float]:
    """Figures of gains (W, H) over the first policy, where 1 is what each objective's own optimum gains.

    The volume is that above a loss of 1 in every objective, as a share of the cube up to a gain of 1.
    """
    figures = {
        "hypervolume": hypervolume(gain, [-1.0] * OBJECTIVES) / 2**OBJECTIVES,
        "own": float(np.mean([gain[_only(grid, h), h] for h in range(OBJECTIVES)])),
    }
    if not steered:
        return figures
    follows = [spearman(grid[:, h], gain[:, h]) for h in range(OBJECTIVES)]
    step = grid[grid > 0].min()
    rises = [
        gain[b, h] > gain[a, h]
        for a, b in itertools.permutations(range(len(grid)), 2)
        for h in range(OBJECTIVES)
        if np.isclose(grid[b, h] - grid[a, h], step) and np.isclose(abs(grid[b] - grid[a]).sum(), 2 * step)
    ]
    return figures | {
        "spearman": float(np.mean(follows)),
        "spearman_worst": float(min(follows)),
        "rises": float(np.mean(rises)),
    }


def _train(
    first: Tensors,
    pairs: Pairs,
    heads: int,
    sizes: ObjectiveSizes,
    draws: torch.Generator,
    *,
    free: bool = False,
) -> Tensors:
    """A trunk with ``heads`` heads that start as the first policy's, nearly; ``free`` from that policy.

    What is preferred is measured against the first policy (DPO); a free model's outputs are rewards.
    """
    own = {"weight0": first["weight0"], "bias0": first["bias0"]}
    for name in ("weight1", "bias1"):
        noise = torch.randn(heads, *first[name].shape, generator=draws)
        own[name] = first[name] + sizes.apart * noise
    own = {name: value.clone().requires_grad_() for name, value in own.items()}
    with torch.no_grad():
        base = _logits(first, pairs.prompt)[0].log_softmax(-1)
    optimizer = torch.optim.Adam(own.values(), lr=sizes.rate, fused=True)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, sizes.updates)
    many = sizes.batch * len(pairs.objective) // sizes.pairs  # as many of each objective in every arm
    for _ in range(sizes.updates):
        rows = torch.randint(len(pairs.objective), (many,), generator=draws)
        logits, objective = _logits(own, pairs.prompt[rows]), pairs.objective[rows]
        value = logits if free else sizes.beta * (logits.log_softmax(-1) - base[rows])
        sides = (pairs.chosen[rows], pairs.rejected[rows])
        chosen, rejected = (
            routed(value.gather(2, side.expand(heads, -1)[..., None])[..., 0], objective) for side in sides
        )
        loss = bradley_terry(chosen, rejected, by_objective(objective, torch.ones(many), heads))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
    return {name: value.detach() for name, value in own.items()}


def _logits(own: Tensors, prompt: torch.Tensor) -> torch.Tensor:
    """Logits (H, N, V) of every head."""
    hidden = functional.linear(prompt, own["weight0"], own["bias0"]).tanh()
    weight, bias = own["weight1"], own["bias1"]
    if weight.dim() == 2:
        weight, bias = weight[None], bias[None]
    return hidden @ weight.mT + bias[:, None]


def _mixed(logits: torch.Tensor, weights: Array) -> torch.Tensor:
    return weighted_logits(logits.movedim(0, -2), torch.from_numpy(weights))


def _reward(logits: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Mean true reward (H,) of a policy's answers."""
    return (logits.softmax(-1) * true).sum(-1).mean(-1)


def _guided(
    logits: torch.Tensor,
    rated: torch.Tensor,
    true: torch.Tensor,
    weights: Array,
    rule: Callable[[Array, Array], Array],
    many: int,
    draws: torch.Generator,
) -> torch.Tensor:
    """Mean true reward (H,) of the best of some answers by rated rewards."""
    drawn = torch.multinomial(logits.softmax(-1), many, replacement=True, generator=draws)
    place = drawn.expand(OBJECTIVES, -1, -1)
    pools = rated.gather(2, place).permute(1, 2, 0).numpy()
    taken = torch.from_numpy(rule(pools, weights).argmax(axis=-1))
    answers = drawn.gather(1, taken[:, None]).expand(OBJECTIVES, -1, 1)
    return true.gather(2, answers)[..., 0].mean(-1)
