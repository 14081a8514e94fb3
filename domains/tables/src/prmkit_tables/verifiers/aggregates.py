"""Aggregates of lists of numbers, by the names that steps use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

Numbers = Sequence[Fraction]


def mean(values: Numbers) -> Fraction:
    """Arithmetic mean of a list with at least one number."""
    return sum(values, Fraction(0)) / len(values)


def median(values: Numbers) -> Fraction:
    """The middle one, or the mean of the two in the middle.

    Examples:
        >>> str(median([Fraction(3), Fraction(1), Fraction(2), Fraction(9)]))
        '5/2'
    """
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def mode(values: Numbers) -> Fraction | None:
    """The number that occurs most often; None when several do."""
    (first, often), *rest = Counter(values).most_common(2)
    return None if rest and rest[0][1] == often else first


def spread(values: Numbers) -> Fraction:
    """Largest minus smallest."""
    return max(values) - min(values)


def total(values: Numbers) -> Fraction:
    """The sum."""
    return sum(values, Fraction(0))


AGGREGATES: Mapping[str, Callable[[Numbers], Fraction | None]] = {
    "sum": total,
    "total": total,
    "average": mean,
    "mean": mean,
    "median": median,
    "mode": mode,
    "range": spread,
    "maximum": max,
    "max": max,
    "highest": max,
    "largest": max,
    "greatest": max,
    "minimum": min,
    "min": min,
    "lowest": min,
    "smallest": min,
}
"""Name → function of a list with at least one number; None when it has no value."""
