"""Intervals: exact and Wilson for counts, the cluster bootstrap for everything else.

Source: Wilson (1927); Clopper & Pearson (1934); Davison & Hinkley (1997) for the cluster
bootstrap with percentile limits. The same seed and the same clusters give the same draws,
so that figures of two scorers are compared on the same resamples.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from prmkit.errors import AlignmentError, ConfigError
from prmkit.stats.arrays import Floats, Ints, Numbers, floats, same_rows, share
from prmkit.stats.special import binomial_tail

Rows = Sequence[Any] | Mapping[str, NDArray[Any]]
Sums = Mapping[str, Floats]
SumsStatistic = Callable[[Sums], Floats]
"""Sums per draw, each of shape (draws,), to one figure per draw."""
WeightsStatistic = Callable[[Floats], Floats]
"""Row weights of shape (draws, rows) to one figure per draw."""

_BLOCK = 4_000_000
"""Numbers held at once while drawing."""
_CACHED = 500_000
"""Row weights worked on at once: small enough to stay near the processor."""


class Interval(NamedTuple):
    """A figure with its interval; ``low`` and ``high`` are NaN where none can be given."""

    value: float
    low: float
    high: float
    n: int
    """Rows behind the figure."""
    clusters: int
    """Units that were resampled."""


class Paired(NamedTuple):
    """A difference of two figures on the same resamples."""

    value: float
    """First minus second."""
    low: float
    high: float
    n: int
    clusters: int
    p: float
    """Two-sided p-value: twice the smaller share of resamples on either side of no difference."""


def wilson(k: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a rate of ``k`` in ``n`` independent trials.

    Raises:
        ConfigError: A confidence outside (0, 1), or counts that are none.

    Source:
        Wilson (1927), score interval without continuity correction.

    Examples:
        >>> [round(end, 4) for end in wilson(60, 100)]
        [0.502, 0.6906]
    """
    _counts(k, n)
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + share(confidence, "confidence") / 2)
    rate = k / n
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return (0.0 if k == 0 else max(0.0, middle - half)), (1.0 if k == n else min(1.0, middle + half))


def clustered_wilson(
    hits: Sequence[bool], clusters: Sequence[Hashable], confidence: float = 0.95
) -> Interval:
    """Wilson's interval of a share, as if each cluster were one trial: the rule for few clusters.

    With k of n rows hit and m rows in each cluster, it is Wilson's interval of the rate k/n in
    n^2 / sum(m^2) trials (Kish's effective number: the number of clusters where they are equal). A cluster's
    own share varies at most as one trial does, so the interval errs on the wide side; it needs no
    resamples, and one cluster gives the interval of one trial where a bootstrap gives none.

    Args:
        hits: One per row.
        clusters: Cluster of each row.
        confidence: Two-sided level.

    Raises:
        AlignmentError: Hits and clusters differ in length.
        ConfigError: A confidence outside (0, 1).

    Source:
        Wilson (1927); effective number of clusters after Kish (1965), Survey Sampling.

    Examples:
        >>> clustered_wilson([True, True, False, False], "abcd")[1:3] == wilson(2, 4)
        True
        >>> [round(end, 3) for end in clustered_wilson([True] * 9, "a" * 9)[:3]]
        [1.0, 0.207, 1.0]
    """
    n = same_rows(hits=hits, clusters=clusters)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, 0, 0)
    sizes = Counter(clusters).values()
    value = sum(map(bool, hits)) / n
    trials = n * n / sum(size * size for size in sizes)
    return Interval(value, *wilson(value * trials, trials, confidence), n, len(sizes))


def clopper_pearson_upper(k: int, n: int, confidence: float = 0.95) -> float:
    """One-sided exact upper bound of a rate.

    Raises:
        ConfigError: A confidence outside (0, 1), or counts that are none.

    Source:
        Clopper & Pearson (1934).

    Examples:
        >>> round(clopper_pearson_upper(0, 598), 5)
        0.005
    """
    return 1 - clopper_pearson_lower(n - k, n, confidence)


def clopper_pearson_lower(k: int, n: int, confidence: float = 0.95) -> float:
    """One-sided exact lower bound of a rate: the rate at which k or more has chance 1 - confidence.

    Raises:
        ConfigError: A confidence outside (0, 1), or counts that are none.

    Source:
        Clopper & Pearson (1934).

    Examples:
        >>> round(clopper_pearson_lower(72, 72), 3)
        0.959
    """
    _counts(k, n)
    share(confidence, "confidence")
    if k == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if binomial_tail(k, n, middle) < 1 - confidence else (low, middle)
    return (low + high) / 2


def _counts(k: float, n: float) -> None:
    if not 0 <= k <= n:
        raise ConfigError(f"{k} of {n} is not a count", do="give 0 <= k <= n", field="k")


@dataclass(frozen=True, slots=True)
class Resampled:
    """A figure and its values on resamples of the clusters: intervals and differences come from these."""

    value: float
    draws: Floats
    """One value per resample; equal clusters and seeds mean equal resamples."""
    n: int
    clusters: int
    seed: int = 0

    def interval(self, confidence: float = 0.95) -> Interval:
        """Percentile interval; no ends with one cluster or where most resamples have no value."""
        return Interval(
            self.value, *_ends(self.draws, self.clusters, confidence), n=self.n, clusters=self.clusters
        )

    def minus(self, other: Resampled, confidence: float = 0.95) -> Paired:
        """Difference to ``other``, resample by resample.

        Raises:
            AlignmentError: The two were not made from the same resamples.
        """
        if (self.clusters, self.seed, len(self.draws)) != (other.clusters, other.seed, len(other.draws)):
            raise AlignmentError(
                f"{self.clusters} and {other.clusters} clusters cannot be compared pairwise",
                do="resample both figures over the same rows, clusters, draws and seed",
            )
        difference = self.draws - other.draws
        low, high = _ends(difference, self.clusters, confidence)
        good = difference[np.isfinite(difference)]
        p = math.nan
        if not math.isnan(low):
            below = (1 + int((good <= 0).sum())) / (1 + len(good))
            above = (1 + int((good >= 0).sum())) / (1 + len(good))
            p = min(1.0, 2 * min(below, above))
        return Paired(self.value - other.value, low, high, self.n, self.clusters, p)


def resample(
    statistic: Callable[[Any], float],
    rows: Rows,
    clusters: Sequence[Hashable],
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Resampled:
    """Any statistic of resampled rows. General and slow: one call per resample.

    Args:
        statistic: Takes rows of the kind given: a list, or a mapping of arrays of equal length.
        rows: The rows.
        clusters: Cluster of each row.
        draws: Number of resamples.
        seed: Seed of the resamples.

    Raises:
        AlignmentError: Rows and clusters differ in length, or there are none.
    """
    inverse, many = number_clusters(clusters)
    columns = rows if isinstance(rows, Mapping) else {"rows": rows}
    same_rows(clusters=inverse, **columns)
    figures: list[float] = []
    for block in _draws(many, draws, seed):
        for counts in block:
            picked = np.repeat(np.arange(len(inverse)), counts.astype(np.int64)[inverse])
            if isinstance(rows, Mapping):
                figures.append(float(statistic({k: np.asarray(v)[picked] for k, v in rows.items()})))
            else:
                figures.append(float(statistic([rows[i] for i in picked.tolist()])))
    return Resampled(float(statistic(rows)), np.array(figures, dtype=np.float64), len(inverse), many, seed)


def resample_sums(
    statistic: SumsStatistic,
    columns: Mapping[str, Numbers],
    clusters: Sequence[Hashable],
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Resampled:
    """A statistic that depends on sums over rows only (rates, F1s, means). Fast.

    Raises:
        AlignmentError: Columns and clusters differ in length, there are no rows, or an entry is not finite.
    """
    inverse, many = number_clusters(clusters)
    same_rows(clusters=clusters, **columns)
    totals = {
        name: np.bincount(inverse, weights=floats(column, name), minlength=many)
        for name, column in columns.items()
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        value = statistic({name: total.sum(keepdims=True) for name, total in totals.items()})
        figures = [
            statistic({name: block @ total for name, total in totals.items()})
            for block in _draws(many, draws, seed)
        ]
    return Resampled(float(value[0]), np.concatenate(figures), len(inverse), many, seed)


def resample_weighted(
    statistic: WeightsStatistic, clusters: Sequence[Hashable], *, draws: int = 2000, seed: int = 0
) -> Resampled:
    """A statistic of row weights (how often each row was drawn), such as AUROC.

    Raises:
        AlignmentError: There are no rows.
    """
    inverse, many = number_clusters(clusters)
    part = max(1, _CACHED // len(inverse))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = statistic(np.ones((1, len(inverse))))
        figures = [
            statistic(block[begin : begin + part][:, inverse])
            for block in _draws(many, draws, seed)
            for begin in range(0, len(block), part)
        ]
    return Resampled(float(value[0]), np.concatenate(figures), len(inverse), many, seed)


def resample_counts(
    statistic: WeightsStatistic, clusters: Sequence[Hashable], *, draws: int = 2000, seed: int = 0
) -> Resampled:
    """A statistic of how often each cluster was drawn, of shape (draws, clusters).

    Clusters are numbered as in :func:`number_clusters`.

    Raises:
        AlignmentError: There are no rows.
    """
    inverse, many = number_clusters(clusters)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = statistic(np.ones((1, many)))
        figures = [statistic(block) for block in _draws(many, draws, seed)]
    return Resampled(float(value[0]), np.concatenate(figures), len(inverse), many, seed)


def bootstrap(
    statistic: Callable[[Any], float],
    rows: Rows,
    clusters: Sequence[Hashable],
    *,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Interval of any statistic of rows, by resampling clusters (see :func:`resample`).

    Raises:
        AlignmentError: Rows and clusters differ in length, or there are none.

    Examples:
        >>> interval = bootstrap(lambda rows: sum(rows) / len(rows), [0, 1, 1, 1], "aabb")
        >>> interval.value, interval.low, interval.high, interval.n, interval.clusters
        (0.75, 0.5, 1.0, 4, 2)
    """
    return resample(statistic, rows, clusters, draws=draws, seed=seed).interval(confidence)


def paired(
    statistic: Callable[[Any], float],
    first: Rows,
    second: Rows,
    clusters: Sequence[Hashable],
    *,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Paired:
    """Difference of a statistic between two sets of figures for the same rows, first minus second.

    Raises:
        AlignmentError: Rows and clusters differ in length, or there are none.

    Examples:
        >>> paired(lambda rows: sum(rows) / len(rows), [1, 1, 1, 1], [0, 0, 1, 1], "abcd").value
        0.5
    """
    one = resample(statistic, first, clusters, draws=draws, seed=seed)
    return one.minus(resample(statistic, second, clusters, draws=draws, seed=seed), confidence)


def bootstrap_mean(
    values: Numbers,
    clusters: Sequence[Hashable],
    *,
    draws: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Interval of a mean.

    Raises:
        AlignmentError: Values and clusters differ in length, there are none, or one is not finite.

    Examples:
        >>> bootstrap_mean([1.0, 2.0, 3.0], "abc").value
        2.0
    """
    return resample_mean(values, clusters, draws=draws, seed=seed).interval(confidence)


def resample_mean(
    values: Numbers, clusters: Sequence[Hashable], *, draws: int = 2000, seed: int = 0
) -> Resampled:
    """A mean over rows.

    Raises:
        AlignmentError: Values and clusters differ in length, there are none, or one is not finite.
    """
    columns = {"value": values, "n": np.ones(len(values))}
    return resample_sums(lambda sums: sums["value"] / sums["n"], columns, clusters, draws=draws, seed=seed)


def number_clusters(clusters: Sequence[Hashable]) -> tuple[Ints, int]:
    """Number of each row's cluster, in sorted order so that draws do not depend on row order, and how many.

    Raises:
        AlignmentError: There are no rows.
    """
    names = sorted(set(clusters), key=str)
    if not names:
        raise AlignmentError("no rows to resample", do="leave out figures that have no rows")
    number = {name: position for position, name in enumerate(names)}
    return np.array([number[cluster] for cluster in clusters], dtype=np.int64), len(names)


def _draws(clusters: int, draws: int, seed: int) -> Iterator[Floats]:
    """How often each cluster was drawn, in blocks of shape (some draws, clusters)."""
    random = np.random.default_rng(seed)
    block = max(1, _BLOCK // clusters)
    for begin in range(0, draws, block):
        many = min(block, draws - begin)
        chosen = random.integers(clusters, size=(many, clusters))
        chosen += np.arange(many)[:, None] * clusters
        counts = np.bincount(chosen.ravel(), minlength=many * clusters)
        yield counts.reshape(many, clusters).astype(np.float64)


def _ends(figures: Floats, clusters: int, confidence: float) -> tuple[float, float]:
    tail = (1 - share(confidence, "confidence")) / 2
    good = figures[np.isfinite(figures)]
    # One cluster cannot vary, and a figure that most resamples lack has no interval worth printing.
    if clusters < 2 or 2 * len(good) < len(figures) or not len(good):
        return math.nan, math.nan
    low, high = np.quantile(good, [tail, 1 - tail])
    return float(low), float(high)
