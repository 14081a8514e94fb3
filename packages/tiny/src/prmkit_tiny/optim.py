"""Optimisers, their schedule, and a checkpoint from which a run goes on as if it had not stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file


def build_optimizers(model: torch.nn.Module, *, muon: float, adam: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for embeddings, norms and biases.

    Args:
        model: A decoder.
        muon: Peak learning rate of Muon.
        adam: Peak learning rate of AdamW.
    """
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    known = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in known]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=muon, weight_decay=0.0, momentum=0.95),
        torch.optim.AdamW(others, lr=adam, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


def factor(step: int, steps: int, *, warmup: int = 30, decay: float = 0.3) -> float:
    """Share of the peak learning rate: rises, holds, and falls to zero in a straight line.

    What comes before the fall does not depend on ``steps``: a run may be cut short from any
    checkpoint of its flat part and equals a run that was planned so.

    Args:
        step: Step about to be made, 1-based.
        steps: Steps of the run.
        warmup: Steps in which it rises.
        decay: Share of the run in which it falls.

    Examples:
        >>> [round(factor(step, 100, warmup=10, decay=0.5), 2) for step in (5, 30, 75, 100)]
        [0.5, 1.0, 0.5, 0.0]
    """
    rising = step / warmup if warmup else 1.0
    falling = (steps - step) / (decay * steps) if decay else 1.0
    return max(0.0, min(1.0, rising, falling))


def set_rates(optimizers: list[torch.optim.Optimizer], share: float) -> None:
    """Set every learning rate to ``share`` of its peak."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * share


def save_checkpoint(
    folder: Path, model: torch.nn.Module, optimizers: list[torch.optim.Optimizer], state: dict[str, Any]
) -> None:
    """Write weights, optimiser moments and ``state`` to one file, in one rename."""
    tensors = {f"model/{name}": value.contiguous() for name, value in model.state_dict().items()}
    # The output layer is the embedding: one of the two names is enough.
    tensors.pop("model/lm_head.weight", None)
    for place, optimizer in enumerate(optimizers):
        for parameter, moments in optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                tensors[f"optimizer/{place}/{parameter}/{name}"] = torch.as_tensor(value).contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "checkpoint.safetensors.part"
    save_file(tensors, partial, metadata={"state": json.dumps(state)})
    partial.replace(folder / "checkpoint.safetensors")


def load_checkpoint(
    folder: Path, model: torch.nn.Module, optimizers: list[torch.optim.Optimizer]
) -> dict[str, Any] | None:
    """Put a checkpoint back and return its ``state``; None when the folder has none."""
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return None
    tensors = load_file(path)
    weights = {name[6:]: value for name, value in tensors.items() if name.startswith("model/")}
    model.load_state_dict(weights, strict=False)
    model.tie_weights()
    for place, optimizer in enumerate(optimizers):
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith(f"optimizer/{place}/"):
                _, _, parameter, moment = name.split("/")
                moments.setdefault(int(parameter), {})[moment] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    return read_state(path)


def read_state(path: Path) -> dict[str, Any]:
    """The ``state`` that a checkpoint carries, without its tensors."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    state: dict[str, Any] = json.loads(header["__metadata__"]["state"])
    return state
