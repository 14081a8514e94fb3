"""Weights that FSDP shared out over processes, whole again for as long as a folder is written."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from peft import get_peft_model
from torch import nn
from torch.distributed.fsdp import FSDPModule

from prmkit.model.folder import quiet


@contextmanager
def whole(module: Any, state: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """Within it a module in training has all of its weights, on the CPU, and cannot compute.

    Args:
        module: A step classifier, or a log-ratio PRM's module.
        state: Its whole weights, as gathered from all processes.
    """
    own = {**dict(module.named_children()), **dict(module.named_parameters(recurse=False))}
    try:
        for name, part in own.items():
            if isinstance(part, nn.Parameter):
                setattr(module, name, nn.Parameter(state[name].cpu()))
                continue
            weights = {
                key.partition(".")[2]: one.cpu() for key, one in state.items() if key.startswith(f"{name}.")
            }
            setattr(module, name, filled(part, weights))
        yield
    finally:
        for name, part in own.items():
            setattr(module, name, part)


def filled(part: Any, weights: Mapping[str, torch.Tensor]) -> nn.Module:
    """A network, with its adapters, or a part of a head like ``part``, with these weights."""
    if not hasattr(part, "config"):
        return _copied(part, weights)
    adapted = hasattr(part, "merge_and_unload")
    base = part.get_base_model() if adapted else part
    with torch.device("meta"), quiet():
        made = _kind(base)(copy.deepcopy(base.config))
        if adapted:
            made = get_peft_model(made, part.active_peft_config)
    made.load_state_dict(weights, assign=True)
    made.tie_weights()
    return made


def _copied(part: nn.Module, weights: Mapping[str, torch.Tensor], at: str = "") -> nn.Module:
    """A small part of a head, which is never a shard's root."""
    made = copy.copy(part)
    made._parameters = {name: nn.Parameter(weights[at + name]) for name in part._parameters}
    made._modules = {
        name: None if one is None else _copied(one, weights, f"{at}{name}.")
        for name, one in part._modules.items()
    }
    return made


def _kind(network: nn.Module) -> type[Any]:
    """Its class; sharding puts one of its own in front."""
    return next(one for one in type(network).__mro__ if not issubclass(one, FSDPModule))
