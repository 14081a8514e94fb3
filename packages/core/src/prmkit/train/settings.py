"""How a PRM is trained: settings that need no tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Literal

from prmkit.errors import ConfigError

GENERATIVE = frozenset(
    {
        "backbone",
        "variant",
        "spec",
        "rules",
        "balance",
        "epochs",
        "max_steps",
        "optimizer",
        "learning_rate",
        "warmup",
        "weight_decay",
        "batch_tokens",
        "layout",
        "lora_rank",
        "frozen",
        "precision",
        "max_tokens",
        "save_steps",
        "device",
    }
)
"""Settings that mean something to a model that writes its verdicts."""
AGGREGATE = {"dorm": "last", "dprm": "min"}
"""How scores of these variants become one number, unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Settings of one training."""

    backbone: str = ""
    """Folder of any transformers model, causal or bidirectional."""
    head: Literal[
        "",
        "binary",
        "scalar",
        "surprisal",
        "classes",
        "value",
        "quantile",
        "objectives",
        "joint",
        "exit",
        "next_token",
    ] = ""
    """What the model gives for each step; empty takes ``binary``, where nobody knows better (``scalar``
    where solutions are compared). ``next_token``: the reward of every token that could come next, from a
    language model."""
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
    two_layers: bool = False
    """Put a layer with a ReLU in front of the head's own."""
    halt_prior: float = 0.1
    """Head ``exit``: rate of the geometric distribution that exits are held to."""
    halt_weight: float = 0.5
    """Head ``exit``: weight of the distance to it in the loss."""
    halt_at: float = 0.5
    """Head ``exit``: a step leaves at the first layer by which it stops with a probability above this."""
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
    """One of the four of arXiv 2510.00492. ``dorm``: the outcome, learned at the last step. ``dprm``: the
    labels of the steps up to and including the first wrong one. ``gprm``: verifications that judge each
    step up to the first wrong one, which is where the solution they are learned from ends. ``gorm``:
    verifications that judge the whole solution. The last two are learned from critiques."""
    spec: str = ""
    """Family by which ``gprm`` and ``gorm`` are asked; empty takes ``thinkprm``."""
    rules: Literal["", "multi-rm", "thinkprm", "genprm", "all"] = ""
    """Which critiques ``gprm`` and ``gorm`` learn from: those that one of these papers keeps, or all; empty
    takes ``multi-rm``."""
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
    layout: Literal["rows", "auto", "packed"] = "rows"
    """``auto``: causal backbones read what solutions of a problem begin with once, where that saves work.
    Same loss, fewer tokens; a batch then holds the solutions of few problems. ``packed``, for critiques
    only: rows stand behind each other, without pads."""
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
    def generative(self) -> bool:
        """Whether what is trained writes its verdicts.

        Raises:
            ConfigError: A setting that means nothing to such a model, or to any other.

        Examples:
            >>> FitSettings(variant="gorm").generative
            True
        """
        if self.variant not in ("gprm", "gorm"):
            for name in ("spec", "rules"):
                if getattr(self, name):
                    raise ConfigError(
                        f"{name!r} says how verifications are written",
                        do="set variant: gprm or gorm, or leave it out",
                        field=name,
                    )
            if self.layout == "packed":
                raise ConfigError(
                    "'packed' is a layout of critiques", do="use layout: rows or auto", field="layout"
                )
            return False
        for one in fields(FitSettings):
            usual = one.default if one.default_factory is MISSING else one.default_factory()
            if one.name not in GENERATIVE and getattr(self, one.name) != usual:
                raise ConfigError(
                    f"{one.name!r} means nothing to variant {self.variant!r}, which writes its verdict",
                    do=f"leave {one.name} out, or train dprm or dorm",
                    field=one.name,
                )
        if self.layout == "auto":
            raise ConfigError(
                "verifications share no beginnings to speak of",
                do="use layout: rows or packed",
                field="layout",
            )
        if self.variant == "gorm" and self.rules not in ("", "multi-rm", "all"):
            raise ConfigError(
                f"the rules of {self.rules!r} compare steps, and 'gorm' learns outcomes",
                do="use rules: multi-rm or all",
                field="rules",
            )
        return True

    @property
    def aggregate(self) -> str:
        """How step scores become one number.

        Examples:
            >>> FitSettings(variant="dorm").aggregate, FitSettings().aggregate
            ('last', 'min')
        """
        return AGGREGATE.get(self.variant, "min")

    @property
    def learns(self) -> Literal["steps", "outcome"]:
        """What a head learns, by ``target``, ``variant``, ``objective`` and ``implicit`` together.

        Raises:
            ConfigError: They contradict each other, or a model is asked for that writes its verdict.

        Examples:
            >>> FitSettings(variant="dorm").learns
            'outcome'
        """
        if self.generative:
            raise ConfigError(
                f"variant {self.variant!r} learns to write its verdict, from written verifications",
                do="give critiques, or train dprm or dorm",
                field="variant",
            )
        whole = self.objective or self.implicit
        if self.head == "next_token" and (whole or self.two_layers or self.variant or self.target != "steps"):
            raise ConfigError(
                "head 'next_token' learns the rewards of tokens, from labels of steps",
                do="leave objective, implicit, two_layers, variant and target out",
                field="head",
            )
        if self.implicit and (self.head or self.objective or self.policy or self.kind or self.two_layers):
            raise ConfigError(
                f"implicit {self.implicit!r} has no head, kind, policy or other objective",
                do="leave them out, or leave implicit out",
                field="implicit",
            )
        tokens = "implicit" if self.implicit else "head" if self.head == "next_token" else ""
        if tokens and (self.init == "random" or self.view != "solution" or self.dropout):
            raise ConfigError(
                "rewards of tokens begin with a trained language model that reads left to right",
                do="leave init, view and dropout out",
                field=tokens,
            )
        if self.variant == "dprm" and (self.target == "outcome" or whole):
            raise ConfigError(
                "variant 'dprm' learns steps", do="use variant: dorm for whole solutions", field="variant"
            )
        if self.variant == "dprm" and (self.head == "value" or self.kind not in ("", "correct")):
            raise ConfigError(
                "variant 'dprm' stops at the first wrong step, and values have none",
                do="leave the variant out",
                field="variant",
            )
        return "outcome" if whole or self.variant == "dorm" else self.target
