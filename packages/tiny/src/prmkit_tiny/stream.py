"""An endless, seeded stream of training batches that can be entered at any place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

IGNORED = -100
"""Target of tokens that give no loss, as torch's cross entropy expects it."""


class Place(NamedTuple):
    """Where the stream stands: the next batch to give."""

    chunk: int = 0
    batch: int = 0


class Batch(NamedTuple):
    """Shapes: ids and targets are (B, S), padded on the right; ``after`` is the place behind it."""

    ids: torch.Tensor
    targets: torch.Tensor
    after: Place


def written(sample: Any) -> tuple[str, str]:
    """Problem and solution of a sample as the policy reads and writes them: one line a step."""
    return f"{sample.problem.text}\n", "".join(f"{step.text}\n" for step in sample.trajectory.steps)


class Stream:
    """Batches of generated samples, about equally long within a batch.

    Args:
        generate: ``generate(seed, n, rungs=..., families=..., split="train")`` of a domain.
        tokenizer: Its tokenizer.
        rungs: Rungs to draw from, easiest first.
        climb: Chunks drawn before the next rung joins in; 0 opens all at once.
        families: Families to draw from, all when empty.
        seed: Two streams with the same seed are the same.
        tokens: Padded tokens per batch, at most.
        chunk: Samples drawn and sorted together.
    """

    def __init__(
        self,
        generate: Callable[..., Iterator[Any]],
        tokenizer: Any,
        *,
        seed: int,
        rungs: Sequence[int],
        climb: int = 0,
        families: Sequence[str] = (),
        tokens: int,
        chunk: int = 1024,
    ) -> None:
        self.generate, self.tokenizer = generate, tokenizer
        self.rungs, self.climb, self.families = tuple(rungs), climb, tuple(families) or None
        self.seed, self.tokens, self.chunk = seed, tokens, chunk

    def batches(self, start: Place) -> Iterator[Batch]:
        """All batches from ``start`` on, without end."""
        chunk, first = start
        while True:
            rows = self._rows(chunk)
            cuts = self._cuts(rows)
            for number in range(first, len(cuts)):
                last = number + 1 == len(cuts)
                after = Place(chunk + 1, 0) if last else Place(chunk, number + 1)
                yield self._batch([rows[i] for i in cuts[number]], after)
            chunk, first = chunk + 1, 0

    def _rows(self, chunk: int) -> list[tuple[list[int], int]]:
        """Token ids of problem and solution, and how many of them belong to the problem."""
        seed = int(np.random.SeedSequence([self.seed, chunk]).generate_state(1)[0])
        rungs = self.rungs[: 1 + chunk // self.climb] if self.climb else self.rungs
        samples = self.generate(seed, self.chunk, split="train", rungs=rungs, families=self.families)
        texts = [written(sample) for sample in samples]
        problems = self.tokenizer([problem for problem, _ in texts])["input_ids"]
        solutions = self.tokenizer([solution for _, solution in texts])["input_ids"]
        end = [self.tokenizer.eos_token_id]
        return [(p + s + end, len(p)) for p, s in zip(problems, solutions, strict=True)]

    def _cuts(self, rows: Sequence[tuple[list[int], int]]) -> list[list[int]]:
        """Row numbers of each batch, batches in random order."""
        order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
        cuts: list[list[int]] = [[]]
        for i in order:
            if (len(cuts[-1]) + 1) * len(rows[i][0]) > self.tokens and cuts[-1]:
                cuts.append([])
            cuts[-1].append(i)
        np.random.default_rng(self.seed).shuffle(cuts)
        return cuts

    def _batch(self, rows: Sequence[tuple[list[int], int]], after: Place) -> Batch:
        longest = max(len(ids) for ids, _ in rows)
        ids = torch.full((len(rows), longest), self.tokenizer.pad_token_id, dtype=torch.long)
        targets = torch.full_like(ids, IGNORED)
        for row, (tokens, given) in enumerate(rows):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            targets[row, given : len(tokens)] = ids[row, given : len(tokens)]
        return Batch(ids, targets, after)
