"""Heads: from a token classifier's outputs to one row of logits per step.

* ``binary``: two classes per token; the folder is an ordinary token classifier.
* ``scalar``: one output per token.
* ``classes``: more than two classes per token, as some public checkpoints have.
* ``surprisal``: ``binary``, and the backbone also sees what a frozen policy thought of every token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from prmkit.model.surprisal import WIDTH
from prmkit.tensors import expect

Head = Literal["binary", "scalar", "surprisal", "classes"]
CLASSES: dict[str, int] = {"binary": 2, "scalar": 1, "surprisal": 2}
"""Outputs per token of each head that can be made here."""
LINKS: dict[str, tuple[str, ...]] = {
    "binary": ("softmax", "difference"),
    "scalar": ("sigmoid", "raw"),
    "surprisal": ("softmax", "difference"),
    "classes": ("softmax", "difference"),
}
"""Links that make sense for each head."""
CLIP = 20.0
"""Surprisal features are cut to [-CLIP, CLIP] nats: an impossible token must not flood the rest."""


class SurprisalInput(nn.Module):
    """Surprisal features to a vector that is added to the token's embedding.

    The features of the problem's tokens are set to 0: a policy is trained on solutions only. A fourth
    input tells the two apart.
    """

    def __init__(self, width: int, hidden: int = 64) -> None:
        super().__init__()
        self.inner = nn.Linear(WIDTH + 1, hidden)
        self.outer = nn.Linear(hidden, width)

    def forward(self, features: torch.Tensor, solution: torch.Tensor) -> torch.Tensor:
        """Vectors to add to the embeddings.

        Shapes:
            features: (B, S, 3). solution: (B, S) bool. result: (B, S, D).
        """
        expect(features, f"B S {WIDTH}", expect(solution, "B S"))
        inside = solution.to(self.inner.weight.dtype).unsqueeze(-1)
        seen = features.to(inside).clamp(-CLIP, CLIP) * inside
        return self.outer(nn.functional.gelu(self.inner(torch.cat([seen, inside], -1))))


def link(
    logits: torch.Tensor, how: str, *, positive: int = 1, also: Sequence[int] = (), temperature: float = 1.0
) -> torch.Tensor:
    """Logits of steps to values.

    ``softmax`` gives the probability of the positive class and of those in ``also`` together,
    ``difference`` that probability minus the rest's, in [-1, 1], ``sigmoid`` a probability from one
    output, ``raw`` that output itself.

    Shapes:
        logits: (..., C). result: (...), float32.

    Source:
        Public conventions: softmax (Qwen2.5-Math-PRM), difference (PURE), sigmoid (Skywork-o1-Open-PRM).

    Examples:
        >>> link(torch.tensor([0.0, float(torch.tensor(3.0).log())]), "softmax")
        tensor(0.7500)
    """
    scaled = logits.float() / temperature
    if how in ("softmax", "difference"):
        right = scaled.softmax(-1)[..., [positive, *also]].sum(-1)
        return right if how == "softmax" else 2 * right - 1
    return scaled[..., 0].sigmoid() if how == "sigmoid" else scaled[..., 0]
