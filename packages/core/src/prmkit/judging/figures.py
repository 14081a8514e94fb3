"""A metric over rows that each scorer may cover or not: figures, intervals, paired differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from prmkit.stats import Interval, Paired, Resampled
from prmkit.types import Json

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How intervals are made."""

    draws: int = 2000
    seed: int = 0
    confidence: float = 0.95


@dataclass(frozen=True)
class Metric:
    """One metric: which rows each scorer covers, and the figure of a scorer on some rows."""

    name: str
    covered: Mapping[str, Mask]
    """Scorer → the rows it has values for. A scorer the metric has no meaning for is absent."""
    figure: Callable[[str, Mask], Resampled]
    _done: dict[tuple[str, bytes], Resampled] = field(default_factory=dict, repr=False)

    @property
    def scorers(self) -> list[str]:
        """Scorers with at least one row."""
        return [name for name, rows in self.covered.items() if rows.any()]

    def on(self, scorer: str, rows: Mask) -> Resampled:
        """The figure of ``scorer`` on ``rows``, resampled once."""
        key = (scorer, np.packbits(rows).tobytes())
        if key not in self._done:
            self._done[key] = self.figure(scorer, rows)
        return self._done[key]

    def of(self, scorer: str) -> Resampled:
        """The figure of ``scorer`` on the rows that it covers."""
        return self.on(scorer, self.covered[scorer])

    def compare(self, a: str, b: str, confidence: float = 0.95) -> Paired | None:
        """Difference of two scorers on the rows that both cover; None when there are none."""
        rows = self.covered[a] & self.covered[b]
        if not rows.any():
            return None
        return self.on(a, rows).minus(self.on(b, rows), confidence)


def number(value: float) -> float | None:
    """A float for JSON: None for NaN and infinities.

    Examples:
        >>> number(0.5), number(float("nan"))
        (0.5, None)
    """
    return None if value is None or not math.isfinite(value) else float(value)


def estimate(interval: Interval | Paired) -> dict[str, Json]:
    """An interval as JSON."""
    return {
        "value": number(interval.value),
        "low": number(interval.low),
        "high": number(interval.high),
        "n": interval.n,
        "clusters": interval.clusters,
    }


def difference(found: Paired) -> dict[str, Json]:
    """A paired difference as JSON."""
    made = estimate(found)
    return {"diff": made.pop("value"), **made, "p": number(found.p)}


def scorer_table(metrics: Sequence[Metric], confidence: float) -> dict[str, Json]:
    """Scorer → metrics → estimate, in the order in which scorers first appear."""
    names = list(dict.fromkeys(name for metric in metrics for name in metric.scorers))
    return {
        name: {
            "metrics": {
                metric.name: estimate(metric.of(name).interval(confidence))
                for metric in metrics
                if name in metric.scorers
            }
        }
        for name in names
    }
