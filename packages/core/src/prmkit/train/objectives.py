"""What is minimised, by head: sums of losses and the weights that they are divided by.

An objective has one part or several. Of each part it gives a sum over a batch and that sum's weight; the
trainer divides by the weight of a whole update, so accumulating gradients over small batches gives the
gradient of one large batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch.nn import functional

from prmkit.cards import PRMSpec
from prmkit.encode.collate import Batch
from prmkit.errors import ConfigError
from prmkit.model.exits import staged
from prmkit.model.heads import HeadOptions, ordered_quantiles
from prmkit.train.losses import (
    bradley_terry,
    class_cross_entropy,
    cross_entropy,
    effective_weights,
    geometric_prior,
    halting,
    kto,
    listwise,
    nca,
    pinball,
    ponder,
    squared_error,
    step_logit,
    tanh_error,
)


class How(NamedTuple):
    """Settings that objectives read."""

    spec: PRMSpec
    options: HeadOptions = HeadOptions()
    wrong_weight: float = 1.0
    baseline: torch.Tensor | None = None
    """Reference point of ``kto``, one for a whole update."""


Sums = Callable[[torch.Tensor, Batch, How], torch.Tensor]
Weights = Callable[[Batch, How], torch.Tensor]


class Objective(NamedTuple):
    """Sums of losses and their weights, one entry for each part."""

    sums: Sums
    weights: Weights
    shares: Callable[[How], tuple[float, ...]] | None = None
    """Share of each part in the loss; None takes the mean over the parts that are there."""

    def total(self, sums: torch.Tensor, weights: torch.Tensor, how: How) -> torch.Tensor:
        """The loss, from the sums of a batch and the weights of the whole update.

        Shapes:
            sums, weights: (P,). result: ().
        """
        present = weights > 0
        share = present / present.sum().clamp(min=1)
        if self.shares is not None:
            share = torch.tensor(self.shares(how), device=sums.device)
        return (share * sums / weights.clamp(min=1e-8)).sum()


def _own_weights(batch: Batch, how: How) -> torch.Tensor:
    return effective_weights(batch["labels"], batch["weights"], batch["labelled"], how.wrong_weight)


def _one(batch: Batch, how: How) -> torch.Tensor:
    return _own_weights(batch, how).sum()[None]


def steps(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Cross-entropy of right and wrong steps.

    Shapes:
        logits: (B, K, C), C 1 or 2. result: (1,).
    """
    logit = step_logit(logits, how.spec.positive)
    return cross_entropy(logit, batch["labels"], _own_weights(batch, how))[None]


def regression(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Squared error of the output itself.

    Shapes:
        logits: (B, K, 1). result: (1,).
    """
    return squared_error(logits[..., 0], batch["labels"], _own_weights(batch, how))[None]


def value(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Squared error of tanh of the output.

    Shapes:
        logits: (B, K, 1). result: (1,).
    """
    return tanh_error(logits[..., 0], batch["labels"], _own_weights(batch, how))[None]


def classes(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Cross-entropy of the shares of the classes.

    Shapes:
        logits: (B, K, C). result: (1,).
    """
    return class_cross_entropy(logits, batch["columns"], _own_weights(batch, how))[None]


def quantile(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Pinball loss of ordered quantiles.

    Shapes:
        logits: (B, K, Q). result: (1,).
    """
    levels = torch.tensor(how.options.levels, device=logits.device)
    found = ordered_quantiles(logits.float(), bounded=how.spec.link == "sigmoid")
    return pinball(found, batch["labels"], levels, _own_weights(batch, how))[None]


def early(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Expected cross-entropy at the exit, and how far the exits lie from their prior.

    Shapes:
        logits: (B, K, 2L - 1). result: (1,).
    """
    scores, lambdas = staged(logits.flatten(0, 1), how.options.stages)
    labels, weights = batch["labels"].flatten(), _own_weights(batch, how).flatten()
    each = functional.binary_cross_entropy_with_logits(
        scores, labels[:, None].expand_as(scores), reduction="none"
    )
    prior = geometric_prior(torch.ones_like(scores, dtype=torch.bool), how.options.halt_prior)
    return ponder(each, halting(lambdas), prior, weights, beta=how.options.halt_weight)[None]


def objectives(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Cross-entropy of each objective, a part for each: in the loss all weigh alike, however rare.

    Shapes:
        logits: (B, K, H). result: (H,).
    """
    weights = _by_column(batch, how)
    each = [
        cross_entropy(logits[..., i], batch["columns"][..., i], weights[..., i])
        for i in range(logits.shape[-1])
    ]
    return torch.stack(each)


def _by_column(batch: Batch, how: How) -> torch.Tensor:
    """Weights of the further targets, each by its own class."""
    own = batch["weights"][..., None].expand_as(batch["columns"])
    parts = (batch["columns"], own, batch["columned"])
    return effective_weights(*(one.flatten(1) for one in parts), how.wrong_weight).view_as(own)


def joint(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Losses of the steps and of the trajectories, a part for each.

    Each solution's step weights sum to 1, so the first part is a mean over solutions of means over steps.

    Shapes:
        logits: (B, K, 2). result: (2,).
    """
    loss = cross_entropy if how.spec.link == "sigmoid" else squared_error
    whole = batch["columned"][..., 0].to(logits.dtype)
    own = loss(logits[..., 0], batch["labels"], _own_weights(batch, how))
    return torch.stack([own, loss(logits[..., 1], batch["columns"][..., 0], whole)])


def _joint_weights(batch: Batch, how: How) -> torch.Tensor:
    return torch.stack([_own_weights(batch, how).sum(), batch["columned"].sum().to(batch["weights"])])


def rewards(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Reward of each example, read at its one labelled step, in the examples' order.

    Shapes:
        logits: (B, K, C), C 1 or 2. result: (N,).
    """
    return step_logit(logits, how.spec.positive)[batch["labelled"]]


def pairwise(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Bradley-Terry loss of pairs; each pair's better example stands before the worse one.

    Shapes:
        logits: (B, K, C), C 1 or 2. result: (1,).
    """
    told = rewards(logits, batch, how)
    margins = batch["margins"][0::2] + batch["margins"][1::2]
    return bradley_terry(told[0::2], told[1::2], _pair_weights(batch), margins)[None]


def contrastive(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Noise-contrastive loss of pairs; each pair's better example stands before the worse one.

    Shapes:
        logits: (B, K, 1). result: (1,).
    """
    told = rewards(logits, batch, how)
    return nca(told[0::2], told[1::2], _pair_weights(batch))[None]


def prospect(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Prospect loss of solutions by their outcome, against the update's baseline.

    Shapes:
        logits: (B, K, 1). result: (1,).
    """
    assert how.baseline is not None
    right = batch["labels"][batch["labelled"]] >= 0.5
    weights = _own_weights(batch, how)[batch["labelled"]]
    return kto(rewards(logits, batch, how), right, how.baseline, weights)[None]


def _pair_weights(batch: Batch) -> torch.Tensor:
    return batch["weights"][batch["labelled"]][0::2]


def ranking(logits: torch.Tensor, batch: Batch, how: How) -> torch.Tensor:
    """Listwise loss of groups that hold right and wrong examples.

    Shapes:
        logits: (B, K, C), C 1 or 2. result: (1,).
    """
    told = rewards(logits, batch, how)
    groups = batch["groups"]
    count = torch.bincount(groups)
    place = torch.arange(len(groups), device=groups.device) - (count.cumsum(0) - count)[groups]
    size = (len(count), int(count.max()))
    at = (groups, place)
    scores = told.new_zeros(size).index_put(at, told)
    right = torch.zeros(size, dtype=torch.bool, device=told.device)
    present = torch.zeros_like(right)
    right[at], present[at] = batch["labels"][batch["labelled"]] > 0, True
    return listwise(scores, right, present, _group_weights(batch))[None]


def _group_weights(batch: Batch) -> torch.Tensor:
    groups = batch["groups"]
    first = torch.ones_like(groups, dtype=torch.bool)
    first[1:] = groups[1:] != groups[:-1]
    return batch["weights"][batch["labelled"]][first]


OWN: Mapping[tuple[str, str], Objective] = {
    ("binary", "correct"): Objective(steps, _one),
    ("surprisal", "correct"): Objective(steps, _one),
    ("scalar", "correct"): Objective(steps, _one),
    ("exit", "correct"): Objective(early, _one),
    ("scalar", "value"): Objective(regression, _one),
    ("scalar", "progress"): Objective(regression, _one),
    ("classes", "correct"): Objective(classes, _one),
    ("value", "value"): Objective(value, _one),
    ("quantile", "correct"): Objective(quantile, _one),
    ("quantile", "value"): Objective(quantile, _one),
    ("quantile", "progress"): Objective(quantile, _one),
    ("objectives", "correct"): Objective(
        objectives, lambda batch, how: _by_column(batch, how).sum(tuple(range(batch["columns"].dim() - 1)))
    ),
    **{
        ("joint", kind): Objective(joint, _joint_weights, lambda how: (how.options.step, how.options.whole))
        for kind in ("correct", "value", "progress")
    },
}
"""What each head minimises on labels of each kind."""
COMPARED: Mapping[str, Objective] = {
    "pairwise": Objective(pairwise, lambda batch, how: _pair_weights(batch).sum()[None]),
    "listwise": Objective(ranking, lambda batch, how: _group_weights(batch).sum()[None]),
}
"""Objectives that compare whole solutions, by name; heads ``scalar``, ``binary`` and ``surprisal``."""


RATIO: Mapping[str, Objective] = {
    "ce": Objective(steps, _one),
    "kto": Objective(prospect, _one),
    "dpo": COMPARED["pairwise"],
    "nca": Objective(contrastive, COMPARED["pairwise"].weights),
}
"""Objectives of log-ratio PRMs, by name; the last two compare."""


def own(head: str, kind: str) -> Objective:
    """The objective of a head on labels of a kind.

    Raises:
        ConfigError: The head does not learn such labels.

    Examples:
        >>> own("value", "value").sums.__name__
        'value'
    """
    if (head, kind) not in OWN:
        learns = [other for one, other in OWN if one == head]
        raise ConfigError(
            f"head {head!r} does not learn labels of kind {kind!r}",
            do=f"give it labels of kind {' or '.join(learns)}, or train another head",
            field="kind",
        )
    return OWN[head, kind]
