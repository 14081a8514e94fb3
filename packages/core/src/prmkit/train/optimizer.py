"""Optimizers of a training: AdamW for everything, or Muon for the matrices of the layers.

Source: Muon (Jordan et al., 2024) as torch implements it. Small models that are trained from fresh weights
for a few hundred updates gain most from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

ADAM_SHARE = 0.1
"""AdamW's learning rate beside Muon, as a share of Muon's."""


class Joint(torch.optim.Optimizer):
    """Several optimizers that are stepped, saved and scheduled as one.

    The groups are those of the inner optimizers, not copies: a schedule that sets a group's learning
    rate here sets it there.
    """

    def __init__(self, inner: Iterable[torch.optim.Optimizer]) -> None:
        self.inner = list(inner)
        super().__init__([group for one in self.inner for group in one.param_groups], {})

    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One update of every parameter."""
        loss = closure() if closure is not None else None
        for one in self.inner:
            one.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """States of the inner optimizers, in order."""
        return {"inner": [one.state_dict() for one in self.inner]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put the states of the inner optimizers back."""
        for one, state in zip(self.inner, state_dict["inner"], strict=True):
            one.load_state_dict(state)
        # Loading replaces the groups of the inner optimizers by new ones.
        self.param_groups = [group for one in self.inner for group in one.param_groups]


def muon(module: torch.nn.Module, learning_rate: float, *, weight_decay: float = 0.0) -> Joint:
    """Muon for the trainable matrices of the layers, AdamW for embeddings, heads, norms and biases.

    Args:
        module: The model.
        learning_rate: Muon's; AdamW's is a tenth of it.
        weight_decay: Of both.

    Examples:
        >>> layer = torch.nn.Linear(3, 3)
        >>> [len(group["params"]) for group in muon(layer, 0.02).param_groups]
        [1, 1]
    """
    named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
    apart = ("embed", "score", "classifier", "lm_head", "surprisal", "hidden", "exits")
    matrices = [p for n, p in named if p.ndim == 2 and not any(word in n for word in apart)]
    chosen = {id(p) for p in matrices}
    rest = [p for _, p in named if id(p) not in chosen]
    inner: list[torch.optim.Optimizer] = []
    if matrices:
        inner.append(torch.optim.Muon(matrices, lr=learning_rate, weight_decay=weight_decay))
    if rest:
        rate = learning_rate * ADAM_SHARE
        inner.append(torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=weight_decay))
    return Joint(inner)
