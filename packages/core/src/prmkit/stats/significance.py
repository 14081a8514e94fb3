"""Tests: paired counts, families of tests, equivalence, and the cost of clustering."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from prmkit.errors import ConfigError
from prmkit.stats.arrays import Numbers, floats, same_rows, share
from prmkit.stats.special import binomial_tail, student_quantile, student_tail


def mcnemar_exact(b: int, c: int) -> float:
    """Two-sided exact p-value that two paired systems are right equally often.

    Args:
        b: Rows that only the first gets right.
        c: Rows that only the second gets right.

    Raises:
        ConfigError: A negative count.

    Source:
        McNemar (1947), exact binomial form.

    Examples:
        >>> round(mcnemar_exact(18, 8), 4)
        0.0755
    """
    if min(b, c) < 0:
        raise ConfigError(f"negative count among {b}, {c}", do="count rows", field="b")
    return min(1.0, 2 * binomial_tail(max(b, c), b + c, 0.5)) if b + c else 1.0


def holm(p_values: Mapping[str, float] | Sequence[float]) -> dict[str, float]:
    """Adjusted p-values of a family of tests; compare each with the level of the whole family.

    Args:
        p_values: One per test; the tests of a sequence are called "0", "1", ...

    Raises:
        ConfigError: An entry outside [0, 1].

    Source:
        Holm (1979), step-down.

    Examples:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    named = dict(p_values) if isinstance(p_values, Mapping) else {str(i): p for i, p in enumerate(p_values)}
    for name, p in named.items():
        if not 0 <= p <= 1:
            raise ConfigError(f"{p!r} is not a p-value", do="give numbers in [0, 1]", field=name)
    adjusted: dict[str, float] = {}
    reached = 0.0
    for rank, (name, p) in enumerate(sorted(named.items(), key=lambda item: item[1])):
        reached = max(reached, min(1.0, p * (len(named) - rank)))
        adjusted[name] = reached
    return {name: adjusted[name] for name in named}


class Equivalence(NamedTuple):
    """Result of two one-sided tests of a paired difference against a margin."""

    value: float
    """Mean difference."""
    low: float
    high: float
    """Interval of confidence 1 - 2 alpha: equivalence means that it lies inside the margins."""
    p: float
    """p-value of equivalence: the larger of the two one-sided ones."""
    p_not_worse: float
    """p-value of non-inferiority: the difference lies above minus the margin."""
    equivalent: bool
    margin: float
    n: int


def tost(differences: Numbers, margin: float, *, alpha: float = 0.05) -> Equivalence:
    """Whether a mean paired difference is smaller than ``margin`` in size.

    Args:
        differences: One per independent unit: means within clusters, not rows.
        margin: Smallest difference of interest, named before looking; > 0.
        alpha: Level of the test.

    Raises:
        ConfigError: Fewer than two differences, or a margin that is not positive.
        AlignmentError: An entry is not finite.

    Source:
        Schuirmann (1987), with Student's t.

    Examples:
        >>> tost([0.01, -0.01, 0.0, 0.02, -0.02], margin=0.05).equivalent
        True
    """
    values = floats(differences, "differences")
    if len(values) < 2 or not margin > 0:
        raise ConfigError(
            f"{len(values)} differences, margin {margin!r}",
            do="give two or more differences and a margin above 0",
            field="margin",
        )
    degrees = len(values) - 1
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    if error == 0:
        above, below = float(mean <= -margin), float(mean >= margin)
    else:
        above = student_tail((mean + margin) / error, degrees)
        below = student_tail((margin - mean) / error, degrees)
    half = student_quantile(1 - share(alpha, "alpha"), degrees) * error
    p = max(above, below)
    return Equivalence(mean, mean - half, mean + half, p, above, p < alpha, margin, len(values))


def design_effect(values: Numbers, clusters: Sequence[Hashable]) -> tuple[float, float]:
    """Intraclass correlation of ``values`` and the factor by which clustering inflates variance.

    Raises:
        AlignmentError: Columns of unlike length, or an entry that is not finite.

    Source:
        Kish (1965): 1 + (m - 1) ICC with m = sum of squared cluster sizes over rows; ICC from a
        one-way analysis of variance (Donner & Koval, 1980), not below 0.

    Examples:
        >>> icc, effect = design_effect([0, 0, 0, 1, 1, 1], "aaabbb")
        >>> icc, effect
        (1.0, 3.0)
    """
    same_rows(values=values, clusters=clusters)
    array = floats(values, "values")
    names = sorted(set(clusters), key=str)
    groups = [array[[c == name for c in clusters]] for name in names]
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    rows, many = float(sizes.sum()), len(groups)
    effective = float((sizes**2).sum() / rows) if rows else 0.0
    if many < 2 or rows == many:
        return 0.0, 1.0
    between = sum(len(g) * float(g.mean() - array.mean()) ** 2 for g in groups) / (many - 1)
    within = sum(float(((g - g.mean()) ** 2).sum()) for g in groups) / (rows - many)
    typical = (rows - effective) / (many - 1)
    total = between + (typical - 1) * within
    icc = max(0.0, (between - within) / total) if total > 0 else 0.0
    return icc, 1 + (effective - 1) * icc
