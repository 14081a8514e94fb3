"""Rating steps from four views of them: all, what was written, the last of it, or the next thought.

Shapes:
    V views that learn side by side, N solutions, L steps, F features of a step's part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from prmkit.label.siblings import sibling_pairs
from prmkit.segment.views import View, project_context
from prmkit.train.losses import bradley_terry
from prmkit.train.worlds.networks import Tensors, draw_layers, generator
from prmkit.train.worlds.sizes import ViewSizes

Array = NDArray[Any]
Carrier = Literal["written", "thoughts"]
TOPIC, OPERATION, TAKEN, GIVEN = range(4)  # numbers that make up a step
VIEWS: tuple[View, ...] = get_args(View)


def draw_step(
    random: np.random.Generator, before: Array, right: Array, sizes: ViewSizes, carrier: Carrier
) -> Array:
    """Steps (..., 4) that follow ``before``; a wrong one takes another number than was given before.

    Each is right by itself: what it gives is what it takes plus its operation. Where thoughts carry the
    label, a topic does not follow on the one before, and what is taken means nothing.
    """
    shape, p = right.shape, sizes.numbers
    topic, taken = random.integers(p, size=shape), random.integers(p, size=shape)
    operation, off = random.integers(sizes.operations, size=shape), random.integers(1, p, size=shape)
    if carrier == "written":
        taken = (before[..., GIVEN] + np.where(right, 0, off)) % p
    else:
        topic = (before[..., TOPIC] + 1 + np.where(right, 0, off)) % p
    return np.stack([topic, operation, taken, (taken + operation) % p], axis=-1)


def features(steps: Array, view: View, sizes: ViewSizes) -> torch.Tensor:
    """What a model of this view reads of solutions (N, L, 4) when the last step is rated: (N, D).

    Parts are laid out from the last one backwards, so that the newest always has the same place.
    """
    one, many = np.eye(sizes.numbers), np.eye(sizes.operations)[steps[..., OPERATION]]
    none = np.zeros((*steps.shape[:-1], sizes.numbers))
    thought = np.concatenate([one[steps[..., TOPIC]], many, none, none], axis=-1)
    written = np.concatenate([none, many, one[steps[..., TAKEN]], one[steps[..., GIVEN]]], axis=-1)
    parts = np.stack([thought, written], axis=-2).reshape(len(steps), -1, thought.shape[-1])
    places = [(2 * i, 2 * i + 1) for i in range(steps.shape[1])]
    shown = (
        project_context(places[:-1], view, following=places[-1][0])
        if view == "next_thought"
        else project_context(places, view)
    )
    laid = np.zeros((len(steps), 2 * sizes.length, parts.shape[-1]), dtype=np.float32)
    laid[:, : len(shown)] = parts[:, shown[::-1]]
    return torch.from_numpy(laid.reshape(len(steps), -1))


def fit(random: np.random.Generator, sizes: ViewSizes, carrier: Carrier) -> dict[str, dict[str, float]]:
    """Pairs put in order and chains written rightly with the scores of each view.

    ``oracle`` knows which continuations are right, ``none`` takes any.
    """
    draws = generator(int(random.integers(2**31)))
    better, worse = _training_pairs(random, sizes, carrier)
    own = _train(better, worse, sizes, draws)
    good, bad = _test_pairs(random, sizes, carrier)
    lead = _score(own, good) - _score(own, bad)
    right = ((lead > 0).float() + (lead == 0).float() / 2).mean(1)
    seed = int(random.integers(2**31))

    def written(choose: Callable[[Array, Array], Array]) -> float:
        return _greedy(np.random.default_rng(seed), sizes, carrier, choose)

    found = {
        view: {
            "pair_accuracy": float(right[i]),
            "greedy": written(lambda steps, _, i=i, view=view: _scored(own, steps, i, view, sizes)),
        }
        for i, view in enumerate(VIEWS)
    }
    found["oracle"] = {"greedy": written(lambda _, right: right)}
    found["none"] = {"greedy": written(lambda _, right: np.zeros(right.shape))}
    return found


def _begin(
    random: np.random.Generator, n: int, length: int, kept: float, sizes: ViewSizes, carrier: Carrier
) -> tuple[Array, Array]:
    """Beginnings (n, length, 4), and which of them are right throughout."""
    start = np.zeros((n, 4), dtype=np.int64)
    start[:, [TOPIC, GIVEN]] = random.integers(sizes.numbers, size=(n, 2))
    chain, whole = [draw_step(random, start, np.full(n, True), sizes, carrier)], np.full(n, True)
    for _ in range(length - 1):
        right = random.random(n) < kept
        chain.append(draw_step(random, chain[-1], right, sizes, carrier))
        whole &= right
    return np.stack(chain, axis=1), whole


def _continued(
    random: np.random.Generator, chain: Array, right: Array, sizes: ViewSizes, carrier: Carrier
) -> Array:
    """Solutions (n, C, L + 1, 4) that continue beginnings (n, L, 4), right where ``right`` (n, C) says so."""
    before = np.repeat(chain[:, None], right.shape[1], axis=1)
    step = draw_step(random, before[:, :, -1], right, sizes, carrier)
    return np.concatenate([before, step[:, :, None]], axis=2)


def _views(steps: list[Array], sizes: ViewSizes) -> torch.Tensor:
    """All views (V, N, D) of solutions of several lengths."""
    return torch.stack([torch.cat([features(one, view, sizes) for one in steps]) for view in VIEWS])


def _training_pairs(
    random: np.random.Generator, sizes: ViewSizes, carrier: Carrier
) -> tuple[torch.Tensor, torch.Tensor]:
    """Better and worse siblings by values from rollouts, where these lie far enough apart."""
    better, worse = [], []
    for length in range(1, sizes.length):
        n = sizes.nodes // (sizes.length - 1)
        chain, whole = _begin(random, n, length, sizes.kept, sizes, carrier)
        right = random.random((n, sizes.siblings)) < 0.5
        steps = _continued(random, chain, right, sizes, carrier)
        chance = np.array(sizes.reached)[(right & whole[:, None]).astype(int)]
        values = random.binomial(sizes.rollouts, chance) / sizes.rollouts
        pairs = [(i, *pair) for i, row in enumerate(values) for pair in sibling_pairs(row, gap=sizes.gap)]
        node, won, lost = np.array(pairs).T
        better.append(steps[node, won])
        worse.append(steps[node, lost])
    return _views(better, sizes), _views(worse, sizes)


def _test_pairs(
    random: np.random.Generator, sizes: ViewSizes, carrier: Carrier
) -> tuple[torch.Tensor, torch.Tensor]:
    """A right and a wrong continuation of beginnings that are right."""
    good, bad = [], []
    for length in range(1, sizes.length):
        n = sizes.test // (sizes.length - 1)
        chain, _ = _begin(random, n, length, 1.0, sizes, carrier)
        steps = _continued(random, chain, np.tile([True, False], (n, 1)), sizes, carrier)
        good.append(steps[:, 0])
        bad.append(steps[:, 1])
    return _views(good, sizes), _views(bad, sizes)


def _train(better: torch.Tensor, worse: torch.Tensor, sizes: ViewSizes, draws: torch.Generator) -> Tensors:
    drawn = draw_layers((better.shape[-1], sizes.width, 1), draws)
    own = {name: torch.stack([value.detach()] * len(VIEWS)).requires_grad_() for name, value in drawn.items()}
    optimizer = torch.optim.Adam(own.values(), lr=sizes.rate, fused=True)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, sizes.updates)
    even = torch.full((len(VIEWS) * sizes.batch,), 1 / sizes.batch)
    for _ in range(sizes.updates):
        rows = torch.randint(better.shape[1], (sizes.batch,), generator=draws)
        loss = bradley_terry(
            _score(own, better[:, rows]).flatten(), _score(own, worse[:, rows]).flatten(), even
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
    return {name: value.detach() for name, value in own.items()}


def _score(own: Tensors, given: torch.Tensor) -> torch.Tensor:
    """Scores (V, N) of features (V, N, D)."""
    hidden = torch.baddbmm(own["bias0"][:, None], given, own["weight0"].mT).relu()
    return torch.baddbmm(own["bias1"][:, None], hidden, own["weight1"].mT)[..., 0]


def _scored(own: Tensors, steps: Array, place: int, view: View, sizes: ViewSizes) -> Array:
    """Scores (n, C) of solutions (n, C, L, 4) by one view's model."""
    alone = {name: value[place : place + 1] for name, value in own.items()}
    flat = features(steps.reshape(-1, *steps.shape[2:]), view, sizes)
    return _score(alone, flat[None])[0].numpy().reshape(steps.shape[:2])


def _greedy(
    random: np.random.Generator,
    sizes: ViewSizes,
    carrier: Carrier,
    choose: Callable[[Array, Array], Array],
) -> float:
    """Share of chains written without a wrong step, where the best continuation is taken each time."""
    n = sizes.test
    chain, whole = _begin(random, n, 1, 1.0, sizes, carrier)
    for _ in range(sizes.length - 1):
        right = random.random((n, sizes.choices)) < sizes.chance
        steps = _continued(random, chain, right, sizes, carrier)
        taken = choose(steps, right).argmax(axis=1)
        chain = steps[np.arange(n), taken]
        whole &= right[np.arange(n), taken]
    return float(whole.mean())
