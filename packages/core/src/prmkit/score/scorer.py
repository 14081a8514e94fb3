"""Opening a PRM by path."""

from __future__ import annotations

from pathlib import Path

from prmkit.cards import PRMSpec
from prmkit.model.prm import PRM


def load_prm(
    path: str | Path,
    spec: PRMSpec | str | None = None,
    *,
    dtype: str = "float32",
    device: str = "cpu",
    max_tokens: int | None = None,
) -> PRM:
    """Read a PRM: a folder that ``PRM.save`` wrote, or another trainer's token classifier with its spec.

    Args:
        path: The folder.
        spec: How the checkpoint is read. Our own folders know: leave it out, or pass it to make sure. A
            folder without ``prmkit.json`` needs a ``PRMSpec``.
        dtype: Floating type of the weights.
        device: Where the model runs.
        max_tokens: Longest text; None takes the spec's. Steps that do not fit score None.

    Raises:
        CheckpointError: No such folder, pickled or NaN weights, a missing part, or a tokenizer without the
            marker.
        RendererMismatchError: Text would reach the model otherwise than in training.
    """
    return PRM.load(path, spec, dtype=dtype, device=device, max_tokens=max_tokens)
