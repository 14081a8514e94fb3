"""Scoring in a search: what was read in earlier calls is kept, and only new tokens are computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import DynamicCache

from prmkit.encode.collate import collate_forest
from prmkit.encode.forest import Forest, Ints, Known, grow
from prmkit.errors import ConfigError
from prmkit.model import reading
from prmkit.types import Problem, StepScores, Trajectory

if TYPE_CHECKING:
    from prmkit.model.prm import PRM


class Incremental:
    """A scorer with a memory: the same numbers as ``prm.score``, for the price of what is new.

    It keeps keys, values and hidden states of what it read. A solution that continues one it has seen, or
    begins like one, costs its new tokens only.

    Args:
        prm: A causal PRM whose backbone reads packed forests.
        keep: Tokens that are kept. What was not used for longest goes first.

    Raises:
        ConfigError: The backbone cannot read packed forests.

    Examples:
        >>> beam = Incremental(prm)                                      # doctest: +SKIP
        >>> beam.score(problem, first_steps)                             # doctest: +SKIP
        >>> beam.score(problem, first_steps_and_what_follows)            # doctest: +SKIP
    """

    def __init__(self, prm: PRM, *, keep: int = 1 << 15) -> None:
        if prm.module.shape is None:
            raise ConfigError(
                "this backbone cannot read packed forests, so nothing can be kept between calls",
                do="score with the PRM itself",
                field="prm",
            )
        self.prm, self.keep = prm, keep
        self.forget()

    def forget(self) -> None:
        """Drop everything that is kept."""
        self._known = Known()
        self._cache = DynamicCache()
        self._hidden: torch.Tensor | None = None
        self._used: Ints = np.zeros(0, dtype=np.int64)
        self._calls = 0

    @property
    def kept(self) -> int:
        """Tokens that are kept now."""
        return self._known.size

    @torch.inference_mode()
    def score(self, problem: Problem, trajectories: Sequence[Trajectory]) -> list[StepScores]:
        """One record per trajectory, in the order given.

        Raises:
            CheckpointError: The model gives NaN or infinity.
        """
        if not trajectories:
            return []
        prm = self.prm
        rows = reading.examples(prm, prm.encoder([(problem, one) for one in trajectories]))
        ids = [row.encoded.ids for row in rows]
        forest = grow(ids, self._known, [row.encoded.solution for row in rows])
        marks = [
            int(slots[place])
            for row, slots in zip(rows, forest.where, strict=True)
            for place in row.encoded.marks
            if place is not None
        ]
        with prm.module.at_rest():
            self._read(forest, reading.moved(prm, collate_forest(rows, forest)))
            assert self._hidden is not None
            logits = reading.by_step(prm.module.head(self._hidden[marks]), rows)
        self._calls += 1
        self._used[np.concatenate(forest.where)] = self._calls
        if self.kept > self.keep:
            self._evict()
        return [reading.scores(prm, one, told) for one, told in zip(trajectories, logits, strict=True)]

    def _read(self, forest: Forest, batch: dict[str, torch.Tensor]) -> None:
        """Compute the new tokens and keep what they leave behind."""
        if not len(forest):
            return
        self.prm.spent.spend(tokens=len(forest))
        new = self.prm.module.vectors(batch, forest, piece=self.prm.batch_tokens, cache=self._cache)[0]
        self._hidden = new if self._hidden is None else torch.cat([self._hidden, new])
        self._used = np.r_[self._used, np.zeros(len(forest), dtype=np.int64)]

    def _evict(self) -> None:
        """Keep the tokens used last, ``keep`` of them at most; the paths of kept tokens stay whole."""
        # A token was used whenever one behind it was, so dropping the least used never cuts a path.
        order = np.sort(self._used)[::-1]
        edge = order[self.keep]
        stay = np.flatnonzero(self._used > edge)
        if not len(stay):
            self.forget()
            return
        place = torch.from_numpy(stay)
        assert self._hidden is not None
        self._hidden = self._hidden[place]
        for layer in self._cache.layers:
            at = place.to(layer.keys.device)
            layer.keys, layer.values = layer.keys.index_select(2, at), layer.values.index_select(2, at)
        self._used = self._used[stay]
        new = {int(slot): i for i, slot in enumerate(stay)}
        self._known.next = {
            (new.get(before, before), token): new[slot]
            for (before, token), slot in self._known.next.items()
            if slot in new
        }
        self._known.size = len(stay)
