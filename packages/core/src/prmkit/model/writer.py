"""What a generative PRM needs of a model: to write on, and to weigh a few words against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import AutoModelForCausalLM

from prmkit.budget import Budget
from prmkit.errors import ConfigError
from prmkit.model.folder import load_weights
from prmkit.model.public import token_ids
from prmkit.policy.decode import decode, prefill
from prmkit.policy.hf import end_tokens
from prmkit.policy.sampling import uniforms


class Writer(Protocol):
    """Continues texts. Results depend on the prompt and the seed alone."""

    def write(
        self, prompts: Sequence[str], *, seed: int, temperature: float, stop: Sequence[str]
    ) -> list[str]:
        """A continuation of each prompt, which ends before the first of the stop texts."""
        ...

    def weigh(self, prompts: Sequence[str], options: Sequence[str]) -> list[list[float]]:
        """Per prompt the probability of each option as the next token, among the options."""
        ...


@dataclass(eq=False)
class HFWriter:
    """A causal model folder as a writer."""

    model: Any
    tokenizer: Any
    max_new_tokens: int = 2048
    batch: int = 8
    """Prompts that are written on together."""
    spent: Budget = field(default_factory=Budget)
    """Counts the tokens read and written."""

    @property
    def parameters(self) -> int:
        """Parameters that every token passes."""
        return sum(one.numel() for one in self.model.parameters())

    @classmethod
    def open(
        cls, folder: str | Path, tokenizer: Any, *, dtype: str = "float32", device: str = "cpu"
    ) -> HFWriter:
        """Read a folder.

        Raises:
            CheckpointError: It cannot be read as a causal model.
        """
        model = load_weights(AutoModelForCausalLM, folder, dtype=dtype, whole=True)
        return cls(model.to(device), tokenizer)

    @torch.inference_mode()
    def write(
        self, prompts: Sequence[str], *, seed: int, temperature: float, stop: Sequence[str]
    ) -> list[str]:
        """A continuation of each prompt, which ends before the first of the stop texts.

        Raises:
            ConfigError: A prompt fills the model's whole context.
        """
        ends = torch.tensor(sorted(end_tokens(self.model, self.tokenizer)), device=self.model.device)
        found = []
        for start in range(0, len(prompts), self.batch):
            some = prompts[start : start + self.batch]
            rows = self._ids(some)
            limit = min(self.max_new_tokens, self._room() - max(map(len, rows)))
            noise = uniforms([_key(seed, prompt) for prompt in some], limit).to(self.model.device)
            tokens, _ = decode(
                self.model,
                rows,
                torch.arange(len(rows), device=self.model.device),
                noise,
                temperature=temperature,
                ends=ends,
                pad=self.tokenizer.pad_token_id or 0,
            )
            ended = torch.isin(tokens, ends.cpu())
            for row, over in zip(tokens.tolist(), ended.tolist(), strict=True):
                used = over.index(True) if any(over) else limit
                self.spent.spend(tokens=used)
                found.append(cut(self.tokenizer.decode(row[:used], skip_special_tokens=False), stop))
        return found

    @torch.inference_mode()
    def weigh(self, prompts: Sequence[str], options: Sequence[str]) -> list[list[float]]:
        """Per prompt the probability of each option as the next token, among the options.

        Raises:
            CheckpointError: An option is not one token.
            ConfigError: A prompt fills the model's whole context.
        """
        wanted = token_ids(self.tokenizer, options)
        found = []
        for start in range(0, len(prompts), self.batch):
            rows = self._ids(prompts[start : start + self.batch])
            pad = self.tokenizer.pad_token_id or 0
            _, logits, _, _ = prefill(self.model, rows, pad=pad, device=self.model.device)
            found += logits.float()[:, wanted].softmax(-1).cpu().tolist()
        return found

    def _ids(self, prompts: Sequence[str]) -> list[list[int]]:
        rows: list[list[int]] = self.tokenizer(list(prompts), add_special_tokens=False)["input_ids"]
        longest = max(map(len, rows))
        if longest >= self._room():
            raise ConfigError(
                f"a prompt has {longest} tokens; the model takes {self._room() - 1}",
                do="shorten the solution, or use a model with a longer context",
                field="max_tokens",
            )
        self.spent.spend(tokens=sum(map(len, rows)))
        return rows

    def _room(self) -> int:
        return int(getattr(self.model.config, "max_position_embeddings", None) or 1 << 30)


def cut(text: str, stop: Sequence[str]) -> str:
    """``text`` before the first of the stop texts.

    Examples:
        >>> cut("a <b> c", ["c", "<b>"])
        'a '
    """
    return text[: min((at for at in map(text.find, stop) if at >= 0), default=len(text))]


def _key(seed: int, prompt: str) -> int:
    told = f"{seed}\x1f{prompt}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=16).digest())
