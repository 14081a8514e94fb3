"""Networks of a few layers as plain tensors, drawn from a generator of their own; several learn side by side.

Shapes:
    A networks, B sequences, L places, D width; N inputs of C entries.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch

from prmkit.tensors import expect

Tensors = dict[str, torch.Tensor]


def generator(seed: int) -> torch.Generator:
    """A source of random numbers that nothing else draws from."""
    return torch.Generator().manual_seed(seed)


def draw_layers(sizes: Sequence[int], random: torch.Generator, prefix: str = "") -> Tensors:
    """Weights and biases of layers of these widths, uniform within one over the root of the width before.

    Examples:
        >>> {name: tuple(one.shape) for name, one in draw_layers((3, 2), generator(0)).items()}
        {'weight0': (2, 3), 'bias0': (2,)}
    """
    found = {}
    for i, (before, after) in enumerate(itertools.pairwise(sizes)):
        for name, shape in ((f"weight{i}", (after, before)), (f"bias{i}", (after,))):
            drawn = torch.rand(shape, generator=random) * 2 - 1
            found[prefix + name] = (drawn / math.sqrt(before)).requires_grad_()
    return found


def stacked(networks: Sequence[Tensors]) -> Tensors:
    """Copies of networks as one, ready to learn.

    Shapes:
        result: each (A, ...).
    """
    return {
        name: torch.stack([one[name].detach() for one in networks]).requires_grad_() for name in networks[0]
    }


def recur(own: Tensors, gates: torch.Tensor) -> torch.Tensor:
    """States of a gated recurrent unit with the layer ``gru.``; ``gates`` are what its inputs say already.

    Shapes:
        gates: (A, B, L, 3D). result: (A, B, L, D).

    Source:
        Cho et al. (2014), with the reset gate behind the product as in cuDNN.
    """
    expect(gates, "A B L C")
    width = gates.shape[-1] // 3
    state = gates.new_zeros(*gates.shape[:2], width)
    states = []
    for told in gates.unbind(2):
        kept = linear(own, "gru.", 0, state)
        reset, update = (told[..., : 2 * width] + kept[..., : 2 * width]).sigmoid().chunk(2, dim=-1)
        new = (told[..., 2 * width :] + reset * kept[..., 2 * width :]).tanh()
        state = torch.lerp(new, state, update)
        states.append(state)
    return torch.stack(states, 2)


def linear(own: Tensors, name: str, number: int, given: torch.Tensor) -> torch.Tensor:
    """One linear layer of every network.

    Shapes:
        given: (A, N, C). result: (A, N, outputs).
    """
    return torch.baddbmm(own[f"{name}bias{number}"][:, None], given, own[f"{name}weight{number}"].mT)
