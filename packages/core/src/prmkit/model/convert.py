"""Pickled extras of public checkpoints (heads, masks) to safetensors.

A pickle can run any code when it is opened, so it is opened inside the sandbox only, and with weights only;
what comes out is bytes, which are checked here. The pickled file is left as it is.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save_file

from prmkit.errors import CheckpointError, StorageError
from prmkit.model.folder import PICKLED
from prmkit.verify.sandbox import Limits, Result, SandboxPool

MOST = 1 << 26
"""Bytes of a pickled file that are taken. Heads and masks are far smaller; whole models are not for this."""
NOT_EXTRAS = re.compile(r"(pytorch_model|training_args|optimizer|scheduler|rng_state|consolidated)")
TYPES = {
    str(one).removeprefix("torch."): one
    for one in (torch.float32, torch.float16, torch.bfloat16, torch.bool, torch.uint8, torch.int64)
}
"""Types of tensors that a head or a mask can have."""
_NAME = re.compile(r"[\w.\-]{0,200}")

INSIDE = """
import base64, ctypes, io
import torch
given = torch.load(io.BytesIO(base64.b64decode(data)), map_location="cpu", weights_only=True)
given = {"": given} if isinstance(given, torch.Tensor) else dict(given)
told = {}
for name, one in given.items():
    one = one.detach().contiguous()
    size = one.numel() * one.element_size()
    raw = ctypes.string_at(one.data_ptr(), size) if size else b""
    told[str(name)] = [str(one.dtype)[6:], list(one.shape), base64.b64encode(raw).decode()]
told
"""
"""Runs in the sandbox, where ``data`` is the pickled file."""


class Pool(Protocol):
    """Runs code where it can reach nothing; see ``SandboxPool``."""

    def run(self, code: str, inputs: Any = None, limits: Limits | None = None) -> Result:
        """What came of the code."""
        ...


def convert(folder: str | Path, *, pool: Pool | None = None) -> list[tuple[Path, Path]]:
    """Write each pickled extra of a model folder as safetensors beside it; pairs of (old, new) file.

    A bare tensor is called by the file's name; ``weight`` and ``bias`` get it as a prefix, so that
    ``reward_head.pt`` gives ``reward_head.weight``. Weights of whole models are passed over.

    Args:
        folder: Model folder.
        pool: Where the pickles are opened; None starts a sandbox that has torch.

    Raises:
        CheckpointError: No such folder, nothing to convert, or a file that holds more than tensors.
        StorageError: The folder cannot be written.
        SandboxRefusedError: There is no safe place to open a pickle.
    """
    place = Path(folder)
    files = extras(place)
    if pool is not None:
        return [(file, _one(file, pool)) for file in files]
    with SandboxPool(imports=("torch",)) as own:
        return [(file, _one(file, own)) for file in files]


def extras(folder: Path) -> list[Path]:
    """Pickled files of a folder that are no whole model and no state of a training run.

    Raises:
        CheckpointError: No such folder, or it has none.
    """
    if not folder.is_dir():
        raise CheckpointError("there is no such model folder", do="give a local folder", file=folder)
    found = [
        one
        for one in sorted(folder.iterdir())
        if one.suffix in PICKLED and one.is_file() and not NOT_EXTRAS.match(one.name)
    ]
    if not found:
        raise CheckpointError(
            "the folder has no pickled heads or masks",
            do="whole models in pytorch_model.bin are converted by their publishers; ask for safetensors",
            file=folder,
        )
    return found


def _one(file: Path, pool: Pool) -> Path:
    size = file.stat().st_size
    if size > MOST:
        raise CheckpointError(
            f"{size} bytes are too many for a head or a mask",
            do="convert whole models where their publisher vouches for them",
            file=file,
        )
    data = base64.b64encode(file.read_bytes()).decode()
    limits = Limits(seconds=120.0, memory=1 << 32, value=3 * MOST)
    result = pool.run(INSIDE, {"data": data}, limits)
    if result.status != "ok" or not isinstance(result.value, Mapping):
        raise CheckpointError(
            f"the file holds more than tensors, or is damaged: {(result.exception or result.status)[:200]}",
            do="do not open it elsewhere unless you trust its publisher with your machine",
            file=file,
        )
    tensors = {_name(name, file): _tensor(name, told, file) for name, told in result.value.items()}
    new = file.with_suffix(".safetensors")
    try:
        save_file(tensors, new)
    except OSError as error:
        raise StorageError(
            f"the tensors cannot be written: {error}",
            do="free some space, or make the folder writable",
            file=new,
        ) from error
    return new


def _name(name: str, file: Path) -> str:
    if not name:
        return file.stem
    return f"{file.stem}.{name}" if name in ("weight", "bias") else name


def _tensor(name: str, told: Any, file: Path) -> torch.Tensor:
    """A tensor from what the sandbox told; nothing of it is believed."""
    try:
        kind, shape, raw = told
        dtype, data = TYPES[kind], bytearray(base64.b64decode(raw, validate=True))
        sizes = [size for size in shape if isinstance(size, int) and size >= 0]
        fits = len(data) == math.prod(sizes) * torch.empty(0, dtype=dtype).element_size()
        if len(sizes) != len(shape) or len(shape) > 4 or not fits or not _NAME.fullmatch(name):
            raise ValueError("its parts do not fit together")
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise CheckpointError(
            f"tensor {name[:80]!r} cannot be taken over: {type(error).__name__} {str(error)[:100]}",
            do="ask its publisher for safetensors",
            file=file,
        ) from error
    found = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
    if found.is_floating_point() and not found.isfinite().all():
        raise CheckpointError(
            "the weights hold NaN or infinity", do="use an earlier checkpoint", file=file, field=name
        )
    return found.reshape(sizes).clone()
