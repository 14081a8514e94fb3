"""Learning the values of a deterministic process by bootstrapping, with or without the rank penalty.

Shapes:
    A arms that learn side by side from the same transitions, N transitions, D features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import vmap
from torch.nn import functional

from prmkit.train.losses import rank_penalty
from prmkit.train.worlds.networks import Tensors, draw_layers, generator, linear
from prmkit.train.worlds.sizes import ValueArm, ValueSizes

Array = NDArray[Any]
SMALL = 1e-6  # of a value, at which its sum of rewards is cut
SPECTRUM = 0.99  # share of the singular values' sum that counts as the rank


class Task(NamedTuple):
    """Transitions to learn from, and states (N, dimensions) with their true values (N,)."""

    state: torch.Tensor
    reward: torch.Tensor
    following: torch.Tensor
    value: torch.Tensor
    test_state: torch.Tensor
    test_value: torch.Tensor


def draw_task(random: np.random.Generator, sizes: ValueSizes) -> Task:
    """A smooth process, x' = x + pace (tanh(W x) - x), whose reward is a sum of waves.

    Rewards have mean 0 and values a spread of 1 over the states to learn from.
    """
    d = sizes.dimensions
    turn = random.normal(size=(d, d)) * 2 / np.sqrt(d)
    wave, shift = sizes.waves * random.normal(size=(d, d)), random.uniform(0, 2 * np.pi, size=d)
    horizon = sizes.length + int(np.ceil(np.log(SMALL) / np.log(sizes.gamma)))
    states = [random.normal(size=(sizes.train + sizes.test, d))]
    for _ in range(horizon):
        states.append(states[-1] + sizes.pace * (np.tanh(states[-1] @ turn.T) - states[-1]))
    path = np.stack(states, axis=1)
    reward = np.sin(path @ wave.T + shift).mean(axis=-1)
    reward = reward - reward[: sizes.train, : sizes.length].mean()
    value = np.zeros_like(reward)
    for t in reversed(range(horizon)):
        value[:, t] = reward[:, t] + sizes.gamma * value[:, t + 1]
    train, test = slice(sizes.train), slice(sizes.train, None)
    now, after = slice(sizes.length), slice(1, sizes.length + 1)
    scale = value[train, now].std()
    return Task(
        _flat(path[train, now]),
        _flat(reward[train, now] / scale),
        _flat(path[train, after]),
        _flat(value[train, now] / scale),
        _flat(path[test, now]),
        _flat(value[test, now] / scale),
    )


def fit(random: np.random.Generator, sizes: ValueSizes, arms: Sequence[ValueArm]) -> list[dict[str, float]]:
    """Error of the values and rank of the features on held-out states, for each arm.

    All arms start from the same weights and see the same batches. The target comes from a slow copy of
    the network. The error is that of the root mean square over the spread of the true values.
    """
    task, draws = draw_task(random, sizes), generator(int(random.integers(2**31)))
    own = _start(draws, sizes, arms)
    slow = {name: value.detach().clone() for name, value in own.items()}
    optimizer = torch.optim.Adam(own.values(), lr=sizes.rate, fused=True)
    for _ in range(sizes.updates):
        rows = torch.randint(len(task.state), (sizes.batch,), generator=draws)
        other = torch.randperm(sizes.batch, generator=draws)
        loss = _loss(own, slow, task, rows, other, sizes, arms)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        torch._foreach_lerp_(list(slow.values()), [one.detach() for one in own.values()], sizes.follow)
    with torch.no_grad():
        seen = features(own, task.test_state)
        error = (values(own, seen) - task.test_value).square().mean(1).sqrt() / task.test_value.std()
        spectrum = torch.linalg.svdvals(seen)
        rank = (spectrum.cumsum(1) / spectrum.sum(1, keepdim=True) < SPECTRUM).sum(1) + 1
        before, after = features(own, task.state), features(own, task.following)
        alike = functional.cosine_similarity(before, after, dim=-1).mean(1)
        even = torch.full(before.shape[:2], 1 / len(task.state))
        excess = _penalties(own, before, after, after, task.reward.expand(even.shape), even, sizes.gamma)
    names = ("value_error", "rank", "cosine", "excess")
    return [
        dict(zip(names, map(float, row), strict=True)) for row in zip(error, rank, alike, excess, strict=True)
    ]


def features(own: Tensors, state: torch.Tensor) -> torch.Tensor:
    """Inputs of the last layer, (A, N, D)."""
    hidden = linear(own, "", 0, state.expand(len(own["weight0"]), *state.shape)).relu()
    return linear(own, "", 1, hidden).relu()


def values(own: Tensors, seen: torch.Tensor) -> torch.Tensor:
    """Values (A, N) of features (A, N, D)."""
    return linear(own, "", 2, seen)[..., 0]


def _loss(
    own: Tensors,
    slow: Tensors,
    task: Task,
    rows: torch.Tensor,
    other: torch.Tensor,
    sizes: ValueSizes,
    arms: Sequence[ValueArm],
) -> torch.Tensor:
    state, reward, following = task.state[rows], task.reward[rows], task.following[rows]
    seen = features(own, state)
    with torch.no_grad():
        aim, after = features(slow, following), features(own, following)
        target = reward + sizes.gamma * values(slow, aim)
    target = torch.where(_which(arms, "truth")[..., 0], task.value[rows], target)
    seen = torch.where(_which(arms, "fixed"), seen.detach(), seen)
    taught = torch.where(_which(arms, "untaught"), seen.detach(), seen)
    loss = (values(own, taught) - target).square().mean(1).sum()
    order = torch.stack([other if arm.shuffled else torch.arange(sizes.batch) for arm in arms])
    place = order[..., None].expand_as(aim)
    factor = torch.tensor([[arm.penalty / sizes.batch] for arm in arms]).expand(-1, sizes.batch)
    penalty = _penalties(
        own, seen, after.gather(1, place), aim.gather(1, place), reward[order], factor, sizes.gamma
    )
    return loss + penalty.sum()


def _penalties(
    own: Tensors,
    seen: torch.Tensor,
    after: torch.Tensor,
    aim: torch.Tensor,
    reward: torch.Tensor,
    weights: torch.Tensor,
    gamma: float,
) -> torch.Tensor:
    """The rank penalty of every arm, (A,)."""

    def alone(*given: torch.Tensor) -> torch.Tensor:
        now, next_, target, gain, head, counted = given
        return rank_penalty(now, next_, gain, head, counted, target=target, gamma=gamma)

    found: torch.Tensor = vmap(alone)(seen, after, aim, reward, own["weight2"][:, 0].detach(), weights)
    return found


def _start(draws: torch.Generator, sizes: ValueSizes, arms: Sequence[ValueArm]) -> Tensors:
    drawn = draw_layers((sizes.dimensions, sizes.width, sizes.width, 1), draws)
    own = {name: torch.stack([value.detach()] * len(arms)) for name, value in drawn.items()}
    shut = _which(arms, "collapsed")
    own["weight1"] = torch.where(shut, own["weight1"] * sizes.collapse, own["weight1"])
    own["bias1"] = torch.where(shut[..., 0], own["bias1"] * sizes.collapse + sizes.offset, own["bias1"])
    return {name: value.requires_grad_() for name, value in own.items()}


def _which(arms: Sequence[ValueArm], what: str) -> torch.Tensor:
    return torch.tensor([bool(getattr(arm, what)) for arm in arms])[:, None, None]


def _flat(of_episodes: Array) -> torch.Tensor:
    return torch.from_numpy(of_episodes.reshape(-1, *of_episodes.shape[2:]).astype(np.float32))
