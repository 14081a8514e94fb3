"""Models whose output over the vocabulary is the reward of every next token.

A folder that was trained here also scores steps: the reward of a step's last token, given what stands before
it. Of public ones nobody says how they would.

Source: Saffron-1 (arXiv 2506.06444).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from prmkit.budget import Budget
from prmkit.cards import PRMSpec
from prmkit.encode.tokenise import Encoded, Encoder, begin_ids
from prmkit.errors import CheckpointError, ConfigError
from prmkit.model.calibration import Calibration
from prmkit.model.folder import load_tokenizer, load_weights, weights_digest, writing
from prmkit.model.heads import RANGES, link
from prmkit.model.public import VOCABULARY
from prmkit.model.store import CARD, check_digest, entries, merged, read_card, read_spec, same_rendering
from prmkit.model.surface import Surface
from prmkit.model.tensors import Tensors
from prmkit.types import Json, Problem, StepScores, Trajectory

HEAD = "next_token"
FILE = "next_token.safetensors"
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
    steps: bool = False
    """Whether steps are scored too, by their last tokens: True where labels of steps were learned."""
    max_tokens: int | None = None
    spent: Budget = field(default_factory=Budget)
    """Counts the tokens read."""

    @property
    def parameters(self) -> int:
        """Parameters that every token passes."""
        return sum(one.numel() for one in self.model.parameters()) + len(self.bias)

    @classmethod
    def open(
        cls,
        folder: Path,
        spec: PRMSpec,
        *,
        dtype: str = "float32",
        device: str = "cpu",
        max_tokens: int | None = None,
        steps: bool = False,
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
            steps,
            max_tokens,
        )

    @torch.inference_mode()
    def score_next(self, problem: Problem, prefixes: Sequence[str]) -> torch.Tensor:
        """Reward of every next token behind each prefix of an answer.

        Shapes:
            result: (B, V), float32, on the CPU; tokens that training never saw have ``UNSEEN``.
        """
        found = []
        for prefix in prefixes:
            ids = torch.tensor([self._ids(problem.text, prefix)], device=self.bias.device)
            self.spent.spend(tokens=ids.shape[1])
            logits = self.model(input_ids=ids, logits_to_keep=1, use_cache=False).logits[0, -1].float()
            found.append((logits + self.bias).masked_fill(self.unseen, UNSEEN).cpu())
        return torch.stack(found) if found else torch.empty(0, len(self.bias))

    def _ids(self, problem: str, prefix: str) -> list[int]:
        parts = (self.spec.before_problem, problem, self.spec.after_problem, prefix)
        if self.spec.joint:
            return self.tokenizer("".join(parts))["input_ids"]
        told = self.tokenizer(list(parts), add_special_tokens=False)["input_ids"]
        return [*begin_ids(self.tokenizer, self.spec), *chain.from_iterable(told)]

    def block(self, solutions: Sequence[tuple[Problem, Trajectory]]) -> list[StepScores]:
        """Scores of solutions that are held at once, in order; None for a last token that was never learned.

        Raises:
            ConfigError: A public checkpoint: nothing published says how it scores steps.
            CheckpointError: The model gives NaN or infinity.
        """
        if not self.steps:
            raise ConfigError(
                f"{self.spec.name!r} rates next tokens, not steps",
                do="use score_next(problem, prefixes)",
                field="spec",
            )
        encoded = self.encoder(solutions)
        return [self._scores(one, read) for (_, one), read in zip(solutions, encoded, strict=True)]

    @property
    def encoder(self) -> Encoder:
        """What turns solutions into tokens; never more than the model reads."""
        asked = self.max_tokens or self.spec.max_tokens
        limit = min(asked, self.model.config.max_position_embeddings, self.tokenizer.model_max_length)
        return Encoder(self.tokenizer, self.spec, limit)

    @torch.inference_mode()
    def _scores(self, trajectory: Trajectory, read: Encoded) -> StepScores:
        values: list[float | None] = [None] * len(read.marks)
        ends = {step: place for step, place in enumerate(read.marks) if place}
        if ends:
            self.spent.spend(tokens=len(read.ids))
            ids = torch.tensor([read.ids], device=self.bias.device)
            places = torch.tensor([place - 1 for place in ends.values()], device=self.bias.device)
            told = self.model(input_ids=ids, logits_to_keep=places, use_cache=False).logits[0].float()
            taken = ids[0, places + 1]
            rewards = told.gather(1, taken[:, None])[:, 0] + self.bias[taken]
            if not rewards.isfinite().all():
                raise CheckpointError(
                    "the model gives NaN or infinity", do="load it with dtype='float32'", field="dtype"
                )
            found = link(rewards[:, None], self.spec.link).tolist()
            for step, value, new in zip(ends, found, self.unseen[taken].tolist(), strict=True):
                values[step] = None if new else value
        return self.told(trajectory, values, range=RANGES[self.spec.link])


def save_next_token(prm: NextTokenPRM, folder: Path, labels: Mapping[str, Json]) -> str:
    """Write a folder that ``load_prm`` and ``AutoModelForCausalLM`` open; returns the digest of its weights.

    Args:
        prm: What is written; adapters are merged.
        folder: Where to write; made if missing.
        labels: What it was trained on.

    Raises:
        StorageError: The folder cannot be written.
    """
    with writing(folder, CARD) as card:
        merged(prm.model).save_pretrained(folder)
        prm.tokenizer.save_pretrained(folder)
        own = {f"{VOCABULARY}.bias": prm.bias.detach().cpu(), prm.spec.tensors: prm.unseen.cpu()}
        save_file({name: one.contiguous() for name, one in own.items()}, folder / FILE)
        card |= entries(prm, HEAD, "steps", labels, Calibration())
    return str(card["weights"])


def load_next_token(folder: str | Path, spec: Any = None, **given: Any) -> NextTokenPRM:
    """Read a folder that ``save_next_token`` wrote.

    Args:
        folder: The folder.
        spec: The reading that the caller expects; None takes the folder's own.
        **given: As for ``NextTokenPRM.open``: dtype, device, max_tokens.

    Raises:
        CheckpointError: A part is missing or was changed.
        RendererMismatchError: Text would reach the model otherwise than in training.
    """
    folder = Path(folder)
    card = read_card(folder, (HEAD,))
    own = read_spec(card["spec"], folder)
    check_digest(folder, card["weights"])
    prm = NextTokenPRM.open(folder, own, steps=True, **given)
    same_rendering(card, own, spec, prm.tokenizer, folder)
    return prm
