"""prmkit: process reward models for real domains.

``import prmkit`` is light: models and tensors are imported when first used.
"""

from __future__ import annotations

import importlib
from typing import Any

from prmkit import registry
from prmkit.aggregators import aggregate
from prmkit.plugins import DomainPlugin, domain, domains

__version__ = "0.1.0"

_LATE = {
    "PRM": "prmkit.model.prm:PRM",
    "PRMTrainer": "prmkit.train.trainer:PRMTrainer",
    "load_prm": "prmkit.score.scorer:load_prm",
    "trl_reward": "prmkit.rl:trl_reward",
}


def __getattr__(name: str) -> Any:
    # The parts that need torch are resolved on first use, so that the light install works.
    if name in _LATE:
        return registry.resolve(_LATE[name])
    if name == "rl":
        return importlib.import_module("prmkit.rl")
    raise AttributeError(f"module 'prmkit' has no attribute {name!r}")


__all__ = ["PRM", "DomainPlugin", "PRMTrainer", "aggregate", "domain", "domains", "load_prm", "trl_reward"]
