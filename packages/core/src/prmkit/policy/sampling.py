"""From logits to tokens: pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from prmkit.tensors import expect


def uniforms(keys: Sequence[int], count: int) -> torch.Tensor:
    """``count`` numbers in [0, 1) for each 128-bit key; a row depends on its own key alone.

    Shapes:
        result: (B, T), float64, B keys and T numbers each.
    """
    rows = [np.random.Generator(np.random.Philox(key=key)).random(count) for key in keys]
    return torch.from_numpy(np.stack(rows)) if rows else torch.empty(0, count, dtype=torch.float64)


def pick(logits: torch.Tensor, uniform: torch.Tensor, temperature: float) -> torch.Tensor:
    """One token per row by inverting the cumulative distribution at ``uniform``; the best one at T = 0.

    A token of probability zero is never picked.

    Shapes:
        logits: (B, V). uniform: (B). result: (B), long.

    Examples:
        >>> two_thirds = torch.tensor([[0.0, float(np.log(2.0))]])
        >>> [int(pick(two_thirds, torch.tensor([u], dtype=torch.float64), 1.0)) for u in (0.3, 0.34)]
        [0, 1]
    """
    expect(logits, "B V")
    if temperature == 0:
        return logits.argmax(-1)
    # float64 for the sum: with 150,000 tokens float32 would lose the tail.
    rising = torch.softmax(logits.float() / temperature, -1).cumsum(-1, dtype=torch.float64)
    level = uniform.to(rising) * rising[:, -1]
    return torch.searchsorted(rising, level[:, None], right=True).squeeze(-1).clamp_(max=logits.shape[-1] - 1)
