"""Implicit PRMs: a language model against the reference it was trained from.

The reward of a step is ``scale`` times the log-ratio of the two models, summed over the step's tokens; what
stands between two steps belongs to the later one.

Source: Free Process Rewards without Process Labels (arXiv 2412.01981); PRIME (arXiv 2502.01456).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from prmkit.budget import Budget
from prmkit.cards import PRMSpec
from prmkit.encode.tokenise import Encoded, Encoder
from prmkit.errors import CheckpointError, RecordError
from prmkit.model.folder import load_tokenizer, load_weights, weights_digest
from prmkit.model.surface import EVERYTHING, Surface
from prmkit.model.token_reader import TokenReader
from prmkit.tensors import expect
from prmkit.types import Problem, StepScores, Trajectory


def step_ratios(ratios: torch.Tensor, ends: Sequence[int], start: int, *, cumulative: bool) -> torch.Tensor:
    """Sums of token log-ratios up to each step's end, or over each step alone.

    Args:
        ratios: log p(token) minus the reference's, per token.
        ends: Last token of each step, rising.
        start: First token that counts.
        cumulative: Keep what the steps before gave.

    Shapes:
        ratios: (S). result: (K), float64.

    Source:
        arXiv 2412.01981, equation 3.

    Examples:
        >>> ratios = torch.tensor([9.0, 0.2, 0.1, -0.3, 0.4, -0.1, 0.5])
        >>> sums = step_ratios(ratios, [3, 5, 6], 1, cumulative=True)
        >>> [abs(round(0.05 * float(one), 6)) for one in sums]
        [0.0, 0.015, 0.04]
    """
    expect(ratios, "S")
    sums = ratios.double()[start:].cumsum(0)
    told = sums[[end - start for end in ends]] if ends else sums[:0]
    return told if cumulative else told.diff(prepend=told.new_zeros(1))


@dataclass(eq=False)
class ImplicitPRM(Surface):
    """Two causal models with one tokenizer."""

    spec: PRMSpec
    tokenizer: Any
    model: Any
    reference: Any
    digest: str = ""
    max_tokens: int | None = None
    batch_tokens: int = 1 << 12
    spent: Budget = field(default_factory=Budget)
    """Counts the tokens read, by both models together."""

    @property
    def parameters(self) -> int:
        """Parameters that every token passes, in either model."""
        return sum(one.numel() for one in self.model.parameters())

    @classmethod
    def open(
        cls,
        folder: Path,
        spec: PRMSpec,
        *,
        reference: str | Path | None,
        dtype: str = "float32",
        device: str = "cpu",
        max_tokens: int | None = None,
    ) -> ImplicitPRM:
        """Read both folders.

        Raises:
            CheckpointError: A folder cannot be read, no reference is given, or the two number their tokens
                differently.
        """
        if reference is None:
            raise CheckpointError(
                f"{spec.name!r} compares two models and the reference is missing",
                do="pass reference=FOLDER of the model that training began with",
                file=folder,
                field="reference",
            )
        tokenizer, other = load_tokenizer(folder), load_tokenizer(reference).get_vocab()
        own = tokenizer.get_vocab()
        strange = sorted(token for token in own.keys() & other.keys() if own[token] != other[token])
        if strange or not own.keys() & other.keys():
            raise CheckpointError(
                "the reference numbers its tokens differently"
                + (f", {strange[0]!r} first" if strange else ""),
                do="give the very model that training began with",
                file=reference,
                field="tokenizer.json",
            )
        pair = [
            load_weights(AutoModelForCausalLM, place, dtype=dtype, whole=True).to(device)
            for place in (folder, reference)
        ]
        return cls(spec, tokenizer, *pair, weights_digest(folder), max_tokens)

    def block(self, solutions: Sequence[tuple[Problem, Trajectory]]) -> list[StepScores]:
        """Scores of solutions that are held at once, in order.

        Raises:
            RecordError: A solution has observations, whose tokens nobody chose.
            CheckpointError: A token that the reference does not know, or NaN.
        """
        for _, trajectory in solutions:
            if len(trajectory.scored) != len(trajectory.steps):
                raise RecordError(
                    f"{trajectory.id!r} has observations, which no log-ratio can leave out",
                    do="score it without its observations, or with another kind of PRM",
                    field="steps",
                )
        positions = [one.config.max_position_embeddings for one in (self.model, self.reference)]
        limit = min(self.max_tokens or self.spec.max_tokens, *positions, self.tokenizer.model_max_length)
        encoded = Encoder(self.tokenizer, self.spec, limit)(solutions)
        told = zip(solutions, encoded, self.ratios(encoded), strict=True)
        return [self._scores(trajectory, one, ratios) for (_, trajectory), one, ratios in told]

    @cached_property
    def readers(self) -> tuple[TokenReader, TokenReader]:
        """Both models, read token by token."""
        return TokenReader(self.model), TokenReader(self.reference)

    @torch.inference_mode()
    def ratios(self, encoded: Sequence[Encoded]) -> list[torch.Tensor]:
        """Log-ratio of every token of each solution.

        Shapes:
            each result: (S), float64.

        Raises:
            CheckpointError: A token that the reference does not know, or NaN.
        """
        rows = [one.ids for one in encoded]
        known = self.reference.config.vocab_size
        top = max((max(row) for row in rows if row), default=0)
        if top >= known:
            raise CheckpointError(
                f"token {top} is unknown to the reference, which has {known} tokens",
                do="give the very model that training began with",
                field="reference",
            )
        self.spent.spend(tokens=2 * sum(map(len, rows)))
        heads = [one.solution for one in encoded]
        pair = [
            [one[:, 0].double() for one in read(rows, heads, batch_tokens=self.batch_tokens)]
            for read in self.readers
        ]
        found = [ours - theirs for ours, theirs in zip(*pair, strict=True)]
        if not all(one.isfinite().all() for one in found):
            raise CheckpointError(
                "the models give NaN or infinity", do="load them with dtype='float32'", field="dtype"
            )
        return found

    def _scores(self, trajectory: Trajectory, one: Encoded, ratios: torch.Tensor) -> StepScores:
        ends = [(step, place) for step, place in enumerate(one.marks) if place is not None]
        cumulative = self.spec.link == "cumsum"
        read = step_ratios(ratios, [place for _, place in ends], one.solution, cumulative=cumulative)
        values: list[float | None] = [None] * len(one.marks)
        for (step, _), value in zip(ends, (self.spec.scale * read).tolist(), strict=True):
            values[step] = value
        return self.told(trajectory, values, range=EVERYTHING, cumulative=cumulative)
