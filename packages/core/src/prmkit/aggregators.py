"""Step scores to one number: each way with its bounds and the kinds of score it accepts.

Source: RewardMATH (Kim et al., 2024) for mean_odds and the empty-list convention; PURE
(Cheng et al., 2025) for the soft minimum; the rest is common to the field.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from prmkit.errors import AlignmentError, ConfigError
from prmkit.registry import nearest
from prmkit.types import ScoreKind, StepScores

CLAMP = 1e-6
"""Probabilities are clamped to [CLAMP, 1 - CLAMP] before logits and odds."""
SOFT_MIN_TEMPERATURE = 0.1
"""Temperature of ``soft_min``, the value used by PURE."""


@dataclass(frozen=True, slots=True)
class Aggregator:
    """One way to turn step scores into a number."""

    name: str
    rule: Callable[[Sequence[float]], float]
    low: float
    """Smallest result for scores in [0, 1]."""
    high: float
    """Largest result for scores in [0, 1]."""
    kinds: frozenset[ScoreKind]
    """Kinds of score it makes sense for."""
    cumulative: bool = True
    """Whether it accepts scores that already contain the steps before them."""


def _clamp(value: float) -> float:
    return min(max(value, CLAMP), 1 - CLAMP)


def _gmean(values: Sequence[float]) -> float:
    return math.prod(values) ** (1 / len(values))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _mean_logit(values: Sequence[float]) -> float:
    mean = _mean([math.log(_clamp(v) / (1 - _clamp(v))) for v in values])
    return 1 / (1 + math.exp(-mean))


def _mean_odds(values: Sequence[float]) -> float:
    return _mean([_clamp(v) / (1 - _clamp(v)) for v in values])


def _soft_min(values: Sequence[float]) -> float:
    lowest = min(values)
    weights = [math.exp((lowest - v) / SOFT_MIN_TEMPERATURE) for v in values]
    return math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights)


_ANY: frozenset[ScoreKind] = frozenset({"correct", "value", "progress", "logratio"})
_PROBABILITY: frozenset[ScoreKind] = frozenset({"correct"})
_ADDITIVE: frozenset[ScoreKind] = frozenset({"correct", "progress", "logratio"})

AGGREGATORS: Mapping[str, Aggregator] = {
    a.name: a
    for a in (
        Aggregator("min", min, 0.0, 1.0, _ANY),
        Aggregator("soft_min", _soft_min, 0.0, 1.0, _ANY),
        Aggregator("prod", math.prod, 0.0, 1.0, _PROBABILITY),
        Aggregator("gmean", _gmean, 0.0, 1.0, _PROBABILITY),
        Aggregator("mean", _mean, 0.0, 1.0, _ANY, cumulative=False),
        Aggregator("mean_logit", _mean_logit, 0.0, 1.0, _PROBABILITY),
        Aggregator("mean_odds", _mean_odds, 0.0, (1 - CLAMP) / CLAMP, _PROBABILITY),
        Aggregator("last", lambda values: values[-1], 0.0, 1.0, _ANY),
        Aggregator("max", max, 0.0, 1.0, _ANY),
        Aggregator("sum", math.fsum, 0.0, math.inf, _ADDITIVE, cumulative=False),
    )
}
ALIASES: Mapping[str, str] = {"product": "prod", "mean-logit": "mean_logit", "mean-odds": "mean_odds"}
"""Other spellings met in the field."""


def aggregator(how: str) -> Aggregator:
    """The aggregator called ``how``.

    Raises:
        ConfigError: No such aggregator.
    """
    name = ALIASES.get(how, how)
    if name not in AGGREGATORS:
        raise ConfigError(f"no aggregator is called {how!r}", do=nearest(how, dict(AGGREGATORS)))
    return AGGREGATORS[name]


def aggregate(scores: StepScores | Sequence[float | None], how: str = "min", *, empty: float = 0.5) -> float:
    """One number for a list of step scores; None entries are passed over.

    Args:
        scores: Step scores; a plain list is read as probabilities of ``correct`` kind when all
            lie in [0, 1], else as ``value`` kind.
        how: Name of an aggregator.
        empty: Result when nothing is scored.

    Raises:
        ConfigError: No such aggregator, or one that has no meaning for this kind of score.
        AlignmentError: A plain list holds something that is not a finite number.

    Source:
        Names, clamping and the value of an empty list follow RewardMATH's evaluation.

    Examples:
        >>> [round(aggregate([0.9, 0.8, 0.5], how), 4) for how in ("min", "prod", "gmean", "mean_logit")]
        [0.5, 0.36, 0.7114, 0.7675]
    """
    rule = aggregator(how)
    if isinstance(scores, StepScores):
        values = [v for v in scores.values if v is not None]
        kind, cumulative = scores.kind, scores.cumulative
    else:
        values = [v for v in scores if v is not None]
        for position, value in enumerate(values):
            if isinstance(value, bool) or not math.isfinite(value):
                raise AlignmentError(
                    f"{value!r} is not a finite number",
                    do="give floats, None for steps without a score",
                    field=f"scores[{position}]",
                )
        kind = "correct" if all(0 <= v <= 1 for v in values) else "value"
        cumulative = False
    if kind not in rule.kinds or (cumulative and not rule.cumulative):
        fits = [a.name for a in AGGREGATORS.values() if kind in a.kinds and (a.cumulative or not cumulative)]
        raise ConfigError(
            f"{rule.name!r} has no meaning for {'cumulative ' if cumulative else ''}{kind} scores",
            do=f"use one of {', '.join(fits)}",
            field="how",
        )
    return float(rule.rule(values)) if values else empty
