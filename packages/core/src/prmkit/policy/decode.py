"""The token loop: many rows at once, shared prompts read once, finished rows dropped."""

from __future__ import annotations

from typing import Any

import torch
from transformers import DynamicCache

from prmkit.policy.sampling import pick
from prmkit.tensors import expect

SHRINK = 0.75
"""A batch is cut down to its unfinished rows once fewer than this share of them is left."""


def decode(
    model: Any,
    prompts: list[list[int]],
    owner: torch.Tensor,
    noise: torch.Tensor,
    *,
    temperature: float,
    ends: torch.Tensor,
    pad: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw up to T tokens for each row; what stands behind a row's first end token has no meaning.

    Args:
        model: Causal model.
        prompts: Token ids of the distinct prompts.
        owner: Which prompt each row continues.
        noise: Uniform numbers that decide the draws.
        temperature: 0 takes the best token.
        ends: Token ids that end a row.
        pad: Any valid token id; stands left of shorter prompts, unseen by attention.

    Shapes:
        owner: (B). noise: (B, T). ends: (E). result: tokens (B, T) and their log-probabilities at
        temperature 1 (B, T), both on the CPU.
    """
    rows, limit = expect(noise, "B T", expect(owner, "B")).values()
    cache, logits, mask, lengths = prefill(model, prompts, pad=pad, device=noise.device)
    if len(prompts) < rows or not torch.equal(owner, torch.arange(rows, device=owner.device)):
        cache.batch_select_indices(owner)
        logits, mask, lengths = logits[owner], None if mask is None else mask[owner], lengths[owner]
    tokens = torch.zeros(rows, limit, dtype=torch.long, device=noise.device)
    scores = torch.zeros(rows, limit, device=noise.device)
    active = torch.arange(rows, device=noise.device)  # rows that are still in the cache
    going = torch.ones(rows, dtype=torch.bool, device=noise.device)
    for at in range(limit):
        token = pick(logits, noise[active, at], temperature)
        tokens[active, at] = token
        scores[active, at] = torch.log_softmax(logits.float(), -1).gather(-1, token[:, None]).squeeze(-1)
        going &= ~torch.isin(token, ends)
        left = int(going.sum())
        if left == 0 or at + 1 == limit:
            break
        if left < SHRINK * len(going):
            keep = going.nonzero().squeeze(-1)
            cache.batch_select_indices(keep)
            active, token, going, lengths = active[keep], token[keep], going[keep], lengths[keep]
            mask = None if mask is None else mask[keep]
        mask = None if mask is None else torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
        logits = model(
            input_ids=token[:, None],
            attention_mask=mask,
            position_ids=(lengths + at)[:, None],
            past_key_values=cache,
            use_cache=True,
        ).logits[:, -1]
    return tokens.cpu(), scores.cpu()


def prefill(
    model: Any, prompts: list[list[int]], *, pad: int, device: torch.device
) -> tuple[Any, torch.Tensor, torch.Tensor | None, torch.Tensor]:
    """Read prompts of any lengths, padded on the left.

    Shapes:
        result: cache of P prompts, logits of the next token (P, V), attention mask (P, S) or None when
        no prompt is padded, lengths (P).
    """
    longest = max(map(len, prompts))
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
    missing = (longest - lengths)[:, None]
    ids = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts], device=device)
    columns = torch.arange(longest, device=device)
    mask = (columns >= missing).long() if int(missing.max()) else None
    cache = DynamicCache(config=model.config)
    logits = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(columns - missing).clamp(min=0),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    ).logits[:, -1]
    return cache, logits, mask, lengths
