"""Calibration maps: from a score in [0, 1] to the probability that it stands for.

Three are curves in the log-odds of the score, ``sigmoid(a ln s - b ln(1 - s) + c)``: *temperature*
(a = b, c = 0), *Platt* (a = b) and *beta*. They go on beyond the scores they were fitted on. Two are tables:
*isotonic* (straight lines between the corners of the best rising steps) and *histogram* (bins of equal
mass). They stay level beyond their ends, and may say exactly 0 or 1. All but the histogram never turn the
order of two scores.

A map is a handful of plain numbers. What it is fitted on must share no problem with what is judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, get_args

import numpy as np

from prmkit.errors import ConfigError
from prmkit.stats.arrays import Floats, Numbers, floats, same_rows
from prmkit.stats.calibration import equal_mass
from prmkit.stats.monotone import pava, weights_of

MapKind = Literal["temperature", "platt", "beta", "isotonic", "histogram"]
KINDS: tuple[str, ...] = get_args(MapKind)
EDGE = 1e-7
"""Scores are cut to [EDGE, 1 - EDGE] before log-odds are taken of them."""
STRONGEST = 50.0
"""Temperatures stay within [1 / STRONGEST, STRONGEST]."""
BINS = 15
"""Bins of a histogram, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class ScoreMap:
    """A fitted map; every field is written to the PRM's card as it is."""

    kind: MapKind
    curve: tuple[float, ...] = ()
    """a, b and c of the three curves; empty for tables."""
    knots: tuple[float, ...] = ()
    """Isotonic: scores of the corners, rising. Histogram: the least score of each bin but the first."""
    levels: tuple[float, ...] = ()
    """Isotonic: probability at each corner. Histogram: probability of each bin."""

    def __post_init__(self) -> None:
        numbers = (*self.curve, *self.knots, *self.levels)
        if self.kind not in KINDS or not all(math.isfinite(one) for one in numbers):
            raise _broken(f"kind {self.kind!r}, or a number that is not finite")
        gap = {"isotonic": 0, "histogram": 1}.get(self.kind)
        if gap is None:
            if len(self.curve) != 3 or min(self.curve[:2]) < 0 or self.knots or self.levels:
                raise _broken(f"a {self.kind} map has three numbers, the first two of 0 or more")
        elif self.curve or not self.levels or len(self.knots) + gap != len(self.levels):
            raise _broken(f"a table {self.kind} of {len(self.knots)} knots and {len(self.levels)} levels")
        if any(a >= b for a, b in zip(self.knots, self.knots[1:], strict=False)):
            raise _broken("knots that do not rise")
        if self.levels and not 0 <= min(self.levels) <= max(self.levels) <= 1:
            raise _broken("levels outside [0, 1]")
        if self.kind == "isotonic" and list(self.levels) != sorted(self.levels):
            raise _broken("levels that fall")

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> ScoreMap:
        """The map that a card describes.

        Raises:
            ConfigError: The card describes no map.
        """
        try:
            rows = {name: tuple(map(float, card[name])) for name in ("curve", "knots", "levels")}
            return cls(card["kind"], **rows)
        except (KeyError, TypeError, ValueError) as error:
            raise _broken(f"{type(error).__name__} {error}") from error

    def apply(self, scores: Numbers) -> Floats:
        """Probabilities of scores.

        Raises:
            AlignmentError: An entry that is not finite.
            ConfigError: A score outside [0, 1].

        Examples:
            >>> ScoreMap("temperature", (0.5, 0.5, 0.0)).apply([0.5, 0.8]).round(4).tolist()
            [0.5, 0.6667]
            >>> ScoreMap("isotonic", knots=(0.2, 0.6), levels=(0.0, 0.5)).apply([0.0, 0.4, 0.9]).tolist()
            [0.0, 0.25, 0.5]
        """
        s = _scores(scores)
        if self.kind == "isotonic":
            return np.asarray(np.interp(s, self.knots, self.levels))
        if self.kind == "histogram":
            return np.asarray(np.array(self.levels)[np.searchsorted(self.knots, s, side="right")])
        for_it, against, shift = self.curve
        high, low = logs(s)
        return sigmoid(for_it * high + against * low + shift)


def fit_map(
    kind: str, scores: Numbers, labels: Numbers, weights: Numbers | None = None, *, bins: int = BINS
) -> ScoreMap:
    """The map of one kind that fits labelled scores best.

    Args:
        kind: One of :data:`KINDS`.
        scores: Numbers in [0, 1].
        labels: What happened, in [0, 1]; a soft label stands for a share of successes.
        weights: Weight of each row, 0 or more; a whole number is worth that many equal rows.
        bins: Bins of a histogram, at most; equal scores always share one.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: An unknown kind, an entry outside [0, 1], no bins, or labels of one class only.

    Source:
        Temperature: Guo et al. (2017). Platt: Platt (1999), with his targets that lie off 0 and 1 by a
        pseudo-count. Beta: Kull et al. (2017), here with Platt's targets, so that a fit exists also where
        the classes are apart. Isotonic: Zadrozny & Elkan (2002), with lines between the corners.
        Histogram: Zadrozny & Elkan (2001). Where the best slope would be negative it is 0.

    Examples:
        >>> fit_map("histogram", [0.1, 0.2, 0.8, 0.9], [0, 0, 1, 0], bins=2)
        ScoreMap(kind='histogram', curve=(), knots=(0.8,), levels=(0.0, 0.5))
    """
    if kind not in _FITS:
        raise ConfigError(
            f"no calibration is called {kind!r}", do=f"use one of {', '.join(KINDS)}", field="method"
        )
    if bins < 1:
        raise ConfigError(f"{bins} bins", do="use one bin or more", field="bins")
    s, y, w = _rows(scores, labels, weights)
    return _FITS[kind](s, y, w, bins)


def fit_temperature(logits: Numbers, labels: Numbers, weights: Numbers | None = None) -> float:
    """The temperature T with the least cross-entropy of ``sigmoid(logit / T)`` against labels in [0, 1].

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.
        ConfigError: No labels, or labels of one class only: no finite temperature is best.

    Source:
        Guo et al. (2017). In b = 1 / T the loss is convex; its slope, the mean of
        ``(sigmoid(b z) - y) z``, is bisected.

    Examples:
        >>> z = [math.log(4.0)] * 5 + [-math.log(4.0)] * 5      # says .8, is right 4 times in 5
        >>> round(fit_temperature(z, [1, 1, 1, 1, 0] + [0, 0, 0, 0, 1]), 6)
        1.0
        >>> round(fit_temperature([2 * one for one in z], [1, 1, 1, 1, 0] + [0, 0, 0, 0, 1]), 6)
        2.0
    """
    same_rows(logits=logits, labels=labels)
    z, y = floats(logits, "logits"), floats(labels, "labels")
    w = weights_of(weights, len(z))
    _two_classes(y[w > 0])
    return 1 / _sharpness(z, y, w)


def _sharpness(z: Floats, y: Floats, w: Floats) -> float:
    low, high = math.log(1 / STRONGEST), math.log(STRONGEST)
    for _ in range(60):
        middle = (low + high) / 2
        slope = float((w * (sigmoid(math.exp(middle) * z) - y) * z).sum())
        low, high = (low, middle) if slope > 0 else (middle, high)
    return math.exp((low + high) / 2)


def logs(scores: Floats) -> tuple[Floats, Floats]:
    """``ln s`` and ``-ln(1 - s)``, finite also for 0 and 1; their sum is the log-odds.

    Examples:
        >>> [float(one[0].round(4)) for one in logs(np.array([0.8]))]
        [-0.2231, 1.6094]
    """
    kept = np.clip(scores, EDGE, 1 - EDGE)
    return np.log(kept), -np.log1p(-kept)


def _log_odds(scores: Floats) -> Floats:
    high, low = logs(scores)
    return high + low


def sigmoid(z: Floats) -> Floats:
    """Probability of log-odds, without overflow.

    Examples:
        >>> sigmoid(np.array([0.0, 1000.0])).tolist()
        [0.5, 1.0]
    """
    return np.asarray(0.5 * (1 + np.tanh(z / 2)))


def _rows(scores: Numbers, labels: Numbers, weights: Numbers | None) -> tuple[Floats, Floats, Floats]:
    """Distinct scores in order, the mean label and the weight of each: nothing else matters to a map."""
    same_rows(scores=scores, labels=labels)
    s, y = _scores(scores), _scores(labels, "labels")
    w = weights_of(weights, len(s))
    s, y, w = s[w > 0], y[w > 0], w[w > 0]
    _two_classes(y)
    distinct, where = np.unique(s, return_inverse=True)
    total = np.bincount(where, weights=w).astype(np.float64)
    mean: Floats = np.bincount(where, weights=w * y) / total
    return distinct, mean, total


def _scores(values: Numbers, name: str = "scores") -> Floats:
    column = floats(values, name)
    if len(column) and (column.min() < 0 or column.max() > 1):
        raise ConfigError("values outside [0, 1]", do="give probabilities or shares", field=name)
    return column


def _two_classes(labels: Floats) -> None:
    if len(labels) == 0 or labels.min() == labels.max():
        raise ConfigError(
            f"{len(labels)} labels of one class cannot be calibrated on",
            do="calibrate on solutions with both right and wrong steps",
            field="labels",
        )


def _temperature(s: Floats, y: Floats, w: Floats, bins: int) -> ScoreMap:
    slope = _sharpness(_log_odds(s), y, w)
    return ScoreMap("temperature", (slope, slope, 0.0))


def _platt(s: Floats, y: Floats, w: Floats, bins: int) -> ScoreMap:
    slope, shift = _logistic(_log_odds(s)[:, None], _softened(y, w), w)
    return ScoreMap("platt", (slope, slope, shift))


def _beta(s: Floats, y: Floats, w: Floats, bins: int) -> ScoreMap:
    a, b, c = _logistic(np.stack(logs(s), axis=1), _softened(y, w), w)
    return ScoreMap("beta", (a, b, c))


def _isotonic(s: Floats, y: Floats, w: Floats, bins: int) -> ScoreMap:
    level = np.clip(pava(y, w), 0, 1)
    # Points inside a step lie on the line between its corners.
    inside = np.zeros(len(s), dtype=np.bool_)
    inside[1:-1] = (level[1:-1] == level[:-2]) & (level[1:-1] == level[2:])
    return ScoreMap("isotonic", knots=tuple(s[~inside].tolist()), levels=tuple(level[~inside].tolist()))


def _histogram(s: Floats, y: Floats, w: Floats, bins: int) -> ScoreMap:
    _, which = np.unique(equal_mass(w, bins), return_inverse=True)
    level = np.bincount(which, weights=w * y) / np.bincount(which, weights=w)
    first = np.flatnonzero(np.diff(which)) + 1
    return ScoreMap("histogram", knots=tuple(s[first].tolist()), levels=tuple(np.clip(level, 0, 1).tolist()))


_FITS: Mapping[str, Callable[[Floats, Floats, Floats, int], ScoreMap]] = {
    "temperature": _temperature,
    "platt": _platt,
    "beta": _beta,
    "isotonic": _isotonic,
    "histogram": _histogram,
}


def _softened(y: Floats, w: Floats) -> Floats:
    """Platt's targets: (N+ + 1) / (N+ + 2) for a success, 1 / (N- + 2) for a failure."""
    right, wrong = float((w * y).sum()), float((w * (1 - y)).sum())
    return y * ((right + 1) / (right + 2)) + (1 - y) / (wrong + 2)


def _logistic(features: Floats, y: Floats, w: Floats) -> list[float]:
    """Slopes of 0 or more and a shift with the least cross-entropy.

    The loss is convex, so the best feasible point is the best of those free minima, over all subsets of
    slopes set to 0, whose slopes are not negative.
    """
    many = features.shape[1]
    best, least = [0.0] * (many + 1), math.inf
    for taken in product((True, False), repeat=many):
        columns = [i for i, one in enumerate(taken) if one]
        found, loss = _newton(np.column_stack([features[:, columns], np.ones(len(y))]), y, w)
        if (found[:-1] >= 0).all() and loss < least:
            least = loss
            best = [0.0] * many + [float(found[-1])]
            for i, value in zip(columns, found[:-1].tolist(), strict=True):
                best[i] = value
    return best


def _newton(x: Floats, y: Floats, w: Floats) -> tuple[Floats, float]:
    """Free minimum of the mean cross-entropy by Newton steps, halved while they do not lower it."""
    share = w / w.sum()
    ridge = 1e-12 * np.eye(x.shape[1])

    def loss(at: Floats) -> float:
        z = x @ at
        return float((share * (np.logaddexp(0, z) - y * z)).sum())

    at: Floats = np.zeros(x.shape[1])
    value = loss(at)
    for _ in range(100):
        p = sigmoid(x @ at)
        slope = x.T @ (share * (p - y))
        bend = (x * (share * p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        size = 1.0
        while size > 1e-9 and loss(at - size * step) > value:
            size /= 2
        if size <= 1e-9 or float(np.abs(size * step).max()) < 1e-12:
            break
        at = at - size * step
        value = loss(at)
    return at, value


def _broken(what: str) -> ConfigError:
    return ConfigError(
        f"the calibration map cannot be read: {what}", do="calibrate again and save the PRM", field="map"
    )
