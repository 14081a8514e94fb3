"""Which examples make up each training batch: by token budget, reshuffled every epoch, or balanced."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import torch

from prmkit.encode.forest import families, grow
from prmkit.encode.layout import plan


class TokenBatches(torch.utils.data.Sampler[list[int]]):
    """Batches of similar length under a token budget.

    The number of batches is the same in every epoch, which resuming relies on: an epoch deals
    examples of equal length anew among their places and shuffles the order of the batches.

    Args:
        lengths: Tokens of each example.
        budget: Rows times longest row of a batch; None deals ``rows`` examples to a batch instead.
        rows: Rows of a batch when there is no budget.
        seed: With the epoch, decides every draw.
        processes: Processes that train together; each takes its own batches, equally many.
        rank: Which of them this is.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        budget: int | None,
        *,
        rows: int = 8,
        seed: int = 0,
        processes: int = 1,
        rank: int = 0,
    ) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.seed, self.epoch = seed, 0
        self.processes, self.rank = processes, rank
        if budget is None:
            order = np.argsort(self.lengths, kind="stable")
            self._places = [order[i : i + rows] for i in range(0, len(order), rows)]
        else:
            self._places = [np.asarray(group.members) for group in plan(list(lengths), budget=budget)]

    def set_epoch(self, epoch: int) -> None:
        """Choose the draws of ``epoch``."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self._places) // self.processes)

    def __iter__(self) -> Iterator[list[int]]:
        draw = np.random.default_rng([self.seed, self.epoch])
        sorted_ids = np.argsort(self.lengths, kind="stable")
        shuffled = draw.permutation(len(self.lengths))
        dealt = shuffled[np.argsort(self.lengths[shuffled], kind="stable")]
        swap = np.empty_like(sorted_ids)
        swap[sorted_ids] = dealt  # each place goes to an example of the same length
        for position in self._mine(draw):
            yield swap[self._places[position]].tolist()

    def _mine(self, draw: np.random.Generator) -> list[int]:
        """Positions of this process's batches; the last round begins anew where too few are left."""
        order = draw.permutation(len(self._places)).tolist()
        whole = [order[i % len(order)] for i in range(len(self) * self.processes)] if order else []
        return whole[self.rank :: self.processes]


class TreeBatches(TokenBatches):
    """Batches of solutions of the same problems, for packed forests; the order is new in every epoch.

    Args:
        rows: Token ids of each example.
        groups: Problem of each example.
        budget: Tokens of a batch, where what several examples begin with counts once.
        seed: Decides which problems meet, and with the epoch the order of the batches.
        processes: Processes that train together.
        rank: Which of them this is.
    """

    def __init__(
        self,
        rows: Sequence[Sequence[int]],
        groups: Sequence[int],
        budget: int,
        *,
        seed: int = 0,
        processes: int = 1,
        rank: int = 0,
    ) -> None:
        super().__init__([], None, seed=seed, processes=processes, rank=rank)
        found = families(rows, groups, budget)
        dealt = [found[i] for i in np.random.default_rng(seed).permutation(len(found))]
        self._places, spent = [], budget
        for family in dealt:
            size = len(grow([rows[i] for i in family]))
            if spent + size > budget:
                self._places.append(np.zeros(0, dtype=np.int64))
                spent = 0
            self._places[-1] = np.r_[self._places[-1], family]
            spent += size

    def __iter__(self) -> Iterator[list[int]]:
        for position in self._mine(np.random.default_rng([self.seed, self.epoch])):
            yield self._places[position].tolist()


def balanced(groups: Sequence[Hashable], *, seed: int) -> list[int]:
    """Positions such that every group appears equally often, as often as the smallest; in order.

    Examples:
        >>> picked = balanced(["right", "right", "right", "wrong"], seed=0)
        >>> len(picked), 3 in picked
        (2, True)
    """
    members: dict[Hashable, list[int]] = {}
    for position, group in enumerate(groups):
        members.setdefault(group, []).append(position)
    if not members:
        return []
    size = min(map(len, members.values()))
    draw = np.random.default_rng(seed)
    picked = [draw.choice(found, size, replace=False) for found in members.values()]
    return sorted(np.concatenate(picked).tolist())
