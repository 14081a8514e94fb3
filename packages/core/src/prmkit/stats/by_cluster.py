"""AUROC, average precision and ECE on resampled clusters: one table by cluster, then matrix products."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from prmkit.stats.arrays import Floats, Ints, Numbers, floats, same_rows
from prmkit.stats.intervals import (
    Resampled,
    number_clusters,
    resample_counts,
    resample_sums,
    resample_weighted,
)
from prmkit.stats.ranking import weighted_auroc, weighted_average_precision

_FEW = 1500
"""With more clusters than this the tables cost more than they save."""
_BLOCK = 4_000_000


def resample_auroc(
    scores: Numbers,
    positive: Numbers,
    clusters: Sequence[Hashable],
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Resampled:
    """AUROC with its values on resampled clusters.

    Raises:
        AlignmentError: Columns of unlike length, no rows, or an entry that is not finite.

    Source:
        The Mann-Whitney statistic is a sum over pairs of rows, so over pairs of clusters: with
        U[c, d] = pairs won by positives of c against negatives of d, and w the draws of each
        cluster, AUROC = w U w / ((w P) (w N)).

    Examples:
        >>> resample_auroc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1], "abab").value
        0.875
    """
    same_rows(scores=scores, positive=positive, clusters=clusters)
    values, labels = floats(scores, "scores"), floats(positive, "positive")
    inverse, many = number_clusters(clusters)
    if many > _FEW:
        return resample_weighted(weighted_auroc(values, labels), clusters, draws=draws, seed=seed)
    good = labels > 0.5
    won = won_pairs(values, good, inverse, many)
    positives, negatives = (np.bincount(inverse[m], minlength=many).astype(float) for m in (good, ~good))

    def area(counts: Floats) -> Floats:
        pairs = (counts @ positives) * (counts @ negatives)
        return np.asarray(np.einsum("ij,ij->i", counts @ won, counts) / pairs)

    return resample_counts(area, clusters, draws=draws, seed=seed)


def resample_ece(
    predicted: Numbers,
    observed: Numbers,
    clusters: Sequence[Hashable],
    *,
    bins: int = 10,
    draws: int = 2000,
    seed: int = 0,
) -> Resampled:
    """Expected calibration error with bins of equal width, which stay where they are in every resample.

    Raises:
        AlignmentError: Columns of unlike length, no rows, or an entry that is not finite.

    Source:
        Naeini et al. (2015); as :func:`prmkit.stats.ece`. Of few rows it is too large.

    Examples:
        >>> resample_ece([0.25, 0.75], [0, 1], ["a", "b"], draws=20).value
        0.25
    """
    same_rows(predicted=predicted, observed=observed)
    p, y = floats(predicted, "predicted"), floats(observed, "observed")
    which = np.minimum((p * bins).astype(np.int64), bins - 1)
    columns: dict[str, Floats] = {str(b): np.where(which == b, p - y, 0.0) for b in range(bins)}
    columns["n"] = np.ones(len(p))
    return resample_sums(
        lambda sums: np.asarray(sum(np.abs(sums[str(b)]) for b in range(bins)) / sums["n"]),
        columns,
        clusters,
        draws=draws,
        seed=seed,
    )


def resample_average_precision(
    scores: Numbers,
    positive: Numbers,
    clusters: Sequence[Hashable],
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Resampled:
    """Average precision with its values on resampled clusters.

    Raises:
        AlignmentError: Columns of unlike length, no rows, or an entry that is not finite.

    Source:
        As :func:`prmkit.stats.average_precision`; counts at each positive's score are sums over
        clusters, weighted by the draws of each.

    Examples:
        >>> round(resample_average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], "abab").value, 4)
        0.8333
    """
    same_rows(scores=scores, positive=positive, clusters=clusters)
    values, labels = floats(scores, "scores"), floats(positive, "positive")
    inverse, many = number_clusters(clusters)
    good = labels > 0.5
    thresholds = np.unique(values[good])[::-1]
    if many > _FEW or not len(thresholds):
        return resample_weighted(weighted_average_precision(values, labels), clusters, draws=draws, seed=seed)
    found = counts_above(values[good], inverse[good], thresholds, many)
    seen = counts_above(values, inverse, thresholds, many)
    part = max(1, _BLOCK // len(thresholds))

    def area(counts: Floats) -> Floats:
        return np.concatenate([block(counts[i : i + part]) for i in range(0, len(counts), part)])

    def block(counts: Floats) -> Floats:
        hits = counts @ found
        precision = hits / np.maximum(counts @ seen, 1)
        # 0/0 where no positive was drawn: the resample has no value.
        return np.asarray(np.einsum("ij,ij->i", np.diff(hits, axis=1, prepend=0), precision) / hits[:, -1])

    return resample_counts(area, clusters, draws=draws, seed=seed)


def counts_above(values: Floats, cluster: Ints, thresholds: Floats, many: int) -> Floats:
    """Rows of each cluster at or above each of falling ``thresholds``, shape (clusters, thresholds)."""
    place = np.searchsorted(-thresholds, -values, side="left")
    inside = place < len(thresholds)
    table = np.zeros((many, len(thresholds)))
    np.add.at(table, (cluster[inside], place[inside]), 1)
    return np.cumsum(table, axis=1, out=table)


def won_pairs(values: Floats, good: np.ndarray, cluster: Ints, many: int) -> Floats:
    """Pairs (ties count half) that positives of one cluster win against negatives of another.

    Returns:
        Shape (clusters, clusters): winners first.
    """
    if 2 * good.sum() < len(good):
        # The table of running counts below is as long as the class that is counted: take the smaller one.
        return won_pairs(-values, ~good, cluster, many).T
    order = np.argsort(values[~good], kind="stable")
    ranked, owner = values[~good][order], cluster[~good][order]
    below = np.zeros((len(ranked) + 1, many))
    below[np.arange(1, len(ranked) + 1), owner] = 1
    np.cumsum(below, axis=0, out=below)
    by_cluster = np.flatnonzero(good)[np.argsort(cluster[good], kind="stable")]
    won = np.zeros((many, many))
    for rows in np.array_split(by_cluster, max(1, len(by_cluster) * many // _BLOCK)):
        if len(rows):
            left, right = (np.searchsorted(ranked, values[rows], side=side) for side in ("left", "right"))
            starts = np.flatnonzero(np.diff(cluster[rows], prepend=-1))
            won[cluster[rows][starts]] += np.add.reduceat((below[left] + below[right]) / 2, starts, axis=0)
    return won
