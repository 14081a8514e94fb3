"""Folders of log-ratio PRMs trained here: a language model, its reference, and the card beside them.

The folder is an ordinary causal language model; ``prmkit.json`` says how it is read and where the reference
is: in the folder ``reference``, or at a relative path.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prmkit.model.calibration import Calibration
from prmkit.model.folder import weights_digest, writing
from prmkit.model.implicit import ImplicitPRM
from prmkit.model.store import (
    CARD,
    card_head,
    check_digest,
    entries,
    merged,
    read_card,
    read_spec,
    same_rendering,
)
from prmkit.types import Json

HEAD = "log_ratio"
REFERENCE = "reference"


def save_pair(
    prm: ImplicitPRM,
    folder: Path,
    labels: Mapping[str, Json],
    *,
    reference: Path | None = None,
) -> str:
    """Write the model and its reference; returns the digest of the model's weights.

    Args:
        prm: Both models.
        folder: Where to write; made if missing.
        labels: What it was trained on.
        reference: Folder that the reference was read from, to be noted; None puts the reference into the
            folder.

    Raises:
        StorageError: The folder cannot be written.
    """
    place = reference or folder / REFERENCE
    with writing(folder, CARD) as card:
        merged(prm.model).save_pretrained(folder)
        prm.tokenizer.save_pretrained(folder)
        if reference is None:
            prm.reference.save_pretrained(place)
            prm.tokenizer.save_pretrained(place)
        card |= entries(prm, HEAD, "outcome", labels, Calibration())
        path = Path(os.path.relpath(place.resolve(), folder.resolve()))
        card["reference"] = {"path": path.as_posix(), "digest": weights_digest(place)}
    return str(card["weights"])


def is_pair(folder: str | Path) -> bool:
    """Whether the card of a folder says that it holds a log-ratio PRM."""
    return card_head(folder) == HEAD


def load_pair(
    folder: str | Path, spec: Any = None, *, reference: str | Path | None = None, **given: Any
) -> ImplicitPRM:
    """Read a folder that ``save_pair`` wrote.

    Args:
        folder: The folder.
        spec: The reading that the caller expects; None takes the folder's own.
        reference: Folder of the reference, where it has moved.
        **given: As for ``ImplicitPRM.open``: dtype, device, max_tokens.

    Raises:
        CheckpointError: A part is missing or was changed.
        RendererMismatchError: Text would reach the model otherwise than in training.
    """
    folder = Path(folder)
    card = read_card(folder, (HEAD,))
    own = read_spec(card["spec"], folder)
    told = card.get("reference") or {}
    place = Path(reference) if reference is not None else folder / str(told.get("path", REFERENCE))
    check_digest(folder, card["weights"])
    check_digest(place, told.get("digest"), part="reference")
    prm = ImplicitPRM.open(folder, own, reference=place, **given)
    same_rendering(card, own, spec, prm.tokenizer, folder)
    return prm
