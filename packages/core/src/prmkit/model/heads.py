"""Heads: what a token classifier's outputs at a step mean, and how they become scores.

``HEADS`` is the one table of them; the trainer looks its losses up by the same names.

* ``binary``: two classes; the folder is an ordinary token classifier.
* ``scalar``: one output, a log-odds (``sigmoid``) or the value itself (``raw``).
* ``surprisal``: ``binary``, and the backbone also sees what a frozen policy thought of every token.
* ``classes``: k classes, taught by label channels of their names.
* ``value``: one output under tanh, for labels in [-1, 1].
* ``quantile``: an output for each level, ordered by construction; the middle one is the score.
* ``objectives``: an output for each objective; the score is their mean by weights that may be set at use.
* ``joint``: one output for the step and one for the trajectory, read at its last step.
* ``exit``: one output behind each layer, and a chance of stopping there (``prmkit.model.exits``).

``two_layers`` puts a layer with a ReLU in front of any of them but the last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import nn

from prmkit.cards import Channel, PRMSpec
from prmkit.errors import ConfigError
from prmkit.model.exits import halting, quantile_exit, staged
from prmkit.model.surprisal import WIDTH
from prmkit.tensors import expect
from prmkit.types import Threshold

Head = Literal["binary", "scalar", "surprisal", "classes", "value", "quantile", "objectives", "joint", "exit"]


class HeadKind(NamedTuple):
    """What is fixed about a head."""

    outputs: int
    """Outputs per token of the network; 0 where the options say how many."""
    links: tuple[str, ...]
    """Links that make sense for it, the usual one first."""


HEADS: Mapping[str, HeadKind] = {
    "binary": HeadKind(2, ("softmax", "difference")),
    "scalar": HeadKind(1, ("sigmoid", "raw")),
    "surprisal": HeadKind(2, ("softmax", "difference")),
    "classes": HeadKind(0, ("softmax", "difference")),
    "value": HeadKind(1, ("tanh",)),
    "quantile": HeadKind(0, ("sigmoid", "raw")),
    "objectives": HeadKind(0, ("sigmoid",)),
    "joint": HeadKind(2, ("sigmoid", "raw")),
    "exit": HeadKind(1, ("sigmoid",)),
}
"""All heads by name."""
LEARNS: Mapping[str, tuple[str, ...]] = {
    "softmax": ("correct",),
    "difference": ("correct",),
    "sigmoid": ("correct",),
    "tanh": ("value",),
    "raw": ("value", "progress"),
}
"""Kinds of labels that each link can be taught."""
RANGES: Mapping[str, tuple[float, float]] = {
    "softmax": (0.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "difference": (-1.0, 1.0),
    "tanh": (-1.0, 1.0),
    "raw": (-math.inf, math.inf),
}
"""Closed range of the values that each link gives."""
CLIP = 20.0
"""Surprisal features are cut to [-CLIP, CLIP] nats: an impossible token must not flood the rest."""


@dataclass(frozen=True, slots=True)
class HeadOptions:
    """Settings of a head; each is read by the heads that its line names.

    Raises:
        ConfigError: A setting makes no sense.
    """

    names: tuple[str, ...] = ()
    """``classes`` and ``objectives``: their names in the order of the outputs, which are the names of the
    label channels that teach them."""
    levels: tuple[float, ...] = (0.1, 0.5, 0.9)
    """``quantile``: levels in (0, 1), rising, an odd number; the middle one is the score."""
    weights: tuple[float, ...] = ()
    """``objectives``: weight of each in the score; empty weighs all alike."""
    step: float = 1.0
    """``joint``: share of the steps in the loss."""
    whole: float = 1.0
    """``joint``: share of the trajectory in the loss."""
    two_layers: bool = False
    """All but ``exit``: the head is Linear, ReLU, Linear."""
    stages: int = 0
    """``exit``: layers of the backbone; set when the PRM is made."""
    halt_prior: float = 0.1
    """``exit``: rate of the geometric distribution that exits are held to."""
    halt_weight: float = 0.5
    """``exit``: weight of the distance to it in the loss."""
    halt_at: float = 0.5
    """``exit``: a step leaves at the first layer by which it stops with a probability above this."""

    def __post_init__(self) -> None:
        for name in ("names", "levels", "weights"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        rising = all(a < b for a, b in zip((0.0, *self.levels), (*self.levels, 1.0), strict=True))
        if not rising or len(self.levels) % 2 == 0:
            raise ConfigError(
                f"levels {list(self.levels)} do not rise inside (0, 1), or have no middle",
                do="give an odd number of levels such as [0.1, 0.5, 0.9]",
                field="levels",
            )
        if len(set(self.names)) != len(self.names):
            raise ConfigError(
                f"a name of {list(self.names)} is given twice", do="name each once", field="names"
            )
        fits = len(self.weights) == len(self.names) and sum(self.weights) > 0
        if self.weights and not (fits and all(0 <= one < math.inf for one in self.weights)):
            raise ConfigError(
                f"weights {list(self.weights)} for {len(self.names)} names",
                do="give each objective a weight of 0 or more, and one of them more than 0",
                field="weights",
            )
        if not (self.step >= 0 and self.whole >= 0 and self.step + self.whole > 0):
            raise ConfigError(
                f"shares step {self.step} and whole {self.whole}",
                do="give shares of 0 or more, not both 0",
                field="step",
            )
        if not (0 < self.halt_prior < 1 and 0 <= self.halt_weight < math.inf and 0 <= self.halt_at <= 1):
            raise ConfigError(
                f"halt_prior {self.halt_prior}, halt_weight {self.halt_weight}, halt_at {self.halt_at}",
                do="give a rate in (0, 1), a weight of 0 or more, and a probability",
                field="halt_prior",
            )

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> HeadOptions:
        """The options that a card describes.

        Raises:
            ConfigError: A setting makes no sense.
            TypeError: An entry is unknown.
        """
        return cls(**card)


class Reading(NamedTuple):
    """What a head says of steps."""

    values: torch.Tensor
    """Score of each step, shape (M,)."""
    channels: dict[str, torch.Tensor]
    """Further readings, shape (M,) each."""
    whole: torch.Tensor | None = None
    """What each step's output says of the trajectory up to there, shape (M,)."""


def outputs(head: str, spec: PRMSpec, options: HeadOptions) -> int:
    """Outputs per step.

    Examples:
        >>> outputs("quantile", PRMSpec(), HeadOptions())
        3
    """
    return 2 * options.stages - 1 if head == "exit" else columns(head, spec, options)


def columns(head: str, spec: PRMSpec, options: HeadOptions) -> int:
    """Outputs per token of the network itself: further parts may add their own."""
    counted = {"classes": spec.classes, "quantile": len(options.levels), "objectives": len(options.names)}
    return counted.get(head) or HEADS[head].outputs


def usual_spec(head: str, options: HeadOptions, kind: str = "correct") -> PRMSpec:
    """The spec of a head that is made here, for labels of ``kind``.

    Raises:
        ConfigError: The head cannot be taught such labels.

    Examples:
        >>> usual_spec("scalar", HeadOptions(), "progress").link
        'raw'
    """
    links = [one for one in HEADS[head].links if kind in LEARNS[one]]
    if not links:
        raise ConfigError(
            f"head {head!r} does not learn labels of kind {kind!r}",
            do="use 'scalar', 'quantile' or 'joint' for values and progress, 'value' for values in [-1, 1]",
            field="head",
        )
    more: dict[str, Any] = {}
    if head == "classes" and len(options.names) < 2:
        raise ConfigError(
            "the classes have no names",
            do="name them (names), the right one last, as the label channels that hold their shares",
            field="names",
        )
    if head == "classes":
        channels = tuple(Channel(name, (i,)) for i, name in enumerate(options.names))
        more = {"classes": len(channels), "positive": len(channels) - 1, "channels": channels}
    if kind != "correct":
        more["threshold"] = Threshold(0.0, "fixed")
    return PRMSpec(link=links[0], kind=kind, **more)  # type: ignore[arg-type]


def check_head(head: str, spec: PRMSpec, options: HeadOptions) -> None:
    """Refuse a head whose spec or options do not fit it.

    Raises:
        ConfigError: An unknown head, a link that cannot read it, or names that are missing.
    """
    if head not in HEADS:
        raise ConfigError(f"no head is called {head!r}", do=f"use {', '.join(HEADS)}", field="head")
    if spec.link not in HEADS[head].links:
        raise ConfigError(
            f"head {head!r} cannot be read by link {spec.link!r}",
            do=f"use {' or '.join(HEADS[head].links)}",
            field="link",
        )
    if head == "classes" and options.names and len(options.names) != spec.classes:
        raise ConfigError(
            f"{len(options.names)} names for {spec.classes} classes",
            do="name every class, in the order of the outputs",
            field="names",
        )
    if head == "exit" and options.two_layers:
        raise ConfigError("head 'exit' has layers of its own", do="leave two_layers out", field="two_layers")
    if head == "objectives" and not options.names:
        raise ConfigError(
            "the objectives have no names",
            do="name them as the label channels that teach them",
            field="names",
        )


def read(
    logits: torch.Tensor, head: str, spec: PRMSpec, options: HeadOptions, temperature: float = 1.0
) -> Reading:
    """Logits of steps to scores and channels.

    Shapes:
        logits: (M, C). each result: (M,), float32.

    Examples:
        >>> options = HeadOptions(("safe", "short"), weights=(3.0, 1.0))
        >>> read(torch.zeros(1, 2), "objectives", usual_spec("objectives", options), options).values
        tensor([0.5000])
    """
    expect(logits, "M C")
    told = {
        one.name: link(logits, "softmax", positive=one.classes[0], also=one.classes[1:])
        for one in spec.channels
    }
    scaled = logits.float() / temperature
    if head == "quantile":
        levels = ordered_quantiles(scaled[None], bounded=spec.link == "sigmoid")[0]
        middle = len(options.levels) // 2
        rest = [i for i in range(len(options.levels)) if i != middle]
        return Reading(levels[:, middle], told | {f"q{options.levels[i]:g}": levels[:, i] for i in rest})
    if head == "objectives":
        each = scaled.sigmoid()
        share = torch.tensor(options.weights or (1.0,) * len(options.names))
        mean = (each * (share / share.sum()).to(each)).sum(-1).clamp(0.0, 1.0)
        return Reading(mean, told | dict(zip(options.names, each.T, strict=True)))
    if head == "exit":
        each, lambdas = staged(logits, options.stages)
        left = quantile_exit(halting(lambdas, rest=False), q=options.halt_at)
        found = each.gather(1, left[:, None])[:, 0] / temperature
        return Reading(found.sigmoid(), told | {"layers": (left + 1).float()})
    if head == "joint":
        parts = [link(one, spec.link) for one in (scaled[:, :1], scaled[:, 1:])]
        return Reading(parts[0], told, parts[1])
    return Reading(link(scaled, spec.link, positive=spec.positive, also=spec.also), told)


def ordered_quantiles(raw: torch.Tensor, *, bounded: bool = False) -> torch.Tensor:
    """Outputs to quantiles that never cross: the first as it is, each next one more by a softplus.

    Args:
        raw: Outputs of a head, lowest level first.
        bounded: Put them through a sigmoid, for quantiles of a probability.

    Shapes:
        raw: (B, K, Q). result: (B, K, Q), rising along Q.

    Source:
        Cumulative softplus, a common construction; the systems of arXiv 2103.00083 and 2506.09338 do
        without and sort, penalise, or let quantiles cross.

    Examples:
        >>> ordered_quantiles(torch.tensor([[[0.5, 0.0, 0.0]]]))
        tensor([[[0.5000, 1.1931, 1.8863]]])
    """
    expect(raw, "B K Q")
    rising = torch.cat([raw[..., :1], nn.functional.softplus(raw[..., 1:])], -1).cumsum(-1)
    return rising.sigmoid() if bounded else rising


def link(
    logits: torch.Tensor, how: str, *, positive: int = 1, also: Sequence[int] = (), temperature: float = 1.0
) -> torch.Tensor:
    """Logits of steps to values.

    ``softmax`` gives the probability of the positive class and of those in ``also`` together,
    ``difference`` that probability minus the rest's, in [-1, 1], ``sigmoid`` a probability from one
    output, ``tanh`` a value in [-1, 1] from one output, ``raw`` that output itself.

    Shapes:
        logits: (..., C). result: (...), float32.

    Source:
        Public conventions: softmax (Qwen2.5-Math-PRM), difference (PURE), sigmoid (Skywork-o1-Open-PRM),
        tanh (AlphaMath, arXiv 2405.03553).

    Examples:
        >>> link(torch.tensor([0.0, float(torch.tensor(3.0).log())]), "softmax")
        tensor(0.7500)
    """
    scaled = logits.float() / temperature
    if how in ("softmax", "difference"):
        right = scaled.softmax(-1)[..., [positive, *also]].sum(-1)
        return right if how == "softmax" else 2 * right - 1
    if how == "tanh":
        return scaled[..., 0].tanh()
    return scaled[..., 0].sigmoid() if how == "sigmoid" else scaled[..., 0]


def weighted_logits(logits: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Logits of several language heads over one vocabulary, summed by a user's weights.

    The weights are made to sum to 1; all weight on one head gives that head exactly.

    Shapes:
        logits: (..., H, V). weights: (..., H). result: (..., V).

    Raises:
        ConfigError: A weight below 0, or none above it.

    Source:
        MAH-DPO (arXiv 2510.01167).

    Examples:
        >>> weighted_logits(torch.tensor([[2.0, 0.0], [0.0, 2.0]]), torch.tensor([0.25, 0.75]))
        tensor([0.5000, 1.5000])
    """
    if (weights < 0).any() or not (weights.sum(-1) > 0).all():
        raise ConfigError(
            "a weight lies below 0, or none above it",
            do="give each head a weight of 0 or more, and one of them more than 0",
            field="weights",
        )
    share = (weights / weights.sum(-1, keepdim=True)).to(logits)[..., None]
    # A head without weight does not count, were it infinite (a token that it rules out).
    return torch.where(share > 0, share * logits, 0.0).sum(-2)


class SurprisalInput(nn.Module):
    """Surprisal features to a vector that is added to the token's embedding.

    The features of the problem's tokens are set to 0: a policy is trained on solutions only. A fourth
    input tells the two apart.
    """

    def __init__(self, width: int, hidden: int = 64) -> None:
        super().__init__()
        self.inner = nn.Linear(WIDTH + 1, hidden)
        self.outer = nn.Linear(hidden, width)

    def forward(self, features: torch.Tensor, solution: torch.Tensor) -> torch.Tensor:
        """Vectors to add to the embeddings.

        Shapes:
            features: (B, S, 3). solution: (B, S) bool. result: (B, S, D).
        """
        expect(features, f"B S {WIDTH}", expect(solution, "B S"))
        inside = solution.to(self.inner.weight.dtype).unsqueeze(-1)
        seen = features.to(inside).clamp(-CLIP, CLIP) * inside
        return self.outer(nn.functional.gelu(self.inner(torch.cat([seen, inside], -1))))
