"""Scoring items of unlike difficulty with networks that may stop at any layer.

Shapes:
    A networks that learn side by side, N items, L layers, D width.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from prmkit.stats import auroc
from prmkit.train.losses import geometric_prior, halting, ponder, quantile_exit
from prmkit.train.worlds.networks import Tensors, draw_layers, generator, linear
from prmkit.train.worlds.sizes import ExitSizes

Array = NDArray[Any]
HALTING, EVERY = 0, 1  # places of the network with exits and of that with a loss at every layer
GRID = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # shares from which one is chosen


class Items(NamedTuple):
    """Inputs (N, inputs) and labels (N,); ranks (N,) and the true chances (N,) of the labels."""

    given: torch.Tensor
    label: torch.Tensor
    rank: Array
    chance: Array


class Read(NamedTuple):
    """What networks say of items: logits (A, L, N), and the exits' distribution (N, L) of the first one."""

    logits: Array
    exits: torch.Tensor


class Costs(NamedTuple):
    """Floating-point operations of each part for one item; an addition and a product are two."""

    start: int
    layer: int
    head: int
    stop: int

    @staticmethod
    def of(sizes: ExitSizes) -> Costs:
        """Counted from the widths; biases and activations are left out."""
        widths = (2 * sizes.width, *[sizes.lambda_width] * 3, 1)
        return Costs(
            2 * (max(sizes.ranks) + len(sizes.ranks)) * sizes.width,
            4 * sizes.width * sizes.hidden,
            2 * sizes.width,
            sum(2 * a * b for a, b in itertools.pairwise(widths)),
        )

    def fixed(self, depth: Array) -> Array:
        """Of networks with one head, at their last layer."""
        return np.asarray(self.start + depth * self.layer + self.head)

    def stopping(self, depth: Array) -> Array:
        """Of a network that asks at each layer whether to stop, and reads one head."""
        return np.asarray(self.start + depth * (self.layer + self.stop) + self.head)

    def asking(self, depth: Array) -> Array:
        """Of a network that reads its head at each layer."""
        return np.asarray(self.start + depth * (self.layer + self.head))


def draw_items(random: np.random.Generator, sizes: ExitSizes, n: int) -> Items:
    """The label is the product of an item's first signs, each seen with noise; how many, the item says."""
    rank = random.choice(sizes.ranks, size=n)
    signs = random.choice((-1.0, 1.0), size=(n, max(sizes.ranks)))
    seen = signs + sizes.noise * random.normal(size=signs.shape)
    counted = np.arange(signs.shape[1]) < rank[:, None]
    product = np.where(counted, signs, 1).prod(axis=1)
    chance = (1 + np.where(counted, np.tanh(seen / sizes.noise**2), 1).prod(axis=1)) / 2
    said = rank[:, None] == np.array(sizes.ranks)
    return Items(_tensor(np.concatenate([seen, said], axis=1)), _tensor(product > 0), rank, chance)


def fit(random: np.random.Generator, sizes: ExitSizes) -> dict[str, dict[str, float]]:
    """AUROC on new items and the share of the deepest network's operations that is saved, for each rule.

    ``fixed`` is the shallowest network, trained for its depth alone, that costs no less than ``q-exit``;
    ``entropy`` stops by the certainty of a network with a loss at every layer, at a threshold that costs
    on held-out items what ``q-exit`` costs; ``shuffled`` deals the exits out to other items; ``known``
    sends every item to the shallowest network that is good enough for items of its rank. ``chosen`` is
    what costs least within half of the margin on held-out items.
    """
    learn, held, test = (draw_items(random, sizes, n) for n in (sizes.train, sizes.held, sizes.test))
    own = _train(learn, sizes, generator(int(random.integers(2**31))))
    known, new = (read(own, items, sizes) for items in (held, test))
    costs, place = Costs.of(sizes), np.arange(sizes.test)
    label = test.label.numpy()
    full = float(costs.fixed(np.array(sizes.layers)))

    def figures(scores: Array, cost: Array) -> dict[str, float]:
        return {"auroc": float(auroc(scores, label)), "flops_saved": 1 - float(cost.mean()) / full}

    stop, held_stop = (quantile_exit(one.exits, q=sizes.q).numpy() for one in (new, known))
    share, enough = _cheapest(known, held, sizes)
    early = quantile_exit(new.exits, q=share).numpy()
    spent = costs.stopping(stop + 1)
    depth = next(
        (d for d in range(1, sizes.layers) if costs.fixed(np.array(d)) >= spent.mean()), sizes.layers
    )
    sure = _by_entropy(known, new, float(costs.stopping(held_stop + 1).mean()), costs)
    route = _routes(known, held, sizes)[np.searchsorted(np.unique(sizes.ranks), test.rank)]
    dealt = random.permutation(stop)
    return {
        "full": figures(new.logits[_fixed(sizes.layers), -1], np.array(full)),
        "q-exit": figures(new.logits[HALTING, stop, place], spent),
        "q-exit chosen": figures(new.logits[HALTING, early, place], costs.stopping(early + 1)),
        "fixed chosen": figures(new.logits[_fixed(enough), enough - 1], costs.fixed(np.array(enough))),
        "fixed": figures(new.logits[_fixed(depth), depth - 1], costs.fixed(np.array(depth))),
        "entropy": figures(new.logits[EVERY, sure, place], costs.asking(sure + 1)),
        "shuffled": figures(new.logits[HALTING, dealt, place], costs.stopping(dealt + 1)),
        "known": figures(new.logits[route + EVERY, route - 1, place], costs.fixed(route)),
        "chance": {"auroc": float(auroc(test.chance, label))},
    }


def read(own: Tensors, items: Items, sizes: ExitSizes) -> Read:
    """Logits of every network at every layer, and when the first one stops."""
    with torch.no_grad():
        logits, lambdas = _forward(own, items.given, sizes)
    return Read(logits.numpy(), halting(lambdas, rest=False))


def _train(items: Items, sizes: ExitSizes, draws: torch.Generator) -> Tensors:
    own = _start(items.given.shape[1], sizes, draws)
    optimizer = torch.optim.Adam(own.values(), lr=sizes.rate, fused=True)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, sizes.updates)
    ones = torch.ones(sizes.batch)
    prior = geometric_prior(torch.ones(sizes.batch, sizes.layers, dtype=torch.bool), sizes.prior)
    for _ in range(sizes.updates):
        rows = torch.randint(len(items.label), (sizes.batch,), generator=draws)
        logits, lambdas = _forward(own, items.given[rows], sizes)
        losses = functional.binary_cross_entropy_with_logits(
            logits, items.label[rows].expand_as(logits), reduction="none"
        )
        loss = ponder(losses[HALTING].T, halting(lambdas), prior, ones, beta=sizes.beta) / sizes.batch
        loss = loss + losses[EVERY].mean() + losses[EVERY + 1 :].mean(2).diagonal().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
    return own


def _start(inputs: int, sizes: ExitSizes, draws: torch.Generator) -> Tensors:
    """Weights of two networks with heads at every layer, and of one for each depth."""
    stop = (2 * sizes.width, *[sizes.lambda_width] * 3, 1)
    networks = [
        draw_layers((inputs, sizes.width), draws, "in.")
        | {
            name: value
            for layer in range(sizes.layers)
            for name, value in (
                draw_layers((sizes.width, sizes.hidden, sizes.width), draws, f"{layer}.")
                | draw_layers((sizes.width, 1), draws, f"head{layer}.")
            ).items()
        }
        for _ in range(EVERY + 1 + sizes.layers)
    ]
    own = {name: torch.stack([one[name].detach() for one in networks]) for name in networks[0]}
    rules = [draw_layers(stop, draws, "stop.") for _ in range(sizes.layers)]
    own |= {name: torch.stack([one[name].detach() for one in rules]) for name in rules[0]}
    return {name: value.requires_grad_() for name, value in own.items()}


def _forward(own: Tensors, given: torch.Tensor, sizes: ExitSizes) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (A, L, N) of all networks and lambdas (N, L) of the first."""
    state = linear(own, "in.", 0, given.expand(len(own["in.weight0"]), *given.shape))
    states, logits = [torch.zeros_like(state[HALTING])], []
    for layer in range(sizes.layers):
        hidden = linear(own, f"{layer}.", 0, state).relu()
        state = state + linear(own, f"{layer}.", 1, hidden)
        logits.append(linear(own, f"head{layer}.", 0, state)[..., 0])
        states.append(state[HALTING])
    asked = torch.stack([torch.cat(two, 1) for two in itertools.pairwise(states)])
    for i in range(3):
        asked = linear(own, "stop.", i, asked).tanh()
    return torch.stack(logits, 1), linear(own, "stop.", 3, asked)[..., 0].sigmoid().T


def _fixed(depth: int) -> int:
    """Place of the network that was trained for this depth alone."""
    return EVERY + depth


def _by_entropy(known: Read, new: Read, cost: float, costs: Costs) -> Array:
    """First layer at which the certainty passes a threshold; the one that comes closest to ``cost``."""
    sure = np.abs(known.logits[EVERY])
    levels = np.quantile(sure, np.linspace(0, 1, 101))
    spent = [costs.asking(_first(sure >= level) + 1).mean() for level in levels]
    level = levels[int(np.argmin(np.abs(np.array(spent) - cost)))]
    return _first(np.abs(new.logits[EVERY]) >= level)


def _first(reached: Array) -> Array:
    """First layer (0-based) that is reached, else the last one, of (L, N)."""
    reached = reached.copy()
    reached[-1] = True
    return reached.argmax(axis=0)


def _cheapest(known: Read, held: Items, sizes: ExitSizes) -> tuple[float, int]:
    """Least share and least depth within half of the margin of full depth on held-out items."""
    label, place = held.label.numpy(), np.arange(sizes.held)
    areas = [auroc(known.logits[_fixed(d), d - 1], label) for d in range(1, sizes.layers + 1)]
    least = areas[-1] - sizes.margin / 2
    exits = {q: quantile_exit(known.exits, q=q).numpy() for q in GRID}
    good = [q for q in GRID if auroc(known.logits[HALTING, exits[q], place], label) >= least]
    return min(good, default=1.0), 1 + next(d for d, area in enumerate(areas) if area >= least)


def _routes(known: Read, held: Items, sizes: ExitSizes) -> Array:
    """Least depth for each rank whose AUROC on held-out items is within half of the margin of full depth."""
    found = []
    for rank in np.unique(sizes.ranks):
        rows, label = held.rank == rank, held.label.numpy()
        areas = [auroc(known.logits[_fixed(d), d - 1][rows], label[rows]) for d in range(1, sizes.layers + 1)]
        found.append(1 + next(d for d, area in enumerate(areas) if area >= areas[-1] - sizes.margin / 2))
    return np.array(found)


def _tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(array.astype(np.float32))
