"""How a PRM is trained: settings that need no tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Settings of one training."""

    backbone: str = ""
    """Folder of any transformers model, causal or bidirectional."""
    head: Literal["", "binary", "scalar", "surprisal"] = ""
    """Empty takes ``binary``, where nobody knows better."""
    init: Literal["", "pretrained", "random"] = ""
    """Empty takes ``pretrained``, where nobody knows better."""
    width: int = 0
    """Hidden width of a freshly drawn backbone; 0 takes the width of the folder's model."""
    layers: int = 0
    """Layers of a freshly drawn backbone; 0 takes as many as the folder's model has."""
    policy: str = ""
    """Folder of the frozen policy of a surprisal head."""
    separator: str = ""
    """Text (one token) that the policy sees in place of the marker; empty takes the line end."""
    target: Literal["steps", "outcome"] = "steps"
    """``outcome`` makes an outcome model: the trajectory's outcome, learned at its last step."""
    epochs: float = 3.0
    max_steps: int = 0
    """Stop after this many updates; 0 follows ``epochs``."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """``muon``: matrices of the layers by Muon, the rest by AdamW at a tenth of the learning rate."""
    learning_rate: float = 1e-3
    warmup: float = 0.05
    """Share of the updates in which the learning rate rises; it falls in a straight line after them."""
    weight_decay: float = 0.0
    batch_tokens: int = 4096
    """Tokens of a batch, pads included."""
    wrong_weight: float = 1.0
    """Loss weight of a wrong step against a right one; 0 gives both classes the same total."""
    balance: bool = False
    """Train on as many solutions with a wrong step as without one."""
    layout: Literal["rows", "auto"] = "rows"
    """``auto``: causal backbones read what solutions of a problem begin with once, where that saves work.
    Same loss, fewer tokens; a batch then holds the solutions of few problems."""
    lora_rank: int = 0
    """Train adapters of this rank instead of the backbone; 0 trains all weights."""
    dropout: float = 0.0
    frozen: int = 0
    """Lowest layers that stay as they are, and with them the embeddings; 0 trains all weights."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Type in which matrices are multiplied; weights stay float32."""
    max_tokens: int = 0
    """Longest text; 0 takes the spec's own limit."""
    truncate: Literal["right", "left"] = "right"
    """Which end of a solution loses steps when the text is too long. With ``left`` the PRM keeps the limit:
    it always reads the problem and the last steps that fit."""
    view: Literal["solution", "prefix"] = "solution"
    """What a bidirectional backbone sees when it judges a step: the whole solution, or nothing behind the
    step, at the cost of a pass for each. Labels given before the rest was written need ``prefix``."""
    save_steps: int = 0
    """Updates between checkpoints from which a killed training goes on; 0 saves none."""
    device: str = "cpu"
