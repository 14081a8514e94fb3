"""A network in two halves: a body that gives every token a vector, a head that reads some of them.

Whoever reads a PRM runs the body over all tokens and the head over the marks only: a row of a
vocabulary of 150,000 is never computed for a token that nobody reads.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import nn


class Halves(NamedTuple):
    """Body and head of one network; both share its weights."""

    body: Any
    """Takes what a transformers base model takes; its output has ``last_hidden_state`` (B, S, D)."""
    head: nn.Module
    """(..., D) to (..., C)."""


class Headed(nn.Module):
    """A network put together from a base model and a head that transformers has no class for."""

    def __init__(self, body: Any, head: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.head = head

    @property
    def config(self) -> Any:
        """Config of the body."""
        return self.body.config

    @property
    def dtype(self) -> torch.dtype:
        """Floating type of the body."""
        return self.body.dtype  # type: ignore[no-any-return]

    def get_input_embeddings(self) -> nn.Module:
        """The body's embeddings."""
        return self.body.get_input_embeddings()  # type: ignore[no-any-return]

    def gradient_checkpointing_enable(self, **given: Any) -> None:
        """Trade time for memory in the body."""
        self.body.gradient_checkpointing_enable(**given)

    def forward(self, **given: Any) -> Any:
        """Outputs of every token, as ``logits``.

        Shapes:
            logits: (B, S, C).
        """
        return SimpleNamespace(logits=self.head(self.body(**given).last_hidden_state))


def halves(network: Any) -> Halves | None:
    """The halves of a token classifier; None where more than dropout and linear layers follow its body.

    Adapters are looked through: they live inside the layers.

    Examples:
        >>> from transformers import Qwen2Config, Qwen2ForTokenClassification
        >>> tiny = Qwen2Config(vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        ...     num_attention_heads=1, num_key_value_heads=1)
        >>> type(halves(Qwen2ForTokenClassification(tiny)).body).__name__
        'Qwen2Model'
    """
    if isinstance(network, Headed):
        return Halves(network.body, network.head)
    if hasattr(network, "get_base_model"):
        if any(one.is_prompt_learning for one in network.peft_config.values()):
            return None
        network = network.get_base_model()
    name = network.base_model_prefix
    rest = [part for own, part in network.named_children() if own != name]
    simple = all(_reads_vectors(part) for part in rest)
    return Halves(getattr(network, name), nn.Sequential(*rest)) if rest and simple else None


def _reads_vectors(part: nn.Module) -> bool:
    # An adapter keeps a trained copy of the head in a wrapper of its own.
    inner = getattr(part, "original_module", part)
    return isinstance(inner, nn.Dropout | nn.Linear)
