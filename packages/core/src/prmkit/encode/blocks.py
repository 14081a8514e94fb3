"""A packed forest cut into blocks of attention: stretches of queries against stretches of keys.

Every token attends to its own path. A stretch of tokens attends to itself, everything behind a stretch to
that stretch: the work is that of the paths alone, and no key is copied to the rows that share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from prmkit.encode.forest import Forest, Ints

DENSE = 256
"""Stretches of small sub-trees up to this many tokens are read as one block under a mask."""
NEAR = 2
"""A path of more stretches of memory than this is gathered before it is read."""

Span = slice | torch.Tensor


class Block(NamedTuple):
    """Queries against keys."""

    start: int
    end: int
    """Queries, counted among the new tokens."""
    keys: Span
    """Keys, by slot."""
    causal: bool = False
    mask: torch.Tensor | None = None
    """Added to the scores: 0 where a token is seen, minus infinity elsewhere."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The blocks of one forest; each query stands in one of ``own``, which come first."""

    own: tuple[Block, ...]
    above: tuple[Block, ...]

    @property
    def pairs(self) -> int:
        """Query-key pairs that are computed."""
        return sum(
            (one.end - one.start) * _width(one.keys) // (2 if one.causal else 1)
            for one in self.own + self.above
        )


def _width(keys: Span) -> int:
    return keys.stop - keys.start if isinstance(keys, slice) else len(keys)


def plan(forest: Forest, *, dense: int = DENSE, device: Any = "cpu") -> Plan:
    """The blocks that compute the attention of a forest's new tokens.

    Args:
        forest: What is computed; its known tokens' keys lie before those of the new ones.
        dense: Longest stretch that is read under a mask.
        device: Where masks and indices are wanted.

    Examples:
        >>> from prmkit.encode.forest import grow
        >>> made = plan(grow([(5, 6, 7), (5, 6, 8, 9)]), dense=2)
        >>> [(one.start, one.end) for one in made.own], [(one.start, one.end) for one in made.above]
        ([(0, 2), (2, 3), (3, 5)], [(2, 5)])
    """
    own: list[Block] = []
    above = [Block(root.start, root.stop, keys) for root in forest.roots for keys in _path(root.path, device)]
    base = forest.known
    first = last = 0  # a stretch of whole small sub-trees, not laid down yet

    def lay() -> None:
        nonlocal first
        if last > first:
            own.append(_itself(forest, first, last, device))
        first = last

    for start, end, stop in forest.segments:
        if start < last:
            continue
        if stop - start > dense:
            lay()
            own.append(Block(start, end, slice(base + start, base + end), causal=True))
            if stop > end:
                above.append(Block(end, stop, slice(base + start, base + end)))
            first = last = end
            continue
        if stop - first > dense:
            lay()
        last = stop
    lay()
    return Plan(tuple(own), tuple(above))


def _path(slots: Ints, device: Any) -> list[Span]:
    """The keys of a path: the stretches of memory it consists of, or one index where they are many."""
    cuts = np.flatnonzero(np.diff(slots) != 1) + 1
    if len(cuts) >= NEAR:
        return [torch.as_tensor(slots, device=device)]
    return [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(slots, cuts)]


def _itself(forest: Forest, start: int, end: int, device: Any) -> Block:
    """A stretch of whole sub-trees against itself."""
    stop = torch.as_tensor(forest.stop[start:end] - start, device=device)
    keys = slice(forest.known + start, forest.known + end)
    if int(stop.min()) == end - start:
        return Block(start, end, keys, causal=True)
    place = torch.arange(end - start, device=device)
    seen = (place[None, :] <= place[:, None]) & (place[:, None] < stop[None, :])
    return Block(start, end, keys, mask=torch.zeros(seen.shape, device=device).masked_fill(~seen, -torch.inf))
