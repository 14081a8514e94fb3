"""Opening a PRM by path, and settings of its use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prmkit.cards import PRMSpec
from prmkit.errors import ConfigError
from prmkit.model.special import Loaded, open_any


def load_prm(
    path: str | Path,
    spec: PRMSpec | str | None = None,
    *,
    dtype: str = "float32",
    device: str = "cpu",
    max_tokens: int | None = None,
    reference: str | Path | None = None,
) -> Loaded:
    """Read a PRM: a folder that ``PRM.save`` wrote, or a public checkpoint with its spec.

    Args:
        path: The folder.
        spec: How the checkpoint is read. Our own folders know: leave it out, or pass it to make sure. A
            folder without ``prmkit.json`` needs the name of a family (``prmkit prm specs``) or a ``PRMSpec``.
        dtype: Floating type of the weights.
        device: Where the model runs.
        max_tokens: Longest text; None takes the spec's. Steps that do not fit score None.
        reference: Folder of the reference model, for families that compare two models.

    Returns:
        A ``PRM``; for families of log-ratios, verifications and next-token rewards another scorer with
        the same calls.

    Raises:
        CheckpointError: No such folder, pickled or NaN weights, a missing part, or a tokenizer without the
            marker.
        RendererMismatchError: Text would reach the model otherwise than in training.
        UnknownNameError: No family has this name.
    """
    return open_any(path, spec, reference=reference, dtype=dtype, device=device, max_tokens=max_tokens)


def used(model: Any, *, exit_at: float | None = None, **how: Any) -> Any:
    """The model, set to be used in this way.

    Args:
        model: What ``load_prm`` gave.
        exit_at: For a head of early exits, see ``PRM.exit_at``; None leaves it.
        **how: For generative PRMs, see ``GenerativePRM.ask``; what is None or 0 is left as it is.

    Raises:
        ConfigError: The model cannot be used so.
    """
    if exit_at is not None:
        if not hasattr(model, "exit_at"):
            raise ConfigError(
                f"a {type(model).__name__} has no exits", do="leave exit_at out", field="exit_at"
            )
        model.exit_at(exit_at)
    asked = {name: value for name, value in how.items() if value is not None and value != 0}
    if asked and not hasattr(model, "ask"):
        raise ConfigError(
            f"a {type(model).__name__} writes no verifications",
            do=f"leave {', '.join(asked)} out, or give a generative PRM (a chat model with spec: thinkprm)",
            field="prm",
        )
    return model.ask(**asked) if asked else model
