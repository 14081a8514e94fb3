"""Folders of log-ratio PRMs trained here: a language model, its reference, and the card beside them.

The folder is an ordinary causal language model; ``prmkit.json`` says how it is read and where the reference
is: in the folder ``reference``, or at a relative path.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prmkit.encode.tokenise import fingerprint
from prmkit.errors import CheckpointError, StorageError
from prmkit.model.calibration import Calibration
from prmkit.model.folder import quiet, weights_digest
from prmkit.model.implicit import ImplicitPRM
from prmkit.model.store import CARD, FORMAT, card_head, merged, read_card, read_spec, same_rendering
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CARD).unlink(missing_ok=True)  # no card stands for a folder that is not whole
        with quiet():
            merged(prm.model).save_pretrained(folder)
            if reference is None:
                prm.reference.save_pretrained(folder / REFERENCE)
                prm.tokenizer.save_pretrained(folder / REFERENCE)
        prm.tokenizer.save_pretrained(folder)
        place = reference or folder / REFERENCE
        path = os.path.relpath(place.resolve(), folder.resolve())
        digest = weights_digest(folder)
        card = {
            "format": FORMAT,
            "head": HEAD,
            "target": "outcome",
            "spec": asdict(prm.spec),
            "renderer": prm.spec.renderer,
            "fingerprint": fingerprint(prm.tokenizer, prm.spec),
            "calibration": asdict(Calibration()),
            "labels": dict(labels),
            "weights": digest,
            "reference": {"path": Path(path).as_posix(), "digest": weights_digest(place)},
        }
        partial = folder / f"{CARD}.part"
        partial.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(folder / CARD)
    except OSError as error:
        raise StorageError(
            f"the PRM cannot be written: {error}",
            do="free some space or choose a folder you may write to; what is there is not whole",
            file=folder,
        ) from error
    return digest


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
    parts = (("weights", folder, card["weights"]), ("reference", place, told.get("digest")))
    for name, where, digest in parts:
        found = weights_digest(where)
        if found != digest:
            raise CheckpointError(
                f"the {name} have digest {found}, {CARD} says {digest}",
                do="copy the folder again as a whole, or give the reference that training began with",
                file=where,
                field=name,
            )
    prm = ImplicitPRM.open(folder, own, reference=place, **given)
    same_rendering(card, own, spec, prm.tokenizer, folder)
    return prm
