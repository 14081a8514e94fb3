"""Tensors of a checkpoint by name, read from its safetensors one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from prmkit.errors import CheckpointError

_BLOCK = 4096
"""Rows of a vocabulary matrix that are held at once."""


class Tensors:
    """The tensors of a model folder. A name stands for itself, or for what ends with it behind a dot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def files(self) -> dict[str, Path]:
        """Tensor name to the file that holds it.

        Raises:
            CheckpointError: A file is damaged.
        """
        found = {}
        for file in sorted(self.folder.glob("*.safetensors")):
            try:
                with safe_open(file, framework="pt") as stream:
                    found.update(dict.fromkeys(stream.keys(), file))
            except (OSError, SafetensorError) as error:
                raise CheckpointError(
                    f"the tensors cannot be read: {error}", do="copy the folder again as a whole", file=file
                ) from error
        return found

    def name(self, wanted: str) -> str | None:
        """Full name of the tensor called ``wanted``; None when there is none."""
        if wanted in self.files:
            return wanted
        behind = [one for one in self.files if one.endswith(f".{wanted}")]
        return behind[0] if len(behind) == 1 else None

    def get(self, wanted: str, rows: Sequence[int] | None = None) -> torch.Tensor:
        """A tensor, or some of its rows, checked to be finite.

        Raises:
            CheckpointError: It is missing, has fewer rows, or holds NaN or infinity.
        """
        name = self.name(wanted)
        if name is None:
            raise CheckpointError(
                f"the checkpoint has no tensor {wanted!r}",
                do="name the spec that belongs to this checkpoint; for pickled heads: prmkit prm convert",
                file=self.folder,
                field=wanted,
            )
        file = self.files[name]
        with safe_open(file, framework="pt") as stream:
            if rows is None:
                found: torch.Tensor = stream.get_tensor(name)
            else:
                part = stream.get_slice(name)
                known = part.get_shape()[0]
                if max(rows) >= known:
                    raise CheckpointError(
                        f"{name!r} has {known} rows and token {max(rows)} is asked for",
                        do="give tokenizer and weights of one checkpoint",
                        file=file,
                        field=name,
                    )
                found = torch.cat([part[row : row + 1] for row in rows])
        return _finite(found, file, name)

    def mean_row(self, wanted: str) -> torch.Tensor:
        """The mean of a matrix's rows (or of a vector's entries), summed in float64.

        Shapes:
            result: (D), or () for a vector; float64.

        Raises:
            CheckpointError: It is missing, or holds NaN or infinity.
        """
        name = self.name(wanted)
        if name is None:
            return self.get(wanted).double()
        with safe_open(self.files[name], framework="pt") as stream:
            part = stream.get_slice(name)
            rows, *rest = part.get_shape()
            total = torch.zeros(rest, dtype=torch.float64)
            for start in range(0, rows, _BLOCK):
                total += part[start : start + _BLOCK].double().sum(0)
        return _finite(total / rows, self.files[name], name)


def _finite(found: torch.Tensor, file: Path, name: str) -> torch.Tensor:
    if found.is_floating_point() and not found.isfinite().all():
        raise CheckpointError(
            "the weights hold NaN or infinity",
            do="the training run diverged or the file is damaged: use an earlier checkpoint",
            file=file,
            field=name,
        )
    return found
