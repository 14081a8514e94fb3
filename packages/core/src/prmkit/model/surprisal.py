"""Surprisal: what a frozen policy thinks of every token it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from prmkit.encode.layout import plan
from prmkit.tensors import expect

WIDTH = 3
"""Features per token: log-probability, gap to the best token, entropy."""
LOGITS = 1 << 28
"""Most logits held at once (1 GiB in float32); every token has one per entry of the vocabulary."""


def surprisal_of_logits(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Surprisal features of each token under the distribution that was predicted for it.

    ``log p(token)`` (nats, <= 0), ``max log p - log p(token)`` (nats, >= 0) and the entropy of the
    prediction (nats, >= 0). Nothing predicts the first token: its features are 0.

    Shapes:
        logits: (B, S, V). ids: (B, S). result: (B, S, 3), float32.

    Examples:
        >>> logits = torch.log(torch.tensor([[[0.25, 0.75], [0.5, 0.5]]]))
        >>> surprisal_of_logits(logits, torch.tensor([[1, 0]]))[0, 1].exp().tolist()
        [0.25, 3.0, 1.7547...]
    """
    expect(ids, "B S", expect(logits, "B S V"))
    return torch.nn.functional.pad(features_of(logits[:, :-1], ids[:, 1:]), (0, 0, 1, 0))


def features_of(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Surprisal features of tokens under the logits that predict them.

    Shapes:
        logits: (..., V). ids: (...). result: (..., 3), float32.
    """
    predicted = torch.log_softmax(logits.float(), -1)
    taken = predicted.gather(-1, ids[..., None]).squeeze(-1)
    gap = predicted.amax(-1) - taken
    entropy = -(predicted.exp() * predicted).sum(-1)
    return torch.stack([taken, gap, entropy], -1)


@torch.inference_mode()
def token_surprisal(
    model: Any, rows: Sequence[Sequence[int]], *, batch_tokens: int = 1 << 12
) -> list[torch.Tensor]:
    """Surprisal features of each row of token ids under a causal model, in the order given.

    Rows are read in batches of similar length; each row's features depend on that row alone.

    Shapes:
        each result: (S, 3), float32, on the CPU.
    """
    found: list[torch.Tensor] = [torch.zeros(0, WIDTH)] * len(rows)
    device = next(model.parameters()).device
    budget = min(batch_tokens, max(1, LOGITS // model.config.vocab_size))
    for group in plan([len(row) for row in rows], budget=budget):
        longest = max(len(rows[i]) for i in group.members)
        if not longest:
            continue
        # Right padding under causal attention: a pad never reaches a real token, no mask is needed.
        ids = torch.tensor([list(rows[i]) + [0] * (longest - len(rows[i])) for i in group.members])
        ids = ids.to(device)
        features = surprisal_of_logits(model(input_ids=ids, use_cache=False).logits, ids).cpu()
        for i, feature in zip(group.members, features, strict=True):
            found[i] = feature[: len(rows[i])].clone()
    return found
