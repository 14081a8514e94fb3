"""The folder of a generative PRM that was trained here: causal model, tokenizer, and how it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prmkit.cards import PRMSpec
from prmkit.errors import CheckpointError, PrmkitError
from prmkit.model.folder import weights_digest, writing
from prmkit.types import Json, Threshold

CRITIC = "critic.json"
"""Written last: a folder without it is not whole."""
FORMAT = 1


def save_critic(
    model: Any, tokenizer: Any, spec: PRMSpec, folder: Path, trained: Mapping[str, Json] | None = None
) -> str:
    """Write a folder that ``load_prm`` opens as a ``GenerativePRM``; returns the digest of the weights.

    Args:
        model: Causal model without adapters.
        tokenizer: Its tokenizer.
        spec: How it is asked and read.
        folder: Where to write; made if missing.
        trained: What it was trained on, for the card.

    Raises:
        StorageError: The folder cannot be written.
    """
    with writing(folder, CRITIC) as card:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        card |= {"format": FORMAT, "spec": asdict(spec), "trained": dict(trained or {})}
    return str(card["weights"])


def critic_spec(folder: str | Path) -> PRMSpec | None:
    """How the generative PRM in a folder is asked; None where ``save_critic`` did not write the folder.

    Raises:
        CheckpointError: The card cannot be read, or is of other weights.
    """
    card = Path(folder) / CRITIC
    if not card.is_file():
        return None
    try:
        told = json.loads(card.read_text("utf-8"))
        if told["format"] != FORMAT:
            raise ValueError(f"format {told['format']!r} is unknown here")
        spec = PRMSpec(**{**told["spec"], "threshold": Threshold(**told["spec"]["threshold"])})
        weights = told["weights"]
    except (OSError, ValueError, KeyError, TypeError, PrmkitError) as error:
        raise CheckpointError(
            f"the card cannot be read: {error}", do="use the prmkit version that wrote it", file=card
        ) from error
    if weights != weights_digest(folder):
        raise CheckpointError(
            "the weights are not those that the card was written for",
            do="copy the folder again, or save the model again",
            file=card,
            field="weights",
        )
    return spec
