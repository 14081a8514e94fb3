"""How a PRM is trained: settings that need no tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from prmkit.errors import ConfigError


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Settings of one training."""

    backbone: str = ""
    """Folder of any transformers model, causal or bidirectional."""
    head: Literal[
        "", "binary", "scalar", "surprisal", "classes", "value", "quantile", "objectives", "joint"
    ] = ""
    """What the model gives for each step; empty takes ``binary``, where nobody knows better (``scalar``
    where solutions are compared)."""
    kind: Literal["", "correct", "value", "progress"] = ""
    """Kind of the labels; empty takes ``value`` for head ``value`` and ``correct`` for others."""
    names: tuple[str, ...] = ()
    """Of the classes (the right one last) or objectives: label channels that teach them."""
    levels: tuple[float, ...] = (0.1, 0.5, 0.9)
    """Of a quantile head, an odd number of them; the middle one is the score."""
    step_share: float = 1.0
    """Share of the steps in the loss of head ``joint``."""
    whole_share: float = 1.0
    """Share of the trajectory in the loss of head ``joint``."""
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
    variant: Literal["", "dprm", "dorm", "gprm", "gorm"] = ""
    """Another name for ``target``: discriminative or generative (d, g), on steps or outcomes."""
    objective: Literal["", "pairwise", "listwise"] = ""
    """``pairwise``, ``listwise``: a reward model of whole solutions; those of a problem are compared by
    their outcomes."""
    implicit: Literal["", "ce", "dpo", "kto", "nca"] = ""
    """Train the backbone, a language model, so that its log-ratio to itself as it was is the reward: on
    outcomes (``ce``, ``kto``) or on right and wrong solutions of a problem (``dpo``, ``nca``)."""
    beta: float = 0.05
    """Scale of log-ratios."""
    mixture: Mapping[str, float] = field(default_factory=dict)
    """Share of each domain in what is trained on; empty takes the rows as they are."""
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

    @property
    def learns(self) -> Literal["steps", "outcome"]:
        """What is learned, by ``target``, ``variant``, ``objective`` and ``implicit`` together.

        Raises:
            ConfigError: They contradict each other, or ask for a generative model.

        Examples:
            >>> FitSettings(variant="dorm").learns
            'outcome'
        """
        if self.variant in ("gprm", "gorm"):
            raise ConfigError(
                f"variant {self.variant!r} learns to write its verdict, from written verifications",
                do="train dprm or dorm; train.generative.CriticTrainer trains gprm and gorm",
                field="variant",
            )
        whole = self.objective or self.implicit
        if self.implicit and (self.head or self.objective or self.policy or self.kind):
            raise ConfigError(
                f"implicit {self.implicit!r} has no head, kind, policy or other objective",
                do="leave them out, or leave implicit out",
                field="implicit",
            )
        if self.implicit and (self.init == "random" or self.view != "solution" or self.dropout):
            raise ConfigError(
                "a log-ratio begins with a trained language model that reads left to right",
                do="leave init, view and dropout out",
                field="implicit",
            )
        if self.variant == "dprm" and (self.target == "outcome" or whole):
            raise ConfigError(
                "variant 'dprm' learns steps", do="use variant: dorm for whole solutions", field="variant"
            )
        return "outcome" if whole or self.variant == "dorm" else self.target
