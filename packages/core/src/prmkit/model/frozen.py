"""The frozen policy behind a surprisal head: its opinion of every token of an encoded solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from prmkit.encode.tokenise import Encoded
from prmkit.errors import CheckpointError
from prmkit.model.folder import load_weights, open_folder, weights_digest
from prmkit.model.token_reader import TokenReader


@dataclass(frozen=True)
class FrozenPolicy:
    """A causal model that is read and never trained."""

    model: Any
    digest: str
    """Digest of the weights files it was read from; empty for a model that was never saved."""
    origin: Path | None = None
    """Folder it was read from."""
    separator: int | None = None
    """Token that the policy sees where the PRM has a marker; None shows it the marker itself."""

    @classmethod
    def open(
        cls, path: str | Path, *, dtype: str = "float32", separator: int | None = None, digest: str = ""
    ) -> FrozenPolicy:
        """Read a policy folder.

        Raises:
            CheckpointError: The folder cannot be read, or its weights are not those of ``digest``.
        """
        found = weights_digest(open_folder(path))
        if digest and found != digest:
            raise CheckpointError(
                f"the policy's weights have digest {found}; this PRM was trained with {digest}",
                do="restore the policy that stood beside the PRM, or train the PRM again",
                file=path,
            )
        model = load_weights(AutoModelForCausalLM, path, dtype=dtype, whole=True)
        return cls(model.requires_grad_(False), found, Path(path), separator)

    def features(self, encoded: Sequence[Encoded], *, batch_tokens: int = 1 << 12) -> list[torch.Tensor]:
        """Surprisal features of each solution's tokens.

        Shapes:
            each result: (S, 3), see ``surprisal_of_logits``.

        Raises:
            CheckpointError: A token that the policy does not know.
        """
        rows = [self._view(one) for one in encoded]
        known = self.model.config.vocab_size
        top = max((max(row) for row in rows if row), default=0)
        if top >= known:
            raise CheckpointError(
                f"token {top} is unknown to the policy, which has {known} tokens",
                do="give PRM and policy one tokenizer, and name a separator token for the marker",
                field="separator",
            )
        return self.reader(rows, [one.solution for one in encoded], batch_tokens=batch_tokens)

    @cached_property
    def reader(self) -> TokenReader:
        """Reads the policy token by token."""
        return TokenReader(self.model)

    def _view(self, encoded: Encoded) -> list[int]:
        ids = list(encoded.ids)
        if self.separator is not None:
            for place in encoded.marks:
                if place is not None:
                    ids[place] = self.separator
        return ids
