"""Networks of a few linear layers as plain tensors, drawn from a generator of their own."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch

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
