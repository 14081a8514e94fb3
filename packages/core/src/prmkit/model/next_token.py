"""Models whose output over the vocabulary is the reward of every next token.

Source: Saffron-1 (arXiv 2506.06444).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from prmkit.cards import PRMSpec
from prmkit.errors import CheckpointError, ConfigError
from prmkit.model.folder import load_tokenizer, load_weights, weights_digest
from prmkit.model.public import VOCABULARY
from prmkit.model.surface import Surface
from prmkit.model.tensors import Tensors
from prmkit.types import Problem, StepScores, Trajectory

UNSEEN = -1024.0
"""Reward of a token that training never saw: a conservative guess."""


@dataclass(eq=False)
class NextTokenPRM(Surface):
    """A causal model with a bias of its vocabulary matrix and a mask of tokens it never learned to rate."""

    spec: PRMSpec
    tokenizer: Any
    model: Any
    bias: torch.Tensor
    unseen: torch.Tensor
    digest: str = ""

    @classmethod
    def open(
        cls, folder: Path, spec: PRMSpec, *, dtype: str = "float32", device: str = "cpu"
    ) -> NextTokenPRM:
        """Read a folder.

        Raises:
            CheckpointError: A part is missing, or has another size than the vocabulary.
        """
        tensors = Tensors(folder)
        bias, unseen = tensors.get(f"{VOCABULARY}.bias"), tensors.get(spec.tensors).bool()
        model = load_weights(AutoModelForCausalLM, folder, dtype=dtype, whole=True).to(device)
        size = model.config.vocab_size
        for name, one in ((f"{VOCABULARY}.bias", bias), (spec.tensors, unseen)):
            if one.shape != (size,):
                raise CheckpointError(
                    f"{name!r} has shape {tuple(one.shape)}; the vocabulary has {size} tokens",
                    do="give parts of one checkpoint",
                    file=folder,
                    field=name,
                )
        return cls(
            spec,
            load_tokenizer(folder),
            model,
            bias.float().to(device),
            unseen.to(device),
            weights_digest(folder),
        )

    @torch.inference_mode()
    def score_next(self, problem: Problem, prefixes: Sequence[str]) -> torch.Tensor:
        """Reward of every next token behind each prefix of an answer.

        Shapes:
            result: (B, V), float32, on the CPU; tokens that training never saw have ``UNSEEN``.
        """
        head = self.spec.before_problem + problem.text + self.spec.after_problem
        found = []
        for prefix in prefixes:
            ids = torch.tensor([self.tokenizer(head + prefix)["input_ids"]], device=self.bias.device)
            logits = self.model(input_ids=ids, logits_to_keep=1, use_cache=False).logits[0, -1].float()
            found.append((logits + self.bias).masked_fill(self.unseen, UNSEEN).cpu())
        return torch.stack(found) if found else torch.empty(0, len(self.bias))

    def block(self, solutions: Sequence[tuple[Problem, Trajectory]]) -> list[StepScores]:
        """Refuses: nothing published says how such a model scores steps.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"{self.spec.name!r} rates next tokens, not steps",
            do="use score_next(problem, prefixes)",
            field="spec",
        )
