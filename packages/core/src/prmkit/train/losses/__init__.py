"""Losses: pure functions of tensors, one file for each thing that is compared.

Most return a weighted **sum**; their first line says what to divide it by. The caller divides by the
weight of all micro-batches of an update, so that accumulating gradients over many small batches gives
exactly the gradient of one large batch. Entries of weight 0 reach neither value nor gradient, NaN
included. A paper's loss is a composition:

* binary or soft step labels: ``cross_entropy``; several classes: ``class_cross_entropy``;
  SCAN: ``cross_entropy(logit, *tolerant_labels(...))``
* implicit PRM (CE) and PRIME: ``cross_entropy`` of ``sequence_reward``; DPO and step-DPO:
  ``bradley_terry`` of it; ``kto``, ``nca``
* MAH-DPO: ``bradley_terry`` of ``routed`` rewards with the weights of ``by_objective``
* reward models: ``bradley_terry``; Qwen2.5-Math-RM: ``listwise``
* values: ``squared_error``, ``tanh_error``; AlphaMath: ``policy_and_value``; B-Coder: ``conservative_td``
* ReasonFlux-PRM and Fin-PRM: ``squared_error`` or ``cross_entropy`` of columns ``beside`` each other with
  ``joint_weights``
* quantile heads: ``ordered_quantiles``, ``pinball``, ``crossing_penalty``
* PALBERT: ``halting``, ``ponder``, ``quantile_exit``; Saffron-1: ``taken_error``, ``conservative``
* BEER: ``rank_penalty``; DreamPRM: ``domain_weights``, ``outcome_error``, ``meta_gradient``

Source:
    Each function names its own.
"""

from prmkit.model.exits import halting, quantile_exit
from prmkit.model.heads import ordered_quantiles
from prmkit.train.losses.actions import (
    action_values,
    advantages,
    capped,
    conservative_td,
    recovered_reward,
)
from prmkit.train.losses.domains import domain_weights, meta_gradient, outcome_error
from prmkit.train.losses.exits import geometric_prior, ponder
from prmkit.train.losses.joint import (
    beside,
    by_objective,
    joint_weights,
    policy_and_value,
    routed,
    token_cross_entropy,
)
from prmkit.train.losses.lists import listwise, mixed
from prmkit.train.losses.logratio import kto, kto_baseline, sequence_reward
from prmkit.train.losses.pairs import bradley_terry, nca
from prmkit.train.losses.quantiles import crossing_penalty, pinball
from prmkit.train.losses.rank import cosine_bound, rank_penalty
from prmkit.train.losses.steps import (
    class_cross_entropy,
    cross_entropy,
    effective_weights,
    step_logit,
    tolerant_labels,
)
from prmkit.train.losses.values import squared_error, tanh_error
from prmkit.train.losses.vocabulary import conservative, seen_tokens, taken_error

__all__ = [
    "action_values",
    "advantages",
    "beside",
    "bradley_terry",
    "by_objective",
    "capped",
    "class_cross_entropy",
    "conservative",
    "conservative_td",
    "cosine_bound",
    "cross_entropy",
    "crossing_penalty",
    "domain_weights",
    "effective_weights",
    "geometric_prior",
    "halting",
    "joint_weights",
    "kto",
    "kto_baseline",
    "listwise",
    "meta_gradient",
    "mixed",
    "nca",
    "ordered_quantiles",
    "outcome_error",
    "pinball",
    "policy_and_value",
    "ponder",
    "quantile_exit",
    "rank_penalty",
    "recovered_reward",
    "routed",
    "seen_tokens",
    "sequence_reward",
    "squared_error",
    "step_logit",
    "taken_error",
    "tanh_error",
    "token_cross_entropy",
    "tolerant_labels",
]
