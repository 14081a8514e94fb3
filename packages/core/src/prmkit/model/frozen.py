"""The frozen policy behind a surprisal head: its opinion of every token of an encoded solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from prmkit.encode.forest import Forest, grow
from prmkit.encode.layout import choose
from prmkit.encode.tokenise import Encoded
from prmkit.errors import CheckpointError
from prmkit.model.classifier import StepClassifier
from prmkit.model.folder import load_weights, open_folder, weights_digest
from prmkit.model.surprisal import LOGITS, WIDTH, features_of, token_surprisal


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
        seen = [replace(one, ids=tuple(row)) for one, row in zip(encoded, rows, strict=True)]
        found: list[torch.Tensor] = [torch.zeros(0, WIDTH)] * len(rows)
        for group in choose(seen, budget=batch_tokens, shape=self.reader.shape):
            mine = [rows[i] for i in group.members]
            if group.kind == "rows":
                told = token_surprisal(self.model, mine, batch_tokens=batch_tokens)
            else:
                forest = grow([tuple(row) for row in mine], groups=group.problem)
                each = forest_surprisal(self.reader, forest, piece=batch_tokens)
                told = [each[torch.from_numpy(slots)] for slots in forest.where]
            for i, one in zip(group.members, told, strict=True):
                found[i] = one
        return found

    @cached_property
    def reader(self) -> StepClassifier:
        """The policy as a network whose head is a row of the vocabulary."""
        return StepClassifier(self.model, causal=True)

    def _view(self, encoded: Encoded) -> list[int]:
        ids = list(encoded.ids)
        if self.separator is not None:
            for place in encoded.marks:
                if place is not None:
                    ids[place] = self.separator
        return ids


@torch.inference_mode()
def forest_surprisal(reader: StepClassifier, forest: Forest, *, piece: int) -> torch.Tensor:
    """Surprisal features of a forest's tokens under a causal model, each token's prediction made once.

    Args:
        reader: The causal model; its head gives a row of the vocabulary.
        forest: Nothing of it is known before.
        piece: Tokens computed at once.

    Shapes:
        result: (U, 3), float32, on the CPU.
    """
    device = next(reader.parameters()).device
    ids = torch.from_numpy(forest.ids).to(device)
    batch = {
        "input_ids": ids[None],
        "position_ids": torch.from_numpy(forest.depth)[None].to(device),
        "solution": torch.ones(1, len(forest), dtype=torch.bool, device=device),
    }
    hidden = reader.vectors(batch, forest, piece=piece)[0]
    found = torch.zeros(len(forest), WIDTH)
    before = torch.from_numpy(forest.before)
    told = (before >= 0).nonzero()[:, 0]
    for part in told.split(max(1, LOGITS // reader.config.vocab_size)):
        logits = reader.head(hidden[before[part].to(device)])
        found[part] = features_of(logits, ids[part.to(device)]).cpu()
    return found
