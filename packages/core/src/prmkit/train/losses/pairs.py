"""Losses of preferences: what was chosen should be rated above what was rejected."""

from __future__ import annotations

import torch
from torch.nn import functional

from prmkit.tensors import expect
from prmkit.train.losses.masks import clean, weighted_sum


def bradley_terry(
    chosen: torch.Tensor, rejected: torch.Tensor, weights: torch.Tensor, margin: torch.Tensor | None = None
) -> torch.Tensor:
    """Weighted sum of ``-log sigmoid(chosen - rejected - margin)``; divide by the sum of the weights.

    With rewards of heads this is the loss of reward models, with log-ratio rewards it is DPO: of whole
    answers, of steps that follow one prefix (step-DPO), or of several objectives (``by_objective``).

    Shapes:
        chosen, rejected, weights, margin: (P,), one entry a pair. result: ().

    Source:
        Bradley and Terry (1952); the margin as in arXiv 2307.09288; DPO: arXiv 2305.18290;
        on steps: arXiv 2409.09345.

    Examples:
        >>> rewards = torch.tensor([1.2]) * 0.1, torch.tensor([-0.8]) * 0.1
        >>> round(float(bradley_terry(*rewards, torch.ones(1))), 6)
        0.598139
    """
    sizes = expect(weights, "P", expect(rejected, "P", expect(chosen, "P")))
    counted = weights > 0
    lead = clean(chosen, counted) - clean(rejected, counted)
    if margin is not None:
        expect(margin, "P", sizes, name="margin")
        lead = lead - clean(margin, counted)
    return weighted_sum(-functional.logsigmoid(lead), weights)


def nca(chosen: torch.Tensor, rejected: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted sum of noise-contrastive losses of log-ratio rewards; divide by the sum of the weights.

    Unlike ``bradley_terry`` it looks at each reward by itself, so the chosen one does not fall with the
    rejected one: its best value is ln 2, where ``sigmoid`` is 2/3.

    Shapes:
        chosen, rejected, weights: (P,), one entry a pair. result: ().

    Source:
        ``-(log s(w) + log s(-w) / 2 + log s(-l) / 2)`` with s = sigmoid; arXiv 2402.05369, two answers.

    Examples:
        >>> round(float(nca(torch.zeros(1), torch.zeros(1), torch.ones(1))), 4)  # 2 ln 2
        1.3863
    """
    expect(weights, "P", expect(rejected, "P", expect(chosen, "P")))
    counted = weights > 0
    won, lost = clean(chosen, counted), clean(rejected, counted)
    log = functional.logsigmoid
    return weighted_sum(-(log(won) + log(-won) / 2 + log(-lost) / 2), weights)
