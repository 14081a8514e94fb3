"""Parts of a PRM that transformers does not know: fresh ones, and their files in a PRM folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from prmkit.errors import CheckpointError, ConfigError
from prmkit.model.exits import Exits, stack
from prmkit.model.folder import check_finite
from prmkit.model.halves import halves
from prmkit.model.heads import HeadOptions, SurprisalInput

FILES: Mapping[str, str] = {
    "surprisal": "surprisal.safetensors",
    "hidden": "hidden.safetensors",
    "exits": "exits.safetensors",
}
"""File of each part, by its name in ``StepClassifier``."""


class Hidden(nn.Module):
    """A layer between backbone and head: with it the head is Linear, ReLU, Linear.

    Args:
        width: Entries of a hidden state.

    Source: Qwen2.5-Math-RM (arXiv 2409.12122) and Qwen2.5-Math-PRM (arXiv 2501.07301).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, width)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Hidden states for the head's last layer.

        Shapes:
            vectors: (..., D). result: (..., D).
        """
        return self.inner(vectors).relu()  # type: ignore[no-any-return]


def stages(network: Any) -> int:
    """Places where a step may leave: behind each layer.

    Raises:
        ConfigError: More than a head follows the layers, or there are fewer than two.
    """
    return len(stack(_body(network)))


def fresh(head: str, options: HeadOptions, network: Any, *, seed: int) -> dict[str, nn.Module]:
    """The parts that this head needs, drawn anew; the caller's random state is left as it was.

    Raises:
        ConfigError: The backbone cannot carry them.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return {name: part.to(network.dtype) for name, part in _parts(head, options, network).items()}


def save_parts(module: Any, folder: Path) -> None:
    """Write the parts that a module has; files of parts that it has not are removed."""
    for name, file in FILES.items():
        part = getattr(module, name)
        if part is None:
            (folder / file).unlink(missing_ok=True)
        else:
            save_file({key: one.contiguous() for key, one in part.state_dict().items()}, folder / file)


def load_parts(head: str, options: HeadOptions, network: Any, folder: Path) -> dict[str, nn.Module]:
    """The parts that a card's head needs, from their files.

    Raises:
        CheckpointError: One cannot be read, is of another width, or holds NaN.
    """
    try:
        parts = _parts(head, options, network, folder)
    except ConfigError as error:
        raise CheckpointError(
            error.message, do="copy the folder again as a whole", file=folder, field="config.json"
        ) from error
    for name, part in parts.items():
        put(part, folder / FILES[name])
        part.to(network.dtype)
    return parts


def put(part: nn.Module, file: Path) -> None:
    """The weights of a file into a part.

    Raises:
        CheckpointError: The file cannot be read, is of another width, or holds NaN.
    """
    try:
        part.load_state_dict(load_file(file))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(
            f"the {file.stem} part of the head cannot be read: {str(error)[:300]}",
            do="copy the folder again as a whole",
            file=file,
        ) from error
    check_finite(part, file)


def _parts(head: str, options: HeadOptions, network: Any, folder: Path | None = None) -> dict[str, nn.Module]:
    width = network.config.hidden_size
    found: dict[str, nn.Module] = {}
    if head == "surprisal":
        found["surprisal"] = SurprisalInput(width, *_inner(folder))
    if options.two_layers:
        _body(network)
        found["hidden"] = Hidden(width)
    if head == "exit":
        if options.stages != stages(network):
            raise ConfigError(
                f"a head of {options.stages} stages on {stages(network)} layers",
                do="give head and backbone of one PRM",
                field="stages",
            )
        found["exits"] = Exits(width, options.stages)
    return found


def _inner(folder: Path | None) -> list[int]:
    """Inner width of a stored surprisal input; nothing where none is stored, for the usual one."""
    if folder is None:
        return []
    try:
        return [load_file(folder / FILES["surprisal"])["inner.weight"].shape[0]]
    except (OSError, SafetensorError, KeyError) as error:
        raise CheckpointError(
            f"the surprisal part of the head cannot be read: {error}",
            do="copy the folder again as a whole",
            file=folder / FILES["surprisal"],
        ) from error


def _body(network: Any) -> Any:
    split = halves(network)
    if split is None:
        raise ConfigError(
            f"more than a linear head follows the layers of a {network.config.model_type!r} model",
            do="take a backbone whose token classifier is dropout and one linear layer",
            field="head",
        )
    return split.body
