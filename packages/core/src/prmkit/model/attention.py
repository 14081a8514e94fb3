"""Attention over a packed forest, put together from blocks by their log-sum-exps."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from prmkit.encode.blocks import Block, Plan

NAME = "prmkit_forest"
TILE = 1 << 26
"""Scores held at once where no kernel does the work (256 MiB)."""
_REFUSED = ("softcap", "s_aux", "position_bias")
"""Settings of attention that these blocks do not follow."""


def forest_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    forest: Plan | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **given: Any,
) -> tuple[torch.Tensor, None]:
    """What transformers calls in place of its own attention; without a plan it is its own.

    Shapes:
        query: (1, heads, U, d). key, value: (1, key heads, known + U, d). result: (1, U, heads, d).

    Raises:
        NotImplementedError: The architecture's attention has a part that blocks do not follow.
    """
    if forest is None:
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **given
        )
        return found
    if dropout or given.get("sliding_window") or any(given.get(name) is not None for name in _REFUSED):
        raise NotImplementedError("attention with dropout, a window or a bias is not read by blocks")
    groups = query.shape[1] // key.shape[1]
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    # Where matrices are multiplied in half precision, rotated queries and keys still come in full.
    query, key = query.to(value.dtype), key.to(value.dtype)
    mixed = _Blocks.apply(query, repeat_kv(key, groups), repeat_kv(value, groups), forest, scale)
    return mixed.transpose(1, 2), None


class _Blocks(torch.autograd.Function):
    """Attention by blocks; its gradient is the sum of theirs, each taken with the softmax of the whole."""

    @staticmethod
    def forward(
        ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, blocks: Plan, scale: float
    ) -> torch.Tensor:
        rows, heads, width, size = query.shape
        total = torch.empty(rows, width, heads, size, dtype=torch.float32, device=query.device).transpose(
            1, 2
        )
        weight = torch.empty(rows, width, heads, dtype=torch.float32, device=query.device).transpose(1, 2)
        read = _read_fast if query.device.type == "cpu" else _read_plain
        for one in blocks.own:
            at = slice(one.start, one.end)
            total[:, :, at], weight[:, :, at] = read(query[:, :, at], *_keys(one, key, value), one, scale)
        for one in blocks.above:
            at = slice(one.start, one.end)
            part, log = read(query[:, :, at], *_keys(one, key, value), one, scale)
            both = torch.logaddexp(weight[:, :, at], log)
            total[:, :, at].mul_((weight[:, :, at] - both).exp_()[..., None])
            total[:, :, at].addcmul_(part.float(), (log - both).exp_()[..., None])
            weight[:, :, at] = both
        mixed = total.to(query.dtype)
        ctx.save_for_backward(query, key, value, mixed, weight)
        ctx.blocks, ctx.scale = blocks, scale
        return mixed

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, mixed, weight = ctx.saved_tensors
        slopes = [torch.zeros_like(one, dtype=torch.float32) for one in (query, key, value)]
        back = _back_fast if query.device.type == "cpu" else _back_plain
        for one in ctx.blocks.own + ctx.blocks.above:
            at = slice(one.start, one.end)
            mine = [some[:, :, at] for some in (gradient, mixed, weight, query)]
            parts = back(*mine, *_keys(one, key, value), one, ctx.scale)
            slopes[0][:, :, at] += parts[0]
            for slope, part in zip(slopes[1:], parts[1:], strict=True):
                if isinstance(one.keys, slice):
                    slope[:, :, one.keys] += part
                else:
                    slope.index_add_(2, one.keys, part.to(slope.dtype))
        return (*(slope.to(query.dtype) for slope in slopes), None, None)


def _keys(one: Block, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    if isinstance(one.keys, slice):
        return key[:, :, one.keys], value[:, :, one.keys]
    return key.index_select(2, one.keys), value.index_select(2, one.keys)


def _read_fast(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, one: Block, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    mask = None if one.mask is None else one.mask.to(query.dtype)
    found: tuple[torch.Tensor, torch.Tensor] = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        query, key, value, 0.0, one.causal, attn_mask=mask, scale=scale
    )
    return found


def _back_fast(
    gradient: torch.Tensor,
    mixed: torch.Tensor,
    weight: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    one: Block,
    scale: float,
) -> tuple[torch.Tensor, ...]:
    mask = None if one.mask is None else one.mask.to(query.dtype)
    found: tuple[torch.Tensor, ...] = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(
        gradient, query, key, value, mixed, weight, 0.0, one.causal, attn_mask=mask, scale=scale
    )
    return found


def _read_plain(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, one: Block, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same by matrix products, on every device; a tile of queries at a time."""
    parts, logs = [], []
    for at in _tiles(query, key):
        scores = _scores(query[:, :, at], key, one, scale, at)
        logs.append(scores.logsumexp(-1))
        parts.append((scores - logs[-1][..., None]).exp() @ value.float())
    return torch.cat(parts, 2), torch.cat(logs, 2)


def _back_plain(
    gradient: torch.Tensor,
    mixed: torch.Tensor,
    weight: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    one: Block,
    scale: float,
) -> tuple[torch.Tensor, ...]:
    of_query, of_key, of_value = (torch.zeros_like(one, dtype=torch.float32) for one in (query, key, value))
    for at in _tiles(query, key):
        mine = query[:, :, at]
        share = (_scores(mine, key, one, scale, at) - weight[:, :, at, None]).exp()
        slope = gradient[:, :, at].float()
        inner = slope @ value.float().mT - (slope * mixed[:, :, at].float()).sum(-1, keepdim=True)
        inner = share * inner
        of_query[:, :, at] = inner @ key.float() * scale
        of_key += inner.mT @ mine.float() * scale
        of_value += share.mT @ slope
    return of_query, of_key, of_value


def _tiles(query: torch.Tensor, key: torch.Tensor) -> list[slice]:
    rows = max(1, TILE // (query.shape[0] * query.shape[1] * key.shape[2]))
    return [slice(start, start + rows) for start in range(0, query.shape[2], rows)]


def _scores(query: torch.Tensor, key: torch.Tensor, one: Block, scale: float, at: slice) -> torch.Tensor:
    scores = query.float() @ key.float().mT * scale
    if one.causal:
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool, device=query.device).triu(1 + at.start)
        return scores.masked_fill(hidden, -torch.inf)
    return scores if one.mask is None else scores + one.mask[at]


AttentionInterface.register(NAME, forest_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)  # of padded rows; without it their masks were dropped
