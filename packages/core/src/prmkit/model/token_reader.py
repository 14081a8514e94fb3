"""A causal model read token by token: what it thinks of every token of many texts, shared beginnings once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from prmkit.encode.forest import Forest, grow
from prmkit.encode.layout import choose
from prmkit.encode.tokenise import Encoded
from prmkit.model.classifier import StepClassifier
from prmkit.model.surprisal import LOGITS, WIDTH, features_of, token_surprisal


class TokenReader:
    """Surprisal features of rows of tokens under a causal language model.

    Args:
        model: The causal language model.
    """

    def __init__(self, model: Any) -> None:
        self.network = StepClassifier(model, causal=True)

    def __call__(
        self, rows: Sequence[Sequence[int]], heads: Sequence[int], *, batch_tokens: int = 1 << 12
    ) -> list[torch.Tensor]:
        """Features of each row, which depend on that row alone.

        Args:
            rows: Token ids.
            heads: Per row, tokens before the solution: rows with the same ones are weighed together.
            batch_tokens: Tokens computed at once.

        Shapes:
            each result: (S, 3), float32, on the CPU; see ``surprisal_of_logits``.
        """
        seen = [Encoded(tuple(row), (), head) for row, head in zip(rows, heads, strict=True)]
        found: list[torch.Tensor] = [torch.zeros(0, WIDTH)] * len(rows)
        for group in choose(seen, budget=batch_tokens, shape=self.network.shape):
            mine = [seen[i].ids for i in group.members]
            if group.kind == "rows":
                told = token_surprisal(self.network.network, mine, batch_tokens=batch_tokens)
            else:
                forest = grow(mine, groups=group.problem)
                each = self._read(forest, batch_tokens)
                told = [each[torch.from_numpy(slots)] for slots in forest.where]
            for i, one in zip(group.members, told, strict=True):
                found[i] = one
        return found

    @torch.inference_mode()
    def _read(self, forest: Forest, piece: int) -> torch.Tensor:
        """Features of a forest's tokens; each prediction is made once."""
        device = next(self.network.parameters()).device
        ids = torch.from_numpy(forest.ids).to(device)
        batch = {
            "input_ids": ids[None],
            "position_ids": torch.from_numpy(forest.depth)[None].to(device),
            "solution": torch.ones(1, len(forest), dtype=torch.bool, device=device),
        }
        hidden = self.network.vectors(batch, forest, piece=piece)[0]
        found = torch.zeros(len(forest), WIDTH)
        before = torch.from_numpy(forest.before)
        told = (before >= 0).nonzero()[:, 0]
        for part in told.split(max(1, LOGITS // self.network.config.vocab_size)):
            logits = self.network.head(hidden[before[part].to(device)])
            found[part] = features_of(logits, ids[part.to(device)]).cpu()
        return found
