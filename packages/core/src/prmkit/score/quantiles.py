"""Several quantile forecasts into one, and intervals that cover.

Shapes: the forecasts of p models at L levels for n rows are an array (n, p, L); one forecast is (n, L).

Source: weighted quantile ensembles with a weight per model (coarse), per model and level (medium), or per
model, level and output level (fine): Deep Quantile Aggregation, Fakoor et al. (2023, arXiv 2103.00083), here
with global weights; conformal margin: Romano et al. (2019). Departures: the loss is convex in the weights and
is minimised without a network; crossings are repaired after the sum, which never raises the loss, and are not
penalised in training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats import cqr_margin, repair
from prmkit.stats.arrays import Floats, Numbers, floats, same_rows
from prmkit.stats.monotone import weights_of
from prmkit.stats.quantiles import Repair, levels_of

Resolution = Literal["coarse", "medium", "fine"]
ROUNDS = 600
"""Steps of the descent."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Convex weights of base forecasts."""

    levels: tuple[float, ...]
    resolution: Resolution
    weights: tuple[tuple[float, ...], ...]
    """Per output level the weight of every column: a model (coarse, medium), or a model's level (fine)."""
    repair: Repair = "isotonic"

    def apply(self, base: Any) -> Floats:
        """One forecast per row.

        Shapes:
            base: (n, p, L). result: (n, L).

        Raises:
            AlignmentError: Another number of models or levels, or an entry that is not finite.
        """
        columns = _columns(_base(base, self.levels), self.resolution)
        if columns.shape[2] != len(self.weights[0]):
            raise AlignmentError(
                f"{columns.shape[2]} columns for {len(self.weights[0])} weights",
                do="give the forecasts of the models that the ensemble was fitted to, in their order",
                field="base",
            )
        mixed = np.stack([x @ np.array(w) for x, w in zip(columns, self.weights, strict=True)], axis=1)
        return repair(mixed, self.levels, self.repair)


def fit_ensemble(
    base: Any,
    observed: Numbers,
    levels: Sequence[float],
    resolution: Resolution = "medium",
    *,
    weights: Numbers | None = None,
    how: Repair = "isotonic",
    rounds: int = ROUNDS,
) -> Ensemble:
    """The convex weights with the least mean pinball loss.

    Base forecasts must be of rows that the base models were not trained on (out of fold).

    Shapes:
        base: (n, p, L). observed, weights: (n).

    Args:
        base: Forecasts of the models.
        observed: What happened.
        levels: Levels of the last axis.
        resolution: Which forecasts share a weight.
        weights: Weight of each row, 0 or more.
        how: Repair of crossings.
        rounds: Steps of exponentiated subgradient descent; the mean of its points is kept.

    Raises:
        AlignmentError: Another shape, columns of unlike length, or an entry that is not finite.
        ConfigError: No rows, an unknown resolution, no rounds, or levels that do not rise inside (0, 1).

    Examples:
        >>> base = [[[0.0], [1.0]]] * 100                   # two models that always say 0 and 1
        >>> found = fit_ensemble(base, [i / 100 for i in range(100)], [0.3])
        >>> round(found.weights[0][1], 1)                   # the 0.3 quantile of the outcomes
        0.3
    """
    if resolution not in get_args(Resolution) or rounds < 1:
        raise ConfigError(
            f"resolution {resolution!r}, {rounds} rounds",
            do="use coarse, medium or fine, and one round or more",
            field="resolution",
        )
    z, t = _base(base, levels), levels_of(levels)
    same_rows(base=z, observed=observed)
    y = floats(observed, "observed")
    if not len(y):
        raise ConfigError("no rows to fit an ensemble to", do="give forecasts and outcomes", field="observed")
    share = weights_of(weights, len(y))
    columns = _columns(z, resolution)
    found = _descend(columns, y, t, share / share.sum(), rounds, shared=resolution == "coarse")
    return Ensemble(tuple(t.tolist()), resolution, tuple(map(tuple, found.tolist())), how)


def conformalised(
    quantiles: Any, levels: Sequence[float], held_quantiles: Any, held_observed: Numbers
) -> tuple[Floats, Floats]:
    """The outer two quantiles, moved so that they cover as often as their levels say.

    Shapes:
        quantiles: (n, L). held_quantiles: (m, L). result: (n) twice.

    Args:
        quantiles: Forecasts of new rows.
        levels: Their levels; the first and the last must be t and 1 - t.
        held_quantiles: Forecasts of rows that nothing was fitted to, one a problem.
        held_observed: What happened there.

    Returns:
        Lower and upper ends; infinite where too few rows are held, and both in the middle where a negative
        margin would turn them round.

    Raises:
        ConfigError: Outer levels that are no pair.
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Examples:
        >>> held = [[0.3, 0.8]] * 4
        >>> low, high = conformalised([[0.3, 0.8]], [0.1, 0.9], held, [0.25, 0.5, 0.85, 0.4])
        >>> round(float(low[0]), 6), round(float(high[0]), 6)
        (0.25, 0.85)
    """
    t = levels_of(levels)
    if len(t) < 2 or abs(t[0] + t[-1] - 1) > 1e-9:
        raise ConfigError(
            f"outer levels {t[0]} and {t[-1]}", do="use a pair such as 0.1 and 0.9", field="levels"
        )
    new, held = repair(quantiles, levels), repair(held_quantiles, levels)
    margin = cqr_margin(held[:, 0], held[:, -1], held_observed, round(float(2 * t[0]), 9))
    low, high = new[:, 0] - margin, new[:, -1] + margin
    middle = (new[:, 0] + new[:, -1]) / 2
    return np.minimum(low, middle), np.maximum(high, middle)


def _base(base: Any, levels: Sequence[float]) -> Floats:
    z = np.asarray(base, dtype=np.float64)
    if z.ndim != 3 or z.shape[2] != len(levels_of(levels)) or not z.shape[1]:
        raise AlignmentError(
            f"forecasts of shape {z.shape} for {len(levels)} levels",
            do="give an array of rows, models and levels",
            field="base",
        )
    floats(z.ravel(), "base")
    return z


def _columns(base: Floats, resolution: Resolution) -> Floats:
    """Per output level the columns that it may use, shape (L, n, C)."""
    if resolution != "fine":
        return np.asarray(base.transpose(2, 0, 1))
    flat = base.reshape(len(base), -1)
    return np.broadcast_to(flat, (base.shape[2], *flat.shape))


def _descend(x: Floats, y: Floats, t: Floats, share: Floats, rounds: int, *, shared: bool) -> Floats:
    """Weights of shape (L, C), each row a point of the simplex."""
    size, many = x.shape[0], x.shape[2]
    spread = np.abs(x - x.mean(axis=2, keepdims=True)).max(axis=(0, 2))
    reach = float(spread[share > 0].max()) or 1.0
    log_weight = np.zeros((size, many))
    total = np.zeros((size, many))
    for step in range(1, rounds + 1):
        w = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        w /= w.sum(axis=1, keepdims=True)
        over = np.einsum("lnc,lc->ln", x, w) > y
        slope = np.einsum("ln,lnc->lc", (over - t[:, None]) * share, x)
        if shared:
            slope = np.broadcast_to(slope.sum(axis=0), slope.shape)
        log_weight = log_weight - 4 * math.sqrt(math.log(many + 1) / step) / reach * slope
        total += w * step  # later points count more
    return np.asarray(total / total.sum(axis=1, keepdims=True))
